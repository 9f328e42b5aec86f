"""`starter.py attention` and `hold list`: what waits for a person, what to do about it, and with which command."""

import argparse
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from cli import advice, exits, output
from cli.arguments import word
from cli.filters import add_filters, filter_of
from views import words

if TYPE_CHECKING:
    from temporalio.client import Client

    from client.finding import Entry, Filter
    from views.status import StatusView

_FIELDS = """\
--json:  an array of since (instant, or null where it is not known), candidate_id, designation, status,
         attention (the value), kind, result_id (of a held result, else null), what, advice, command
"""
_HELP = f"""\
Shown for each: since when, whom, the attention value; what it is about; what to do; the command to copy. What is
written '<like this>' in it must be filled in; left as it is, it is refused. The longest waiting come first.
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
# A search attribute holds no more than so many values, and no longer ones; `status` has all. With longer ones than
# this something may have been left out.
_PUBLISHED = 20
_SURELY_ALL = 250


def add_parser(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the verb."""
    verbs.add_parser(
        "attention",
        help="what waits for a person, and what to do about it",
        description="Shows every held result, refused message and other matter that asks for a person's attention.",
        epilog=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        fill=_arguments,
    )


def add_hold_list(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `list` to the verbs of `hold`."""
    verbs.add_parser(
        "list",
        help="the results that are held for a decision",
        description="Shows every result that is held, why, and how to resolve it.",
        epilog=_HOLD_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        fill=_hold_arguments,
    )


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--kind",
        action="append",
        default=[],
        choices=advice.KINDS,
        metavar="KIND",
        help=f"may be repeated; one of {', '.join(advice.KINDS)}",
    )
    _shared_arguments(parser)


def _hold_arguments(parser: argparse.ArgumentParser) -> None:
    _shared_arguments(parser)
    parser.set_defaults(kind=[advice.HELD])


def _shared_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("candidate", nargs="?", type=word, metavar="CANDIDATE", help="of this one only")
    parser.add_argument("of", nargs="?", type=word, metavar="DESIGNATION", help="and of this candidacy only")
    add_filters(parser, due_within=False, attention=False)
    parser.add_argument("--json", action="store_true", help="print one JSON array")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Finds who needs attention, asks each once, and shows what for."""
    from cli.session import connected
    from client import asking
    from client.candidacy import Candidacy
    from client.scheme import check_designation

    if args.of:
        check_designation(args.of)
    one = Candidacy(args.candidate, args.of) if args.of else None
    wanted = _wanted(args)

    async def work(client: "Client") -> int:
        found = _Found(tuple(args.kind))
        if one:
            found.add(await asking.status(client, one))
        else:
            await _ask(client, wanted, found)
        return found.show(as_json=args.json)

    return connected(work)


def _wanted(args: argparse.Namespace) -> "Filter":
    from dataclasses import replace

    from client.finding import Run

    filters = args.status or args.designation or args.query is not None
    if args.of and filters:
        raise exits.BadInput("One candidacy needs no filter: leave out --status, --designation and --query.")
    return replace(filter_of(args), run=Run.OPEN, attention=True, candidate_id=args.candidate)


async def _ask(client: "Client", wanted: "Filter", found: "_Found") -> None:
    from cli import asking
    from client import finding

    entries = [entry async for entry in finding.candidacies(client, wanted) if found.wants(entry)]
    async for answer in asking.statuses(client, entries, len(entries)):
        if answer.status is None:
            found.silent.append(answer.entry)
        else:
            found.add(answer.status)


class _Whose(NamedTuple):
    """One matter, and whose it is."""

    candidate_id: str
    designation: str
    status: str
    matter: advice.Matter

    @property
    def order(self) -> tuple[Any, ...]:
        # What nobody knows the age of waits behind what has waited for long.
        since = self.matter.since
        return (since is None, since and since.timestamp(), self.candidate_id, self.matter.attention)


class _Found:
    """The matters of these kinds (of all, where none is named), and who did not answer."""

    def __init__(self, kinds: tuple[str, ...]) -> None:
        self._kinds = kinds
        self._matters: list[_Whose] = []
        self.silent: list[Entry] = []

    def wants(self, entry: "Entry") -> bool:
        """Whether it may have one of them: so no other need be asked."""
        values = entry.needs_attention
        cut = len(values) >= _PUBLISHED or sum(map(len, values)) > _SURELY_ALL
        known = [words.attention_of(value) for value in values]
        return not self._kinds or cut or any(one.kind in self._kinds for one in known if one)

    def add(self, status: "StatusView") -> None:
        for matter in advice.matters(status):
            if not self._kinds or matter.kind in self._kinds:
                self._matters.append(_Whose(status.candidate_id, status.designation, status.status, matter))

    def show(self, *, as_json: bool) -> int:
        self._matters.sort(key=lambda one: one.order)
        if as_json:
            output.document([_document(one) for one in self._matters])
        else:
            for one in self._matters:
                _show(one)
            output.say(self._summary())
        for entry in self.silent:
            output.say(f"{entry} does not answer, and is left out: look at its workflow in the Temporal UI.")
        return exits.REFUSED if self.silent else exits.DONE

    def _summary(self) -> str:
        number = len(self._matters)
        if not number:
            return "No result is held." if self._kinds == (advice.HELD,) else "Nothing needs attention."
        whom = len({(one.candidate_id, one.designation) for one in self._matters})
        matters = "1 matter" if number == 1 else f"{number} matters"
        return f"{matters} of {'1 candidacy' if whom == 1 else f'{whom} candidacies'}"


def _document(one: _Whose) -> dict[str, Any]:
    matter = one.matter._asdict()
    since: datetime | None = matter.pop("since")
    return {
        "since": output.exact(since) if since else None,
        "candidate_id": one.candidate_id,
        "designation": one.designation,
        "status": one.status,
        **matter,
    }


def _show(one: _Whose) -> None:
    matter = one.matter
    since = output.minute(matter.since) or "since unknown"
    heading = f"{since}  {one.candidate_id} {one.designation}  {matter.attention}"
    lines = [matter.what] if matter.what else []
    output.block(heading, [*lines, f"to do: {matter.advice}"], matter.command)
