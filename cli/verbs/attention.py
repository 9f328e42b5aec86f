"""`starter.py attention` and `hold list`: what waits for a person, what to do about it, and with which command."""

import argparse
from typing import TYPE_CHECKING, Any

from cli import advice, candidates, exits, finding, output
from runtime.attribute_names import Attribute

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from temporalio.client import Client

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
    parser.add_argument("candidate", nargs="?", type=candidates.word, metavar="CANDIDATE", help="of this one only")
    parser.add_argument("of", nargs="?", type=candidates.word, metavar="DESIGNATION", help="and of this candidacy only")
    finding.add_filters(parser, due_within=False, attention=False)
    parser.add_argument("--json", action="store_true", help="print one JSON array")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Finds who needs attention, asks each once, and shows what for."""
    if args.of:
        finding.check_designation(args.of)
    one = candidates.Candidacy(args.candidate, args.of) if args.of else None
    query = _query(args)

    from cli.session import connected

    async def work(client: "Client") -> int:
        found = _Found(tuple(args.kind))
        if one:
            found.add(await one.query(client, "status"))
        else:
            await _ask(client, query, found)
        return found.show(as_json=args.json)

    return connected(work)


def _query(args: argparse.Namespace) -> str:
    filters = args.status or args.designation or args.query is not None
    if args.of and filters:
        raise exits.BadInput("One candidacy needs no filter: leave out --status, --designation and --query.")
    query = finding.both(finding.query_of(args), f"{finding.OPEN} AND {Attribute.NEEDS_ATTENTION} IS NOT NULL")
    return finding.both(query, finding.is_(Attribute.CANDIDATE_ID, args.candidate)) if args.candidate else query


async def _ask(client: "Client", query: str, found: "_Found") -> None:
    from cli import asking

    wanted = [entry async for entry in finding.candidacies(client, query) if found.wants(entry)]
    async for entry, status in asking.statuses(client, _each(wanted), len(wanted)):
        if status is None:
            found.silent.append(entry)
        else:
            found.add(status)


async def _each(entries: list[finding.Entry]) -> "AsyncIterator[finding.Entry]":
    for entry in entries:
        yield entry


class _Found:
    """The matters of these kinds (of all, where none is named), and who did not answer."""

    def __init__(self, kinds: tuple[str, ...]) -> None:
        self._kinds = kinds
        self._matters: list[dict[str, Any]] = []
        self.silent: list[finding.Entry] = []

    def wants(self, entry: finding.Entry) -> bool:
        """Whether it may have one of them: so no other need be asked."""
        values = entry.needs_attention
        cut = len(values) >= _PUBLISHED or sum(map(len, values)) > _SURELY_ALL
        kinds = {value.partition(":")[0] for value in values}
        return not self._kinds or cut or not kinds.isdisjoint(self._kinds)

    def add(self, status: dict[str, Any]) -> None:
        whom = {name: status[name] for name in ("candidate_id", "designation", "status")}
        for matter in advice.matters(status):
            if not self._kinds or matter["kind"] in self._kinds:
                self._matters.append({"since": matter.pop("since"), **whom, **matter})

    def show(self, *, as_json: bool) -> int:
        # What nobody knows the age of waits behind what has waited for long.
        self._matters.sort(key=lambda one: (one["since"] is None, one["since"], one["candidate_id"], one["attention"]))
        if as_json:
            output.document(self._matters)
        else:
            for matter in self._matters:
                _show(matter)
            output.say(self._summary())
        for entry in self.silent:
            output.say(f"{entry} does not answer, and is left out: look at its workflow in the Temporal UI.")
        return exits.REFUSED if self.silent else exits.DONE

    def _summary(self) -> str:
        number = len(self._matters)
        if not number:
            return "No result is held." if self._kinds == (advice.HELD,) else "Nothing needs attention."
        whom = len({(one["candidate_id"], one["designation"]) for one in self._matters})
        matters = "1 matter" if number == 1 else f"{number} matters"
        return f"{matters} of {'1 candidacy' if whom == 1 else f'{whom} candidacies'}"


def _show(matter: dict[str, Any]) -> None:
    since = output.minute(matter["since"]) or "since unknown"
    heading = f"{since}  {matter['candidate_id']} {matter['designation']}  {matter['attention']}"
    lines = [matter["what"]] if matter["what"] else []
    output.block(heading, [*lines, f"to do: {matter['advice']}"], matter["command"])
