"""The converter of payloads: which failures carry a stack trace, and what the candidacies of a worker share."""

from temporalio.api.failure.v1 import Failure
from temporalio.contrib.pydantic import PydanticPayloadConverter, pydantic_data_converter
from temporalio.converter import CompositePayloadConverter
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from runtime.converter import worker_converter


async def test_an_expected_refusal_carries_no_stack_trace_and_a_fault_does() -> None:
    converter = worker_converter(pydantic_data_converter)
    for category, traced in ((ApplicationErrorCategory.BENIGN, False), (ApplicationErrorCategory.UNSPECIFIED, True)):
        failure = Failure()
        try:
            raise ApplicationError("no", {"code": "not-a-holder"}, type="Refused", category=category)
        except ApplicationError as error:
            await converter.encode_failure(error, failure)
        assert bool(failure.stack_trace) is traced
        assert (failure.message, failure.application_failure_info.type) == ("no", "Refused")


def test_all_candidacies_of_a_worker_share_what_decodes_their_payloads() -> None:
    kind = worker_converter(pydantic_data_converter).payload_converter_class
    one, other = kind(), kind()
    assert isinstance(one, CompositePayloadConverter)
    assert isinstance(other, CompositePayloadConverter)
    assert one.converters.keys() == PydanticPayloadConverter().converters.keys()
    assert all(one.converters[encoding] is other.converters[encoding] for encoding in one.converters)
