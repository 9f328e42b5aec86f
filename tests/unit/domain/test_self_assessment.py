"""Rule 16: self-assessments guide, and never gate."""

from domain import events as e
from domain import rulebook
from domain.effects import Notify
from tests.cases import each
from tests.unit.domain.builders import OPERATIONS, PEOPLE, START, Candidacy, days, parse
from views.standing import status_view


def self_assess(candidacy: Candidacy, percentage: object, **fields: object) -> list[str]:
    return candidacy.say("record_self_assessment", **({"domain": PEOPLE, "percentage": percentage} | fields))


@each(
    ("percentage", "guidance"),
    [("75", "strength"), ("74.99999999999999999", "needs development"), (0, "needs development"), (100, "strength")],
)
def test_below_the_passing_score_a_domain_needs_development(percentage: object, guidance: str) -> None:
    candidacy = Candidacy()
    assert self_assess(candidacy, percentage) == ["SelfAssessmentRecorded"]
    assert candidacy.last(e.SelfAssessmentRecorded).guidance == guidance


def test_the_candidate_is_told() -> None:
    candidacy = Candidacy()
    self_assess(candidacy, 60)
    notice = candidacy.effects[-1]
    assert isinstance(notice, Notify)
    assert notice.notice == "self-assessment-recorded"
    assert notice.facts["event"]["guidance"] == "needs development"
    assert notice.facts["domain_title"] == "People Management"


def test_the_newest_per_domain_counts_whatever_the_order() -> None:
    candidacy = Candidacy()
    candidacy.advance_to(START + days(10))
    self_assess(candidacy, 80, taken_at=START + days(5))
    self_assess(candidacy, 40, taken_at=START + days(1))
    self_assess(candidacy, 50, domain=OPERATIONS)
    assert {domain: score.shown for domain, score in candidacy.state.self_assessments.items()} == {
        PEOPLE: "80.00",
        OPERATIONS: "50.00",
    }
    assert len(candidacy.all(e.SelfAssessmentRecorded)) == 3


def test_the_same_again_is_known() -> None:
    candidacy = Candidacy()
    self_assess(candidacy, 80, taken_at=START)
    assert self_assess(candidacy, "80.0", taken_at=START) == []


def test_one_that_comes_again_is_known_whatever_has_happened_since() -> None:
    """R7: also after a newer one of its domain, and after one of the same moment that says something else."""
    candidacy = Candidacy()
    candidacy.advance_to(START + days(10))
    sent = [(80, START + days(1)), (60, START + days(5)), (70, START + days(5)), (50, START + days(2))]
    for percentage, taken_at in sent:
        assert self_assess(candidacy, percentage, taken_at=taken_at) == ["SelfAssessmentRecorded"]
    before = candidacy.state
    for percentage, taken_at in sent:
        assert self_assess(candidacy, percentage, taken_at=taken_at) == []
    assert candidacy.state == before
    assert candidacy.state.self_assessments[PEOPLE].shown == "70.00"


def test_another_domain_score_or_moment_is_another_one() -> None:
    candidacy = Candidacy()
    candidacy.advance_to(START + days(10))
    self_assess(candidacy, 80, taken_at=START)
    for other in ({"domain": OPERATIONS}, {"percentage": "80.1"}, {"taken_at": START + days(1)}):
        fields: dict[str, object] = {"percentage": 80, "taken_at": START} | other
        assert self_assess(candidacy, **fields) == ["SelfAssessmentRecorded"]


def test_without_a_moment_each_is_another_one() -> None:
    """Any number may be taken (rule 16), and nothing tells one from another."""
    candidacy = Candidacy()
    assert [self_assess(candidacy, 80), self_assess(candidacy, 80)] == [["SelfAssessmentRecorded"]] * 2


def test_the_state_of_an_older_build_knows_the_newest_of_each_domain() -> None:
    candidacy = Candidacy()
    candidacy.advance_to(START + days(10))
    self_assess(candidacy, 80, taken_at=START)
    older = candidacy.state.having(self_assessments_known=())
    again = parse("record_self_assessment", domain=PEOPLE, percentage=80, taken_at=START)
    assert not rulebook.decide(older, again, candidacy.clock)


def test_before_the_purchase_it_is_refused() -> None:
    fields = {"domain": PEOPLE, "percentage": 80}
    assert Candidacy(paid=False).refused("record_self_assessment", **fields) == "purchase-not-confirmed"


def test_it_is_never_a_gate() -> None:
    candidacy = Candidacy("CCMA")
    for _ in range(5):
        self_assess(candidacy, 0)
    candidacy.pass_all()
    assert candidacy.status == "certified"
    assert candidacy.assessment(PEOPLE).attempts == 1


def test_self_assessments_are_taken_on_the_advancement_path_too() -> None:
    candidacy = Candidacy("CCOM", advances_from="CCMA")
    assert self_assess(candidacy, 60) == ["SelfAssessmentRecorded"]
    shown = status_view(candidacy.state, "Ana Ruiz", candidacy.clock)
    assert shown.assessments == {}
    assert shown.self_assessments[PEOPLE].guidance == "needs development"
