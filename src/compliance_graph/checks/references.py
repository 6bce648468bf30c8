"""References between the files of a library that lead nowhere (CG206, CG301 to CG304, CG314 ...).

What comes in: a library. What goes out: diagnostics at the record that holds the reference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from compliance_graph import rules
from compliance_graph.diagnostics import Diagnostic, diagnostic
from compliance_graph.facts import normalise
from compliance_graph.model import Catalog, Library, MappingEntry, Regime, Source, SufficientSet
from compliance_graph.validate import nearest


def mappings(library: Library) -> Iterator[Diagnostic]:
    """Mappings and jointly sufficient sets to an unknown edition, requirement or control."""
    said: set[tuple[str, str, str]] = set()
    rows: tuple[MappingEntry | SufficientSet, ...] = (*library.mappings, *library.sets)
    for row in rows:
        catalog = library.catalogs.get((row.framework, row.edition))
        if catalog is None:
            key = (row.source.path, row.framework, row.edition)
            if key not in said:  # the head of the file is wrong, not each of its rows
                said.add(key)
                yield _unknown_framework(library, row.framework, row.edition, row.source)
        elif row.requirement not in catalog.requirements:
            yield _unknown_requirement(catalog, row.requirement, row.source)
        for control in (row.control,) if isinstance(row, MappingEntry) else row.controls:
            if control not in library.controls:
                yield _unknown_control(library, control, row.source)


def evidence_types(library: Library) -> Iterator[Diagnostic]:
    """Evidence types that a control needs or a requirement expects and nobody describes."""
    known = library.evidence_types
    for control in library.controls.values():
        for kind in control.evidence.types:
            if kind not in known:
                message = f'control {control.id} needs unknown evidence type "{kind}"'
                yield diagnostic("CG303", control.source, message, nearest(kind, list(known)))
    for catalog in library.catalogs.values():
        for node in catalog.requirements.values():
            for kind in node.typical_evidence:
                if kind not in known:
                    message = f'requirement {node.id} expects unknown evidence type "{kind}"'
                    yield diagnostic("CG303", node.source, message, nearest(kind, list(known)))


def prerequisites(library: Library) -> Iterator[Diagnostic]:
    """Prerequisites that are no controls."""
    for control in library.controls.values():
        for needed in control.prerequisites:
            if needed not in library.controls:
                yield _unknown_control(library, needed, control.source)


def catalogs(library: Library) -> Iterator[Diagnostic]:
    """What a catalog says of itself: same_as, replaces, supersedes, tiers, at_least, conditions."""
    for catalog in library.catalogs.values():
        older = library.catalogs.get((catalog.id, catalog.supersedes))
        if catalog.supersedes and older is None:
            yield _unknown_framework(library, catalog.id, catalog.supersedes, catalog.source)
        yield from _tiers(catalog)
        for node in catalog.requirements.values():
            for name in node.same_as:
                if name not in catalog.requirements:
                    yield _unknown_requirement(catalog, name, node.source)
            if node.replaces and not catalog.supersedes:
                message = f"{node.id} replaces a requirement, but the catalog supersedes no edition"
                hint = "add `supersedes` with the older edition"
                yield diagnostic("CG301", node.source, message, hint)
            for name in node.replaces if older else ():
                if older and name not in older.requirements:
                    yield _unknown_requirement(older, name, node.source)
            if isinstance(node.logic, int) and node.logic > len(node.members):
                message = f"{node.id} asks for {node.logic} of {len(node.members)} members"
                yield diagnostic("CG316", node.source, message)
            for condition in node.conditions:
                if condition.requirement == node.id:
                    yield from _rule(library, condition.rule, node.source, node.id)


def _tiers(catalog: Catalog) -> Iterator[Diagnostic]:
    known = [tier for tier, _, _ in catalog.tiers]
    for tier, _, includes in catalog.tiers:
        for name in includes:
            if name not in known:
                message = f'tier {tier} includes unknown tier "{name}"'
                yield diagnostic("CG315", catalog.source, message, nearest(name, known))
    for node in catalog.requirements.values():
        parent = catalog.requirements[node.parent] if node.parent else None
        if parent and parent.tiers == node.tiers:
            continue  # inherited: reported once, where it is said
        for name in node.tiers:
            if name not in known:
                message = f'requirement {node.id} belongs to unknown tier "{name}"'
                yield diagnostic("CG315", node.source, message, nearest(name, known))


def crosswalks(library: Library) -> Iterator[Diagnostic]:
    """Ends of published crosswalks that are no requirements."""
    for pair in library.crosswalk:
        for end in (pair.a, pair.b):
            yield from _qualified(library, end, pair.source)


def rules_and_duties(library: Library) -> Iterator[Diagnostic]:
    """Facts, values and requirements that regimes and derived facts speak of."""
    for derived in library.derived.values():
        if derived.rule is not None:
            yield from _rule(library, derived.rule, derived.source, derived.id)
        if derived.convert_from and derived.convert_from not in library.facts:
            yield _unknown_fact(library, derived.convert_from, derived.source, derived.id)
    for regime in library.regimes.values():
        for rule in _rules_of(regime):
            yield from _rule(library, rule, regime.source, regime.id)
        for fact in (*regime.clauses, *(row[0] for row in regime.thresholds)):
            if not _is_fact(library, fact):
                yield _unknown_fact(library, fact, regime.source, regime.id)
        for duty in regime.duties:
            for name in duty.requirements:
                yield from _qualified(library, name, regime.source)


def regimes(library: Library) -> Iterator[Diagnostic]:
    """Frameworks and tiers that a regime brings, and regimes it refers to (CG314)."""
    known = sorted({framework for framework, _ in library.catalogs})
    for regime in library.regimes.values():
        pairs = (*regime.frameworks, *(pair for tier in regime.tiers for pair in tier.frameworks))
        for pair in dict.fromkeys((pair.framework, pair.tier) for pair in pairs):
            framework, tier = pair
            editions = library.editions(framework)
            tiers = [name for catalog in editions for name, _, _ in catalog.tiers]
            if not editions:
                message = f'regime {regime.id} brings unknown framework "{framework}"'
                yield diagnostic("CG314", regime.source, message, nearest(framework, known))
            elif tier is not None and tier not in tiers:
                message = f'regime {regime.id} brings unknown tier "{tier}" of {framework}'
                yield diagnostic("CG314", regime.source, message, nearest(tier, tiers))
        asked = (pair for rule in _rules_of(regime) for pair in rules.facts_of(rule))
        for kind, name in dict.fromkeys(asked):
            if kind == "ref" and name not in library.regimes:
                message = f'regime {regime.id} refers to unknown regime "{name}"'
                hint = nearest(name, list(library.regimes))
                yield diagnostic("CG314", regime.source, message, hint)


def _rules_of(regime: Regime) -> Iterator[Mapping[str, Any]]:
    yield regime.rule
    for pair in regime.frameworks:
        if pair.when is not None:
            yield pair.when
    for tier in regime.tiers:
        yield tier.when
        for pair in tier.frameworks:
            if pair.when is not None:
                yield pair.when
    for duty in regime.duties:
        if duty.when is not None:
            yield duty.when


def _rule(
    library: Library, rule: Mapping[str, Any], source: Source, owner: str
) -> Iterator[Diagnostic]:
    """Unknown facts of a rule, and comparisons that no value of the fact could ever meet."""
    for leaf in leaves(rule):
        name = leaf["fact"]
        if not _is_fact(library, name):
            yield _unknown_fact(library, name, source, owner)
            continue
        fact = library.facts.get(name)
        operator = next(key for key in leaf if key != "fact")
        if fact is None or operator == "nonempty" or fact.type == "money":
            continue
        operand = leaf[operator]
        several = operator in ("in", "has_any", "has_all")
        for value in operand if several else (operand,):
            _, faults = normalise(library, name, [value] if fact.type == "set" else value)
            for code, message, hint in faults:
                yield diagnostic(code, source, f"rule of {owner}: {message}", hint)


def leaves(rule: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The comparisons of facts in a rule, in order. Rules are at most 30 deep."""
    if "fact" in rule:
        yield rule
    elif "not" in rule:
        yield from leaves(rule["not"])
    elif "ref" not in rule:
        for part in rule.get("all", rule.get("any", ())):
            yield from leaves(part)


