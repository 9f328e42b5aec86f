"""What people read is true on both paths and in every status."""

from datetime import timedelta

from domain import events as e
from domain import rulebook
from domain.commands import Purchase, Registration
from domain.inquiries import LowerAnswer
from domain.matters import advancement
from domain.vocabulary import AlarmKind, Status
from tests.cases import each
from tests.unit.domain.builders import OPERATIONS, PEOPLE, START, Candidacy, holder, local
from views import alarms, words
from views.details import details
from views.standing import status_before, status_view
from views.timeline import summary_of


def advancing() -> Candidacy:
    return Candidacy("CCSL", at=START, advances_from="CCMC")


def test_an_advancement_that_meets_everything_is_not_said_to_be_testing() -> None:
    candidacy = advancing()
    candidacy.submit()
    candidacy.review("passed")
    assert advancement.ready(candidacy.state)
    page = details(candidacy.state, candidacy.clock)
    assert "has met every requirement; the lower certificate is to give way" in page
    assert "assessment" not in page.partition("#### Next")[0].lower()


@each("status", [Status.TESTING, Status.AWAITING_REVIEW, Status.AWAITING_EXPERIENCE, Status.TIMED_OUT])
def test_the_words_of_a_status_claim_no_assessment_that_was_passed(status: Status) -> None:
    known = words.STATUSES[status]
    assert "passed" not in f"{known.means} {known.stands} {known.turn} {known.deadline}"


def test_a_window_that_is_over_asks_for_no_work_product_any_more() -> None:
    candidacy = Candidacy("CCSL", at=START)
    candidacy.pass_all()
    assert "work product: open, due on 2028-11-22" in details(candidacy.state, candidacy.clock)
    candidacy.advance_to(local("2028-11-25"))
    assert "work product: open, and the window is over" in details(candidacy.state, candidacy.clock)


def test_the_page_and_the_status_agree_on_experience_that_is_met_before_the_purchase() -> None:
    candidacy = Candidacy(paid=False, since="2025-01-01")
    view = status_view(candidacy.state, "Ana Ruiz", candidacy.clock)
    assert view.experience is not None
    assert view.experience.met
    page = details(candidacy.state, candidacy.clock)
    assert "- ☑ experience: Director since 2025-01-01, counts from 2026-01-01\n" in page


def test_the_page_and_the_status_agree_on_experience_of_which_an_earlier_record_comes_later() -> None:
    candidacy = Candidacy(at=START, since="2025-10-01")
    candidacy.say("record_experience", role="Manager", started_on="2025-01-01")
    view = status_view(candidacy.state, "Ana Ruiz", candidacy.clock)
    assert view.experience is not None
    assert str(view.experience.met_on) == "2026-10-01"
    page = details(candidacy.state, candidacy.clock)
    assert "- ☑ experience: Director since 2025-10-01, counts from 2026-10-01\n" in page


@each("paid", [True, False])
def test_where_no_experience_is_needed_it_is_met_before_the_purchase_too(paid: bool) -> None:
    candidacy = Candidacy("CCMA", paid=paid, since=None)
    view = status_view(candidacy.state, "Ana Ruiz", candidacy.clock)
    assert view.experience is not None
    assert not view.experience.required
    assert view.experience.met


def test_experience_that_comes_after_the_deadline_is_said_to_be_late() -> None:
    candidacy = Candidacy(since="2027-11-23")
    line = "- ☐ experience: Director since 2027-11-23, counts from 2028-11-23, after the deadline"
    assert line in details(candidacy.state, candidacy.clock)
    in_time = Candidacy(since="2027-11-22")
    page = details(in_time.state, in_time.clock)
    assert "counts from 2028-11-22" in page
    assert "after the deadline" not in page


def test_a_refused_message_is_sought_where_it_is_found() -> None:
    """The tab Timeline of the Temporal UI has other events, with other numbers."""
    candidacy = Candidacy()
    candidacy.signal("suspend", reason="x", by="y")
    page = details(candidacy.state, candidacy.clock)
    number = candidacy.last(e.MessageRefused).sequence
    assert f"event {number} of `timeline`" in page
    assert "the tab Queries" in page


