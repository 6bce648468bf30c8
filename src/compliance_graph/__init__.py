"""compliance_graph: YAML frameworks, controls and client records as one graph, and its verdicts.

Library use: `load_library(path)` and `load_client(path, library)` give records and diagnostics;
`gap_report(library, client, as_of)` and `scope(library, facts, as_of)` give verdicts.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from compliance_graph.analysis.report import gap_report
    from compliance_graph.analysis.scope import scope
    from compliance_graph.client import load_client
    from compliance_graph.library_path import shipped_library
    from compliance_graph.loader import load_library

__version__ = "0.1.0"
__all__ = ["__version__", "gap_report", "load_client", "load_library", "scope", "shipped_library"]

# Each name is imported when it is first asked for, so that `compliance-graph --help` loads none.
_HOMES = {
    "gap_report": "analysis.report",
    "load_client": "client",
    "load_library": "loader",
    "scope": "analysis.scope",
    "shipped_library": "library_path",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
