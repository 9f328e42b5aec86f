"""A registration is checked before anything is started."""

import json

import pytest

from client.enrolment import Enrolment, _search_attributes, checked
from client.errors import InvalidFields
from runtime import search_attributes
from tests.cases import each


def registration(document: dict[str, object]) -> Enrolment:
    return checked(json.dumps(document).encode())


def test_a_registration_is_told_each_wrong_field() -> None:
    with pytest.raises(InvalidFields) as caught:
        registration(
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
        registration(
            {
                "candidate_id": "C-1",
                "name": "Ana",
                "email": "ana@example.org",
                "designation": "CCSL",
                "purchase": {"reference": "INV-1", "purchased_at": "2099-01-01T00:00:00Z"},
            }
        )
    assert caught.value.notes == ("purchase.purchased_at: lies in the future",)


@each(("purchase", "status"), [({"reference": "INV-1"}, None), (None, "awaiting_purchase")])
def test_a_paid_registration_is_not_published_as_awaiting_its_purchase(
    purchase: dict[str, str] | None, status: str | None
) -> None:
    """Only the engine can say whether the purchase opens the window, so no status is published until it has."""
    person = {"candidate_id": "C-1", "name": "Ana Ruiz", "email": "ana@example.org", "designation": "CCSL"}
    given = registration({**person, **({"purchase": purchase} if purchase else {})})
    published = _search_attributes(given)
    assert published.get(search_attributes.CERTIFICATION_STATUS) == status
    assert published.get(search_attributes.CANDIDATE_ID) == "C-1"
