"""The crosswalk of two frameworks as JSON, CSV and text."""

from __future__ import annotations

import textwrap
from datetime import date

from compliance_graph.analysis.crosswalk import THRESHOLD, Crosswalk, Pair
from compliance_graph.model import Catalog, Library
from compliance_graph.output.shapes import Shape, head
from compliance_graph.output.tables import Table
from compliance_graph.output.tables import to_csv as table_csv
from compliance_graph.terminal import escape

_WIDTH = 100
_WORDS = {
    "equal-to": "asks the same as",
    "subset-of": "lies within",
    "superset-of": "contains",
    "intersects-with": "overlaps with",
}


def shape(found: Crosswalk, as_of: date) -> Shape:
    """`frameworks crosswalk`: pairs in catalog order; ids are those of each framework."""
    return {
        **head(as_of),
        "a": found.a.id,
        "a_edition": found.a.edition,
        "b": found.b.id,
        "b_edition": found.b.edition,
        "threshold": round(float(THRESHOLD), 4),
        "left_out": found.dropped,
        "pairs": [_pair(pair) for pair in found.pairs],
    }


def _pair(pair: Pair) -> Shape:
    return {
        "a": pair.a,
        "b": pair.b,
        "controls": list(pair.controls),
        "relationship": pair.relationship,
        "weight": _weight(pair),
        "published": list(pair.published),
    }


def _weight(pair: Pair) -> float:
    return round(float(pair.weight), 4)


def to_csv(found: Crosswalk) -> str:
    """One row per pair."""
    columns = (
        "a framework", "a", "a title", "relationship", "b framework", "b", "b title", "controls",
        "weight", "published",
    )  # fmt: skip
    rows = tuple(
        (
            f"{found.a.id}@{found.a.edition}",
            pair.a,
            found.a.requirements[pair.a].title,
            pair.relationship,
            f"{found.b.id}@{found.b.edition}",
            pair.b,
            found.b.requirements[pair.b].title,
            " ".join(pair.controls),
            str(_weight(pair)),
            "; ".join(pair.published),
        )
        for pair in found.pairs
    )
    return table_csv(Table(columns, rows))


def to_text(found: Crosswalk, library: Library) -> str:
    """Pairs under each requirement of the first framework, and what has no counterpart."""
    name_a, name_b = (f"{c.id}@{c.edition}" for c in (found.a, found.b))
    about = (
        f"{len(found.pairs)} pairs that the control library induces; {found.dropped} links too "
        "weak to count are left out. Derived from shared controls: no statement by a publisher, "
        "unless a source is named."
    )
    lines = [f"Crosswalk {name_a} to {name_b}", "", *textwrap.wrap(about, _WIDTH)]
    last = None
    for pair in found.pairs:
        if pair.a != last:
            last = pair.a
            lines += ["", f"{pair.a}  {found.a.requirements[pair.a].title}"]
        title = found.b.requirements[pair.b].title
        lines.append(f"  {_WORDS[pair.relationship]} {pair.b}  {title}")
        shared = "; ".join(f"{c} {library.controls[c].title}" for c in pair.controls)
        if shared:
            lines += _wrap(f"shared: {shared}")
        for citation in pair.published:
            lines += _wrap(f"published: {citation}")
    lines += ["", *_alone(found, "a"), *_alone(found, "b")]
    return "\n".join(escape(line) for line in lines) + "\n"


def _wrap(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent="    ", subsequent_indent="      ")


def _alone(found: Crosswalk, side: str) -> list[str]:
    """The assessable requirements of one side that no pair reaches, counted."""
    catalog: Catalog = getattr(found, side)
    reached = set()
    for pair in found.pairs:
        name: str | None = getattr(pair, side)
        while name is not None:
            reached.add(name)
            name = catalog.requirements[name].parent
    units = [node.id for node in catalog.requirements.values() if node.assessable]
    with_pair = sum(name in reached for name in units)
    return [
        f"{catalog.id}@{catalog.edition}: {with_pair} of {len(units)} assessable requirements have "
        "a counterpart."
    ]
