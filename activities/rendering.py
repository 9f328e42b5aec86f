"""Turns a notice and its facts into subject and text, from `templates/{notice}.txt.j2`.

A template's first line is `Subject: ...`, then comes a blank line and the text. Greeting, signature and the
facts at the end are `templates/_layout.txt.j2`. Files are read again when they change: no restart needed.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import jinja2

from domain.calendar import day_of
from domain.events import ResultFacts
from domain.types import Score
from views.timeline import result_words

TEMPLATES = Path(__file__).resolve().parent / "templates"
_NOTICE = re.compile(r"[a-z]+(-[a-z]+)*")
_WIDTH = 76
_HARD = "\N{NO-BREAK SPACE}"  # where a line must not end; a plain space in the mail
_PERCENT = re.compile(r"(?<=\d) (?=%)")


class TemplateFault(Exception):
    """A template is missing or does not fit its facts. The message shows no value of the facts."""


class Renderer:
    """Renders notices from a folder of templates."""

    def __init__(self, folder: Path = TEMPLATES) -> None:
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(folder),
            undefined=jinja2.StrictUndefined,
            # Plain text: there is nothing to escape, and "&" must stay "&".
            autoescape=False,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= FILTERS

    def render(self, notice: str, name: str, facts: Mapping[str, Any]) -> tuple[str, str]:
        """Subject and text of a notice. Raises `TemplateFault`."""
        # An underscore begins what is no notice (the layout), a slash or dots would lead out of the folder.
        if not _NOTICE.fullmatch(notice):
            raise TemplateFault(f"There is no notice {notice[:64]!r}.")
        facts = {**facts, "name": name}
        try:
            subject, text = _split(self._environment.get_template(f"{notice}.txt.j2").render(facts))
            whole = self._environment.get_template("_layout.txt.j2").render({**facts, "text": text})
        except jinja2.TemplateNotFound as error:
            raise TemplateFault(f"There is no template {error.name}.") from None
        except jinja2.TemplateSyntaxError as error:
            raise TemplateFault(f"Template {error.name or notice}, line {error.lineno}: {error.message}.") from None
        except jinja2.UndefinedError as error:
            # Names of fields only, never their values.
            raise TemplateFault(f"Template {notice}: {error.message}.") from None
        except TemplateFault as error:
            raise TemplateFault(f"Template {notice}: {error}") from None
        except Exception as error:  # noqa: BLE001 - a template can fail in any way; its message may quote a fact
            raise TemplateFault(f"Template {notice} does not fit its facts ({type(error).__name__}).") from None
        return subject, reflowed(whole)


def _split(rendered: str) -> tuple[str, str]:
    head, _, text = rendered.lstrip().partition("\n")
    if not head.startswith("Subject: ") or text[:1].strip():
        raise TemplateFault("it must begin with a line `Subject: ...` and a blank one.")
    return " ".join(head.removeprefix("Subject: ").split()), text.strip()


def reflowed(text: str) -> str:
    """The text with its paragraphs filled to the width of a mail.

    A line beginning with `- ` begins an item of a list; one with `> ` is somebody's own words and stays
    apart, as does one with `: `, a mark that is taken away (the lines of the signature).
    """
    blocks: list[str] = []
    joins = False
    for line in (raw.strip() for raw in text.splitlines()):
        apart = not line or line.startswith((">", ": "))
        if joins and not apart and not line.startswith("- "):
            blocks[-1] += f" {line}"
        elif line or (blocks and blocks[-1]):
            blocks.append(line)
        joins = not apart
    return "\n".join(_filled(block) for block in blocks).strip() + "\n"


def _filled(block: str) -> str:
    mark = block[:2]
    filled = textwrap.fill(
        _PERCENT.sub(_HARD, block.removeprefix(": ")),
        _WIDTH,
        subsequent_indent={"- ": "  ", "> ": "> ", ": ": "    "}.get(mark, ""),
        break_long_words=False,  # an address of a page stays whole
        break_on_hyphens=False,
    )
    return filled.replace(_HARD, " ")


def _day(value: str | date) -> str:
    """`2028-11-22` as `22 November 2028`, whatever the machine's language."""
    day = value if isinstance(value, date) else date.fromisoformat(value)
    return _HARD.join((str(day.day), _MONTHS[day.month - 1], str(day.year)))


_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def _day_in(instant: str, zone: str) -> str:
    """The day, YYYY-MM-DD, on which an instant falls in the zone."""
    return day_of(datetime.fromisoformat(instant), zone).isoformat()


def _last_day(border: str, zone: str) -> str:
    """The last day before an exclusive border."""
    return day_of(datetime.fromisoformat(border) - timedelta(microseconds=1), zone).isoformat()


def _percent(score: Mapping[str, Any]) -> str:
    """A score as people read it: truncated, never rounded up (rule 8)."""
    return f"{Score.model_validate(score).shown} %"


def _told(result: Mapping[str, Any]) -> str:
    """What a result says, in a few words."""
    return result_words(ResultFacts.model_validate(result))


def _quoted(text: str) -> str:
    """What somebody wrote, set apart line by line."""
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def _count(number: int, one: str) -> str:
    """`1 attempt`, `2 attempts`."""
    return f"{number} {one}{'' if number == 1 else 's'}"


FILTERS = {
    "day": _day,
    "day_in": _day_in,
    "last_day": _last_day,
    "percent": _percent,
    "told": _told,
    "quoted": _quoted,
    "count_of": _count,
}
