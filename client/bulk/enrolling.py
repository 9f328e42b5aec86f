"""Registrations carried out: each row one start of a workflow, or the news that it is there already."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from temporalio.client import Client

from client import finding, scheme
from client.bulk.act import BadRow, Plan, Tell, outcome_of
from client.bulk.outcomes import Files, Item, Kind, Outcome
from client.candidacy import Candidacy
from client.enrolment import (
    Enrolment,
    check_ended,
    check_enrolled,
    check_not_forgotten,
    check_not_opened_by,
    enrol,
)
from client.errors import ClientError, Closed, NotFound, OpenedBefore, StillClosing
from client.list_language import Filter
from domain import calendar
from domain.identity import alike

COLUMNS = ("row", "candidate_id", "designation")
GOOD = frozenset({Kind.REGISTERED, Kind.ALREADY_ENROLLED, Kind.WOULD_BE_REGISTERED})
_ALREADY = Outcome(Kind.ALREADY_ENROLLED)
_WOULD = Outcome(Kind.WOULD_BE_REGISTERED)
_BY_US = "an earlier run of this command has opened it; to open one more, give another --outcome file"
_STILL_CLOSING = "its last notices or records still go out: run the same command again"
_ON_PURPOSE = "to open a new one on purpose, add --re-enrol"


class Person(NamedTuple):
    """A row of a file of candidates: its number, and the registration."""

    number: int
    enrolment: Enrolment

    @property
    def candidacy(self) -> Candidacy:
        """The candidacy that it opens."""
        return self.enrolment.candidacy


class Options(NamedTuple):
    """How to enrol. `re_enrol` opens a new candidacy where one is closed.

    `recorded` has the status of each candidacy that the record has as closed, by the workflow id.
    """

    files: Files
    dry_run: bool = False
    re_enrol: bool = False
    recorded: Mapping[str, str] = {}


def plan(client: Client, rows: Sequence[Person], bad: Mapping[int, BadRow], options: Options) -> Plan[Person]:
    """The plan to enrol all of these; `bad` has what is wrong with each other row, by its number."""
    items = [_item(row) for row in rows] + [Item(row, (one.candidate_id, "")) for row, one in bad.items()]
    return Plan(
        files=options.files,
        columns=COLUMNS,
        items=sorted(items),
        good=GOOD,
        things=rows,
        work=_Enrolling(client, options).one,
        known={row: Outcome(Kind.BAD, one.reason) for row, one in bad.items()},
    )


class Alike(NamedTuple):
    """A row whose candidate id nobody has, and the id of somebody who is enrolled: it may be the same person.

    `shared` is what both have; None where the ids differ only in case or leading zeros.
    """

    row: Person
    enrolled: str
    shared: str | None = None

    @property
    def sentence(self) -> str:
        """Why it may be the same person."""
        if self.shared:
            return f"{self.row.candidacy.candidate_id} has the same {self.shared} as {self.enrolled}"
        return f"{self.row.candidacy.candidate_id} looks like {self.enrolled}"


async def enrolled_alike(client: Client, rows: Sequence[Person]) -> list[Alike]:
    """The rows whose candidates may be enrolled already under an id that a spreadsheet or a person wrote otherwise.

    All candidacies are listed for it, open and closed. Raises as `finding.candidacies` does.
    """
    new: dict[str, dict[str, Person]] = {}
    for row in rows:
        new.setdefault(alike(row.candidacy.candidate_id), {}).setdefault(row.candidacy.candidate_id, row)
    enrolled: dict[str, set[str]] = {}
    async for entry in finding.candidacies(client, Filter()):
        if (key := alike(entry.candidate_id)) in new:
            enrolled.setdefault(key, set()).add(entry.candidate_id)
    return [
        Alike(row, min(ids))
        for key, ids in enrolled.items()
        for candidate_id, row in new[key].items()
        if candidate_id not in ids
    ]


class _Enrolling:
    """One run over one file of candidates."""

    def __init__(self, client: Client, options: Options) -> None:
        self._client = client
        self._options = options
        self._titles = scheme.titles()
        self._known = scheme.facts()
        self._months = scheme.testing_months()
        self._now = datetime.now(UTC)

    async def one(self, row: Person, tell: Tell) -> None:
        tell(_item(row), await self._outcome(row))

    async def _outcome(self, row: Person) -> Outcome:
        try:
            if self._options.dry_run:
                return await self._would(row)
            if ended := self._window_ended(row):
                return await self._only_if_there(row, ended)
            title = self._titles.get(row.candidacy.designation)
            again = self._options.re_enrol
            recorded = self._recorded(row)
            opened = await enrol(self._client, row.enrolment, title, again=again, act=self._act(row), recorded=recorded)
            return Outcome(Kind(opened))
        except StillClosing as error:
            return Outcome(Kind.FAILED, f"the candidacy is closed ({error.status}); {_STILL_CLOSING}")
        except Closed as error:
            closed = f"the candidacy is closed ({error.status})"
            if error.notes:
                return Outcome(Kind.REFUSED, " ".join([f"{closed}.", *error.notes]))
            return Outcome(Kind.REFUSED, f"{closed}; {_BY_US if isinstance(error, OpenedBefore) else _ON_PURPOSE}")
        except ClientError as error:
            return await outcome_of(self._client, error)

    async def _would(self, row: Person) -> Outcome:
        try:
            await check_enrolled(self._client, row.enrolment)
        except NotFound:
            if (recorded := self._recorded(row)) and not self._options.re_enrol:
                await check_not_forgotten(self._client, row.candidacy, recorded)
            return self._window_ended(row) or _WOULD
        except Closed:
            if not self._options.re_enrol:
                raise
            await check_not_opened_by(self._client, row.candidacy, self._act(row) or "")
            await check_ended(self._client, row.candidacy)
            return self._window_ended(row) or _WOULD
        return _ALREADY

    def _recorded(self, row: Person) -> str | None:
        return self._options.recorded.get(row.candidacy.workflow_id)

    async def _only_if_there(self, row: Person, otherwise: Outcome) -> Outcome:
        try:
            await check_enrolled(self._client, row.enrolment)
        except NotFound:
            return otherwise
        except Closed:
            if not self._options.re_enrol:
                raise
            await check_not_opened_by(self._client, row.candidacy, self._act(row) or "")
            return otherwise
        return _ALREADY

    def _window_ended(self, row: Person) -> Outcome | None:
        """The engine would enrol the candidate and refuse the purchase (rule 1), which nobody would see here."""
        purchased_at = row.enrolment.purchased_at
        if purchased_at is None or self._months is None:
            return None
        first = self._known.day_of(purchased_at)
        last = calendar.add_months(first, self._months)
        if calendar.end_of(last, self._known.zone) > self._now:
            return None
        why = f"testing that was purchased on {first} had to be completed by {last}; a new purchase is needed"
        return Outcome(Kind.REFUSED, why)

    def _act(self, row: Person) -> str | None:
        """The id of one re-enrolment: the row and its outcome file. None where nobody is enrolled again.

        With it, a command that is run a second time opens no second candidacy.
        """
        if not self._options.re_enrol:
            return None
        file, registration = str(self._options.files.lasting.resolve()), json.loads(row.enrolment.payload)
        content = json.dumps([file, registration], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:32]


def _item(row: Person) -> Item:
    return Item(row.number, tuple(row.candidacy))
