"""`init DIR`: starts a client folder with the facts to ask for first."""

from __future__ import annotations

from pathlib import Path

import click

from compliance_graph.cli.common import emit, fail, library_option, open_library, save
from compliance_graph.cli.modelines import modeline, write_schemas
from compliance_graph.model import Library
from compliance_graph.storage import WriteError, make_folder
from compliance_graph.terminal import escape
from compliance_graph.yamlfile import YamlError, parse

_IGNORE = """\
# Client data stays here. Artefacts that hold client information are referenced, not committed.
evidence/*
!evidence/README.md
*.docx
*.xlsx
*.zip
"""
_ATTRIBUTES = """\
# Hashes are of bytes: evidence must not change its line ends on another machine.
evidence/** -text
*.yaml text eol=lf
"""
_EVIDENCE = """\
# Evidence

Keep artefacts here, or record where they are kept with `reference` in evidence.yaml.
"""
_CONTROLS = """\
# What the client does, control by control: `compliance-graph controls list`.
# A control that is not named here is not assessed.
controls: {}
"""


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--name", default="New client", help="The client's name.")
@library_option
def init(folder: Path, name: str, library_folder: Path | None) -> None:
    """Start a client folder.

    \b
    Example:
      compliance-graph init clients/acme --name "Acme Tax"
    """
    from compliance_graph.cli.common import Stop

    library = open_library(library_folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        where = (str(folder), 1, 1)
        raise Stop("CG115", "exists and is not empty", hint="name a new folder", where=where)
    content = _client(name, library)
    try:
        make_folder(folder / "evidence")
    except WriteError as error:
        raise Stop("CG115", error.reason, where=(str(error.path), 1, 1)) from None
    save(folder / "client.yaml", content)
    save(folder / "controls.yaml", (modeline("client-controls") + _CONTROLS).encode())
    write_schemas(folder)
    save(folder / "evidence" / "README.md", _EVIDENCE.encode())
    save(folder / ".gitignore", _IGNORE.encode())
    save(folder / ".gitattributes", _ATTRIBUTES.encode())
    emit("-", f"Started {escape(str(folder))}. Next: fill in client.yaml, then run\n")
    emit("-", f"  compliance-graph scope {escape(str(folder))}\n")


def _client(name: str, library: Library) -> bytes:
    """A client.yaml with every fact of the library to fill in."""
    quoted = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    lines = [
        "# What is known of the client. A fact that is not given is unknown, never false:",
        "# remove the # of a line and give its value, or run `compliance-graph scope` to see",
        "# which facts decide most.",
        f"name: {quoted}",
        "facts: {}",
    ]
    if library.facts:
        lines[-1] = "facts: {}  # write the facts below this line instead of {}"
        lines.append("  # headcount: {value: 12, stated_by: owner, date: 2026-01-31}")
    for fact in library.facts.values():
        lines.append(f"  # {fact.id}:  # {fact.type}; {fact.ask}")
    lines.append("# targets: [ftc-safeguards]  # frameworks wanted though nothing binds")
    content = modeline("client") + "\n".join(lines) + "\n"
    parsed = parse(content)
    if isinstance(parsed, YamlError) or parsed.data["name"] != name:
        fail("usage", f'"{name}" cannot be a name', "text", "write it on one line of plain text")
    return content.encode()
