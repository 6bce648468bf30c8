"""The one writer: before or after, never between, whatever fails and whoever else is writing."""

from __future__ import annotations

import ast
import errno
import os
import random
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from compliance_graph import storage
from compliance_graph.storage import WriteError, digest, make_folder, write

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "compliance_graph"
OLD, NEW = b"old\n" * 1000, b"new\n" * 2000


def child(script: str, *arguments: object) -> subprocess.Popen[bytes]:
    """A Python process that runs the script with the arguments."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def finish(process: subprocess.Popen[bytes]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=60)
    return process.returncode, out.decode(), err.decode()


# ---------------------------------------------------------------- what is written


def test_a_new_file_gets_the_rights_the_umask_leaves(tmp_path: Path) -> None:
    path = tmp_path / "new.yaml"
    before = os.umask(0o027)
    try:
        write(path, NEW)
    finally:
        os.umask(before)
    assert path.read_bytes() == NEW
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o664, 0o755])
def test_the_mode_of_a_file_is_kept(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(OLD)
    path.chmod(mode)
    write(path, NEW)
    assert path.read_bytes() == NEW
    assert stat.S_IMODE(path.stat().st_mode) == mode


@pytest.mark.parametrize(
    "content", [b"", b"a: 1\r\nb: 2\r\n", b"\xef\xbb\xbfa: 1", bytes(range(256))]
)
def test_content_is_kept_byte_for_byte(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.yaml"
    write(path, content)
    assert path.read_bytes() == content
    write(path, content, expected=digest(path), guard=True)
    assert path.read_bytes() == content


def test_a_link_stays_a_link_and_its_file_is_written(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    path, link = tmp_path / "far" / "a.yaml", tmp_path / "link.yaml"
    path.write_bytes(OLD)
    link.symlink_to(Path("far") / "a.yaml")
    write(link, NEW, expected=digest(link), guard=True)
    assert link.is_symlink()
    assert path.read_bytes() == NEW
    assert os.listdir(tmp_path / "far") == ["a.yaml"]


def test_a_link_that_leads_nowhere_or_to_itself_is_refused(tmp_path: Path) -> None:
    for name, target in (("nowhere", "gone/a.yaml"), ("self", "self")):
        link = tmp_path / name
        link.symlink_to(target)
        with pytest.raises(WriteError):
            write(link, NEW)
        assert link.is_symlink()


# ---------------------------------------------------------------- guard


def test_the_guard_refuses_a_file_that_changed_underneath(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(OLD)
    read = digest(path)
    path.write_bytes(b"someone else")
    with pytest.raises(WriteError, match="changed by someone else") as caught:
        write(path, NEW, expected=read, guard=True)
    assert caught.value.path == path
    assert path.read_bytes() == b"someone else"
    assert os.listdir(tmp_path) == ["a.yaml"]


def test_the_guard_refuses_a_file_that_came_or_went(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    assert digest(path) is None
    path.write_bytes(b"came")
    with pytest.raises(WriteError):
        write(path, NEW, expected=None, guard=True)
    read = digest(path)
    path.unlink()
    with pytest.raises(WriteError):
        write(path, NEW, expected=read, guard=True)
    assert not path.exists()


ADD_LINES = """
import sys
from pathlib import Path
from compliance_graph.storage import WriteError, digest, write
path, name = Path(sys.argv[1]), sys.argv[2]
refused = 0
for number in range(30):
    while True:
        read = digest(path)
        content = path.read_bytes()
        try:
            write(path, content + f"{name} {number}\\n".encode(), expected=read, guard=True)
            break
        except WriteError as error:
            assert "changed by someone else" in str(error), error
            refused += 1
