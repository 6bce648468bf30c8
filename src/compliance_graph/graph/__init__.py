"""The compliance graph: everything the library and one client say, as one networkx graph.

What comes in: a library and perhaps a client. What goes out: a `ComplianceGraph`, answers to named
questions about it, and exports. Nothing here computes a verdict; no algorithm is more than linear
in the size of the graph (times the number of results asked for).
"""

from compliance_graph.graph.build import (
    NODE_KINDS,
    RELATIONS,
    ComplianceGraph,
    build,
    requirement_node,
)
from compliance_graph.graph.export import FORMATS, export
from compliance_graph.graph.find import Ambiguous, NotInGraph, resolve
from compliance_graph.graph.queries import (
    Backing,
    Basis,
    Impact,
    Step,
    controls_for,
    cycles,
    evidence_for,
    impact_of,
    neighbourhood,
    path,
    paths,
    prerequisite_order,
    prerequisites_of,
    provided_by,
    requirements_of,
    routes_for,
    stats,
    unused,
    without_route,
)

__all__ = [
    "FORMATS",
    "NODE_KINDS",
    "RELATIONS",
    "Ambiguous",
    "Backing",
    "Basis",
    "ComplianceGraph",
    "Impact",
    "NotInGraph",
    "Step",
    "build",
    "controls_for",
    "cycles",
    "evidence_for",
    "export",
    "impact_of",
    "neighbourhood",
    "path",
    "paths",
    "prerequisite_order",
    "prerequisites_of",
    "provided_by",
    "requirement_node",
    "requirements_of",
    "resolve",
    "routes_for",
    "stats",
    "unused",
    "without_route",
]