def _is_fact(library: Library, name: str) -> bool:
    """True if a name can be looked up; a rule the loader refused has an empty one, said already."""
    if not library.facts or not name:
        return True
    return name == "as_of" or name in library.facts or name in library.derived


def _unknown_fact(library: Library, name: str, source: Source, owner: str) -> Diagnostic:
    known: Iterable[str] = (*library.facts, *library.derived)
    message = f'{owner} asks for unknown fact "{name}"'
    return diagnostic("CG206", source, message, nearest(name, list(known)))


def _qualified(library: Library, name: str, source: Source) -> Iterator[Diagnostic]:
    """What is wrong with framework:requirement or framework@edition:requirement."""
    head, colon, requirement = name.partition(":")
    framework, _, edition = head.partition("@")
    editions = [c for c in library.editions(framework) if not edition or c.edition == edition]
    if not colon:
        message = f'"{name}" is not framework:requirement'
        yield diagnostic("CG301", source, message, 'write for example "hipaa:164.308(a)(1)"')
    elif not editions:
        yield _unknown_framework(library, framework, edition, source)
    elif not any(requirement in catalog.requirements for catalog in editions):
        yield _unknown_requirement(editions[-1], requirement, source)


def _unknown_framework(
    library: Library, framework: str, edition: str, source: Source
) -> Diagnostic:
    editions = [catalog.edition for catalog in library.editions(framework)]
    name = f"{framework}@{edition}" if edition else framework
    if editions:
        hint = "known editions: " + ", ".join(editions)
    else:
        hint = nearest(framework, sorted({key[0] for key in library.catalogs}))
    return diagnostic("CG304", source, f'unknown framework "{name}"', hint)


def _unknown_requirement(catalog: Catalog, name: str, source: Source) -> Diagnostic:
    meant = next((n.id for n in catalog.requirements.values() if name in n.aliases), None)
    hint = f'write "{meant}"' if meant else nearest(name, list(catalog.requirements))
    message = f'{catalog.id}@{catalog.edition} has no requirement "{name}"'
    return diagnostic("CG301", source, message, hint)


def _unknown_control(library: Library, name: str, source: Source) -> Diagnostic:
    meant = next((c.id for c in library.controls.values() if name in c.aliases), None)
    hint = f'write "{meant}"' if meant else nearest(name, list(library.controls))
    return diagnostic("CG302", source, f'unknown control "{name}"', hint)
