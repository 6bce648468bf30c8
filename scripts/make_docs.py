"""Writes the pages under docs/ that repeat what the code says, or checks that they still do.

python scripts/make_docs.py            write the pages
python scripts/make_docs.py --check    change nothing; exit 1 if a page is stale
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

from compliance_graph.codes import CODES, Code  # noqa: E402

GROUPS = {
    "1": ("Files and YAML", "What stops a file from being read as text and as plain data."),
    "2": ("Shapes and values", "What does not follow the schema of its file, or cannot be true."),
    "3": ("References and the whole", "What leads nowhere, goes round, or stands twice."),
    "4": ("Quality of a catalog", "What a reader or an auditor would miss."),
    "5": ("A client's programme", "What is wrong with the records of one client at a date."),
}
INTRODUCTION = """\
# Diagnostic codes

<!-- Made by scripts/make_docs.py from src/compliance_graph/codes.py; change it there. -->

A diagnostic is a fault in the data files, never a compliance result. `compliance-graph check`
prints all of them as `path:line:column: severity[CODE] message`, and
`compliance-graph explain-code CODE` prints the section below. Codes are never renumbered.

- **error, fatal**: a command that needs the file stops with exit code 2, and nothing is written.
- **error**: `check` ends with exit code 1; other commands go on with the cautious reading.
- **warning**: reported; `check --strict` ends with exit code 1.

What is not fatal can be accepted with a reason, by a comment on the line or above it:

```yaml
# cg: ignore[CG310] because the next framework needs it
- {id: new-01, title: New control, domain: access}
```

A comment without a reason is CG116, one that silences nothing is CG117.
"""


def codes_page() -> str:
    """docs/codes.md: one section for each code, in the order of the table."""
    parts = [INTRODUCTION]
    group = ""
    for row in CODES.values():
        if row.code[2] != group:
            group = row.code[2]
            title, words = GROUPS[group]
            parts.append(f"## {group}xx {title}\n\n{words}\n")
        parts.append(section(row))
    return "\n".join(parts)


def section(row: Code) -> str:
    """One code as Markdown."""
    severity = "error, fatal" if row.fatal else row.severity
    return f"### {row.code} {row.title}\n\n*{severity}*\n\n{row.why}\n\n**Do:** {row.remedy}\n"


PAGES: dict[str, Callable[[], str]] = {"docs/codes.md": codes_page}


def main(arguments: list[str]) -> int:
    """Write the pages, or with --check name those that are stale."""
    if arguments not in ([], ["--check"]):
        print(__doc__)
        return 2
    stale = 0
    for name, page in PAGES.items():
        path, text = ROOT / name, page()
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        if arguments:
            print(f"{name}: stale; run python scripts/make_docs.py")
            stale = 1
        else:
            path.write_text(text, encoding="utf-8", newline="\n")
            print(f"{name}: written")
    return stale


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
