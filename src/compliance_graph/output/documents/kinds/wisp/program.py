"""The sections of a WISP that speak of the rule: basis, safeguards, incidents, adoption."""

from __future__ import annotations

from compliance_graph import rules
from compliance_graph.analysis.scope import RegimeResult
from compliance_graph.analysis.verdict import Verdict
from compliance_graph.model import Requirement
from compliance_graph.output.documents import markup
from compliance_graph.output.documents.kinds.wisp.plan import (
    FRAMEWORK,
    GUIDANCE,
    NUMBERS,
    Clause,
    Plan,
)
from compliance_graph.output.documents.kinds.words import cited, count, human, listed, sentence
from compliance_graph.output.documents.model import (
    Block,
    Bullets,
    Callout,
    Column,
    Heading,
    Paragraph,
    Row,
    Run,
    Runs,
    SignatureBlock,
    Table,
    link,
    runs,
    slug,
    strong,
)


def prose(name: str, plan: Plan) -> list[Block]:
    """The blocks of one prose template of this kind."""
    return markup.prose(f"documents/wisp/{name}.md.j2", plan.data, under=name)


# ---------------------------------------------------------------- 3 regulatory basis


def basis(plan: Plan) -> list[Block]:
    """Which regimes apply and why, the tier and what it lifts, and what nobody can decide yet."""
    number = NUMBERS["basis"]
    blocks = prose("basis", plan)
    binding = plan.report.scope.binding()
    main = [r for r in binding if {f for f, _ in r.frameworks} & {FRAMEWORK, GUIDANCE}]
    n = 0
    for n, result in enumerate(main, 1):
        blocks += _regime(plan, result, f"{number}.{n}")
    if not any(FRAMEWORK in {f for f, _ in r.frameworks} for r in main):
        words = (
            listed([sentence(why)[:-1] for why in plan.rule.why]) or "asked for in this analysis"
        )
        blocks.append(Paragraph(runs(f"{plan.rule.catalog.title}: {words}.")))
        blocks += _lifted(plan)
    others = [r for r in binding if r not in main]
    if others:
        blocks.append(
            Heading(2, "Other rules that bind the firm", "basis-others", f"{number}.{n + 1}")
        )
        blocks.append(_others(others))
        n += 1
    blocks += _undecided(plan, f"{number}.{n + 1}")
    return blocks


def _regime(plan: Plan, result: RegimeResult, number: str) -> list[Block]:
    regime = result.regime
    blocks: list[Block] = [Heading(2, regime.title, slug("regime", regime.id), number)]
    source = listed(list(regime.citation[:4]))
    blocks.append(
        Paragraph(
            runs(f"{sentence(regime.kind)[:-1]}. {regime.authority}. {source}."), look="small"
        )
    )
    if result.because:
        blocks.append(_reasons(plan, result))
    for tier in regime.tiers:
        if tier.id in result.tiers:
            facts = [name for kind, name in rules.facts_of(tier.when) if kind == "fact"]
            said = (
                (plan.words.answer(name), plan.words.stated(name)) for name in dict.fromkeys(facts)
            )
            stated = "; ".join(f"{value}{f', {by}' if by else ''}" for value, by in said)
            text = f" ({tier.citation}): {sentence(tier.text)} On record: {stated}."
            blocks.append(Paragraph(runs(strong(tier.title), text)))
        elif tier.id in result.undecided_tiers:
            text = f"whether this applies is not decided: {tier.title} ({tier.citation})."
            blocks.append(Paragraph(runs(text), "open"))
    if FRAMEWORK in {name for name, _ in result.frameworks}:
        blocks += _lifted(plan)
    return blocks


def _reasons(plan: Plan, result: RegimeResult) -> Table:
    """The facts that decided, with the words of the rule and who stated them."""
    words = plan.words
    rows = tuple(
        Row(
            (
                runs(f"{words.meaning(reason)} ({reason.citation})"),
                runs(words.decided(reason)),
                runs(sentence(words.stated(reason.fact)) or "Follows from other facts."),
            )
        )
        for reason in result.because
    )
    columns = (Column("What decides", 52), Column("Answer on record", 20), Column("Stated", 28))
    return Table(columns, rows, f"Why this applies: {result.regime.title}")