print(refused)
"""


def test_two_writers_with_guard_and_retry_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "log.yaml"
    path.write_bytes(b"")
    for code, _, err in map(finish, [child(ADD_LINES, path, name) for name in "ab"]):
        assert (code, err) == (0, "")
    lines = path.read_text().splitlines()
    for name in "ab":
        assert [x for x in lines if x[0] == name] == [f"{name} {n}" for n in range(30)]
    assert os.listdir(tmp_path) == ["log.yaml"]


# ---------------------------------------------------------------- faults


def raising(number: int) -> Callable[..., None]:
    def fail(*arguments: object, **keywords: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize("step", ["stat", "fdopen", "fsync", "chmod", "replace"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EACCES])
@pytest.mark.parametrize("exists", [True, False])
def test_a_fault_at_any_step_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, number: int, exists: bool
) -> None:
    path = tmp_path / "a.yaml"
    if exists:
        path.write_bytes(OLD)
    with monkeypatch.context() as patch:
        patch.setattr(storage.os, step, raising(number))
        with pytest.raises(WriteError) as caught:
            write(path, NEW)
    assert caught.value.path == path
    assert os.strerror(number) in caught.value.reason
    assert os.listdir(tmp_path) == (["a.yaml"] if exists else [])
    assert not exists or path.read_bytes() == OLD


def test_an_interrupt_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    path = tmp_path / "a.yaml"
    path.write_bytes(OLD)
    monkeypatch.setattr(storage.os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write(path, NEW)
    assert path.read_bytes() == OLD
    assert os.listdir(tmp_path) == ["a.yaml"]


def test_a_folder_that_cannot_be_synced_does_not_undo_what_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the rename the new file is there; to say "nothing written" would be false."""
    sync = os.fsync

    def only_files(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        sync(descriptor)

    monkeypatch.setattr(storage.os, "fsync", only_files)
    write(tmp_path / "a.yaml", NEW)
    assert (tmp_path / "a.yaml").read_bytes() == NEW


NO_SPACE = """
import resource, signal, sys
from pathlib import Path
from compliance_graph.storage import WriteError, write
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    write(Path(sys.argv[1]), b"n" * 1_000_000)
except WriteError as error:
    print(error.reason)
"""


def test_a_disk_that_takes_no_more_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(OLD)
    code, out, err = finish(child(NO_SPACE, path))
    assert (code, err) == (0, "")
    assert out == f"cannot be written: {os.strerror(errno.EFBIG)}\n"
    assert path.read_bytes() == OLD
    assert os.listdir(tmp_path) == ["a.yaml"]


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "plain").write_bytes(OLD)
    os.mkfifo(tmp_path / "pipe.yaml")
    for name in ("folder.yaml", "pipe.yaml", "plain/a.yaml", "nowhere/a.yaml", "n" * 300):
        for guard in (False, True):
            with pytest.raises(WriteError) as caught:
                write(tmp_path / name, NEW, guard=guard)
            assert caught.value.path == tmp_path / name
            assert caught.value.reason
    assert sorted(os.listdir(tmp_path)) == ["folder.yaml", "pipe.yaml", "plain"]
    assert (tmp_path / "plain").read_bytes() == OLD
    with pytest.raises(WriteError):
        make_folder(tmp_path / "plain" / "below")


# ---------------------------------------------------------------- kills

# Ends the process without clean-up before or after the n-th call into the system.
KILLED = """
import os, sys, tempfile
from pathlib import Path
from compliance_graph import storage
path, last = Path(sys.argv[1]), int(sys.argv[2])
seen = 0
def step():
    global seen
    seen += 1
    if seen == last:
        os._exit(9)
def around(module, name):
    real = getattr(module, name)
    def call(*arguments, **keywords):
        step()
        result = real(*arguments, **keywords)
        step()
        return result
    setattr(module, name, call)
for name in ("open", "stat", "fsync", "chmod", "replace", "close"):
    around(os, name)
around(tempfile, "mkstemp")
storage.write(path, b"new\\n" * 2000, expected=storage.digest(path), guard=True)
print(seen)
"""


