"""The command line: arguments, one load, one call, one write. No rule lives here.

Commands are imported when they run, so `--help` stays fast. Exit codes: 0 done; 1 a gate failed;
2 bad usage or unreadable input; 70 a bug of ours.
"""

from __future__ import annotations

import gc
import os
import sys
from itertools import pairwise
from typing import NoReturn

import click

EXIT_GATE, EXIT_USAGE, EXIT_BUG = 1, 2, 70

# name: (module, one line of help); a test holds each line against the command's own help
COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("demo", "Write the sample clients and every output for them."),
    "init": ("init", "Start a client folder."),
    "check": ("check", "Report every fault in the data files."),
    "explain-code": ("check", "Explain a diagnostic code."),
    "frameworks": ("library", "List, show and compare the frameworks of the library."),
    "controls": ("library", "List and show the controls of the library."),
    "schema": ("library", "Print the JSON Schema of a file kind."),
    "scope": ("scope", "Which regimes bind a client, and why."),
    "gap": ("gap", "Gap analysis of a client."),
    "explain": ("gap", "The derivation of one verdict."),
    "document": ("document", "Write a document for a client."),
    "matrix": ("matrix", "The control matrix workbook."),
    "graph": ("graph", "Export, query and measure the graph."),
    "completion": ("completion", "Print the shell completion script."),
}


class _Commands(click.Group):
    """A group that imports a command only when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        from importlib import import_module

        module = import_module(f"compliance_graph.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError:
            from compliance_graph.terminal import escape

            name = escape(args[0])
            raise click.UsageError(f'no command "{name}"{_near(name)}', ctx) from None


def _near(name: str) -> str:
    import difflib

    match = difflib.get_close_matches(name, list(COMMANDS), n=1)
    return f'; did you mean "{match[0]}"?' if match else ""


def _version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from compliance_graph import __version__

        click.echo(f"compliance-graph {__version__}")
        ctx.exit()


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, expose_value=False, is_eager=True, callback=_version,
              help="Print the version.")  # fmt: skip
def cli() -> None:
    """Compliance as code: what binds a client, where the gaps are, and the papers to show it.

    \b
    Example:
      compliance-graph demo demo
      compliance-graph gap demo/clients/lone-star-tax
    """


def main() -> NoReturn:
    """Run the command line and exit with its code."""
    gc.set_threshold(200_000)  # a run is short; by default the records are walked many times over
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run with arguments and return the exit code; never lets an exception out."""
    try:
        result = cli.main(args=arguments, prog_name="compliance-graph", standalone_mode=False)
        return int(result or 0)
    except click.exceptions.Exit as stop:
        return int(stop.exit_code)
    except click.Abort:
        click.echo("stopped", err=True)
        return EXIT_USAGE
    except click.ClickException as error:
        return _usage(error, arguments)
    except SystemExit:  # so click ends when nobody reads stderr; a gate is never green for that
        return EXIT_USAGE
    except MemoryError:
        click.echo("error: not enough memory for this input", err=True)
        return EXIT_USAGE
    except Exception as error:  # a bug of ours: say so, never show a client a traceback
        return _bug(error)


def _usage(error: click.ClickException, arguments: list[str]) -> int:
    from compliance_graph.cli.common import Stop
    from compliance_graph.terminal import escape

    if isinstance(error, Stop):
        if _wants_json(arguments):
            error.form = "json"
        error.show()
        return error.exit_code
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return EXIT_USAGE
    message = escape(error.format_message(), newlines=True)
    if _wants_json(arguments):
        from compliance_graph.output.shapes import dumps
        from compliance_graph.output.shapes import error as shape

        click.echo(dumps(shape("usage", message)), nl=False)
    if isinstance(error, click.UsageError) and error.ctx is not None:
        click.echo(error.ctx.get_usage(), err=True)
        click.echo(f"Try '{error.ctx.command_path} --help' for help.", err=True)
    click.echo(f"error: {message}", err=True)
    return EXIT_USAGE


def _wants_json(arguments: list[str]) -> bool:
    return ("--format", "json") in pairwise(arguments) or "--format=json" in arguments


def _bug(error: Exception) -> int:
    if os.environ.get("COMPLIANCE_GRAPH_DEBUG"):
        import traceback

        traceback.print_exc()
    from compliance_graph.terminal import escape

    kind = type(error).__name__
    click.echo(f"bug in compliance-graph: {kind}: {escape(str(error))[:300]}", err=True)
    click.echo("Please report it; set COMPLIANCE_GRAPH_DEBUG=1 to see where it happened.", err=True)
    return EXIT_BUG
