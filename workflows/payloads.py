"""From raw payloads to commands. A client may send any number of payloads, and other things than JSON (rule 27)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

with workflow.unsafe.imports_passed_through():
    from domain import messages
    from domain.commands import MESSAGES, Message, RefuseMessage
    from domain.decision import Refused
    from domain.messages import InvalidMessage, Problem
    from domain.scheme import Programme
    from domain.texts import without_addresses
    from domain.vocabulary import RefusalCode, with_code

_JSON = b"json/plain"
_NAME_LENGTH = 100


def payload_bytes(name: str, payloads: Sequence[RawValue]) -> bytes:
    """The JSON text of the one payload that a message carries.

    Raises:
        InvalidMessage: there is no payload, there are several, or it is not encoded as plain JSON.
    """
    if len(payloads) != 1:
        found = "none was sent" if not payloads else f"{len(payloads)} were sent"
        raise InvalidMessage(name, [Problem(field="payload", problem=f"must be exactly one JSON object; {found}")])
    payload = payloads[0].payload
    encoding = payload.metadata.get("encoding", b"")
    if encoding != _JSON:
        found = encoding[:50].decode("utf-8", errors="replace") or "none"
        raise InvalidMessage(name, [Problem(field="payload", problem=f"must be encoded as json/plain, not {found}")])
    return payload.data


def read_message(name: str, payloads: Sequence[RawValue], programme: Programme | None = None) -> Message:
    """The message in these payloads. `programme` is that of the candidacy; None if it is not registered yet.

    Raises:
        InvalidMessage: the message cannot be understood; each wrong field is named.
    """
    if name not in MESSAGES:
        raise InvalidMessage(name, [messages.unknown_name(name)])
    message = messages.parse_message(name, payload_bytes(name, payloads), programme)
    messages.check_times(name, message, workflow.now())
    return message


def read_document(name: str, payloads: Sequence[RawValue]) -> Any:
    """The JSON document in these payloads.

    Raises:
        InvalidMessage: they are not one payload with one JSON document.
    """
    return messages.read_json(name, payload_bytes(name, payloads))


def refusal(
    name: str,
    payloads: Sequence[RawValue],
    error: InvalidMessage | Refused,
    *,
    from_signal: bool,
) -> RefuseMessage:
    """The command that records a refused message on the timeline, with a hash and the beginning of the payload."""
    data = b"".join(payload.payload.data for payload in payloads)
    return RefuseMessage(
        message=without_addresses(name)[:_NAME_LENGTH],
        code=error.code if isinstance(error, Refused) else RefusalCode.INVALID_MESSAGE,
        reason=without_addresses(str(error))[:1000],
        from_signal=from_signal,
        sha256=messages.sha256_of(data),
        excerpt=messages.excerpt_of(name, data),
        message_id=messages.legible_message_id(data),
    )


def failure(error: InvalidMessage | Refused) -> ApplicationError:
    """The typed error of the contract. It is expected, so it is never retried and not logged as a failure.

    Raise it `from None`. Otherwise it would carry pydantic's own text as its cause, which is long and helps nobody.
    """
    if isinstance(error, Refused):
        return ApplicationError(
            with_code(error.reason, error.code),
            {"code": error.code},
            type="Refused",
            non_retryable=True,
            category=ApplicationErrorCategory.BENIGN,
        )
    problems = [problem.model_dump(include={"field", "problem"}) for problem in error.problems]
    return ApplicationError(
        str(error),
        {"errors": problems},
        type="InvalidMessage",
        non_retryable=True,
        category=ApplicationErrorCategory.BENIGN,
    )
