"""Compares the record with what the workflows themselves answer, for `record check --workflows`."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Engine, select

from cli import asking
from client import finding
from client.asking import status as status_of
from client.connection import Client
from client.finding import Entry
from client.list_language import Filter, Run
from domain.plurals import counted
from record.database import reading
from record.standings import view_of
from record.tables import CANDIDACIES
from views.status import StatusView

_OF_TODAY = {"name", "next", "upcoming"}
"""The fields that say something about today, and the name, which no read model has."""


@dataclass
class Compared:
    """What came of it: how many were compared, how many the record has not caught up with, and what differs."""

    compared: int = 0
    behind: int = 0
    silent: int = 0
    differences: list[str] = field(default_factory=list)


async def compare(client: Client, engine: Engine) -> Compared:
    """Asks every open candidacy where it stands, and compares the answer with the record's.

    Raises as `client.finding.candidacies` and `client.asking.statuses` do, and `Unavailable`.
    """
    outcome = Compared()
    everybody = Filter(run=Run.OPEN)
    total = await finding.count(client, everybody)
    async for answer in asking.statuses(client, finding.candidacies(client, everybody), total):
        if answer.status is None:
            outcome.silent += 1
        else:
            await _compare(client, engine, answer.entry, answer.status, outcome)
    return outcome


async def _compare(client: Client, engine: Engine, entry: Entry, live: StatusView, outcome: Compared) -> None:
    found = _recorded(engine, entry.workflow_id)
    if found is not None and found[0] > live.sequence:
        # The candidacy may have gone on between the two questions.
        live = await status_of(client, entry.candidacy)
    if found is None or found[0] < live.sequence:
        outcome.behind += 1
        return
    outcome.compared += 1
    number, view = found
    if number > live.sequence:
        outcome.differences.append(
            f"{entry.workflow_id}: the record has {counted(number, 'event')},"
            f" and the workflow has decided {live.sequence}"
        )
    elif fields := _differing(view_of(view, datetime.now(UTC)), live):
        verb = "differ" if len(fields) > 1 else "differs"
        outcome.differences.append(f"{entry.workflow_id}: {', '.join(fields)} {verb} from what the workflow answers")


def _recorded(engine: Engine, workflow_id: str) -> tuple[int, str] | None:
    """The number of the last event of the newest enrolment, and its stored answer; None where nothing is recorded."""
    newest = (
        select(CANDIDACIES.c.sequence, CANDIDACIES.c.view)
        .where(CANDIDACIES.c.workflow_id == workflow_id)
        .order_by(CANDIDACIES.c.position.desc())
        .limit(1)
    )
    with reading(engine) as connection:
        row = connection.execute(newest).one_or_none()
    return (row.sequence, row.view) if row else None


def _differing(recorded: StatusView, live: StatusView) -> list[str]:
    """The fields in which both differ, as far as both builds know them."""
    known = (recorded.model_fields_set & live.model_fields_set) - _OF_TODAY
    one, other = recorded.model_dump(mode="json"), live.model_dump(mode="json")
    return sorted(name for name in known if one[name] != other[name])