def _lifted(plan: Plan) -> list[Block]:
    """The paragraphs that do not bind this firm, topmost first, and why."""
    nodes = plan.rule.catalog.requirements
    verdicts = plan.rule.assessment.verdicts
    reasons: dict[str, list[Requirement]] = {}
    for node in nodes.values():
        above = node.parent is not None and verdicts[node.parent].status == "not-applicable"
        if verdicts[node.id].status == "not-applicable" and not above and not node.is_objective:
            reasons.setdefault(why_lifted(plan, node, verdicts[node.id]), []).append(node)
    rows = [
        Row((runs("\n".join(f"{cited(node)} {node.title}" for node in held)), runs(why)))
        for why, held in reasons.items()
    ]
    if not rows:
        return [Paragraph(runs("No paragraph of the rule is lifted for this firm."))]
    columns = (Column("Paragraph", 52), Column("Why it does not bind", 48))
    return [Table(columns, tuple(rows), "Paragraphs that do not bind this firm")]


def why_lifted(plan: Plan, node: Requirement, verdict: Verdict) -> str:
    """Why a paragraph does not bind, in words."""
    for condition, outcome in verdict.conditions:
        if outcome.truth is False:
            facts = [leaf.fact for leaf in outcome.because]
            stated = "; ".join(
                plan.words.fact(name) for name in dict.fromkeys(facts) if name != "as_of"
            )
            text = f"It binds only if: {sentence(condition.text)} {sentence(stated)}"
            return text.strip()
    if verdict.decision is not None:
        decision = verdict.decision
        by = plan.words.person(decision.approver)
        return (
            f"Decided by {by} on {plan.words.day(decision.date)}: "
            f"{sentence(decision.justification)}"
        )
    if verdict.finding is not None:
        return f"Found not applicable on {plan.words.day(verdict.finding.date)}."
    reasons = {
        why_lifted(plan, plan.rule.catalog.requirements[name], plan.rule.assessment.verdicts[name])
        for name in node.members
    }
    return " ".join(sorted(reasons))


def _others(results: list[RegimeResult]) -> Table:
    rows = tuple(
        Row(
            (
                runs(r.regime.title),
                runs(human(r.regime.kind)),
                runs(listed(list(r.regime.citation[:2]))),
            )
        )
        for r in results
    )
    columns = (Column("Rule", 44), Column("Kind", 16), Column("Source", 40))
    return Table(columns, rows, "Other rules that bind the firm; this plan does not carry them out")


def _undecided(plan: Plan, number: str) -> list[Block]:
    results = plan.report.scope.undetermined()
    if not results:
        return []
    rows = tuple(
        Row((runs(r.regime.title), runs(" ".join(plan.words.question(f) for f in r.undecided[:2]))))
        for r in results
    )
    text = (
        f"{count(len(rows), 'rule')} cannot be decided until management answers the questions "
        "below."
    )
    columns = (Column("Rule", 40), Column("Question for management", 60))
    return [
        Heading(2, "Rules not yet decided", "basis-open", number),
        Paragraph(runs(text), "open"),
        Table(columns, rows, "Rules that may bind the firm, and what would decide it"),
    ]


# ---------------------------------------------------------------- 6 safeguards


def safeguards(plan: Plan) -> list[Block]:
    """The clauses with their measures, each measure once in full, and the count of what is open."""
    blocks = prose("safeguards", plan)
    blocks.append(_open_items(plan))
    for clause in plan.clauses:
        blocks += _clause(plan, clause)
    if plan.further:
        blocks.append(Heading(2, "Further measures", "further-measures", plan.further_number))
        text = (
            "These measures follow IRS publications 4557, 5708 and 1345 and go beyond the clauses "
            "above."
        )
        blocks.append(Paragraph(runs(text)))
        for name in plan.further:
            blocks += _measure(plan, name)
    return blocks


def _open_items(plan: Plan) -> Callout:
    if not plan.open:
        text = (
            "Every measure that the clauses below rest on is in place, stated by management to be "
            "in"
            " place, or planned with a date."
        )
        return Callout("Open items: none", (runs(text),))
    number = count(len(plan.open), "measure")
    verb = "is" if len(plan.open) == 1 else "are"
    text = (
        f"{number} that the clauses below call for {verb} neither in place nor planned with a "
        "date ahead."
        f" They are not part of this plan and are listed in the gap report as of"
        f" {plan.words.day(plan.report.as_of)}."
    )
    return Callout(f"Open items: {len(plan.open)}", (runs(text),), "warn")


