"""Documents: what a client may read and sign, in Word, HTML and Markdown."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import docx
import pytest
from jinja2 import meta as jinja_meta
from lxml import etree

from compliance_graph.analysis.report import GapReport, Wanted, gap_report
from compliance_graph.client import load_client
from compliance_graph.loader import load_library
from compliance_graph.model import Client, Library
from compliance_graph.output import templates
from compliance_graph.output.documents import (
    KINDS,
    DocumentError,
    build,
    check,
    html,
    markdown,
    markup,
    render,
)
from compliance_graph.output.documents import docx as word
from compliance_graph.output.documents.kinds.gap_report.view import View
from compliance_graph.output.documents.kinds.wisp.plan import Plan
from compliance_graph.output.documents.model import (
    Block,
    Bullets,
    Callout,
    Column,
    Contents,
    Document,
    Heading,
    KeyValue,
    Meta,
    PageBreak,
    Paragraph,
    Row,
    Run,
    SignatureBlock,
    Table,
    plain,
    runs,
    texts,
)

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "src/compliance_graph/samples"
DAY = date(2026, 11, 21)
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"

FRAMEWORK = """
format: 1
id: ftc-safeguards
edition: "2024"
title: Safeguards Rule
kind: law
source: {citation: "16 CFR 314"}
requirements:
- id: "314.4(a)"
  title: Qualified Individual
  statement: "One person runs the program."
  citation: "16 CFR 314.4(a)"
  assessable: true
- id: "314.4(c)(5)"
  title: Multi-factor authentication
  statement: "Sign-in takes more than a password."
  citation: "16 CFR 314.4(c)(5)"
  assessable: true
- id: "314.4(i)"
  title: Written report
  statement: "A report is made each year."
  citation: "16 CFR 314.4(i)"
  na: by-fact
  when: {fact: consumer_records, gte: 5000}
  when_text: "The firm has 5,000 consumers or more."
  assessable: true
"""
CONTROLS = """
controls:
- id: gov-03
  title: Security lead appointed
  domain: governance
  policy: "Management must appoint one person."
- id: iam-02
  title: Second factor for all
  domain: identity
  objective: "Nobody signs in with a password alone."
  policy: "Staff must use a second factor."
  effort: {hours: [3, 16], basis: "one service"}
  evidence: {all_of: [mfa-report]}
- {id: gov-06, title: Yearly report, domain: governance, policy: "The lead must report."}
"""
MAPPINGS = """
framework: ftc-safeguards
edition: "2024"
mappings:
- {requirement: "314.4(a)", control: gov-03, relationship: superset-of, rationale: "r"}
- {requirement: "314.4(c)(5)", control: iam-02, relationship: superset-of, rationale: "r"}
- {requirement: "314.4(i)", control: gov-06, relationship: superset-of, rationale: "r"}
"""
EVIDENCE = """
evidence_types:
- {id: mfa-report, title: Second factor report, fresh_for: P90D, supplier: it}
"""
CLIENT = """
name: Example Tax
facts: {consumer_records: {value: 3100, stated_by: owner, date: 2026-11-02}}
targets: [ftc-safeguards]
roles:
  owner: {title: Owner, holders: [{name: Ann Lee, from: 2020-01-01}]}
"""
PROOF = """
evidence:
- {id: ev-012, type: mfa-report, title: September report, date: 2026-09-01, controls: [iam-02],
   state: final}
