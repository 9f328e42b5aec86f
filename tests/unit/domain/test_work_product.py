"""Rule 15: the work product, submitted by reference, reviewed by somebody else."""

from typing import Any

import pytest

from domain import events as e
from domain.decision import Refused
from domain.personal import MAX_FORMER
from domain.vocabulary import Attention, AttentionKind
from tests.cases import each
from tests.unit.domain.builders import (
    PEOPLE,
    SHA,
    START,
    Candidacy,
    border,
    day,
    days,
    last_moment,
    local,
    parse,
    with_rules,
)
from views import alarms
from views.details import details

STRICT = with_rules(work_product={"inside_window": "passed"})


def submission(submission_id: str = "WP-1", **fields: object) -> dict[str, object]:
    return {"submission_id": submission_id, "uri": "https://files.example.org/wp.pdf", "sha256": SHA} | fields


def verdict(verdict: str, submission_id: str = "WP-1", **fields: object) -> dict[str, object]:
    return {"submission_id": submission_id, "reviewer": "R. Viewer", "verdict": verdict} | fields


def assessed(*, but: str | None = None, **options: object) -> Candidacy:
    """Everything is passed but the work product, and one assessment if it is named."""
    candidacy = Candidacy("CCOM", at=START, **options)  # type: ignore[arg-type]
    candidacy.pass_all(but=but)
    return candidacy


def test_a_work_product_is_submitted_reviewed_and_passed() -> None:
    candidacy = assessed()
    assert candidacy.status == "testing"
    assert candidacy.submit() == ["WorkProductSubmitted"]
    assert candidacy.status == "awaiting_review"
    assert candidacy.review(percentage="75") == ["WorkProductPassed", "Certified"]
    passed = candidacy.last(e.WorkProductPassed)
    assert (passed.reviewer, passed.submission_id) == ("R. Viewer", "WP-1")


def test_only_the_reference_is_kept() -> None:
    candidacy = assessed()
    candidacy.submit()
    event = candidacy.last(e.WorkProductSubmitted)
    assert (event.uri, event.sha256) == ("https://files.example.org/wp.pdf", SHA)


def test_where_none_is_asked_for_it_is_refused() -> None:
    for designation in ("CCMA", "CCMC"):
        assert Candidacy(designation).refused("submit_work_product", **submission()) == "not-required"


def test_it_is_submitted_inside_the_window_and_may_be_reviewed_later() -> None:
    candidacy = assessed()
    candidacy.submit(at=last_moment("2028-11-22"))
    assert candidacy.review(at=local("2029-04-01")) == ["WorkProductPassed", "Certified"]
    assert candidacy.last(e.Certified).certified_on == day("2029-04-01")


def test_the_moment_of_submission_counts_not_that_of_arrival() -> None:
    candidacy = assessed()
    late = submission(submitted_at=border("2028-11-22"))
    assert candidacy.refused("submit_work_product", local("2028-11-25"), **late) == "outside-window"
    in_time = submission(submitted_at=last_moment("2028-11-22"))
    assert candidacy.say("submit_work_product", **in_time) == ["WorkProductSubmitted"]


def test_a_submission_from_before_the_window_is_refused() -> None:
    early = submission(submitted_at=local("2026-11-21"))
    assert assessed().refused("submit_work_product", **early) == "outside-window"


def test_before_the_purchase_a_submission_is_refused() -> None:
    candidacy = Candidacy(paid=False)
    assert candidacy.refused("submit_work_product", **submission()) == "purchase-not-confirmed"


def test_a_second_submission_while_one_is_under_review_is_refused() -> None:
    candidacy = assessed()
    candidacy.submit()
    assert candidacy.submit() == []
    assert candidacy.refused("submit_work_product", **submission("WP-2")) == "under-review"
    assert candidacy.refused("submit_work_product", **submission(sha256="b" * 64)) == "under-review"


def test_after_it_is_passed_another_is_refused_and_the_same_again_is_known() -> None:
    candidacy = Candidacy("CCOM", since="2026-06-01").certify()
    assert candidacy.status == "awaiting_experience"
    assert candidacy.submit() == []
    assert candidacy.refused("submit_work_product", **submission("WP-2")) == "already-passed"


def test_a_submission_id_is_used_once() -> None:
    candidacy = assessed()
    candidacy.submit()
    candidacy.review("failed")
    assert candidacy.refused("submit_work_product", **submission(sha256="b" * 64)) == "submission-known"
    assert candidacy.submit() == []
    assert candidacy.state.work_product.status == "failed"


