"""`completion SHELL`: the script a shell needs to complete commands."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from compliance_graph.cli.common import emit


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the shell completion script.

    \b
    Example:
      compliance-graph completion bash > ~/.compliance-graph.bash
    """
    from compliance_graph.cli import cli

    found = get_completion_class(shell)
    assert found is not None  # the choice above names only shells click knows
    source = found(cli, {}, "compliance-graph", "_COMPLIANCE_GRAPH_COMPLETE").source()
    emit("-", source + "\n")
