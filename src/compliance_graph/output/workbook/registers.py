"""Open items, evidence register, evidence requests and shared responsibility."""

from __future__ import annotations

from compliance_graph.analysis.states import Exhibit
from compliance_graph.model import EvidenceRecord, Provider
from compliance_graph.output.workbook import words
from compliance_graph.output.workbook.grid import (
    CONTROL_MATRIX,
    EVIDENCE,
    OPEN_ITEMS,
    REQUESTS,
    RESPONSIBILITY,
    Cell,
    Column,
    Line,
    Link,
    Sheet,
    table,
)
from compliance_graph.output.workbook.material import Item, Material, Request

OWNER, KIND = "Owner", "Kind"


def open_items(material: Material) -> Sheet:
    """What stands between the client and ready, one row per gap: a plan of action to fill in."""
    columns = (
        Column("Item", 20, "id"),
        Column(KIND, 14),
        Column("What is open", 46),
        Column("Control", 10, "id"),
        Column("Control title", 26),
        Column("Requirements", 34),
        Column("How many", 9, "centre"),
        Column(OWNER, 22),
        Column("Owner today", 26),
        Column("Provider", 16, optional=True),
        Column("Next step", 34),
        Column("Due", 11, "date"),
        Column("Waiting on", 11, optional=True),
        Column("Effort (planning estimate)", 13),
        Column("Date found", 11, "date"),
        Column("Item status", 12, "text", "", "item status", True),
        Column("Milestones and dates", 34, "text", "", "", True),
        Column("Completed on", 11, "date", "", "", True),
        Column("Comment", 30, "text", "", "", True),
    )
    purpose = (
        "Gaps with owner and due date, each once, with every requirement it holds up. Laid out as "
        "a plan of action: milestones, completion and comments are for you to fill in."
    )
    return table(OPEN_ITEMS, purpose, columns, [_item(material, item) for item in material.items])


def item_owner(material: Material, item: Item) -> str:
    """The title of the role that owns the control; the words for none where nobody is named."""
    record = material.report.client.controls.get(item.gap.control or "")
    role = record.owner if record else ""
    return words.role_title(material.report.client, role) if role else words.UNOWNED


def _item(material: Material, item: Item) -> Line:
    report, gap = material.report, item.gap
    control = report.library.controls.get(gap.control or "")
    record = report.client.controls.get(gap.control or "")
    groups: dict[int, list[str]] = {}
    for index, name in item.requirements:
        groups.setdefault(index, []).append(name)
    listed = "\n".join(
        f"{report.frameworks[index].catalog.id}: {', '.join(names)}"
        for index, names in groups.items()
    )
    first = item.requirements[0]
    cells: tuple[Cell, ...] = (
        Link(item.key, material.sheets[first[0]], first[1]),
        gap.kind,
        gap.detail,
        Link(control.id, CONTROL_MATRIX, control.id) if control else "",
        control.title if control else "",
        listed,
        len(item.requirements),
        item_owner(material, item),
        words.owner_text(report.client, record.owner if record else "", report.as_of),
        words.provider_title(report.client, record.provider if record else ""),
        words.next_step(gap, report.library),
        record.due if record else None,
        record.waiting_on if record else "",
        words.hours(control.effort) if control else "",
        report.as_of,
        "open",
        "",
        None,
        "",
    )
    return Line(item.key, cells)


# ---------------------------------------------------------------- evidence


def evidence_register(material: Material) -> Sheet:
    """Every evidence record with what it is worth on the date."""
    note = [] if material.client_copy else [Column("Internal note", 28, optional=True)]
    columns = (
        Column("Record", 16, "id"),
        Column("Type", 30),
        Column("Title", 34),
        Column("Date", 11, "date"),
        Column("Fresh until", 11, "date"),
        Column("Worth today", 22, "status"),
        Column("Controls", 24),
        Column("Scope elements", 18, optional=True),
        Column("State", 10),
        Column("Result", 11, optional=True),
        Column("Collected by", 18),
        Column("Where it is kept", 34),
        Column("File check", 11),
        Column("Tags", 16, optional=True),
        *note,
        Column("SHA-256", 64, optional=True),
    )
    records = sorted(material.report.client.evidence.values(), key=lambda r: r.id)
    lines = [_evidence(material, record) for record in records]
    purpose = (
        "Every evidence record: what it proves, how long it stays fresh, what it is worth today."
    )
    return table(EVIDENCE, purpose, columns, lines)


def _evidence(material: Material, record: EvidenceRecord) -> Line:
    report = material.report
    kind = report.library.evidence_types.get(record.type)
    uses: list[tuple[str, Exhibit]] = [
        (name, exhibit)
        for name in record.controls
        for exhibit in report.states[name].exhibits
        if exhibit.record.id == record.id
    ]
    worths = {exhibit.worth for _, exhibit in uses}
    worth = words.worth_text(uses) if len(worths) > 1 else next(iter(worths), "names no control")
    controls = ", ".join(record.controls)
    note: list[Cell] = [] if material.client_copy else [record.note]
    first: Cell = (
        Link(record.id, CONTROL_MATRIX, record.controls[0]) if record.controls else record.id
    )
    cells: list[Cell] = [
        first,
        kind.title if kind else record.type,
        record.title,
        record.date,
        uses[0][1].fresh_until if uses else None,
        worth,
        Link(controls, CONTROL_MATRIX, record.controls[0]) if record.controls else "",
        ", ".join(record.elements),
        record.state,
        record.result,
        words.role_title(report.client, record.collected_by),
        record.file or record.reference,
        record.integrity,
        ", ".join(record.tags),
        *note,
        record.sha256,
    ]
    return Line(record.id, tuple(cells))


