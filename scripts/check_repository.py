"""Checks of the repository that no other tool makes.

Links in Markdown lead somewhere, every YAML file names the schema it follows, and the locks cover
pyproject.toml with hashes and no address. Prints one line per fault; exit 1 if there is any.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(__file__).resolve().parent.parent
MODELINE = "# yaml-language-server: $schema="
FENCE = re.compile(r"^(`{3,}|~{3,}).*?^\1", re.DOTALL | re.MULTILINE)
INLINE_CODE = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"\]\(<?([^)<>\s]+)>?(?:\s+\"[^\"]*\")?\)")
HEADING = re.compile(r"^#{1,6} +(.*?)\s*#*$", re.MULTILINE)
PIN = re.compile(r"^([a-z0-9][a-z0-9-]*)==([^ ;\\]+)", re.MULTILINE)


def shown(path: Path) -> str:
    """The path as one reads it from the top of the checkout."""
    return path.relative_to(ROOT).as_posix()


def sources(*patterns: str) -> Iterator[Path]:
    """Files of the checkout that match, leaving out what is built or installed."""
    for pattern in patterns:
        for path in sorted(ROOT.glob(pattern)):
            parts = path.relative_to(ROOT).parts
            if path.is_file() and not any(p.startswith(".") or p == "build" for p in parts):
                yield path


def anchors(text: str) -> set[str]:
    """The anchors that a Markdown page offers, as the usual renderers form them."""
    found: set[str] = set()
    for heading in HEADING.findall(FENCE.sub("", text)):
        plain = re.sub(r"[^\w\- ]", "", heading.lower().replace("`", ""))
        anchor = plain.strip().replace(" ", "-")
        number = 0
        while (name := f"{anchor}-{number}" if number else anchor) in found:
            number += 1
        found.add(name)
    return found | set(re.findall(r"<a (?:id|name)=\"([^\"]+)\"", text))


def broken_links() -> Iterator[str]:
    """Relative links in Markdown that lead nowhere."""
    for page in sources("*.md", "docs/**/*.md", "benchmarks/**/*.md"):
        text = page.read_text(encoding="utf-8")
        for target in LINK.findall(INLINE_CODE.sub("", FENCE.sub("", text))):
            if re.match(r"[a-z][a-z0-9+.-]*:", target):
                continue
            name, _, anchor = unquote(target).partition("#")
            other = (page.parent / name).resolve() if name else page
            if not other.exists():
                yield f"{shown(page)}: link to {target}: there is no such file"
            elif anchor and other.suffix == ".md":
                there = text if other == page else other.read_text(encoding="utf-8")
                if anchor not in anchors(there):
                    yield f"{shown(page)}: link to {target}: there is no such heading"


def missing_schemas() -> Iterator[str]:
    """YAML files whose first line does not name a schema of ours."""
    schemas = ROOT / "src/compliance_graph/schemas"
    for path in sources("frameworks/**/*.yaml", "controls/**/*.yaml", "evidence/**/*.yaml"):
        with path.open(encoding="utf-8") as file:
            first = file.readline().rstrip("\n")
        schema = (path.parent / first.removeprefix(MODELINE)).resolve()
        if not first.startswith(MODELINE):
            yield f"{shown(path)}:1: the first line must name the schema: {MODELINE}..."
        elif schema.parent != schemas or not schema.is_file():
            yield f"{shown(path)}:1: {first.removeprefix(MODELINE)} is no schema of ours"


def normal(name: str) -> str:
    """A project name as the locks spell it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def lock_faults() -> Iterator[str]:
    """Locks that miss a dependency, differ from each other, lack a hash or name an address."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        data = tomllib.load(file)
    pins: dict[str, dict[str, str]] = {}
    for path in sources("requirements/*.lock"):
        text = path.read_text(encoding="utf-8")
        pins[path.name] = dict(PIN.findall(text))
        entries = re.split(r"\n(?=\S)", text.strip())
        for entry in entries:
            if not re.match(PIN, entry) or "--hash=sha256:" not in entry:
                yield f"{shown(path)}: not a pinned release with hashes: {entry.splitlines()[0]}"
        if "://" in text:
            yield f"{shown(path)}: names an address"
    project = data["project"]
    wanted = {
        "runtime.lock": project["dependencies"],
        "dev.lock": project["dependencies"] + project["optional-dependencies"]["dev"],
        "build.lock": data["build-system"]["requires"],
    }
    for lock, requirements in wanted.items():
        for requirement in requirements:
            name = normal(re.split(r"[^A-Za-z0-9._-]", requirement)[0])
            if name not in pins.get(lock, {}):
                yield f"requirements/{lock}: {name} is missing; run make lock"
    for lock in ("runtime.lock", "build.lock"):
        for name, version in pins.get(lock, {}).items():
            other = pins.get("dev.lock", {}).get(name)
            if other != version:
                yield f"requirements/{lock}: {name} {version}, but {other} in dev.lock"


def main() -> int:
    """Print every fault; the number decides the exit code."""
    faults = [*broken_links(), *missing_schemas(), *lock_faults()]
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