def test_a_printed_timeline_has_comments_percentages_and_ids() -> None:
    candidacy = Candidacy()
    candidacy.result(PEOPLE, 80, result_id="R-7")
    candidacy.result(OPERATIONS, 50, result_id="R-8")
    assert summary_of(candidacy.last(e.AssessmentPassed)) == f"{PEOPLE} passed with 80.00 % (result R-7)"
    assert "not passed with 50.00 % (result R-8)" in summary_of(candidacy.last(e.AssessmentFailed))
    candidacy.submit("W-1")
    candidacy.review("revise", "W-1", comments="the sources are missing")
    assert summary_of(candidacy.last(e.WorkProductReturned)).endswith(": the sources are missing")
    candidacy.submit("W-2")
    candidacy.review("passed", "W-2", percentage="91.5", comments="well done")
    said = summary_of(candidacy.last(e.WorkProductPassed))
    assert said == "Work product W-2 passed with 91.50 %, reviewed by R. Viewer: well done"
    keeper = holder(certified_on="2027-03-05")
    keeper.evidence("E-1", "2029-06-01", local("2029-07-01"))
    verdict = {"submission_id": "E-1", "reviewer": "R. Viewer", "verdict": "returned"}
    keeper.say("review_recertification", **verdict, comments="one course is too old")
    assert summary_of(keeper.last(e.RecertificationReturned)).endswith(": one course is too old")


def test_the_status_names_the_deciding_result_the_submission_and_the_zone() -> None:
    candidacy = Candidacy()
    candidacy.result(PEOPLE, 80, result_id="R-7")
    candidacy.submit("W-1")
    view = status_view(candidacy.state, "Ana Ruiz", candidacy.clock)
    assert view.assessments[PEOPLE].result_id == "R-7"
    assert view.work_product is not None
    assert (view.work_product.submission_id, view.work_product.arrived_at) == ("W-1", candidacy.clock)
    assert view.work_product.uri == "https://files.example.org/wp.pdf"
    assert view.zone == "America/Chicago"


@each(("paid", "status"), [(True, "testing"), (False, "awaiting_purchase")])
def test_a_paid_candidate_is_not_said_to_wait_for_the_purchase(paid: bool, status: str) -> None:
    purchase = Purchase(reference="INV-1") if paid else None
    registration = Registration(
        candidate_id="C-1", name="Ana Ruiz", email="ana@example.org", designation="CCSL", purchase=purchase
    )
    assert status_before(registration).status == status


def test_a_question_that_is_asked_again_each_day_is_announced_for_today() -> None:
    candidacy = advancing()
    candidacy.submit(at=local("2026-12-01"))
    candidacy.review(at=local("2026-12-02"))
    for asked_on in ("2026-12-02", "2027-02-10", "2028-12-06"):
        now = local(asked_on)
        candidacy.advance_to(now)
        shown = status_view(candidacy.state, "Ana Ruiz", now)
        assert shown.next is not None
        assert (str(shown.next.on), shown.next.what) == (asked_on, "the lower certificate is asked to give way")
        assert f"- {asked_on}: the lower certificate is asked to give way" in details(candidacy.state, now)
        assert [str(alarm.on) for alarm in shown.upcoming if alarm.kind == "lower"] == [asked_on, "2028-12-06"]


def test_an_overdue_deadline_keeps_its_last_day() -> None:
    candidacy = holder("CCMA", "2027-03-05")
    candidacy.advance_to(local("2030-03-05"))
    for now in (local("2030-03-05"), local("2030-03-06"), local("2030-05-01")):  # nothing is handled meanwhile
        expiry = next(alarm for alarm in status_view(candidacy.state, "Ana Ruiz", now).upcoming if alarm.border)
        assert (expiry.kind, str(expiry.on)) == ("expiry", "2030-03-05")
        assert "- 2030-03-05: the certificate expires" in details(candidacy.state, now)


