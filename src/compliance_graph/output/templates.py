"""The one factory of Jinja2 environments: sandboxed, strict, autoescape on for every name.

What comes in: a template of the package and plain data. What goes out: text. `prose` renders the
Markdown subset of `documents/markup.py`; there every value from data is wrapped so that the
parser can never take it for markup. An unknown name, a wrong tag or an unsafe attribute is a
`TemplateFault` with file and line.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import (
    FileSystemLoader,
    StrictUndefined,
    TemplateNotFound,
    TemplateSyntaxError,
    UndefinedError,
    pass_context,
)
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

FOLDER = Path(__file__).parent.parent / "templates"
# A value from data in prose: opening mark, its UTF-8 in hexadecimal, closing mark.
OPEN, CLOSE = "\ue000", "\ue001"
# Filters that would let data pass as markup, and one that would change from run to run.
_BARRED = ("safe", "e", "escape", "forceescape", "urlize", "xmlattr", "tojson", "random")


class TemplateFault(ValueError):
    """A template cannot be rendered: path relative to the template folder, line, message."""

    def __init__(self, path: str, line: int, message: str) -> None:
        super().__init__(f"{path}:{line}: {message}")
        self.path = path
        self.line = line


@cache
def environment(folder: Path = FOLDER, prose: bool = False) -> ImmutableSandboxedEnvironment:
    """An environment over one folder of templates."""
    made = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_wrapped if prose else None,
    )
    made.globals.clear()  # no cycler, lipsum or namespace: templates get plain data only
    for name in _BARRED:
        made.filters.pop(name, None)
    return made


@pass_context  # never folded into the compiled template
def _wrapped(context: Context, value: Any) -> Any:
    if hasattr(value, "__html__"):
        return value  # what a macro made: its own values are wrapped already
    text = str(value)  # raises for an undefined name
    return Markup(OPEN + text.encode("utf-8", "backslashreplace").hex() + CLOSE)


def render(name: str, data: Mapping[str, Any], folder: Path = FOLDER, prose: bool = False) -> str:
    """The text of a template. Raises TemplateFault."""
    try:
        return environment(folder, prose).get_template(name).render(data)
    except TemplateSyntaxError as error:
        raise TemplateFault(error.name or name, error.lineno, error.message or "") from None
    except TemplateNotFound as error:
        raise TemplateFault(str(error.name), 1, "there is no such template") from None
    except (UndefinedError, SecurityError) as error:
        path, line = _place(error, folder, name)
        raise TemplateFault(path, line, error.message or "not allowed here") from None


def _place(error: Exception, folder: Path, name: str) -> tuple[str, int]:
    """Template and line of the innermost template frame of an error."""
    path, line = name, 1
    trace = error.__traceback__
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        if file.is_relative_to(folder):
            path, line = file.relative_to(folder).as_posix(), trace.tb_lineno
        trace = trace.tb_next
    return path, line
