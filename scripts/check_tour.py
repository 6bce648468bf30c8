"""Holds the README's tour and docs/cli.md against the program.

python scripts/check_tour.py            change nothing; exit 1 if a page is stale
python scripts/check_tour.py --write    write the outputs anew

A line `$ compliance-graph ARGUMENTS` in a console block is run in a folder where the sample clients
have been written to demo/; `| head -N` and `| tail -N` cut the output. What it prints must follow.
docs/cli.md is the help text of every command.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

from compliance_graph.cli import COMMANDS, run  # noqa: E402

BLOCK = re.compile(r"(```console\n)(.*?)(```\n)", re.DOTALL)
CUT = re.compile(r"(.*?) \| (head|tail) -(\d+)$")
PREFIX = "$ compliance-graph "


def output(command: str) -> str:
    """What a command line prints, both streams, cut as the line says."""
    cut = CUT.match(command)
    line = cut[1] if cut else command
    stream = io.StringIO()
    with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
        code = run(shlex.split(line.removeprefix(PREFIX)))
    lines = stream.getvalue().splitlines()
    if cut:
        number = int(cut[3])
        lines = lines[:number] if cut[2] == "head" else lines[-number:]
    if code:
        lines.append(f"(exit code {code})")
    return "".join(line.rstrip() + "\n" for line in lines)


def tour(text: str) -> str:
    """The README with every console block filled anew."""

    def fill(match: re.Match[str]) -> str:
        commands = [line for line in match[2].splitlines() if line.startswith(PREFIX)]
        return match[1] + "".join(f"{line}\n{output(line)}" for line in commands) + match[3]

    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        with contextlib.redirect_stdout(io.StringIO()):
            if run(["demo", "demo"]):
                raise SystemExit("check_tour: demo failed")
        return BLOCK.sub(fill, text)


def help_page() -> str:
    """docs/cli.md: the help of every command and subcommand."""
    import click

    parts = [
        "# Commands\n",
        "<!-- Made by scripts/check_tour.py --write from the program; change it there. -->\n",
        "Exit codes: 0 done; 1 a gate failed (`--fail-on`, `--fail-under`, `check` errors); 2 bad",
        "usage or unreadable input, and nothing is written; 70 a bug of ours. Diagnostics go to",
        "stderr, results to stdout. Every table command also gives JSON with `--format json`.\n",
    ]
    from compliance_graph.cli import cli

    with click.Context(cli, info_name="compliance-graph") as context:
        for name in COMMANDS:
            command = cli.get_command(context, name)
            assert command is not None
            parts += _help(command, f"compliance-graph {name}")
    return "\n".join(parts)


def _help(command: object, path: str) -> list[str]:
    import click

    assert isinstance(command, click.Command)
    with click.Context(command, info_name=path, terminal_width=100, max_content_width=100) as ctx:
        parts = [f"## `{path}`\n", "```text", command.get_help(ctx), "```\n"]
        if isinstance(command, click.Group):
            for name in command.list_commands(ctx):
                inner = command.get_command(ctx, name)
                parts += _help(inner, f"{path} {name}")
    return parts


def main() -> int:
    """Check or write both pages."""
    os.environ.pop("COLUMNS", None)
    readme, page = ROOT / "README.md", ROOT / "docs" / "cli.md"
    wanted = {readme: tour(readme.read_text(encoding="utf-8")), page: help_page()}
    stale = [p for p, text in wanted.items() if not p.exists() or p.read_text("utf-8") != text]
    if "--write" in sys.argv:
        for path in stale:
            path.write_text(wanted[path], encoding="utf-8")
            sys.stdout.write(f"wrote {path.relative_to(ROOT)}\n")
        return 0
    for path in stale:
        name = path.relative_to(ROOT)
        sys.stderr.write(f"{name}: stale; run python scripts/check_tour.py --write\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
