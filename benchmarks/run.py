"""Ratios that the product is held to, measured in one run. Report, not gate.

Everything is best of N and interleaved, so that a busy moment of the machine hits both sides. The
commands run as processes of their own from byte code that an unmeasured first round has written.

    python benchmarks/run.py            # the checkout beside this file
    python benchmarks/run.py --rounds 15
"""

from __future__ import annotations

import argparse
import gc
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

import yaml  # noqa: E402

from compliance_graph import validate  # noqa: E402
from compliance_graph.files import yaml_files  # noqa: E402
from compliance_graph.library_path import samples, shipped_library  # noqa: E402
from compliance_graph.loader import FOLDERS, load_library  # noqa: E402

AS_OF = "2026-11-21"
Row = tuple[str, str, float, float, float | None]  # what, against what, seconds, seconds, target


def best(rounds: int, jobs: Sequence[Callable[[], float]]) -> list[float]:
    """The least seconds of each job over some rounds, one after the other in each round."""
    least = [job() for job in jobs]
    for _ in range(rounds):
        least = [min(held, job()) for held, job in zip(least, jobs, strict=True)]
    return least


def largest_sample() -> Path:
    """The sample client with the most YAML."""
    found = [path for path in samples().iterdir() if (path / "client.yaml").is_file()]
    return max(found, key=lambda p: (sum(f.stat().st_size for f in p.glob("*.yaml")), p.name))


def process(environment: dict[str, str], *arguments: str) -> Callable[[], float]:
    """A job: wall seconds of one Python process, which must succeed."""

    def job() -> float:
        begin = time.perf_counter()
        done = subprocess.run(
            [sys.executable, *arguments], env=environment, capture_output=True, check=False
        )
        spent = time.perf_counter() - begin
        if done.returncode:
            sys.exit(f"{' '.join(arguments)} failed:\n{done.stderr.decode()}")
        return spent

    return job


def commands(rounds: int, folder: Path) -> list[Row]:
    """Cold starts against what Python and the libraries alone need."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
        "PYTHONPATH": str(ROOT / "src"),
        "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
    }
    client = str(largest_sample())
    product = ("-m", "compliance_graph")
    words = {
        "python -c pass": ("-c", "pass"),
        "import networkx, click, yaml": ("-c", "import networkx, click, yaml"),
        "import docx, jinja2": ("-c", "import docx, jinja2"),
        "--help": (*product, "--help"),
        "gap": (*product, "gap", client, "--as-of", AS_OF),
        "document gap-report (docx)": (
            *product, "document", "gap-report", client, "--as-of", AS_OF,
            "-o", str(folder / "w.docx"),
        ),
    }  # fmt: skip
    jobs = [process(environment, *arguments) for arguments in words.values()]
    spent = dict(zip(words, best(rounds, jobs), strict=True))
    pairs: list[tuple[str, str, float | None]] = [
        ("--help", "python -c pass", 5.0),
        ("gap", "import networkx, click, yaml", 2.0),
        ("document gap-report (docx)", "import docx, jinja2", None),
    ]
    return [(what, base, spent[what], spent[base], target) for what, base, target in pairs]


def reading(rounds: int) -> tuple[str, Row]:
    """Reading, validating and recording the library against a plain load of the same files."""
    root = shipped_library()
    paths = [path for folder, _ in FOLDERS for path in yaml_files(root / folder)]
    for kind in validate.SCHEMAS:
        validate.is_valid(kind, {})  # compiles the schemas: a cost of the start, not of reading

    def timed(work: Callable[[], object]) -> Callable[[], float]:
        def job() -> float:
            gc.collect()
            begin = time.perf_counter()
            work()
            return time.perf_counter() - begin

        return job

    def plain() -> None:
        for path in paths:
            yaml.load(path.read_bytes(), yaml.CSafeLoader)

    plainly, fully = best(rounds, [timed(plain), timed(lambda: load_library(root))])
    size = sum(path.stat().st_size for path in paths) / 1e6
    row = ("read the library", "yaml.load(CSafeLoader)", fully, plainly, 1.3)
    return f"library: {len(paths)} files, {size:.1f} MB", row


def main() -> None:
    """Measure and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--rounds", type=int, default=9, help="rounds after the first [9]")
    rounds = parser.parse_args().rounds
    size, row = reading(rounds)
    with tempfile.TemporaryDirectory() as folder:
        rows = [*commands(rounds, Path(folder)), row]
    print(f"{date.today()}, Python {platform.python_version()}, {os.cpu_count()} cores, {size}, "
          f"sample: {largest_sample().name}, best of {rounds + 1}")  # fmt: skip
    print()
    print("| what | ms | against | ms | ratio | target |")
    print("|---|---:|---|---:|---:|---:|")
    for what, base, spent, held, target in rows:
        cells = [what, f"{spent * 1e3:.0f}", base, f"{held * 1e3:.0f}", f"{spent / held:.2f}"]
        print("| " + " | ".join([*cells, f"{target:g}" if target else "none"]) + " |")


if __name__ == "__main__":
    main()
