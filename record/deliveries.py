"""Keeps which notices went out. It is no event that a notice was sent; only that one could not be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, select, text, update

from domain.personal import Delivery
from record.events import Candidacy
from record.pipeline import Pipeline, Statement
from record.rows import key_of, of_key
from record.tables import DELIVERIES, NOTICES, instant_text

WAITING, SENT, SUPERSEDED = "waiting", "sent", "superseded"
"""The outcomes of a notice that is no failure: not yet sent, sent, or given way to a newer one on the same subject."""


def keep(pipeline: Pipeline, candidacy: Candidacy, sent: Sequence[Delivery]) -> None:
    """Keeps that these notices went out, also in the read model. Safe to repeat: the first delivery of a notice counts.

    The transaction must be one that writes.
    """
    add(pipeline, candidacy, sent)
    pipeline.write(_IN_MODEL, [_its(candidacy, one.about) for one in sent])


def add(pipeline: Pipeline, candidacy: Candidacy, sent: Sequence[Delivery]) -> None:
    """Keeps that these notices went out. The read model is left to whoever writes the events that they are about.

    The address is not kept once the candidacy was erased. The transaction must be one that writes.
    """
    pipeline.write(_INSERT, [{**_its(candidacy, one.about), **_values(one)} for one in sent])


def after(pipeline: Pipeline, candidacy: Candidacy, sequence: int) -> dict[int, str]:
    """When notices about events after this one went out, by the event."""
    return {row[0]: row[1] for row in pipeline.ask(_AFTER, _its(candidacy, sequence)).rows}


def _its(candidacy: Candidacy, about: int) -> dict[str, Any]:
    return {**key_of(candidacy), "its_about": about}


def _values(sent: Delivery) -> dict[str, Any]:
    at = instant_text(sent.sent_at)
    return {"notice": sent.notice, "message_id": sent.message_id, "sent_at": at, "email": sent.email}


_INSERT = Statement(
    text(
        """INSERT INTO deliveries (workflow_id, enrolment, about, notice, message_id, sent_at, email)
       VALUES (:its_workflow_id, :its_enrolment, :its_about, :notice, :message_id, :sent_at, CASE
           (SELECT type FROM events WHERE workflow_id = :its_workflow_id AND enrolment = :its_enrolment
            ORDER BY sequence DESC LIMIT 1) WHEN 'Erased' THEN NULL ELSE CAST(:email AS TEXT) END)
       ON CONFLICT DO NOTHING"""
    )
)
_AFTER = Statement(
    select(DELIVERIES.c.about, DELIVERIES.c.sent_at).where(
        of_key(DELIVERIES), DELIVERIES.c.about > bindparam("its_about")
    )
)
_IN_MODEL = Statement(
    update(NOTICES)
    .where(of_key(NOTICES), NOTICES.c.about == bindparam("its_about"))
    .values(
        outcome=SENT,
        ended_at=select(DELIVERIES.c.sent_at)
        .where(of_key(DELIVERIES), DELIVERIES.c.about == bindparam("its_about"))
        .scalar_subquery(),
    )
)
