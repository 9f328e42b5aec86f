"""Every malformed message we can think of is answered by naming its field, and recorded without an address.

One of each kind is sent to a server instead: tests/processes/test_malformed_messages.py.
"""

import hashlib
from datetime import UTC, datetime

import pytest
from temporalio import workflow

from domain.messages import InvalidMessage
from tests.malformed import ADDRESS, REST, Case
from tests.scheme import SCHEME
from workflows.payloads import failure, read_message, refusal

PROGRAMME = SCHEME.programme("CCSL")


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of a workflow, without a workflow."""
    monkeypatch.setattr(workflow, "now", lambda: datetime.now(UTC))


@pytest.mark.parametrize("case", REST, ids=lambda case: case.label)
def test_it_is_answered_with_its_field_and_recorded(case: Case) -> None:
    with pytest.raises(InvalidMessage) as invalid:
        read_message(case.name, case.payloads, PROGRAMME)
    told = failure(invalid.value)
    assert (told.type, told.non_retryable) == ("InvalidMessage", True)
    case.check_fields([error["field"] for error in told.details[0]["errors"]])

    recorded = refusal(case.name, case.payloads, invalid.value, from_signal=True)
    assert (recorded.code, recorded.from_signal) == ("invalid-message", True)
    assert recorded.message == case.name[:100]
    assert recorded.sha256 == hashlib.sha256(case.data).hexdigest()
    case.check_excerpt(recorded.excerpt)
    assert ADDRESS not in recorded.model_dump_json()
