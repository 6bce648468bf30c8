"""The sections of a WISP that come from the client's registers: scope, people, risks, inventory,
providers. A register without data says what is missing and who should answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compliance_graph.model import Element, Provider
from compliance_graph.output.documents.kinds.wisp.plan import (
    COORDINATOR,
    NUMBERS,
    QUALIFIED,
    SPOKESPERSON,
    Plan,
)
from compliance_graph.output.documents.kinds.wisp.program import prose
from compliance_graph.output.documents.kinds.words import ELEMENT_KINDS, count, listed, sentence
from compliance_graph.output.documents.model import (
    Block,
    Bullets,
    Column,
    Heading,
    Paragraph,
    Row,
    Runs,
    Table,
    runs,
    slug,
    strong,
)

NOT_RECORDED = "not recorded"


def missing(plan: Plan, what: str) -> Paragraph:
    """An open item of a register: what is missing and who should answer."""
    who = plan.data["coordinator"] or "management"
    return Paragraph(runs(f"{what} To be answered by {who}."), "open")


# ---------------------------------------------------------------- 1 purpose and scope


def purpose(plan: Plan) -> list[Block]:
    """Objective, purpose, scope statement, what information is handled, what is in scope."""
    number = NUMBERS["purpose"]
    blocks = prose("purpose", plan)
    blocks.append(Heading(2, "Scope", "scope", f"{number}.1"))
    if plan.client.scope_statement:
        blocks.append(Paragraph(runs(plan.client.scope_statement)))
    else:
        blocks.append(missing(plan, "No scope statement is on record."))
    out = [e for e in plan.client.elements.values() if not e.in_scope]
    if out:
        blocks.append(Paragraph(runs("Left out of scope, with the reason:")))
        blocks.append(
            Bullets(
                tuple(
                    runs(
                        strong(e.title),
                        f": {sentence(e.out_of_scope_reason or 'no reason is recorded')}",
                    )
                    for e in out
                )
            )
        )
    blocks.append(Heading(2, "Information handled", "information", f"{number}.2"))
    kinds = plan.client.information
    if kinds:
        rows = tuple(
            Row((_text(k.get("kind")), _text(k.get("where")), _text(k.get("purpose"))))
            for k in kinds
        )
        columns = (
            Column("Kind of information", 32),
            Column("Where it is kept", 38),
            Column("Purpose", 30),
        )
        blocks.append(Table(columns, rows, "Information the firm handles"))
    else:
        blocks.append(missing(plan, "The kinds of information the firm handles are not recorded."))
    return blocks


# ---------------------------------------------------------------- 2 people


def people(plan: Plan) -> list[Block]:
    """The roles with their holders at the date; a vacant role stands as open."""
    blocks = prose("people", plan)
    rows, vacant = [], []
    for role in plan.client.roles.values():
        holder = role.holder_at(plan.report.as_of)
        if holder is None:
            vacant.append(role.title)
            continue
        contact = "\n".join(part for part in (holder.email, holder.phone) if part)
        name = runs(strong(holder.name), f"\n{holder.title}" if holder.title else "")
        since = plan.words.short(holder.start) if holder.start else NOT_RECORDED
        rows.append(
            Row((runs(role.title), name, _text(role.responsibilities), _text(contact), runs(since)))
        )
    if rows:
        columns = (
            Column("Role", 17),
            Column("Holder", 19),
            Column("Responsibilities", 27),
            Column("Contact", 26),
            Column("Since", 11),
        )
        blocks.append(
            Table(
                columns,
                tuple(rows),
                f"Roles and their holders on {plan.words.day(plan.report.as_of)}",
            )
        )
    for title in vacant:
        blocks.append(_nobody(plan, f"The role {title} is vacant."))
    held = {name for name, role in plan.client.roles.items() if role.holder_at(plan.report.as_of)}
    for names, title in (
        (QUALIFIED, "Qualified Individual (16 CFR 314.4(a))"),
        (COORDINATOR, "Data Security Coordinator (IRS Pub 5708)"),
        (SPOKESPERSON, "Public Information Officer (IRS Pub 5708)"),
    ):
        known = {plan.client.roles[n].title for n in names if n in plan.client.roles}
        if not held & set(names) and not known & set(vacant):
            blocks.append(_nobody(plan, f"Nobody is recorded as {title}."))
    return blocks


def _nobody(plan: Plan, text: str) -> Paragraph:
    return Paragraph(runs(f"{text} Management must name a person."), "open")


# ---------------------------------------------------------------- 4 risks


def risks(plan: Plan) -> list[Block]:
    """The risk register and the dated measures against its risks."""
    blocks = prose("risk", plan)
    register = [risk for risk in plan.client.risks if risk.get("status") != "closed"]
    if not register:
        blocks.append(
            missing(plan, "The risk register holds no risk, so no assessment is on record.")
        )
        return blocks
    rows = tuple(_risk(plan, risk) for risk in register)
    columns = (
        Column("Risk", 20),
        Column("Scenario", 27),
        Column("Inherent", 10),
        Column("Residual", 10),
        Column("Treatment", 17),
        Column("Owner", 16),
    )
    blocks.append(Table(columns, rows, "Risk register: likelihood \u00d7 impact, each from 1 to 5"))
    blocks += _actions(plan, register)
    return blocks


def _risk(plan: Plan, risk: Mapping[str, Any]) -> Row:
    title = runs(strong(str(risk["title"])), f"\n{risk['id']}")
    scenario = str(risk.get("scenario") or "")
    if not scenario:
        parts = [str(risk[k]) for k in ("threat", "vulnerability", "asset") if risk.get(k)]
        scenario = "; ".join(parts) or NOT_RECORDED
    treatment = str(risk.get("treatment") or "not decided")
    if risk.get("treatment") == "accept":
        who = plan.words.person(str(risk.get("accepted_by") or "")) or "nobody on record"
        treatment += f" (by {who}"
        until = risk.get("accepted_until")
        treatment += f", until {plan.words.written(until)})" if until else ")"
    owner = plan.words.person(str(risk["owner"])) if risk.get("owner") else NOT_RECORDED
    cells = (title, runs(scenario), _score(risk.get("inherent")), _score(risk.get("residual")))
    return Row((*cells, runs(treatment), runs(owner)))


def _score(level: Mapping[str, int] | None) -> Runs:
    if not level:
        return runs("not rated")
    high, wide = level["likelihood"], level["impact"]
    return runs(f"{high} \u00d7 {wide} = {high * wide}")


def _actions(plan: Plan, register: list[Mapping[str, Any]]) -> list[Block]:
    """Measures with a date ahead only; a missed date is a gap and no plan."""
    items = []
    for risk in register:
        for action in risk.get("actions") or ():
            if str(action.get("due") or "") > plan.report.as_of.isoformat():
                who = (
                    f"; responsible: {plan.words.person(str(action['owner']))}"
                    if action.get("owner")
                    else ""
                )
                text = (
                    f"{sentence(str(action['text']))[:-1]}, by "
                    f"{plan.words.written(action['due'])}{who}."
                )
                items.append(Paragraph(runs(strong(f"{risk['title']}. "), text), "plan"))
    if not items:
        return []
    number = NUMBERS["risk"]
    return [
        Heading(2, "Measures planned against these risks", "risk-actions", f"{number}.1"),
        *items,
    ]


# ---------------------------------------------------------------- 5 inventory


def inventory(plan: Plan) -> list[Block]:
    """Scope elements by kind; hardware in detail is in attachment E."""
    blocks = prose("inventory", plan)
    elements = [e for e in plan.client.elements.values() if e.in_scope]
    if not elements:
        blocks.append(missing(plan, "No system, service, device, network or site is recorded."))
        return blocks
    rows: list[Row] = []
    for kind, title in ELEMENT_KINDS.items():
        of_kind = [e for e in elements if e.kind == kind]
        if of_kind:
            rows.append(Row((runs(title),), group=True))
            rows += [_element(plan, element) for element in of_kind]
    columns = (
        Column("Name", 23),
        Column("What it is", 32),
        Column("Information it holds", 27),
        Column("Provider", 18),
    )
    blocks.append(
        Table(columns, tuple(rows), "Systems, services, devices, networks and sites in scope")
    )
    return blocks


def _element(plan: Plan, element: Element) -> Row:
    provider = plan.client.providers.get(element.provider)
    number = f" ({element.count})" if element.count is not None else ""
    what = " ".join(
        p for p in (element.description, element.location and f"At: {element.location}.") if p
    )
    return Row(
        (
            runs(strong(element.title + number)),
            _text(what),
            _text(element.data),
            runs(provider.title if provider else element.provider or "the firm"),
        )
    )


def _text(value: object) -> Runs:
    return runs(str(value)) if value else runs(NOT_RECORDED)


# ---------------------------------------------------------------- 7 providers


def providers(plan: Plan) -> list[Block]:
    """Providers with contract and attestation, what each does, and other vendors."""
    number = NUMBERS["providers"]
    blocks = prose("providers", plan)
    held = list(plan.client.providers.values())
    if not held and not plan.client.vendors:
        blocks.append(missing(plan, "No service provider or vendor is recorded."))
        return blocks
    n = 0
    if held:
        columns = (
            Column("Provider", 22),
            Column("Service", 24),
            Column("Contract", 28),
            Column("Assurance", 26),
        )
        rows = tuple(_provider(plan, provider) for provider in held)
        blocks.append(Table(columns, rows, "Service providers, contracts and assurance"))
    for provider in held:
        if provider.responsibilities:
            n += 1
            title = f"Who does what: {provider.title}"
            blocks.append(Heading(2, title, slug("provider", provider.id), f"{number}.{n}"))
            blocks += _matrix(plan, provider)
    vendors = _vendors(plan)
    if vendors is not None:
        blocks += [Heading(2, "Other vendors", "vendors", f"{number}.{n + 1}"), vendors]
    return blocks


def _provider(plan: Plan, provider: Provider) -> Row:
    words = plan.words
    if provider.has_contract:
        parts = [provider.contract_reference or "recorded, without a reference"]
        if provider.contract_date:
            parts.append(f"from {words.short(provider.contract_date)}")
        if provider.contract_until:
            ended = "ended" if provider.contract_until < words.as_of else "until"
            parts.append(f"{ended} {words.short(provider.contract_until)}")
        clause = {True: "yes", False: "no", None: NOT_RECORDED}[provider.safeguards_clause]
        contract = f"{', '.join(parts)}. Safeguards required by contract: {clause}."
    else:
        contract = "No contract is recorded."
    if provider.attestation_kind and provider.attestation_until:
        past = provider.attestation_until < words.as_of
        verb = "was valid until" if past else "valid until"
        assurance = (
            f"{provider.attestation_kind}, {verb} {words.short(provider.attestation_until)}."
        )
        if provider.attestation_reference:
            assurance += f" {sentence(provider.attestation_reference)}"
    else:
        assurance = "No attestation is recorded."
    assurance += f" Last reviewed: {words.short(provider.last_review)}."
    name = runs(strong(provider.title), f"\n{provider.contact}" if provider.contact else "")
    return Row((name, _text(provider.service), runs(contract), runs(assurance)))


def _matrix(plan: Plan, provider: Provider) -> list[Block]:
    """Who does what; tasks the provider does not report as done are counted and left out, so that
    none reads as if it were done."""
    held = provider.responsibilities
    done = {name: row for name, row in held.items() if row.status == "implemented"}
    rows = tuple(
        Row((runs(plan.words.control(name)), _text(row.provider_does), _text(row.client_does)))
        for name, row in done.items()
    )
    columns = (Column("Measure", 28), Column("The provider does", 38), Column("The firm does", 34))
    caption = f"Responsibility matrix agreed with {provider.title} (who does what, not how well)"
    blocks: list[Block] = [Table(columns, rows, caption)] if rows else []
    left = len(held) - len(done)
    if left:
        verb = "is" if left == 1 else "are"
        text = f"{count(left, 'agreed task')} {verb} not reported as carried out and not listed."
        blocks.append(Paragraph(runs(text), look="small"))
    return blocks


def _vendors(plan: Plan) -> Table | None:
    rows = []
    for vendor in plan.client.vendors:
        if vendor.get("provider") in plan.client.providers:
            continue  # stands above as a provider
        clause = vendor.get("safeguards_clause")
        contract = f"{plan.words.written(vendor.get('contract_date'))}. Safeguards required: "
        contract += {True: "yes", False: "no", None: NOT_RECORDED}[clause] + "."
        data = listed([str(item) for item in vendor.get("data") or ()])
        name = runs(strong(str(vendor["title"])))
        review = runs(plan.words.written(vendor.get("last_review")))
        rows.append(Row((name, _text(vendor.get("service")), _text(data), runs(contract), review)))
    columns = (
        Column("Vendor", 20),
        Column("Service", 22),
        Column("Information", 22),
        Column("Contract", 22),
        Column("Last reviewed", 14),
    )
    return Table(columns, tuple(rows), "Other vendors") if rows else None
