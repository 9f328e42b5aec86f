"""Registrations carried out: each row one start of a workflow, or the news that it is there already."""

import argparse
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cli import answers, exits, output, programme
from cli.bulk import act, outcomes
from cli.bulk.outcomes import Item
from cli.files.tables import Entry, Problem
from cli.registration import enrol, enrolled

if TYPE_CHECKING:
    from temporalio.client import Client

COLUMNS = ("line", "candidate_id", "designation")
_REGISTERED = "registered"
_ALREADY = "already enrolled"
_WOULD = "would be registered"
_ONCE = "it was enrolled by an earlier run of this file; to enrol it anew, give another --outcome file"


class Enrolling:
    """One run of one file of candidates."""

    def __init__(self, client: "Client", args: argparse.Namespace) -> None:
        self._client = client
        self._args = args
        self._titles = programme.titles()
        self._path = act.outcome_path(args, args.file)
        self._before = outcomes.read(self._path, COLUMNS)

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
        if not self._args.dry_run and not await answers.worker_polls(self._client):
            output.say("No worker is running: what is registered is safe, and waits for one (./worker.py).")
        return code

    async def _one(self, entry: Entry, tell: act.Tell) -> None:
        tell(_item(entry), await self._outcome(entry))

    async def _outcome(self, entry: Entry) -> str:
        try:
            if self._args.dry_run:
                return await self._would(entry)
            title = self._titles.get(entry.candidacy.designation)
            return await enrol(self._client, entry.document, title, again=self._again(entry))
        except exits.Closed as stop:
            told = _ONCE if self._args.re_enrol else "--re-enrol opens a new one on purpose"
            return f"refused: the candidacy is closed ({stop.facts['status']}); {told}"
        except exits.Stop as stop:
            return act.outcome_of(stop)

    async def _would(self, entry: Entry) -> str:
        try:
            await enrolled(self._client, entry.candidacy, entry.document)
        except exits.NotFound:
            return _WOULD
        except exits.Closed:
            if self._again(entry):
                return _WOULD
            raise
        return _ALREADY

    def _again(self, entry: Entry) -> bool:
        """Whether a closed candidacy is opened again: it is wanted, and no earlier run of this file has done it."""
        return self._args.re_enrol and outcomes.kind_of(self._before.get(tuple(entry.candidacy), "")) != _REGISTERED


def _item(entry: Entry) -> Item:
    return Item(entry.line, tuple(entry.candidacy))
