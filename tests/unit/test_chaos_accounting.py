"""The accounts of `make chaos` name whatever is lost, doubled or wrong: each is tried with a find that was spoilt."""

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from chaos import accounting
from chaos.evidence import Evidence
from chaos.faults import Outage
from chaos.journeys import Lived
from chaos.plans import KINDS, Candidacy, Plan, plans
from chaos.record_accounting import OfTheRecord
from chaos.report import Report
from chaos.sending import Sent
from tests.cases import each
from trials.discrepancies import Discrepancy
from trials.histories import Activity, Run
from trials.mail import Mail
from trials.workers import End


def people() -> list[Plan]:
    """One person for each kind of journey."""
    return plans(len(KINDS), 1, "chaos1")


def flawless(plan: Plan, candidacy: Candidacy) -> Evidence:
    """What is found of a candidacy when all went as planned."""
    lived = Lived(plan, candidacy)
    for number, step in enumerate(step for stage in candidacy.stages for step in stage):
        lived.sent.append(Sent(step, f"{plan.candidate_id}:{number}", "signal", refused=step.refused))
    taken = [sent for sent in lived.sent if not sent.step.refused]
    receipts = {one.message_id: {"events": list(one.step.events), "duplicate": True} for one in taken}
    again = [dataclasses.replace(one, receipt=receipts[one.message_id]) for one in taken]
    timeline = [event(plan, candidacy, kind, number) for number, kind in enumerate(candidacy.events, start=1)]
    names = ["load_programme", *["send_notice"] * candidacy.notices]
    activities = [Activity(name, 0.0, attempts=1, closed_at=1.0, outcome="completed", effects=1) for name in names]
    return Evidence(
        lived,
        f"run-{plan.workflow_id(candidacy)}",
        {
            "status": candidacy.status,
            "attention": [],
            "certificate": {"number": f"N-{plan.workflow_id(candidacy)}", "in_force": not candidacy.closed}
            if candidacy.certified
            else None,
        },
        timeline,
        receipts,
        [] if candidacy.closed else again,
        list(timeline),
        [Run("run", "completed" if candidacy.closed else "running", activities=activities)],
    )


def event(plan: Plan, candidacy: Candidacy, kind: str, number: int) -> dict[str, Any]:
    # Experience is met in the very instant of the registration.
    at = "at 1" if kind == "ExperienceMet" else f"at {number}"
    facts: dict[str, Any] = {"sequence": number, "type": kind, "at": at}
    if kind == "Certified":
        facts |= {"number": f"N-{plan.workflow_id(candidacy)}", "effective_at": gives_way_at(plan)}
    if kind == "Superseded":
        facts |= {"by_number": f"N-{plan.workflow_id(plan.candidacies[-1])}", "at": gives_way_at(plan)}
    return facts


def gives_way_at(plan: Plan) -> str:
    return f"when {plan.candidate_id} advances"


def everything() -> list[Evidence]:
    return [flawless(plan, candidacy) for plan in people() for candidacy in plan.candidacies]


def mails(found: Iterable[Evidence]) -> list[Mail]:
    return [
        Mail(message_id, one.lived.plan.person["email"], "a notice", "worker-0-1", 10.0 * number, answered=True)
        for one in found
        for number, message_id in enumerate(accounting.message_ids(one))
    ]


def account(found: list[Evidence], taken: list[Mail] | None = None) -> list[Discrepancy]:
    taken = mails(found) if taken is None else taken
    problems = [problem for one in found for problem in accounting.of_candidacy(one)]
    return [*problems, *accounting.of_certificates(found), *accounting.of_notices(found, taken)]


def one_of(found: list[Evidence], kind: str) -> Evidence:
    return next(one for one in found if one.lived.plan.kind == kind)


def test_where_all_went_as_planned_nothing_is_named() -> None:
    assert account(everything()) == []


def lose_the_certificate(found: Evidence) -> None:
    found.timeline = [one for one in found.timeline if one["type"] != "Certified"]


def double_an_event(found: Evidence) -> None:
    found.timeline = [*found.timeline, {**found.timeline[-1], "sequence": len(found.timeline) + 1}]


def leave_a_gap(found: Evidence) -> None:
    found.timeline[-1] = {**found.timeline[-1], "sequence": 99}


def forget_a_message(found: Evidence) -> None:
    del found.receipts[found.lived.sent[0].message_id]


