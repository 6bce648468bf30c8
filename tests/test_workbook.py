"""The control matrix workbook: what is written, what is read back, what is refused."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.utils import get_column_letter

from compliance_graph.analysis.report import GapReport, gap_report
from compliance_graph.client import load_client
from compliance_graph.loader import load_library
from compliance_graph.model import Client, Library
from compliance_graph.output.workbook import (
    ExportError,
    FormulaCell,
    WorkbookError,
    changes,
    export,
    read_back,
    verify,
)

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "src/compliance_graph/samples/lone-star-tax"
AS_OF = date(2026, 11, 21)
MATRIX = "Control matrix"

LIBRARY = {
    "frameworks/alpha-1.yaml": """
format: 1
id: alpha
edition: "1"
title: Alpha rules
kind: law
source: {citation: "Alpha Act"}
verdicts: {met: Fulfilled, not-met: Not fulfilled}
requirements:
- id: "1"
  title: Access
  statement: "Keep access to those who need it."
  citation: "s. 1"
  assessable: true
  objectives:
  - {id: "1[a]", statement: "access is granted on need"}
  - {id: "1[b]", statement: "access is reviewed"}
- id: "2"
  title: Testing
  statement: "Test what protects the data."
  citation: "s. 2"
  assessable: true
  logic: any
  children:
  - {id: "2(a)", title: By hand, statement: "Test by hand.", citation: "s. 2(a)"}
  - {id: "2(b)", title: By machine, statement: "Test by machine.", citation: "s. 2(b)"}
- {id: "3", title: Plan, statement: "Keep a plan.", citation: "s. 3"}
""",
    "frameworks/beta-1.yaml": """
format: 1
id: beta
edition: "1"
title: Beta rules
kind: contract
source: {citation: "Beta contract"}
requirements:
- {id: B.1, title: Review, statement: "Review access.", citation: "cl. 1"}
- {id: B.2, title: Luck, statement: "Be lucky.", citation: "cl. 2"}
""",
    "controls/demo.yaml": """
controls:
- id: acc-01
  title: Access on need
  domain: access
  per: cloud-service
  owner: it
  evidence: {any_of: [user-list]}
- id: acc-02
  title: Access reviews
  domain: access
  owner: business
  evidence: {all_of: [review-record]}
- {id: tst-01, title: Tests by hand, domain: testing}
- {id: tst-02, title: Tests by machine, domain: testing}
- {id: pol-01, title: Plan, domain: policy}
""",
    "controls/mappings/alpha-1.yaml": """
framework: alpha
edition: "1"
mappings:
- {requirement: "1[a]", control: acc-01, relationship: superset-of, rationale: "covers"}
- {requirement: "1[b]", control: acc-02, relationship: equal-to, rationale: "same"}
- {requirement: "2(a)", control: tst-01, relationship: equal-to, rationale: "same"}
- {requirement: "2(b)", control: tst-02, relationship: equal-to, rationale: "same"}
- {requirement: "3", control: acc-02, relationship: intersects-with, rationale: "helps"}
jointly_sufficient:
- {requirement: "3", controls: [pol-01, tst-01], rationale: "together"}
""",
    "controls/mappings/beta-1.yaml": """
framework: beta
edition: "1"
mappings:
- {requirement: B.1, control: acc-02, relationship: superset-of, rationale: "covers"}
- {requirement: B.2, control: acc-01, relationship: subset-of, rationale: "a part"}
""",
    "evidence/types.yaml": """
evidence_types:
- {id: user-list, title: User list, fresh_for: P90D, supplier: it}
- {id: review-record, title: Review record, fresh_for: P90D, supplier: business}
""",
}
CLIENT = {
    "client.yaml": """
name: Example Tax
legal_name: Example & Sons LLC
facts: {}
targets: [alpha, beta]
scope:
- {id: mail, kind: cloud-service, title: Mail}
- {id: books, kind: cloud-service, title: Accounting}
- {id: office, kind: site, title: Office}
roles:
  lead: {title: Security lead, holders: [{name: Ana Ruiz, from: 2025-01-01}]}
  boss: {title: Owner, holders: [{name: Bo Lee, until: 2026-01-01}]}
