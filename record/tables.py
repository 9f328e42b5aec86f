"""The tables of the record, for statements. `migrations/` makes them, with the triggers that protect the events.

There are three kinds of tables. `events` and `programmes` only grow. `texts`, `contacts` and `deliveries` hold what may
have to be erased, or is no event. All others are read models: `record rebuild` makes them anew from the first two
kinds. Instants are texts in UTC as `instant_text` writes them, so that they sort by time; days are YYYY-MM-DD.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, Table, Text, UniqueConstraint

TEXT = Text().with_variant(Text(collation="C"), "postgresql")
"""A text that sorts by its bytes in every database, because the order is part of a head (`proof.py`)."""

POSITION = BigInteger().with_variant(Integer(), "sqlite")

METADATA = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(column_0_N_label)s",
    }
)


LATER: dict[str, Any] = {"later": True}
"""Marks a column of a read model that a later step has added, so that rows of an older build have NULL in it."""


def instant_text(at: datetime) -> str:
    """An instant as the tables have it: in UTC, always of the same length."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


EVENTS = Table(
    "events",
    METADATA,
    # The place of the event among all events of the record, from 1, without a gap: what readers follow.
    Column("position", POSITION, primary_key=True, autoincrement=False),
    Column("workflow_id", TEXT, nullable=False),
    Column("enrolment", TEXT, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("type", Text, nullable=False),
    Column("format", Integer, nullable=False),
    # The instant in UTC as text: it is part of the proof, so no database may write it in its own way.
    Column("at", Text, nullable=False),
    # JSON as text, for the same reason.
    Column("body", Text, nullable=False),
    Column("hash", Text, nullable=False),
    UniqueConstraint("workflow_id", "enrolment", "sequence"),
    Index(None, "type", "position"),
)
"""One row for each event. Rows are only ever added."""

PROGRAMMES = Table(
    "programmes",
    METADATA,
    Column("digest", TEXT, primary_key=True),
    Column("body", Text, nullable=False),
)
"""The pinned programmes to which events refer, each once, by the hash of its content."""

TEXTS = Table(
    "texts",
    METADATA,
    Column("workflow_id", TEXT, primary_key=True),
    Column("enrolment", TEXT, primary_key=True),
    Column("sequence", Integer, primary_key=True),
    Column("seal", TEXT, primary_key=True),
    Column("salt", Text, nullable=False),
    Column("value", Text, nullable=False),
)
"""What stands beside an event, sealed in it (`sealing.py`): the texts that people write. Erasure removes rows."""

CONTACTS = Table(
    "contacts",
    METADATA,
    Column("workflow_id", TEXT, primary_key=True),
    Column("enrolment", TEXT, primary_key=True),
    # The instant from which these details counted; that of the registration for the first.
    Column("since", TEXT, primary_key=True),
    # The instant at which newer details replaced them; NULL for those of today.
    Column("until", TEXT),
    Column("candidate_id", TEXT, nullable=False),
    Column("name", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("publish", Boolean, nullable=False),
    Index(None, "candidate_id"),
)
"""How a candidate could be reached, and when; a row for each change. Erasure removes rows."""

DELIVERIES = Table(
    "deliveries",
    METADATA,
    Column("workflow_id", TEXT, primary_key=True),
    Column("enrolment", TEXT, primary_key=True),
    # The sequence of the event that the notice is about.
    Column("about", Integer, primary_key=True),
    Column("notice", Text, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("sent_at", TEXT, nullable=False),
    # The address that it was sent to; NULL once it was erased.
    Column("email", Text),
)
"""The notices that went out. It is no event that a notice was sent; only that one could not be."""

SEARCH = Table(
    "search",
    METADATA,
    Column("id", POSITION, primary_key=True, autoincrement=False),
    Column("candidate_id", TEXT, nullable=False),
    # id, name, email, certificate or purchase (`search.py`).
    Column("kind", TEXT, nullable=False),
    # The value without case, accents and everything that is no letter or digit.
    Column("key", TEXT, nullable=False),
    Column("value", TEXT, nullable=False),
    UniqueConstraint("candidate_id", "kind", "key", "value"),
    Index(None, "key"),
)
"""What each person is found by. Erasure makes the rows of a person anew.

The pieces of each value are in an inverted index beside it (`search_index.py`): a table `search_pieces` on SQLite, a
column `pieces` on PostgreSQL.
"""

STATES = Table(
    "states",
    METADATA,
    Column("workflow_id", TEXT, primary_key=True),
    Column("enrolment", TEXT, primary_key=True),
    Column("sequence", Integer, nullable=False),
    Column("format", Integer, nullable=False),
    # The state as JSON; its programme is the hash of one in `programmes`.
    Column("body", Text, nullable=False),
    # `SHAPE` (`shape.py`) of the build that has written the read models of this candidacy.
    Column("shape", Text),
)
"""The state of each candidacy after its last recorded event, so that the next one can be folded into it.

Without a row, the next event has everything folded anew: events are missing, or a newer build has recorded one of a
type that the build which folded last does not know (`folding.py`).
"""

CANDIDACIES = Table(
    "candidacies",
    METADATA,
    Column("workflow_id", TEXT, primary_key=True),
    Column("enrolment", TEXT, primary_key=True),
    Column("candidate_id", TEXT, nullable=False),
    Column("designation", TEXT, nullable=False),
    Column("path", Text, nullable=False),
    # "unknown" where events are missing before the first recorded one, or in between, and the candidacy is not closed.
    Column("status", TEXT, nullable=False),
    # The instant of the first recorded event, where the registration is not recorded.
    Column("registered_at", TEXT, nullable=False),
    Column("assessments_passed", Integer, nullable=False),
    # The exclusive end of the next deadline or expiry; NULL where none is set.
    Column("next_border_at", TEXT),
    # The next thing that happens by itself, a reminder too.
    Column("next_alarm_at", TEXT),
    # The attention values as a JSON list of texts; NULL where nothing asks for attention.
    Column("attention", Text),
    Column("waits_for_review", Boolean, nullable=False),
    Column("certificate_number", TEXT),
    Column("certified_on", TEXT),
    Column("expires_on", TEXT),
    Column("closed_at", TEXT),
    # The answer of the `status` query at the last recorded event, as JSON, without the name. `standings.py` reads it.
    Column("view", Text, nullable=False),
    # What `summary` counts (`views/figures.py`). The attempts used in each domain, and whether it is passed, as a JSON
    # object of pairs; the calendar days to the certificate. All are NULL in a row of a build that does not know them.
    Column("tries", Text, info=LATER),
    Column("days_from_registration", Integer, info=LATER),
    Column("days_from_purchase", Integer, info=LATER),
    # The last recorded event: its number, its place in the record, and when the engine decided.
    Column("sequence", Integer, nullable=False),
    Column("position", POSITION, nullable=False),
    Column("changed_at", TEXT, nullable=False),
    Index(None, "candidate_id"),
    Index(None, "designation", "status"),
    Index(None, "next_border_at"),
    Index(None, "next_alarm_at"),
    Index(None, "certificate_number"),
    Index(None, "registered_at"),
    # The rows are long, because each has its view. With these the few that are meant are found, and all are counted,
    # without reading the others. The first two have only the rows that are open, or have a value. The step that makes
    # them says so, and not this table: SQLAlchemy would load both databases' dialects in every command.
    Index("ix_candidacies_open", "designation", "status"),
    Index(None, "attention"),
    Index(None, "tries"),
    Index(None, "days_from_registration", "days_from_purchase"),
)
"""Where each enrolment of each candidacy stands."""

CERTIFICATES = Table(
    "certificates",
    METADATA,
    Column("number", TEXT, primary_key=True),
    Column("workflow_id", TEXT, primary_key=True),
    Column("enrolment", TEXT, primary_key=True),
    Column("candidate_id", TEXT, nullable=False),
    Column("designation", TEXT, nullable=False),
    Column("certified_on", TEXT, nullable=False),
    Column("expires_on", TEXT, nullable=False),
    # The instant (UTC) at which the last day of the present cycle has ended.
    Column("expires_at", TEXT, nullable=False),
    Column("cycle", Integer, nullable=False),
    # Since when it is suspended; when and as what it ended for good (revoked, superseded, expired, withdrawn).
    Column("suspended_at", TEXT),
    Column("ended_at", TEXT),
    Column("ended", Text),
    # The number of the higher certificate that it gave way to.
    Column("superseded_by", Text),
    Index(None, "workflow_id", "enrolment"),
    Index(None, "certified_on"),
)
"""Every certificate that was ever granted, and how it stands."""

RESULTS = Table(
    "results",
    METADATA,
    Column("workflow_id", TEXT, primary_key=True),
    Column("enrolment", TEXT, primary_key=True),
    Column("sequence", Integer, primary_key=True),
    Column("type", Text, nullable=False),
    Column("at", TEXT, nullable=False),
    Column("designation", TEXT, nullable=False),
    Column("result_id", TEXT, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("domain", TEXT, nullable=False),
    Column("taken_at", TEXT, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("passed", Boolean, nullable=False),
    # In percent, truncated to two decimals; NULL without a score.
    Column("percentage", Text),
    # The vendor that delivered it, as it named itself.
    Column("source", Text),
    Index(None, "at"),
    Index(None, "result_id"),
)
"""One row for each event about a result."""

NOTICES = Table(
    "notices",
    METADATA,
    Column("workflow_id", TEXT, primary_key=True),
    Column("enrolment", TEXT, primary_key=True),
    # The sequence of the event that the notice is about.
    Column("about", Integer, primary_key=True),
    Column("notice", Text, nullable=False),
    Column("queued_at", TEXT, nullable=False),
    # waiting, sent, superseded, or why it was not delivered: refused, too-late, too-many, closed.
    Column("outcome", Text, nullable=False),
    Column("ended_at", TEXT),
)
"""What was sent about which event, and whether it arrived; to whom stands in `deliveries`."""

STEPS = Table(
    "steps",
    METADATA,
    Column("revision", TEXT, primary_key=True),
    # Whether a build that does not know this step may go on reading and writing after it.
    Column("only_adds", Boolean, nullable=False),
)
"""The steps of `migrations/` that were taken. A build reads here whether it may go on after steps of newer builds."""

MODELS: tuple[Table, ...] = (STATES, CANDIDACIES, CERTIFICATES, RESULTS, NOTICES)
"""The read models that are made from the events of a candidacy."""
