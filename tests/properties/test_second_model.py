"""Engine and second model decide the same about results, step by step, in random histories full of collisions."""

from collections.abc import Callable
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from hypothesis import given, note, settings
from hypothesis import strategies as st

from domain import events as e
from domain.decision import Refused
from domain.events import ResultFacts
from domain.vocabulary import HoldReason
from tests.properties.random_steps import PROFILE, Step, step, weighted
from tests.properties.second_model import Content, Entry, Hold, Numbers, RefusedByModel, SecondModel
from tests.unit.domain.builders import CIAC, DOMAINS, START, Candidacy, days, with_rules

ROOMY = CIAC
"""The window is two years, and nothing ends in it: only the results matter."""
NARROW = with_rules(testing={"window_months": 3})
"""The window ends on 22 February 2027, which is day 92, and its settlement on day 106."""
SCORES: dict[str, tuple[dict[str, Any], Fraction]] = {
    "60 %": ({"percentage": 60}, Fraction(60, 100)),
    "69.99…": ({"percentage": "69.99999999999999999"}, Fraction("0.6999999999999999999")),
    "70 %": ({"percentage": 70}, Fraction(70, 100)),
    "35 of 50": ({"points": 35, "out_of": 50}, Fraction(70, 100)),
}
MARK = Fraction(70, 100)
SOME_DAYS = [-1, 0, 1, 29, 30, 31, 59, 60, 61, 90, 92, 93]
TIMES = {"noon": timedelta(0), "late": timedelta(hours=14)}
"""15:00 in UTC is 09:00 in the body's zone. 14 hours later it is the next day in UTC, and the same in that zone."""

RESULT: dict[str, st.SearchStrategy[Any]] = {
    "number": st.sampled_from([1, 2, 3, 4]),
    "revision": st.sampled_from([1, 1, 1, 2, 3]),
    "domain": st.sampled_from(DOMAINS[:2]),
    "on": st.sampled_from(SOME_DAYS),
    "time": st.sampled_from(["noon", "noon", "noon", "late"]),
    "outcome": st.sampled_from(
        ["60 %", "60 %", "60 %", "70 %", "70 %", "69.99…", "35 of 50", "no_show", "voided", "unmarked"]
    ),
    "flag": st.sampled_from([None] * 8 + [True, False]),
}
DELIVERED = step("deliver", **RESULT)
ALIKE = st.tuples(
    st.just("alike"),
    st.fixed_dictionaries(
        {"nth": st.integers(0, 9), "later": st.sampled_from([0, 0, 1, 1, 1, -1])},
        optional={name: RESULT[name] for name in ("domain", "on", "time", "outcome", "flag", "number")},
    ),
)
"""An earlier delivery once more, with something changed: most collisions come from here."""
DECIDED = step(
    "resolve",
    nth=st.integers(0, 5),
    decision=st.sampled_from(["accept", "accept", "reject"]),
    by=st.sampled_from(["A", "A", "A", "B"]),
    naming=st.sampled_from(["hold", "hold", "revision", "id"]),
    any_hold=st.sampled_from([False, False, False, True]),
)
ATTEMPTS = step(
    "attempts",
    domain=RESULT["domain"],
    outcomes=st.lists(st.sampled_from(["60 %", "60 %", "60 %", "no_show", "70 %"]), min_size=3, max_size=4),
)
SELF_ASSESSED = step(
    "self-assess",
    domain=RESULT["domain"],
    days_and_scores=st.lists(
        st.tuples(st.sampled_from([0, 1]), st.sampled_from(["60 %", "70 %", "69.99…"])), min_size=2, max_size=5
    ),
)
"""Several of one domain, so few of them different that some come again after newer ones."""
REST = (
    step("purchase", on=st.sampled_from([0, 0, 1, 30])) | step("pass the rest", but=st.sampled_from([1, 2])) | ATTEMPTS
)
TIME = step("time", count=st.sampled_from([1, 7, 13, 14, 15, 16, 30]))
EXTENDED = step("extend", days_more=st.sampled_from([1, 5, 14, 20]))
ROOMY_STEPS = st.lists(
    weighted(DELIVERED, DELIVERED, ALIKE, ALIKE, ALIKE, DECIDED, DECIDED, REST, SELF_ASSESSED), min_size=8, max_size=24
)
NARROW_STEPS = st.lists(
    weighted(DELIVERED, ALIKE, ALIKE, DECIDED, REST, TIME, TIME | EXTENDED, SELF_ASSESSED), min_size=8, max_size=24
)


