"""What the verbs share: how their help is written, and the arguments and options that many of them have."""

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import wraps
from typing import Any, TypeVar, cast

import click

from cli import exits
from domain.identity import WORD

F = TypeVar("F", bound=Callable[..., Any])

_SPAN = re.compile(r"([0-9]+)([hdw])")
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}
_LONGEST = 9999


# --- how a help is written


class AsWritten(click.Command):
    """A command that prints its description and its epilog as they are written, line by line."""

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the description."""
        formatter.write(f"\n{(self.help or '').rstrip()}\n")

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes what stands below the options."""
        if self.epilog:
            formatter.write(f"\n{self.epilog.rstrip()}\n")


class Option(click.Option):
    """An option that may stand under a heading of its own in the help."""

    def __init__(self, declarations: Sequence[str], heading: str = "Options", **attributes: Any) -> None:
        super().__init__(declarations, **attributes)
        self.heading = heading


class Verb(AsWritten):
    """The command of one verb. Its callback returns the exit code.

    The callback raises `exits.Stop`, an error of `client.errors`, or `click.UsageError`.
    """

    exit_codes = exits.HELP

    def invoke(self, ctx: click.Context) -> Any:
        """As the base class; and remembers that the verb has begun."""
        ctx.ensure_object(Given).begun = ctx.command_path.partition(" ")[2]
        return super().invoke(ctx)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As the base class. Each `click.UsageError` names the verb that it is about, by its context."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            likely = " or ".join(self._meant(ctx, error.option_name))
            sentence = f"There is no option {error.option_name!r}"
            raise click.UsageError(f"{sentence}; did you mean {likely}?" if likely else sentence, ctx) from error
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise

    def _meant(self, ctx: click.Context, given: str) -> list[str]:
        """The options that a wrong one is near to; an option is also known by the field of the contract it fills."""
        names: dict[str, str] = {}
        for param in self.get_params(ctx):
            if isinstance(param, click.Option):
                for name in (*param.opts, *param.secondary_opts):
                    names[name] = name
                names.setdefault((param.name or "").rpartition("__")[2], param.opts[0])
        return list(dict.fromkeys(names[name] for name in near(given, names)))

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the example and the exit codes."""
        super().format_epilog(ctx, formatter)
        formatter.write(f"\n{self.exit_codes.rstrip()}\n")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the options, and after them those that have a heading of their own."""
        found: dict[str, list[tuple[str, str]]] = {"Options": []}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record and not isinstance(param, click.Argument):
                found.setdefault(getattr(param, "heading", "Options"), []).append(record)
        for heading, records in found.items():
            with formatter.section(heading):
                formatter.write_dl(records)


class VerbOfRows(Verb):
    """The command of a verb that writes an outcome file."""

    exit_codes = exits.ROWS_HELP


def verb(name: str, about: str, epilog: str, kind: type[Verb] = Verb) -> Callable[[Callable[..., int]], click.Command]:
    """Makes a function the command of the verb `name`. `about` and `epilog` are its help."""
    return click.command(name, cls=kind, help=about, epilog=epilog)


def option(*declarations: str, **attributes: Any) -> Callable[[F], F]:
    """An option; `heading` is the heading that it stands under in the help."""
    return click.option(*declarations, cls=Option, **attributes)


def gathered(kind: Callable[..., Any], names: Sequence[str], keyword: str) -> Callable[[F], F]:
    """Hands the options of these names to the function as one value, `keyword`, which `kind` makes of them."""

    def decorate(function: F) -> F:
        @wraps(function)
        def called(**given: Any) -> Any:
            value = kind(**{name: given.pop(name) for name in names if name in given})
            return function(**{keyword: value}, **given)

        return cast(F, called)

    return decorate


# --- the document of an error


@dataclass
class Given:
    """What the whole command line asks for, whatever comes of the verb: `as_json` is its `--json`, and so on.

    `begun` are the words of the verb, as soon as it does something else than read its arguments.
    """

    as_json: bool = False
    as_csv: bool = False
    begun: str | None = None


def json_option(help: str) -> Callable[[F], F]:
    """The flag `--json`, as `as_json`. An error is then printed as a document too."""
    return option("--json", "as_json", is_flag=True, help=help, callback=note_json)


def note_json(ctx: click.Context, _param: click.Parameter, value: bool) -> bool:
    """Remember that `--json` was given."""
    given = ctx.ensure_object(Given)
    given.as_json = value
    _check_one_output(given)
    return value


def csv_option(help: str = "print a CSV file for a spreadsheet") -> Callable[[F], F]:
    """The flag `--csv`, as `as_csv`, for what `cli.csv_output` writes."""
    return option("--csv", "as_csv", is_flag=True, help=help, callback=_note_csv)


def _note_csv(ctx: click.Context, _param: click.Parameter, value: bool) -> bool:
    given = ctx.ensure_object(Given)
    given.as_csv = value
    _check_one_output(given)
    return value


def _check_one_output(given: Given) -> None:
    if given.as_json and given.as_csv:
        raise click.UsageError("--json and --csv cannot both be given")


# --- values


def word(text: str) -> str:
    """A candidate id or designation, checked."""
    if not WORD.fullmatch(text):
        raise click.BadParameter(f"{text!r}: use 1 to 64 letters, digits, dots, underscores and hyphens")
    return text


def span(text: str) -> timedelta:
    """A length of time: a number with h, d or w."""
    found = _SPAN.fullmatch(text)
    if not found:
        raise click.BadParameter(f"{text!r}: write a number with h, d or w, e.g. 30d")
    if len(found[1]) > len(str(_LONGEST)):
        raise click.BadParameter(f"{text!r} is too long: at most {_LONGEST}{found[2]}")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def day(text: str) -> date:
    """A day, as the contract writes it."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no day: write it like 2026-11-22") from None


def number(text: str, least: int, most: int) -> int:
    """A whole number between these two."""
    if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
        raise click.BadParameter(f"{text!r}: write a whole number from {least} to {most}")
    return int(text)


def meant(given: str, known: Iterable[str], otherwise: str) -> str:
    """The end of a sentence: the known names that `given` is near to; `otherwise` where there is none."""
    found = near(given, known)
    return f"did you mean {' or '.join(found)}?" if found else otherwise


def near(given: str, known: Iterable[str]) -> list[str]:
    """At most three of the known names, those that `given` is nearest to first. Hyphens and case do not count."""
    names = list(known)
    close = difflib.get_close_matches(_plain(given), map(_plain, names), n=3)
    return [name for one in dict.fromkeys(close) for name in names if _plain(name) == one]


def _plain(name: str) -> str:
    return re.sub(r"[-_ ]", "", name).lower()


# --- whom a verb is about

CANDIDATE: dict[str, Any] = {"metavar": "CANDIDATE", "type": word, "help": "candidate id, e.g. C-1001"}
DESIGNATION: dict[str, Any] = {"metavar": "DESIGNATION", "type": word, "help": "e.g. CCSL"}


OPTIONAL_DESIGNATION: dict[str, Any] = {
    "metavar": "[DESIGNATION]",
    "type": word,
    "required": False,
    "help": "e.g. CCSL; may be left out where the person has one candidacy",
}


def candidacy(function: F) -> F:
    """The two words that name a candidacy, as `candidate` and `designation`."""
    return click.argument("candidate", **CANDIDATE)(click.argument("designation", **DESIGNATION)(function))


def candidate(function: F) -> F:
    """The same, where the designation may be left out (`designation` is then None), see `client.whose`."""
    return click.argument("candidate", **CANDIDATE)(click.argument("designation", **OPTIONAL_DESIGNATION)(function))
