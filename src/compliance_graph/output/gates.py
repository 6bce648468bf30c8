"""The gap analysis for build systems: SARIF 2.1.0 and JUnit XML.

A place in SARIF is the line of the client's YAML that made the verdict so, or controls.yaml line
1 where there is no record. Only counted requirements that are not ready are reported.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape as xml
from xml.sax.saxutils import quoteattr

from compliance_graph.analysis.report import FrameworkReport, GapReport, Row
from compliance_graph.model import Source
from compliance_graph.output.gaps import describe
from compliance_graph.output.shapes import dumps

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVEL = {"not-met": "error", "partial": "warning", "not-assessed": "warning", "met": "note"}


def to_sarif(report: GapReport, prefix: str) -> str:
    """SARIF 2.1.0; `prefix` is the client folder as the user named it."""
    rules: dict[str, dict[str, Any]] = {}
    results: list[dict[str, Any]] = []
    for item in report.frameworks:
        for row in _open(item):
            name = f"{item.catalog.id}:{row.requirement.id}"
            rules[name] = {
                "id": name,
                "shortDescription": {"text": row.requirement.title},
                "fullDescription": {"text": row.requirement.statement},
                "help": {"text": row.requirement.citation or row.requirement.title},
            }
            words = [describe(report, gap) for gap in row.verdict.gaps]
            results.append(
                {
                    "ruleId": name,
                    "level": _LEVEL[row.verdict.status],
                    "message": {
                        "text": "\n".join(
                            [f"{row.verdict.status}: {row.requirement.title}", *words]
                        )
                    },
                    "locations": [_location(place, prefix) for place in _places(report, row)],
                }
            )
    driver = {"name": "compliance-graph", "rules": [rules[name] for name in sorted(rules)]}
    run = {
        "tool": {"driver": driver},
        "results": results,
        "properties": {"as_of": report.as_of.isoformat(), "client": report.client.name},
    }
    return dumps({"version": "2.1.0", "$schema": SCHEMA, "runs": [run]})


def to_junit(report: GapReport) -> str:
    """JUnit XML: one test case per counted requirement; not assessed is an error, never a pass."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<testsuites>"]
    for item in report.frameworks:
        rows = item.counted()
        failures = sum(r.verdict.status in ("not-met", "partial") for r in rows)
        errors = sum(r.verdict.status == "not-assessed" for r in rows)
        skipped = sum(r.verdict.status == "not-applicable" for r in rows)
        name = quoteattr(f"{item.catalog.id}@{item.catalog.edition} on {report.as_of}")
        lines.append(
            f'<testsuite name={name} tests="{len(rows)}" failures="{failures}" '
            f'errors="{errors}" skipped="{skipped}">'
        )
        lines += [_case(report, item, row) for row in rows]
        lines.append("</testsuite>")
    return "\n".join([*lines, "</testsuites>"]) + "\n"


def _case(report: GapReport, item: FrameworkReport, row: Row) -> str:
    title = quoteattr(f"{row.requirement.id} {row.requirement.title}")
    head = f"<testcase classname={quoteattr(item.catalog.id)} name={title}"
    words = xml("\n".join(describe(report, gap) for gap in row.verdict.gaps))
    status = row.verdict.status
    if status in ("not-met", "partial"):
        return f'{head}><failure message="{status}">{words}</failure></testcase>'
    if status == "not-assessed":
        return f'{head}><error message="not-assessed">{words}</error></testcase>'
    if status == "not-applicable":
        return f'{head}><skipped message="not-applicable"/></testcase>'
    return f"{head}/>"


def _open(item: FrameworkReport) -> list[Row]:
    return [row for row in item.counted() if not row.verdict.ready]


def _places(report: GapReport, row: Row) -> list[Source]:
    """The client's lines behind a verdict: its finding or decision, then its control records."""
    places = []
    if row.verdict.finding is not None:
        places.append(row.verdict.finding.source)
    named = [gap.control for gap in row.verdict.gaps if gap.control]
    for control in dict.fromkeys([*named, *row.verdict.controls]):
        record = report.client.controls.get(control)
        if record is not None:
            places.append(record.source)
    return places[:5] or [Source("controls.yaml", 1, 1)]


def _location(place: Source, prefix: str) -> dict[str, Any]:
    path = (PurePosixPath(prefix.replace("\\", "/")) / place.path).as_posix()
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(path)},
            "region": {"startLine": place.line, "startColumn": place.column},
        }
    }
