"""The gap report: where a client stands against each framework on a day, and what to do next.

What comes in: a `GapReport`. What goes out: a `Document`. Every count shows what it is out of, at
which date; statuses are words of the report and are repeated here, never made.
"""

from __future__ import annotations

from compliance_graph.analysis.report import GapReport
from compliance_graph.output.documents import DocumentError
from compliance_graph.output.documents.kinds.gap_report import actions, results, summary
from compliance_graph.output.documents.kinds.gap_report.view import View
from compliance_graph.output.documents.model import (
    Block,
    Contents,
    Document,
    Heading,
    KeyValue,
    PageBreak,
    runs,
)


def build(report: GapReport, version: str) -> Document:
    """The report. Raises DocumentError if no framework was analysed."""
    if not report.frameworks:
        raise DocumentError(
            "no framework was analysed, so there is nothing to report",
            "answer the questions that `scope` lists, or name targets in client.yaml",
        )
    view = View(report)
    words = view.words
    by = report.client.branding.get("prepared_by")
    status = (
        "Working paper: planned dates are counted as kept"
        if report.assume_plan
        else "For management"
    )
    meta = words.meta(
        "gap-report",
        "Gap Report",
        status,
        (
            ("Prepared for", report.client.legal_name or report.client.name),
            *((("Prepared by", by),) if by else ()),
            ("As of", words.day(report.as_of)),
            (
                "Frameworks",
                "; ".join(f"{f.catalog.title} ({f.catalog.edition})" for f in report.frameworks),
            ),
        ),
    )
    blocks: list[Block] = [
        Heading(1, "Summary for management", "summary"),
        *summary.executive(view),
    ]
    blocks += [PageBreak(), Contents(), PageBreak()]
    sections = (
        ("scope", "Scope and method", summary.scope_and_method(view)),
        ("results", "Results by framework", results.by_framework(view)),
        ("priorities", "Priority gaps", actions.priorities(view)),
        ("gaps", "All gaps", results.all_gaps(view)),
        ("claimed", "Met, but only claimed", results.claimed(view)),
        ("requests", "Evidence to request", actions.requests(view)),
        ("response", "Management response", actions.response(view)),
        ("open", "Duties and facts not yet decided", actions.undecided(view)),
    )
    for number, (anchor, title, content) in enumerate(sections, 1):
        blocks += [Heading(1, title, anchor, str(number)), *content]
    blocks += [PageBreak(), Heading(1, "Appendix: every requirement in scope", "appendix")]
    blocks += results.appendix(view)
    blocks.append(Heading(1, "How this document was made", "stamp"))
    blocks.append(KeyValue(tuple((label, runs(value)) for label, value in words.stamp(version))))
    return Document(meta, tuple(blocks))