def evidence_requests(material: Material) -> Sheet:
    """What to ask whom for."""
    columns = (
        Column("Ask", 24, "id"),
        Column("Evidence", 32),
        Column("What it is", 46),
        Column("Where to get it", 40),
        Column("It must cover", 36),
        Column("Period", 28),
        Column("It is worthless if", 34),
        Column("Why it is asked for", 28),
        Column("For controls", 22),
        Column("Received on", 11, "date", "", "", True),
        Column("Comment", 30, "text", "", "", True),
    )
    purpose = "Evidence that is missing or stale, grouped by who can supply it: a list to send out."
    lines = [_request(material, request) for request in material.requests]
    return table(REQUESTS, purpose, columns, lines)


def _request(material: Material, request: Request) -> Line:
    types = [material.report.library.evidence_types.get(name) for name in request.types]
    known = [kind for kind in types if kind is not None]
    several = len(known) > 1

    def joined(texts: list[tuple[str, str]]) -> str:
        return "\n".join(f"{title}: {text}" if several else text for title, text in texts if text)

    title = ("Any one of:\n" if several else "") + "\n".join(kind.title for kind in known)
    cells: tuple[Cell, ...] = (
        words.SUPPLIERS.get(request.supplier, request.supplier),
        title or ", ".join(request.types),
        joined([(k.title, k.artefact) for k in known]),
        joined([(k.title, "; ".join(k.origin)) for k in known]),
        joined([(k.title, k.population) for k in known]),
        joined([(k.title, k.period) for k in known]),
        joined([(k.title, k.worthless) for k in known]),
        "\n".join(request.reasons),
        Link(", ".join(request.controls), CONTROL_MATRIX, request.controls[0]),
        None,
        "",
    )
    return Line("+".join(request.types), cells)


# ---------------------------------------------------------------- providers


def shared_responsibility(material: Material) -> Sheet:
    """Who does what: one row per provider and control."""
    columns = (
        Column("Provider", 24, "id"),
        Column("Service", 26, optional=True),
        Column("Control", 10, "id"),
        Column("Title", 28),
        Column("Origination", 13),
        Column("Provider reports", 15, "status"),
        Column("Provider does", 44),
        Column("You do", 44),
        Column("Counts today as", 15, "status"),
        Column("What is open", 38),
        Column("Contract", 24),
        Column("Attestation", 24),
        *([] if material.client_copy else [Column("Internal note", 28, optional=True)]),
    )
    client = material.report.client
    rows = {
        (name, control)
        for name, provider in client.providers.items()
        for control in provider.responsibilities
    }
    rows |= {(r.provider, r.control) for r in client.controls.values() if r.provider}
    purpose = (
        "Controls a provider runs wholly or in part: who does what, and whether the record stands."
    )
    lines = [_responsibility(material, *row) for row in sorted(rows)]
    return table(RESPONSIBILITY, purpose, columns, lines)


def _responsibility(material: Material, name: str, control: str) -> Line:
    report = material.report
    provider = report.client.providers.get(name)
    record = report.client.controls.get(control)
    row = provider.responsibilities.get(control) if provider else None
    state = report.states[control]
    mine = record is not None and record.provider == name
    note: list[Cell] = [] if material.client_copy else [row.note if row else ""]
    cells: list[Cell] = [
        provider.title if provider else name,
        provider.service if provider else "",
        Link(control, CONTROL_MATRIX, control),
        report.library.controls[control].title,
        record.origination if record and mine else "not recorded for this control",
        row.status if row else "no row",
        row.provider_does if row else "",
        row.client_does if row else "",
        words.value_word(state),
        (state.provider_problem if mine else "") or words.open_parts(state),
        _contract(provider),
        _attestation(provider),
        *note,
    ]
    return Line(f"{name}/{control}", tuple(cells))


def _contract(provider: Provider | None) -> str:
    if provider is None or not provider.has_contract:
        return "none recorded"
    until = f" until {provider.contract_until}" if provider.contract_until else ""
    clause = {True: "; safeguards clause", False: "; no safeguards clause", None: ""}
    begun = f" of {provider.contract_date}" if provider.contract_date else ""
    name = provider.contract_reference or "contract"
    return f"{name}{begun}{until}{clause[provider.safeguards_clause]}"


def _attestation(provider: Provider | None) -> str:
    if provider is None or provider.attestation_until is None:
        return "none recorded"
    return f"{provider.attestation_kind} valid until {provider.attestation_until}"
