"""The first page of a gap report, and its scope and method."""

from __future__ import annotations

from compliance_graph.output.documents.kinds.gap_report.view import View
from compliance_graph.output.documents.kinds.words import (
    ELEMENT_KINDS,
    cited,
    count,
    listed,
    sentence,
)
from compliance_graph.output.documents.model import (
    Block,
    Bullets,
    Callout,
    Column,
    Heading,
    KeyValue,
    Paragraph,
    Row,
    Run,
    Table,
    link,
    runs,
    strong,
)


def executive(view: View) -> list[Block]:
    """The headline per framework, what is not decided, and what nobody has assessed."""
    blocks: list[Block] = []
    if view.report.assume_plan:
        text = (
            "Planned dates up to the date of this report are counted as kept, which nobody has "
            "checked."
        )
        blocks.append(Callout("Working paper", (runs(text),), "warn"))
    open_regimes = [r.regime.title for r in view.report.scope.undetermined()]
    if open_regimes:
        few = (
            listed(open_regimes)
            if len(open_regimes) <= 6
            else listed([*open_regimes[:5], f"{len(open_regimes) - 5} more"])
        )
        text = (
            f"Whether these bind cannot be decided yet, because facts are missing: {few}. They "
            "are not counted below. See "
        )
        blocks.append(
            Callout(
                "Not yet decided", (runs(text, link("the open questions", "open"), "."),), "warn"
            )
        )
    blocks += view.prose("summary")
    blocks.append(_headline(view))
    blocks += [Paragraph(content) for content in _sentences(view)]
    blocks.append(Paragraph(runs("The first five gaps to close:")))
    first = view.items[:5]
    if first:
        blocks.append(
            Bullets(
                tuple(
                    runs(
                        strong(f"{item.row.requirement.title} "),
                        f"({cited(item.row.requirement)}): "
                        f"{_reason(view, item.row.verdict.status)}",
                    )
                    for item in first
                ),
                ordered=True,
            )
        )
    else:
        blocks[-1] = Paragraph(runs("Every applicable requirement in scope is ready."))
    return blocks


def _reason(view: View, status: str) -> str:
    return {
        "not-met": "not met.",
        "not-assessed": "nobody has assessed it.",
        "partial": "partly met.",
        "met": "met, but not ready: proof or a periodic act is missing.",
    }[status]


def _headline(view: View) -> Table:
    rows = []
    for item in view.report.frameworks:
        n = item.counts
        ready = f"{item.ready} of {item.applicable}"
        cells = [
            runs(strong(item.catalog.title), f"\nedition {item.catalog.edition}"),
            runs(strong(ready)),
        ]
        cells += [
            runs(str(n[s])) for s in ("met", "partial", "not-met", "not-assessed", "not-applicable")
        ]
        rows.append(Row(tuple(cells)))
    columns = (
        Column("Framework", 34),
        Column("Ready, of applicable", 14),
        Column("Met", 9),
        Column("Partial", 10),
        Column("Not met", 10),
        Column("Not assessed", 12),
        Column("Not applicable", 13),
    )
    return Table(
        columns, tuple(rows), f"Counted requirements on {view.words.day(view.report.as_of)}"
    )


def _sentences(view: View) -> list[tuple[Run, ...]]:
    made = []
    for item in view.report.frameworks:
        n = item.counts["not-assessed"]
        verb = "has" if n == 1 else "have"
        if n:
            text = (
                f"{count(n, 'requirement')} of {item.applicable} applicable {verb} not been "
                "assessed by anyone."
            )
        else:
            text = f"All {item.applicable} applicable requirements have been assessed."
        claimed = sum(
            r.verdict.status == "met" and r.verdict.assurance == "claimed" for r in item.counted()
        )
        if claimed:
            text += (
                f" Of {item.counts['met']} met, {claimed} rest on statements without current "
                "evidence."
            )
        made.append(runs(strong(f"{item.catalog.title}. "), text))
    return made


# ---------------------------------------------------------------- scope and method


def scope_and_method(view: View) -> list[Block]:
    """What was looked at, on what basis, and what the words mean."""
    client = view.client
    pairs = [
        ("Client", runs(client.legal_name or client.name)),
        ("As of", runs(view.words.day(view.report.as_of))),
    ]
    for item in view.report.frameworks:
        tiers = f", tier {listed(list(item.tiers))}" if item.tiers else ""
        why = "; ".join(dict.fromkeys(item.why)) or "asked for in this analysis"
        in_force = item.catalog.citation or item.catalog.title
        text = f"edition {item.catalog.edition}{tiers}; {why}. Source: {in_force}."
        pairs.append((item.catalog.title, runs(text)))
    pairs.append(("Library digest", runs(view.library.digest[:16] or "none")))
    pairs.append(("Client files digest", runs(client.digest[:16] or "none")))
    blocks: list[Block] = [KeyValue(tuple(pairs))]
    blocks += _boundary(view)
    blocks += _engagements(view)
    blocks.append(Heading(2, "What the words mean", "method", "1.3"))
    blocks += view.prose("method")
    return blocks


def _boundary(view: View) -> list[Block]:
    client = view.client
    blocks: list[Block] = [Heading(2, "Boundary", "boundary", "1.1")]
    if client.scope_statement:
        blocks.append(Paragraph(runs(client.scope_statement)))
    else:
        text = "no scope statement is on record. To be answered by management."
        blocks.append(Paragraph(runs(text), "open"))
    inside = [e for e in client.elements.values() if e.in_scope]
    if inside:
        items = []
        for kind, title in ELEMENT_KINDS.items():
            names = [e.title for e in inside if e.kind == kind]
            if names:
                items.append(runs(strong(f"{title}: "), f"{listed(names)}."))
        blocks.append(Bullets(tuple(items)))
    else:
        blocks.append(
            Paragraph(
                runs(
                    "no scope element is recorded, so controls are judged on the organization as "
                    "a whole."
                ),
                "open",
            )
        )
    outside = [e for e in client.elements.values() if not e.in_scope]
    for element in outside:
        why = sentence(element.out_of_scope_reason or "no reason is recorded")
        blocks.append(Paragraph(runs(strong(f"Out of scope: {element.title}. "), why)))
    return blocks


def _engagements(view: View) -> list[Block]:
    blocks: list[Block] = [Heading(2, "Assessments on record", "engagements", "1.2")]
    if not view.client.engagements:
        text = (
            "No assessment is on record. The statuses follow from the client's own statements and "
            "records."
        )
        return [*blocks, Paragraph(runs(text))]
    for item in view.client.engagements:
        span = " to ".join(view.words.written(item[k]) for k in ("from", "until") if item.get(k))
        labels = (
            ("assessor", "Assessor"),
            ("boundary", "Boundary"),
            ("samples", "Samples"),
            ("limitations", "Limitations"),
        )
        pairs = [("When", runs(span))] if span else []
        pairs += [(label, runs(str(item[key]))) for key, label in labels if item.get(key)]
        if item.get("interviewed"):
            pairs.append(("Interviewed", runs(listed([str(name) for name in item["interviewed"]]))))
        blocks.append(
            KeyValue(tuple(pairs), str(item["type"]))
            if pairs
            else Paragraph(runs(str(item["type"])))
        )
    return blocks