def _clause(plan: Plan, clause: Clause) -> list[Block]:
    node = clause.node
    blocks: list[Block] = [Heading(2, node.title, clause.anchor, clause.number)]
    blocks.append(Paragraph(runs(strong(f"{cited(node)}. "), node.statement), look="basis"))
    if clause.lifted:
        also = " The firm has these measures all the same:" if clause.full or clause.also else ""
        why = why_lifted(plan, node, clause.verdict)
        blocks.append(Paragraph(runs(f"Not required of this firm. {why}{also}")))
    elif clause.verdict.undecided:
        asks = " ".join(plan.words.question(name) for name in clause.verdict.undecided)
        text = f"whether all of this clause binds hangs on a question to management: {asks}"
        blocks.append(Paragraph(runs(text), "open"))
    finding = clause.verdict.finding
    if clause.verdict.basis == "finding" and finding is not None and finding.verdict == "satisfied":
        voice = "implementation" if clause.verdict.assurance == "verified" else "representation"
        lead = "as" if voice == "implementation" else "that this is in place as"
        text = f"{lead} {clause.verdict.assured_by} on {plan.words.day(finding.date)}."
        blocks.append(Paragraph(runs(text), voice))
    for name in clause.full:
        blocks += _measure(plan, name)
    if clause.also:
        blocks.append(Paragraph(_see(plan, clause.also, bool(clause.full)), look="small"))
    if not (clause.full or clause.also or clause.lifted or clause.verdict.status == "met"):
        who = plan.data["coordinator"] or "management"
        text = (
            "no measure is on record for this clause as in place or planned with a date."
            f" To be answered by {who}; see the gap report."
        )
        blocks.append(Paragraph(runs(text), "open"))
    return blocks


def _see(plan: Plan, names: tuple[str, ...], more: bool) -> Runs:
    content: list[str | Run] = ["See also: " if more else "Measures that serve this clause: "]
    for n, name in enumerate(names):
        number, anchor = plan.section_of(name)
        content.append(f"{'; ' if n else ''}{plan.control(name).title} (")
        content.append(link(f"section {number}", anchor))
        content.append(")")
    content.append(".")
    return runs(*content)


def _measure(plan: Plan, name: str) -> list[Block]:
    control = plan.control(name)
    said = plan.said(name)
    blocks: list[Block] = [Heading(3, control.title, slug("measure", name))]
    if control.policy:
        blocks.append(Paragraph(runs(control.policy), "policy"))
    blocks += said.paragraphs
    return blocks


# ---------------------------------------------------------------- 8 incidents


def incidents(plan: Plan) -> list[Block]:
    """Training, incident response and notification."""
    number = NUMBERS["incidents"]
    blocks: list[Block] = []
    for n, (name, title) in enumerate(
        (
            ("training", "Training"),
            ("response", "Incident response"),
            ("notification", "Notification"),
        ),
        1,
    ):
        blocks.append(Heading(2, title, name, f"{number}.{n}"))
        blocks += prose(name, plan)
    blocks += notices(plan)
    return blocks


def notices(plan: Plan) -> list[Block]:
    """What a notice to the FTC holds, and which other rules on notices bind the firm."""
    nodes = plan.rule.catalog.requirements
    parent = nodes.get("314.4(j)(1)")
    blocks: list[Block] = []
    if parent is not None and parent.children:
        blocks.append(
            Paragraph(runs("A notice to the Federal Trade Commission holds these items:"))
        )
        items = tuple(
            runs(nodes[name].title, f" ({cited(nodes[name])})") for name in parent.children
        )
        blocks.append(Bullets(items, ordered=True))
    rows = tuple(
        Row((runs(r.title), runs(d.title), runs(d.text or "See the rule."), runs(d.citation)))
        for r, d in plan.notices
    )
    if rows:
        columns = (
            Column("Rule", 22),
            Column("Duty", 22),
            Column("What it asks", 38),
            Column("Source", 18),
        )
        blocks.append(Table(columns, rows, "Duties to notify that bind the firm"))
    return blocks


# ---------------------------------------------------------------- adoption and log


def adoption(plan: Plan) -> list[Block]:
    """The page to sign. Nothing on it is filled in."""
    blocks = prose("adoption", plan)
    blocks.append(SignatureBlock("Principal or senior officer of the firm"))
    blocks.append(SignatureBlock("Qualified Individual / Data Security Coordinator"))
    return blocks


def review_log(plan: Plan) -> list[Block]:
    """An empty log to be kept by hand."""
    columns = (
        Column("Date", 15),
        Column("Reviewed by", 25),
        Column("What changed and why", 40),
        Column("Approved by", 20),
    )
    rows = tuple(Row(((), (), (), ())) for _ in range(6))
    return [
        *prose("review-log", plan),
        Table(columns, rows, "Review log, to be filled in by hand", blank=True),
    ]
