"""Random steps in the life of a candidacy, and their player."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from domain.commands import AnswerAdvancement, Cancel
from domain.inquiries import LowerAnswer
from domain.vocabulary import REMINDERS
from tests.unit.domain.builders import DOMAINS, SHA, START, Candidacy, days

WHO = {"by": "B. Oss <boss@example.org>", "reason": "seen by boss@example.org"}
DECIDED_ONCE = (
    "confirm_purchase",
    "record_experience",
    "submit_work_product",
    "review_work_product",
    "extend_deadline",
)
"""The messages that are known when they come again, whatever has happened since (R7)."""
PROFILE = settings(
    derandomize=True,
    deadline=None,
    database=None,
    print_blob=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)

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
    step("experience", back=SOME_DAYS, lasts=st.sampled_from([None, 100, 364, 365, 366]), fixed=st.booleans())
    | step("submit", number=IDS, back=SOME_DAYS)
    | step("review", number=IDS, verdict=st.sampled_from(["passed", "revise", "failed"]))
    | step("submit and judge", verdict=st.sampled_from(["passed", "revise", "failed"]))
    | step("review by a namesake", verdict=st.sampled_from(["passed", "revise"]), said=st.booleans())
    | step(
        "resolve",
        decision=st.sampled_from(["accept", "accept", "reject"]),
        nth=st.integers(0, 3),
        named=st.sampled_from([True, True, False]),
    )
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
        self.decided: list[Step] = []

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

    def say(self, name: str, /, **fields: Any) -> list[str]:
        given = {field: value for field, value in fields.items() if value is not None}
        events = self.candidacy.signal(name, **given)
        if name in DECIDED_ONCE and events and "MessageRefused" not in events:
            self.decided.append((name, given))
        return events

    def deliver_again(self) -> None:
        """Sends once more what was decided once; it changes nothing (R7)."""
        before = self.candidacy.state
        for name, fields in self.decided if not before.closed else ():
            assert self.candidacy.say(name, **fields) == [], (name, fields)
        assert self.candidacy.state == before

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
        fields = {"result_id": f"R-{number}", "taken_at": taken, "outcome": name, **rest, **score}
        self.say_twice("record_assessment_result", **fields)

    def do_resolve(self, decision: str, nth: int, named: bool) -> None:
        held = list(self.candidacy.state.held.values())
        if held:
            hold = held[nth % len(held)]
            result, number = hold.result, hold.hold if named else None
            self.say_twice(
                "resolve_held_result",
                result_id=result.result_id,
                revision=result.revision,
                hold=number,
                decision=decision,
                **WHO,
            )

    def say_twice(self, name: str, **fields: Any) -> None:
        """Sends a message, and once more where it was taken: the second one changes nothing (R7)."""
        given = {field: value for field, value in fields.items() if value is not None}
        events = self.candidacy.signal(name, **given)
        if "MessageRefused" not in events and not self.candidacy.state.closed:
            assert self.candidacy.signal(name, **given) == []

    def do_experience(self, back: int, lasts: int | None, fixed: bool) -> None:
        # From a fixed start, the same role can come again with another end.
        started = (START - days(back) if fixed else self.ago(back)).date()
        ended = started + days(lasts) if lasts is not None else None
        self.say("record_experience", role="Director", started_on=started, ended_on=ended)

    def do_submit(self, number: int, back: int) -> None:
        submitted_at = self.ago(back) if number % 2 else None
        self.say("submit_work_product", submission_id=f"W-{number}", uri="urn:y", sha256=SHA, submitted_at=submitted_at)

    def do_review(self, number: int, verdict: str) -> None:
        pending = self.candidacy.state.work_product.submission_id or f"W-{number}"
        self.say("review_work_product", submission_id=pending, reviewer="R", verdict=verdict)

    def do_submit_and_judge(self, verdict: str) -> None:
        self.do_submit(len(self.candidacy.events) * 2, 0)
        self.do_review(0, verdict)

    def do_review_by_a_namesake(self, verdict: str, said: bool) -> None:
        pending = self.candidacy.state.work_product.submission_id or "W"
        namesake = {"submission_id": pending, "reviewer": "ANA  Ruíz", "verdict": verdict}
        events = self.say("review_work_product", **namesake, not_the_candidate=said or None)
        assert said or events in ([], ["MessageRefused"])

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
            self.say("submit_work_product", submission_id=f"W-{len(self.candidacy.events)}", uri="urn:y", sha256=SHA)
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
        number = len(self.candidacy.events)
        self.say("update_contact", email=f"a{number}@example.net", name=f"Ana {number}" if number % 2 else None)

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
