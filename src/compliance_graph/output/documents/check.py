"""The check after writing: every text of the model is found again in the output.

What comes in: a document and the text read back from a written form. What goes out: nothing, or
`LostText` with the first text that is missing. White space is compared loosely, because formats
wrap; order is compared strictly.
"""

from __future__ import annotations

from compliance_graph.output.documents.model import Document, texts


class LostText(AssertionError):
    """A text of the document is not in the written file: a bug of the writer."""


def missing(document: Document, output: str) -> str | None:
    """The first text of the document that does not stand in the output after those before it."""
    flat = " ".join(output.split())
    at = 0
    for text in texts(document):
        for word in [text] if len(text) < 200 else text.split("\n"):
            wanted = " ".join(word.split())
            if not wanted:
                continue
            found = flat.find(wanted, at)
            if found < 0:
                return wanted
            at = found + len(wanted)
    return None


def require(document: Document, output: str, form: str) -> None:
    """Raise LostText if a text of the document is missing in the output."""
    lost = missing(document, output)
    if lost is not None:
        raise LostText(f'{document.meta.document} as {form}: the text "{lost[:80]}" was lost')
