"""Words that every document kind uses: dates, people, evidence, facts, and titles for ids.

What comes in: a `GapReport`. What goes out: text and runs. Nothing here looks at a status.
"""

from __future__ import annotations

import re
from datetime import date

from compliance_graph.analysis.report import GapReport
from compliance_graph.analysis.scope import Reason, plain
from compliance_graph.dates import in_words, to_date, to_duration
from compliance_graph.model import Control, ControlRecord, EvidenceRecord, Requirement
from compliance_graph.output.documents.model import Meta

MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
# Control.owner and EvidenceType.supplier of the library, for a reader.
PARTIES = {
    "business": "the firm's management",
    "it": "IT or the managed service provider",
    "vciso": "the security lead or adviser",
    "provider": "the service provider",
}
ELEMENT_KINDS = {
    "cloud-service": "Cloud service",
    "endpoint-group": "Devices",
    "network": "Network",
    "site": "Site",
    "system": "Data store or system",
}
PLURALS = {
    "cloud-service": "cloud services",
    "endpoint-group": "groups of devices",
    "network": "networks",
    "site": "sites",
    "system": "systems",
}
STATUS_WORDS = {
    "met": ("Met", "good"),
    "partial": ("Partial", "warn"),
    "not-met": ("Not met", "bad"),
    "not-applicable": ("Not applicable", "none"),
    "not-assessed": ("Not assessed", "none"),
}
_DAY = re.compile(r"(?<![\w-])([0-9]{4}-[0-9]{2}-[0-9]{2})(?![\w-])")
_EVERY = re.compile(r"(?<=every )(P[0-9YMWD]+)")


def count(number: int, one: str, many: str = "") -> str:
    """A number with its noun: "1 measure", "3 measures"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(items: list[str], last: str = "and") -> str:
    """Items as a list in a sentence."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def human(name: str) -> str:
    """An id of the library as words: "tax_preparation" gives "tax preparation"."""
    return name.replace("_", " ").replace("-", " ")


def cited(node: Requirement) -> str:
    """The citation of a requirement, else its id."""
    return node.citation or node.id


def sentence(text: str) -> str:
    """The text with a capital letter in front and a full stop at the end."""
    text = text.strip()
    if not text:
        return ""
    return text[0].upper() + text[1:] + ("" if text[-1] in ".!?:" else ".")