def test_after_the_last_day_of_renewal_nobody_is_told_to_renew() -> None:
    candidacy = holder("CCMA", "2027-03-05")
    candidacy.advance_to(local("2031-03-05"))
    assert "can be renewed with a gap" in details(candidacy.state, candidacy.clock)
    candidacy.advance_to(local("2031-03-10"))
    page = details(candidacy.state, candidacy.clock)
    assert "can be renewed" not in page.partition("#### Certificate")[0]
    assert "the certification has lapsed, and the time for renewal is over" in page
    assert "Nothing: what was submitted by 2031-03-05 may still arrive, as `submit_recertification` with its" in page
    assert "recertification from 2029-03-05: open, and the time for renewal is over" in page
    candidacy.evidence("E-1", "2029-06-01", submitted_at=local("2031-03-05"))
    assert "review_recertification" in details(candidacy.state, candidacy.clock)


def test_an_advancement_whose_lower_certificate_is_closed_is_not_told_to_mend_it() -> None:
    candidacy = advancing()
    candidacy.lower = LowerAnswer(superseded_at=None, reason="the candidacy is closed: revoked")
    candidacy.submit()
    candidacy.review()
    candidacy.advance_to(local("2026-12-02"))
    assert candidacy.attention == ["lower-not-in-force"]
    page = details(candidacy.state, candidacy.clock)
    assert "suspended, it needs `reinstate`; expired, a recertification; closed, it never gives way" in page
    assert "so `withdraw` this candidacy" in page


def test_the_page_names_the_day_of_the_next_attempt_while_it_lies_ahead() -> None:
    candidacy = Candidacy()
    candidacy.result(PEOPLE, 50)
    assert "next attempt from 2026-12-22" in details(candidacy.state, local("2026-12-21"))
    assert "next attempt" not in details(candidacy.state, local("2026-12-22"))


def test_a_suspended_certificate_is_not_said_to_be_renewable_after_the_last_day_of_renewal() -> None:
    candidacy = holder("CCMA", "2027-03-05")
    candidacy.say("suspend", local("2030-02-01"), reason="a complaint", by="M. Vogel")
    candidacy.advance_to(local("2031-03-10"))
    assert candidacy.status == "suspended"
    assert "open, and the time for renewal is over" in details(candidacy.state, candidacy.clock)


def test_the_timeline_calls_no_assessment_passed_whose_pass_was_taken_away_after_certification() -> None:
    candidacy = holder("CCMA", "2027-03-05")
    passed = next(one for one in candidacy.state.results.values() if one.domain == PEOPLE)
    candidacy.result(PEOPLE, 20, passed.taken_at, result_id=passed.result_id, revision=2)
    candidacy.accept(passed.result_id)
    candidacy.result(PEOPLE, 30, result_id="R-new")
    line = summary_of(candidacy.last(e.ResultRecorded))
    assert line.endswith("it changes nothing for the candidate: the assessment is passed, or the certificate stands")


def test_the_day_on_which_used_up_attempts_close_is_explained_as_it_came_about() -> None:
    extension = {"until": "2028-12-31", "reason": "storm", "approved_by": "B. Oss"}

    def used_up(first: str, *, extended: bool = False) -> Candidacy:
        candidacy = Candidacy("CCMA", at=START)
        if extended:
            candidacy.say("extend_deadline", **extension)
        for number in range(3):
            taken = local(first) + timedelta(days=30 * number)
            candidacy.result(PEOPLE, 10, taken, at=taken, result_id=f"P-{number}")
        return candidacy

    def explained(candidacy: Candidacy) -> str:
        (alarm,) = (one for one in rulebook.alarms(candidacy.state) if one.kind is AlarmKind.EXHAUSTED)
        return alarms.why(alarm, candidacy.state)

    for early in (used_up("2026-12-01"), used_up("2026-12-01", extended=True)):
        assert explained(early) == "14 days after the last attempt was used (rule 10)"
    late = used_up("2028-09-15")
    late.advance_to(local("2028-11-25"))
    assert explained(late) == "the later end of two settlements that overlap (R4)"
    late.say("extend_deadline", local("2028-12-01"), **extension)
    assert explained(late) == "14 days after the testing deadline 2028-12-31, to which it was extended (R4)"
