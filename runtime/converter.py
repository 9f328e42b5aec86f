"""The worker's data converter: it decodes a payload only where a type is given, and leaves every other payload raw.

The SDK drops the type hints of a handler when a message has another number of payloads than the handler has
parameters, and then guesses the types. If it cannot guess a payload, the signal is lost, or the workflow task fails for
ever. A raw payload always reaches the workflow, which says what is wrong with it and records it on the timeline.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.common import RawValue
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import CompositePayloadConverter, DataConverter, FailureConverter, PayloadConverter
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

_SHARED = PydanticPayloadConverter()


class RawUnlessTyped(CompositePayloadConverter):
    """Decodes a payload if a type is given for it, and hands it over raw if none is.

    The SDK makes one of these for each candidacy that a worker holds. What decodes a type is expensive to make and
    keeps nothing between two calls, so all of them share it.
    """

    def __init__(self) -> None:
        super().__init__(*_SHARED.converters.values())

    def from_payloads(self, payloads: Sequence[Payload], type_hints: list[type[Any]] | None = None) -> list[Any]:
        hints: list[type[Any] | None] = [*(type_hints or [])]
        hints += [None] * (len(payloads) - len(hints))
        return [
            RawValue(payload) if hint is None else super(RawUnlessTyped, self).from_payloads([payload], [hint])[0]
            for payload, hint in zip(payloads, hints, strict=False)
        ]


def _without_trace(kind: type[FailureConverter]) -> type[FailureConverter]:
    """The same failure converter, but without a stack trace for failures that are expected answers, such as a refusal.

    The Temporal UI would show the whole stack trace below the one sentence that the reader needs.
    """

    class WithoutTrace(kind):  # type: ignore[valid-type,misc]
        def to_failure(self, exception: BaseException, payload_converter: PayloadConverter, failure: Failure) -> None:
            super().to_failure(exception, payload_converter, failure)
            if isinstance(exception, ApplicationError) and exception.category is ApplicationErrorCategory.BENIGN:
                failure.stack_trace = ""

    return WithoutTrace


def worker_converter(converter: DataConverter) -> DataConverter:
    """The same converter, codec included, with raw payloads where no type is given, and no stack trace for answers."""
    return replace(
        converter,
        payload_converter_class=RawUnlessTyped,
        failure_converter_class=_without_trace(converter.failure_converter_class),
    )
