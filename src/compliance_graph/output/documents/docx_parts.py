"""The fixed parts of a Word package: numbering, settings, headers, properties, relations.

What comes in: the `Meta` of a document and a few numbers. What goes out: the text of each part.
"""

from __future__ import annotations

from dataclasses import dataclass

from compliance_graph.output.documents.docx_styles import styles
from compliance_graph.output.documents.model import Meta

FIRST_ORDERED = 10  # numbering ids from here on are the numbered lists, one each
GOOD, WARN = ("E3F1E6", "1E6B3A"), ("FBF0D5", "7A4E00")
BAD, NONE = ("F9E1E1", "9B1C1C"), ("E9EBEE", "40464F")
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_NS = f'xmlns:w="{_W}" xmlns:r="{_R}"'
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_TYPES = "application/vnd.openxmlformats-officedocument.wordprocessingml."


def escape(text: str) -> str:
    """Text for XML content or a quoted attribute."""
    return (
        text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    )


@dataclass(frozen=True, slots=True)
class Page:
    """A page in twentieths of a point (1,440 to the inch)."""

    width: int
    height: int
    margin: int

    @property
    def text_width(self) -> int:
        """Width between the margins."""
        return self.width - 2 * self.margin


def page(locale: str) -> Page:
    """US Letter for en-US, A4 elsewhere."""
    return Page(12240, 15840, 1224) if locale == "en-US" else Page(11906, 16838, 1134)


