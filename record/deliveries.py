"""Keeps which notices went out. It is no event that a notice was sent; only that one could not be."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine, and_, insert, select, update

from record.database import writing
from record.events import Candidacy
from record.tables import DELIVERIES, NOTICES, instant_text

SENT = "sent"
"""The outcome of a notice that went out."""


def sent(
    engine: Engine, candidacy: Candidacy, about: int, notice: str, message_id: str, sent_at: datetime, email: str
) -> None:
    """Keeps that the notice about the event with this sequence went out to this address at this instant (UTC).

    Safe to repeat: the first delivery counts.

    Raises:
        Unavailable: the database cannot be written at this moment.
    """
    its = {"workflow_id": candidacy.workflow_id, "enrolment": candidacy.enrolment, "about": about}
    with writing(engine) as connection:
        same = and_(*(DELIVERIES.c[name] == value for name, value in its.items()))
        if connection.execute(select(DELIVERIES.c.about).where(same)).one_or_none():
            return
        at = instant_text(sent_at)
        connection.execute(
            insert(DELIVERIES).values(**its, notice=notice, message_id=message_id, sent_at=at, email=email)
        )
        in_model = and_(*(NOTICES.c[name] == value for name, value in its.items()))
        connection.execute(update(NOTICES).where(in_model).values(outcome=SENT, ended_at=at))
