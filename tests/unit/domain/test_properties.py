"""Random histories: what holds of every candidacy, whatever is sent to it and whenever."""

import itertools
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from domain import events as e
from domain import rulebook
from domain.commands import AnswerAdvancement, Cancel, RefuseMessage
from domain.decision import Refused
from domain.inquiries import LowerAnswer
from domain.state import State
from domain.types import Score
from domain.vocabulary import REMINDERS, AttentionKind, RefusalCode, Status
from tests.unit.domain.builders import DOMAINS, PEOPLE, SHA, START, Candidacy, days, holder, local, parse
from views.timeline import summary_of

PROFILE = settings(
    derandomize=True,
    deadline=None,
    database=None,
    print_blob=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
STATUSES = set(Status)
WHO = {"by": "B. Oss", "reason": "seen"}


# --- what holds of every history ----------------------------------------------------------------------------


def refold(candidacy: Candidacy) -> State:
    """The state from the events alone, each of them read back from JSON, which names no address."""
    state: State | None = None
    for event in candidacy.events:
        written = e.EVENTS.dump_json(event)  # type: ignore[arg-type]
        assert b"ana@example.org" not in written
        again = e.EVENTS.validate_json(written)
        assert again == event
        state = rulebook.evolve(state, again)
    assert state is not None
    return state


def accepted(events: list[e.BaseEvent]) -> dict[str, e.ResultFacts]:
    """The results that count, by reading the events as a person would."""
    found: dict[str, e.ResultFacts] = {}
    for event in events:
        if isinstance(event, e.ResultEvent) and not isinstance(event, e.ResultHeld):
            rejected = isinstance(event, e.ResultResolved) and event.decision == "reject"
            superseded = isinstance(event, e.ResultRecorded) and event.superseded
            if not rejected and not superseded:
                found[event.result.result_id] = event.result
    return found


def unmet(candidacy: Candidacy, events: list[e.BaseEvent]) -> list[str]:
    """The requirements that these events do not meet, worked out without the engine's own judgement."""
    programme, missing = candidacy.scheme.programme(candidacy.state.designation), []
    bought = [event for event in events if isinstance(event, e.PurchaseConfirmed)]
    deadline = max([event.deadline for event in events if isinstance(event, (e.PurchaseConfirmed, e.DeadlineExtended))])
    if not bought:
        missing.append("purchase")
    if candidacy.state.path == "standard":
        passed = {
            result.domain
            for result in accepted(events).values()
            if result.outcome == "scored"
            and result.score is not None
            and result.score.points * 100 >= programme.passing_score * result.score.out_of
        }
        missing += sorted(set(programme.domains) - passed)
    if programme.work_product and not any(isinstance(event, e.WorkProductPassed) for event in events):
        missing.append("work product")
    if programme.experience:
        claims = [event for event in events if isinstance(event, e.ExperienceRecorded)]
        met_on = claims[-1].met_on if claims else None
        if met_on is None or met_on > deadline:
            missing.append("experience")
    return missing


def check(candidacy: Candidacy) -> None:
    """Everything that must hold at any moment."""
    state = candidacy.state
    assert candidacy.status in STATUSES
    unanswered = {"lower"} if candidacy.lower.superseded_at is None else set()
    standing = [alarm for alarm in candidacy.alarms if alarm.at <= candidacy.clock and alarm.kind not in unanswered]
    assert not standing
    assert not (state.closed and candidacy.alarms)
    assert [event.sequence for event in candidacy.events] == list(range(1, len(candidacy.events) + 1))
    assert all(earlier.at <= later.at for earlier, later in itertools.pairwise(candidacy.events))
    assert len(set(state.attention)) == len(state.attention)
    assert {hold.attention for hold in state.held.values()} >= {
        value for value in state.attention if value.kind is AttentionKind.HELD_RESULT
    }
    if state.in_force(candidacy.clock):
        assert candidacy.status in ("certified", "recertifying")
    if candidacy.status in ("certified", "recertifying"):
        assert state.in_force(candidacy.clock)


def check_whole(candidacy: Candidacy) -> None:
    """Everything that must hold of a history as a whole."""
    assert refold(candidacy) == candidacy.state
    assert State.model_validate_json(candidacy.state.model_dump_json()) == candidacy.state
    certificates = candidacy.all(e.Certified)
    assert len(certificates) <= 1
    for certified in certificates:
        before = candidacy.events[: certified.sequence - 1]
        assert unmet(candidacy, before) == []
    closings = [event.sequence for event in candidacy.events if isinstance(event, e.CandidacyClosed)]
    assert len(closings) <= 1
    after = candidacy.events[closings[0] :] if closings else []
    assert {type(event) for event in after} <= {e.MessageRefused, e.NoticeUndeliverable, e.AdvancementRefused}
    assert all(summary_of(event).isprintable() for event in candidacy.events)


# --- random histories ---------------------------------------------------------------------------------------

Step = tuple[str, dict[str, Any]]
SOME_DAYS = st.sampled_from([0, 1, 3, 13, 14, 29, 30, 31, 90, 179, 365, 700])
SCORES = st.sampled_from(["0", "69.99", "70", "74.99999999999999999", "75", "75", "90", "100"])
IDS = st.integers(1, 6)


def step(name: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Step]:
    return st.tuples(st.just(name), st.fixed_dictionaries(fields))


RESULTS = step(
    "result",
    domain=st.sampled_from(DOMAINS),
    percentage=SCORES,
    back=SOME_DAYS,
    number=st.integers(1, 12),
    revision=st.sampled_from([1, 1, 1, 2, 3]),
    outcome=st.sampled_from(["scored"] * 6 + ["no_show", "voided", "unscored"]),
    passed=st.sampled_from([None, None, None, None, True, False]),
)
TIME = step("time", days=SOME_DAYS) | step("outage", days=SOME_DAYS)
CANDIDATE = (
    step("experience", back=SOME_DAYS, lasts=st.sampled_from([None, 100, 364, 365, 366]))
    | step("submit", number=IDS, back=SOME_DAYS)
    | step("review", number=IDS, verdict=st.sampled_from(["passed", "revise", "failed"]))
    | step("submit and judge", verdict=st.sampled_from(["passed", "revise", "failed"]))
    | step("resolve", decision=st.sampled_from(["accept", "reject"]), nth=st.integers(0, 3))
    | step("extend", days=st.integers(-10, 200))
    | step("purchase", back=SOME_DAYS)
    | step("meet everything")
    | step("meet everything")
    | step("to the next border", short=st.sampled_from([0, 1]))
    | step("self-assess", domain=st.sampled_from(DOMAINS), percentage=SCORES, back=SOME_DAYS)
)
HOLDER = (
    step("evidence", number=IDS, back=SOME_DAYS, late=SOME_DAYS)
    | step("judge", number=IDS, verdict=st.sampled_from(["approved", "approved", "returned"]))
    | step("to the next border", short=st.sampled_from([0, 1]))
    | step("suspend")
    | step("reinstate")
    | step("advance")
    | step("refuse the advancement")
)
REST = (
    step("acknowledge")
    | step("contact")
    | step("lower", yes=st.booleans())
    | step("nonsense")
    | step("again")
    | step("again")
    | step("scheme", lost=st.booleans())
    | step("cancel the holder")
    | step("end", how=st.sampled_from(["withdraw", "revoke", "supersede"]), sure=st.integers(0, 9))
)


def weighted(*groups: st.SearchStrategy[Step]) -> st.SearchStrategy[Step]:
    """One of the groups, each as likely as it is often named; `|` would weigh every single step alike."""
    return st.sampled_from(groups).flatmap(lambda group: group)


STEPS = st.lists(weighted(RESULTS, RESULTS, TIME, CANDIDATE, CANDIDATE, HOLDER, HOLDER, REST), min_size=8, max_size=35)


class Player:
    """Carries out random steps. Whatever is refused goes on the timeline, as it would from a signal."""

    def __init__(self, candidacy: Candidacy) -> None:
        self.candidacy = candidacy
        self.last: Step | None = None

    def play(self, given: Step) -> None:
        name, fields = given
        if name != "again":
            self.last = given
        elif self.last and self.last[0] not in ("time", "outage", "to the next border"):
            name, fields = self.last
        else:
            return
        action: Callable[..., None] = getattr(self, "do_" + name.replace(" ", "_").replace("-", "_"))
        action(**fields)
        # The engine rings at once what a message has made due.
        self.candidacy.advance_to(self.candidacy.clock)

    def say(self, name: str, **fields: Any) -> None:
        self.candidacy.signal(name, **{field: value for field, value in fields.items() if value is not None})

    def ago(self, back: int) -> datetime:
        return self.candidacy.clock - days(back)

    def do_time(self, days: int) -> None:
        self.candidacy.advance_to(self.ago(-days))

    def do_outage(self, days: int) -> None:
        self.candidacy.outage_until(self.ago(-days))

    def do_result(
        self, back: int, number: int, outcome: str, passed: bool | None, percentage: str, **rest: Any
    ) -> None:
        score: dict[str, Any] = {"percentage": percentage, "passed": passed} if outcome == "scored" else {}
        if outcome == "unscored":
            score = {"form": "F", "responses": ["A"]}
        name = "scored" if outcome == "unscored" else outcome
        # Days back from a fixed start, so that a redelivery can have the same content.
        taken = START + days(back) if number % 2 else self.ago(back)
        fields = {"result_id": f"R-{number}", "taken_at": taken, "outcome": name} | rest | score
        self.say("record_assessment_result", **fields)

    def do_resolve(self, decision: str, nth: int) -> None:
        held = list(self.candidacy.state.held.values())
        if held:
            result = held[nth % len(held)].result
            self.say(
                "resolve_held_result", result_id=result.result_id, revision=result.revision, decision=decision, **WHO
            )

    def do_experience(self, back: int, lasts: int | None) -> None:
        started = self.ago(back).date()
        ended = started + days(lasts) if lasts is not None else None
        self.say("record_experience", role="Director", started_on=started, ended_on=ended)

    def do_submit(self, number: int, back: int) -> None:
        submitted_at = self.ago(back) if number % 2 else None
        self.say("submit_work_product", submission_id=f"W-{number}", uri="x:y", sha256=SHA, submitted_at=submitted_at)

    def do_review(self, number: int, verdict: str) -> None:
        pending = self.candidacy.state.work_product.submission_id or f"W-{number}"
        self.say("review_work_product", submission_id=pending, reviewer="R", verdict=verdict)

    def do_submit_and_judge(self, verdict: str) -> None:
        self.do_submit(len(self.candidacy.events) * 2, 0)
        self.do_review(0, verdict)

    def do_extend(self, days: int) -> None:
        window = self.candidacy.state.window
        if window:
            until = date.fromordinal(window.original_deadline.toordinal() + days)
            self.say("extend_deadline", until=until, reason="r", approved_by="B")

    def do_purchase(self, back: int) -> None:
        self.say("confirm_purchase", reference="INV", purchased_at=self.ago(back))

    def do_meet_everything(self) -> None:
        for domain in DOMAINS:
            number = f"P-{domain[:3]}-{len(self.candidacy.events)}"
            taken = self.candidacy.clock
            self.say("record_assessment_result", result_id=number, domain=domain, taken_at=taken, percentage=90)
        if self.candidacy.state.programme.work_product and len(self.candidacy.events) % 3:
            self.say("submit_work_product", submission_id=f"W-{len(self.candidacy.events)}", uri="x:y", sha256=SHA)
            if len(self.candidacy.events) % 2:
                self.do_review(0, "passed")

    def do_self_assess(self, back: int, **fields: Any) -> None:
        self.say("record_self_assessment", taken_at=self.ago(back), **fields)

    def do_evidence(self, number: int, back: int, late: int) -> None:
        completed = self.ago(back).date()
        activities = [{"title": "A course", "completed_on": completed}]
        moment = self.ago(min(back, late)) if number % 2 else None
        self.say("submit_recertification", submission_id=f"E-{number}", activities=activities, submitted_at=moment)

    def do_judge(self, number: int, verdict: str) -> None:
        pending = self.candidacy.state.recertification.submission_id or f"E-{number}"
        self.say("review_recertification", submission_id=pending, reviewer="R", verdict=verdict)

    def do_to_the_next_border(self, short: int) -> None:
        """To the next alarm that is no reminder, or to a day before it."""
        coming = [alarm.at for alarm in self.candidacy.alarms if alarm.kind not in REMINDERS]
        if coming and coming[0] - self.candidacy.clock > days(1):
            self.candidacy.advance_to(coming[0] - days(short))

    def do_suspend(self) -> None:
        self.say("suspend", **WHO)

    def do_reinstate(self) -> None:
        self.say("reinstate", **WHO)

    def do_advance(self) -> None:
        self.say("request_advancement", purchase={"reference": "INV-2"})

    def do_refuse_the_advancement(self) -> None:
        target = self.candidacy.state.advancing_to
        if target:
            self.candidacy.send(AnswerAdvancement(workflow_id=target, refusal="open already"))

    def do_acknowledge(self) -> None:
        for attention in self.candidacy.attention[:1]:
            self.say("acknowledge", attention=attention, by="B")

    def do_contact(self) -> None:
        self.say("update_contact", email=f"a{len(self.candidacy.events)}@example.net")

    def do_lower(self, yes: bool) -> None:
        instant = self.candidacy.clock if yes else None
        self.candidacy.lower = LowerAnswer(superseded_at=instant, reason="" if yes else "in grace")

    def do_nonsense(self) -> None:
        self.say("suspend", reason=7)

    def do_scheme(self, lost: bool) -> None:
        current = self.candidacy.scheme.programme(self.candidacy.state.designation)
        self.candidacy.current_programme = None if lost else current

    def do_cancel_the_holder(self) -> None:
        if self.candidacy.state.holder:
            self.candidacy.send(Cancel())

    def do_end(self, how: str, sure: int) -> None:
        if sure == 0:
            supersede: dict[str, Any] = {
                "by_workflow_id": "certification:CCOM:C-1001",
                "by_number": "N",
                "at": self.candidacy.clock,
            }
            fields: dict[str, dict[str, Any]] = {"withdraw": {}, "revoke": WHO, "supersede": supersede}
            self.say(how, **fields[how])


@settings(PROFILE, max_examples=250)
@given(
    designation=st.sampled_from(["CCSL", "CCMA", "CCMA", "CCMC"]),
    paid=st.booleans() | st.just(True),
    since=st.sampled_from(["2020-01-01", "2026-06-01", None]),
    steps=STEPS,
)
def test_a_candidacy_keeps_its_rules(designation: str, paid: bool, since: str | None, steps: list[Step]) -> None:
    candidacy = Candidacy(designation, at=START, paid=paid, since=since)
    play(candidacy, steps)


@settings(PROFILE, max_examples=150)
@given(
    certified_on=st.dates(date(2024, 1, 1), date(2031, 12, 31)),
    steps=st.lists(weighted(HOLDER, HOLDER, HOLDER, TIME, REST, RESULTS), max_size=40),
)
def test_a_holder_keeps_the_rules(certified_on: date, steps: list[Step]) -> None:
    candidacy = holder("CCMA", certified_on.isoformat())
    play(candidacy, steps)
    certificate = candidacy.state.certificate
    assert certificate is not None
    assert certificate.number == candidacy.last(e.Certified).number
    assert_anchored(candidacy)


@settings(PROFILE, max_examples=60)
@given(steps=st.lists(weighted(CANDIDATE, CANDIDATE, HOLDER, TIME, REST), max_size=25))
def test_an_advancement_keeps_the_rules(steps: list[Step]) -> None:
    candidacy = Candidacy("CCOM", at=START, advances_from="CCMA")
    play(candidacy, steps)
    assert not candidacy.all(e.AssessmentPassed)
    for certified in candidacy.all(e.Certified):
        assert certified.effective_at <= certified.at


def play(candidacy: Candidacy, steps: list[Step]) -> None:
    player = Player(candidacy)
    check(candidacy)
    for given_step in steps:
        player.play(given_step)
        check(candidacy)
    candidacy.advance_to(candidacy.clock + days(4000))
    check(candidacy)
    check_whole(candidacy)


def assert_anchored(candidacy: Candidacy) -> None:
    """Every expiry is its anchor plus whole years: no date ever drifts."""
    for event in [*candidacy.all(e.Certified), *candidacy.all(e.Recertified)]:
        leap_day_lost = (event.anchor.month, event.anchor.day, event.expires_on.day) == (2, 29, 28)
        assert leap_day_lost or event.expires_on.day == event.anchor.day
        assert event.expires_on.month == event.anchor.month
        assert (event.expires_on.year - event.anchor.year) * 12 == event.months


BEGINNINGS: list[Callable[[], Candidacy]] = [
    lambda: Candidacy("CCSL", at=START),
    lambda: Candidacy("CCOM", at=START, since="2026-06-01"),
    lambda: Candidacy("CCMA", at=START),
    holder,
    holder,
]


def test_the_random_histories_reach_nearly_everything() -> None:
    """A generator that never gets anywhere would prove nothing."""
    reached: set[str] = set()
    events: set[str] = set()

    @settings(PROFILE, max_examples=400)
    @given(begun=st.sampled_from(BEGINNINGS), steps=STEPS)
    def survey(begun: Callable[[], Candidacy], steps: list[Step]) -> None:
        candidacy = begun()
        player = Player(candidacy)
        for given_step in steps:
            player.play(given_step)
            reached.add(candidacy.status)
        events.update(candidacy.types)

    survey()
    assert reached >= {"testing", "settling", "awaiting_review", "awaiting_experience", "certified", "recertifying"}
    assert reached >= {"grace", "lapsed", "suspended", "timed_out"}
    assert events >= {"ResultHeld", "ResultResolved", "ResultCorrected", "WorkProductReturned", "DeadlineExtended"}
    assert events >= {"Suspended", "Reinstated", "RecertificationSubmitted", "AdvancementRequested", "MessageRefused"}


# --- delivery: duplicates and any order ---------------------------------------------------------------------


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
    ends = [delivered(order) for order in orders]
    assume(not any("ResultHeld" in candidacy.types for candidacy in ends))
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


IDEMPOTENT: list[tuple[str, dict[str, Any]]] = [
    ("confirm_purchase", {"reference": "INV-77"}),
    ("record_self_assessment", {"domain": PEOPLE, "percentage": 50, "taken_at": START}),
    ("record_assessment_result", {"result_id": "R", "domain": PEOPLE, "taken_at": START, "percentage": 50}),
    ("record_experience", {"role": "CEO", "started_on": "2021-01-01"}),
    ("submit_work_product", {"submission_id": "W", "uri": "x:y", "sha256": SHA}),
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


# --- thirty years -------------------------------------------------------------------------------------------


@settings(PROFILE, max_examples=40)
@given(
    certified_on=st.dates(date(2024, 1, 1), date(2028, 12, 31)) | st.just(date(2024, 2, 29)),
    delays=st.lists(st.integers(0, 453), min_size=10, max_size=10),
)
def test_no_date_drifts_over_thirty_years(certified_on: date, delays: list[int]) -> None:
    """Approved anywhere between the opening of the window and the end of grace, the anniversary stays."""
    candidacy = holder("CCMA", certified_on.isoformat())
    for cycle, delay in enumerate(delays, start=1):
        certificate = candidacy.state.certificate
        assert certificate is not None
        year = certified_on.year + 3 * cycle
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        lost = (certified_on.month, certified_on.day) == (2, 29) and not leap
        assert certificate.expires_on == certified_on.replace(year=year, day=28 if lost else certified_on.day)
        assert certificate.expires_at == local(certificate.expires_on.isoformat(), "00:00:00") + (
            local(date.fromordinal(certificate.expires_on.toordinal() + 1).isoformat(), "00:00:00")
            - local(certificate.expires_on.isoformat(), "00:00:00")
        )
        candidacy.advance_to(certificate.window_opens_at + days(delay))
        candidacy.evidence(f"E-{cycle}", certificate.window_opens_on.isoformat())
        candidacy.approve(f"E-{cycle}")
        check(candidacy)
    assert_anchored(candidacy)
    assert candidacy.state.cycle == 11


# --- bounded --------------------------------------------------------------------------------------------------

Flood = Callable[[int], tuple[str, dict[str, Any]]]
FLOOD = 3000
LIMIT = 256 * 1024


def size(candidacy: Candidacy) -> int:
    return len(candidacy.state.model_dump_json().encode())


def flooded(candidacy: Candidacy, make: Flood, count: int = FLOOD) -> Candidacy:
    for number in range(count):
        name, fields = make(number)
        try:
            candidacy.send(parse(name, **fields))
        except Refused:
            candidacy.send(
                RefuseMessage(
                    message=name,
                    code=RefusalCode.CLOSED,
                    reason="y" * 1000,
                    from_signal=True,
                    sha256="a" * 64,
                    excerpt="z" * 2048,
                )
            )
    return candidacy


def result(number: int, **fields: Any) -> tuple[str, dict[str, Any]]:
    """A result with everything as long as it may be."""
    given = {"result_id": f"{number:064d}", "domain": PEOPLE, "taken_at": START, "source": "日" * 200}
    return "record_assessment_result", given | fields


FLOODS: dict[str, Flood] = {
    "results": lambda n: result(n, percentage=n % 101),
    "voided": lambda n: result(n, outcome="voided"),
    "revisions": lambda n: result(n % 30, percentage="50", revision=1 + n // 30),
    "conflicts": lambda n: result(n % 3, percentage="50." + str(n)),
    "contradictions": lambda n: result(n, percentage=90, passed=False),
    "unscored": lambda n: result(
        n, form="F" * 64, responses={f"question-{m:055d}": "0123456789abcdef" for m in range(300)}
    ),
    "self-assessments": lambda n: (
        "record_self_assessment",
        {"domain": DOMAINS[n % 4], "percentage": "50." + "1" * 20, "taken_at": START},
    ),
    "submissions": lambda n: (
        "submit_work_product",
        {"submission_id": f"{n:064d}", "uri": "x:" + "y" * 990, "sha256": SHA},
    ),
    "experience": lambda n: ("record_experience", {"role": f"{n} " + "日" * 190, "started_on": "2020-01-01"}),
    "refused": lambda n: ("suspend", WHO),
}


@pytest.mark.parametrize("kind", sorted(FLOODS))
def test_the_state_stays_small_under_a_flood(kind: str) -> None:
    candidacy = flooded(Candidacy(at=START), FLOODS[kind], 300 if kind == "unscored" else FLOOD)
    assert size(candidacy) < LIMIT
    check(candidacy)
    assert State.model_validate_json(candidacy.state.model_dump_json()) == candidacy.state


def test_after_all_floods_together_the_state_is_small_and_still_decides() -> None:
    candidacy = Candidacy(at=START)
    for kind in ("voided", "contradictions", "unscored", "revisions", "self-assessments"):
        flooded(candidacy, FLOODS[kind], 200)
    assert size(candidacy) < LIMIT
    assert candidacy.result(DOMAINS[3], 90) == ["AssessmentPassed"]


def test_a_result_keeps_its_answers_only_while_it_is_held() -> None:
    candidacy = Candidacy(at=START)
    candidacy.answer_key = Score(points=Decimal(90))
    name, fields = FLOODS["unscored"](1)
    candidacy.say(name, **fields)
    assert not candidacy.state.held
    assert candidacy.last(e.AssessmentPassed).result.responses is None
    assert all(facts.responses is None for facts in candidacy.state.results.values())
