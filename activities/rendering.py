"""Renders the subject and the text of a notice from its facts, with the template `templates/{notice}.txt.j2`.

A template begins with a line `Subject: ...` and a blank line, then comes the text. `templates/_layout.txt.j2` adds the
greeting, the signature and the facts at the end. A changed file is read again, without a restart.

Every value that a template shows stands on one line, so that a purchase reference forges no paragraph. Only the filter
`quoted` keeps the lines of a text, each with the mark of a quotation.
"""

from __future__ import annotations

import functools
import re
import textwrap
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import jinja2

from domain.calendar import day_of
from domain.events import ResultFacts
from domain.plurals import counted
from domain.types import Score
from views.plain import one_line
from views.timeline import result_words

TEMPLATES = Path(__file__).resolve().parent / "templates"
_NOTICE = re.compile(r"[a-z]+(-[a-z]+)*")
_WIDTH = 76
_HARD = "\N{NO-BREAK SPACE}"  # keeps two words on one line; becomes a plain space in the end
_PERCENT = re.compile(r"(?<=\d) (?=%)")


class Lines(str):
    """A text whose lines stay: a quotation, or a part of the notice that is rendered already."""

    __slots__ = ()


class TemplateFault(Exception):
    """A template is missing, or does not fit its facts. The error shows no value of the facts."""


class Renderer:
    """Renders notices from a folder of templates."""

    def __init__(self, folder: Path = TEMPLATES) -> None:
        self._environment = _environment(folder)

    def render(self, notice: str, name: str, facts: Mapping[str, Any]) -> tuple[str, str]:
        """The subject and the text of a notice. `name` is the candidate's name, for the greeting.

        Besides the facts a template knows `advancing`, whether the candidate is on the advancement path, and `window`,
        the words for the window there: nothing is tested on that path.

        Raises:
            TemplateFault: there is no such template, or it does not fit these facts.
        """
        # Files with an underscore, such as the layout, are not notices. A slash or dots could lead out of the folder.
        if not _NOTICE.fullmatch(notice):
            raise TemplateFault(f"There is no notice {notice[:64]!r}.")
        advancing = facts.get("path") == "advancement"
        facts = {**facts, "name": name, "advancing": advancing, "window": "window" if advancing else "testing window"}
        try:
            subject, text = _split(self._environment.get_template(f"{notice}.txt.j2").render(facts))
            whole = self._environment.get_template("_layout.txt.j2").render({**facts, "text": Lines(text)})
        except jinja2.TemplateNotFound as error:
            raise TemplateFault(f"There is no template {error.name}.") from None
        except jinja2.TemplateSyntaxError as error:
            raise TemplateFault(f"Template {error.name or notice}, line {error.lineno}: {error.message}.") from None
        except jinja2.UndefinedError as error:
            # The message has only the names of fields, never their values.
            raise TemplateFault(f"Template {notice}: {error.message}.") from None
        except TemplateFault as error:
            raise TemplateFault(f"Template {notice}: {error}") from None
        except Exception as error:  # noqa: BLE001 - a template can raise any error, which may quote a fact
            raise TemplateFault(f"Template {notice} does not fit its facts ({type(error).__name__}).") from None
        return subject, reflowed(whole)


@functools.cache
def _environment(folder: Path) -> jinja2.Environment:
    """Reads the templates of a folder. There is one for each folder, because to compile a template takes long."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        undefined=jinja2.StrictUndefined,
        # In plain text nothing is escaped: "&" must stay "&".
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.filters |= FILTERS
    return environment


def _shown(value: Any) -> Any:
    """A value as a template shows it: a text on one line, unless its lines are to stay."""
    return one_line(value) if isinstance(value, str) and not isinstance(value, Lines) else value


def _split(rendered: str) -> tuple[str, str]:
    head, _, text = rendered.lstrip().partition("\n")
    if not head.startswith("Subject: ") or text[:1].strip():
        raise TemplateFault("it must begin with a line `Subject: ...` and a blank one.")
    return " ".join(head.removeprefix("Subject: ").split()), text.strip()


def reflowed(text: str) -> str:
    """The text with its paragraphs wrapped to 76 characters.

    A line that begins with `- ` begins an item of a list. A line that begins with `> ` is a quotation, and is not
    joined to its neighbours. Nor is a line that begins with `: `, such as those of the signature; this mark is removed.
    """
    blocks: list[str] = []
    joins = False
    for line in (raw.strip() for raw in text.split("\n")):
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
        break_long_words=False,  # keep URLs whole
        break_on_hyphens=False,
    )
    return filled.replace(_HARD, " ")


def _day(value: str | date) -> str:
    """`2028-11-22` as `22 November 2028`, in English whatever the machine's locale."""
    day = value if isinstance(value, date) else date.fromisoformat(value)
    return _HARD.join((str(day.day), _MONTHS[day.month - 1], str(day.year)))


_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def _day_in(instant: str, zone: str) -> str:
    """The day in the zone, written YYYY-MM-DD, on which an instant falls."""
    return day_of(datetime.fromisoformat(instant), zone).isoformat()


def _last_day(end: str, zone: str) -> str:
    """The last day in the zone, written YYYY-MM-DD, before an exclusive end."""
    return day_of(datetime.fromisoformat(end) - timedelta(microseconds=1), zone).isoformat()


def _percent(score: Mapping[str, Any]) -> str:
    """A score as people read it, truncated to two decimals (rule 8): `74.99 %`."""
    return f"{Score.model_validate(score).shown} %"


def _in_words(result: Mapping[str, Any]) -> str:
    """A result in a few words: `81.66 %, passed`."""
    return result_words(ResultFacts.model_validate(result))


def _replaced_words(replaced: Mapping[str, Any]) -> str:
    """What a result replaces, in a few words: `81.66 %, passed`."""
    score = "" if replaced["percentage"] is None else f"{replaced['percentage']} %, "
    return f"{score}{'passed' if replaced['passed'] else 'not passed'}"


def _quoted(text: str) -> Lines:
    """A text as a quotation: each line begins with `> `. Whatever ends a line somewhere ends a line here."""
    return Lines("\n".join(f"> {one_line(line)}".rstrip() for line in text.splitlines()))


FILTERS = {
    "day": _day,
    "day_in": _day_in,
    "last_day": _last_day,
    "percent": _percent,
    "in_words": _in_words,
    "replaced_words": _replaced_words,
    "quoted": _quoted,
    "count_of": counted,
}