providers:
- id: msp
  title: Hill IT
  contract: {reference: C-1, date: 2025-01-01}
  attestation: {kind: SOC 2, valid_until: 2027-01-01}
  responsibilities:
  - control: tst-01
    status: implemented
    provider_does: "Tests."
    client_does: "Reads."
    note: CANARY-ROW
""",
    "controls.yaml": """
controls:
  acc-01:
    status: implemented
    where: {books: partial}
    owner: lead
    narrative: '=HYPERLINK("http://x","y")'
    due: 2026-10-01
  acc-02:
    status: implemented
    since: 2026-01-10
    owner: boss
    narrative: "@review each quarter"
    note: "CANARY-NOTE: awkward"
  tst-01: {status: implemented, origination: shared, provider: msp, narrative: "-1 + 2"}
  pol-01: {status: planned, due: 2027-01-31, owner: lead, narrative: "+plan"}
""",
    "evidence.yaml": """
evidence:
- id: ev-1
  type: user-list
  title: "=1+1"
  date: 2026-10-20
  controls: [acc-01]
  state: final
  note: CANARY-EVIDENCE
- {id: ev-2, type: review-record, date: 2026-01-20, controls: [acc-02], state: final}
""",
    "risks.yaml": """
risks:
- {id: r-1, title: "=cmd|' /C calc'!A0", controls: [acc-01], note: CANARY-RISK}
""",
    "vendors.yaml": """
