"""Diagnostics as text, JSON, SARIF 2.1.0 and GitHub workflow commands.

What comes in: diagnostics. What goes out: text, sorted, the same for the same input. Whatever
came from a data file is escaped for the place it is printed to.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from urllib.parse import quote

from compliance_graph.codes import CODES
from compliance_graph.diagnostics import Diagnostic, Related, ordered
from compliance_graph.terminal import escape, escape_json

FORMATS = ("text", "json", "sarif", "github")
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}
_COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}


def render(diagnostics: Iterable[Diagnostic], form: str, as_of: date) -> str:
    """The diagnostics in one of FORMATS, with a final newline. Raises KeyError for another form."""
    found = ordered(diagnostics)
    if form == "json":
        return as_json(found, as_of)
    return {"text": as_text, "sarif": as_sarif, "github": as_github}[form](found)


def as_text(found: Sequence[Diagnostic]) -> str:
    """Compiler style, one line per diagnostic with hint and related places under it."""
    lines = []
    for item in found:
        lines.append(escape(str(item)))
        if item.hint:
            lines.append(f"  hint: {escape(item.hint)}")
        for place in item.related:
            lines.append(
                f"  see:  {escape(place.path)}:{place.line}:{place.column}: {escape(place.message)}"
            )
    return "\n".join([*lines, summary(found)]) + "\n"


def summary(found: Sequence[Diagnostic]) -> str:
    """The last line: how many errors and warnings there are."""
    parts = []
    for severity, word in (("error", "error"), ("warning", "warning"), ("info", "remark")):
        count = sum(item.severity == severity for item in found)
        if count:
            parts.append(f"{count} {word}{'' if count == 1 else 's'}")
    return ", ".join(parts) if parts else "no faults found"


def as_json(found: Sequence[Diagnostic], as_of: date) -> str:
    """The shape of `check` in version 1."""
    shape = {
        "version": 1,
        "as_of": as_of.isoformat(),
        "errors": sum(item.severity == "error" for item in found),
        "warnings": sum(item.severity == "warning" for item in found),
        "diagnostics": [_shape(item) for item in found],
    }
    return _dumps(shape)


def _shape(item: Diagnostic) -> dict[str, Any]:
    return {
        "path": item.path,
        "line": item.line,
        "column": item.column,
        "severity": item.severity,
        "code": item.code,
        "message": item.message,
        "hint": item.hint,
        "related": [
            {"path": r.path, "line": r.line, "column": r.column, "message": r.message}
            for r in item.related
        ],
    }


def _dumps(shape: Any) -> str:
    return escape_json(json.dumps(shape, indent=2, ensure_ascii=False)) + "\n"


# ---------------------------------------------------------------- SARIF


def as_sarif(found: Sequence[Diagnostic]) -> str:
    """SARIF 2.1.0 with every code as a rule and paths as relative URIs."""
    order = {code: number for number, code in enumerate(CODES)}
    driver = {"name": "compliance-graph", "rules": [_rule(code) for code in CODES]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(item, order[item.code]) for item in found],
    }
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return _dumps({"$schema": schema, "version": "2.1.0", "runs": [run]})


def _rule(code: str) -> dict[str, Any]:
    row = CODES[code]
    return {
        "id": row.code,
        "shortDescription": {"text": row.title},
        "fullDescription": {"text": row.why},
        "help": {"text": row.remedy},
        "defaultConfiguration": {"level": _LEVELS[row.severity]},
    }


def _result(item: Diagnostic, rule: int) -> dict[str, Any]:
    text = f"{item.message}\n{item.hint}" if item.hint else item.message
    result: dict[str, Any] = {
        "ruleId": item.code,
        "ruleIndex": rule,
        "level": _LEVELS[item.severity],
        "message": {"text": text},
        "locations": [_location(item.path, item.line, item.column)],
        "partialFingerprints": {"fault/v1": _fingerprint(item)},
    }
    if item.related:
        result["relatedLocations"] = [
            {"id": number, **_location(r.path, r.line, r.column), "message": {"text": r.message}}
            for number, r in enumerate(item.related, 1)
        ]
    return result


def _location(path: str, line: int, column: int) -> dict[str, Any]:
    region = {"startLine": line, "startColumn": column}
    return {"physicalLocation": {"artifactLocation": {"uri": _uri(path)}, "region": region}}


def _uri(path: str) -> str:
    """A relative URI reference; a colon in the first segment would read as a scheme."""
    return quote(path.replace("\\", "/").encode("utf-8", "surrogateescape"), safe="/")


def _fingerprint(item: Diagnostic) -> str:
    """The same for the same fault on another line, so that a viewer can follow it."""
    text = f"{item.path}\0{item.code}\0{item.message}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


# ---------------------------------------------------------------- GitHub


def as_github(found: Sequence[Diagnostic]) -> str:
    """Workflow commands, which GitHub shows at the line; the summary line comes last."""
    lines = []
    for item in found:
        properties = {
            "file": item.path,
            "line": str(item.line),
            "col": str(item.column),
            "title": f"{item.code} {CODES[item.code].title}",
        }
        held = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
        parts = [item.message, item.hint, *(_place(place) for place in item.related)]
        body = "%0A".join(_data(part) for part in parts if part)
        lines.append(f"::{_COMMANDS[item.severity]} {held}::{body}")
    return "\n".join([*lines, summary(found)]) + "\n"


def _place(place: Related) -> str:
    return f"see {place.path}:{place.line}:{place.column}: {place.message}"


def _data(text: str) -> str:
    """Text of a workflow command. After `escape` no CR or LF is left, so `%` is what remains."""
    return escape(text).replace("%", "%25")


def _property(text: str) -> str:
    """A property of a workflow command, where colon and comma separate."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
