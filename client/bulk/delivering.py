"""A result feed carried out: one candidacy's rows after one another, many candidacies at once."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from temporalio.client import Client

from client.bulk import act
from client.bulk.act import BadRow, Plan, Tell, outcome_of
from client.bulk.outcomes import Files, Item, Kind, Outcome
from client.candidacy import Candidacy, Foreseen
from client.errors import ClientError, Closed, NotFound, Refused
from client.receipts import Receipt
from domain.digests import matches, of_this_version
from domain.messages import parse_message

MESSAGE = "record_assessment_result"
"""What each row is sent as."""
COLUMNS = ("row", "candidate_id", "designation", "result_id", "revision")
_ASKED_AT_ONCE = 100
GOOD = frozenset(
    {Kind.TAKEN, Kind.HELD, Kind.DUPLICATE, Kind.WOULD_BE_TAKEN, Kind.WOULD_BE_HELD, Kind.CANNOT_BE_FORESEEN}
)
_ENDS = frozenset({Kind.UNKNOWN, Kind.CLOSED})
_HELD = Outcome(Kind.HELD, "a person decides, see `./starter.py attention`")
_DUPLICATE = Outcome(Kind.DUPLICATE)


class Result(NamedTuple):
    """A row of a feed: its number, whom it is about, the JSON text to send, and what that says of the result.

    `digest` is that of its content, as `domain.digests.digest_of` makes it.
    """

    number: int
    candidacy: Candidacy
    payload: bytes
    digest: str
    result_id: str
    revision: int
    message_id: str


def plan(
    client: Client,
    rows: Sequence[Result],
    bad: Mapping[int, BadRow],
    files: Files,
    closed: Mapping[str, str],
    *,
    dry_run: bool,
) -> Plan[Sequence[Result]]:
    """The plan to deliver all of these; `bad` has what is wrong with each other row, by its number.

    `closed` has the status of each candidacy that the record knows as closed, by its workflow id. It counts for those
    alone that Temporal no longer has.
    """
    items = [_item(row) for row in rows] + [Item(row, (one.candidate_id, "", "", "")) for row, one in bad.items()]
    by_candidacy: dict[Candidacy, list[Result]] = {}
    for row in rows:
        by_candidacy.setdefault(row.candidacy, []).append(row)
    return Plan(
        files=files,
        columns=COLUMNS,
        items=sorted(items),
        good=GOOD,
        things=list(by_candidacy.values()),
        work=_Delivering(client, closed, dry_run=dry_run).rows_of_one,
        known={row: Outcome(Kind.BAD, one.reason) for row, one in bad.items()},
        good_again=_ENDS,
    )


class _Delivering:
    """One run of one feed."""

    def __init__(self, client: Client, closed: Mapping[str, str], *, dry_run: bool) -> None:
        self._client = client
        self._closed = closed
        self._dry_run = dry_run

    async def rows_of_one(self, rows: Sequence[Result], tell: Tell) -> None:
        """The rows of one candidacy, in the order of the file."""
        gone: Outcome | None = None
        known: set[str] = set()
        foreseen: dict[int, Outcome] = {}
        try:
            known = await self._known(rows)
            if self._dry_run:
                await rows[0].candidacy.check_open(self._client)
                foreseen = await self._foreseen(rows)
        except (NotFound, Closed) as error:
            gone = self._gone(error)
        except ClientError as error:
            gone = await outcome_of(self._client, error)  # this one's alone: others are answered
        for row in rows:
            before = _DUPLICATE if row.message_id in known else gone or foreseen.get(row.number)
            outcome = before or await self._outcome(row)
            # Whoever is not there, or closed, is so for the rows behind too.
            gone = outcome if outcome.kind in _ENDS else gone
            tell(_item(row), outcome)

    async def _outcome(self, row: Result) -> Outcome:
        try:
            return _came_of(await row.candidacy.update(self._client, MESSAGE, row.payload))
        except (NotFound, Closed) as error:
            return self._gone(error)
        except ClientError as error:
            return await outcome_of(self._client, error)

    def _gone(self, error: NotFound | Closed) -> Outcome:
        status = error.status if isinstance(error, Closed) else self._closed.get(error.workflow_id)
        if status is None:
            return Outcome(Kind.UNKNOWN, "there is no such candidacy (yet); the next run of this file tries again")
        return Outcome(Kind.CLOSED, status)

    async def _foreseen(self, rows: Sequence[Result]) -> dict[int, Outcome]:
        """What would come of each of the rows, if they were sent in their order."""
        found = await rows[0].candidacy.foresee(self._client, MESSAGE, [row.payload for row in rows])
        answers: Sequence[Foreseen | None] = found or [None] * len(rows)
        return {row.number: act.foreseen(answer) for row, answer in zip(rows, answers, strict=True)}

    async def _known(self, rows: Sequence[Result]) -> set[str]:
        """Which of the rows were taken already. A question leaves no history, however often a feed is played.

        A row whose message id is known with other content is sent: the engine refuses it, and says so.
        """
        contents = {row.message_id: row for row in rows}
        known: set[str] = set()
        for some in _in_parts(list(contents)):
            try:
                taken = await rows[0].candidacy.receipts(self._client, some)
            except Refused:  # a worker of before this query, or a registration that was invalid
                return known
            known |= {one for one, before in taken.items() if _same(before.content, contents[one])}
        return known


def _same(known: str, row: Result) -> bool:
    """Whether the row has this known content. Another version of digests has to be made from the row itself."""
    return known == row.digest or (not of_this_version(known) and matches(known, parse_message(MESSAGE, row.payload)))


def _came_of(receipt: Receipt) -> Outcome:
    if receipt.duplicate:
        return _DUPLICATE
    return _HELD if receipt.held else Outcome(Kind.TAKEN, ", ".join(receipt.events))


def _in_parts(ids: list[str]) -> Iterator[list[str]]:
    for begin in range(0, len(ids), _ASKED_AT_ONCE):
        yield ids[begin : begin + _ASKED_AT_ONCE]


def _item(row: Result) -> Item:
    return Item(row.number, (*row.candidacy, row.result_id, str(row.revision)))