# --- verdicts ---


def test_a_percentage_below_the_passing_score_cannot_pass() -> None:
    candidacy = assessed()
    candidacy.submit()
    low = verdict("passed", percentage="74.99999999999999999")
    assert candidacy.refused("review_work_product", **low) == "below-passing-score"
    assert candidacy.review(percentage=75) == ["WorkProductPassed", "Certified"]


def test_a_revision_may_be_asked_for_once() -> None:
    candidacy = assessed()
    candidacy.submit()
    assert candidacy.review("revise", comments="chapter 3") == ["WorkProductReturned"]
    assert candidacy.last(e.WorkProductReturned).due_on == day("2026-12-22")
    assert (candidacy.status, candidacy.state.work_product.status) == ("testing", "revise")
    candidacy.submit("WP-2", START + days(3))
    assert candidacy.refused("review_work_product", **verdict("revise", "WP-2")) == "no-revision-left"
    assert candidacy.review("passed", "WP-2") == ["WorkProductPassed", "Certified"]


def test_a_revision_is_due_within_thirty_days_the_last_one_inclusive() -> None:
    candidacy = to_be_revised()
    assert candidacy.submit("WP-2", last_moment("2026-12-22")) == ["WorkProductSubmitted"]


# --- R5: the settlement of a revision ---


def to_be_revised(*, failed: int = 0, returned: str = "2026-11-22", **options: Any) -> Candidacy:
    """A work product returned on that day, for a revision that is due thirty days later."""
    candidacy = assessed(**options)
    for number in range(failed):
        candidacy.submit(f"F-{number}")
        candidacy.review("failed", f"F-{number}")
    candidacy.submit(at=local(returned))
    candidacy.review("revise")
    return candidacy


def test_a_revision_submitted_in_time_may_arrive_fourteen_days_late() -> None:
    candidacy = to_be_revised()
    candidacy.advance_to(border("2026-12-22"))
    overdue = candidacy.last(e.RevisionOverdue)
    assert (overdue.due_on, overdue.settles_at) == (day("2026-12-22"), border("2027-01-05"))
    assert "was due on 2026-12-22; what was submitted in time may arrive until 2027-01-05" in details(
        candidacy.state, candidacy.clock
    )
    assert candidacy.state.work_product.status == "revise"
    in_time = submission("WP-2", submitted_at=last_moment("2026-12-22"))
    assert candidacy.say("submit_work_product", last_moment("2027-01-05"), **in_time) == ["WorkProductSubmitted"]
    assert candidacy.review("passed", "WP-2") == ["WorkProductPassed", "Certified"]


def test_a_new_work_product_after_the_due_day_ends_the_settlement_of_the_revision() -> None:
    candidacy = to_be_revised()
    candidacy.advance_to(border("2026-12-22"))
    assert candidacy.submit("WP-2") == ["WorkProductFailed", "WorkProductSubmitted"]
    failed = candidacy.last(e.WorkProductFailed)
    assert (failed.submission_id, failed.cause) == ("WP-1", "revision-missed")
    assert candidacy.state.work_product.status == "submitted"
    assert candidacy.due("revision-settled") is None


def test_where_that_failure_is_one_too_many_the_new_one_is_refused_and_the_settlement_runs_on() -> None:
    candidacy = to_be_revised(failed=1)
    new = submission("WP-2")
    assert candidacy.refused("submit_work_product", border("2026-12-22"), **new) == "revision-overdue"
    in_time = submission("WP-3", submitted_at=last_moment("2026-12-22"))
    assert candidacy.say("submit_work_product", **in_time) == ["WorkProductSubmitted"]


def test_after_the_window_a_new_one_is_refused_and_the_settlement_of_the_revision_runs_on() -> None:
    candidacy = to_be_revised(returned="2028-11-20")
    new = submission("WP-2")
    assert candidacy.refused("submit_work_product", border("2028-12-20"), **new) == "revision-overdue"
    candidacy.advance_to(last_moment("2029-01-03"))
    assert candidacy.status == "settling"
    candidacy.advance_to(border("2029-01-03"))
    assert candidacy.types[-2:] == ["WorkProductFailed", "CandidacyClosed"]
    assert candidacy.status == "timed_out"


