"""The library folder as records: catalogs, controls, mappings, evidence types, facts, regimes.

What comes in: a folder. What goes out: (Library, diagnostics). Data never raises: a file that
cannot be used gives diagnostics and is left out, and the rest is still read and checked.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from compliance_graph import rules
from compliance_graph.dates import to_date, to_duration
from compliance_graph.diagnostics import Diagnostic, Related, diagnostic
from compliance_graph.files import (
    MAX_FILES,
    DataFile,
    day,
    digest_of,
    good_id,
    read,
    text,
    texts,
    yaml_files,
)
from compliance_graph.model import (
    AlternativeRule,
    Catalog,
    Condition,
    Control,
    CrosswalkPair,
    DerivedFact,
    Duty,
    EvidenceNeed,
    EvidenceType,
    Fact,
    FrameworkTier,
    Library,
    MappingEntry,
    Regime,
    RegimeTier,
    Requirement,
    Span,
    SufficientSet,
)
from compliance_graph.validate import nearest

FOLDERS = (
    ("frameworks", "catalog"),
    ("frameworks/mappings", "crosswalk"),
    ("frameworks/facts", "facts"),
    ("frameworks/regimes", "regimes"),
    ("controls", "controls"),
    ("controls/mappings", "mappings"),
    ("evidence", "evidence-types"),
)


def load_library(root: Path) -> tuple[Library, list[Diagnostic]]:
    """Read a library folder. Diagnostics carry paths relative to the folder."""
    found: list[Diagnostic] = []
    files: list[DataFile] = []
    if not root.is_dir():
        found.append(diagnostic("CG101", ("", 1, 1), "the library folder does not exist"))
    for folder, kind in FOLDERS:
        paths = yaml_files(root / folder)
        if len(paths) > MAX_FILES:
            message = f"holds more than {MAX_FILES} files; the rest is not read"
            found.append(diagnostic("CG102", (folder, 1, 1), message))
        for path in paths[:MAX_FILES]:
            file, faults = read(path, f"{folder}/{path.name}", kind)
            found.extend(faults)
            if file:
                files.append(file)
    found.extend(_strays(root))
    builder = _Builder(found)
    for file in files:
        builder.add(file)
    ignores = tuple(ignore for file in files for ignore in file.ignores)
    return replace(builder.library(digest_of(files)), ignores=ignores), found


def _strays(root: Path) -> Iterator[Diagnostic]:
    """YAML files under the library's folders in a place where nothing reads them."""
    read_here = {folder for folder, _ in FOLDERS}
    for top in sorted({folder.partition("/")[0] for folder in read_here}):
        for here, folders, _ in os.walk(root / top):
            folders.sort()
            place = Path(here).relative_to(root).as_posix()
            for path in yaml_files(Path(here)) if place not in read_here else ():
                message = "is in a folder that nothing reads"
                hint = nearest(place, sorted(read_here))
                yield diagnostic("CG118", (f"{place}/{path.name}", 1, 1), message, hint)


