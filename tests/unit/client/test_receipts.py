"""A receipt read: typed for programs, and shown as it came."""

import json

import pytest

from client.receipts import Receipt, TakenBefore
from tests.cases import each

RECEIPT = {
    "status": "testing",
    "events": ["ResultHeld"],
    "duplicate": False,
    "sequence": 7,
    "superseded_at": None,
    "weather": {"of": ["a newer build"]},
}


def test_a_receipt_is_read_and_shown_with_what_a_newer_build_says() -> None:
    receipt = Receipt.read(RECEIPT)
    assert (receipt.status, receipt.events, receipt.duplicate, receipt.sequence) == (
        "testing",
        ("ResultHeld",),
        False,
        7,
    )
    assert receipt.held
    assert json.dumps(receipt.document()) == json.dumps(RECEIPT), "every field, in its order"


def test_the_content_of_a_message_is_no_part_of_its_receipt() -> None:
    content, receipt = "2:abc", {**RECEIPT, "duplicate": True}
    before = TakenBefore.read({"content": content, **receipt})
    assert (before.content, before.receipt.document()) == (content, receipt)


@each("answer", [None, [], "taken", 7])
def test_what_is_no_receipt_is_not_read_as_one(answer: object) -> None:
    for read in (Receipt.read, TakenBefore.read):
        with pytest.raises(ValueError, match="a receipt is a JSON object"):
            read(answer)


def test_of_a_receipt_without_its_fields_nothing_is_made_up() -> None:
    receipt = Receipt.read({"events": "Withdrawn", "duplicate": "no", "sequence": None})
    assert (receipt.status, receipt.events, receipt.duplicate, receipt.sequence) == ("", (), False, 0)
