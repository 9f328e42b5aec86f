"""The registration opens a candidacy, with the purchase and the experience that it may bring (rules 4, 14, 22)."""

from __future__ import annotations

from domain import calendar
from domain.commands import Purchase, RefuseMessage, Register
from domain.decision import Decision, Matter, Refused
from domain.events import BaseEvent, Registered
from domain.matters import attention, experience, window
from domain.messages import excerpt_of, sha256_of
from domain.state import State

_OF_REGISTRATION = tuple(
    field for field in State.model_fields if field in Registered.model_fields and field != "sequence"
)
"""The fields of the state that the registration gives."""


def register(decision: Decision, command: Register) -> None:
    """Registers the candidate. Then takes the registration's experience and purchase, each by its own rules."""
    _open(decision, command)
    if command.experience:
        experience.claim_experience(decision, command.experience)
    if command.purchase:
        _try_purchase(decision, command.purchase)


def _open(decision: Decision, command: Register) -> None:
    """Records the registration, and the day until which the purchase is awaited (rule 4)."""
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
    """Takes the purchase. If it is refused, the registration stands and a person must look at the purchase."""
    try:
        window.start_window(decision, purchase)
    except Refused as refused:
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
        **{field: getattr(event, field) for field in _OF_REGISTRATION},
    )


MATTER = Matter(deciders={Register: register})
