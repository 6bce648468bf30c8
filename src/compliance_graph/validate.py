"""Holds parsed data against the JSON Schema of its file kind.

What comes in: `Parsed` and the name of a schema. What goes out: diagnostics with places. A fast
validator decides; only a file that it refuses is walked again by `jsonschema`, which names every
error. Both read the same draft-07 schemas, and a property test shows that they agree.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from compliance_graph.diagnostics import Diagnostic, diagnostic
from compliance_graph.yamlfile import Parsed, locate

MAX_FAULTS = 200  # printed for one file
MAX_ERRORS = 5_000  # looked at
SCHEMA_FOLDER = Path(__file__).parent / "schemas"
SCHEMAS = (
    "catalog",
    "controls",
    "mappings",
    "crosswalk",
    "evidence-types",
    "facts",
    "regimes",
    "client",
    "client-controls",
    "decisions",
    "findings",
    "evidence",
    "risks",
    "vendors",
    "incidents",
)


@cache
def schema(name: str) -> dict[str, Any]:
    """The JSON Schema of a file kind. Raises KeyError for an unknown name."""
    if name not in SCHEMAS:
        raise KeyError(name)
    text = (SCHEMA_FOLDER / f"{name}.schema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


@cache
def _gate(name: str) -> Any:
    import jsonschema_rs

    return jsonschema_rs.Draft7Validator(schema(name))


@cache
def _explainer(name: str) -> Any:
    import jsonschema

    return jsonschema.Draft7Validator(schema(name))


def is_valid(name: str, data: Any) -> bool:
    """True if the data follows the schema."""
    return bool(_gate(name).is_valid(data))


def violations(name: str, parsed: Parsed, path: str) -> list[Diagnostic]:
    """All violations of the schema, each at the line of the item at fault."""
    if is_valid(name, parsed.data):
        return []
    found = [
        diagnostic(code, (path, *locate(parsed.place, route)), message, hint)
        for code, route, message, hint in islice(_explain(name, parsed), MAX_FAULTS + 1)
    ]
    if len(found) > MAX_FAULTS:
        message = f"more than {MAX_FAULTS} faults; the rest is not shown"
        found[MAX_FAULTS:] = [diagnostic("CG201", (path, 1, 1), message)]
    if not found:  # the two validators disagree: never let a refused file pass
        found.append(diagnostic("CG201", (path, 1, 1), f"does not follow the {name} schema"))
    return found


def _explain(name: str, parsed: Parsed) -> Iterator[tuple[str, tuple[Any, ...], str, str]]:
    every = (leaf for e in _explainer(name).iter_errors(parsed.data) for leaf in _leaves(e))
    leaves = list(islice(every, MAX_ERRORS + 1))
    if len(leaves) > MAX_ERRORS:
        yield "CG201", (), f"more than {MAX_ERRORS} faults: is this a {name} file?", ""
        return
    # jsonschema walks some keys in the order of a set, which differs from run to run
    leaves.sort(key=lambda e: (locate(parsed.place, tuple(e.absolute_path)), str(e.schema_path)))
    for leaf in leaves:
        yield from _describe(leaf)


def _leaves(error: Any) -> Iterator[Any]:
    """The errors a reader can act on: inside anyOf, those of the branch that came closest."""
    if error.validator not in ("anyOf", "oneOf") or not error.context:
        yield error
        return
    branches: dict[Any, list[Any]] = {}
    for child in error.context:
        branches.setdefault(child.schema_path[0], []).append(child)
    deeper = [
        (max(len(child.absolute_path) for child in children), -len(children), index, children)
        for index, children in branches.items()
    ]
    best = max(deeper, key=lambda item: item[:2])
    if best[0] <= len(error.absolute_path) and all(
        child.validator in ("type", "const", "enum", "required") and not child.context
        for child in error.context
    ):
        yield error
        return
    for child in best[3]:
        yield from _leaves(child)


def _describe(error: Any) -> Iterator[tuple[str, tuple[Any, ...], str, str]]:
    route = tuple(error.absolute_path)
    name = _short(route[-1]) if route else "the file"
    value = error.instance
    if error.validator == "additionalProperties":
        allowed = list(error.schema.get("properties", {}))
        for key in value:
            if key not in allowed and not key.startswith("x-"):
                yield "CG202", (*route, key), f'unknown key "{_short(key)}"', nearest(key, allowed)
    elif error.validator == "required":
        for key in error.validator_value:
            if key not in value:
                yield "CG203", route, f'required key "{key}" is missing', ""
    elif error.validator == "enum":
        options = [str(option) for option in error.validator_value]
        hint = nearest(str(value), options) or "one of: " + ", ".join(options)
        yield "CG201", route, f'{name}: "{_short(value)}" is not allowed', hint
    elif error.validator == "type":
        wanted = error.validator_value
        wanted = wanted if isinstance(wanted, str) else " or ".join(wanted)
        hint = ""
        if wanted == "boolean" and str(value).lower() in ("yes", "no", "on", "off"):
            hint = "write true or false"
        yield "CG201", route, f"{name} must be {_article(wanted)}, not {_kind(value)}", hint
    elif error.validator == "pattern":
        yield "CG201", route, f'{name}: "{_short(value)}" has the wrong form', _form(error)
    elif error.context and all(child.validator == "required" for child in error.context):
        keys = [f'"{key}"' for child in error.context for key in child.validator_value]
        yield "CG203", route, f"required key {' or '.join(keys)} is missing", ""
    elif error.validator in ("anyOf", "oneOf"):
        yield "CG201", route, f"{name}: {_kind(value)} does not fit here", _choices(error)
    elif error.validator in ("minLength", "minItems", "minProperties"):
        yield "CG201", route, f"{name} must not be empty", "leave the key out if nothing is known"
    else:
        yield "CG201", route, f"{name}: {error.validator} {_short(error.validator_value)}", ""


def nearest(word: str, options: list[str]) -> str:
    """A hint "did you mean", or empty text if nothing is close."""
    import difflib

    match = difflib.get_close_matches(word[:80], options, n=1, cutoff=0.6)
    return f'did you mean "{match[0]}"?' if match else ""


def _form(error: Any) -> str:
    return str(error.schema.get("description", f"expected the form {error.validator_value}"))


def _choices(error: Any) -> str:
    words = []
    for child in error.context:
        if child.validator == "type":
            words.append(_article(str(child.validator_value)))
        elif child.validator == "const":
            words.append(f'"{child.validator_value}"')
        elif child.validator == "enum":
            words.extend(f'"{value}"' for value in child.validator_value)
        elif child.validator == "required":
            words.append("a mapping with " + ", ".join(child.validator_value))
    return "expected " + " or ".join(dict.fromkeys(words)) if words else ""


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else text[:77] + "..."


def _kind(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int):
        return f"the number {_short(value)}"
    if isinstance(value, str):
        return f'the text "{_short(value)}"'
    return "a list" if isinstance(value, list) else "a mapping"


def _article(kind: str) -> str:
    words = {
        "object": "a mapping",
        "array": "a list",
        "string": "text",
        "integer": "a whole number",
        "boolean": "true or false",
        "null": "empty",
    }
    return " or ".join(words.get(part, part) for part in kind.split(" or "))
