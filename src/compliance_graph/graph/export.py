"""The graph as bytes: GraphML, GEXF, JSON node-link, DOT, Mermaid.

What comes in: a `ComplianceGraph`. What goes out: UTF-8 bytes, the same for the same graph. The
XML forms are written here and not by networkx, whose GEXF carries the time of writing and whose
GraphML repeats edge ids. Every value is text and is escaped for its form; the text of a record
can close no quote, open no tag and start no directive.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from xml.sax.saxutils import quoteattr

from compliance_graph.graph.build import ComplianceGraph

# What XML 1.0 has no way to write: controls, halves of surrogate pairs, two non-characters.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SHAPES = {"requirement": "box", "objective": "box", "control": "ellipse", "evidence": "note"}


def export(graph: ComplianceGraph, format: str) -> bytes:
    """The graph in one of FORMATS. Raises ValueError for another word."""
    if format not in FORMATS:
        raise ValueError(f'unknown graph format "{format}"; one of: {", ".join(FORMATS)}')
    return FORMATS[format](graph).encode("utf-8")


def _nodes(graph: ComplianceGraph) -> Iterator[tuple[str, Mapping[str, str]]]:
    yield from sorted(graph.nx.nodes(data=True))


def _edges(graph: ComplianceGraph) -> Iterator[tuple[str, str, str, Mapping[str, str]]]:
    yield from sorted(graph.nx.edges(keys=True, data=True), key=lambda edge: edge[:3])


def _names(items: list[Mapping[str, str]]) -> dict[str, str]:
    """Attribute names in order with short ids for the XML forms."""
    return {name: str(n) for n, name in enumerate(sorted({key for item in items for key in item}))}


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)


def _attribute(text: str) -> str:
    """A quoted XML attribute; line ends and tabs as references, so that readers keep them."""
    return quoteattr(_clean(text), {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})


def _content(text: str) -> str:
    text = _clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("\r", "&#13;")


def _graphml(graph: ComplianceGraph) -> str:
    nodes, edges = list(_nodes(graph)), list(_edges(graph))
    of_node = _names([data for _, data in nodes])
    of_edge = _names([data for *_, data in edges])
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">',
    ]
    for prefix, owner, names in (("n", "node", of_node), ("e", "edge", of_edge)):
        lines += [
            f'  <key id="{prefix}{n}" for="{owner}" attr.name="{name}" attr.type="string"/>'
            for name, n in names.items()
        ]
    lines.append('  <graph id="compliance" edgedefault="directed">')
    for node, data in nodes:
        lines.append(f"    <node id={_attribute(node)}>")
        lines += [
            f'      <data key="n{of_node[k]}">{_content(data[k])}</data>' for k in sorted(data)
        ]
        lines.append("    </node>")
    for n, (a, b, _, data) in enumerate(edges):
        lines.append(f'    <edge id="e{n}" source={_attribute(a)} target={_attribute(b)}>')
        lines += [
            f'      <data key="e{of_edge[k]}">{_content(data[k])}</data>' for k in sorted(data)
        ]
        lines.append("    </edge>")
    return "\n".join([*lines, "  </graph>", "</graphml>", ""])


def _gexf(graph: ComplianceGraph) -> str:
    nodes, edges = list(_nodes(graph)), list(_edges(graph))
    of_node = _names([data for _, data in nodes])
    of_edge = _names([data for *_, data in edges])

    def values(names: dict[str, str], data: Mapping[str, str]) -> list[str]:
        return [
            "        <attvalues>",
            *(
                f'          <attvalue for="{names[k]}" value={_attribute(data[k])}/>'
                for k in sorted(data)
            ),
            "        </attvalues>",
        ]

    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<gexf xmlns="http://gexf.net/1.3" version="1.3">',
        '  <graph mode="static" defaultedgetype="directed">',
    ]
    for owner, names in (("node", of_node), ("edge", of_edge)):
        lines.append(f'    <attributes class="{owner}" mode="static">')
        lines += [
            f'      <attribute id="{n}" title="{name}" type="string"/>' for name, n in names.items()
        ]
        lines.append("    </attributes>")
    lines.append("    <nodes>")
    for node, data in nodes:
        lines.append(f"      <node id={_attribute(node)} label={_attribute(data['label'])}>")
        lines += [*values(of_node, data), "      </node>"]
    lines += ["    </nodes>", "    <edges>"]
    for n, (a, b, _, data) in enumerate(edges):
        ends = f"source={_attribute(a)} target={_attribute(b)}"
        lines.append(f'      <edge id="e{n}" {ends} label={_attribute(data["relation"])}>')
        lines += [*values(of_edge, data), "      </edge>"]
    return "\n".join([*lines, "    </edges>", "  </graph>", "</gexf>", ""])


def _json(graph: ComplianceGraph) -> str:
    data: dict[str, Any] = {
        "version": 1,
        "directed": True,
        "multigraph": True,
        "graph": {},
        "nodes": [{"id": node, **attributes} for node, attributes in _nodes(graph)],
        "edges": [
            {"source": a, "target": b, "key": key, **attributes}
            for a, b, key, attributes in _edges(graph)
        ],
    }
    return json.dumps(data, ensure_ascii=True, indent=1) + "\n"


def _dot(graph: ComplianceGraph) -> str:
    def quote(text: str) -> str:
        text = _clean(text).replace("\\", "\\\\").replace('"', '\\"')
        return '"' + re.sub(r"[\r\n\t]+", " ", text) + '"'

    lines = ["digraph compliance {", "  rankdir=LR;"]
    for node, data in _nodes(graph):
        shape = _SHAPES.get(data["kind"], "folder")
        lines.append(f"  {quote(node)} [label={quote(data['label'])}, shape={shape}];")
    for a, b, _, data in _edges(graph):
        lines.append(f"  {quote(a)} -> {quote(b)} [label={quote(_says(data))}];")
    return "\n".join([*lines, "}", ""])


def _mermaid(graph: ComplianceGraph) -> str:
    def label(text: str) -> str:
        """Letters, digits and a few marks stay; all else becomes an entity code of Mermaid."""
        text = " ".join(_clean(text).split())
        return "".join(c if c.isalnum() or c in " .,:-_@/()" else f"#{ord(c)};" for c in text)

    numbers = {node: f"n{n}" for n, (node, _) in enumerate(_nodes(graph))}
    lines = ["flowchart LR"]
    for node, data in _nodes(graph):
        lines.append(f'  {numbers[node]}["{label(data["kind"] + ": " + data["label"])}"]')
    for a, b, _, data in _edges(graph):
        lines.append(f'  {numbers[a]} -- "{label(_says(data))}" --> {numbers[b]}')
    return "\n".join([*lines, ""])


def _says(data: Mapping[str, str]) -> str:
    """The relation of an edge, with its relationship word if it has one."""
    word = data.get("relationship", "")
    return f"{data['relation']} ({word})" if word else data["relation"]


FORMATS: dict[str, Callable[[ComplianceGraph], str]] = {
    "graphml": _graphml,
    "gexf": _gexf,
    "json": _json,
    "dot": _dot,
    "mermaid": _mermaid,
}
