"""A document as one self-contained HTML page: no script, nothing fetched, prints well.

What comes in: a `Document`. What goes out: UTF-8 bytes. The page is a Jinja2 template with
autoescape on; its content security policy allows inline style and nothing else.
"""

from __future__ import annotations

from html.parser import HTMLParser

from compliance_graph.output.documents.docx_parts import dark
from compliance_graph.output.documents.model import Document
from compliance_graph.output.templates import render

TEMPLATE = "documents/page.html.j2"


def write(document: Document) -> bytes:
    """The bytes of a .html file."""
    data = {
        "meta": document.meta,
        "blocks": document.blocks,
        "contents": document.headings(2),
        "colour": dark(document.meta.colour),
        "page": "Letter" if document.meta.locale == "en-US" else "A4",
    }
    return render(TEMPLATE, data).encode()


def read_text(page: str) -> str:
    """The text of the page's body, for the check."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return "".join(reader.found)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.silent = True  # until the body begins

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "body":
            self.silent = False
        if tag not in ("a", "b", "span", "code", "strong", "i"):
            self.found.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("a", "b", "span", "code", "strong", "i"):
            self.found.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.found.append(data)
