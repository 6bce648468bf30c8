"""Library and client as a networkx MultiDiGraph: which nodes, which edges, which attributes.

What comes in: records. What goes out: a `ComplianceGraph`. Nodes and edges are added in sorted
order, so the same records give the same graph whatever the order of files. A reference that leads
nowhere adds no edge (`check` reports it); a jointly sufficient set keeps its full size on every
edge, so a set with an unknown member is never taken for a complete one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import networkx

from compliance_graph.model import (
    Catalog,
    Client,
    Control,
    ControlRecord,
    EvidenceRecord,
    EvidenceType,
    Library,
    Requirement,
    Source,
    SufficientSet,
)

NODE_KINDS = (
    "framework",
    "requirement",
    "objective",
    "control",
    "evidence-type",
    "client",
    "implementation",
    "evidence",
    "risk",
    "vendor",
    "system",
)
RELATIONS = (
    "contains",
    "has-objective",
    "satisfies",
    "requires-evidence",
    "prerequisite-of",
    "maps-to",
    "implements",
    "supports",
    "mitigates",
    "provides",
)


@dataclass(frozen=True, slots=True)
class ComplianceGraph:
    """The graph and what it was made from.

    `nx` is the MultiDiGraph: node attributes are text, `kind` among them; edge keys begin with the
    relation, which is also the attribute `relation`. `records` holds the record behind a node.
    """

    nx: Any
    library: Library
    client: Client | None
    records: Mapping[str, Any] = field(default_factory=dict)

    def kind(self, node: str) -> str:
        """The kind of a node. Raises KeyError for an unknown one."""
        return str(self.nx.nodes[node]["kind"])

    def of_kind(self, *kinds: str) -> list[str]:
        """The ids of all nodes of the kinds, sorted."""
        return [node for node, kind in self.nx.nodes(data="kind") if kind in kinds]

    def out(self, node: str, relation: str) -> list[str]:
        """The targets of a node's edges of one relation, sorted, without repeats."""
        found = {b for _, b, r in self.nx.out_edges(node, data="relation") if r == relation}
        return sorted(found)

    def into(self, node: str, relation: str) -> list[str]:
        """The sources of the edges of one relation that end at a node, sorted, without repeats."""
        found = {a for a, _, r in self.nx.in_edges(node, data="relation") if r == relation}
        return sorted(found)


def build(library: Library, client: Client | None = None) -> ComplianceGraph:
    """The graph of a library and, if given, one client."""
    builder = _Builder(library)
    for catalog in library.catalogs.values():
        builder.catalog(catalog)
    for kind in library.evidence_types.values():
        builder.evidence_type(kind)
    for control in library.controls.values():
        builder.control(control)
    builder.mappings()
    builder.crosswalk()
    if client is not None:
        builder.client(client)
    return ComplianceGraph(builder.graph(), library, client, dict(sorted(builder.records.items())))


def requirement_node(catalog: Catalog, requirement: Requirement) -> str:
    """The node id of a requirement or objective."""
    kind = "objective" if requirement.is_objective else "requirement"
    return f"{kind}:{catalog.id}@{catalog.edition}:{requirement.id}"


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "client"


