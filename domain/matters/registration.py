"""The registration: a candidacy is opened, with the purchase and the experience that came along (rules 4, 14, 22)."""

from __future__ import annotations

from domain import calendar
from domain.commands import Purchase, RefuseMessage, Register
from domain.decision import Decision, Matter, Refused
from domain.events import BaseEvent, Registered
from domain.matters import attention, experience, window
from domain.messages import excerpt_of, sha256_of
from domain.state import State


def register(decision: Decision, command: Register) -> None:
    """Registers, and takes the purchase and the experience that came along, each by its own rules."""
    _open(decision, command)
    if command.experience:
        experience.claim_experience(decision, command.experience)
    if command.purchase:
        _try_purchase(decision, command.purchase)


def _open(decision: Decision, command: Register) -> None:
    """Opens the candidacy; a purchase and experience that came with it are decided by their own rules."""
    programme = command.programme
    zone = programme.body.zone
    last_day = calendar.add_days(calendar.day_of(decision.at, zone), programme.rules.testing.purchase_days)
    lower = command.advances_from
    decision.record(
        Registered,
        candidate_id=command.candidate_id,
        designation=command.designation,
        path="advancement" if lower else "standard",
        workflow_id=command.workflow_id,
        enrolment=command.enrolment,
        programme=programme,
        advances_from=lower.workflow_id if lower else None,
        abandons_at=calendar.end_of(last_day, zone),
    )


def _try_purchase(decision: Decision, purchase: Purchase) -> None:
    try:
        window.start_window(decision, purchase)
    except Refused as refused:
        # The registration stands; somebody must look at the purchase.
        content = purchase.model_dump_json().encode()
        attention.refuse_message(
            decision,
            RefuseMessage(
                message="confirm_purchase",
                code=refused.code,
                reason=refused.reason,
                from_signal=True,
                sha256=sha256_of(content),
                excerpt=excerpt_of("confirm_purchase", content),
            ),
        )


def first_state(event: BaseEvent) -> State:
    """The state with which a candidacy begins.

    Raises:
        ValueError: the event is not `Registered`.
    """
    if not isinstance(event, Registered):
        raise ValueError(f"a candidacy starts with Registered, not with {type(event).__name__}")
    return State(
        sequence=event.sequence,
        registered_at=event.at,
        **{
            field: getattr(event, field)
            for field in State.model_fields
            if field in Registered.model_fields and field != "sequence"
        },
    )


MATTER = Matter(deciders={Register: register})
