"""A result feed carried out: one candidacy's rows after one another, many candidacies at once."""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cli import exits
from cli.bulk import act, outcomes
from cli.bulk.outcomes import Item
from cli.candidates import Candidacy, is_open
from feeds import results
from feeds.checking import Entry
from feeds.table import Problem

if TYPE_CHECKING:
    from temporalio.client import Client

COLUMNS = ("line", "candidate_id", "designation", "result_id")
_ASKED_AT_ONCE = 100
_GOOD = frozenset({"taken", "held", "duplicate", "would be sent"})
_ENDS = ("unknown", "closed")


class Delivering:
    """One run of one feed."""

    def __init__(self, client: "Client", args: argparse.Namespace) -> None:
        self._client = client
        self._args = args

    async def carry_out(self, entries: Sequence[Entry], bad: Mapping[int, list[Problem]]) -> int:
        """Deliver them all; answers the exit code. Raises `exits.Stop`."""
        items = [_item(entry) for entry in entries] + [Item(line, ("", "", "")) for line in bad]
        by_candidacy: dict[Candidacy, list[Entry]] = {}
        for entry in entries:
            by_candidacy.setdefault(act.candidacy_of(entry), []).append(entry)
        plan = act.Plan(
            "Would deliver" if self._args.dry_run else "Delivering",
            act.outcome_path(self._args, self._args.file, "results"),
            COLUMNS,
            sorted(items),
            _GOOD,
            {line: act.bad(problems) for line, problems in bad.items()},
        )
        return await act.carry_out(plan, list(by_candidacy.values()), self._rows_of_one, self._args)

    async def _rows_of_one(self, entries: list[Entry], tell: act.Tell) -> None:
        """The rows of one candidacy, in the order of the file."""
        gone = ""
        known: set[str] = set()
        try:
            known = await self._known(entries)
            if self._args.dry_run:
                await self._check_open(entries[0])
        except (exits.NotFound, exits.Closed) as stop:
            gone = _gone(stop)
        except exits.NoWorker as stop:
            gone = await act.outcome_of(self._client, stop)  # this one's alone: others are answered
        for entry in entries:
            outcome = "duplicate" if entry.document["message_id"] in known else gone or await self._outcome(entry)
            # Whoever is not there, or closed, is so for the rows behind too.
            gone = outcome if outcomes.kind_of(outcome) in _ENDS else gone
            tell(_item(entry), outcome)

    async def _outcome(self, entry: Entry) -> str:
        if self._args.dry_run:
            return "would be sent"
        try:
            payload = json.dumps(entry.document).encode()
            return _told(await act.candidacy_of(entry).update(self._client, results.MESSAGE, payload))
        except (exits.NotFound, exits.Closed) as stop:
            return _gone(stop)
        except exits.Stop as stop:
            return await act.outcome_of(self._client, stop)

    async def _known(self, entries: list[Entry]) -> set[str]:
        """Which of the rows were taken already. A question leaves no history, however often a feed is played.

        A row whose message id is known with other content is sent: the engine refuses it, and says so.
        """
        contents = {entry.document["message_id"]: entry.digest for entry in entries}
        known: set[str] = set()
        for some in _in_parts(list(contents)):
            try:
                receipts = await act.candidacy_of(entries[0]).query(self._client, "receipts", some)
            except exits.Refused:  # a worker of before this query, or a registration that was invalid
                return known
            known |= {one for one, receipt in receipts.items() if receipt["content"] == contents[one]}
        return known

    async def _check_open(self, entry: Entry) -> None:
        candidacy = act.candidacy_of(entry)
        description = await candidacy.describe(self._client)
        if not is_open(description):
            raise candidacy.closed(description)


def _told(receipt: dict[str, Any]) -> str:
    if receipt["duplicate"]:
        return "duplicate"
    held = "ResultHeld" in receipt["events"]
    return "held: a person decides, see `./starter.py attention`" if held else f"taken: {', '.join(receipt['events'])}"


def _gone(stop: exits.Stop) -> str:
    if isinstance(stop, exits.Closed):
        return f"closed: {stop.facts['status']}"
    return "unknown: there is no such candidacy (yet); the next run of this file tries again"


def _in_parts(ids: list[str]) -> Iterator[list[str]]:
    for begin in range(0, len(ids), _ASKED_AT_ONCE):
        yield ids[begin : begin + _ASKED_AT_ONCE]


def _item(entry: Entry) -> Item:
    return Item(entry.line, (entry.candidate_id, entry.designation, str(entry.document["result_id"])))
