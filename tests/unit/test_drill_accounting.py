"""The accounts of `make drill` name whatever is lost, doubled or wrong: each is tried with a find that was spoilt."""

import copy
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from drill import accounting, overall
from drill.evidence import Found
from drill.lives import Life, Sent
from drill.stages import STAGES
from drill.steps import NEW, OLD, Part, Step
from tests.cases import each
from trials.discrepancies import Discrepancy
from trials.histories import Run
from trials.mail import Mail
from trials.workers import End

BEGAN = datetime(2026, 11, 26, 5, tzinfo=UTC)
CONTACT = Step("update_contact", {"name": "Another"}, ("ContactUpdated",))
MENTOR = Step("name_mentor", {"mentor": "M. Entor"}, ("MentorNamed",), newer=True)
ADVICE = {"domain": "people-management", "percentage": "68", "taken_at": "2026-11-20T00:00:00+00:00"}
ASSESSED = Step("record_self_assessment", ADVICE, ("SelfAssessmentRecorded",))
MOVED_AT = (0, 100, 200, 300)
"""When each run began, in seconds after BEGAN: on the older build, the newer, the older, the newer."""


def at(seconds: float) -> str:
    return (BEGAN + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def sent(step: Step, part: Part, number: int, seconds: float, **known: Any) -> Sent:
    begun_at = BEGAN.timestamp() + seconds
    return Sent(step, part, "update", f"m-{number}", 1, begun_at, begun_at + 1, **known)


def event(sequence: int, kind: str, seconds: float, **fields: Any) -> dict[str, Any]:
    return {"sequence": sequence, "at": at(seconds), "type": kind, "summary": kind, **fields}


def found() -> Found:
    """A candidacy without a fault: a mentor is refused by the older build, named on the newer one, and asked about."""
    stage = next(stage for stage in STAGES if stage.name == "testing")
    life = Life(stage, "drill-0001")
    life.sent = [
        sent(CONTACT, Part.BEFORE, 1, 10),
        sent(MENTOR, Part.BEFORE, 2, 20, refused="InvalidMessage"),
        sent(MENTOR, Part.NEWER, 3, 120),
        sent(ASSESSED, Part.OLDER, 4, 220),
    ]
    timeline = [
        event(1, "Registered", 1),
        event(2, "ExperienceRecorded", 1),
        event(3, "PurchaseConfirmed", 1),
        event(4, "ExperienceMet", 1),
        event(5, "ContactUpdated", 10.5),
        event(6, "MentorNamed", 120.5, check_at=at(135)),
        event(7, "MentorCheckDue", 135, due=at(135)),
        event(8, "SelfAssessmentRecorded", 220.5, guidance="needs development", taken_at="2026-11-20T00:00:00Z"),
    ]
    life.timelines = [(Part.BEFORE, timeline[:5]), (Part.OLDER, [*timeline[:5], *map(untold, timeline[5:])])]
    receipts = {
        "m-1": {"events": ["ContactUpdated"], "sequence": 5},
        "m-3": {"events": ["MentorNamed"], "sequence": 6},
        "m-4": {"events": ["SelfAssessmentRecorded"], "sequence": 8},
    }
    runs = [
        Run(
            f"run-{seconds}",
            "continued as new" if seconds < 300 else "running",
            began_at=BEGAN.timestamp() + seconds,
            ended_at=BEGAN.timestamp() + seconds + 100 if seconds < 300 else None,
            builds=[build],
        )
        for seconds, build in zip(MOVED_AT, (OLD, NEW, OLD, NEW), strict=True)
    ]
    status = {"status": "certified", "attention": ["mentor-unconfirmed"]}
    return Found(life, status, copy.deepcopy(timeline), receipts, "run-0", runs)


def untold(entry: dict[str, Any]) -> dict[str, Any]:
    """An event as the older build shows it, which has no sentence for those of the newer one."""
    return {**entry, "summary": "?"} if entry["type"].startswith("Mentor") else entry


def told(one: Found) -> list[str]:
    return [str(problem) for problem in accounting.of_candidacy(one)]


def test_a_candidacy_without_a_fault_has_no_discrepancy() -> None:
    assert told(found()) == []


def _gap(one: Found) -> None:
    del one.timeline[4]


def _other_words(one: Found) -> None:
    one.timeline[1]["summary"] = "something else"


def _event_without_a_cause(one: Found) -> None:
    one.timeline.append(event(9, "ContactUpdated", 330))


def _lost_message(one: Found) -> None:
    del one.receipts["m-1"]


def _lost_event_of_the_newer_build(one: Found) -> None:
    one.timeline[5]["type"] = "ContactUpdated"


def _taken_by_the_older_build(one: Found) -> None:
    one.receipts["m-2"] = {"events": ["MentorNamed"], "sequence": 6}


def _refused_by_the_newer_build(one: Found) -> None:
    one.life.sent[2].refused = "InvalidMessage"
    del one.receipts["m-3"]


def _neither_taken_nor_refused(one: Found) -> None:
    one.life.sent[1].refused = None


def _taken_later_by_a_replay(one: Found) -> None:
    one.life.sent[1].refused = None
    one.timeline.append(event(9, "MessageRefused", 21, message_id="m-2", code="invalid-message"))
    one.receipts["m-2"] = {"events": ["MentorNamed"], "sequence": 6}


def _rule_of_the_other_build(one: Found) -> None:
    one.timeline[7]["guidance"] = "strength"


def _alarm_rang_twice(one: Found) -> None:
    one.timeline.append(event(9, "MentorCheckDue", 310, due=at(135)))


def _alarm_never_rang(one: Found) -> None:
    one.timeline[6] = event(7, "ContactUpdated", 135)


def _task_failed(one: Found) -> None:
    one.runs[1].failed_tasks.append("WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR: no")


def _never_moved_back(one: Found) -> None:
    one.runs[2].builds = [NEW]


def _two_builds_in_one_run(one: Found) -> None:
    one.runs[0].builds = [OLD, NEW]


def _asks_for_attention(one: Found) -> None:
    one.status["attention"].append("notice-undeliverable")


@each(
    ("spoil", "words"),
    [
        (_gap, "not numbered"),
        (_other_words, "an event was"),
        (_event_without_a_cause, "ContactUpdated on the timeline without a cause"),
        (_lost_message, "the candidacy does not know it"),
        (_lost_event_of_the_newer_build, "on the timeline is ['ContactUpdated']"),
        (_taken_by_the_older_build, "the build that had the candidacy does not know it"),
        (_refused_by_the_newer_build, "and the newer build had the candidacy"),
        (_neither_taken_nor_refused, "neither taken nor refused"),
        (_taken_later_by_a_replay, "taken and refused"),
        (_rule_of_the_other_build, "it says 'strength' and not 'needs development'"),
        (_alarm_rang_twice, "has rung, not that of None"),
        (_alarm_never_rang, "has never rung"),
        (_task_failed, "a workflow task failed"),
        (_never_moved_back, "it was on the builds ['old', 'new']"),
        (_two_builds_in_one_run, "was on the builds ['old', 'new']"),
        (_asks_for_attention, "it asks for attention: notice-undeliverable"),
    ],
)
def test_whatever_is_wrong_is_named(spoil: Callable[[Found], None], words: str) -> None:
    one = found()
    spoil(one)
    assert any(words in problem for problem in told(one)), told(one)


def test_a_notice_that_gives_way_stands_behind_the_events_of_the_message() -> None:
    one = found()
    one.timeline.append(event(9, "NoticeSuperseded", 220.5))
    one.receipts["m-4"] = {"events": ["SelfAssessmentRecorded"], "sequence": 9}
    assert told(one) == []


def test_a_candidacy_that_closed_in_a_move_may_move_once_more_with_its_last_notices_and_never_back() -> None:
    stage = next(stage for stage in STAGES if stage.closed_in is Part.BACK)

    def wrong(*builds: str) -> bool:
        runs = [Run(f"run-{number}", "completed", builds=[build]) for number, build in enumerate(builds)]
        one = Found(Life(stage, "drill-0002"), {"status": "withdrawn", "attention": []}, [], {}, "run-0", runs)
        return any("it was on the builds" in problem for problem in told(one))

    assert not wrong(OLD, NEW)
    assert not wrong(OLD, NEW, OLD)
    assert not wrong(OLD, NEW, OLD, NEW)
    assert wrong(OLD)
    assert wrong(NEW, OLD)


# --- notices and workers


def mails(one: Found) -> list[Mail]:
    return [
        Mail(message_id, one.life.email, "subject", "new-1", 0.0, answered=True)
        for message_id in overall.message_ids(one)
    ]


def of_notices(one: Found, taken: Sequence[Mail]) -> list[Discrepancy]:
    return list(overall.of_notices([one], taken))


def test_each_notice_goes_out_once() -> None:
    one = found()
    taken = mails(one)
    # Registered, PurchaseConfirmed, MentorNamed, SelfAssessmentRecorded
    assert len(taken) == 4
    assert of_notices(one, taken) == []
    assert [problem.kind for problem in of_notices(one, taken[1:])] == ["lost"]
    assert [problem.kind for problem in of_notices(one, [*taken, taken[0]])] == ["twice"]
    other = Mail("<other@ciac-cert.org>", one.life.email, "subject", "new-1", 0.0, answered=True)
    assert [problem.kind for problem in of_notices(one, [*taken, other])] == ["twice"]
    wrong = Mail(taken[0].message_id, "other@example.org", "subject", "new-1", 0.0, answered=True)
    assert [problem.kind for problem in of_notices(one, [wrong, *taken[1:]])] == ["wrong"]


def test_a_notice_that_gave_way_to_a_newer_one_is_not_missed() -> None:
    one = found()
    taken = mails(one)[1:]
    one.timeline.append(event(9, "NoticeSuperseded", 5, about=1))
    assert of_notices(one, taken) == []


def test_a_worker_must_end_when_it_is_asked_and_with_0() -> None:
    assert list(overall.of_workers([End("new-1", "SIGTERM", 0.0, 1.0, 0)])) == []
    for end in (End("new-1", "SIGTERM", 0.0, 1.0, 1), End("new-1", "itself, with 0", 1.0, 1.0, 0, by_itself=True)):
        assert [problem.kind for problem in overall.of_workers([end])] == ["failed"]