def widths(shares: list[int], total: int) -> list[int]:
    """Column widths that add up to the total."""
    made = [total * share // sum(shares) for share in shares]
    made[-1] += total - sum(made)
    return made


def dark(colour: str) -> str:
    """The client's colour if white text can be read on it (contrast 4.5 to 1), else our own."""
    if not colour:
        return "1F3A5F"
    channels = [int(colour[n : n + 2], 16) / 255 for n in (0, 2, 4)]
    red, green, blue = (
        c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    contrast = 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)
    return colour.upper() if contrast >= 4.5 else "1F3A5F"


def document(body: str, size: Page) -> str:
    """The main part."""
    margin = size.margin
    section = (
        '<w:sectPr><w:headerReference w:type="default" r:id="rId4"/>'
        '<w:headerReference w:type="first" r:id="rId5"/>'
        '<w:footerReference w:type="default" r:id="rId6"/>'
        '<w:footerReference w:type="first" r:id="rId7"/>'
        f'<w:pgSz w:w="{size.width}" w:h="{size.height}"/>'
        f'<w:pgMar w:top="1361" w:right="{margin}" w:bottom="1247" w:left="{margin}"'
        ' w:header="624" w:footer="567" w:gutter="0"/><w:titlePg/></w:sectPr>'
    )
    return f"{_XML}<w:document {_NS}><w:body>{body}{section}</w:body></w:document>"


def fixed(meta: Meta, colour: str, size: Page, lists: int, links: dict[str, str]) -> dict[str, str]:
    """Every part but the main one, by name."""
    return {
        "[Content_Types].xml": _content_types(),
        "_rels/.rels": _package_relations(),
        "docProps/app.xml": _app(meta),
        "docProps/core.xml": core(meta),
        "word/_rels/document.xml.rels": _relations(links),
        "word/settings.xml": _settings(meta),
        "word/styles.xml": styles(meta, colour),
        "word/numbering.xml": _numbering(lists),
        "word/header1.xml": _header(meta, size),
        "word/header2.xml": _first("hdr", "Header", meta.marking),
        "word/footer1.xml": _footer(meta, size),
        "word/footer2.xml": _first("ftr", "Footer", meta.marking),
    }


# ---------------------------------------------------------------- package


def _content_types() -> str:
    named = (
        ("/word/document.xml", _TYPES + "document.main+xml"),
        ("/word/styles.xml", _TYPES + "styles+xml"),
        ("/word/settings.xml", _TYPES + "settings+xml"),
        ("/word/numbering.xml", _TYPES + "numbering+xml"),
        ("/word/header1.xml", _TYPES + "header+xml"),
        ("/word/header2.xml", _TYPES + "header+xml"),
        ("/word/footer1.xml", _TYPES + "footer+xml"),
        ("/word/footer2.xml", _TYPES + "footer+xml"),
        ("/docProps/core.xml", "application/vnd.openxmlformats-package.core-properties+xml"),
        (
            "/docProps/app.xml",
            "application/vnd.openxmlformats-officedocument.extended-properties+xml",
        ),
    )
    rows = "".join(f'<Override PartName="{name}" ContentType="{kind}"/>' for name, kind in named)
    return (
        f'{_XML}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{rows}</Types>'
    )


def _relationships(rows: str) -> str:
    space = "http://schemas.openxmlformats.org/package/2006/relationships"
    return f'{_XML}<Relationships xmlns="{space}">{rows}</Relationships>'


def _package_relations() -> str:
    core_type = (
        "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties"
    )
    rows = (
        f'<Relationship Id="rId1" Type="{_R}/officeDocument" Target="word/document.xml"/>'
        f'<Relationship Id="rId2" Type="{core_type}" Target="docProps/core.xml"/>'
        f'<Relationship Id="rId3" Type="{_R}/extended-properties" Target="docProps/app.xml"/>'
    )
    return _relationships(rows)


def _relations(links: dict[str, str]) -> str:
    named = (
        ("rId1", "styles", "styles.xml"),
        ("rId2", "numbering", "numbering.xml"),
        ("rId3", "settings", "settings.xml"),
        ("rId4", "header", "header1.xml"),
        ("rId5", "header", "header2.xml"),
        ("rId6", "footer", "footer1.xml"),
        ("rId7", "footer", "footer2.xml"),
    )
    rows = "".join(
        f'<Relationship Id="{i}" Type="{_R}/{kind}" Target="{to}"/>' for i, kind, to in named
    )
    rows += "".join(
        f'<Relationship Id="{name}" Type="{_R}/hyperlink" Target="{escape(address)}" '
        'TargetMode="External"/>'
        for address, name in links.items()
    )
    return _relationships(rows)


def core(meta: Meta) -> str:
    """The core properties: only the client's own data and the date asked about."""
    author = escape(meta.prepared_by or meta.client)
    day = f"{meta.as_of.isoformat()}T00:00:00Z"
    space = "http://schemas.openxmlformats.org/package/2006/metadata/core-properties"
    return (
        f'{_XML}<cp:coreProperties xmlns:cp="{space}" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:dcterms="http://purl.org/dc/terms/"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:title>{escape(meta.title)}</dc:title><dc:subject>{escape(meta.client)}</dc:subject>"
        f"<dc:creator>{author}</dc:creator><cp:lastModifiedBy>{author}</cp:lastModifiedBy>"
        f"<cp:revision>1</cp:revision>"
        f'<dcterms:created xsi:type="dcterms:W3CDTF">{day}</dcterms:created>'
        f'<dcterms:modified xsi:type="dcterms:W3CDTF">{day}</dcterms:modified>'
        f"<dc:language>{meta.locale}</dc:language></cp:coreProperties>"
    )


def _app(meta: Meta) -> str:
    space = "http://schemas.openxmlformats.org/officeDocument/2006/extended-properties"
    return (
        f'{_XML}<Properties xmlns="{space}"><Company>{escape(meta.client)}</Company></Properties>'
    )


def _settings(meta: Meta) -> str:
    uri = "http://schemas.microsoft.com/office/word"
    return (
        f'{_XML}<w:settings {_NS}><w:zoom w:percent="100"/><w:defaultTabStop w:val="720"/>'
        '<w:characterSpacingControl w:val="doNotCompress"/><w:compat>'
        f'<w:compatSetting w:name="compatibilityMode" w:uri="{uri}" w:val="15"/></w:compat>'
        f'<w:themeFontLang w:val="{meta.locale}"/><w:decimalSymbol w:val="."/>'
        '<w:listSeparator w:val=","/></w:settings>'
    )


def _numbering(lists: int) -> str:
    def level(form: str, text: str) -> str:
        return (
            f'<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="{form}"/><w:lvlText '
            f'w:val="{text}"/>'
            '<w:lvlJc w:val="left"/><w:pPr><w:ind w:left="397" w:hanging="284"/></w:pPr></w:lvl>'
        )

    kinds = (
        '<w:abstractNum w:abstractNumId="0"><w:multiLevelType w:val="singleLevel"/>'
        f"{level('bullet', '•')}"
        '</w:abstractNum><w:abstractNum w:abstractNumId="1"><w:multiLevelType w:val="singleLevel"/>'
        f"{level('decimal', '%1.')}</w:abstractNum>"
    )
    rows = '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
    rows += "".join(
        f'<w:num w:numId="{FIRST_ORDERED + n}"><w:abstractNumId w:val="1"/><w:lvlOverride '
        'w:ilvl="0">'
        '<w:startOverride w:val="1"/></w:lvlOverride></w:num>'
        for n in range(lists)
    )
    return f"{_XML}<w:numbering {_NS}>{kinds}{rows}</w:numbering>"


# ---------------------------------------------------------------- header and footer


def _run(text: str, strong: bool = False) -> str:
    bold = "<w:rPr><w:b/></w:rPr>" if strong else ""
    return f'<w:r>{bold}<w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def _field(code: str, shown: str) -> str:
    return (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve"> '
        f"{code} "
        '</w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>'
        f"{shown}</w:t></w:r>"
        '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


def _first(tag: str, style: str, marking: str) -> str:
    inner = _run(marking, strong=True) if marking else ""
    return (
        f'{_XML}<w:{tag} {_NS}><w:p><w:pPr><w:pStyle w:val="{style}"/><w:jc w:val="center"/>'
        "</w:pPr>"
        f"{inner}</w:p></w:{tag}>"
    )


def _tabs(size: Page) -> str:
    return (
        f'<w:tabs><w:tab w:val="center" w:pos="{size.text_width // 2}"/>'
        f'<w:tab w:val="right" w:pos="{size.text_width}"/></w:tabs>'
    )


def _header(meta: Meta, size: Page) -> str:
    border = '<w:pBdr><w:bottom w:val="single" w:sz="4" w:space="4" w:color="C3CAD4"/></w:pBdr>'
    marking = _run(meta.marking, strong=True) if meta.marking else ""
    return (
        f'{_XML}<w:hdr {_NS}><w:p><w:pPr><w:pStyle w:val="Header"/>{border}{_tabs(size)}</w:pPr>'
        f"{_run(meta.client)}<w:r><w:tab/></w:r>{marking}<w:r><w:tab/></w:r>{_run(meta.title)}"
        "</w:p></w:hdr>"
    )


def _footer(meta: Meta, size: Page) -> str:
    marking = _run(f"{meta.marking} · ", strong=True) if meta.marking else ""
    number = f"{_run('Page ')}{_field('PAGE', '1')}{_run(' of ')}{_field('NUMPAGES', '1')}"
    return (
        f'{_XML}<w:ftr {_NS}><w:p><w:pPr><w:pStyle w:val="Footer"/>'
        f'<w:tabs><w:tab w:val="right" w:pos="{size.text_width}"/></w:tabs></w:pPr>'
        f"{_run(meta.footer)}"
        f"<w:r><w:tab/></w:r>{marking}{number}</w:p></w:ftr>"
    )
