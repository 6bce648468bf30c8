"""A client folder as records.

What comes in: a folder and the library. What goes out: (Client or None, diagnostics). The client
is None only if client.yaml itself cannot be used. A missing file means that nothing is known of
it; a reference that leads nowhere is a fatal diagnostic, never matched by likeness.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from compliance_graph.dates import to_date
from compliance_graph.diagnostics import Diagnostic, Related, diagnostic
from compliance_graph.facts import normalise
from compliance_graph.files import (
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
    Client,
    ControlRecord,
    Decision,
    Element,
    EvidenceRecord,
    FactValue,
    Finding,
    Holder,
    Library,
    Provider,
    Responsibility,
    Role,
    Source,
    Target,
)
from compliance_graph.validate import nearest

FILES = (
    ("client", "client"),
    ("controls", "client-controls"),
    ("decisions", "decisions"),
    ("findings", "findings"),
    ("evidence", "evidence"),
    ("risks", "risks"),
    ("vendors", "vendors"),
    ("incidents", "incidents"),
)
_BLOCK = 1 << 20


def load_client(root: Path, library: Library) -> tuple[Client | None, list[Diagnostic]]:
    """Read a client folder against a library. Paths in diagnostics are relative to the folder."""
    found: list[Diagnostic] = []
    files: dict[str, DataFile] = {}
    if not root.is_dir():
        return None, [
            diagnostic("CG101", ("client.yaml", 1, 1), "the client folder does not exist")
        ]
    for name, kind in FILES:
        path = root / f"{name}.yaml"
        if name != "client" and not os.path.lexists(path):
            continue
        file, faults = read(path, f"{name}.yaml", kind)
        found.extend(faults)
        if file:
            files[name] = file
    known = [f"{name}.yaml" for name, _ in FILES]
    for path in yaml_files(root):
        if path.name not in known:
            hint = nearest(path.name, known) or "one of: " + ", ".join(known)
            found.append(diagnostic("CG118", (path.name, 1, 1), "is no file of a client", hint))
    if "client" not in files:
        return None, found
    return _Reader(root, library, files, found).client(), found


class _Reader:
    def __init__(
        self,
        root: Path,
        library: Library,
        files: Mapping[str, DataFile],
        found: list[Diagnostic],
    ) -> None:
        self.root = root
        self.library = library
        self.files = files
        self.found = found
        self.elements: dict[str, Element] = {}
        self.roles: dict[str, Role] = {}
        self.providers: dict[str, Provider] = {}
        self.control_ids = dict.fromkeys(library.controls)
        self.aliases = {alias: c.id for c in library.controls.values() for alias in c.aliases}

    def client(self) -> Client:
        file = self.files["client"]
        data = file.data
        self._elements(file)
        self._roles(file)
        self._providers(file)
        evidence = self._evidence()
        records = {
            name: tuple(self.files[name].data.get(name) or ()) if name in self.files else ()
            for name in ("risks", "vendors", "incidents")
        }
        self._registers(records)
        return Client(
            name=data["name"],
            root=str(self.root),
            source=file.source("name"),
            facts=self._facts(file),
            legal_name=data.get("legal_name", data["name"]),
            locale=data.get("locale", "en-US"),
            address=data.get("address", ""),
            description=data.get("description", ""),
            scope_statement=data.get("scope_statement", ""),
            targets=self._targets(file),
            elements=self.elements,
            roles=self.roles,
            providers=self.providers,
            contracts=tuple(data.get("contracts") or ()),
            engagements=tuple(data.get("engagements") or ()),
            information=tuple(data.get("information") or ()),
            branding=data.get("branding") or {},
            controls=self._controls(),
            decisions=self._decisions(),
            findings=self._findings(),
            evidence=evidence,
            risks=records["risks"],
            vendors=records["vendors"],
            incidents=records["incidents"],
            digest=digest_of(list(self.files.values())),
            ignores=tuple(i for held in self.files.values() for i in held.ignores),
        )

    # ------------------------------------------------------------ helpers

    def _say(self, code: str, source: Source, message: str, hint: str = "") -> None:
        self.found.append(diagnostic(code, source, message, hint))

    def _day(self, file: DataFile, route: tuple[Any, ...], data: Any, key: str) -> Any:
        return day(file, (*route, key), data.get(key), self.found)

    def _repeat(self, table: Mapping[str, Any], key: str, source: Source, what: str) -> bool:
        if key not in table:
            return False
        first = table[key].source
        self.found.append(
            diagnostic(
                "CG305",
                source,
                f"{what} {key} stands twice",
                related=(Related(first.path, first.line, first.column, "first here"),),
            )
        )
        return True

    def _control(self, name: str, source: Source) -> str | None:
        """The control id a record means, or None with a diagnostic."""
        name = self.aliases.get(name, name)
        if name in self.control_ids:
            return name
        hint = nearest(name, list(self.control_ids))
        self._say("CG302", source, f'unknown control "{name}"', hint)
        return None

    def _known(self, table: Iterable[str], name: str, source: Source, what: str) -> None:
        known = list(table)
        if name and name not in known:
            self._say("CG308", source, f'unknown {what} "{name}"', nearest(name, known))

    def requirement(self, on: str, source: Source) -> tuple[str, str | None, str] | None:
        """(framework, edition or None, requirement) of a qualified id; None with a diagnostic."""
        framework, colon, requirement = on.partition(":")
        framework, _, edition = framework.partition("@")
        if "@" in requirement:
            requirement, _, edition = requirement.rpartition("@")
        if not colon:
            message = f'"{on}" is not framework:requirement'
            self._say("CG301", source, message, 'write for example "hipaa:164.308(a)(1)"')
            return None
        editions = self.library.editions(framework)
        if edition:
            editions = [catalog for catalog in editions if catalog.edition == edition]
        if not editions:
            known = sorted({key[0] for key in self.library.catalogs})
            name = f"{framework}@{edition}" if edition else framework
            self._say("CG304", source, f'unknown framework "{name}"', nearest(framework, known))
            return None
        for catalog in editions:
            if requirement in catalog.requirements:
                return framework, edition or None, requirement
            for node in catalog.requirements.values():
                if requirement in node.aliases:
                    return framework, edition or None, node.id
        hint = nearest(requirement, list(editions[-1].requirements))
        self._say("CG301", source, f'{framework} has no requirement "{requirement}"', hint)
        return None

    # ------------------------------------------------------------ client.yaml

    def _facts(self, file: DataFile) -> dict[str, FactValue]:
        facts: dict[str, FactValue] = {}
        for name, raw in (file.data.get("facts") or {}).items():
            source = file.source("facts", name)
            meta = raw if isinstance(raw, dict) and "value" in raw else {}
            value = meta["value"] if meta else raw
            value, faults = normalise(self.library, name, value)
            for code, message, hint in faults:
                self._say(code, source, message, hint)
            facts[name] = FactValue(
                value=value,
                source=source,
                stated_by=meta.get("stated_by", ""),
                date=day(file, ("facts", name, "date"), meta.get("date"), self.found),
                origin=meta.get("source", ""),
                verified=meta.get("verified", False),
                note=meta.get("note", ""),
            )
        return facts

    def _targets(self, file: DataFile) -> tuple[Target, ...]:
        targets = []
        for index, raw in enumerate(file.data.get("targets") or ()):
            source = file.source("targets", index)
            data = raw if isinstance(raw, dict) else {"framework": text(raw)}
            framework, _, edition = data["framework"].partition("@")
            tier = text(data["tier"]) if "tier" in data else None
            if self._framework(framework, edition, source):
                targets.append(
                    Target(framework, edition or None, tier, data.get("why", ""), source)
                )
        return tuple(targets)

    def _framework(self, framework: str, edition: str, source: Source) -> bool:
        editions = self.library.editions(framework)
        if edition:
            editions = [catalog for catalog in editions if catalog.edition == edition]
        if editions:
            return True
        known = sorted({key[0] for key in self.library.catalogs})
        name = f"{framework}@{edition}" if edition else framework
        self._say("CG304", source, f'unknown framework "{name}"', nearest(framework, known))
        return False

    def _elements(self, file: DataFile) -> None:
        for index, data in enumerate(file.data.get("scope") or ()):
            here = ("scope", index)
            source = file.source(*here)
            element = Element(
                id=data["id"],
                kind=data["kind"],
                title=data.get("title", data["id"]),
                source=source,
                description=data.get("description", ""),
                in_scope=data.get("in_scope", True),
                out_of_scope_reason=data.get("out_of_scope_reason", ""),
                tags=texts(data.get("tags")),
                provider=data.get("provider", ""),
                since=self._day(file, here, data, "since"),
                location=data.get("location", ""),
                count=data.get("count"),
                data=data.get("data", ""),
            )
            if not self._repeat(self.elements, element.id, source, "scope element"):
                self.elements[element.id] = element

    def _roles(self, file: DataFile) -> None:
        for name, data in (file.data.get("roles") or {}).items():
            here = ("roles", name)
            holders = tuple(
                Holder(
                    name=holder["name"],
                    title=holder.get("title", ""),
                    start=self._day(file, (*here, "holders", n), holder, "from"),
                    until=self._day(file, (*here, "holders", n), holder, "until"),
                    email=holder.get("email", ""),
                    phone=holder.get("phone", ""),
                )
                for n, holder in enumerate(data.get("holders") or ())
            )
            self.roles[name] = Role(
                name, data["title"], file.source(*here), data.get("responsibilities", ""), holders
            )

    def _providers(self, file: DataFile) -> None:
        for index, data in enumerate(file.data.get("providers") or ()):
            here = ("providers", index)
            source = file.source(*here)
            contract = data.get("contract")
            attestation = data.get("attestation", {})
            rows: dict[str, Responsibility] = {}
            for n, row in enumerate(data.get("responsibilities") or ()):
                place = file.source(*here, "responsibilities", n)
                control = self._control(text(row["control"]), place)
                if control in rows:
                    self._say("CG305", place, f"responsibility for {control} stands twice")
                elif control:
                    rows[control] = Responsibility(
                        control,
                        row["status"],
                        row.get("provider_does", ""),
                        row.get("client_does", ""),
                        row.get("note", ""),
                    )
            contract_at, attested_at = (*here, "contract"), (*here, "attestation")
            provider = Provider(
                id=data["id"],
                title=data["title"],
                source=source,
                service=data.get("service", ""),
                kind=data.get("kind", "other"),
                has_contract=bool(contract),
                contract_reference=(contract or {}).get("reference", ""),
                contract_date=self._day(file, contract_at, contract or {}, "date"),
                contract_until=self._day(file, contract_at, contract or {}, "until"),
                safeguards_clause=(contract or {}).get("safeguards_clause"),
                attestation_kind=attestation.get("kind", ""),
                attestation_from=self._day(file, attested_at, attestation, "valid_from")
                or self._day(file, attested_at, attestation, "date"),
                attestation_until=self._day(file, attested_at, attestation, "valid_until"),
                attestation_reference=attestation.get("reference", ""),
                responsibilities=rows,
                contact=data.get("contact", ""),
                last_review=self._day(file, here, data, "last_review"),
            )
            if not self._repeat(self.providers, provider.id, source, "provider"):
                self.providers[provider.id] = provider

    # ------------------------------------------------------------ records

    def _controls(self) -> dict[str, ControlRecord]:
        file = self.files.get("controls")
        records: dict[str, ControlRecord] = {}
        for name, data in ((file.data.get("controls") or {}) if file else {}).items():
            assert file is not None
            here = ("controls", name)
            source = file.source(*here)
            control = self._control(name, source)
            if control is None or self._repeat(records, control, source, "control"):
                continue
            where = data.get("where", {})
            kind = self.library.controls[control].per
            declared = any(e.kind == kind for e in self.elements.values())
            for element in where:
                place = file.source(*here, "where", element)
                if kind == "organization":
                    message = f"{control} is judged on the whole organization, not per element"
                    self._say("CG308", place, message, "use status")
                elif self.elements and (declared or element in self.elements):
                    known = [e.id for e in self.elements.values() if e.kind == kind]
                    self._known(known, element, place, kind)
            if self.providers or data.get("provider"):
                place = file.source(*here, "provider") if "provider" in data else source
                self._known(self.providers, data.get("provider", ""), place, "provider")
            if self.roles and data.get("owner"):
                self._known(self.roles, data["owner"], file.source(*here, "owner"), "role")
            records[control] = ControlRecord(
                control=control,
                status=data.get("status"),
                source=source,
                where=where,
                origination=data.get("origination", "organization"),
                provider=data.get("provider", ""),
                owner=data.get("owner", ""),
                narrative=data.get("narrative", ""),
                since=self._day(file, here, data, "since"),
                due=self._day(file, here, data, "due"),
                performed=self._day(file, here, data, "performed"),
                justification=data.get("justification", ""),
                approver=data.get("approver", ""),
                note=data.get("note", ""),
                waiting_on=data.get("waiting_on", ""),
                parameters={k: text(v) for k, v in data.get("parameters", {}).items()},
            )
        return dict(sorted(records.items()))

    def _decisions(self) -> tuple[Decision, ...]:
        file = self.files.get("decisions")
        decisions = []
        for index, data in enumerate((file.data.get("decisions") or ()) if file else ()):
            assert file is not None
            here = ("decisions", index)
            target = self.requirement(data["on"], file.source(*here, "on"))
            if target is None:
                continue
            control = ""
            if "control" in data:
                control = self._control(data["control"], file.source(*here, "control")) or ""
                if not control:
                    continue
            decisions.append(
                Decision(
                    id=data.get("id", f"decision-{index + 1}"),
                    framework=target[0],
                    edition=target[1],
                    requirement=target[2],
                    kind=data["kind"],
                    source=file.source(*here),
                    justification=data.get("justification", ""),
                    measure=data.get("measure", ""),
                    record=data.get("record", ""),
                    approver=data.get("approver", ""),
                    date=self._day(file, here, data, "date"),
                    expires=self._day(file, here, data, "expires"),
                    evidence=texts(data.get("evidence")),
                    control=control,
                )
            )
        return tuple(decisions)

    def _findings(self) -> tuple[Finding, ...]:
        file = self.files.get("findings")
        findings = []
        for index, data in enumerate((file.data.get("findings") or ()) if file else ()):
            assert file is not None
            here = ("findings", index)
            target = self.requirement(data["on"], file.source(*here, "on"))
            made = self._day(file, here, data, "date")
            if target is None or made is None:
                continue
            method = data.get("method", ())
            findings.append(
                Finding(
                    id=data.get("id", f"finding-{index + 1}"),
                    framework=target[0],
                    edition=target[1],
                    requirement=target[2],
                    verdict=data["verdict"],
                    date=made,
                    source=file.source(*here),
                    expires=self._day(file, here, data, "expires"),
                    partial=data.get("partial", False),
                    methods=(method,) if isinstance(method, str) else tuple(method),
                    note=data.get("note", ""),
                    assessor=data.get("assessor", ""),
                    on_behalf_of=data.get("on_behalf_of", ""),
                    engagement=data.get("engagement", ""),
                )
            )
        return tuple(findings)

    def _evidence(self) -> dict[str, EvidenceRecord]:
        file = self.files.get("evidence")
        records: dict[str, EvidenceRecord] = {}
        for index, data in enumerate((file.data.get("evidence") or ()) if file else ()):
            assert file is not None
            here = ("evidence", index)
            source = file.source(*here)
            own = good_id(file, (*here, "id"), data["id"], self.found)
            kind = text(data["type"])
            if kind not in self.library.evidence_types:
                hint = nearest(kind, list(self.library.evidence_types))
                place = file.source(*here, "type")
                self._say("CG303", place, f'unknown evidence type "{kind}"', hint)
            controls = [
                self._control(text(name), file.source(*here, "controls", n))
                for n, name in enumerate(data.get("controls") or ())
            ]
            if self.elements:
                for n, element in enumerate(data.get("elements") or ()):
                    place = file.source(*here, "elements", n)
                    self._known(self.elements, element, place, "scope element")
            made = self._day(file, here, data, "date")
            if made is None or self._repeat(records, own, source, "evidence"):
                continue
            records[own] = EvidenceRecord(
                id=own,
                type=kind,
                date=made,
                source=source,
                title=data.get("title", ""),
                file=data.get("file", ""),
                reference=data.get("reference", ""),
                sha256=data.get("sha256", "").lower(),
                collected_by=data.get("collected_by", ""),
                controls=tuple(name for name in controls if name),
                elements=texts(data.get("elements")),
                state=data.get("state", "draft"),
                result=data.get("result", ""),
                check=data.get("check", ""),
                tags=texts(data.get("tags")),
                note=data.get("note", ""),
                integrity=self._integrity(file, here, data),
            )
        return records

    def _integrity(self, file: DataFile, here: tuple[Any, ...], data: Any) -> str:
        """intact, tampered, missing or unchecked (no file, or no hash to hold it against)."""
        name = data.get("file")
        if not name:
            return "unchecked"
        place = file.source(*here, "file")
        path = inside(self.root, name)
        if path is None:
            message = f'"{name[:80]}" does not stay inside the client folder'
            self._say("CG114", place, message)
            return "missing"
        actual = sha256(path)
        if actual is None:
            self._say("CG505", place, f'"{name[:80]}" is not there or cannot be read')
            return "missing"
        if "sha256" not in data:
            return "unchecked"
        if actual != data["sha256"].lower():
            self._say("CG504", place, f'"{name[:80]}" was changed since it was recorded')
            return "tampered"
        return "intact"

    def _registers(self, records: Mapping[str, tuple[Mapping[str, Any], ...]]) -> None:
        for name, rows in records.items():
            file = self.files.get(name)
            for index, row in enumerate(rows):
                assert file is not None
                for key in ("date", "review", "accepted_until", "contract_date", "last_review"):
                    value = row.get(key)
                    if value is not None and to_date(value) is None:
                        place = file.source(name, index, key)
                        self._say("CG204", place, f'"{value}" is not a day of the calendar')
                for n, control in enumerate(row.get("controls") or ()):
                    self._control(text(control), file.source(name, index, "controls", n))


def inside(root: Path, name: str) -> Path | None:
    """The path of a file named in data if it stays inside the root, links followed; else None."""
    if "\0" in name or name.startswith(("/", "\\", "~")) or ":" in name or "\\" in name:
        return None
    base = os.path.realpath(root)
    path = os.path.realpath(os.path.join(base, name))
    if os.path.commonpath([base, path]) != base or path == base:
        return None
    return Path(path)


def sha256(path: Path) -> str | None:
    """SHA-256 of a regular file, or None if there is none to read."""
    total = hashlib.sha256()
    try:
        if not path.is_file():  # raises for a name that is too long
            return None
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                total.update(block)
    except OSError:
        return None
    return total.hexdigest()
