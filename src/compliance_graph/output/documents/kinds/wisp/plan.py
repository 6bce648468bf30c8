"""What a WISP may say of each control and under which clause it stands.

What comes in: a `GapReport`. What goes out: a `Plan`: clauses of 16 CFR 314 in order, each control
once in full under its home clause, further measures outside of the rule, and the count of what is
open. No status is decided here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from compliance_graph.analysis.report import FrameworkReport, GapReport
from compliance_graph.analysis.verdict import Verdict
from compliance_graph.model import Control, Decision, Duty, Regime, Requirement
from compliance_graph.output.documents.kinds.voices import Said, say
from compliance_graph.output.documents.kinds.words import Words
from compliance_graph.output.documents.model import slug

FRAMEWORK = "ftc-safeguards"
GUIDANCE = "irs-4557"
# Section anchors in printed order; `_sections` of the package has the same.
NUMBERS = {
    name: number
    for number, name in enumerate(
        [
            "purpose",
            "people",
            "basis",
            "risk",
            "inventory",
            "safeguards",
            "providers",
            "incidents",
            "review",
            "coverage",
        ],
        1,
    )
}
# How the library titles a duty to notify.
_NOTICE = re.compile(r"notif|notice of|report security|breach", re.IGNORECASE)
_PRINTED = ("implementation", "representation", "plan")


@dataclass(frozen=True, slots=True)
class Clause:
    """A counted requirement with the controls that stand under it.

    `full` are printed here, `also` under another clause. `lifted`: it does not bind this firm.
    """

    node: Requirement
    verdict: Verdict
    number: str
    full: tuple[str, ...]
    also: tuple[str, ...]

    @property
    def lifted(self) -> bool:
        """True if the clause does not bind."""
        return self.verdict.status == "not-applicable"

    @property
    def anchor(self) -> str:
        """Where the clause stands in the document."""
        return slug("clause", self.node.id)


class Plan:
    """The choices behind a WISP."""

    def __init__(self, report: GapReport) -> None:
        self.report = report
        self.words = Words(report)
        self.client = report.client
        self.states = report.states
        self.rule = next(f for f in report.frameworks if f.catalog.id == FRAMEWORK)
        self.guidance = next((f for f in report.frameworks if f.catalog.id == GUIDANCE), None)
        self._said: dict[str, Said] = {}

    # ------------------------------------------------------------ controls

    def said(self, control: str) -> Said:
        """What may be said of a control, the same everywhere in the document."""
        if control not in self._said:
            doubt, alternative = "", None
            for framework in self._both():
                for name in framework.assessment.verdicts:
                    verdict = framework.assessment.verdicts[name]
                    if control in verdict.controls:
                        doubt = doubt or self._doubt(verdict)
                        alternative = alternative or _alternative(verdict)
            self._said[control] = say(self.words, self.states[control], alternative, doubt)
        return self._said[control]

    def printed(self, control: str) -> bool:
        """True if the control stands in the document."""
        return self.said(control).voice in _PRINTED

    def _doubt(self, verdict: Verdict) -> str:
        """An assessor's finding that still holds against what the records say."""
        finding = verdict.finding
        if verdict.basis != "finding" or finding is None or finding.verdict != "not-satisfied":
            return ""
        return f"the assessment of {self.words.day(finding.date)} has not confirmed it"

    def _both(self) -> tuple[FrameworkReport, ...]:
        return (self.rule, *((self.guidance,) if self.guidance else ()))

    # ------------------------------------------------------------ clauses

    def leaves(self, framework: FrameworkReport, node: Requirement) -> Iterator[Requirement]:
        """The parts of a requirement that have no parts, or the requirement itself."""
        nodes = framework.catalog.requirements
        if not node.members:
            yield node
        for member in node.members:
            yield from self.leaves(framework, nodes[member])

    def routed(self, framework: FrameworkReport, node: Requirement) -> tuple[str, ...]:
        """Controls that the verdict on a requirement rests on, in order."""
        found: dict[str, None] = {}
        for leaf in self.leaves(framework, node):
            verdict = framework.assessment.verdicts[leaf.id]
            if verdict.chosen is not None:
                found.update(dict.fromkeys(verdict.chosen.route.controls))
        return tuple(found)

    def measures(self, framework: FrameworkReport, node: Requirement) -> tuple[str, ...]:
        """The controls of a requirement that stand in the document: those it rests on first."""
        mapped = framework.assessment.verdicts[node.id].controls
        names = dict.fromkeys([*self.routed(framework, node), *mapped])
        return tuple(name for name in names if self.printed(name))

    def rests_on(self, framework: FrameworkReport, node: Requirement) -> tuple[str, ...]:
        """Printed controls that a paragraph itself rests on, without those of its paragraphs."""
        index = framework.assessment.index
        nodes = framework.catalog.requirements
        own = [node, *(nodes[name] for name in node.objectives)]
        named: dict[str, None] = {}
        for item in own:
            verdict = framework.assessment.verdicts[item.id]
            if not item.members and verdict.chosen is not None:
                named.update(dict.fromkeys(verdict.chosen.route.controls))
        if not named and not node.children:
            for item in own:
                named.update((entry.control, None) for entry in index.entries_on.get(item.id, ()))
        return tuple(name for name in named if self.printed(name))

    @cached_property
    def home(self) -> dict[str, str]:
        """The requirement of the rule under which each printed control is written out: where it
        is one of the fewest that the verdict rests on, else the first that names it."""
        best: dict[str, tuple[int, str]] = {}
        rows = self.rule.counted()
        for row in rows:
            for leaf in self.leaves(self.rule, row.requirement):
                chosen = self.rule.assessment.verdicts[leaf.id].chosen
                for name in chosen.route.controls if chosen is not None else ():
                    size = len(chosen.route.controls) if chosen is not None else 0
                    if name not in best or size < best[name][0]:
                        best[name] = (size, row.requirement.id)
        found = {name: clause for name, (_, clause) in best.items()}
        for row in rows:
            for name in row.verdict.controls:
                found.setdefault(name, row.requirement.id)
        return {name: clause for name, clause in found.items() if self.printed(name)}

    @cached_property
    def clauses(self) -> tuple[Clause, ...]:
        """The counted requirements of the rule."""
        made = []
        for n, row in enumerate(self.rule.counted(), 1):
            names = self.measures(self.rule, row.requirement)
            made.append(
                Clause(
                    row.requirement,
                    row.verdict,
                    f"{NUMBERS['safeguards']}.{n}",
                    tuple(name for name in names if self.home[name] == row.requirement.id),
                    tuple(name for name in names if self.home[name] != row.requirement.id),
                )
            )
        return tuple(made)

    @cached_property
    def further(self) -> tuple[str, ...]:
        """Printed controls that only the guidance asks for."""
        if self.guidance is None:
            return ()
        names = {name for row in self.guidance.counted() for name in row.verdict.controls}
        return tuple(
            name
            for name in self.report.library.controls
            if name in names and name not in self.home and self.printed(name)
        )

    @property
    def further_number(self) -> str:
        """The number of the section of further measures."""
        return f"{NUMBERS['safeguards']}.{len(self.clauses) + 1}"

    @cached_property
    def open(self) -> tuple[str, ...]:
        """Controls a binding clause rests on, or that are on record for one, and that are neither
        in place nor stated nor planned with a date ahead."""
        names: dict[str, None] = {}
        for framework in self._both():
            for row in framework.counted():
                if row.verdict.status == "not-applicable":
                    continue
                names.update(dict.fromkeys(self.routed(framework, row.requirement)))
                names.update(
                    (name, None) for name in row.verdict.controls if name in self.client.controls
                )
        return tuple(name for name in names if self.said(name).voice == "open")

    def section_of(self, control: str) -> tuple[str, str]:
        """(number, anchor) of the place where a control is written out."""
        clause = self.home.get(control)
        for item in self.clauses:
            if item.node.id == clause:
                return item.number, item.anchor
        return self.further_number, "further-measures"

    def control(self, name: str) -> Control:
        """A control of the library."""
        return self.report.library.controls[name]

    @cached_property
    def notices(self) -> tuple[tuple[Regime, Duty], ...]:
        """Duties to notify somebody of an incident, from the rules that bind."""
        return tuple(
            (result.regime, item.duty)
            for result in self.report.scope.binding()
            for item in result.duties
            if item.verdict == "applies" and _NOTICE.search(item.duty.title)
        )

    # ------------------------------------------------------------ data for prose

    @cached_property
    def data(self) -> dict[str, object]:
        """Plain data for the prose templates."""
        voices = [self.said(name).voice for name in (*self.home, *self.further)]
        return {
            "firm": self.client.legal_name or self.client.name,
            "description": self.client.description,
            "scope_statement": self.client.scope_statement,
            "as_of": self.words.day(self.report.as_of),
            "coordinator": self.holder_of(*COORDINATOR),
            "spokesperson": self.holder_of(*SPOKESPERSON),
            "written_risk_lifted": self.lifted_part("314.4(b)(1)"),
            "response_plan_lifted": self.lifted_part("314.4(h)"),
            "has_elements": any(e.in_scope for e in self.client.elements.values()),
            "has_providers": bool(self.client.providers or self.client.vendors),
            "has_notices": bool(self.notices),
            "risk_count": len(self.client.risks),
            "in_place": voices.count("implementation"),
            "stated": voices.count("representation"),
            "planned": voices.count("plan"),
            "open_count": len(self.open),
            "has_guidance": self.guidance is not None,
        }

    def lifted_part(self, requirement: str) -> bool:
        """True if a paragraph of the rule does not bind this firm."""
        verdict = self.rule.assessment.verdicts.get(requirement)
        return verdict is not None and verdict.status == "not-applicable"

    def holder_of(self, *names: str) -> str:
        """Role and holder of the first role found that is held; empty if none is."""
        for name in names:
            role = self.client.roles.get(name)
            if role is not None and role.holder_at(self.report.as_of):
                return self.words.person(name)
        return ""


# Role ids by which a client may name the roles a plan needs; the first one held counts.
QUALIFIED = ("qualified-individual", "qualified_individual", "qi", "security-lead")
COORDINATOR = (
    "data-security-coordinator",
    "dsc",
    "security-coordinator",
    "security-lead",
    *QUALIFIED,
)
SPOKESPERSON = ("public-information-officer", "pio", "spokesperson")


def _alternative(verdict: Verdict) -> Decision | None:
    decision = verdict.decision
    return decision if decision is not None and decision.kind == "alternative" else None