def _plain(value: Any) -> str:
    """An attribute as text; empty if there is nothing to say."""
    if isinstance(value, bool):
        return "true" if value else ""
    if isinstance(value, Source):
        return str(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {value[key]}" for key in sorted(value))
    if isinstance(value, (tuple, list)):
        return ", ".join(str(item) for item in value)
    return "" if value is None else str(value)


class _Builder:
    def __init__(self, library: Library) -> None:
        self.library = library
        self.nodes: dict[str, dict[str, str]] = {}
        self.edges: list[tuple[str, str, str, dict[str, str]]] = []
        self.records: dict[str, Any] = {}

    def graph(self) -> Any:
        """The networkx graph: nodes and edges sorted, loose ends left out."""
        made = networkx.MultiDiGraph()
        for node in sorted(self.nodes):
            made.add_node(node, **self.nodes[node])
        for a, b, relation, attributes in sorted(
            self.edges, key=lambda edge: (edge[0], edge[1], edge[2], sorted(edge[3].items()))
        ):
            if a not in self.nodes or b not in self.nodes:
                continue
            key, count = relation, 1
            while made.has_edge(a, b, key):
                count += 1
                key = f"{relation}#{count}"
            made.add_edge(a, b, key=key, relation=relation, **attributes)
        return made

    def node(self, own: str, kind: str, label: str, record: Any, /, **attributes: Any) -> str:
        texts = {name: _plain(value) for name, value in attributes.items()}
        self.nodes[own] = {"kind": kind, "label": label, **{k: v for k, v in texts.items() if v}}
        self.records[own] = record
        return own

    def edge(self, a: str, b: str, relation: str, /, **attributes: Any) -> None:
        texts = {name: _plain(value) for name, value in attributes.items()}
        self.edges.append((a, b, relation, {k: v for k, v in texts.items() if v}))

    # ------------------------------------------------------------ library

    def catalog(self, catalog: Catalog) -> None:
        own = self.node(
            f"framework:{catalog.id}@{catalog.edition}",
            "framework",
            catalog.title,
            catalog,
            title=catalog.title,
            edition=catalog.edition,
            framework_kind=catalog.kind,
            citation=catalog.citation,
            publisher=catalog.publisher,
            jurisdiction=catalog.jurisdiction,
            declared_at=catalog.source,
        )
        for item in catalog.requirements.values():
            node = self.requirement(catalog, item)
            if item.parent is None:
                self.edge(own, node, "contains")
            else:
                parent = requirement_node(catalog, catalog.requirements[item.parent])
                self.edge(parent, node, "has-objective" if item.is_objective else "contains")
            for name in item.same_as:
                if name in catalog.requirements:
                    other = requirement_node(catalog, catalog.requirements[name])
                    self.edge(node, other, "maps-to", relationship="equal-to", basis="same_as")
            older = self.library.catalogs.get((catalog.id, catalog.supersedes))
            for name in item.replaces if older else ():
                if older and name in older.requirements:
                    other = requirement_node(older, older.requirements[name])
                    self.edge(node, other, "maps-to", relationship="replaces", basis="replaces")

    def requirement(self, catalog: Catalog, item: Requirement) -> str:
        return self.node(
            requirement_node(catalog, item),
            "objective" if item.is_objective else "requirement",
            f"{item.id} {item.title}".strip(),
            item,
            title=item.title,
            statement=item.statement,
            citation=item.citation,
            framework=catalog.id,
            edition=catalog.edition,
            requirement=item.id,
            section=item.section,
            obligation=item.kind,
            binding=item.binding,
            logic=item.logic if isinstance(item.logic, str) else f"at_least {item.logic}",
            na=item.na,
            assessable=item.assessable,
            performance=item.performance,
            recurrence=item.recurrence.text if item.recurrence else "",
            tiers=item.tiers,
            weight=item.weight,
            declared_at=item.source,
        )

    def evidence_type(self, kind: EvidenceType) -> None:
        self.node(
            f"evidence-type:{kind.id}",
            "evidence-type",
            kind.title,
            kind,
            title=kind.title,
            fresh_for=kind.fresh_for.text if kind.fresh_for else "",
            declared_at=kind.source,
        )

    def control(self, control: Control) -> None:
        own = self.node(
            f"control:{control.id}",
            "control",
            f"{control.id} {control.title}",
            control,
            title=control.title,
            objective=control.objective,
            domain=control.domain,
            per=control.per,
            csf=control.csf,
            type=control.type,
            owner=control.owner,
            recurrence=control.recurrence.text if control.recurrence else "",
            declared_at=control.source,
        )
        for kind in control.evidence.types:
            words = [
                word
                for word, types in (
                    ("all-of", control.evidence.all_of),
                    ("any-of", control.evidence.any_of),
                )
                if kind in types
            ]
            self.edge(own, f"evidence-type:{kind}", "requires-evidence", need=words)
        for earlier in dict.fromkeys(control.prerequisites):
            self.edge(f"control:{earlier}", own, "prerequisite-of")

    def mappings(self) -> None:
        for entry in self.library.mappings:
            target = self._target(entry.framework, entry.edition, entry.requirement)
            self.edge(
                f"control:{entry.control}",
                target,
                "satisfies",
                relationship=entry.relationship,
                rationale=entry.rationale,
                declared_at=entry.source,
            )
        numbers: dict[str, int] = {}

        def place(joint: SufficientSet) -> tuple[str, ...]:
            return (joint.framework, joint.edition, joint.requirement, *sorted(joint.controls))

        for joint in sorted(self.library.sets, key=place):
            on = f"{joint.framework}@{joint.edition}:{joint.requirement}"
            numbers[on] = numbers.get(on, 0) + 1
            target = self._target(joint.framework, joint.edition, joint.requirement)
            for control in joint.controls:
                self.edge(
                    f"control:{control}",
                    target,
                    "satisfies",
                    relationship="jointly-sufficient",
                    rationale=joint.rationale,
                    set=f"{on}#{numbers[on]}",
                    set_size=len(joint.controls),
                    declared_at=joint.source,
                )

    def crosswalk(self) -> None:
        for pair in self.library.crosswalk:
            self.edge(
                self._qualified(pair.a),
                self._qualified(pair.b),
                "maps-to",
                relationship=pair.relationship,
                basis="crosswalk",
                citation=pair.citation,
                declared_at=pair.source,
            )

    def _target(self, framework: str, edition: str, requirement: str) -> str:
        catalog = self.library.catalogs.get((framework, edition))
        item = catalog.requirements.get(requirement) if catalog else None
        return requirement_node(catalog, item) if catalog and item else ""

    def _qualified(self, name: str) -> str:
        """The node of `framework[@edition]:requirement`; else of the newest edition that has it."""
        framework, _, requirement = name.partition(":")
        framework, _, edition = framework.partition("@")
        for catalog in reversed(self.library.editions(framework)):
            if (not edition or catalog.edition == edition) and requirement in catalog.requirements:
                return requirement_node(catalog, catalog.requirements[requirement])
        return ""

    # ------------------------------------------------------------ client

    def client(self, client: Client) -> None:
        own = self.node(
            f"client:{_slug(client.name)}", "client", client.name, client, title=client.name
        )
        for element in client.elements.values():
            system = self.node(
                f"system:{element.id}",
                "system",
                element.title,
                element,
                title=element.title,
                element_kind=element.kind,
                in_scope="yes" if element.in_scope else "no",
                tags=element.tags,
                since=element.since,
            )
            self.edge(own, system, "contains")
            self.edge(f"vendor:{element.provider}", system, "provides")
        self.vendors(own, client)
        for record in client.controls.values():
            self.implementation(own, record)
        self.responsibilities(client)
        for exhibit in client.evidence.values():
            self.evidence(own, client, exhibit)
        for decision in client.decisions:
            editions: Iterable[Catalog] = self.library.editions(decision.framework)
            for catalog in editions:
                if decision.edition in (None, catalog.edition):
                    target = self._target(catalog.id, catalog.edition, decision.requirement)
                    for name in decision.evidence:
                        self.edge(f"evidence:{name}", target, "supports", basis=decision.id)
        for risk in client.risks:
            node = self.node(
                f"risk:{risk['id']}",
                "risk",
                risk["title"],
                risk,
                title=risk["title"],
                category=risk.get("category"),
                treatment=risk.get("treatment"),
                status=risk.get("status"),
                owner=risk.get("owner"),
            )
            self.edge(own, node, "contains")
            for control in risk.get("controls") or ():
                self.edge(self._standing(client, str(control)), node, "mitigates")

    def vendors(self, own: str, client: Client) -> None:
        """Vendors and providers are one kind of node, and one node where they bear one id."""
        for row in client.vendors:
            node = self.node(
                f"vendor:{row['id']}",
                "vendor",
                row["title"],
                row,
                title=row["title"],
                service=row.get("service"),
                criticality=row.get("criticality"),
                last_review=row.get("last_review"),
            )
            self.edge(own, node, "contains")
            if row.get("provider") not in (None, row["id"]):
                other = f"vendor:{row['provider']}"
                self.edge(node, other, "maps-to", relationship="equal-to", basis="provider")
        for provider in client.providers.values():
            node = f"vendor:{provider.id}"
            row_says = self.nodes.get(node, {})
            if not row_says:
                self.edge(own, node, "contains")
            self.node(
                node,
                "vendor",
                provider.title,
                provider,
                title=provider.title,
                service=provider.service,
                provider_kind=provider.kind,
                contract_until=provider.contract_until,
                attestation_until=provider.attestation_until,
                last_review=provider.last_review,
            )
            self.nodes[node] = row_says | self.nodes[node]

    def implementation(self, own: str, record: ControlRecord) -> None:
        node = self.node(
            f"implementation:{record.control}",
            "implementation",
            f"{record.control} {record.status or 'per element'}",
            record,
            status=record.status,
            where=record.where,
            origination=record.origination,
            provider=record.provider,
            owner=record.owner,
            since=record.since,
            due=record.due,
            performed=record.performed,
            justification=record.justification,
        )
        self.edge(own, node, "contains")
        self.edge(node, f"control:{record.control}", "implements")

    def responsibilities(self, client: Client) -> None:
        for provider in client.providers.values():
            for row in provider.responsibilities.values():
                target = self._standing(client, row.control)
                self.edge(f"vendor:{provider.id}", target, "provides", status=row.status)
        for record in client.controls.values():
            provided = client.providers.get(record.provider)
            if provided is None or record.control not in provided.responsibilities:
                target = f"implementation:{record.control}"
                self.edge(f"vendor:{record.provider}", target, "provides")

    def evidence(self, own: str, client: Client, exhibit: EvidenceRecord) -> None:
        node = self.node(
            f"evidence:{exhibit.id}",
            "evidence",
            f"{exhibit.id} {exhibit.title}".strip(),
            exhibit,
            title=exhibit.title,
            type=exhibit.type,
            date=exhibit.date,
            state=exhibit.state,
            result=exhibit.result,
            integrity=exhibit.integrity,
            collected_by=exhibit.collected_by,
            file=exhibit.file,
            reference=exhibit.reference,
            sha256=exhibit.sha256,
        )
        self.edge(own, node, "contains")
        for control in dict.fromkeys(exhibit.controls):
            self.edge(node, self._standing(client, control), "supports")

    def _standing(self, client: Client, control: str) -> str:
        """The client's record of a control, or the control itself if there is none."""
        return ("implementation:" if control in client.controls else "control:") + control
