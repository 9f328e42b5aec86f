"""Says how far the record is behind the workflows, with one question to Temporal's list of candidacies.

Temporal counts the open candidacies that match, by what they have published. The record counts the same of what it
knows. Where the numbers differ, the record is behind. The command waits three seconds for Temporal at most: where it
does not answer, the sentence says so.
"""

import asyncio
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection

from cli import output
from client import counting, scheme
from client.errors import BadInput, ClientError, Unreachable
from client.list_language import Filter
from domain.vocabulary import CLOSED
from record import finding as record_finding
from record.finding import Newest, Wanted

_PATIENCE = 3.0
"""How many seconds to wait for Temporal's number, which is only said beside the answer."""


class Known(NamedTuple):
    """What the record knows: its newest event, how many open candidacies match, and the time at which it was asked."""

    newest: Newest | None
    open: int
    wanted: Wanted
    now: datetime


class Behind(NamedTuple):
    """What the record knows, and what Temporal says: a number, or why there is none."""

    known: Known
    at_temporal: int | None
    why: str | None = None

    @property
    def differs(self) -> bool:
        """Whether the two numbers are not the same, or Temporal's is not known."""
        return self.at_temporal != self.known.open

    @property
    def document(self) -> dict[str, Any]:
        """The same for machines."""
        newest = self.known.newest
        return {
            "newest_event_at": output.exact(newest.at) if newest else None,
            "position": newest.position if newest else 0,
            "open": self.known.open,
            "open_at_temporal": self.at_temporal,
        }

    @property
    def sentences(self) -> list[str]:
        """The same for people."""
        newest = self.known.newest
        since = output.minute(newest.at, scheme.facts().zone) if newest else None
        event = f"Its newest event is of {since}." if since else "It has no event yet."
        if self.at_temporal is None:
            return [f"From the record. {event} How far it is behind is not known: {self.why}"]
        if not self.differs:
            return [f"From the record, which counts as many open candidacies as Temporal does. {event}"]
        sentences = [
            f"The record is behind: of the open candidacies that are meant it has {self.known.open:,}, and Temporal"
            f" {self.at_temporal:,}. {event}",
            "Workers record what has happened: ask again in a moment, or ask Temporal itself with --live.",
        ]
        if self.known.open > self.at_temporal:
            # For a moment, this is so whenever a candidacy has closed and its last events are not recorded yet.
            sentences.append(
                "If the record still has more than Temporal then, workflows were terminated or deleted by hand, or this"
                " is the record of another server or namespace."
            )
        return sentences


def known(connection: Connection, wanted: Wanted) -> Known:
    """What the record knows of what is meant. To be asked in the transaction that also answers the verb."""
    comparable = _comparable(wanted)
    return Known(
        record_finding.newest(connection), record_finding.count(connection, comparable), comparable, datetime.now(UTC)
    )


def compared(known: Known) -> Behind:
    """The same beside what Temporal counts; at most some seconds later."""
    try:
        return Behind(known, asyncio.run(_counted(_filter(known))))
    except TimeoutError:
        return Behind(known, None, "Temporal does not answer.")
    except (Unreachable, BadInput) as error:
        return Behind(known, None, error.sentence)
    except ClientError as error:
        return Behind(known, None, f"Temporal cannot count them: {error.sentence}")


def say(behind: Behind, *, always: bool) -> None:
    """Says it on stderr; unless `always`, only where the record is behind or that is not known."""
    if always or behind.differs:
        for sentence in behind.sentences:
            output.say(sentence)


def _comparable(wanted: Wanted) -> Wanted:
    """The open candidacies among them, by what Temporal knows too. For closed statuses, all that are open."""
    statuses = () if any(status in CLOSED for status in wanted.statuses) else wanted.statuses
    return Wanted(
        candidate_id=wanted.candidate_id,
        statuses=statuses,
        designations=wanted.designations,
        open=True,
        due_by=wanted.due_by,
        attention=wanted.attention or wanted.under_review,
    )


def _filter(known: Known) -> Filter:
    wanted = known.wanted
    within = wanted.due_by - known.now if wanted.due_by else None
    return Filter(
        candidate_id=wanted.candidate_id,
        statuses=wanted.statuses,
        designations=wanted.designations,
        due_within=within,
        attention=wanted.attention,
        unclosed=True,
    )


async def _counted(wanted: Filter) -> int:
    async with asyncio.timeout(_PATIENCE):
        return await counting.count(wanted)
