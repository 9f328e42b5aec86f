"""The contract only grows: every name that it ever promised is still there."""

from tests.documents import promise


def test_nothing_that_was_promised_is_gone() -> None:
    assert promise.lost(promise.promised(), promise.in_the_contract()) == []


def test_what_the_contract_has_gained_is_recorded_as_promised() -> None:
    recorded, now = promise.promised(), promise.in_the_contract()
    gained = [f"{row}: {name}" for row, names in now.items() for name in names if name not in recorded.get(row, {})]
    assert gained == [], "the contract has grown: run `python -m tests.documents.promise`"


def test_a_name_that_went_and_a_field_that_became_required_are_found() -> None:
    before = {"Messages: `withdraw`": {"withdraw": True, "reason": False, "note": False}}
    now = {"Messages: `withdraw`": {"withdraw": True, "reason": True, "by": True}}
    assert promise.lost(before, now) == [
        "Messages: `withdraw`: `note` was promised and is gone",
        "Messages: `withdraw`: `reason` must be given now, and senders of before do not give it",
        "Messages: `withdraw`: `by` must be given now, and senders of before do not give it",
    ]
    assert promise.lost({"Statuses: `testing`": {"testing": True}}, {}) == [
        "Statuses: `testing`: `testing` was promised and is gone"
    ]