class Both:
    """Plays each step through the engine and through the model, and compares what came of it."""

    def __init__(self, paid: bool, narrow: bool) -> None:
        scheme, now = (NARROW, START + days(75)) if narrow else (ROOMY, START + days(200))
        self.engine = Candidacy("CCMA", at=now, paid=paid, purchased_at=START, of=scheme)
        programme = scheme.programme("CCMA")
        rules = programme.rules
        self.model = SecondModel(
            Numbers(
                marks={domain: Fraction(programme.passing_score) / 100 for domain in programme.domains},
                attempts=rules.retakes.attempts,
                wait_days=rules.retakes.wait_days,
                window_months=rules.testing.window_months,
                purchase_days=rules.testing.purchase_days,
                settlement_days=rules.testing.settlement_days,
                zone=programme.body.zone,
            ),
            now,
        )
        if paid:
            self.model.confirm_purchase(START)
        self.delivered: list[dict[str, Any]] = []
        self.numbers: dict[int, int] = {}
        """The engine's number of each hold by the model's."""

    def play(self, given: Step) -> str:
        name, fields = given
        action: Callable[..., str] = getattr(self, "do_" + name.replace(" ", "_").replace("-", "_"))
        return action(**fields)

    def do_purchase(self, on: int) -> str:
        at = START + days(on)
        if self.model.purchase_day:
            return "left out"  # whether it is the same purchase is no matter of results
        message = {"reference": "INV-1", "purchased_at": at}
        return self.both("confirm_purchase", message, lambda: self.model.confirm_purchase(at))

    def do_extend(self, days_more: int) -> str:
        window = self.engine.state.window
        if window is None:
            return "left out"
        until = window.deadline + days(days_more)
        before = len(self.engine.events)
        note(f"extend to {until}")
        try:
            self.engine.say("extend_deadline", until=until, reason="r", approved_by="B")
        except Refused:
            return "left out"  # whether it may be extended is no matter of results
        self.model.extend(until)
        self.compare(before)
        return "extended"

    def do_time(self, count: int) -> str:
        before, now = len(self.engine.events), self.engine.clock + days(count)
        note(f"{count} days later")
        self.engine.advance_to(now)
        self.model.pass_time(now)
        self.compare(before)
        return f"time: {self.model.overall()}"

    def do_pass_the_rest(self, but: int) -> str:
        """Passes every assessment but the first ones, so that the certificate is near."""
        for number, domain in enumerate(DOMAINS[but:], start=11):
            self.do_deliver(number=number, revision=1, domain=domain, on=0, time="noon", outcome="70 %", flag=None)
        return "rest passed"

    def do_attempts(self, domain: str, outcomes: list[str]) -> str:
        """Attempts as far apart as they must be, which may use all of them up."""
        for place, outcome in enumerate(outcomes):
            fields = {"number": place + 1, "revision": 1, "domain": domain, "on": 30 * place}
            self.do_deliver(**fields, time="noon", outcome=outcome, flag=None)
        return "attempts"

    def do_self_assess(self, domain: str, days_and_scores: list[tuple[int, str]]) -> str:
        outcomes = [self.self_assess(domain, START + days(on), outcome) for on, outcome in days_and_scores]
        return "known self-assessment" if "duplicate" in outcomes else "self-assessed"

    def self_assess(self, domain: str, taken_at: datetime, outcome: str) -> str:
        given_score, score = SCORES[outcome]
        message = {"domain": domain, "taken_at": taken_at, **given_score}
        return self.both("record_self_assessment", message, lambda: self.model.assess_oneself(domain, taken_at, score))

    def do_alike(self, nth: int, later: int, **changed: Any) -> str:
        if not self.delivered:
            return "left out"
        fields = self.delivered[-1 - nth % len(self.delivered)] | changed
        fields["revision"] = max(1, fields["revision"] + later)
        return self.do_deliver(**fields)

    def do_deliver(self, **fields: Any) -> str:
        taken_at = START + days(fields["on"]) + TIMES[fields["time"]]
        if taken_at > self.engine.clock:
            return "left out"
        self.delivered.append(fields)
        result_id, revision, outcome, flag = (
            f"R-{fields['number']}",
            fields["revision"],
            fields["outcome"],
            fields["flag"],
        )
        given_score, score = SCORES.get(outcome, ({}, None))
        named = outcome if outcome in ("no_show", "voided") else "scored"
        form = "F" if outcome == "unmarked" else None
        if form:
            given_score = {"form": form, "responses": ["A"]}
        message = {"result_id": result_id, "revision": revision, "domain": fields["domain"], "taken_at": taken_at}
        message |= {"outcome": named, **given_score}
        if flag is False or (flag and named == "scored"):
            message["passed"] = flag
        content = Content(fields["domain"], taken_at, named, score, form)
        return self.both(
            "record_assessment_result", message, lambda: self.model.deliver(result_id, revision, content, flag)
        )

    def do_resolve(self, nth: int, decision: str, by: str, naming: str, any_hold: bool) -> str:
        holds = self.model.holds if any_hold else self.model.open_holds()
        if not holds:
            return "left out"
        hold = holds[nth % len(holds)]
        entry = hold.entry
        number = hold.number if naming == "hold" else None
        revision = None if naming == "id" else entry.revision
        message: dict[str, Any] = {"result_id": entry.result_id, "decision": decision, "by": by, "reason": "seen"}
        message |= {"revision": revision} if revision else {}
        message |= {"hold": self.numbers[number]} if number else {}
        stood, before = self.model.stands_for(entry.result_id), len(self.engine.events)
        outcome = self.both(
            "resolve_held_result",
            message,
            lambda: self.model.resolve(entry.result_id, revision, decision, by, number),
        )
        if outcome == "taken":
            resolved = next(event for event in self.engine.events[before:] if isinstance(event, e.ResultResolved))
            same("what was replaced", of_engine(resolved.previous), of_model(stood if decision == "accept" else None))
        return outcome

    def both(self, name: str, message: dict[str, Any], in_the_model: Callable[[], str]) -> str:
        before = len(self.engine.events)
        note(f"{name} {message}")
        try:
            expected = in_the_model()
        except RefusedByModel as refusal:
            expected = f"refused: {refusal}"
        try:
            outcome = "taken" if self.engine.say(name, **message) else "duplicate"
        except Refused as refusal:
            outcome = f"refused: {refusal.code}"
        resolved = [event for event in self.engine.events[before:] if isinstance(event, e.ResultResolved)]
        if any(event.held_again for event in resolved):
            outcome = "held again"
        note(
            f"  model: {expected}; engine: {outcome} {[type(event).__name__ for event in self.engine.events[before:]]}"
        )
        same("the outcome", outcome, expected)
        self.compare(before)
        return outcome

    def compare(self, before: int) -> None:
        """Compares the holds, old and new, and every assessment."""
        known = len(self.numbers)
        new = [event for event in self.engine.events[before:] if isinstance(event, e.ResultHeld)]
        expected_new = self.model.holds[known:]
        same("new holds", sorted(map(described_event, new)), sorted(map(described_hold, expected_new)))
        for hold in expected_new:
            event = next(event for event in new if described_event(event) == described_hold(hold))
            new.remove(event)
            self.numbers[hold.number] = event.sequence
        open_in_engine = sorted(
            (number, described(held.result), tuple(sorted(map(str, held.reasons))))
            for number, held in self.engine.state.held.items()
        )
        open_in_model = sorted(
            (self.numbers[hold.number], *described_hold(hold)[:2]) for hold in self.model.open_holds()
        )
        same("open holds", open_in_engine, open_in_model)
        for domain in DOMAINS:
            assessment = self.engine.assessment(domain)
            in_engine = (assessment.status, assessment.attempts, assessment.next_attempt_on)
            in_model = (self.model.status(domain), len(self.model.counted(domain)), self.model.next_attempt_on(domain))
            same(domain, in_engine, in_model)
            newest = self.engine.state.self_assessments.get(domain)
            expected = self.model.newest_self_assessment(domain)
            same(f"the self-assessment of {domain}", newest and newest.fraction, expected)
        status = "certified" if self.engine.state.holder else self.engine.status
        same("the status", status, self.model.overall())