vendors:
- {id: v-1, title: "\\tShred Co", note: CANARY-VENDOR}
""",
}


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip("\n"), encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    found, faults = load_library(write(tmp_path_factory.mktemp("library"), LIBRARY))
    assert not [fault for fault in faults if fault.fatal]
    return found


@pytest.fixture(scope="module")
def client(library: Library, tmp_path_factory: pytest.TempPathFactory) -> Client:
    found, faults = load_client(write(tmp_path_factory.mktemp("client"), CLIENT), library)
    assert found is not None
    assert not [fault for fault in faults if fault.fatal]
    return found


@pytest.fixture(scope="module")
def report(library: Library, client: Client) -> GapReport:
    return gap_report(library, client, AS_OF)


@pytest.fixture(scope="module")
def content(report: GapReport) -> bytes:
    return export(report, "1.2.3")


@pytest.fixture(scope="module")
def sample() -> GapReport:
    library, _ = load_library(ROOT)
    client, _ = load_client(SAMPLE, library)
    assert client is not None
    return gap_report(library, client, AS_OF)


def by_key(rows: dict[int, tuple[Any, ...]], key: str) -> dict[Any, dict[Any, Any]]:
    heads = rows[1]
    at = heads.index(key)
    return {
        cells[at]: dict(zip(heads, [*cells, *[None] * len(heads)], strict=False))
        for number, cells in rows.items()
        if number > 1
    }


def edited(content: bytes, edit: Callable[[Any], None]) -> bytes:
    book = openpyxl.load_workbook(BytesIO(content))
    edit(book)
    target = BytesIO()
    book.save(target)
    return target.getvalue()


def cell(book: Any, control: str, heading: str) -> Any:
    sheet = book[MATRIX]
    column = next(c.column for c in sheet[1] if c.value == heading)
    row = next(c.row for c in sheet["A"] if c.value == control)
    return sheet.cell(row, column)


# ---------------------------------------------------------------- what is written


def test_every_status_and_id_of_the_report_is_found_again(
    content: bytes, report: GapReport, sample: GapReport
) -> None:
    assert verify(content, report) == ()
    assert verify(export(sample, "1"), sample) == ()


def test_verify_sees_a_status_that_is_not_the_reports(content: bytes, report: GapReport) -> None:
    def edit(book: Any) -> None:
        sheet = book["alpha 1"]
        row = next(c.row for c in sheet["A"] if c.value == "3")
        column = next(c.column for c in sheet[1] if c.value == "Status")
        sheet.cell(row, column).value = "met"

    problems = verify(edited(content, edit), report)
    assert "alpha 1: 3: Status is met, the report says partial" in problems


def test_requirement_rows_say_what_the_report_says(content: bytes, report: GapReport) -> None:
    found = by_key(read_back(content)["alpha 1"], "Requirement")
    alpha = report.frameworks[0]
    nodes = [
        node for row in alpha.rows for node in [row.requirement, *[o for o, _ in row.objectives]]
    ]
    assert list(found) == [node.id for node in nodes]
    for row in alpha.rows:
        assert found[row.requirement.id]["Status"] == row.verdict.status
        assert found[row.requirement.id]["What it asks (our words)"] == row.requirement.statement
    assert found["1[b]"]["In the scheme's words"] == "Fulfilled"
    assert found["1[b]"]["Controls"] == "equal-to: acc-02 (implemented)"
    assert (
        "ev-2 of 2026-01-20: stale for acc-02, fresh until 2026-04-20" in found["1[b]"]["Evidence"]
    )
    assert found["3"]["Controls"].splitlines() == [
        "jointly-sufficient: pol-01 (not in place) + tst-01 (implemented)",
        "intersects-with: acc-02 (implemented)",
    ]


def test_statuses_follow_the_records(library: Library, client: Client) -> None:
    better = replace(client.controls["pol-01"], status="implemented", due=None)
    changed = replace(client, controls={**client.controls, "pol-01": better})
    found = by_key(
        read_back(export(gap_report(library, changed, AS_OF), "1"))["alpha 1"], "Requirement"
    )
    assert found["3"]["Status"] == "met"


def test_matrix_row_of_a_control(content: bytes) -> None:
    row = by_key(read_back(content)[MATRIX], "Control")["acc-01"]
    assert row["Meets alpha 1"] == "superset-of: 1[a]"
    assert row["Meets beta 1"] == "subset-of: B.2"
    assert (row["Status"], row["Mail [mail]"], row["Accounting [books]"]) == (
        "implemented", "implemented", "partial",
    )  # fmt: skip
    assert "Office [office]" not in row
    assert row["Counts today as"] == "partial"
    assert (row["Owner role"], row["Owner today"]) == ("lead", "Security lead: Ana Ruiz")
    assert row["Due"] == date(2026, 10, 1)
    boss = by_key(read_back(content)[MATRIX], "Control")["acc-02"]
    assert boss["Owner today"] == "Owner: vacant"


def test_nothing_known_is_not_assessed_and_never_blank(content: bytes) -> None:
    row = by_key(read_back(content)[MATRIX], "Control")["tst-02"]
    assert (row["Status"], row["Counts today as"]) == ("not-assessed", "not-assessed")
    assert row["Owner today"] == "no owner named"


def test_open_items_hold_each_gap_once_and_no_needless_option(content: bytes) -> None:
    items = by_key(read_back(content)["Open items"], "Item")
    assert items["evidence:acc-02"]["Requirements"] == "alpha: 1[b]\nbeta: B.1"
    assert items["control:pol-01"]["Due"] == date(2027, 1, 31)
    assert items["unmapped:beta:B.2"]["What is open"] == "no control in the library covers it"
    assert not [key for key in items if "tst-02" in key]  # 2(a) is met, so 2(b) is not needed


def test_evidence_requests_name_what_is_missing(content: bytes) -> None:
    rows = read_back(content)["Evidence requests"]
    found = by_key(rows, "Evidence")
    assert found["Review record"]["Why it is asked for"] == "ev-2 is stale since 2026-04-20"
    assert found["Review record"]["Ask"] == "The firm (business side)"
    assert "User list" not in found


def test_crosswalk_uses_declared_routes_only(content: bytes) -> None:
    rows = read_back(content)["Crosswalk"]
    pairs = [(cells[0], cells[4], cells[8]) for number, cells in rows.items() if number > 1]
    assert pairs == [("1[b]", "B.1", "acc-02")]


def test_shared_responsibility(content: bytes) -> None:
    rows = by_key(read_back(content)["Shared responsibility"], "Control")
    assert rows["tst-01"]["Provider does"] == "Tests."
    assert rows["tst-01"]["You do"] == "Reads."


def test_sheets_without_records_are_left_out(library: Library, client: Client) -> None:
    bare = replace(client, risks=(), vendors=(), providers={}, controls={}, evidence={})
    report = gap_report(library, bare, AS_OF)
    sheets = read_back(export(report, "1"))
    assert not {"Risks", "Vendors", "Shared responsibility"} & set(sheets)
    assert sheets["Evidence register"][2] == ("none",)
    assert verify(export(report, "1"), report) == ()


def test_text_that_looks_like_a_formula_stays_text(content: bytes) -> None:
    book = openpyxl.load_workbook(BytesIO(content))
    texts = {
        c.value: c
        for sheet in book.worksheets
        if sheet.sheet_state == "visible"
        for row in sheet.iter_rows()
        for c in row
        if isinstance(c.value, str) and c.value[:1] in "=+-@\t" and c.data_type != "f"
    }
    wanted = [
        '=HYPERLINK("http://x","y")', "@review each quarter", "-1 + 2", "+plan", "=1+1",
        "=cmd|' /C calc'!A0", "\tShred Co",
    ]  # fmt: skip
    for text in wanted:
        assert texts[text].data_type == "s"
        assert texts[text].quotePrefix
    formulas = {
        sheet.title
        for sheet in book.worksheets
        for row in sheet.iter_rows()
        for c in row
        if c.data_type == "f"
    }
    assert formulas == {"Summary"}


def test_same_bytes_twice_in_any_hash_order(
    content: bytes, report: GapReport, tmp_path: Path
) -> None:
    assert export(report, "1.2.3") == content
    library, client = write(tmp_path / "l", LIBRARY), write(tmp_path / "c", CLIENT)
    code = (
        "import sys, hashlib; from pathlib import Path; from datetime import date\n"
        "from compliance_graph.loader import load_library\n"
        "from compliance_graph.client import load_client\n"
        "from compliance_graph.analysis.report import gap_report\n"
        "from compliance_graph.output.workbook import export\n"
        "library, _ = load_library(Path(sys.argv[1]))\n"
        "client, _ = load_client(Path(sys.argv[2]), library)\n"
        "report = gap_report(library, client, date(2026, 11, 21))\n"
        "print(hashlib.sha256(export(report, '1.2.3')).hexdigest())\n"
    )
    seen = set()
    for seed in ("0", "1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT / "src")}
        seen.add(
            subprocess.run(
                [sys.executable, "-c", code, str(library), str(client)],
                env=environment, capture_output=True, text=True, check=True,
            ).stdout
        )  # fmt: skip
    assert len(seen) == 1


def test_tables_are_frozen_filtered_and_fit_to_print(content: bytes) -> None:
    book = openpyxl.load_workbook(BytesIO(content))
    for sheet in book.worksheets:
        if sheet.title in ("Cover", "Summary", "Lists", "_meta"):
            continue
        assert sheet.freeze_panes in ("B2", "C2"), sheet.title
        assert sheet.auto_filter.ref == sheet.dimensions, sheet.title
        assert sheet.print_title_rows == "$1:$1", sheet.title
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.oddHeader.left.text == "Example && Sons LLC"  # one & would begin a code
        assert "2026-11-21" in sheet.oddHeader.right.text
    assert book["Lists"].sheet_state == "hidden"
    assert book["_meta"].sheet_state == "veryHidden"


def test_choices_are_drop_downs_over_the_lists_sheet(content: bytes) -> None:
    book = openpyxl.load_workbook(BytesIO(content))
    sheet = book[MATRIX]
    offered: dict[str, list[str]] = {}
    for validation in sheet.data_validations.dataValidation:
        if validation.type != "list":
            continue
        area = validation.formula1.removeprefix("Lists!").replace("$", "")
        words = [c.value for (c,) in book["Lists"][area]]
        for reference in validation.sqref.ranges:
            offered[sheet.cell(1, reference.min_col).value] = words
            assert (reference.min_row, reference.max_row) == (2, sheet.max_row)
    assert "implemented" in offered["Status"]
    assert "not-assessed" in offered["Mail [mail]"]
    assert offered["Owner role"] == ["boss", "lead"]
    assert offered["Provider"] == ["msp"]


def test_summary_formulas_give_the_stored_counts(sample: GapReport) -> None:
    content = export(sample, "1")
    formulas = openpyxl.load_workbook(BytesIO(content))
    stored = openpyxl.load_workbook(BytesIO(content), data_only=True)["Summary"]
    checked = 0
    for row in formulas["Summary"].iter_rows():
        for c in row:
            if c.data_type == "f" and (count := evaluate(formulas, c)) is not None:
                assert stored[c.coordinate].value == count, c.value
                checked += 1
    assert checked > 14
    for n, framework in enumerate(sample.frameworks):
        row = next(
            r
            for r in stored.iter_rows(min_col=2)
            if r[0].value == f"{framework.catalog.id} {framework.catalog.edition}"
        )
        assert [c.value for c in row[1:10]] == [
            framework.total, *framework.counts.values(), framework.applicable,
            f"{framework.counts['met']} of {framework.applicable}", framework.ready,
        ], n  # fmt: skip


def evaluate(book: Any, formula: Any) -> int | None:
    """COUNTIF(S) and our SUMPRODUCT, computed here from the cells; None for other formulas."""
    pairs = re.findall(r"('[^']+'![$A-Z0-9:]+)(?:,\"([^\"]*)\"|=\$(B[0-9]+))", formula.value)
    if not pairs or not formula.value.startswith(("=COUNTIF", "=SUMPRODUCT")):
        return None
    columns = []
    for reference, word, other in pairs:
        sheet, _, area = reference.partition("!")
        wanted = formula.parent[other].value if other else word
        columns.append(
            [c.value == wanted for (c,) in book[sheet.strip("'")][area.replace("$", "")]]
        )
    return sum(all(row) for row in zip(*columns, strict=True))


def test_links_lead_to_rows_of_that_key(sample: GapReport) -> None:
    book = openpyxl.load_workbook(BytesIO(export(sample, "1")))
    count = 0
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for c in row:
                if c.hyperlink is None:
                    continue
                assert c.hyperlink.target is None  # nothing leads out of the workbook
                name, _, address = c.hyperlink.location.rpartition("!")
                target = book[name.strip("'").replace("''", "'")]
                assert target[address].value or target.title == "Summary", (
                    sheet.title,
                    c.coordinate,
                )
                count += 1
                if sheet.title == "Open items" and sheet.cell(1, c.column).value == "Control":
                    assert target[address].value == c.value
                    assert target.title == MATRIX
    assert count > 300


def test_a_client_copy_has_no_internal_note_anywhere(report: GapReport, content: bytes) -> None:
    def whole(data: bytes) -> bytes:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            return b"".join(archive.read(name) for name in archive.namelist())

    assert whole(content).count(b"CANARY") == 5
    copy = export(report, "1.2.3", client_copy=True)
    assert b"CANARY" not in whole(copy)
    assert verify(copy, report) == ()


def test_properties_name_nobody(content: bytes) -> None:
    properties = openpyxl.load_workbook(BytesIO(content)).properties
    assert not properties.creator
    assert not properties.lastModifiedBy
    assert properties.title == "Control matrix of Example Tax"
    assert properties.created == datetime(2026, 11, 21)


def test_text_too_long_for_a_cell_is_an_error_with_its_place(
    library: Library, client: Client
) -> None:
    def report_with(text: str) -> GapReport:
        record = replace(client.controls["acc-02"], narrative=text)
        return gap_report(
            library, replace(client, controls={**client.controls, "acc-02": record}), AS_OF
        )

    export(report_with("x" * 32_767), "1")
    with pytest.raises(ExportError, match=r"Control matrix!\w+3 \(acc-02, Narrative\): 32,768"):
        export(report_with("x" * 32_768), "1")
    with pytest.raises(ExportError, match="acc-02, Narrative"):
        export(report_with("\U0001f600" * 16_384), "1")  # two units each in the file format


def test_characters_a_workbook_cannot_hold_do_no_harm(library: Library, client: Client) -> None:
    record = replace(client.controls["acc-02"], narrative="a\x0bb\ud800c\r\nd\uffff")
    changed = replace(client, controls={**client.controls, "acc-02": record})
    sheets = read_back(export(gap_report(library, changed, AS_OF), "1"))
    assert by_key(sheets[MATRIX], "Control")["acc-02"]["Narrative"] == "a\ufffdb\ufffdc\nd\ufffd"


def test_wrapped_text_gets_a_tall_row(content: bytes) -> None:
    sheet = openpyxl.load_workbook(BytesIO(content))["alpha 1"]
    lines = {
        c.row: str(c.value).count("\n") + 1
        for row in sheet.iter_rows(min_row=2)
        for c in row
        if c.value
    }
    for row, count in lines.items():
        assert sheet.row_dimensions[row].height >= 12 * count


def test_a_workbook_of_an_assumed_plan_says_so(library: Library, client: Client) -> None:
    sheets = read_back(export(gap_report(library, client, AS_OF, assume_plan=True), "1"))
    for name in ("Cover", "Summary"):
        words = " ".join(str(c) for cells in sheets[name].values() for c in cells if c)
        assert "WHAT IF" in words


# ---------------------------------------------------------------- what is refused


def archive(parts: dict[str, bytes], base: bytes | None = None) -> bytes:
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        if base is not None:
            with zipfile.ZipFile(BytesIO(base)) as old:
                for name in old.namelist():
                    if name not in parts:
                        made.writestr(name, old.read(name))
        for name, data in parts.items():
            made.writestr(name, data)
    return target.getvalue()


def lone_cell(address: str) -> bytes:
    book = openpyxl.Workbook()
    book.active[address] = 1
    target = BytesIO()
    book.save(target)
    return target.getvalue()


DTD = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda c: archive({"xl/media/image1.bin": bytes(65 << 20)}, c), "64 MB"),
        (lambda c: archive({f"xl/x{n}.txt": b"" for n in range(2_001)}, c), "2,000 parts"),
        (lambda c: lone_cell("XFD1048576"), "row 1,048,576, column 16,384"),
        (lambda c: lone_cell("A1048576"), "row 1,048,576"),
        (lambda c: archive({"docProps/app.xml": DTD}, c), "DTD"),
        (lambda c: archive({"docProps/app.xml": DTD.decode().encode("utf-16")}, c), "DTD"),
        (lambda c: archive({"xl/worksheets/sheet1.bin": DTD}, c), "DTD"),
        (lambda c: archive({"xl/vbaProject.bin": b"x"}, c), "macros"),
        (lambda c: archive({"xl/externalLinks/externalLink1.xml": b"<x/>"}, c), "other files"),
        (lambda c: archive({"xl/workbook.xml": b"<x>"}, c), "damaged"),
        (lambda c: archive({"xl/workbook.xml": b"<x/>"}, c), "not a workbook"),
        (lambda c: archive({"hello.txt": b"x"}), "not a workbook"),
        (lambda c: c[: len(c) // 2], "not a workbook"),
        (lambda c: b"", "not a workbook"),
        (lambda c: b"name,status\n", "not a workbook"),
        (lambda c: b"PK" * (17 << 20), "32 MB"),
    ],
)
def test_the_reader_refuses(content: bytes, make: Callable[[bytes], bytes], words: str) -> None:
    with pytest.raises(WorkbookError, match=words):
        read_back(make(content))


def test_two_parts_of_one_name_are_refused(content: bytes) -> None:
    target = BytesIO(content)
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(target, "a") as made:
        made.writestr("xl/workbook.xml", b"<x/>")
    with pytest.raises(WorkbookError, match="same name"):
        read_back(target.getvalue())


def test_a_damaged_file_raises_nothing_else(content: bytes) -> None:
    for at in range(0, len(content), max(1, len(content) // 120)):
        broken = content[:at] + bytes([content[at] ^ 0x5A]) + content[at + 1 :]
        try:
            read_back(broken)
        except WorkbookError:
            continue


def test_empty_cells_far_away_do_no_harm(content: bytes) -> None:
    def edit(book: Any) -> None:
        book[MATRIX].cell(1_048_576, 16_384).fill = openpyxl.styles.PatternFill("solid", "FFFF00")

    assert read_back(edited(content, edit))[MATRIX] == read_back(content)[MATRIX]


def test_formulas_are_told_from_text(content: bytes) -> None:
    def edit(book: Any) -> None:
        cell(book, "acc-02", "Narrative").value = "=A1"

    row = by_key(read_back(edited(content, edit))[MATRIX], "Control")
    assert row["acc-02"]["Narrative"] == FormulaCell("=A1")
    assert row["acc-01"]["Narrative"] == '=HYPERLINK("http://x","y")'


# ---------------------------------------------------------------- what was changed


def test_no_edits_no_changes(
    content: bytes, client: Client, library: Library, sample: GapReport
) -> None:
    assert changes(content, client, library) == ((), ())
    assert changes(edited(content, lambda book: None), client, library) == ((), ())
    assert changes(export(sample, "1", True), sample.client, sample.library) == ((), ())


def test_exactly_the_edits_are_found(content: bytes, client: Client, library: Library) -> None:
    def edit(book: Any) -> None:
        cell(book, "acc-02", "Status").value = "Partial"
        cell(book, "acc-01", "Accounting [books]").value = "implemented"
        cell(book, "pol-01", "Owner role").value = "boss"
        cell(book, "pol-01", "Due").value = date(2027, 3, 31)
        cell(book, "pol-01", "Narrative").value = "=not a formula"
        cell(book, "pol-01", "Narrative").data_type = "s"
        cell(book, "acc-01", "Due").value = None
        cell(book, "tst-02", "Status").value = "planned"
        cell(book, "acc-01", "Title").value = "not read back"

    found, faults = changes(edited(content, edit), client, library)
    assert faults == ()
    assert [(c.control, c.field, c.old, c.new) for c in found] == [
        ("acc-01", "where.books", "partial", "implemented"),
        ("acc-01", "due", "2026-10-01", ""),
        ("acc-02", "status", "implemented", "partial"),
        ("pol-01", "owner", "lead", "boss"),
        ("pol-01", "narrative", "+plan", "=not a formula"),
        ("pol-01", "due", "2027-01-31", "2027-03-31"),
        ("tst-02", "status", "not-assessed", "planned"),
    ]
    assert all(c.current == c.old for c in found)
    assert re.fullmatch(r"Control matrix![A-Z]+2", found[0].cell)


def test_a_change_on_both_sides_shows_all_three_values(
    content: bytes, client: Client, library: Library
) -> None:
    record = replace(client.controls["acc-02"], status="planned")
    moved = replace(client, controls={**client.controls, "acc-02": record})

    def edit(book: Any) -> None:
        cell(book, "acc-02", "Status").value = "partial"

    (change,), faults = changes(edited(content, edit), moved, library)
    assert (change.old, change.new, change.current) == ("implemented", "partial", "planned")
    assert faults == ()


def test_sorting_hiding_adding_and_renaming_do_no_harm(
    content: bytes, client: Client, library: Library
) -> None:
    def edit(book: Any) -> None:
        sheet = book[MATRIX]
        cell(book, "acc-02", "Status").value = "partial"
        rows = [[c.value for c in row] for row in sheet.iter_rows(min_row=2)]
        sheet.delete_rows(2, len(rows))
        for row in reversed(rows):
            sheet.append(row)
        for row in sheet.iter_rows(min_row=2):  # openpyxl takes text with "=" for a formula
            for c in row:
                c.data_type = "s" if c.data_type == "f" else c.data_type
        sheet.insert_cols(5)
        sheet.cell(1, 5).value = "My column"
        sheet.cell(3, 5).value = 7
        sheet.insert_rows(1)
        sheet.cell(1, 1).value = "Reviewed by the board"
        sheet.row_dimensions[4].hidden = True
        sheet.column_dimensions[get_column_letter(7)].hidden = True
        sheet.title = "Controls 2026"

    (change,), faults = changes(edited(content, edit), client, library)
    assert faults == ()
    assert (change.control, change.field, change.new) == ("acc-02", "status", "partial")
    assert change.cell.startswith("Controls 2026!")


@pytest.mark.parametrize(
    ("heading", "value", "kind"),
    [
        ("Status", "done", "unknown-status"),
        ("Status", None, "unknown-status"),
        ("Due", "31/12/2026", "date-as-text"),
        ("Due", "2026-12-31", "date-as-text"),
        ("Due", 46000, "not-a-date"),
        ("Owner role", "somebody", "unknown-owner"),
        ("Owner role", 5, "not-text"),
        ("Narrative", "=1+1", "formula"),
        ("Status", '=IF(1,"partial","")', "formula"),
        ("Mail [mail]", "implemented", "not-judged-here"),
    ],
)
def test_a_cell_that_cannot_be_used_is_a_fault_with_its_place(
    content: bytes, client: Client, library: Library, heading: str, value: Any, kind: str
) -> None:
    place = []

    def edit(book: Any) -> None:
        target = cell(book, "acc-02", heading)
        target.value = value
        if isinstance(value, int):
            target.number_format = "General"
        place.append(f"{MATRIX}!{target.coordinate}")

    found, (fault,) = changes(edited(content, edit), client, library)
    assert found == ()
    assert (fault.cell, fault.kind) == (place[0], kind)


def test_keys_deleted_doubled_or_unknown(content: bytes, client: Client, library: Library) -> None:
    def kinds(edit: Callable[[Any], None]) -> list[tuple[str, str]]:
        found, faults = changes(edited(content, edit), client, library)
        assert found == ()
        return [(fault.cell, fault.kind) for fault in faults]

    def rename(control: str, key: Any) -> Callable[[Any], None]:
        def edit(book: Any) -> None:
            cell(book, control, "Control").value = key

        return edit

    assert kinds(rename("acc-02", None)) == [
        ("Control matrix!A3", "missing-key"),
        ("Control matrix!A1", "lost-row"),
    ]
    assert kinds(rename("acc-02", "acc-01")) == [
        ("Control matrix!A2", "duplicate-key"),
        ("Control matrix!A3", "duplicate-key"),
        ("Control matrix!A1", "lost-row"),
    ]
    assert kinds(rename("acc-02", "acc-99"))[0] == ("Control matrix!A3", "unknown-key")
    assert kinds(rename("acc-02", 17))[0] == ("Control matrix!A3", "key-not-text")
    assert kinds(lambda book: book[MATRIX].delete_rows(3)) == [("Control matrix!A1", "lost-row")]


def test_a_column_that_is_gone_or_doubled_is_a_fault(
    content: bytes, client: Client, library: Library
) -> None:
    def without(book: Any) -> None:
        book[MATRIX].delete_cols(cell(book, "acc-01", "Due").column)

    def doubled(book: Any) -> None:
        sheet = book[MATRIX]
        sheet.cell(1, sheet.max_column + 1).value = "Due"

    assert [f.kind for f in changes(edited(content, without), client, library)[1]] == [
        "lost-column"
    ]
    assert [f.kind for f in changes(edited(content, doubled), client, library)[1]] == [
        "duplicate-heading"
    ]


def test_a_workbook_of_somebody_else_is_refused(client: Client, library: Library) -> None:
    with pytest.raises(WorkbookError, match="base values"):
        changes(lone_cell("A1"), client, library)