class Words:
    """The words of one report: its people, evidence, elements and dates."""

    def __init__(self, report: GapReport) -> None:
        self.report = report
        self.client = report.client
        self.library = report.library
        self.as_of = report.as_of
        names = {record.id: self.evidence_title(record) for record in self.client.evidence.values()}
        self._titles = {key: f"{key} ({title})" for key, title in names.items() if title}
        self._titles.update({e.id: e.title for e in self.client.elements.values()})
        ids = sorted(self._titles, key=lambda key: (-len(key), key))
        alternatives = "|".join(map(re.escape, ids)) or "(?!)"
        self._ids = re.compile(rf"(?<![\w-])({alternatives})(?![\w-])")

    # ------------------------------------------------------------ dates

    def day(self, day: date | None) -> str:
        """A date in words, in the client's order."""
        if day is None:
            return "a date not recorded"
        month = MONTHS[day.month - 1]
        if self.client.locale == "en-US":
            return f"{month} {day.day}, {day.year}"
        return f"{day.day} {month} {day.year}"

    def short(self, day: date | None) -> str:
        """A date for a table cell."""
        if day is None:
            return "not recorded"
        month = MONTHS[day.month - 1][:3]
        if self.client.locale == "en-US":
            return f"{month} {day.day}, {day.year}"
        return f"{day.day} {month} {day.year}"

    def written(self, text: object) -> str:
        """A date as a register has it, for a table cell; other text as it stands."""
        day = to_date(text)
        return self.short(day) if day else str(text or "not recorded")

    # ------------------------------------------------------------ people

    def person(self, role_id: str, day: date | None = None) -> str:
        """A role with its holder on a day (default: the date of the report); other text as is."""
        role = self.client.roles.get(role_id)
        if role is None:
            return PARTIES.get(role_id, role_id)
        holder = role.holder_at(day or self.as_of)
        return f"{role.title} ({holder.name})" if holder else f"{role.title} (vacant)"

    def owner(self, control: Control, record: ControlRecord | None) -> str:
        """Who answers for a control: the role on record, else who usually does."""
        if record is not None and record.owner:
            return self.person(record.owner)
        return PARTIES.get(control.owner, control.owner) or "nobody yet"

    # ------------------------------------------------------------ evidence and facts

    def evidence_title(self, record: EvidenceRecord) -> str:
        """The title of a record, else that of its type."""
        kind = self.library.evidence_types.get(record.type)
        return record.title or (kind.title if kind else "")

    def evidence(self, record: EvidenceRecord) -> str:
        """A record with title and date."""
        title = self.evidence_title(record)
        return f"{record.id}{', ' + title if title else ''} (dated {self.day(record.date)})"

    def fact(self, name: str) -> str:
        """A fact with its value, who stated it and when."""
        stated = self.stated(name)
        return f"{human(name)}: {self.answer(name)}{f' ({stated})' if stated else ''}"

    def meaning(self, reason: Reason) -> str:
        """What a fact means for a regime: the words of its clause, else those of the reason."""
        _, found, clause = reason.text.partition(" (")
        if found and reason.text.endswith(")"):
            return sentence(clause.removesuffix(")"))
        return sentence(human(reason.text))

    def answer(self, name: str) -> str:
        """The value on record of a fact; "unknown" if there is none."""
        value = self.client.facts.get(name)
        if value is None or value.value is None:
            return "unknown"
        shown = plain(value.value)
        known = self.library.facts.get(name)
        words = isinstance(value.value, frozenset) or (known is not None and known.type == "enum")
        return human(shown) if words else shown

    def decided(self, reason: Reason) -> str:
        """The value that decided: as stated, or as it follows from other facts."""
        if reason.fact in self.client.facts:
            return self.answer(reason.fact)
        return human(plain(reason.value))

    def stated(self, name: str) -> str:
        """Who stated a fact and when; empty if neither is on record."""
        value = self.client.facts.get(name)
        if value is None:
            return ""
        parts = []
        if value.stated_by:
            parts.append(f"by {self.person(value.stated_by, value.date)}")
        if value.date:
            parts.append(f"on {self.day(value.date)}")
        said = f"stated {' '.join(parts)}" if parts else ""
        return f"{said}, recorded as verified" if said and value.verified else said

    def question(self, name: str) -> str:
        """The question that a fact answers."""
        known = self.library.facts.get(name)
        return known.ask if known else f"{sentence(human(name))[:-1]}?"

    # ------------------------------------------------------------ ids in texts of the analysis

    def titled(self, text: str) -> str:
        """A text of the analysis with titles for evidence and scope elements, dates and durations
        in words."""
        text = self._ids.sub(lambda match: self._titles[match[1]], text)
        text = _DAY.sub(lambda match: self.written(match[1]), text)
        return _EVERY.sub(_duration, text)

    def control(self, control_id: str) -> str:
        """The title of a control."""
        control = self.library.controls.get(control_id)
        return control.title if control else control_id

    # ------------------------------------------------------------ meta

    def meta(
        self, document: str, title: str, status: str, facts: tuple[tuple[str, str], ...]
    ) -> Meta:
        """The meta of a document of this client."""
        branding = self.client.branding
        return Meta(
            document=document,
            title=title,
            client=self.client.legal_name or self.client.name,
            locale=self.client.locale,
            as_of=self.as_of,
            status=status,
            prepared_by=branding.get("prepared_by", ""),
            marking=branding.get("marking", ""),
            footer=branding.get("footer", ""),
            colour=branding.get("colour", "").removeprefix("#"),
            facts=facts,
        )

    def stamp(self, version: str) -> tuple[tuple[str, str], ...]:
        """What a document was made from, label and value."""
        editions = ", ".join(
            f"{report.catalog.title}, edition {report.catalog.edition}"
            for report in self.report.frameworks
        )
        return (
            ("As of", self.day(self.as_of)),
            ("Frameworks", editions),
            ("Library digest", self.library.digest or "none"),
            ("Client files digest", self.client.digest or "none"),
            ("Made with", f"compliance-graph {version}"),
        )


def _duration(match: re.Match[str]) -> str:
    duration = to_duration(match[1])
    return in_words(duration) if duration else match[1]