def test_a_kill_at_any_call_leaves_the_old_file_or_the_new(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(OLD)
    path.chmod(0o640)
    code, out, err = finish(child(KILLED, path, 0))
    assert (code, err) == (0, "")
    steps = int(out)
    assert steps >= 14
    found = set()
    for last in range(1, steps + 1):
        path.write_bytes(OLD)
        code, _, err = finish(child(KILLED, path, last))
        assert code == 9, err
        found.add(path.read_bytes())
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        write(path, OLD)  # no lock is left behind
    assert found == {OLD, NEW}


FOREVER = """
import sys
from pathlib import Path
from compliance_graph.storage import write
path = Path(sys.argv[1])
while True:
    for letter in b"ab":
        write(path, bytes([letter]) * 3_000_000)
        print(end="x", flush=True)
"""


def test_a_kill_at_any_moment_leaves_one_whole_content(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    moments = random.Random(1)
    for _ in range(8):
        process = child(FOREVER, path)
        assert process.stdout is not None
        process.stdout.read(1)
        time.sleep(moments.random() / 20)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        content = path.read_bytes()
        assert len(content) == 3_000_000
        assert content.strip(content[:1]) == b""


# ---------------------------------------------------------------- nobody else writes


WRITERS = {
    "write_text", "write_bytes", "mkstemp", "mkdtemp", "NamedTemporaryFile", "TemporaryFile",
    "TemporaryDirectory", "SpooledTemporaryFile", "mkdir", "makedirs", "touch", "unlink", "remove",
    "rmdir", "rename", "renames", "replace_file", "symlink_to", "hardlink_to",
    "truncate", "ftruncate", "chmod", "pwrite", "sendfile", "copyfile", "copytree",
}  # fmt: skip


def writes(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and words of each call that could write to a disk."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            module = node.module if isinstance(node, ast.ImportFrom) else None
            names = [module or alias.name for alias in node.names]
            for name in names:
                if name in ("shutil", "tempfile"):
                    yield node.lineno, f"import {name}"
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        words = ast.unparse(node)
        if name in WRITERS:
            yield node.lineno, words
        elif name in ("open", "fdopen"):
            held = [*node.args, *(k.value for k in node.keywords)]
            modes = [a.value for a in held if isinstance(a, ast.Constant)]
            flags = ast.unparse(node)
            texts = [m for m in modes if isinstance(m, str) and len(m) <= 3]
            if any(set(m) & set("wax+") for m in texts) or "O_CREAT" in flags or "O_RDWR" in flags:
                yield node.lineno, words
        elif ast.unparse(called) in ("os.replace", "os.link", "os.symlink"):
            yield node.lineno, words


def test_the_walk_sees_what_it_looks_for() -> None:
    for line in (
        "open(p, 'w')", "open(p, mode='ab')", "p.open('x')", "open(p, 'r+')", "p.write_text('')",
        "p.write_bytes(b'')", "os.replace(a, b)", "import shutil", "from tempfile import mkstemp",
        "os.open(p, os.O_CREAT)", "os.fdopen(n, 'wb')", "p.mkdir()",
        "os.makedirs(p)", "p.unlink()", "a.rename(b)",
    ):  # fmt: skip
        assert list(writes(ast.parse(line))), line
    for line in ("open(p)", "p.open('rb')", "'a'.replace('b', 'c')", "os.open(p, os.O_RDONLY)"):
        assert not list(writes(ast.parse(line))), line


def test_only_the_one_writer_writes() -> None:
    found = [
        f"{path.relative_to(PACKAGE)}:{line}: {words}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if path != PACKAGE / "storage.py"
        for line, words in writes(ast.parse(path.read_text(encoding="utf-8")))
        if "os.O_WRONLY" not in words  # stdout without a reader is pointed at os.devnull
    ]
    assert found == []


# Everything Python opens, as the interpreter itself reports it. The code of libraries is included:
# a workbook or a document that went through a temporary folder would leave client data there.
WATCHED = """
import os, sys
opened = []
def watch(event, arguments):
    if event == "open":
        path, mode, flags = arguments
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) and isinstance(path, (str, bytes)):
            opened.append(os.fsdecode(path))
from compliance_graph.cli import run
sys.addaudithook(watch)
code = run(sys.argv[1:])
for path in opened:
    print("opened", path, file=sys.stderr)
sys.exit(code)
"""


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("gap.json", ("gap", "CLIENT", "--format", "json")),
        ("scope.md", ("scope", "CLIENT", "--format", "md")),
        ("graph.graphml", ("graph", "export", "CLIENT")),
        ("matrix.xlsx", ("matrix", "export", "CLIENT")),
        ("gaps.docx", ("document", "gap-report", "CLIENT")),
        ("wisp.html", ("document", "wisp", "CLIENT")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_command_opens_nothing_for_writing_but_the_file_beside_its_target(
    tmp_path: Path, name: str, arguments: tuple[str, ...]
) -> None:
    client = str(PACKAGE / "samples" / "lone-star-tax")
    words = [client if word == "CLIENT" else word for word in arguments]
    target = tmp_path / name
    code, _, err = finish(child(WATCHED, *words, "-o", target))
    assert code == 0, err
    opened = [line.removeprefix("opened ") for line in err.splitlines() if line[:7] == "opened "]
    (path,) = {Path(line) for line in opened if not line.endswith(".pyc") and ".pyc." not in line}
    assert path.parent == tmp_path
    assert path.name.startswith(f".{name}.")
    assert os.listdir(tmp_path) == [name]
