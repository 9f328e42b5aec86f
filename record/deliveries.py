"""Keeps which notices went out. It is no event that a notice was sent; only that one could not be."""

from __future__ import annotations

from sqlalchemy import Connection, and_, bindparam, text, update

from domain.personal import Delivery
from record.events import Candidacy
from record.tables import NOTICES, instant_text

SENT = "sent"
"""The outcome of a notice that went out."""


def keep(connection: Connection, candidacy: Candidacy, delivery: Delivery) -> None:
    """Keeps that a notice went out. Safe to repeat: the first delivery of a notice counts.

    The address is not kept once the candidacy was erased. The transaction must be one that writes.
    """
    key = {"its_id": candidacy.workflow_id, "its_enrolment": candidacy.enrolment, "its_about": delivery.about}
    at = instant_text(delivery.sent_at)
    new = {"notice": delivery.notice, "message_id": delivery.message_id, "sent_at": at, "email": delivery.email}
    if connection.execute(_INSERT, {**key, **new}).rowcount:
        connection.execute(_IN_MODEL, {**key, "outcome": SENT, "ended_at": at})


# Statements that are made once: making them takes longer than the database does.
_INSERT = text(
    """INSERT INTO deliveries (workflow_id, enrolment, about, notice, message_id, sent_at, email)
       VALUES (:its_id, :its_enrolment, :its_about, :notice, :message_id, :sent_at, CASE
           (SELECT type FROM events WHERE workflow_id = :its_id AND enrolment = :its_enrolment
            ORDER BY sequence DESC LIMIT 1) WHEN 'Erased' THEN NULL ELSE CAST(:email AS TEXT) END)
       ON CONFLICT DO NOTHING"""
)
_IN_MODEL = update(NOTICES).where(
    and_(
        NOTICES.c.workflow_id == bindparam("its_id"),
        NOTICES.c.enrolment == bindparam("its_enrolment"),
        NOTICES.c.about == bindparam("its_about"),
    )
)
