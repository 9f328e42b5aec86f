"""Messages that come more than once, or in another order."""

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from domain import rulebook
from tests.properties.invariants import check_accepted, check_mails, check_results
from tests.properties.random_steps import PROFILE, SCORES
from tests.unit.domain.builders import DOMAINS, PEOPLE, SHA, START, Candidacy, days


@st.composite
def deliveries(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Results of two domains, with corrections, voided attempts and no-shows."""
    found = []
    for domain in DOMAINS[:2]:
        for attempt in range(draw(st.integers(1, 4))):
            taken_at = START + days(attempt * draw(st.sampled_from([30, 31, 45])))
            for revision in range(1, draw(st.sampled_from([1, 1, 1, 2, 3])) + 1):
                outcome = draw(st.sampled_from(["scored"] * 5 + ["no_show", "voided"]))
                score = {"percentage": draw(SCORES)} if outcome == "scored" else {}
                result = {"result_id": f"{domain[:2]}-{attempt}", "domain": domain, "revision": revision}
                found.append(result | {"taken_at": taken_at, "outcome": outcome} | score)
    return found


@settings(PROFILE, max_examples=200)
@given(results=deliveries(), data=st.data())
def test_duplicates_and_any_order_end_in_the_same_requirements_met(
    results: list[dict[str, Any]], data: st.DataObject
) -> None:
    twice = results + data.draw(st.lists(st.sampled_from(results), max_size=4))
    orders = [results, data.draw(st.permutations(twice)), data.draw(st.permutations(twice))]
    ends = []
    for order in orders:
        candidacy = delivered(order)
        assume("ResultHeld" not in candidacy.types)
        ends.append(candidacy)
    first, *others = [{domain: candidacy.assessment(domain) for domain in DOMAINS[:2]} for candidacy in ends]
    for other in others:
        assert {domain: (a.status, a.attempts, a.deciding) for domain, a in other.items()} == {
            domain: (a.status, a.attempts, a.deciding) for domain, a in first.items()
        }


def delivered(results: list[dict[str, Any]]) -> Candidacy:
    candidacy = Candidacy("CCMA", at=START)
    candidacy.clock = START + days(300)
    for result in results:
        candidacy.say("record_assessment_result", **result)
    return candidacy


@settings(PROFILE, max_examples=60)
@given(results=deliveries(), data=st.data())
def test_what_was_taken_is_known_when_it_comes_again(results: list[dict[str, Any]], data: st.DataObject) -> None:
    candidacy = delivered(data.draw(st.permutations(results)))
    before = candidacy.state
    for result in results:
        assert candidacy.say("record_assessment_result", **result) == []
    assert candidacy.state == before


@settings(PROFILE, max_examples=150)
@given(results=deliveries(), data=st.data())
def test_no_mail_speaks_of_a_fail_in_a_passed_domain_and_what_was_accepted_stays_in_whatever_order_results_arrive(
    results: list[dict[str, Any]], data: st.DataObject
) -> None:
    candidacy = delivered(data.draw(st.permutations(results)))
    check_results(candidacy.state)
    check_mails(candidacy)
    check_accepted(candidacy)


IDEMPOTENT: list[tuple[str, dict[str, Any]]] = [
    ("confirm_purchase", {"reference": "INV-77"}),
    ("record_self_assessment", {"domain": PEOPLE, "percentage": 50, "taken_at": START}),
    ("record_assessment_result", {"result_id": "R", "domain": PEOPLE, "taken_at": START, "percentage": 50}),
    ("record_experience", {"role": "CEO", "started_on": "2021-01-01"}),
    ("submit_work_product", {"submission_id": "W", "uri": "urn:y", "sha256": SHA}),
    ("extend_deadline", {"until": "2029-01-01", "reason": "r", "approved_by": "b"}),
    ("update_contact", {"email": "new@example.org"}),
]


@pytest.mark.parametrize(("name", "fields"), IDEMPOTENT)
def test_an_accepted_command_without_events_has_changed_nothing(name: str, fields: dict[str, Any]) -> None:
    candidacy = Candidacy(at=START)
    candidacy.say(name, **fields)
    before = candidacy.state
    assert candidacy.say(name, **fields) == []
    assert candidacy.state == before
    assert rulebook.alarms(before) == candidacy.alarms