def test_after_an_outage_a_revision_is_overdue_and_missed_on_its_own_days() -> None:
    candidacy = to_be_revised()
    candidacy.outage_until(local("2027-03-01"))
    assert candidacy.last(e.RevisionOverdue).effective_on == day("2026-12-23")
    assert candidacy.last(e.WorkProductFailed).effective_on == day("2027-01-06")


def test_what_was_submitted_in_time_and_arrives_after_the_settlement_of_the_window_is_refused() -> None:
    candidacy = assessed(but=PEOPLE)
    candidacy.result(PEOPLE, 80, passed=False, result_id="X")
    in_time = submission(submitted_at=local("2028-11-20"))
    assert candidacy.refused("submit_work_product", local("2028-12-08"), **in_time) == "outside-window"
    assert candidacy.status == "settling", "the held result keeps the candidacy open"


def test_a_revision_that_keeps_the_candidacy_open_waits_for_the_candidate_and_asks_for_no_attention() -> None:
    candidacy = to_be_revised(returned="2028-11-20")
    candidacy.advance_to(local("2028-12-15"))
    assert candidacy.status == "settling"
    assert not candidacy.attention
    assert candidacy.last(e.BorderDeferred).waits_for == "the revised work product"
    candidacy.submit("WP-2")
    assert candidacy.attention == ["review-waiting"], "now it waits for a person of the body, the second time"


def test_a_revision_submitted_in_time_that_waited_out_an_outage_is_taken() -> None:
    candidacy = assessed()
    candidacy.submit()
    candidacy.review("revise")
    on_time = parse("submit_work_product", **submission("WP-2", submitted_at=last_moment("2026-12-22")))
    candidacy.outage_until(START + days(60), on_time)
    assert candidacy.status == "awaiting_review"
    assert "WorkProductFailed" not in candidacy.types


def test_a_missed_revision_counts_as_failed_and_a_new_one_may_follow_inside_the_window() -> None:
    candidacy = assessed()
    candidacy.submit()
    candidacy.review("revise")
    candidacy.advance_to(border("2027-01-05"))
    failed = candidacy.last(e.WorkProductFailed)
    assert (failed.cause, failed.reviewer) == ("revision-missed", None)
    assert candidacy.submit("WP-2") == ["WorkProductSubmitted"]
    assert candidacy.review("passed", "WP-2") == ["WorkProductPassed", "Certified"]


def test_a_revision_may_be_submitted_past_the_window() -> None:
    candidacy = assessed()
    candidacy.submit(at=local("2028-11-20"))
    candidacy.review("revise", at=local("2028-11-22"))
    assert candidacy.last(e.WorkProductReturned).due_on == day("2028-12-22")
    candidacy.submit("WP-2", last_moment("2028-12-22"))
    assert candidacy.status == "awaiting_review"
    assert candidacy.review("passed", "WP-2", local("2029-01-20")) == ["WorkProductPassed", "Certified"]


def test_a_failed_one_may_be_followed_by_another_inside_the_window_only() -> None:
    candidacy = assessed()
    candidacy.submit(at=local("2028-11-20"))
    assert candidacy.review("failed", at=local("2028-11-24")) == ["WorkProductFailed"]
    assert candidacy.refused("submit_work_product", **submission("WP-2")) == "outside-window"
    candidacy.advance_to(border("2028-12-06"))
    assert candidacy.status == "timed_out"


def test_a_failure_after_the_settlement_times_out_at_once() -> None:
    candidacy = assessed()
    candidacy.submit(at=local("2028-11-20"))
    assert candidacy.review("failed", at=local("2029-02-01")) == ["WorkProductFailed", "CandidacyClosed"]
    assert candidacy.status == "timed_out"


def test_after_two_failed_ones_the_candidacy_is_refused() -> None:
    candidacy = assessed()
    candidacy.submit()
    candidacy.review("failed")
    assert (candidacy.status, candidacy.state.work_product.status) == ("testing", "failed")
    candidacy.submit("WP-2")
    assert candidacy.review("failed", "WP-2") == ["WorkProductFailed", "CandidacyClosed"]
    assert candidacy.status == "refused"


def test_a_missed_revision_is_one_of_the_two_failures() -> None:
    candidacy = assessed()
    candidacy.submit()
    candidacy.review("revise")
    candidacy.advance_to(border("2027-01-05"))
    candidacy.submit("WP-2")
    candidacy.review("failed", "WP-2")
    assert candidacy.status == "refused"


