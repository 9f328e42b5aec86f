"""`starter.py attention` and `hold list`: what waits for a person, what to do about it, and with which command."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

import click

from cli import advice, asking, exits, output, tables
from cli.filters import Filters, filter_of, filter_options
from cli.options import F, json_option, option, verb, word
from cli.session import connected
from client import finding, scheme, whose
from client.asking import status as status_of
from client.candidacy import Candidacy
from client.connection import Client
from client.finding import Entry, Filter, Run
from client.scheme import check_designation
from views.status import StatusView

_FIELDS = """\
--json:  an array of since (instant, or null where it is not known), candidate_id, designation, status,
         attention (the value), kind, result_id and hold (of a held result, else null), what, advice,
         command
"""
_HELP = f"""\
Each case is shown with its day, the candidacy and the attention value; what it is about; what to do; and the command
to copy. Fill in what is written '<like this>' in the command: it is refused otherwise. The oldest cases come first.

kinds:   {", ".join(advice.KINDS[:5])},
         {", ".join(advice.KINDS[5:])}
{_FIELDS}
examples:
  ./starter.py attention --designation CCSL --kind held-result
  ./starter.py attention C-1001 CCSL
"""
_HOLD_HELP = f"""\
{_FIELDS}
examples:
  ./starter.py hold list
  ./starter.py hold list C-1001 CCSL --json
"""


class Asked(NamedTuple):
    """What the flags ask for."""

    candidate: str | None
    of: str | None
    filters: Filters
    as_json: bool


def _arguments(function: F) -> F:
    shared: tuple[Callable[[Any], Any], ...] = (
        click.argument("candidate", required=False, type=word, metavar="[CANDIDATE]", help="of this one only"),
        click.argument("of", required=False, type=word, metavar="[DESIGNATION]", help="and of this candidacy only"),
        filter_options(due_within=False, attention=False),
        json_option("print one JSON array"),
    )
    for one in reversed(shared):
        function = one(function)
    return function


@verb(
    "attention",
    "Shows every held result, refused message and other case that asks for a person's attention.",
    _HELP,
)
@option(
    "--kind",
    multiple=True,
    type=click.Choice([str(kind) for kind in advice.KINDS]),
    metavar="KIND",
    help="may be repeated; the kinds are below",
)
@_arguments
def command(kind: tuple[str, ...], **given: Any) -> int:
    """Find the candidacies that need attention, ask each once, and show for what."""
    return _show_all(kind, Asked(**given))


@verb("list", "Shows every result that is held, why, and how to resolve it.", _HOLD_HELP)
@_arguments
def hold_list(**given: Any) -> int:
    """The same, for held results alone."""
    return _show_all((advice.HELD,), Asked(**given))


def _show_all(kinds: tuple[str, ...], asked: Asked) -> int:
    if asked.of:
        check_designation(asked.of)
    wanted = _wanted(asked)

    async def work(client: Client) -> int:
        found = Found(kinds)
        if asked.candidate:
            for one in await _candidacies(client, asked.candidate, asked.of):
                found.add(await status_of(client, one))
        else:
            await _ask(client, wanted, found)
        return found.show(as_json=asked.as_json)

    return connected(work)


async def _candidacies(client: Client, candidate: str, designation: str | None) -> list[Candidacy]:
    """The candidacy that is named; without a designation, all that are open. Raises as `client.whose.of` does."""
    if designation:
        return [Candidacy(candidate, designation)]
    return [one.candidacy for one in await whose.of(client, candidate) if one.open]


def _wanted(asked: Asked) -> Filter:
    if asked.candidate and asked.filters != Filters():
        raise exits.BadInput("One candidate needs no filter: leave out --status, --designation and --query.")
    return replace(filter_of(asked.filters), run=Run.OPEN, attention=True)


async def _ask(client: Client, wanted: Filter, found: "Found") -> None:
    entries = [entry async for entry in finding.candidacies(client, wanted) if found.wants(entry)]
    async for answer in asking.statuses(client, entries, len(entries)):
        if answer.status is None:
            found.silent.append(answer.entry)
        else:
            found.add(answer.status)


class _Line(NamedTuple):
    """One case, and the candidacy that it is about."""

    candidate_id: str
    designation: str
    status: str
    case: advice.Case

    @property
    def order(self) -> tuple[Any, ...]:
        # A case of unknown age stands behind those of a known one.
        since = self.case.since
        return (since is None, since and since.timestamp(), self.candidate_id, self.case.attention)


class Found:
    """The cases of these kinds (of all, where none is named), and which candidacies did not answer."""

    def __init__(self, kinds: tuple[str, ...]) -> None:
        self._kinds = kinds
        self._cases: list[_Line] = []
        self.silent: list[Entry] = []

    def wants(self, entry: Entry) -> bool:
        """Whether this candidacy may have such a case, so that it must be asked."""
        return advice.may_ask(entry, self._kinds)

    def add(self, status: StatusView) -> None:
        """Takes the cases of one candidacy's answer."""
        for case in advice.cases(status):
            if not self._kinds or case.kind in self._kinds:
                self._cases.append(_Line(status.candidate_id, status.designation, status.status, case))

    def show(self, *, as_json: bool) -> int:
        """Shows them, and returns the exit code."""
        self._cases.sort(key=lambda one: one.order)
        if as_json:
            output.document([_document(one) for one in self._cases])
        else:
            for one in self._cases:
                _show(one)
            output.say(self._summary())
        for entry in self.silent:
            output.say(f"{entry} does not answer, and is left out: look at its workflow in the Temporal UI.")
        return exits.REFUSED if self.silent else exits.DONE

    def _summary(self) -> str:
        number = len(self._cases)
        if not number:
            return "No result is held." if self._kinds == (advice.HELD,) else "Nothing needs attention."
        whom = len({(one.candidate_id, one.designation) for one in self._cases})
        cases = "1 case" if number == 1 else f"{number} cases"
        return f"{cases} for {'1 candidacy' if whom == 1 else f'{whom} candidacies'}"


def _document(one: _Line) -> dict[str, Any]:
    case = one.case._asdict()
    since: datetime | None = case.pop("since")
    return {
        "since": output.exact(since) if since else None,
        "candidate_id": one.candidate_id,
        "designation": one.designation,
        "status": one.status,
        **case,
    }


def _show(one: _Line) -> None:
    case = one.case
    since = output.minute(case.since, scheme.facts().zone) or "since unknown"
    number = f" (hold {case.hold})" if case.hold else ""
    heading = f"{since}  {one.candidate_id} {one.designation}  {case.attention}{number}"
    lines = [case.what] if case.what else []
    tables.block(heading, [*lines, f"to do: {case.advice}"], case.command)
