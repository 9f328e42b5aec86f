"""A registration is checked before anything is started."""

import pytest

from client.enrolment import checked
from client.errors import InvalidFields


def test_a_registration_is_told_each_wrong_field() -> None:
    with pytest.raises(InvalidFields) as caught:
        checked(
            {
                "candidate_id": "C-1",
                "name": "Ana",
                "email": "no address",
                "designation": "CCSL",
                "purchase": {"reference": "INV-1", "purchased_at": "2099-01-01T00:00:00Z"},
            }
        )
    assert [error.field for error in caught.value.errors] == ["email"]
    with pytest.raises(InvalidFields) as caught:
        checked(
            {
                "candidate_id": "C-1",
                "name": "Ana",
                "email": "ana@example.org",
                "designation": "CCSL",
                "purchase": {"reference": "INV-1", "purchased_at": "2099-01-01T00:00:00Z"},
            }
        )
    assert caught.value.notes == ("purchase.purchased_at: lies in the future",)
