"""The written information security plan (WISP) of a firm under 16 CFR 314.3(a).

What comes in: a `GapReport` with the framework ftc-safeguards. What goes out: a `Document` that
claims nothing the records do not support: policy, what is in place with its evidence, what
management states, and measures planned with a date. Gaps are counted and left to the gap report.
"""

from __future__ import annotations

from compliance_graph.analysis.report import GapReport
from compliance_graph.output.documents import DocumentError
from compliance_graph.output.documents.kinds.wisp import attachments, coverage, program, registers
from compliance_graph.output.documents.kinds.wisp.plan import FRAMEWORK, Plan
from compliance_graph.output.documents.model import (
    Block,
    Contents,
    Document,
    Heading,
    KeyValue,
    PageBreak,
    runs,
)

TITLE = "Written Information Security Plan"
Sections = tuple[tuple[str, str, list[Block]], ...]


def build(report: GapReport, version: str) -> Document:
    """The plan. Raises DocumentError for an --assume-plan report or one without ftc-safeguards."""
    if report.assume_plan:
        raise DocumentError(
            "a WISP cannot be written from a report that counts planned dates as kept",
            "run it without --assume-plan",
        )
    if not any(item.catalog.id == FRAMEWORK for item in report.frameworks):
        raise DocumentError(
            "a WISP needs the framework ftc-safeguards, which this analysis does not have",
            "the Safeguards Rule does not bind this client on this date, or a fact it turns on is"
            " unknown; see `scope`, or add ftc-safeguards to the client's targets",
        )
    plan = Plan(report)
    words = plan.words
    meta = words.meta(
        "wisp",
        TITLE,
        "Draft until adopted: see the adoption page",
        (
            ("Prepared for", report.client.legal_name or report.client.name),
            *((("Address", report.client.address),) if report.client.address else ()),
            *(
                (("Prepared by", report.client.branding["prepared_by"]),)
                if report.client.branding.get("prepared_by")
                else ()
            ),
            ("Version", f"as of {words.day(report.as_of)}"),
            ("Authority", "16 CFR 314.3(a), Safeguards Rule of the Federal Trade Commission"),
        ),
    )
    blocks: list[Block] = [Heading(1, "How to read this plan", "how-to-read")]
    blocks += program.prose("reading", plan)
    blocks += [PageBreak(), Contents(), PageBreak()]
    for number, (anchor, title, content) in enumerate(_sections(plan), 1):
        blocks.append(Heading(1, title, anchor, f"{number}"))
        blocks += content
    blocks += [PageBreak(), Heading(1, "Adoption", "adoption"), *program.adoption(plan)]
    blocks += [Heading(1, "Review log", "review-log"), *program.review_log(plan)]
    for letter, title, content in attachments.all_of(plan):
        blocks.append(PageBreak())
        blocks.append(Heading(1, f"Attachment {letter}: {title}", f"attachment-{letter.lower()}"))
        blocks += content
    blocks.append(Heading(1, "How this document was made", "stamp"))
    stamp = tuple((label, runs(value)) for label, value in words.stamp(version))
    blocks.append(KeyValue(stamp))
    return Document(meta, tuple(blocks))


def _sections(plan: Plan) -> Sections:
    """The numbered sections: anchor, title, content. `plan.NUMBERS` has the same order."""
    return (
        ("purpose", "Objective, purpose and scope", registers.purpose(plan)),
        ("people", "Responsible people", registers.people(plan)),
        ("basis", "Regulatory basis", program.basis(plan)),
        ("risk", "Risk assessment", registers.risks(plan)),
        ("inventory", "Inventory", registers.inventory(plan)),
        ("safeguards", "Safeguards, clause by clause", program.safeguards(plan)),
        ("providers", "Service providers", registers.providers(plan)),
        ("incidents", "Training, incidents and notification", program.incidents(plan)),
        ("review", "Program review and adjustment", program.prose("review", plan)),
        ("coverage", "Coverage tables", coverage.tables(plan)),
    )
