"""Registrations carried out: each row one start of a workflow, or the news that it is there already."""

import argparse
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cli import answers, exits, output, programme
from cli.bulk import act
from cli.bulk.outcomes import Item
from cli.registration import OpenedBefore, check_not_opened_by, enrol, enrolled
from domain import calendar
from domain.types import parse_instant
from feeds.checking import Entry
from feeds.table import Problem

if TYPE_CHECKING:
    from temporalio.client import Client

COLUMNS = ("line", "candidate_id", "designation")
_REGISTERED = "registered"
_ALREADY = "already enrolled"
_WOULD = "would be registered"
_BY_US = "an earlier run of this command has opened it; to open one more, give another --outcome file"
_ON_PURPOSE = "--re-enrol opens a new one on purpose"


class Enrolling:
    """One run of one file of candidates."""

    def __init__(self, client: "Client", args: argparse.Namespace) -> None:
        self._client = client
        self._args = args
        self._titles = programme.titles()
        self._known = programme.facts()
        self._months = programme.testing_months()
        self._now = datetime.now(UTC)
        self._path = act.outcome_path(args, args.file, "import")
        self._lasting = act.outcome_path(args, args.file, "import", dry_run=False)

    async def carry_out(self, entries: Sequence[Entry], bad: Mapping[int, list[Problem]]) -> int:
        """Enrol them all; answers the exit code. Raises `exits.Stop`."""
        items = [_item(entry) for entry in entries] + [Item(line, ("", "")) for line in bad]
        plan = act.Plan(
            "Would register" if self._args.dry_run else "Registering",
            self._path,
            COLUMNS,
            sorted(items),
            frozenset({_REGISTERED, _ALREADY, _WOULD}),
            {line: act.bad(problems) for line, problems in bad.items()},
        )
        code = await act.carry_out(plan, entries, self._one, self._args)
        if code in (exits.DONE, exits.REFUSED) and not self._args.dry_run:
            await self._tell_of_workers()
        return code

    async def _tell_of_workers(self) -> None:
        from temporalio.service import RPCError

        try:
            if not await answers.worker_polls(self._client):
                output.say("No worker is running: what is registered is safe, and waits for one (./worker.py).")
        except RPCError:
            return  # all is done and told; whether somebody works at it is another question

    async def _one(self, entry: Entry, tell: act.Tell) -> None:
        tell(_item(entry), await self._outcome(entry))

    async def _outcome(self, entry: Entry) -> str:
        try:
            if self._args.dry_run:
                return await self._would(entry)
            if told := self._window_ended(entry):
                return await self._only_if_there(entry, told)
            title = self._titles.get(entry.designation)
            again = self._args.re_enrol
            return await enrol(self._client, entry.document, title, again=again, act=self._act(entry))
        except OpenedBefore as stop:
            return f"refused: the candidacy is closed ({stop.facts['status']}); {_BY_US}"
        except exits.Closed as stop:
            return f"refused: the candidacy is closed ({stop.facts['status']}); {_ON_PURPOSE}"
        except exits.Stop as stop:
            return await act.outcome_of(self._client, stop)

    async def _would(self, entry: Entry) -> str:
        try:
            await enrolled(self._client, act.candidacy_of(entry), entry.document)
        except exits.NotFound:
            return self._window_ended(entry) or _WOULD
        except exits.Closed:
            if not self._args.re_enrol:
                raise
            await check_not_opened_by(self._client, act.candidacy_of(entry), self._act(entry) or "")
            return self._window_ended(entry) or _WOULD
        return _ALREADY

    async def _only_if_there(self, entry: Entry, told: str) -> str:
        try:
            await enrolled(self._client, act.candidacy_of(entry), entry.document)
        except exits.NotFound:
            return told
        return _ALREADY

    def _window_ended(self, entry: Entry) -> str:
        """The engine would enrol the candidate and refuse the purchase (rule 1), which nobody would see here."""
        purchased_at = entry.document.get("purchase", {}).get("purchased_at")
        if purchased_at is None or self._months is None:
            return ""
        first = self._known.day_of(parse_instant(purchased_at))
        last = calendar.add_months(first, self._months)
        if calendar.end_of(last, self._known.zone) > self._now:
            return ""
        return f"refused: testing that was purchased on {first} had to be completed by {last}; a new purchase is needed"

    def _act(self, entry: Entry) -> str | None:
        """What a run with --re-enrol is known by when it is begun again: this row, for this outcome file.

        A run without it opens nothing that was ever there, and needs no name.
        """
        if not self._args.re_enrol:
            return None
        content = json.dumps([str(self._lasting.resolve()), entry.document], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:32]


def _item(entry: Entry) -> Item:
    return Item(entry.line, (entry.candidate_id, entry.designation))
