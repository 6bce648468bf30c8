"""The styles of a Word package: headings, voices, tables, contents, headers.

What comes in: the `Meta` of a document and its colour. What goes out: the text of the styles part.
No theme part is written, because theme fonts win over the fonts a style names.
"""

from __future__ import annotations

from compliance_graph.output.documents.model import VOICE_LABELS, Meta

FONT = "Calibri"
VOICE_COLOURS = {
    "policy": "1F3A5F",
    "implementation": "1E6B3A",
    "representation": "8A5A00",
    "plan": "4B3F9B",
    "open": "9B1C1C",
}
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def _style(
    name: str,
    title: str,
    paragraph: str = "",
    run: str = "",
    base: str = "Normal",
    following: str = "",
) -> str:
    after = f'<w:next w:val="{following}"/>' if following else ""
    return (
        f'<w:style w:type="paragraph" w:styleId="{name}"><w:name w:val="{title}"/>'
        f'<w:basedOn w:val="{base}"/>{after}<w:qFormat/><w:pPr>{paragraph}</w:pPr>'
        f"<w:rPr>{run}</w:rPr></w:style>"
    )


def _mark(name: str, title: str, run: str) -> str:
    return (
        f'<w:style w:type="character" w:styleId="{name}"><w:name w:val="{title}"/><w:qFormat/>'
        f"<w:rPr>{run}</w:rPr></w:style>"
    )


def _spacing(before: int, after: int, line: int = 259) -> str:
    return f'<w:spacing w:before="{before}" w:after="{after}" w:line="{line}" w:lineRule="auto"/>'


def _type(points: float, colour: str = "", bold: bool = False) -> str:
    shown = f'<w:color w:val="{colour}"/>' if colour else ""
    size = round(points * 2)
    return f'{"<w:b/>" if bold else ""}{shown}<w:sz w:val="{size}"/><w:szCs w:val="{size}"/>'


def _headings(colour: str) -> str:
    made = ""
    for level, points, before, after in ((1, 17, 360, 120), (2, 13, 260, 70), (3, 10.5, 150, 30)):
        shade = colour if level < 3 else "26303C"
        made += _style(
            f"Heading{level}",
            f"heading {level}",
            f"<w:keepNext/><w:keepLines/>{_spacing(before, after)}<w:outlineLvl "
            f'w:val="{level - 1}"/>',
            _type(points, shade, bold=True),
            following="BodyText",
        )
    return made


def _framed(name: str, title: str, colour: str, fill: str) -> str:
    edges = "".join(
        f'<w:{side} w:val="single" w:sz="{size}" w:space="6" w:color="{colour}"/>'
        for side, size in (("top", 4), ("left", 24), ("bottom", 4), ("right", 4))
    )
    return _style(
        name,
        title,
        f'<w:keepLines/><w:pBdr>{edges}</w:pBdr><w:shd w:val="clear" w:color="auto" '
        f'w:fill="{fill}"/>'
        f'{_spacing(0, 60)}<w:ind w:left="170" w:right="170"/>',
    )


def _voices() -> str:
    made = ""
    for voice in VOICE_LABELS:
        colour = VOICE_COLOURS[voice]
        name = "Voice" + voice.capitalize()
        made += _style(
            name,
            f"Voice {voice}",
            f'<w:pBdr><w:left w:val="single" w:sz="18" w:space="8" w:color="{colour}"/></w:pBdr>'
            f'{_spacing(0, 50, 252)}<w:ind w:left="284"/>',
        )
        made += _mark(f"{name}Word", f"Voice {voice} word", f'<w:b/><w:color w:val="{colour}"/>')
    return made


def _table_style(name: str, title: str, borders: str, pad: int) -> str:
    margins = "".join(
        f'<w:{side} w:w="{size}" w:type="dxa"/>'
        for side, size in (("top", pad), ("left", 85), ("bottom", pad), ("right", 85))
    )
    return (
        f'<w:style w:type="table" w:styleId="{name}"><w:name w:val="{title}"/><w:qFormat/><w:tblPr>'
        f"<w:tblBorders>{borders}</w:tblBorders><w:tblCellMar>{margins}</w:tblCellMar></w:tblPr></w:style>"
    )