def take_a_message_again(found: Evidence) -> None:
    found.again[0] = dataclasses.replace(found.again[0], receipt={"events": [], "duplicate": False})


def give_another_effect(found: Evidence) -> None:
    found.receipts[found.lived.sent[0].message_id] = {"events": ["ResultHeld"]}


def change_by_repeating(found: Evidence) -> None:
    found.timeline_after = [*found.timeline, {"type": "AssessmentPassed"}]


def fail_a_task(found: Evidence) -> None:
    found.runs[0].failed_tasks.append("WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR: no")


def terminate(found: Evidence) -> None:
    found.runs[0].status = "terminated"


def fail_an_activity(found: Evidence) -> None:
    found.runs[0].activities[-1].outcome = "failed"


def send_a_notice_too_many(found: Evidence) -> None:
    found.runs[0].activities[-1].effects += 1


def run_again(found: Evidence) -> None:
    found.runs.append(Run("another"))


def ask_for_attention(found: Evidence) -> None:
    found.status["attention"] = ["notice-undeliverable"]


def get_stuck(found: Evidence) -> None:
    found.lived.faults.append(Discrepancy("stuck", "certification:CCSL:C-1: pending send_notice"))


@each(
    ("spoil", "kind", "word"),
    [
        (lose_the_certificate, "lost", "1 x Certified missing"),
        (double_an_event, "twice", "1 x Certified too many"),
        (leave_a_gap, "wrong", "not numbered from 1"),
        (forget_a_message, "lost", "does not know it"),
        (take_a_message_again, "twice", "not known as a duplicate"),
        (give_another_effect, "wrong", "its effect is ['ResultHeld']"),
        (change_by_repeating, "twice", "changed the timeline"),
        (fail_a_task, "failed", "NON_DETERMINISTIC"),
        (terminate, "failed", "has terminated"),
        (fail_an_activity, "failed", "send_notice failed"),
        (send_a_notice_too_many, "wrong", "send_notice has"),
        (run_again, "twice", "2 runs"),
        (ask_for_attention, "wrong", "notice-undeliverable"),
        (get_stuck, "stuck", "pending send_notice"),
    ],
)
def test_what_is_spoilt_in_one_candidacy_is_named(spoil: Callable[[Evidence], None], kind: str, word: str) -> None:
    found = everything()
    spoil(one_of(found, "scored by a key"))
    assert [problem for problem in account(found) if problem.kind == kind and word in problem.what]


def test_a_message_that_had_to_be_refused_and_was_taken_is_named() -> None:
    found = everything()
    spoilt = one_of(found, "returned and revised").lived
    spoilt.sent[5] = dataclasses.replace(spoilt.sent[5], refused=None)
    assert [problem.kind for problem in account(found)] == ["wrong"]


def test_two_instants_of_one_advancement_are_named() -> None:
    found = everything()
    higher = next(one for one in found if one.lived.candidacy.registration is None)
    higher.timeline[-1] = {**higher.timeline[-1], "effective_at": "a day later"}
    higher.timeline_after = list(higher.timeline)
    (problem,) = account(found)
    assert "a day later" in problem.what


def test_a_certificate_number_given_twice_is_named() -> None:
    found = everything()
    for spoilt in [one for one in found if one.lived.candidacy.status == "certified"][:2]:
        spoilt.timeline[-1] = {**spoilt.timeline[-1], "number": "N-1"}
        spoilt.status["certificate"] = {"number": "N-1"}
    assert "the certificate N-1 was granted 2 times" in [problem.what for problem in account(found)]


def test_an_execution_too_many_and_one_that_is_missing_are_named() -> None:
    planned = {one.lived.workflow_id for one in everything()}
    first, *others = [(workflow_id, "run") for workflow_id in planned]
    problems = list(accounting.of_executions(planned, [*others, (others[0][0], "another run"), ("unknown", "run")]))
    assert Counter(problem.kind for problem in problems) == {"lost": 1, "twice": 2}
    assert first[0] in problems[0].what


@each(
    ("how", "code", "kinds"),
    [
        ("SIGKILL", -9, []),
        ("SIGTERM", 0, []),
        ("SIGTERM", 1, ["failed"]),
        ("SIGTERM, killed after 60 s", -9, ["stuck"]),
    ],
)
def test_a_worker_that_ends_otherwise_than_it_was_told_to_is_named(how: str, code: int, kinds: list[str]) -> None:
    problems = accounting.of_workers([End("worker-0-1", how, 1.0, 2.0, code)], [])
    assert [problem.kind for problem in problems] == kinds