def same(what: str, of_the_engine: object, of_the_model: object) -> None:
    assert of_the_engine == of_the_model, f"{what}: the engine has {of_the_engine}, the model {of_the_model}"


Described = tuple[Any, ...]


def described(result: ResultFacts | Any) -> Described:
    return (result.result_id, result.revision, result.domain, str(result.taken_at), result.outcome, result.passed)


def described_event(event: e.ResultHeld) -> Described:
    return (described(event.result), tuple(sorted(map(str, event.reasons))), of_engine(event.replaces))


def described_hold(hold: Hold) -> Described:
    entry, content = hold.entry, hold.entry.content
    passed = content.score is not None and content.score >= MARK
    facts = (entry.result_id, entry.revision, content.domain, str(content.taken_at), content.outcome, passed)
    return (facts, tuple(sorted(hold.reasons)), of_model(hold.replaces))


def of_engine(replaced: e.Replaced | None) -> Described:
    """What an acceptance replaces (R18)."""
    return (replaced.result_id, replaced.revision, replaced.domain) if replaced else ()


def of_model(replaced: Entry | None) -> Described:
    return (replaced.result_id, replaced.revision, replaced.content.domain) if replaced else ()


def play_histories(narrow: bool, steps: st.SearchStrategy[list[Step]], examples: int) -> set[str]:
    """Plays random histories through both. Answers what came of the steps: nothing is proved if they get nowhere."""
    reached: set[str] = set()

    @settings(PROFILE, max_examples=examples)
    @given(paid=st.sampled_from([True, True, True, False]), ready=st.sampled_from([0, 1, 2]), steps=steps)
    def histories(paid: bool, ready: int, steps: list[Step]) -> None:
        both = Both(paid, narrow)
        if ready:
            both.do_pass_the_rest(but=ready)
        for given_step in steps:
            reached.add(both.play(given_step))
            reached.update(reason for hold in both.model.open_holds() for reason in hold.reasons)
        reached.add(both.model.overall())

    histories()
    return reached


def test_engine_and_second_model_decide_the_same_about_results_that_collide() -> None:
    reached = play_histories(narrow=False, steps=ROOMY_STEPS, examples=200)
    assert reached >= {"taken", "duplicate", "certified", "known self-assessment"}
    assert reached >= {reason.value for reason in HoldReason}
    assert reached >= {f"refused: {code}" for code in ("newer-revision", "not-held", "cannot-score")}


def test_engine_and_second_model_decide_the_same_about_the_end_of_a_candidacy() -> None:
    reached = play_histories(narrow=True, steps=NARROW_STEPS, examples=200)
    assert reached >= {"testing", "settling", "timed_out", "refused", "extended"}
    assert reached >= {f"refused: {code}" for code in ("closed", "outside-window")}
