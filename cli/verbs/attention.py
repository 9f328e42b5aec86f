"""`starter.py attention` and `hold list`: what waits for a person, what to do about it, and with which command."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from sqlalchemy import Connection

from cli import advice, behind, exits, output, tables
from cli.filters import Filters, filter_of, filter_options
from cli.from_record import answered, asking_temporal, wanted_of
from cli.options import F, option, verb, word
from cli.printing import NAME, Printing, printing_options
from client import scheme
from client.list_language import Filter, Run
from client.scheme import check_designation
from record import finding
from record.finding import Hold
from views.brief import BriefStatus

if TYPE_CHECKING:
    from cli.live import Live
    from client.finding import Entry
    from views.status import StatusView

_FIELDS = """\
--json:  an array of since (instant, or null where it is not known), candidate_id, name, designation, status,
         attention (the value), kind, result_id and hold (of a held result, else null), what, advice,
         command, reasons and vendor (of a held result, and only from the record: why the engine holds it,
         in the words of --hold-reason, and who delivered it)
--csv:   the same fields, a row for each

The record answers, and says how far it is behind. One person's candidacies are asked themselves, and so are all with
--live or --query.
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


_ALL = Filters()
_NO_HOLDS: Mapping[int, Hold] = MappingProxyType({})

FIELDS = (
    *("since", "candidate_id", NAME, "designation", "status"),
    *(field for field in advice.Case._fields if field != "since"),
    *("reasons", "vendor"),
)
"""The fields of `--json`, in their order."""


class Asked(NamedTuple):
    """What the flags ask for."""

    candidate: str | None
    of: str | None
    filters: Filters
    printing: Printing


def _arguments(function: F) -> F:
    shared: tuple[Callable[[Any], Any], ...] = (
        click.argument("candidate", required=False, type=word, metavar="[CANDIDATE]", help="of this one only"),
        click.argument("of", required=False, type=word, metavar="[DESIGNATION]", help="and of this candidacy only"),
        filter_options(due_within=False, attention=False, recorded=True),
        printing_options("print one JSON array"),
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
    found = Found(kinds, asked.filters)

    def recorded(connection: Connection) -> int:
        meant = replace(wanted_of(connection, asked.filters), open=True, attention=True)
        holds = finding.holds(connection, meant) if found.needs_holds(asked.printing) else {}
        for one, view in finding.views(connection, meant):
            if not kinds or advice.has_one(one.attention_values, kinds):
                found.add(BriefStatus.parse_json(view), one.name, holds.get((one.workflow_id, one.enrolment), {}))
        code = found.show(asked.printing)
        behind.say(behind.compared(behind.known(connection, meant)), always=asked.printing.for_people)
        return code

    def live(ask: "Live") -> int:
        ask.statuses(wanted, found.heard, found.wants)
        return found.show(asked.printing)

    if asked.candidate:
        asking_temporal().person(asked.candidate, asked.of, found.add)
        return found.show(asked.printing)
    return answered(asked.filters, recorded, live)


def _wanted(asked: Asked) -> Filter:
    if asked.candidate and asked.filters._replace(live=False) != _ALL:
        raise exits.BadInput("One candidate needs no filter: leave the filters out.")
    return replace(filter_of(asked.filters), run=Run.OPEN, attention=True)


class _Line(NamedTuple):
    """One case, and the candidacy that it is about. `hold` is what the record knows of a held result."""

    candidate_id: str
    name: str | None
    designation: str
    status: str
    case: advice.Case
    hold: Hold | None

    @property
    def order(self) -> tuple[Any, ...]:
        # A case of unknown age stands behind those of a known one.
        since = self.case.since
        return (since is None, since and since.timestamp(), self.candidate_id, self.case.attention)


class Found:
    """The cases of these kinds (of all, where none is named), and which candidacies did not answer."""

    def __init__(self, kinds: tuple[str, ...], filters: Filters = _ALL) -> None:
        self._kinds = kinds
        self._reasons = filters.hold_reason
        self._vendors = [vendor.strip().casefold() for vendor in filters.vendor]
        self._cases: list[_Line] = []
        self.silent: list[Entry] = []

    def wants(self, entry: "Entry") -> bool:
        """Whether this candidacy may have such a case, so that it must be asked."""
        return advice.may_ask(entry, self._kinds)

    def needs_holds(self, printing: Printing) -> bool:
        """Whether what the record knows of held results is printed, or chooses cases. People get none of it."""
        return not printing.for_people or bool(self._reasons or self._vendors)

    def heard(self, entry: "Entry", status: "StatusView | None") -> None:
        """Takes what a candidacy has answered; None where it did not."""
        if status is None:
            self.silent.append(entry)
        else:
            self.add(status)

    def add(
        self, status: "StatusView | BriefStatus", name: str | None = None, holds: Mapping[int, Hold] = _NO_HOLDS
    ) -> None:
        """Takes the cases of one candidacy's answer. `holds` are those of the record, by their numbers."""
        for case in advice.cases(status):
            hold = holds.get(case.hold) if case.hold is not None else None
            if (not self._kinds or case.kind in self._kinds) and self._held_so(hold):
                whose = (status.candidate_id, name or status.name or None, status.designation, status.status)
                self._cases.append(_Line(*whose, case, hold))

    def _held_so(self, hold: Hold | None) -> bool:
        """Whether the case is a hold for one of the reasons, and by one of the vendors, that are asked for."""
        if self._reasons and not (hold and any(reason in self._reasons for reason in hold.reasons)):
            return False
        return not self._vendors or bool(hold and hold.vendor and hold.vendor.casefold() in self._vendors)

    def show(self, printing: Printing) -> int:
        """Shows them, and returns the exit code."""
        self._cases.sort(key=lambda one: one.order)
        if printing.for_people:
            zone = scheme.facts().zone
            for one in self._cases:
                _show(one, zone, printing)
            output.say(self._summary())
        else:
            printing.documents(FIELDS, map(_document, self._cases))
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
        NAME: one.name,
        "designation": one.designation,
        "status": one.status,
        **case,
        "reasons": list(one.hold.reasons) if one.hold else None,
        "vendor": one.hold.vendor if one.hold else None,
    }


def _show(one: _Line, zone: str, printing: Printing) -> None:
    case = one.case
    since = output.minute(case.since, zone) or "since unknown"
    number = f" (hold {case.hold})" if case.hold else ""
    name = f"  {one.name}" if one.name and printing.names else ""
    heading = f"{since}  {one.candidate_id} {one.designation}{name}  {case.attention}{number}"
    lines = [case.what] if case.what else []
    tables.block(heading, [*lines, f"to do: {case.advice}"], case.command)
