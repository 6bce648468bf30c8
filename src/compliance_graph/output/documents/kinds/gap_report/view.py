"""The report as the sections of a gap report look at it: items in order of weight."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from compliance_graph.analysis.report import FrameworkReport, GapReport, Row
from compliance_graph.model import Control
from compliance_graph.output.documents import markup
from compliance_graph.output.documents.kinds.words import STATUS_WORDS, Words
from compliance_graph.output.documents.model import Block, Run

# Law comes before contract, contract before standards and guidance.
_BINDING = {"law": 0, "contract": 1, "standard": 2, "policy": 2, "guidance": 3}
# Within one kind: what fails, what nobody looked at, what is half done, what lacks proof.
_STATUS = {"not-met": 0, "not-assessed": 1, "partial": 2, "met": 3, "not-applicable": 4}
TOP = 15


@dataclass(frozen=True, slots=True)
class Item:
    """A counted requirement that is not ready. `number` is its place among all of them."""

    number: int
    framework: FrameworkReport
    row: Row

    @property
    def binding(self) -> str:
        """What kind of text asks for it: law, contract, standard or guidance."""
        return binding(self.framework, self.row)


def binding(framework: FrameworkReport, row: Row) -> str:
    """What a requirement rests on: its own word, else that of its catalog."""
    return row.requirement.binding or framework.catalog.kind


class View:
    """A gap report's items and the words for them."""

    def __init__(self, report: GapReport) -> None:
        self.report = report
        self.words = Words(report)
        self.client = report.client
        self.library = report.library

    def prose(self, name: str) -> list[Block]:
        """The blocks of one prose template of this kind."""
        return markup.prose(f"documents/gap_report/{name}.md.j2", self.data, under=name)

    @cached_property
    def data(self) -> dict[str, object]:
        """Plain data for the prose templates."""
        return {
            "client": self.client.legal_name or self.client.name,
            "as_of": self.words.day(self.report.as_of),
            "assume_plan": self.report.assume_plan,
            "top": min(TOP, len(self.items)),
            "total_items": len(self.items),
        }

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """Every counted requirement that is not ready, weightiest first."""
        found = [
            (framework, row)
            for framework in self.report.frameworks
            for row in framework.counted()
            if row.verdict.status != "not-applicable" and not row.verdict.ready
        ]

        def weight(item: tuple[FrameworkReport, Row]) -> tuple[int, bool, int, int]:
            framework, row = item
            node = row.requirement
            kind = _BINDING.get(binding(framework, row), 2)
            return (kind, not node.automatic_fail, _STATUS[row.verdict.status], -(node.weight or 0))

        ordered = sorted(found, key=weight)  # stable: within one weight the catalog's order
        return tuple(Item(n, framework, row) for n, (framework, row) in enumerate(ordered, 1))

    def to_do(self, framework: FrameworkReport, row: Row) -> tuple[Control, ...]:
        """The controls whose work closes a requirement: those its open gaps name, else the open
        members of the route it is nearest to."""
        named = dict.fromkeys(gap.control for gap in row.verdict.gaps if gap.control)
        if not named:
            named = dict.fromkeys(self._open_members(framework, row.requirement.id))
        return tuple(self.library.controls[name] for name in named if name in self.library.controls)

    def _open_members(self, framework: FrameworkReport, requirement: str) -> list[str]:
        """Open members of the nearest routes of a requirement and its parts."""
        verdict = framework.assessment.verdicts[requirement]
        found = list(verdict.chosen.open_members) if verdict.chosen is not None else []
        for member in framework.catalog.requirements[requirement].members:
            found += self._open_members(framework, member)
        return found

    def assurance(self, row: Row) -> str:
        """How sure a verdict is, in words; empty unless met."""
        verdict = row.verdict
        if verdict.status != "met":
            return ""
        if verdict.assumed:
            return "assumed from the plan"
        if verdict.assured_by and verdict.assurance == "verified":
            return f"verified: {self.words.titled(verdict.assured_by)}"
        return verdict.assurance or "claimed"

    def gap_words(self, row: Row, limit: int = 0) -> list[str]:
        """The gaps of a requirement in words, with the title of each control."""
        made: dict[str, None] = {}
        for gap in row.verdict.gaps:
            where = f"{self.words.control(gap.control)}: " if gap.control else ""
            made[f"{where}{self.words.titled(gap.detail)}"] = None
        found = list(made)
        if limit and len(found) > limit:
            found = [*found[:limit], f"and {len(found) - limit} more, listed under all gaps"]
        return found


def status_run(status: str) -> Run:
    """A status as a word; its shade only repeats the word."""
    return Run(*STATUS_WORDS[status])