"""


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Library:
    root = write(
        tmp_path_factory.mktemp("library"),
        {
            "frameworks/ftc-safeguards-2024.yaml": FRAMEWORK,
            "controls/all.yaml": CONTROLS,
            "controls/mappings/ftc-safeguards-2024.yaml": MAPPINGS,
            "evidence/types.yaml": EVIDENCE,
        },
    )
    library, found = load_library(root)
    assert [d for d in found if d.severity == "error"] == []
    return library


@pytest.fixture(scope="module")
def shipped() -> Library:
    return load_library(ROOT)[0]


def reported(
    library: Library,
    folder: Path,
    controls: str = "{}",
    proof: str = "",
    day: date = DAY,
    **extra: Any,
) -> GapReport:
    files = {"client.yaml": CLIENT, "controls.yaml": f"controls: {controls}\n"}
    if proof:
        files["evidence.yaml"] = proof
    client, found = load_client(write(folder, files), library)
    assert client is not None
    assert [d for d in found if d.severity == "error"] == []
    return gap_report(library, client, day, **extra)


def of_sample(library: Library, name: str, folder: Path | None = None) -> GapReport:
    client, _ = load_client(folder or SAMPLES / name, library)
    assert client is not None
    return gap_report(library, client, DAY)


def voiced(document: Document, control: str) -> list[str]:
    """The voices and words under the heading of a measure."""
    found, here = [], False
    for block in document.blocks:
        if isinstance(block, Heading):
            here = block.text == control
        elif here and isinstance(block, Paragraph) and block.voice:
            found.append(f"{block.label} {plain(block.runs)}".strip())
    return found


def everything(document: Document) -> str:
    return "\n".join(texts(document))


# ---------------------------------------------------------------- voices


def test_evidence_makes_a_measure_read_as_in_place(small: Library, tmp_path: Path) -> None:
    report = reported(
        small,
        tmp_path,
        "{iam-02: {status: implemented, since: 2026-03-02, narrative: By app.}}",
        PROOF,
    )
    assert voiced(build("wisp", report), "Second factor for all") == [
        "Policy: Staff must use a second factor.",
        "In place since March 2, 2026; evidence ev-012, September report (dated September 1, "
        "2026).",
        "As described by management: By app.",
    ]


def test_without_evidence_it_is_what_management_states(small: Library, tmp_path: Path) -> None:
    report = reported(small, tmp_path, "{iam-02: {status: implemented, since: 2026-03-02}}")
    assert voiced(build("wisp", report), "Second factor for all")[1] == (
        "Management states that this is in place since March 2, 2026; no current evidence is on "
        "file."
    )


def test_stale_evidence_is_named_with_the_day_it_ran_out(small: Library, tmp_path: Path) -> None:
    report = reported(
        small,
        tmp_path,
        "{iam-02: {status: implemented, since: 2026-03-02}}",
        PROOF,
        day=date(2027, 3, 1),
    )
    said = voiced(build("wisp", report), "Second factor for all")[1]
    assert said.startswith("Management states that this is in place")
    assert (
        "ev-012, September report (dated September 1, 2026), current until November 30, 2026"
        in said
    )


@pytest.mark.parametrize("status", ["planned", "partial", "not-implemented", "alternative"])
def test_a_date_ahead_makes_a_planned_measure(small: Library, tmp_path: Path, status: str) -> None:
    report = reported(
        small,
        tmp_path,
        f"{{iam-02: {{status: {status}, due: 2027-01-31, owner: owner, narrative: Half done.}}}}",
        PROOF,
    )
    document = build("wisp", report)
    said = voiced(document, "Second factor for all")
    assert said[1].startswith("Planned: to be ")
    assert said[1].endswith("by January 31, 2027. Responsible: Owner (Ann Lee).")
    assert "Half done" not in everything(document)
    assert not any(line.startswith(("In place", "Management")) for line in said)


@pytest.mark.parametrize(
    "record",
    [
        "{status: planned}",
        "{status: partial}",
        "{status: not-implemented}",
        "{status: not-implemented, due: 2026-11-21}",  # not ahead: a missed date is no plan
        "{status: planned, due: 2026-06-30}",
        "{status: not-applicable, justification: Not for us}",
        "{status: not-applicable}",
    ],
)
def test_open_measures_are_counted_and_not_printed(
    small: Library, tmp_path: Path, record: str
) -> None:
    report = reported(small, tmp_path, f"{{iam-02: {record}}}", PROOF)
    document = build("wisp", report)
    assert voiced(document, "Second factor for all") == []
    assert "Staff must use a second factor" not in everything(document)
    assert "ev-012" not in everything(document)


def test_the_note_gives_the_number_of_open_measures_only(small: Library, tmp_path: Path) -> None:
    report = reported(small, tmp_path, "{iam-02: {status: planned}}")
    note = next(b for b in build("wisp", report).blocks if isinstance(b, Callout))
    # gov-03 is not assessed, iam-02 has no date; gov-06 serves a clause that does not bind
    assert note.title == "Open items: 2"
    assert "Second factor" not in plain(note.paragraphs[0])


def test_taking_a_measure_away_takes_its_claim_away(small: Library, tmp_path: Path) -> None:
    before = build(
        "wisp", reported(small, tmp_path / "a", "{iam-02: {status: implemented}}", PROOF)
    )
    after = build(
        "wisp", reported(small, tmp_path / "b", "{iam-02: {status: not-implemented}}", PROOF)
    )
    claims = [
        [b for b in document.blocks if isinstance(b, Paragraph) and b.voice == "implementation"]
        for document in (before, after)
    ]
    # what is left is the explanation of the words on the first page
    assert (len(claims[0]), len(claims[1])) == (2, 1)
    assert plain(claims[1][0].runs).startswith("since the date given")


def test_a_finding_against_it_keeps_a_measure_from_reading_as_in_place(
    small: Library, tmp_path: Path
) -> None:
    write(
        tmp_path,
        {
            "findings.yaml": "findings:\n"
            '- {on: "ftc-safeguards:314.4(c)(5)", verdict: not-satisfied,'
            " date: 2026-10-01}\n"
        },
    )
    report = reported(small, tmp_path, "{iam-02: {status: implemented, since: 2026-03-02}}", PROOF)
    said = voiced(build("wisp", report), "Second factor for all")
    assert said[1] == (
        "Management states that this is in place since March 2, 2026; "
        "the assessment of October 1, 2026 has not confirmed it."
    )


def test_start_in_the_future_is_a_plan(small: Library, tmp_path: Path) -> None:
    report = reported(small, tmp_path, "{iam-02: {status: implemented, since: 2027-02-01}}", PROOF)
    assert voiced(build("wisp", report), "Second factor for all")[1].startswith(
        "Planned: to be in place by February 1, 2027."
    )


def test_no_sample_plan_says_more_than_its_states(shipped: Library) -> None:
    for name in ("lone-star-tax", "prairie-lending"):
        report = of_sample(shipped, name)
        plan, document = Plan(report), build("wisp", report)
        titles = {control.title: control.id for control in shipped.controls.values()}
        seen = 0
        for block in document.blocks:
            if isinstance(block, Heading) and block.anchor.startswith("measure-"):
                control = titles[block.text]
                state = report.states[control]
                words = " ".join(voiced(document, block.text)[1:2])
                if words.startswith("In place"):
                    assert state.evidenced
                    assert state.value(True) == "implemented"
                elif words.startswith("Management states"):
                    assert state.value(True) == "implemented"
                else:
                    assert state.record is not None
                    assert state.record.due is not None
                    assert state.record.due > DAY
                assert control not in plan.open
                seen += 1
        assert seen > 20


def test_the_relief_names_fact_value_and_who_stated_it(shipped: Library) -> None:
    text = everything(build("wisp", of_sample(shipped, "lone-star-tax")))
    assert "16 CFR 314.4(h) Written incident response plan" in text
    assert "3,100 (stated by Qualified Individual (Dana Whitfield) on May 6, 2026" in text
    assert "lifts paragraph (b)(1)" in text


def test_a_vacant_role_stands_as_open(shipped: Library) -> None:
    report = of_sample(shipped, "lone-star-tax")
    early = gap_report(shipped, report.client, date(2026, 1, 2))
    text = everything(build("wisp", early))
    assert "The role Qualified Individual is vacant. Management must name a person." in text
    assert "Dana Whitfield, EA" not in text.split("Regulatory basis")[0]


def test_nothing_is_signed_and_nobody_is_called_compliant(shipped: Library) -> None:
    for kind in KINDS:
        for name in ("lone-star-tax", "prairie-lending", "blue-bonnet-books"):
            client = of_sample(shipped, name).client
            # the client's words and titles of controls may say so of a device or a course
            silent = {k: replace(r, narrative="") for k, r in client.controls.items()}
            report = gap_report(shipped, replace(client, controls=silent), DAY)
            said = everything(build(kind, report))
            for control in shipped.controls.values():
                said = said.replace(control.title, "")
            assert not re.search(r"\b(compliant|certified)\b", said, re.IGNORECASE)
    wisp = build("wisp", of_sample(shipped, "lone-star-tax"))
    lines = [b for b in wisp.blocks if isinstance(b, SignatureBlock)]
    assert len(lines) == 3
    page = render(wisp, "html").decode()
    assert page.count('<tr><th scope="row">Signature</th><td></td></tr>') == 3
    assert wisp.meta.status.startswith("Draft until adopted")


def test_a_task_a_provider_has_not_done_is_counted_only(shipped: Library) -> None:
    report = of_sample(shipped, "lone-star-tax")
    provider = report.client.providers["bluestem"]
    undone = [r for r in provider.responsibilities.values() if r.status != "implemented"]
    said = everything(build("wisp", report))
    assert undone
    assert f"{len(undone)} agreed tasks are not reported as carried out and not listed." in said
    assert not any(row.provider_does in said for row in undone)


# ---------------------------------------------------------------- refusals


def test_a_plan_counted_as_kept_is_refused_for_a_wisp(small: Library, tmp_path: Path) -> None:
    report = reported(small, tmp_path, assume_plan=True)
    with pytest.raises(DocumentError, match="counts planned dates as kept"):
        build("wisp", report)
    assert "Working paper" in everything(build("gap-report", report))


def test_a_wisp_without_the_safeguards_rule_is_refused(shipped: Library) -> None:
    client = of_sample(shipped, "lone-star-tax").client
    report = gap_report(shipped, client, DAY, [Wanted("irs-4557")])
    with pytest.raises(DocumentError, match="needs the framework ftc-safeguards"):
        build("wisp", report)


def test_unknown_kinds_and_forms_are_named(small: Library, tmp_path: Path) -> None:
    report = reported(small, tmp_path)
    with pytest.raises(DocumentError, match='unknown document kind "ssp"'):
        build("ssp", report)
    with pytest.raises(DocumentError, match='unknown form "pdf"'):
        render(build("wisp", report), "pdf")


# ---------------------------------------------------------------- gap report


def test_headline_counts_are_those_of_the_report(shipped: Library) -> None:
    report = of_sample(shipped, "lone-star-tax")
    document = build("gap-report", report)
    table = next(b for b in document.blocks if isinstance(b, Table))
    assert "November 21, 2026" in table.caption
    for item, row in zip(report.frameworks, table.rows, strict=True):
        shown = [plain(cell) for cell in row.cells[1:]]
        n = item.counts
        assert shown == [
            f"{item.ready} of {item.applicable}",
            *(str(n[s]) for s in ("met", "partial", "not-met", "not-assessed", "not-applicable")),
        ]


def test_priorities_put_law_first_and_failures_before_doubts(shipped: Library) -> None:
    items = View(of_sample(shipped, "lone-star-tax")).items
    kinds = [item.binding for item in items]
    assert "guidance" in kinds
    assert kinds == sorted(kinds, key=["law", "contract", "guidance"].index)
    of_law = [item.row.verdict.status for item in items if item.binding == "law"]
    order = ["not-met", "not-assessed", "partial", "met"]
    assert of_law == sorted(of_law, key=order.index)
    assert not any(item.row.verdict.ready for item in items)


def test_every_requirement_stands_in_the_appendix_with_its_status(shipped: Library) -> None:
    report = of_sample(shipped, "prairie-lending")
    document = build("gap-report", report)
    at = next(n for n, b in enumerate(document.blocks) if getattr(b, "anchor", "") == "appendix")
    shown = {
        plain(row.cells[0]): plain(row.cells[2])
        for block in document.blocks[at:]
        if isinstance(block, Table)
        for row in block.rows
        if not row.group
    }
    words = {"met": "Met", "partial": "Partial", "not-met": "Not met",
             "not-applicable": "Not applicable", "not-assessed": "Not assessed"}  # fmt: skip
    expected = {
        row.requirement.id: words[row.verdict.status]
        for item in report.frameworks
        for row in item.rows
    }
    assert shown == expected


def test_requests_and_response(small: Library, tmp_path: Path) -> None:
    report = reported(small, tmp_path, "{iam-02: {status: implemented}, gov-03: {status: planned}}")
    document = build("gap-report", report)
    tables = {b.caption: b for b in document.blocks if isinstance(b, Table)}
    asked = tables["Evidence to request, by supplier"]
    assert plain(asked.rows[0].cells[0]) == "From IT or the managed service provider"
    assert "Second factor report" in plain(asked.rows[1].cells[0])
    assert plain(asked.rows[1].cells[2]) == "Second factor for all"
    answer = tables["Management response, to be filled in by management"]
    assert answer.rows
    assert all(plain(cell) == "" for row in answer.rows for cell in row.cells[2:])
    cards = [b for b in document.blocks if isinstance(b, KeyValue) and b.title.startswith("1. ")]
    assert cards[0].title == "1. Qualified Individual (314.4(a))"


def test_ids_of_evidence_and_elements_come_with_titles(shipped: Library) -> None:
    report = of_sample(shipped, "lone-star-tax")
    for kind in KINDS:
        for text in texts(build(kind, report)):
            for match in re.finditer(r"\bev-[0-9]+", text):
                assert text[match.end() :].startswith((", ", " ("))
    gaps = build("gap-report", report)
    table = next(b for b in gaps.blocks if isinstance(b, Table) and "not ready" in b.caption)
    said = " ".join(plain(row.cells[-1]) for row in table.rows)
    assert not re.search(r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}\b", said.split("Five BooksBrook")[0])


# ---------------------------------------------------------------- structure


@pytest.fixture(scope="module")
def documents(shipped: Library) -> list[Document]:
    names = ("lone-star-tax", "prairie-lending", "blue-bonnet-books")
    return [build(kind, of_sample(shipped, name)) for kind in KINDS for name in names]


def test_no_section_is_empty(documents: list[Document]) -> None:
    for document in documents:
        blocks = [b for b in document.blocks if not isinstance(b, PageBreak)]
        for block, following in zip(blocks, [*blocks[1:], None], strict=True):
            if isinstance(block, Heading):
                assert following is not None
                if isinstance(following, Heading):
                    assert following.level > block.level
            if isinstance(block, Table):
                assert block.rows
            if isinstance(block, (Bullets, KeyValue)):
                assert any(
                    True for _ in (block.items if isinstance(block, Bullets) else block.pairs)
                )
            if isinstance(block, Paragraph):
                assert plain(block.runs).strip()


def test_section_numbers_run_without_gaps(documents: list[Document]) -> None:
    for document in documents:
        top = [h.number for h in document.headings(1) if h.number]
        assert top == [str(n) for n in range(1, len(top) + 1)]
        for section in top:
            under = [h.number for h in document.headings(2) if h.number.startswith(f"{section}.")]
            assert under == [f"{section}.{n}" for n in range(1, len(under) + 1)]


def test_every_text_is_found_again_in_every_form(documents: list[Document]) -> None:
    for document in documents:
        with zipfile.ZipFile(io.BytesIO(render(document, "docx"))) as archive:
            xml = archive.read("word/document.xml").decode()
        assert check.missing(document, word.read_text(xml)) is None
        assert check.missing(document, html.read_text(render(document, "html").decode())) is None
        assert check.missing(document, markdown.read_text(render(document, "md").decode())) is None


def test_the_check_notices_a_lost_text(documents: list[Document]) -> None:
    text = "\n".join(texts(documents[0]))
    assert check.missing(documents[0], text) is None
    assert check.missing(documents[0], text.replace("Coverage tables", "")) == "10 Coverage tables"
    with pytest.raises(check.LostText, match="was lost"):
        check.require(documents[0], "", "docx")


def test_every_document_ends_with_what_it_was_made_from(shipped: Library) -> None:
    report = of_sample(shipped, "lone-star-tax")
    for kind in KINDS:
        stamp = build(kind, report, version="9.8.7").blocks[-1]
        assert isinstance(stamp, KeyValue)
        said = {label: plain(value) for label, value in stamp.pairs}
        assert said["Library digest"] == shipped.digest
        assert said["Client files digest"] == report.client.digest
        assert said["As of"] == "November 21, 2026"
        assert said["Made with"] == "compliance-graph 9.8.7"


# ---------------------------------------------------------------- Word


@pytest.fixture(scope="module")
def parts(documents: list[Document]) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(render(documents[0], "docx"))) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def body(parts: dict[str, bytes]) -> Any:
    return etree.fromstring(parts["word/document.xml"])


def test_word_opens_it_with_the_clients_properties(documents: list[Document]) -> None:
    opened = docx.Document(io.BytesIO(render(documents[0], "docx")))
    properties = opened.core_properties
    assert properties.title == "Written Information Security Plan"
    assert properties.author == "Cedar Ridge Security Advisors, LLC"
    assert properties.language == "en-US"
    assert properties.created is not None
    assert properties.created.date() == DAY
    assert len(opened.tables) > 20
    headings = [p.text for p in opened.paragraphs if p.style and p.style.name == "Heading 1"]
    assert headings == [h.full for h in documents[0].headings() if h.level == 1]


def test_tables_have_a_grid_repeat_their_header_and_keep_rows_whole(body: Any) -> None:
    seen = 0
    for table in body.iter(f"{W}tbl"):
        grid = [int(column.get(f"{W}w")) for column in table.find(f"{W}tblGrid")]
        assert sum(grid) == int(table.find(f"{W}tblPr/{W}tblW").get(f"{W}w"))
        rows = table.findall(f"{W}tr")
        for row in rows:
            widths = [int(w.get(f"{W}w")) for w in row.iter(f"{W}tcW")]
            assert widths in (grid, [sum(grid)])
            length = max(len("".join(cell.itertext())) for cell in row.findall(f"{W}tc"))
            assert (row.find(f"{W}trPr/{W}cantSplit") is not None) == (length <= 1800)
        style = table.find(f"{W}tblPr/{W}tblStyle").get(f"{W}val")
        if rows[0].find(f"{W}trPr/{W}tblHeader") is not None:
            seen += 1
            before = table.getprevious()
            assert before.find(f"{W}pPr/{W}pStyle").get(f"{W}val") == "Caption"
        else:
            assert style in ("DataTable", "SignTable")
    assert seen > 15


def test_contents_are_a_field_with_entries_that_lead_to_headings(
    documents: list[Document], body: Any
) -> None:
    assert any("TOC \\o" in (i.text or "") for i in body.iter(f"{W}instrText"))
    entries = [
        "".join(p.itertext()).replace(' TOC \\o "1-2" \\h \\z \\u ', "")
        for p in body.iter(f"{W}p")
        if (s := p.find(f"{W}pPr/{W}pStyle")) is not None and s.get(f"{W}val") in ("TOC1", "TOC2")
    ]
    assert entries == [h.full for h in documents[0].headings(2)]
    names = [m.get(f"{W}name") for m in body.iter(f"{W}bookmarkStart")]
    assert len(names) == len(set(names))
    assert all(len(name) <= 40 for name in names)
    targets = {link.get(f"{W}anchor") for link in body.iter(f"{W}hyperlink")} - {None}
    assert targets <= set(names)
    begins = [f.get(f"{W}fldCharType") for f in body.iter(f"{W}fldChar")]
    assert begins.count("begin") == begins.count("separate") == begins.count("end")


def test_styles_lists_and_headings_are_defined(parts: dict[str, bytes], body: Any) -> None:
    styles = etree.fromstring(parts["word/styles.xml"])
    known = {s.get(f"{W}styleId") for s in styles.iter(f"{W}style")}
    used = {
        e.get(f"{W}val") for tag in ("pStyle", "rStyle", "tblStyle") for e in body.iter(f"{W}{tag}")
    }
    assert used <= known
    numbers = {
        n.get(f"{W}numId") for n in etree.fromstring(parts["word/numbering.xml"]).iter(f"{W}num")
    }
    assert {n.get(f"{W}val") for n in body.iter(f"{W}numId")} <= numbers
    for level in "123":
        style = next(
            s for s in styles.iter(f"{W}style") if s.get(f"{W}styleId") == f"Heading{level}"
        )
        assert style.find(f"{W}pPr/{W}keepNext") is not None
    assert b"asciiTheme" not in parts["word/styles.xml"]


def test_header_and_footer_carry_client_title_marking_and_page(parts: dict[str, bytes]) -> None:
    header, footer = parts["word/header1.xml"].decode(), parts["word/footer1.xml"].decode()
    for text in ("Lone Star Tax &amp; Accounting, LLC", "Written Information", "Confidential"):
        assert text in header
    assert " PAGE " in footer
    assert " NUMPAGES " in footer
    assert "Confidential" in footer


def test_bytes_do_not_depend_on_place_or_run(shipped: Library, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    shutil.copytree(SAMPLES / "lone-star-tax", moved)
    script = (
        "import sys, hashlib\nfrom datetime import date\nfrom pathlib import Path\n"
        "from compliance_graph import gap_report, load_client, load_library\n"
        "from compliance_graph.output.documents import KINDS, build, render\n"
        f"library = load_library(Path({str(ROOT)!r}))[0]\n"
        "client = load_client(Path(sys.argv[1]), library)[0]\n"
        "for kind in KINDS:\n"
        "    document = build(kind, gap_report(library, client, date(2026, 11, 21)))\n"
        "    for form in ('docx', 'html', 'md'):\n"
        "        print(kind, form, hashlib.sha256(render(document, form)).hexdigest())\n"
    )
    made = {
        subprocess.run(
            [sys.executable, "-c", script, str(folder)],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT / "src")},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, folder in (("1", moved), ("2", SAMPLES / "lone-star-tax"))
    }
    assert len(made) == 1
    assert made.pop().count("\n") == 6


# ---------------------------------------------------------------- hostile text

HOSTILE = (
    "R&D",
    "a < b > c",
    "{{ 7*7 }} {% raise %}",
    "<script>alert(1)</script>",
    "\"quoted\" & 'single'",
    "]]> <!-- -->",
    "# no heading",
    "- no list",
    "1. no list",
    "**not strong** `not code` [no](#link)",
    "| a | b |",
    "@policy not a voice",
    "HYPERLINK \\l x",
    "مرحبا بالعالم",
    "שלום (314.4)",
    "emoji 🔒 and é",
    "private \ue000616263\ue001 use",
    "line one\nline two\n\nafter a blank line",
    "tab\tand trailing ",
    "\\ backslash \\n",
    "=cmd|' /C calc'!A0",
)


def hostile(client: Client, text: str) -> Client:
    """The client with the text wherever a client may write."""
    return replace(
        client,
        name=text,
        legal_name=text,
        address=text,
        description=text,
        scope_statement=text,
        branding={"prepared_by": text, "marking": text, "footer": text},
        roles={k: replace(r, title=text, responsibilities=text) for k, r in client.roles.items()},
        elements={k: replace(e, title=text, data=text) for k, e in client.elements.items()},
        providers={k: replace(p, title=text, contact=text) for k, p in client.providers.items()},
        controls={k: replace(r, narrative=text, owner=text) for k, r in client.controls.items()},
        evidence={k: replace(e, title=text) for k, e in client.evidence.items()},
        information=tuple({"kind": text, "where": text, "retention": text} for _ in "ab"),
        risks=tuple({**r, "title": text, "scenario": text} for r in client.risks),
        vendors=tuple({**v, "title": text, "service": text} for v in client.vendors),
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_text_stays_text(shipped: Library, text: str) -> None:
    client = hostile(of_sample(shipped, "prairie-lending").client, text)
    report = gap_report(shipped, client, DAY)
    for kind in KINDS:
        document = build(kind, report)
        opened = docx.Document(io.BytesIO(render(document, "docx")))
        assert " ".join(opened.core_properties.author.split()) == " ".join(text.split())
        page = render(document, "html").decode()
        assert check.missing(document, html.read_text(page)) is None
        assert "<script" not in page
        lines = render(document, "md").decode()
        assert check.missing(document, markdown.read_text(lines)) is None
        assert not re.search(r"(?m)^(# no|- no|1\. no)", lines)
        assert "49" not in {part.strip() for part in lines.split("\n")}
        structure = [type(block) for block in document.blocks]
        assert Contents in structure


def test_hostile_text_does_not_change_the_structure(shipped: Library) -> None:
    client = of_sample(shipped, "prairie-lending").client
    shapes = set()
    for text in ("plain", "**x** # y | z\n- a", "@open {{ x }} <b>"):
        document = build("wisp", gap_report(shipped, hostile(client, text), DAY))
        shapes.add(tuple((type(b), getattr(b, "voice", "")) for b in document.blocks))
    assert len(shapes) == 1


def test_control_and_direction_characters_are_shown(shipped: Library) -> None:
    text = "bell \x07 null \x00 escape \x1b[31m override \u202e end \ud800 \ufffe"
    client = hostile(of_sample(shipped, "prairie-lending").client, text)
    document = build("wisp", gap_report(shipped, client, DAY))
    for form in ("docx", "html", "md"):
        data = render(document, form)
        if form == "docx":
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                for name in archive.namelist():
                    etree.fromstring(archive.read(name))
                data = archive.read("word/document.xml")
        shown = data.decode()
        assert "x07" in shown
        assert "u202e" in shown
        assert not re.search("[\x00-\x08\x0b\x1b\u202e]", shown)


def test_ten_thousand_words_survive(shipped: Library) -> None:
    words = " ".join(f"word{n}" for n in range(10_000))
    client = hostile(of_sample(shipped, "prairie-lending").client, "x")
    name = next(k for k, r in client.controls.items() if r.status == "implemented")
    client = replace(
        client, controls={**client.controls, name: replace(client.controls[name], narrative=words)},
        risks=({"id": "r1", "title": "Long", "scenario": words},),
    )  # fmt: skip
    document = build("wisp", gap_report(shipped, client, DAY))
    with zipfile.ZipFile(io.BytesIO(render(document, "docx"))) as archive:
        xml = archive.read("word/document.xml").decode()
    assert "word9999" in xml
    assert check.missing(document, word.read_text(xml)) is None


def test_right_to_left_runs_are_marked(tmp_path: Path) -> None:
    meta = Meta("x", "T", "C", "en-GB", DAY, "s", "", "", "", "", ())
    made = Document(meta, (Paragraph(runs("שלום")), Paragraph(runs("left"))))
    with zipfile.ZipFile(io.BytesIO(render(made, "docx"))) as archive:
        xml = archive.read("word/document.xml").decode()
    assert xml.count("<w:rtl/>") == 1
    assert 'w:w="11906"' in xml  # A4 outside the United States


def test_the_page_runs_nothing_and_loads_nothing(shipped: Library) -> None:
    page = render(build("wisp", of_sample(shipped, "lone-star-tax")), "html").decode()
    policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    assert f'content="{policy}"' in page
    assert not re.search(r"<(script|img|link|iframe|object)\b|\son\w+=|@import|url\(", page)
    assert not re.search(r'href="(?!#|https://)', page)


# ---------------------------------------------------------------- model


def test_the_model_refuses_what_no_writer_could_print() -> None:
    meta = Meta("x", "T", "C", "en-US", DAY, "s", "", "", "", "", ())
    with pytest.raises(ValueError, match="leads nowhere"):
        Document(meta, (Paragraph((Run("x", link="#gone"),)),))
    with pytest.raises(ValueError, match="stands twice"):
        Document(meta, (Heading(1, "a", "same"), Heading(1, "b", "same")))
    with pytest.raises(ValueError, match="another width"):
        Table((Column("a", 1), Column("b", 1)), (Row((runs("x"),)),), "caption")
    with pytest.raises(ValueError, match="not a style or link"):
        Run("x", link="javascript:alert(1)")
    with pytest.raises(ValueError, match="not a colour"):
        replace(meta, colour="red;}")


def test_a_pale_brand_colour_is_not_put_under_white_text() -> None:
    meta = Meta("x", "T", "C", "en-US", DAY, "s", "", "", "", "FFEE88", ())
    page = render(Document(meta, (Paragraph(runs("p")),)), "html").decode()
    assert "--brand: #1F3A5F" in page
    page = render(
        Document(replace(meta, colour="7a1010"), (Paragraph(runs("p")),)), "html"
    ).decode()
    assert "--brand: #7A1010" in page


# ---------------------------------------------------------------- templates


def test_an_undefined_name_fails_with_file_and_line(tmp_path: Path) -> None:
    write(tmp_path, {"wisp/a.md.j2": "First line.\n\n{{ firm }} and {{ frim }}.\n"})
    with pytest.raises(templates.TemplateFault) as caught:
        markup.prose("wisp/a.md.j2", {"firm": "F"}, tmp_path)
    assert str(caught.value) == "wisp/a.md.j2:3: 'frim' is undefined"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("ok\n{% if %}\n", 2),
        ("ok\nok\n{{ firm.__class__.__mro__ }}", 3),
        ("{{ firm|safe }}", 1),
        ("ok\n{{ data.missing }}", 2),
        ("ok\n{{ range(3) }}", 2),
    ],
)
def test_a_template_can_do_nothing_but_words(tmp_path: Path, text: str, line: int) -> None:
    write(tmp_path, {"t.md.j2": text})
    with pytest.raises(templates.TemplateFault) as caught:
        markup.prose("t.md.j2", {"firm": "F", "data": {}}, tmp_path)
    assert (caught.value.path, caught.value.line) == ("t.md.j2", line)


def test_values_in_prose_are_never_markup(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "t.md.j2": "@policy **{{ a }}** must {{ b }}.\n\n- {{ b }}\n- [{{ a }}](#here)\n\n"
            "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(b) }} end\n\n{{ empty }}\n"
        },
    )
    data = {"a": "**A** & <b>", "b": "# x\n\n- y {{ z }}", "empty": ""}
    blocks = markup.prose("t.md.j2", data, tmp_path)
    assert blocks == [
        Paragraph((Run("**A** & <b>", "strong"), Run(" must # x\n\n- y {{ z }}.")), "policy"),
        Bullets(((Run("# x\n\n- y {{ z }}"),), (Run("**A** & <b>", link="#here"),))),
        Paragraph((Run("# x\n\n- y {{ z }} end"),)),
    ]


def test_the_subset_of_markdown() -> None:
    text = (
        "# Head\nText **bold** and `code`,\ngoes on.\n\n1. one\n   more\n2. two\n- dot\n\n@open "
        "who?"
    )
    blocks: list[Block] = list(markup.parse(text, "s"))
    assert blocks == [
        Heading(1, "Head", "s-head"),
        Paragraph((Run("Text "), Run("bold", "strong"), Run(" and "), Run("code", "code"),
                   Run(", goes on."))),
        Bullets(((Run("one more"),), (Run("two"),)), ordered=True),
        Bullets(((Run("dot"),),)),
        Paragraph((Run("who?"),), "open"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "path", sorted(templates.FOLDER.rglob("*.md.j2")), ids=lambda p: f"{p.parent.name}/{p.name}"
)
def test_supplied_templates_use_known_names_only(shipped: Library, path: Path) -> None:
    report = of_sample(shipped, "lone-star-tax")
    known = {"wisp": Plan(report).data, "gap_report": View(report).data}[path.parent.name]
    environment = templates.environment(prose=True)
    names = jinja_meta.find_undeclared_variables(
        environment.parse(path.read_text(encoding="utf-8"))
    )
    assert names <= set(known)
