"""Events of what went wrong or waits for a person: notices, refused messages, attention."""

from __future__ import annotations

from typing import Annotated, Literal

from domain.erasable import ERASABLE, FreeText, HashOfTexts
from domain.events.base import Asked, BaseEvent
from domain.stored import StoredAttention, StoredCause, StoredRefusalCode
from domain.vocabulary import UndeliveredCause


class NoticeUndeliverable(BaseEvent):
    type: Literal["NoticeUndeliverable"] = "NoticeUndeliverable"
    notice: str
    about: int
    reason: FreeText
    cause: StoredCause = UndeliveredCause.REFUSED


class NoticeSuperseded(BaseEvent):
    """A notice gave way, before it was sent, to a newer one of its kind about the same subject (R20)."""

    type: Literal["NoticeSuperseded"] = "NoticeSuperseded"
    notice: str
    about: int
    newer: int


class MessageRefused(BaseEvent):
    type: Literal["MessageRefused"] = "MessageRefused"
    message: FreeText
    code: StoredRefusalCode
    reason: FreeText
    from_signal: bool
    sha256: HashOfTexts
    excerpt: FreeText = ""
    message_id: Annotated[str | None, ERASABLE] = None


class AttentionRaised(BaseEvent):
    type: Literal["AttentionRaised"] = "AttentionRaised"
    attention: StoredAttention
    reason: FreeText
    asked: Asked | None = None


class AttentionAcknowledged(BaseEvent):
    type: Literal["AttentionAcknowledged"] = "AttentionAcknowledged"
    attention: StoredAttention
    by: FreeText
    note: FreeText | None = None


AttentionEvent = NoticeUndeliverable | NoticeSuperseded | MessageRefused | AttentionRaised | AttentionAcknowledged