def styles(meta: Meta, colour: str) -> str:
    fonts = f'<w:rFonts w:ascii="{FONT}" w:hAnsi="{FONT}" w:eastAsia="{FONT}" w:cs="{FONT}"/>'
    defaults = (
        f'<w:docDefaults><w:rPrDefault><w:rPr>{fonts}<w:sz w:val="20"/><w:szCs w:val="20"/>'
        f'<w:lang w:val="{meta.locale}" w:eastAsia="{meta.locale}" w:bidi="ar-SA"/></w:rPr>'
        "</w:rPrDefault>"
        "<w:pPrDefault><w:pPr/></w:pPrDefault></w:docDefaults>"
    )
    normal = (
        '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/>'
        "<w:qFormat/>"
        '<w:pPr><w:widowControl/></w:pPr></w:style><w:style w:type="character" w:default="1"'
        ' w:styleId="DefaultParagraphFont"><w:name w:val="Default Paragraph Font"/></w:style>'
        '<w:style w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal '
        'Table"/>'
        '<w:tblPr><w:tblInd w:w="0" w:type="dxa"/></w:tblPr></w:style>'
    )
    made = defaults + normal + _headings(colour) + _texts(colour) + _voices() + _marks(colour)
    grid = "".join(
        f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="C3CAD4"/>'
        for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    made += _table_style("DataTable", "Data Table", grid, 45) + _table_style(
        "SignTable", "Sign Table", "", 30
    )
    return f'{_XML}<w:styles xmlns:w="{_W}">{made}</w:styles>'


def _texts(colour: str) -> str:
    keep = "<w:keepNext/><w:keepLines/>"
    return "".join(
        (
            _style("Title", "Title", f"{_spacing(2600, 160, 240)}", _type(32, colour, bold=True)),
            _style("CoverClient", "Cover Client", _spacing(0, 160), _type(16, "40464F")),
            _style("Subtitle", "Subtitle", _spacing(0, 700), _type(13, "40464F")),
            _style("BodyText", "Body Text", _spacing(0, 110)),
            _style("Lead", "Lead", _spacing(0, 160), _type(12)),
            _style("Small", "Small", _spacing(0, 100), _type(9.5, "40464F")),
            _style("Basis", "Basis", f"{keep}{_spacing(0, 120)}", f"<w:i/>{_type(10, '40464F')}"),
            _style(
                "ListBullet",
                "List Bullet",
                f'<w:numPr><w:numId w:val="1"/></w:numPr>{_spacing(0, 60)}',
            ),
            _style("ListNumber", "List Number", _spacing(0, 60)),
            _style(
                "Caption", "caption", f"{keep}{_spacing(160, 60)}", _type(9.5, "40464F", bold=True)
            ),
            _style("TableText", "Table Text", _spacing(0, 0, 247), _type(9)),
            _style(
                "TableHead",
                "Table Head",
                f"{keep}{_spacing(0, 0, 247)}",
                _type(9, "FFFFFF", bold=True),
            ),
            _style(
                "TableGroup",
                "Table Group",
                f"{keep}{_spacing(0, 0, 247)}",
                _type(9, "26303C", bold=True),
            ),
            _style(
                "KeyTitle",
                "Key Title",
                f"{keep}{_spacing(160, 60)}",
                _type(11, "26303C", bold=True),
            ),
            _style("KeyLabel", "Key Label", _spacing(0, 0, 247), _type(9, "40464F", bold=True)),
            _style("Gap", "Gap", _spacing(0, 0, 200), _type(5)),
            _style(
                "TOCHeading",
                "TOC Heading",
                f"{keep}{_spacing(0, 160)}",
                _type(17, colour, bold=True),
            ),
            _style("TOC1", "toc 1", _spacing(70, 10, 240), "<w:b/>"),
            _style("TOC2", "toc 2", f'{_spacing(0, 0, 240)}<w:ind w:left="340"/>', _type(9.5)),
            _style("Header", "header", "", _type(8.5, "5A626E")),
            _style("Footer", "footer", "", _type(8.5, "5A626E")),
            _framed("CalloutNote", "Callout Note", "5B7DA6", "EFF4FA"),
            _framed("CalloutWarn", "Callout Warn", "B7791F", "FDF6E7"),
        )
    )


def _marks(colour: str) -> str:
    return (
        _mark("Strong", "Strong", "<w:b/>")
        + _mark("Code", "Code", '<w:rFonts w:ascii="Consolas" w:hAnsi="Consolas" w:cs="Consolas"/>')
        + _mark("Quiet", "Quiet", '<w:color w:val="5A626E"/>')
        + _mark("Hyperlink", "Hyperlink", '<w:color w:val="1F4E8C"/>')
    )