def test_a_review_before_its_submission_is_refused() -> None:
    candidacy = assessed()
    assert candidacy.refused("review_work_product", **verdict("passed")) == "not-under-review"
    candidacy.submit()
    assert candidacy.refused("review_work_product", **verdict("passed", "WP-2")) == "not-under-review"


@each("reviewer", ["C-1001", "c-1001", "ana@example.org", " ANA@Example.org "])
def test_the_reviewer_is_not_the_candidate(reviewer: str) -> None:
    candidacy = assessed()
    candidacy.submit()
    own = verdict("passed") | {"reviewer": reviewer}
    assert candidacy.refused("review_work_product", **own) == "own-reviewer"


def test_a_reviewer_is_compared_with_the_address_of_today() -> None:
    candidacy = assessed()
    candidacy.submit()
    candidacy.say("update_contact", email="ruiz@example.net")
    own = verdict("passed") | {"reviewer": "ruiz@example.net"}
    assert candidacy.refused("review_work_product", **own) == "own-reviewer"


# --- R9: the reviewer ---


@each("reviewer", ["Ana Ruiz", "ANA  RUIZ", "Aña Ruíz <a.ruiz@work.example>", "ana ruiz "])
def test_a_reviewer_with_the_candidates_name_is_refused_unless_the_message_says_that_it_is_another_person(
    reviewer: str,
) -> None:
    candidacy = assessed()
    candidacy.submit()
    own = verdict("passed") | {"reviewer": reviewer}
    assert candidacy.refused("review_work_product", **own) == "own-reviewer"
    assert candidacy.refused("review_work_product", **own, not_the_candidate=False) == "own-reviewer"
    assert "Certified" in candidacy.say("review_work_product", **own, not_the_candidate=True)


def test_a_reviewer_is_compared_with_every_name_and_address_that_the_candidate_has_had() -> None:
    candidacy = assessed()
    candidacy.submit()
    for number in range(MAX_FORMER + 5):
        candidacy.say("update_contact", name=f"Ana Ruiz {number}", email=f"ana.{number}@example.net")
    for reviewer in ("Ana Ruiz", "ana ruiz 3", "ana@example.org", "Me <ANA.7@example.net>", "mailto:ana.7@example.net"):
        own = verdict("passed") | {"reviewer": reviewer}
        assert candidacy.refused("review_work_product", **own) == "own-reviewer", reviewer
    for reviewer in ("C-1001", "ana@example.org"):
        own = verdict("passed", not_the_candidate=True) | {"reviewer": reviewer}
        assert candidacy.refused("review_work_product", **own) == "own-reviewer", "an id or address is no namesake's"


def test_an_address_that_contains_the_candidates_is_another_persons() -> None:
    candidacy = assessed()
    candidacy.submit()
    assert "Certified" in candidacy.say("review_work_product", **verdict("passed") | {"reviewer": "susana@example.org"})


# --- R7: what comes again ---


def test_a_verdict_given_twice_is_a_duplicate_whatever_has_happened_since() -> None:
    candidacy = to_be_revised()
    assert candidacy.review("revise", comments="other words") == []
    candidacy.submit("WP-2")
    assert candidacy.review("revise") == []
    candidacy.review("passed", "WP-2", percentage="80")
    assert candidacy.status == "certified"
    for verdict_, submission_id, fields in (("revise", "WP-1", {}), ("passed", "WP-2", {"percentage": "80.0"})):
        assert candidacy.say("review_work_product", **verdict(verdict_, submission_id, **fields)) == []
    assert candidacy.review("passed", "WP-2", percentage=80, reviewer="r.  viewer") == []


@each("other", [{"verdict": "failed"}, {"reviewer": "Kim Stone"}, {"percentage": 81}])
def test_another_verdict_on_what_is_decided_is_refused_and_says_who_decided_what_and_when(
    other: dict[str, object],
) -> None:
    candidacy = Candidacy("CCOM", since="2026-06-01").certify()
    with pytest.raises(Refused, match=r"WP-1 is decided already: passed, by R\. Viewer on 2026-11-22"):
        candidacy.say("review_work_product", **verdict("passed") | other)


def test_a_submission_that_comes_again_names_what_differs() -> None:
    candidacy = assessed()
    candidacy.submit(submitted_at=local("2026-11-22"))
    assert candidacy.submit() == [], "without a moment of submission it is the same"
    for other, named in (
        ({"sha256": "b" * 64}, "another sha256"),
        ({"uri": "https://x.example/1", "submitted_at": START}, "another uri and submitted_at"),
    ):
        with pytest.raises(Refused, match=f"is under review, and was delivered with {named}"):
            candidacy.say("submit_work_product", **submission(**other))
    candidacy.review("failed")
    with pytest.raises(Refused, match="reviewed already, and was delivered with another sha256; give a new id"):
        candidacy.submit(sha256="b" * 64)


