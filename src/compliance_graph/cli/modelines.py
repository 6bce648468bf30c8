"""The first line of a client's YAML files, which tells an editor how to complete and check them.

The schemas stand beside the files, in `.schemas/`, so that this works without a network and
wherever the folder goes.
"""

from __future__ import annotations

from pathlib import Path

from compliance_graph.cli.common import Stop, save
from compliance_graph.client import FILES
from compliance_graph.output.shapes import dumps
from compliance_graph.storage import WriteError, make_folder
from compliance_graph.validate import schema

FOLDER = ".schemas"
_IN_PACKAGE = b"$schema=../../schemas/"


def modeline(kind: str) -> str:
    """The first line of a file of a kind, with its line end."""
    return f"# yaml-language-server: $schema={FOLDER}/{kind}.schema.json\n"


def moved(content: bytes) -> bytes:
    """A sample's file with its first line pointing to the schemas beside it."""
    return content.replace(_IN_PACKAGE, f"$schema={FOLDER}/".encode(), 1)


def write_schemas(client: Path) -> None:
    """Write the schemas of a client's files into its folder."""
    try:
        make_folder(client / FOLDER)
    except WriteError as error:
        raise Stop("CG115", error.reason, where=(str(error.path), 1, 1)) from None
    for _, kind in FILES:
        save(client / FOLDER / f"{kind}.schema.json", dumps(schema(kind)).encode())