@each(
    ("at", "code", "kinds"),
    [(101.0, 3, []), (112.0, 3, []), (99.0, 3, ["failed"]), (150.0, 3, ["failed"]), (101.0, 139, ["failed"])],
)
def test_a_worker_may_end_by_itself_only_because_the_server_was_away(at: float, code: int, kinds: list[str]) -> None:
    end = End("worker-0-1", f"itself, with {code}", at, at, code, by_itself=True)
    problems = accounting.of_workers([end], [Outage("server", 100.0, 102.0)])
    assert [problem.kind for problem in problems] == kinds


# --- notices


def test_a_notice_that_is_missing_or_not_asked_for_or_went_to_somebody_else_is_named() -> None:
    found = everything()
    _, second, *others = mails(found)
    stray = dataclasses.replace(second, message_id="<another@ciac-cert.org>")
    wrong = dataclasses.replace(second, to="somebody@example.org")
    problems = account(found, [wrong, stray, *others])
    assert [problem.kind for problem in problems] == ["lost", "wrong", "twice"]


MAIL = Mail("<1@ciac-cert.org>", "a@example.org", "a notice", "worker-0-1", 100.0, answered=True)
AGAIN = dataclasses.replace(MAIL, sender="worker-1-1", at=127.0)


@each(
    ("first", "ends", "outages", "explained"),
    [
        (MAIL, [], [], False),
        (dataclasses.replace(MAIL, answered=False), [], [], True),
        (MAIL, [End("worker-0-1", "SIGKILL", 100.1, 100.1, -9)], [], True),
        (MAIL, [End("worker-1-1", "SIGKILL", 100.1, 100.1, -9)], [], False),
        (MAIL, [End("worker-0-1", "SIGTERM", 100.1, 100.1, 0)], [], False),
        (MAIL, [End("worker-0-1", "SIGKILL", 99.0, 99.0, -9)], [], False),
        (MAIL, [End("worker-0-1", "SIGKILL", 126.0, 126.0, -9)], [], False),
        (MAIL, [], [Outage("server", 101.0, 103.0)], True),
        (MAIL, [], [Outage("server", 98.0, 101.0)], True),
        (MAIL, [], [Outage("server", 126.0, 127.0)], False),
    ],
)
def test_a_mail_taken_again_must_be_explained_by_a_fault_of_its_own_time_and_worker(
    first: Mail, ends: list[End], outages: list[Outage], explained: bool
) -> None:
    assert accounting.repeated([first, AGAIN]) == [(first, AGAIN)]
    assert (list(accounting.of_repeats([first, AGAIN], ends, outages)) == []) is explained


# --- the report


def test_the_report_names_every_discrepancy_and_counts_it() -> None:
    found = everything()
    waited = Activity("send_notice", 0.0, attempts=2, closed_at=12.5, outcome="completed", last_failure="timed out")
    found[0].runs[0].activities.append(waited)
    problem = Discrepancy("lost", "a notice")
    end = End("worker-0-1", "SIGTERM", 1.0, 3.0, 0)
    report = Report(
        1, 3, found, mails(found), [end], [], [], OfTheRecord("sqlite"), Counter({"signal": 2}), 5, 60.0, [problem]
    )
    figures = report.figures()
    assert (figures["lost"], figures["twice"], figures["workers ended"]) == (1, 0, 1)
    assert (figures["journeys"], figures["  these waited, longest s"]) == (len(KINDS), 12.5)
    assert figures["longest drain, s"] == 2.0
    assert "lost: a notice" in report.table()
    assert report.document()["waits"] == [12.5]
    assert not report.right
    assert dataclasses.replace(report, discrepancies=[]).right


@each(("designation", "in_force", "kind"), [("CCOM", False, "lost"), ("CCMA", True, "twice")])
def test_a_person_without_a_certificate_in_force_and_one_with_two_are_named(
    designation: str, in_force: bool, kind: str
) -> None:
    found = everything()
    advancing = next(
        one
        for one in found
        if one.lived.plan.kind == "advancement of an associate" and one.lived.candidacy.designation == designation
    )
    advancing.status["certificate"]["in_force"] = in_force
    problems = [str(problem) for problem in account(found)]
    count = 2 if in_force else 0
    assert problems == [f"{kind}: {advancing.lived.plan.candidate_id}: {count} certificates in force instead of 1"]