class _Builder:
    def __init__(self, found: list[Diagnostic]) -> None:
        self.found = found
        self.catalogs: dict[tuple[str, str], Catalog] = {}
        self.controls: dict[str, Control] = {}
        self.types: dict[str, EvidenceType] = {}
        self.mappings: list[MappingEntry] = []
        self.sets: list[SufficientSet] = []
        self.pairs: list[CrosswalkPair] = []
        self.facts: dict[str, Fact] = {}
        self.derived: dict[str, DerivedFact] = {}
        self.rates: dict[str, str] = {}
        self.regimes: dict[str, Regime] = {}

    def add(self, file: DataFile) -> None:
        if not file.modeline.endswith(f"{file.kind}.schema.json"):
            message = f"the first line does not name {file.kind}.schema.json"
            self.found.append(diagnostic("CG403", (file.path, 1, 1), message))
        getattr(self, "_" + file.kind.replace("-", "_"))(file)

    def library(self, digest: str) -> Library:
        order = sorted(self.mappings, key=lambda m: (m.source, m.requirement, m.control))
        sets = sorted(self.sets, key=lambda s: (s.source, s.requirement))
        return Library(
            root="",
            catalogs=dict(sorted(self.catalogs.items())),
            controls=dict(sorted(self.controls.items())),
            evidence_types=dict(sorted(self.types.items())),
            mappings=tuple(order),
            sets=tuple(sets),
            crosswalk=tuple(sorted(self.pairs, key=lambda p: p.source)),
            facts=self.facts,
            derived=self.derived,
            rates=self.rates,
            regimes=dict(sorted(self.regimes.items())),
            digest=digest,
        )

    # ------------------------------------------------------------ helpers

    def _keep(self, table: dict[Any, Any], key: Any, record: Any, name: str) -> None:
        if key in table:
            first = table[key].source
            self.found.append(
                diagnostic(
                    "CG305",
                    record.source,
                    f"{name} stands twice",
                    related=(Related(first.path, first.line, first.column, "first here"),),
                )
            )
        else:
            table[key] = record

    def _spans(self, file: DataFile, route: tuple[Any, ...], value: Any) -> tuple[Span, ...]:
        spans = []
        for index, item in enumerate(value or ()):
            here = (*route, index)
            start = day(file, (*here, "from"), item["from"], self.found)
            until = day(file, (*here, "until"), item.get("until"), self.found)
            if start is None:
                continue
            if until is not None and until <= start:
                message = f"the span ends on {until}, before it begins on {start}"
                self.found.append(diagnostic("CG405", file.source(*here), message))
            spans.append(Span(start, until, item.get("citation", ""), item.get("note", "")))
        return tuple(sorted(spans, key=lambda span: span.start))

    def _rule(self, file: DataFile, route: tuple[Any, ...], rule: Any) -> Mapping[str, Any] | None:
        """The rule, or None with diagnostics if it is malformed (it then stays unknown)."""
        if rule is None:
            return None
        faults = list(rules.problems(rule))
        for inner, message in faults:
            self.found.append(diagnostic("CG208", file.source(*route, *inner), message))
        return None if faults else rule

    def _duration(self, file: DataFile, route: tuple[Any, ...], value: Any) -> Any:
        duration = to_duration(value)
        if value is not None and duration is None:
            message = f'"{value}" is not an ISO 8601 duration'
            self.found.append(diagnostic("CG204", file.source(*route), message))
        return duration

    # ------------------------------------------------------------ file kinds

    def _catalog(self, file: DataFile) -> None:
        data = file.data
        tree = _Tree(self, file)
        for index, node in enumerate(data["requirements"]):
            tree.add(node, ("requirements", index), None, False)
        source = data.get("source", {})
        catalog = Catalog(
            id=data["id"],
            edition=text(data["edition"]),
            title=data["title"],
            kind=data["kind"],
            source=file.source("id"),
            requirements=tree.nodes,
            citation=source.get("citation", ""),
            url=source.get("url", ""),
            revision=source.get("revision", ""),
            publisher=data.get("publisher", ""),
            jurisdiction=data.get("jurisdiction", ""),
            rights=data.get("rights", ""),
            in_force=self._spans(file, ("in_force",), data.get("in_force")),
            supersedes=text(data.get("supersedes")),
            tiers=tuple(
                (text(tier["id"]), tier["title"], texts(tier.get("includes")))
                for tier in data.get("tiers", ())
            ),
            scheme=data.get("scoring", {}).get("scheme", "none"),
            verdicts=data.get("verdicts", {}),
            last_checked=to_date(data.get("last_checked")),
            uncertainties=texts(data.get("uncertainties")),
            history=texts(data.get("history")),
            note=data.get("note", ""),
        )
        self._keep(self.catalogs, catalog.key, catalog, f"{catalog.id}@{catalog.edition}")

    def _controls(self, file: DataFile) -> None:
        for index, data in enumerate(file.data["controls"]):
            here = ("controls", index)
            effort, cost = data.get("effort"), data.get("cost")
            need = data.get("evidence", {})
            control = Control(
                id=good_id(file, (*here, "id"), data["id"], self.found),
                title=data["title"],
                domain=data["domain"],
                source=file.source(*here),
                objective=data.get("objective", ""),
                good=data.get("good", {}),
                per=data.get("per", "organization"),
                csf=data.get("csf", ""),
                type=data.get("type", ""),
                owner=data.get("owner", ""),
                effort=(effort["hours"][0], effort["hours"][1]) if effort else None,
                effort_basis=effort.get("basis", "") if effort else "",
                cost=(cost["per_year"][0], cost["per_year"][1]) if cost else None,
                cost_basis=cost.get("basis", "") if cost else "",
                prerequisites=texts(data.get("prerequisites")),
                evidence=EvidenceNeed(texts(need.get("any_of")), texts(need.get("all_of"))),
                policy=data.get("policy", ""),
                test=texts(data.get("test")),
                recurrence=self._duration(file, (*here, "recurrence"), data.get("recurrence")),
                aliases=texts(data.get("aliases")),
                note=data.get("note", ""),
            )
            self._keep(self.controls, control.id, control, f"control {control.id}")

    def _mappings(self, file: DataFile) -> None:
        framework, edition = file.data["framework"], text(file.data["edition"])
        for index, data in enumerate(file.data.get("mappings") or ()):
            self.mappings.append(
                MappingEntry(
                    framework,
                    edition,
                    text(data["requirement"]),
                    text(data["control"]),
                    data["relationship"],
                    data.get("rationale", ""),
                    file.source("mappings", index),
                )
            )
        for index, data in enumerate(file.data.get("jointly_sufficient") or ()):
            self.sets.append(
                SufficientSet(
                    framework,
                    edition,
                    text(data["requirement"]),
                    tuple(dict.fromkeys(texts(data["controls"]))),
                    data.get("rationale", ""),
                    file.source("jointly_sufficient", index),
                )
            )

    def _crosswalk(self, file: DataFile) -> None:
        citation = file.data["source"]["citation"]
        prefix_a, prefix_b = file.data.get("a", ""), file.data.get("b", "")
        for index, data in enumerate(file.data["pairs"]):
            ends = [
                text(data[end]) if ":" in text(data[end]) else f"{prefix}:{text(data[end])}"
                for end, prefix in (("a", prefix_a), ("b", prefix_b))
            ]
            source = file.source("pairs", index)
            self.pairs.append(
                CrosswalkPair(
                    ends[0], ends[1], data["relationship"], citation, source, data.get("note", "")
                )
            )

    def _evidence_types(self, file: DataFile) -> None:
        for index, data in enumerate(file.data["evidence_types"]):
            here = ("evidence_types", index)
            record = EvidenceType(
                id=good_id(file, (*here, "id"), data["id"], self.found),
                title=data["title"],
                source=file.source(*here),
                fresh_for=self._duration(file, (*here, "fresh_for"), data.get("fresh_for")),
                artefact=data.get("artefact", ""),
                origin=texts(data.get("source")),
                population=data.get("population", ""),
                period=data.get("period", ""),
                supplier=data.get("supplier", ""),
                shows=data.get("shows", ""),
                worthless=data.get("worthless", ""),
                sensitive=texts(data.get("sensitive")),
                note=data.get("note", ""),
            )
            self._keep(self.types, record.id, record, f"evidence type {record.id}")

    def _facts(self, file: DataFile) -> None:
        for index, data in enumerate(file.data["facts"]):
            values = data.get("values", ())
            fact = Fact(
                id=data["id"],
                type=data["type"],
                ask=data["ask"],
                source=file.source("facts", index),
                values=(values,) if isinstance(values, str) else texts(values),
                trap=data.get("trap", ""),
                help=data.get("help", ""),
                cost=data.get("cost", "easy"),
                unit=data.get("unit", ""),
                group=data.get("group", ""),
                minimum=data.get("minimum"),
                maximum=data.get("maximum"),
            )
            self._keep(self.facts, fact.id, fact, f"fact {fact.id}")
        for index, data in enumerate(file.data.get("derived") or ()):
            here = ("derived", index)
            convert = data.get("convert", {})
            record = DerivedFact(
                id=data["id"],
                type=data["type"],
                source=file.source(*here),
                rule=self._rule(file, (*here, "rule"), data.get("rule")),
                convert_from=convert.get("from", ""),
                convert_to=convert.get("to", ""),
            )
            self._keep(self.derived, record.id, record, f"fact {record.id}")
        self.rates.update(file.data.get("rates", {}).get("values", {}))

    def _pairs(self, file: DataFile, route: tuple[Any, ...], value: Any) -> Any:
        return tuple(
            FrameworkTier(
                item["framework"],
                text(item["tier"]) if "tier" in item else None,
                self._rule(file, (*route, index, "when"), item.get("when")),
            )
            for index, item in enumerate(value or ())
        )

    def _regimes(self, file: DataFile) -> None:
        for index, data in enumerate(file.data["regimes"]):
            here = ("regimes", index)
            rule = self._rule(file, (*here, "rule"), data["rule"])
            regime = Regime(
                id=data["id"],
                title=data["title"],
                kind=data["kind"],
                citation=texts(data["citation"]),
                rule=rule or {"fact": "", "is": True},
                source=file.source(*here),
                jurisdiction=data.get("jurisdiction", ""),
                authority=data.get("authority", ""),
                in_force=self._spans(file, (*here, "in_force"), data.get("in_force")),
                status=data.get("status", "in-force"),
                status_note=data.get("status_note", ""),
                clauses={c["fact"]: (c["citation"], c["text"]) for c in data.get("clauses", ())},
                frameworks=self._pairs(file, (*here, "frameworks"), data.get("frameworks")),
                tiers=tuple(
                    RegimeTier(
                        text(tier["id"]),
                        self._rule(file, (*here, "tiers", n, "when"), tier["when"])
                        or {"fact": "", "is": True},
                        tier.get("title", ""),
                        tier.get("citation", ""),
                        tier.get("text", ""),
                        self._pairs(
                            file, (*here, "tiers", n, "frameworks"), tier.get("frameworks")
                        ),
                    )
                    for n, tier in enumerate(data.get("tiers") or ())
                ),
                duties=tuple(
                    Duty(
                        duty["id"],
                        duty["title"],
                        duty.get("citation", ""),
                        duty.get("text", ""),
                        self._rule(file, (*here, "duties", n, "when"), duty.get("when")),
                        texts(duty.get("requirements")),
                    )
                    for n, duty in enumerate(data.get("duties") or ())
                ),
                exemptions=texts(data.get("exemptions")),
                thresholds=tuple(
                    (t["fact"], t["at"], t.get("text", ""), t.get("citation", ""))
                    for t in data.get("thresholds", ())
                ),
                safe_harbours=tuple(
                    (h["title"], h["citation"], h["effect"]) for h in data.get("safe_harbours", ())
                ),
                penalty=data.get("penalty", ""),
                notes=texts(data.get("notes")),
                confidence=data.get("confidence", ""),
                last_checked=to_date(data.get("last_checked")),
            )
            self._keep(self.regimes, regime.id, regime, f"regime {regime.id}")


