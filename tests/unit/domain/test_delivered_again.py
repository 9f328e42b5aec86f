"""R7, rule 28: what was taken and is delivered again without a message id changes nothing, whatever came since."""

from typing import Any

from domain.commands import BETWEEN_WORKFLOWS, MESSAGES
from tests.unit.domain.builders import OPERATIONS, PEOPLE, SHA, START, Candidacy, day, days, holder, local

PRESENT_STATE = {"suspend", "reinstate", "update_contact", "acknowledge"}
"""They say what is to hold from now on, and name no moment. So the present state decides what they change."""
CLOSING = {"withdraw", "revoke"}
"""After them the candidacy is closed, and answers every message so."""


class Life:
    """A life in which, after each message, every earlier one is delivered once more."""

    def __init__(self, candidacy: Candidacy) -> None:
        self.candidacy = candidacy
        self.taken: list[tuple[str, dict[str, Any]]] = []

    def say(self, name: str, **fields: Any) -> None:
        assert self.candidacy.say(name, **fields), f"{name} changes nothing, so that it proves nothing"
        self.taken.append((name, fields))
        self.deliver_again()

    def deliver_again(self) -> None:
        before = self.candidacy.state
        for name, fields in self.taken:
            assert self.candidacy.say(name, **fields) == [], f"{name} {fields} after {self.taken[-1]}"
        assert self.candidacy.state == before


def a_candidate_who_becomes_a_holder() -> Life:
    candidacy = Candidacy(paid=False, since=None)
    life = Life(candidacy)
    life.say("confirm_purchase", reference="INV-77", purchased_at=START)
    candidacy.advance_to(START + days(70))
    for percentage, count in ((80, 1), (60, 40), (70, 3)):
        life.say("record_self_assessment", domain=PEOPLE, percentage=percentage, taken_at=START + days(count))
    director = {"role": "Director", "started_on": day("2026-06-01")}
    life.say("record_experience", **director)
    life.say("record_experience", **director, attested_by="M. Vogel")
    life.say("record_experience", role="Manager", started_on=day("2020-01-01"))
    result: dict[str, Any] = {"result_id": "R-1", "domain": PEOPLE, "taken_at": START + days(5)}
    life.say("record_assessment_result", **result, percentage=50)
    life.say("record_assessment_result", **result, percentage=60, revision=2)
    life.say("record_assessment_result", **result, percentage=65, revision=2)
    decided = {"result_id": "R-1", "by": "B. Oss", "reason": "looked at"}
    life.say("resolve_held_result", **decided, revision=2, decision="reject")
    life.say("record_assessment_result", **result, outcome="voided", revision=3)
    life.say("record_assessment_result", **result | {"result_id": "R-2", "domain": OPERATIONS}, outcome="no_show")
    for until in ("2029-01-10", "2029-02-10"):
        life.say("extend_deadline", until=day(until), reason="illness", approved_by="B. Oss")
    for number, verdict in enumerate(("failed", "revise", "passed"), start=1):
        of = {"submission_id": f"WP-{number}"}
        life.say("submit_work_product", **of, uri=f"https://files.example.org/{number}.pdf", sha256=SHA)
        life.say("review_work_product", **of, reviewer="R. Viewer", verdict=verdict)
    for domain in candidacy.state.programme.domains:
        passed = {"result_id": f"P-{domain}", "domain": domain, "taken_at": START + days(60), "percentage": 90}
        life.say("record_assessment_result", **passed)
    assert candidacy.status == "certified"
    return life


def test_of_a_life_up_to_a_second_cycle_every_message_is_known_when_it_comes_again() -> None:
    life = a_candidate_who_becomes_a_holder()
    life.candidacy.advance_to(local("2029-06-01"))
    for number, verdict in enumerate(("returned", "approved"), start=1):
        of = {"submission_id": f"E-{number}"}
        life.say("submit_recertification", **of, activities=[{"title": "A course", "completed_on": day("2028-01-01")}])
        life.say("review_recertification", **of, reviewer="R. Viewer", verdict=verdict)
    assert life.candidacy.state.cycle == 2
    life.candidacy.advance_to(local("2033-01-01"))
    life.deliver_again()

    advancing = an_advancement_that_was_asked_for_again()
    between = {message.message for message in BETWEEN_WORKFLOWS}
    proved = {name for one in (life, advancing) for name, _ in one.taken}
    assert proved | PRESENT_STATE | CLOSING | between == set(MESSAGES), "say how a new message is known again"


def an_advancement_that_was_asked_for_again() -> Life:
    life = Life(holder())
    for number in (1, 2):
        life.say("request_advancement", purchase={"reference": f"INV-{number}"})
        if number == 1:
            higher = life.candidacy.state.advancing_to
            life.candidacy.say("end_advancement", by_workflow_id=higher, ended_as="withdrawn")
    return life
