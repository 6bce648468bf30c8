"""The one table of diagnostic codes. Codes are never renumbered or reused.

1xx file and YAML, 2xx schema and values, 3xx references and graph, 4xx catalog quality,
5xx a client's programme. `docs/codes.md` and `explain-code` are printed from this table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Code:
    """One kind of fault: its code, title, severity, why it matters, what to do.

    `fatal` means that a command that needs the file stops with exit 2.
    """

    code: str
    title: str
    severity: Severity
    fatal: bool
    why: str
    remedy: str


def _table(*rows: Code) -> dict[str, Code]:
    return {row.code: row for row in rows}


def _e(code: str, title: str, why: str, remedy: str) -> Code:
    return Code(code, title, "error", True, why, remedy)


def _c(code: str, title: str, why: str, remedy: str) -> Code:
    """An error in the records that an evaluation survives, by taking the worse reading."""
    return Code(code, title, "error", False, why, remedy)


def _w(code: str, title: str, why: str, remedy: str) -> Code:
    return Code(code, title, "warning", False, why, remedy)


CODES: dict[str, Code] = _table(
    _e(
        "CG101",
        "File cannot be read",
        "A file that cannot be read says nothing; going on would report on half the records.",
        "Check that the path is a regular file and that you may read it.",
    ),
    _e(
        "CG102",
        "File is too large",
        "Data files are written by people; a very large one is a mistake or an attack.",
        "Split the file, or keep artefacts outside the YAML.",
    ),
    _e(
        "CG103",
        "File is not UTF-8 text",
        "Read in another encoding, names and ids would change silently.",
        "Save the file as UTF-8.",
    ),
    _e(
        "CG104",
        "Character is not allowed",
        "Control, line separator and direction characters hide text or split lines unseen.",
        "Remove the character; write plain text.",
    ),
    _e(
        "CG105",
        "Key is not text",
        "A key that is a list or a mapping has no name to refer to.",
        "Write the key as plain text.",
    ),
    _e(
        "CG106",
        "Anchor, alias or merge key",
        "Aliases can grow a small file beyond memory and make one line change many records.",
        "Write the value out where it is needed.",
    ),
    _e(
        "CG107",
        "Tag",
        "Tags ask the reader to build objects; data files hold plain data only.",
        "Remove the tag; quote the value if it must stay text.",
    ),
    _e(
        "CG108",
        "Second document",
        "Only the first document of a file would be seen.",
        "Remove the separator or split the file.",
    ),
    _e(
        "CG109",
        "File is empty",
        "An empty file is what a crash leaves behind; it must not read as 'nothing to report'.",
        "Restore the file, or delete it if nothing is known yet.",
    ),
    _e(
        "CG110",
        "Not YAML",
        "The text breaks the YAML grammar at this place.",
        "Mend the line; check indentation, colons and quotes.",
    ),
    _e(
        "CG111",
        "Unresolved merge conflict",
        "Both sides of a merge stand in the file.",
        "Choose one side and remove the markers.",
    ),
    _e(
        "CG112",
        "Nested too deep",
        "No record is this deep; the file is damaged or hostile.",
        "Flatten the data.",
    ),
    _e(
        "CG113",
        "Duplicate key",
        "Most readers keep the last value without a word, so one record would vanish.",
        "Merge the two entries into one.",
    ),
    _e(
        "CG114",
        "Path leaves the folder",
        "A path in data must not reach outside the client folder, also not through a link.",
        "Move the file into the folder or record a reference instead.",
    ),
    _e(
        "CG115",
        "File cannot be written",
        "Nothing was changed: the old file, if there was one, is still whole.",
        "Check the folder, your rights and the free space, then run the command again.",
    ),
    _w(
        "CG116",
        "Ignore comment cannot be used",
        "Without a reason, or for a code that may not be ignored, nobody could defend it.",
        "Write `# cg: ignore[CODE] because ...` with a code that is not fatal.",
    ),
    _w(
        "CG117",
        "Unused ignore comment",
        "Nothing is ignored here any more; left in place it would hide the next fault.",
        "Remove the comment.",
    ),
    _w(
        "CG118",
        "File is not read",
        "No command looks at a file of this name or in this place, so what it says has no effect.",
        "Correct the name or move the file.",
    ),
    _e(
        "CG201",
        "Value has the wrong shape",
        "The file does not follow its schema here.",
        "See `compliance-graph schema NAME` for the shape.",
    ),
    _e(
        "CG202",
        "Unknown key",
        "A misspelt key would be ignored and its content lost.",
        "Correct the key, or begin it with x- if it is your own.",
    ),
    _e("CG203", "Required key is missing", "The record cannot be used without it.", "Add the key."),
    _e(
        "CG204",
        "Not a date",
        "Freshness and deadlines rest on real dates.",
        "Write a real calendar date as YYYY-MM-DD.",
    ),
    _e(
        "CG205",
        "Malformed id",
        "Ids are compared letter by letter; spaces and look-alike letters make twins.",
        "Use ASCII letters, digits and . _ - ( ) [ ] / only.",
    ),
    _e(
        "CG206",
        "Unknown fact",
        "A misspelt fact name would stay unknown for ever.",
        "Use a name of the fact vocabulary.",
    ),
    _e(
        "CG207",
        "Fact has the wrong type or an impossible value",
        "Rules compare facts; a value of another type decides nothing or decides wrongly.",
        "Give the value in the type the vocabulary asks for.",
    ),
    _e(
        "CG208",
        "Malformed rule",
        "A rule that cannot be evaluated cannot be trusted.",
        "Use all, any, not, ref, or one fact with one comparison.",
    ),
    _c(
        "CG209",
        "Facts contradict each other",
        "Both cannot be true, so at least one regime is decided wrongly.",
        "Ask again and correct one of the two facts.",
    ),
    _e(
        "CG301",
        "Unknown requirement",
        "The reference leads nowhere, so a mapping or record would have no effect.",
        "Correct the id; see `compliance-graph frameworks show`.",
    ),
    _e(
        "CG302",
        "Unknown control",
        "The record has no effect; controls are never matched by likeness.",
        "Correct the id; see `compliance-graph controls list`.",
    ),
    _e(
        "CG303",
        "Unknown evidence type",
        "Evidence of an unknown type proves nothing and never goes stale.",
        "Correct the id or add the type under evidence/.",
    ),
    _e(
        "CG304",
        "Unknown framework or edition",
        "Nothing can be said about a framework that is not in the library; it is never zero gaps.",
        "Correct the id; see `compliance-graph frameworks list`.",
    ),
    _e(
        "CG305",
        "Duplicate id",
        "Two records with one id hide each other.",
        "Give each record its own id.",
    ),
    _c(
        "CG306",
        "Look-alike ids",
        "Ids that differ only in case or in letters that look alike are taken for each other.",
        "Rename one of them.",
    ),
    _e(
        "CG307",
        "Cycle",
        "A record that depends on itself has no order and no answer.",
        "Remove one of the links named.",
    ),
    _e(
        "CG308",
        "Unknown scope element, role or provider",
        "A status for an element nobody declared would count for nothing.",
        "Declare it in client.yaml or correct the id.",
    ),
    _w(
        "CG309",
        "Requirement without a route",
        "No control or set of controls can make it met, so it stays a gap for ever.",
        "Map a control that covers it, or declare a jointly sufficient set.",
    ),
    _w(
        "CG310",
        "Unused control",
        "A control that meets nothing costs the client money without a reason.",
        "Map it or remove it.",
    ),
    _w(
        "CG311",
        "Unused evidence type",
        "No control asks for it, so collecting it proves nothing.",
        "Ask for it in a control or remove it.",
    ),
    _e(
        "CG312",
        "Two editions in force at one date",
        "A record without an edition could mean either text.",
        "Close the span of the older edition with `until`.",
    ),
    _e(
        "CG313",
        "Contradictory mapping",
        "One control is said to cover a requirement both fully and in part.",
        "Keep the relationship that is true.",
    ),
    _w(
        "CG314",
        "Unknown regime, tier or framework in a regime",
        "The regime binds a catalog that is not in the library, so no gap can be shown for it.",
        "Add the catalog, or correct the id.",
    ),
    _e(
        "CG315",
        "Unknown tier of a catalog",
        "A requirement of a misspelt tier would be left out without a word.",
        "Correct the id, or declare the tier under `tiers` of the catalog.",
    ),
    _e(
        "CG316",
        "More members asked for than there are",
        "`at_least` counts further than the children and objectives go, so it can never be met.",
        "Correct the number or add the missing members.",
    ),
    _c(
        "CG317",
        "Unknown evidence record or engagement",
        "The reference leads nowhere, so the record does not rest on what it says it rests on.",
        "Correct the id or add the record.",
    ),
    _w(
        "CG401",
        "Citation is missing",
        "A requirement without its source cannot be defended before an auditor.",
        "Add `citation`.",
    ),
    _w(
        "CG402",
        "Statement repeats the title or another statement",
        "The reader learns nothing from it; it is often a placeholder.",
        "Say in plain words what is required.",
    ),
    _w(
        "CG403",
        "First line does not name the schema",
        "Editors can then neither complete nor check the file.",
        "Begin the file with the yaml-language-server line.",
    ),
    _w(
        "CG404",
        "Mapping without a rationale",
        "A reviewer cannot accept or reject a claim that gives no reason.",
        "Add `rationale`.",
    ),
    _w(
        "CG405",
        "Dates of an edition do not fit",
        "A span that ends before it begins, or a missing start, makes the edition unusable.",
        "Correct `in_force`.",
    ),
    _c(
        "CG501",
        "Contradictory records",
        "Two verdicts on one thing at one date cannot both hold; the worse one is used.",
        "Remove or re-date one of them.",
    ),
    _w(
        "CG502",
        "Not applicable without a justification",
        "It is treated as not assessed: nobody has said why it does not apply.",
        "Add `justification`.",
    ),
    _w(
        "CG503",
        "Provider record is incomplete",
        "An inherited control stands only with a contract, a responsibility row for the control "
        "and an attestation valid at the date; until then it counts as not in place.",
        "Complete the provider in client.yaml.",
    ),
    _c(
        "CG504",
        "Evidence file was changed",
        "Its SHA-256 differs from the recorded one, so it proves nothing and casts doubt.",
        "Find out why; restore the file or record the new one as new evidence.",
    ),
    _w(
        "CG505",
        "Evidence file is missing",
        "The record points to a file that is not there.",
        "Restore the file or record where it is kept as `reference`.",
    ),
    _w(
        "CG506",
        "Record lies in the future",
        "A finding, decision or evidence record dated after the day asked about is not used.",
        "Check the date.",
    ),
    _w(
        "CG507",
        "Decision is incomplete",
        "A decision without approver, date or justification changes nothing.",
        "Complete the record.",
    ),
    _c(
        "CG508",
        "Not applicable is not allowed here",
        "The text lets nobody be exempt from this requirement by decision or finding.",
        "Remove the record; implement the requirement.",
    ),
    _w(
        "CG509",
        "Evidence record does not fit a control it names",
        "The control does not ask for this type, so the record is not credited to it.",
        "Correct the type or the control.",
    ),
    _w(
        "CG510",
        "Record belongs to an edition that is not evaluated",
        "It was made under another edition and no successor is declared for its requirement.",
        "Assess the new edition, or declare `replaces` in its catalog.",
    ),
    _w(
        "CG511",
        "Dates of a record contradict each other",
        "What ends before it begins, or is done before it is begun, is a slip in one of the dates.",
        "Correct the date.",
    ),
    _w(
        "CG512",
        "Evidence file without a hash",
        "Nobody can show later that it is still the file that was collected.",
        "Add `sha256`, the digest that `sha256sum FILE` prints.",
    ),
    _e(
        "CG513",
        "Output cannot be made from these records",
        "A paper that would be empty, cut or about a rule that does not bind would mislead.",
        "Read the message: it says what is missing or too long.",
    ),
)


def explain(code: str) -> str:
    """What a code means, why it matters and what to do, as text. Raises KeyError if unknown."""
    row = CODES[code]
    if row.fatal:
        effect = "Commands that need the file stop with exit code 2; `check` ends with exit code 1."
    elif row.severity == "error":
        effect = "`check` ends with exit code 1; other commands go on."
    else:
        effect = "A warning; with `check --strict` it ends with exit code 1."
    silence = "It cannot be ignored."
    if not row.fatal:
        silence = f"To accept it on one line: `# cg: ignore[{code}] because ...` on or above it."
    return (
        f"{row.code}: {row.title} ({row.severity})\n\n"
        f"Why it matters: {row.why}\n"
        f"What to do: {row.remedy}\n"
        f"Effect: {effect}\n"
        f"{silence}\n"
    )