class _Tree:
    """Flattens the nested requirements of one catalog; what descends is made explicit."""

    def __init__(self, builder: _Builder, file: DataFile) -> None:
        self.builder = builder
        self.file = file
        self.nodes: dict[str, Requirement] = {}

    def add(
        self, data: Any, route: tuple[Any, ...], parent: Requirement | None, counted: bool
    ) -> None:
        """Add a node and everything below it; `counted`: an ancestor is the assessable unit."""
        file, found = self.file, self.builder.found
        own = good_id(file, (*route, "id"), data["id"], found)
        children, objectives = data.get("children") or (), data.get("objectives") or ()
        logic = data.get("logic", "all")
        logic = logic["at_least"] if isinstance(logic, dict) else logic
        leafmost = not children or logic != "all"
        assessable = bool(data.get("assessable", leafmost)) and not counted
        node = Requirement(
            id=own,
            title=data["title"],
            statement=data["statement"],
            citation=data.get("citation", ""),
            source=file.source(*route),
            parent=parent.id if parent else None,
            children=tuple(text(item["id"]) for item in children),
            objectives=tuple(text(item["id"]) for item in objectives),
            assessable=assessable,
            logic=logic,
            section=data.get("section", parent.section if parent else ""),
            kind=data.get("kind", "required"),
            binding=data.get("binding", parent.binding if parent else file.data["kind"]),
            law=data.get("law", ""),
            tiers=texts(data.get("tiers")) or (parent.tiers if parent else ()),
            na=self._na(data, parent),
            alternative=self._alternative(data, parent),
            conditions=self._conditions(data, route, own, parent),
            weight=data.get("weight"),
            poam=data.get("poam", {}).get("rule", ""),
            poam_citation=data.get("poam", {}).get("citation", ""),
            partial_points=data.get("partial_credit", {}).get("points"),
            parameters=tuple(
                (text(p["id"]), p["label"], p.get("value", "")) for p in data.get("parameters", ())
            ),
            deadline=data.get("deadline", ""),
            retention=data.get("retention", {}).get("for", ""),
            assess={k: texts(v) for k, v in data.get("assess", {}).items()},
            typical_evidence=texts(data.get("typical_evidence")),
            questions=texts(data.get("questions")),
            automatic_fail=data.get("automatic_fail", False),
            same_as=texts(data.get("same_as")),
            replaces=texts(data.get("replaces")),
            in_force=self.builder._spans(file, (*route, "in_force"), data.get("in_force")),
            aliases=texts(data.get("aliases")),
            guidance=data.get("guidance", ""),
            note=data.get("note", ""),
            **self._recurrence(data, route, parent),
        )
        if not self._reserve(node):
            return
        for index, item in enumerate(objectives):
            self._objective(item, (*route, "objectives", index), node)
        for index, item in enumerate(children):
            self.add(item, (*route, "children", index), node, counted or assessable)

    def _objective(self, data: Any, route: tuple[Any, ...], parent: Requirement) -> None:
        own = good_id(self.file, (*route, "id"), data["id"], self.builder.found)
        node = Requirement(
            id=own,
            title=data.get("title", ""),
            statement=data["statement"],
            citation=data.get("citation", parent.citation),
            source=self.file.source(*route),
            parent=parent.id,
            is_objective=True,
            section=parent.section,
            kind=parent.kind,
            binding=parent.binding,
            tiers=parent.tiers,
            na=self._na(data, parent),
            alternative=self._alternative(data, parent),
            conditions=parent.conditions,
            recurrence=parent.recurrence,
            performance=parent.performance,
            assess={k: texts(v) for k, v in data.get("assess", {}).items()},
            note=data.get("note", ""),
        )
        self._reserve(node)

    def _reserve(self, node: Requirement) -> bool:
        first = self.nodes.get(node.id)
        if first is None:
            self.nodes[node.id] = node
            return True
        self.builder.found.append(
            diagnostic(
                "CG305",
                node.source,
                f"requirement {node.id} stands twice",
                related=(Related(*first.source, "first here"),),
            )
        )
        return False

    def _na(self, data: Any, parent: Requirement | None) -> str:
        """Own value, else the nearest ancestor's, else the catalog's, else by binding force."""
        if "na" in data:
            return str(data["na"])
        if parent is not None and "binding" not in data:
            return parent.na
        if "na" in self.file.data:
            return str(self.file.data["na"])
        binding = data.get("binding", parent.binding if parent else self.file.data["kind"])
        return "by-fact" if binding == "law" else "approved"

    def _alternative(self, data: Any, parent: Requirement | None) -> AlternativeRule | None:
        if "alternative" not in data:
            return parent.alternative if parent else None
        rule = data["alternative"]
        if rule == "none":
            return None
        return AlternativeRule(
            rule["approver"], rule.get("record", ""), rule.get("when", ""), rule.get("citation", "")
        )

    def _conditions(
        self, data: Any, route: tuple[Any, ...], own: str, parent: Requirement | None
    ) -> tuple[Condition, ...]:
        inherited = parent.conditions if parent else ()
        if "when" not in data:
            return inherited
        rule = self.builder._rule(self.file, (*route, "when"), data["when"])
        words = data.get("when_text", "")
        condition = Condition(
            own, rule or {"fact": "", "is": True}, words, data.get("citation", "")
        )
        return (*inherited, condition)

    def _recurrence(
        self, data: Any, route: tuple[Any, ...], parent: Requirement | None
    ) -> dict[str, Any]:
        if data.get("recurrence") is None and "performance" not in data and parent:
            return {"recurrence": parent.recurrence, "performance": parent.performance}
        duration = self.builder._duration(self.file, (*route, "recurrence"), data.get("recurrence"))
        return {"recurrence": duration, "performance": data.get("performance", False)}
