"""Where the shipped library is: in the installed package, or at the top of a checkout."""

from __future__ import annotations

from pathlib import Path


def shipped_library() -> Path:
    """The folder that holds frameworks/, controls/ and evidence/."""
    package = Path(__file__).resolve().parent
    packed = package / "library"
    if (packed / "frameworks").is_dir():
        return packed
    return package.parent.parent


def samples() -> Path:
    """The folder of the sample clients."""
    return Path(__file__).resolve().parent / "samples"
