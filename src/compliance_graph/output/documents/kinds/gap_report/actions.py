"""What to do: priority gaps, evidence to request, management's response, open questions."""

from __future__ import annotations

from compliance_graph.model import Control, EvidenceType
from compliance_graph.output.documents.kinds.gap_report.view import TOP, Item, View, status_run
from compliance_graph.output.documents.kinds.words import PARTIES, cited, human, listed, sentence
from compliance_graph.output.documents.model import (
    Block,
    Column,
    Heading,
    KeyValue,
    Paragraph,
    Row,
    Run,
    Runs,
    Table,
    runs,
    strong,
)


def priorities(view: View) -> list[Block]:
    """The weightiest gaps, one card each."""
    if not view.items:
        return [Paragraph(runs("No gap is open: every applicable requirement in scope is ready."))]
    blocks = view.prose("priorities")
    for item in view.items[:TOP]:
        blocks.append(_card(view, item))
    return blocks


def _card(view: View, item: Item) -> KeyValue:
    node, verdict = item.row.requirement, item.row.verdict
    reasons = view.gap_words(item.row, limit=4) or [f"status {verdict.status}"]
    controls = view.to_do(item.framework, item.row)
    lacking = f", but not ready: {view.assurance(item.row)}" if verdict.status == "met" else ""
    pairs: list[tuple[str, Runs]] = [
        ("Status", (status_run(verdict.status), *runs(lacking))),
        ("Source", runs(f"{cited(node)} ({human(item.binding)})")),
        ("Why it matters", runs(node.statement)),
        ("Reason", runs("\n".join(f"• {text}" for text in reasons))),
        ("What to do", _work(view, controls)),
        ("Owner", runs(_owners(view, controls))),
        ("Due", runs(_due(view, controls))),
    ]
    return KeyValue(tuple(pairs), f"{item.number}. {node.title} ({node.id})")


def _work(view: View, controls: tuple[Control, ...]) -> Runs:
    if not controls:
        return runs(
            "No control of the library is named for this gap; the security lead decides what to do."
        )
    lines: list[str | Run] = []
    for control in controls[:3]:
        effort = (
            f" Effort: {control.effort[0]} to {control.effort[1]} hours." if control.effort else ""
        )
        first = control.objective.split(". ")[0].strip()
        lines.append(strong(f"{'' if not lines else chr(10)}{control.title}."))
        lines.append(f" {sentence(first)}{effort}" if first else effort)
    if len(controls) > 3:
        lines.append(f"\nAnd {len(controls) - 3} more: {listed([c.title for c in controls[3:]])}.")
    return runs(*lines)


def _owners(view: View, controls: tuple[Control, ...]) -> str:
    names = [view.words.owner(c, view.client.controls.get(c.id)) for c in controls]
    return listed(list(dict.fromkeys(names))) or "not assigned"


def _due(view: View, controls: tuple[Control, ...]) -> str:
    held = [(c, view.client.controls.get(c.id)) for c in controls]
    dates: dict[str, None] = {}
    for control, record in held:
        if record is not None and record.due is not None:
            missed = " (date missed)" if record.due <= view.report.as_of else ""
            dates[f"{control.title}: {view.words.short(record.due)}{missed}"] = None
    return "; ".join(dates) or "no date set"


# ---------------------------------------------------------------- evidence requests


def requests(view: View) -> list[Block]:
    """What evidence is missing, grouped by who can supply it."""
    wanted = _wanted(view)
    if not wanted:
        return [Paragraph(runs("No evidence is missing for the controls recorded as in place."))]
    blocks = view.prose("requests")
    groups: dict[str, list[tuple[EvidenceType, list[str]]]] = {}
    for kind, controls in wanted.values():
        groups.setdefault(kind.supplier, []).append((kind, controls))
    columns = (
        Column("What to supply", 40),
        Column("Period and population", 32),
        Column("For these controls", 28),
    )
    rows: list[Row] = []
    for supplier in sorted(groups):
        who = PARTIES.get(supplier, human(supplier) or "anyone who holds it")
        rows.append(Row((runs(f"From {who}"),), group=True))
        for kind, controls in sorted(groups[supplier], key=lambda held: held[0].title):
            what = runs(strong(f"{kind.title}. "), kind.artefact)
            when = (
                " ".join(part for part in (kind.period, kind.population) if part) or "as of today"
            )
            rows.append(Row((what, runs(when), runs("; ".join(controls)))))
    blocks.append(Table(columns, tuple(rows), "Evidence to request, by supplier"))
    return blocks


