"""A registration that comes again is compared with what is enrolled, and what differs is named (R16)."""

import unicodedata
from datetime import UTC, date, datetime
from typing import Any

from client.comparison import differing
from client.scheme import facts
from domain.commands import Registration
from tests.cases import each
from views.contact import ContactView, ExperienceRecordView, FormerContactView, PurchaseView

KNOWN = ContactView(
    candidate_id="C-1001",
    designation="CCSL",
    name="José Ruiz",
    email="jose@example.org",
    purchase=PurchaseView(reference="INV 77", purchased_on=date(2026, 11, 2)),
    experience=(
        ExperienceRecordView(role="Director", started_on=date(2024, 3, 1)),
        ExperienceRecordView(role="Manager", started_on=date(2022, 3, 1), attested_by="Kim Stone"),
    ),
    former=(FormerContactView(name="José Sol", email="sol@example.org", publish=True, until=datetime.now(UTC)),),
)


def fields(**given: Any) -> tuple[str, ...]:
    """The differing fields of a registration that has these data."""
    whole = {"candidate_id": "C-1001", "name": KNOWN.name, "email": KNOWN.email, "designation": "CCSL"} | given
    return differing(Registration.model_validate(whole), KNOWN, facts())


@each(
    "given",
    [
        {},
        {"name": unicodedata.normalize("NFD", "José\u00a0 Ruiz"), "email": "Jose@Example.org"},
        {"name": "José Sol", "email": "sol@example.org", "publish": True},
        {"publish": False, "purchase": {"reference": "INV 77"}},
        {"purchase": {"reference": "INV  77 ", "purchased_at": "2026-11-02T23:30:00-06:00"}},
        {"purchase": {"reference": "INV 77", "purchased_at": "2026-11-02"}},
        {"experience": {"role": "Director", "started_on": "2024-03-01"}},
        {"experience": {"role": "Manager ", "started_on": "2022-03-01", "attested_by": "Kim Stone"}},
    ],
)
def test_the_same_list_saved_by_another_program_is_the_same_list(given: dict[str, Any]) -> None:
    assert fields(**given) == ()


@each(
    ("given", "named"),
    [
        ({"name": "Jose Ruiz", "email": "ruiz@example.org"}, ("name", "email")),
        (
            {"purchase": {"reference": "INV 78", "purchased_at": "2026-11-03"}},
            ("purchase.reference", "purchase.purchased_at"),
        ),
        ({"experience": {"role": "Director", "started_on": "2024-04-01"}}, ("experience.started_on",)),
        (
            {
                "experience": {
                    "role": "Manager",
                    "started_on": "2022-03-01",
                    "ended_on": "2023-01-01",
                    "attested_by": "Pat",
                }
            },
            ("experience.ended_on", "experience.attested_by"),
        ),
    ],
)
def test_the_fields_that_differ_are_named(given: dict[str, Any], named: tuple[str, ...]) -> None:
    assert fields(**given) == named


def test_a_purchase_and_an_experience_that_the_candidacy_does_not_know_differ_as_a_whole() -> None:
    bare = KNOWN.model_copy(update={"purchase": None, "experience": ()})
    whole = {"candidate_id": "C-1001", "name": KNOWN.name, "email": KNOWN.email, "designation": "CCSL"}
    given = {"purchase": {"reference": "INV 77"}, "experience": {"role": "Director", "started_on": "2024-03-01"}}
    assert differing(Registration.model_validate(whole | given), bare, facts()) == ("purchase", "experience")
