"""Messages about the candidacy itself: its purchase, its deadline, its end, and how to reach the candidate."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import model_validator

from domain.commands.base import ForTheCandidate, Message, Switch
from domain.commands.registration import CONTACT_DETAILS, Purchase
from domain.types import Day, Email, Name, Text


class ConfirmPurchase(Message, Purchase):
    message = "confirm_purchase"
    about = "confirms that testing was purchased: the testing window starts"


class ExtendDeadline(Message):
    message = "extend_deadline"
    about = "moves the testing deadline"
    until: Day
    reason: Annotated[Text, ForTheCandidate]
    approved_by: Name


class Withdraw(Message):
    message = "withdraw"
    about = "ends the candidacy, or gives up the certificate: by the office if `by` is given, else as the person asked"
    reason: Annotated[Text | None, ForTheCandidate] = None
    by: Name | None = None


class UpdateContact(Message):
    message = "update_contact"
    about = "changes the candidate's name, e-mail address or consent to be published"
    name: Name | None = None
    email: Email | None = None
    publish: Switch | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if all(getattr(self, detail) is None for detail in CONTACT_DETAILS):
            raise ValueError(f"give at least one of {', '.join(CONTACT_DETAILS)}")
        return self