def _wanted(view: View) -> dict[str, tuple[EvidenceType, list[str]]]:
    """Evidence types still wanted for controls in place, each with the titles of the controls."""
    names = {
        gap.control: None
        for item in view.items
        for gap in item.row.verdict.gaps
        if gap.kind == "evidence" and gap.control
    }
    wanted: dict[str, tuple[EvidenceType, list[str]]] = {}
    for name in names:
        control = view.library.controls[name]
        held = {e.record.type for e in view.report.states[name].exhibits if e.worth == "valid"}
        need = control.evidence
        types = [kind for kind in need.all_of if kind not in held]
        if need.any_of and not held.intersection(need.any_of):
            types += need.any_of
        note = " (any one of its kinds)" if len(need.any_of) > 1 else ""
        for kind in types or need.types:
            known = view.library.evidence_types.get(kind)
            if known is not None:
                title = control.title + (note if kind in need.any_of else "")
                wanted.setdefault(kind, (known, []))[1].append(title)
    return wanted


# ---------------------------------------------------------------- response and questions


def response(view: View) -> list[Block]:
    """A table for management to fill in."""
    if not view.items:
        return [Paragraph(runs("No response is needed: no gap is open."))]
    rows = []
    for item in view.items[:TOP]:
        node = item.row.requirement
        rows.append(
            Row((runs(str(item.number)), runs(strong(node.title), f"\n{cited(node)}"), (), (), ()))
        )
    columns = (
        Column("No.", 6),
        Column("Gap", 32),
        Column("Response: accept, dispute, reason", 32),
        Column("Owner", 16),
        Column("Target date", 14),
    )
    caption = "Management response, to be filled in by management"
    return [*view.prose("response"), Table(columns, tuple(rows), caption, blank=True)]


def undecided(view: View) -> list[Block]:
    """Duties that hang on unknown facts, and the questions that decide most."""
    blocks: list[Block] = []
    rows = []
    for item in view.report.frameworks:
        for row in item.counted():
            if row.verdict.undecided:
                asks = " ".join(view.words.question(name) for name in row.verdict.undecided)
                rows.append(
                    Row(
                        (runs(strong(row.requirement.id), f"\n{row.requirement.title}"), runs(asks))
                    )
                )
    if rows:
        text = "They are counted as binding until the question is answered."
        blocks += [
            Heading(2, "Requirements that hang on an unknown fact", "open-duties", "8.1"),
            Paragraph(runs(text)),
        ]
        columns = (Column("Requirement", 40), Column("Question", 60))
        blocks.append(Table(columns, tuple(rows), "Requirements not yet decided"))
    asked = [q for q in view.report.scope.questions if q.decides] + [
        q for q in view.report.scope.questions if not q.decides
    ]
    if asked:
        number = "8.2" if rows else "8.1"
        blocks.append(Heading(2, "Questions for management", "open-questions", number))
        columns = (Column("Question", 60), Column("What it decides", 40))
        held = tuple(
            Row((runs(q.question), runs(_decides(view, q.decides, q.refines)))) for q in asked
        )
        blocks.append(Table(columns, held, "Open facts, those that decide most first"))
    return blocks or [
        Paragraph(runs("Nothing is undecided: every fact that the rules turn on is on record."))
    ]


def _decides(view: View, decides: tuple[str, ...], refines: tuple[str, ...]) -> str:
    regimes = view.library.regimes
    names = [regimes[name].title for name in decides]
    more = [regimes[name].title for name in refines if name not in decides]
    parts = [f"Whether it binds: {'; '.join(names)}."] if names else []
    parts += [f"Which part of it binds: {'; '.join(more)}."] if more else []
    return " ".join(parts)