# --- the strict switch ---


def test_strictly_it_must_be_passed_inside_the_window() -> None:
    candidacy = assessed(of=STRICT)
    candidacy.submit(at=local("2028-11-20"))
    candidacy.advance_to(local("2028-11-24"))
    assert candidacy.refused("review_work_product", **verdict("passed")) == "outside-window"
    candidacy.advance_to(border("2028-12-06"))
    assert candidacy.status == "timed_out"


def test_strictly_no_verdict_is_asked_for_after_the_window() -> None:
    candidacy = assessed(of=STRICT)
    candidacy.submit(at=local("2028-11-20"))
    assert (candidacy.attention, candidacy.status) == (["review-waiting"], "awaiting_review")
    candidacy.advance_to(local("2028-11-24"))
    assert (candidacy.attention, candidacy.status) == ([], "settling")
    assert candidacy.state.under_review is None
    page = details(candidacy.state, candidacy.clock)
    assert "work product: submitted as `WP-1`, and had to be passed by 2028-11-22" in page
    assert "review_work_product" not in page


def test_strictly_one_that_arrives_after_the_window_asks_for_no_verdict() -> None:
    candidacy = assessed(of=STRICT)
    candidacy.submit(at=local("2028-11-24"), submitted_at=local("2028-11-22"))
    assert (candidacy.attention, candidacy.status) == ([], "settling")


def test_strictly_an_extension_asks_for_the_verdict_again() -> None:
    candidacy = assessed(of=STRICT)
    candidacy.submit(at=local("2028-11-20"))
    candidacy.say("extend_deadline", local("2028-11-24"), until="2029-01-10", reason="illness", approved_by="B. Oss")
    assert (candidacy.attention, candidacy.status) == (["review-waiting"], "awaiting_review")
    assert candidacy.review() == ["WorkProductPassed", "Certified"]


def test_strictly_a_state_of_an_older_build_can_be_acknowledged() -> None:
    """It asks for the review although no verdict is taken, until somebody says that nothing is to be done."""
    candidacy = assessed(of=STRICT)
    candidacy.submit(at=local("2028-11-20"))
    candidacy.advance_to(local("2028-11-24"))
    candidacy._state = candidacy.state.raising(Attention(AttentionKind.REVIEW_WAITING))
    assert candidacy.say("acknowledge", attention="review-waiting", by="B. Oss") == ["AttentionAcknowledged"]


def test_strictly_a_held_result_defers_the_end_without_a_review() -> None:
    candidacy = assessed(of=STRICT, but=PEOPLE)
    candidacy.submit(at=local("2028-11-20"))
    candidacy.result(PEOPLE, 90, passed=False)
    candidacy.advance_to(border("2028-12-06"))
    assert "review" not in candidacy.last(e.BorderDeferred).waits_for


def test_strictly_the_day_of_a_revision_is_explained_by_the_deadline_that_cuts_it() -> None:
    def why(returned_on: str) -> str:
        candidacy = assessed(of=STRICT)
        candidacy.submit(at=local(returned_on))
        candidacy.review("revise")
        return next(alarms.why(one, candidacy.state) for one in candidacy.alarms if one.kind == "revision")

    assert why("2028-10-01") == "30 days after it was returned (rule 15)"
    assert why("2028-11-10") == "the testing deadline when it was returned, by which it must be passed (rule 15)"


def test_strictly_it_may_be_passed_on_the_last_day() -> None:
    candidacy = assessed(of=STRICT)
    candidacy.submit(at=local("2028-11-20"))
    assert candidacy.review(at=last_moment("2028-11-22")) == ["WorkProductPassed", "Certified"]


def test_strictly_a_revision_is_due_inside_the_window() -> None:
    candidacy = assessed(of=STRICT)
    candidacy.submit(at=local("2028-11-01"))
    candidacy.review("revise", at=local("2028-11-10"))
    assert candidacy.last(e.WorkProductReturned).due_on == day("2028-11-22")
    candidacy.advance_to(border("2028-12-06"))
    assert "WorkProductFailed" in candidacy.types
    assert candidacy.status == "timed_out"
