"""The worker's data converter: what no type asks for stays raw.

The SDK drops the type hints of a handler when a message carries another number of payloads than the handler has
parameters, and then guesses; a payload that cannot be guessed loses the signal, or fails the workflow task for ever.
Left raw, whatever was sent reaches the workflow, which says what is wrong with it and puts it on the timeline.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.common import RawValue
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import DataConverter, FailureConverter, PayloadConverter
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory


class RawUnlessTyped(PydanticPayloadConverter):
    """Decodes a payload where a type is asked for, and hands it over raw where none is."""

    def from_payloads(self, payloads: Sequence[Payload], type_hints: list[type[Any]] | None = None) -> list[Any]:
        hints: list[type[Any] | None] = [*(type_hints or [])]
        hints += [None] * (len(payloads) - len(hints))
        return [
            RawValue(payload) if hint is None else super(RawUnlessTyped, self).from_payloads([payload], [hint])[0]
            for payload, hint in zip(payloads, hints, strict=False)
        ]


def _without_trace(kind: type[FailureConverter]) -> type[FailureConverter]:
    """The same failure converter, but a failure that is an answer, expected and typed, carries no stack trace.

    The Temporal UI shows it in full below the one sentence that its reader needs, file by file.
    """

    class WithoutTrace(kind):  # type: ignore[valid-type,misc]
        def to_failure(self, exception: BaseException, payload_converter: PayloadConverter, failure: Failure) -> None:
            super().to_failure(exception, payload_converter, failure)
            if isinstance(exception, ApplicationError) and exception.category is ApplicationErrorCategory.BENIGN:
                failure.stack_trace = ""

    return WithoutTrace


def worker_converter(converter: DataConverter) -> DataConverter:
    """The same converter, codec included, with raw payloads where no type asks, and answers without a stack trace."""
    return replace(
        converter,
        payload_converter_class=RawUnlessTyped,
        failure_converter_class=_without_trace(converter.failure_converter_class),
    )
