"""Check that the framework in CONTRIBUTING.md is added by its two YAML files and nothing else.

Copies the library, puts in the files that the page shows, and asks the product's own commands.
Prints what is wrong; exit 1 if anything is.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = re.compile(r"^<!-- example: (\S+) -->\n```yaml\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def ask(library: Path, *arguments: str) -> dict[str, Any]:
    """The JSON answer of one command over a library."""
    command = [sys.executable, "-m", "compliance_graph", *arguments, "--library", str(library)]
    done = subprocess.run([*command, "--format", "json"], capture_output=True, text=True)
    if not done.stdout:
        sys.exit(f"compliance-graph {' '.join(arguments)}: {done.stderr.strip()}")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def main() -> int:
    """Add the framework of the page to a copy of the library and look for it."""
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    examples = dict(EXAMPLE.findall(page))
    if len(examples) != 2:
        print(f"CONTRIBUTING.md: the recipe shows {len(examples)} files, not two")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder)
        for name in ("frameworks", "controls", "evidence"):
            shutil.copytree(ROOT / name, library / name)
        for name, text in examples.items():
            (library / name).write_text(text, encoding="utf-8")
        faults = [
            f"CONTRIBUTING.md: {item['path']}:{item['line']}: {item['code']} {item['message']}"
            for item in ask(library, "check")["diagnostics"]
            if item["path"] in examples
        ]
        shown = ask(library, "frameworks", "show", "records-care")["requirements"]
    ids = {requirement["id"] for requirement in shown}
    if not any(name.endswith("2(a)") for name in ids):
        faults.append(f"CONTRIBUTING.md: frameworks show gives {sorted(ids)}")
    print("\n".join(faults) or "the example framework loads")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
