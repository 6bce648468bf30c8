"""How good is the crosswalk the library induces: recall and restraint. Report, not gate.

    python benchmarks/crosswalk.py

Two tables are measured against: tests/crosswalk/cmmc-l1-l2.csv, published (32 CFR 170.15(c)(1)
Table 1), and benchmarks/crosswalk.csv, pairs any practitioner would expect, chosen by us and no
publication. A pair counts as found at its own ids, or at a part of them or the whole above them.
"""

from __future__ import annotations

import csv
import sys
from itertools import combinations
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

from compliance_graph.analysis.crosswalk import Crosswalk, crosswalk  # noqa: E402
from compliance_graph.library_path import shipped_library  # noqa: E402
from compliance_graph.loader import load_library  # noqa: E402
from compliance_graph.model import Catalog, Library  # noqa: E402


def current(library: Library, a: str, b: str) -> Crosswalk:
    """The crosswalk of the newest editions."""
    return crosswalk(library, library.editions(a)[-1], library.editions(b)[-1])


def line_of(catalog: Catalog, name: str) -> set[str]:
    """A requirement, everything above it and everything below it."""
    nodes = catalog.requirements
    if name not in nodes:
        raise SystemExit(f"crosswalk benchmark: {catalog.id} has no {name}")
    found, todo = {name}, list(nodes[name].members)
    while todo:
        found.add(todo[-1])
        todo += nodes[todo.pop()].members
    parent = nodes[name].parent
    while parent is not None:
        found.add(parent)
        parent = nodes[parent].parent
    return found


def restraint(library: Library) -> None:
    """How many of the pairs there could be are made."""
    print("| frameworks | pairs | of | share | links too weak | most for one requirement |")
    print("|---|---:|---:|---:|---:|---:|")
    for a, b in combinations(sorted({key[0] for key in library.catalogs}), 2):
        found = current(library, a, b)
        size = 1
        for catalog in (found.a, found.b):
            size *= sum(node.assessable for node in catalog.requirements.values())
        ends = [p.a for p in found.pairs] + [f"b {p.b}" for p in found.pairs]
        most = max((ends.count(end) for end in set(ends)), default=0)
        share = f"{100 * len(found.pairs) / size:.1f} %"
        print(f"| {a}, {b} | {len(found.pairs)} | {size} | {share} | {found.dropped} | {most} |")


def level_one(library: Library) -> None:
    """CMMC Level 1 against Level 2, where the whole answer is published."""
    with (ROOT / "tests" / "crosswalk" / "cmmc-l1-l2.csv").open(encoding="utf-8") as stream:
        table = {(row["level_1"], row["level_2"]) for row in csv.DictReader(stream)}
    pairs = [(p.a, p.b) for p in current(library, "cmmc", "cmmc").pairs]
    made = {pair for pair in pairs if ".L1-" in pair[0] and ".L2-" in pair[1]}
    hit = len(made & table)
    print(f"CMMC Level 1 to Level 2: recall {hit} of {len(table)}, precision {hit} of {len(made)}")


def expected(library: Library) -> None:
    """The pairs a practitioner would expect."""
    with (ROOT / "benchmarks" / "crosswalk.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    missing = []
    for row in rows:
        found = current(library, row["a"], row["b"])
        left = line_of(found.a, row["requirement_a"])
        right = line_of(found.b, row["requirement_b"])
        if not any(p.a in left and p.b in right for p in found.pairs):
            missing.append(" ".join(row.values()))
    print(f"Expected pairs: {len(rows) - len(missing)} of {len(rows)} found")
    for words in missing:
        print(f"  missing: {words}")


def main() -> None:
    """Print all three."""
    library, _ = load_library(shipped_library())
    restraint(library)
    print()
    level_one(library)
    expected(library)


if __name__ == "__main__":
    main()
