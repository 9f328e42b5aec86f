"""The candidacy in time: purchase, window, reminders, retakes, settlement, experience, revision (rules 1 to 15)."""

from datetime import timedelta

from tests.workflows.journeys import CUSTOMERS, LEADERSHIP, OPERATIONS, PEOPLE, World, border, local, mails

DEADLINE = "2042-01-10"
SETTLED = border("2042-01-24")


async def test_without_a_purchase_a_candidacy_is_abandoned_after_90_days(world: World) -> None:
    candidate = world.candidate()
    await candidate.start()
    await candidate.has("Registered")
    assert (await candidate.status())["next"]["on"] == "2040-04-09"
    await world.until(border("2040-04-09") - timedelta(minutes=1))
    assert (await candidate.status())["status"] == "awaiting_purchase"
    await world.until(border("2040-04-09") + timedelta(minutes=1))
    assert await candidate.ended() == "abandoned"
    assert candidate.notices(world.outbox) == ["registered", "candidacy-closed"]


async def test_a_purchase_in_time_stops_the_90_days(world: World) -> None:
    candidate = world.candidate()
    await candidate.start()
    await candidate.has("Registered")
    await world.until(local("2040-04-09", "23:00:00"))
    receipt = await candidate.send("confirm_purchase", reference="INV-1", purchased_at="2040-02-29T18:00:00Z")
    assert receipt["status"] == "testing"
    await world.days(30)
    status = await candidate.status()
    assert status["status"] == "testing"
    assert status["testing_deadline"] == "2042-02-28"


async def test_the_window_closes_settles_14_days_and_times_out(world: World) -> None:
    candidate = await world.registered()
    assert (await candidate.status())["testing_deadline"] == DEADLINE
    await world.until(border(DEADLINE) - timedelta(minutes=1))
    assert (await candidate.status())["status"] == "testing"
    await world.until(border(DEADLINE) + timedelta(minutes=1))
    await candidate.stands("settling")
    assert (await candidate.last("TestingWindowClosed"))["at"].startswith("2042-01-11T06:00:0")
    await world.until(SETTLED - timedelta(minutes=1))
    assert (await candidate.status())["status"] == "settling"
    await world.until(SETTLED + timedelta(minutes=1))
    assert await candidate.ended() == "timed_out"


async def test_a_result_taken_inside_the_window_certifies_in_the_settlement(world: World) -> None:
    candidate = await world.registered()
    await world.days(100)
    await candidate.pass_all(await world.now(), but=LEADERSHIP)
    await candidate.submit()
    await candidate.review()
    await world.until(border(DEADLINE) + timedelta(days=5))
    await candidate.stands("settling")
    late = border(DEADLINE) + timedelta(seconds=1)
    assert await candidate.refused(
        "record_assessment_result", result_id="L-1", domain=LEADERSHIP, taken_at=late.isoformat(), percentage="80"
    )
    assert (await candidate.status())["status"] == "settling"
    receipt = await candidate.result(LEADERSHIP, taken_at=border(DEADLINE) - timedelta(seconds=1))
    assert receipt["events"] == ["AssessmentPassed", "Certified"]
    assert (await candidate.status())["certificate"]["certified_on"] == "2042-01-16"


async def test_a_held_result_keeps_the_candidacy_open_until_it_is_decided(world: World) -> None:
    candidate = await world.registered("CCMA")
    taken_at = await world.now()
    await candidate.pass_all(taken_at, but=PEOPLE)
    held = await candidate.result(PEOPLE, "80", taken_at=taken_at, result_id="H-1", passed=False)
    assert held["events"] == ["ResultHeld"]
    await world.until(SETTLED + timedelta(days=40))
    assert (await candidate.status())["status"] == "settling"
    assert "held-result:H-1" in await candidate.attention()
    decision = await candidate.send(
        "resolve_held_result", result_id="H-1", decision="reject", by="B. Oss", reason="not the candidate"
    )
    assert decision["events"] == ["ResultResolved", "CandidacyClosed"]
    assert await candidate.ended() == "timed_out"


async def test_retakes_wait_30_days_and_the_third_failure_ends_after_a_settlement(world: World) -> None:
    candidate = await world.registered()
    first = await world.now()
    await candidate.result(OPERATIONS, "74.99", taken_at=first)
    assert (await candidate.status())["assessments"][OPERATIONS]["next_attempt_on"] == "2040-02-09"
    await world.until(local("2040-02-08"))
    early = await candidate.result(OPERATIONS, "74", taken_at=await world.now(), result_id="EARLY")
    assert early["events"] == ["ResultHeld"]
    await candidate.send("resolve_held_result", result_id="EARLY", decision="reject", by="B. Oss", reason="too early")
    await world.until(local("2040-02-09", "08:00:00"))
    await candidate.result(OPERATIONS, "74", taken_at=await world.now())
    await world.until(local("2040-03-10", "08:00:00"))
    third = await candidate.result(OPERATIONS, "74", taken_at=await world.now())
    assert third["events"] == ["AssessmentFailed", "SettlementStarted"]
    assert third["status"] == "settling"
    await world.until(border("2040-03-24") - timedelta(minutes=1))
    assert (await candidate.status())["status"] == "settling"
    await world.until(border("2040-03-24") + timedelta(minutes=1))
    assert await candidate.ended() == "refused"


async def test_a_correction_within_the_settlement_lifts_it(world: World) -> None:
    candidate = await world.registered()
    for attempt in range(3):
        await candidate.result(OPERATIONS, "70", taken_at=await world.now(), result_id=f"A-{attempt}")
        await world.days(1 if attempt == 2 else 31)
    await candidate.stands("settling")
    fixed = await candidate.result(OPERATIONS, "75", taken_at=await world.now(), result_id="A-2", revision=2)
    assert fixed["events"] == ["ResultCorrected", "SettlementLifted"]
    await world.days(60)
    assert (await candidate.status())["status"] == "testing"


async def test_reminders_go_out_at_180_90_30_and_7_days(world: World) -> None:
    candidate = await world.registered()
    await world.until(border(DEADLINE))
    await candidate.has("TestingWindowClosed")
    due = [entry for entry in await candidate.timeline() if entry["type"] == "ReminderDue"]
    days = ["2041-07-14", "2041-10-12", "2041-12-11", "2042-01-03"]
    assert [entry["due"] for entry in due] == [
        local(day, "09:00:00").isoformat().replace("+00:00", "Z") for day in days
    ]
    assert ["effective_on" in entry for entry in due] == [False] * 4
    await candidate.outbox_sent(world.outbox, 7)
    sent = [
        mail
        for mail, name in zip(mails(world.outbox), candidate.notices(world.outbox), strict=True)
        if "reminder" in name
    ]
    assert len(sent) == len(days)
    for mail in sent:
        assert mail["To"].addresses[0].addr_spec == "ana@example.org"
        # A mail that comes late must still be true, so it names the last day and not the days that are left.
        assert mail["Subject"] == "Reminder: your CCSL testing window closes on 10 January 2042"


async def test_no_reminder_while_the_candidate_can_do_nothing(world: World) -> None:
    candidate = await world.registered()
    await candidate.pass_all(await world.now())
    await candidate.submit()
    await world.until(border("2041-12-15"))
    assert "ReminderDue" not in await candidate.types()
    await candidate.review("failed")
    await world.until(border(DEADLINE))
    await candidate.has("TestingWindowClosed")
    assert (await candidate.types()).count("ReminderDue") == 1


async def test_an_extension_moves_the_window_and_plans_the_reminders_anew(world: World) -> None:
    candidate = await world.registered()
    await world.until(border(DEADLINE) + timedelta(days=3))
    await candidate.stands("settling")
    words = {"reason": "storm damage", "approved_by": "M. Vogel"}
    assert await candidate.refused("extend_deadline", until="2042-07-10", **words) == "extension-too-long"
    receipt = await candidate.send("extend_deadline", until="2042-07-09", **words)
    assert receipt["status"] == "testing"
    await world.until(border("2042-07-09") + timedelta(minutes=1))
    await candidate.stands("settling")
    reminded = [entry["summary"] for entry in await candidate.timeline() if entry["type"] == "ReminderDue"]
    assert [line.split()[1] for line in reminded] == ["180", "90", "30", "7", "90", "30", "7"]
    await world.until(border("2042-07-23") + timedelta(minutes=1))
    assert await candidate.ended() == "timed_out"


async def test_the_anniversary_of_the_experience_certifies_on_that_day_by_itself(world: World) -> None:
    candidate = await world.registered(since="2039-09-20")
    await candidate.pass_all(await world.now())
    await candidate.submit()
    await candidate.review()
    await candidate.stands("awaiting_experience")
    await world.until(local("2040-09-20", "00:00:00") - timedelta(minutes=1))
    assert (await candidate.status())["status"] == "awaiting_experience"
    await world.until(local("2040-09-20", "00:01:00"))
    await candidate.stands("certified")
    assert (await candidate.status())["certificate"]["certified_on"] == "2040-09-20"
    assert (await candidate.status())["certificate"]["expires_on"] == "2043-09-20"


async def test_a_missed_revision_counts_as_a_failed_work_product(world: World) -> None:
    candidate = await world.registered()
    await candidate.submit()
    await candidate.review("revise")
    assert (await candidate.status())["work_product"]["due_on"] == "2040-02-09"
    await world.until(border("2040-02-09") + timedelta(minutes=1))
    await candidate.has("RevisionOverdue")
    # A revision that was submitted in time may arrive in its settlement of 14 days (R5).
    await world.until(border("2040-02-23") + timedelta(minutes=1))
    await candidate.has("WorkProductFailed")
    assert (await candidate.last("WorkProductFailed"))["cause"] == "revision-missed"
    assert (await candidate.status())["status"] == "testing"
    await candidate.submit("WP-2")
    assert (await candidate.review("failed", "WP-2"))["events"] == ["WorkProductFailed", "CandidacyClosed"]
    assert await candidate.ended() == "refused"


async def test_a_revision_in_time_is_taken_even_past_the_window(world: World) -> None:
    candidate = await world.registered()
    await world.days(10)
    await candidate.pass_all(await world.now())
    await candidate.submit()
    await world.until(local(DEADLINE))
    await candidate.review("revise")
    await world.until(local("2042-02-05"))
    await candidate.submit("WP-2")
    await world.days(100)
    assert (await candidate.status())["status"] == "awaiting_review"
    assert (await candidate.review("passed", "WP-2"))["events"] == ["WorkProductPassed", "Certified"]


async def test_a_second_life_of_results_before_the_purchase_is_held_then_taken_by_itself(world: World) -> None:
    candidate = world.candidate("CCMA")
    await candidate.start()
    await candidate.has("Registered")
    await world.days(10)
    early = await world.now()
    held = await candidate.result(CUSTOMERS, taken_at=early, result_id="H-1")
    assert held["events"] == ["ResultHeld"]
    await world.days(10)
    receipt = await candidate.send("confirm_purchase", reference="INV-1", purchased_at=early.isoformat())
    assert receipt["events"] == ["PurchaseConfirmed", "AssessmentPassed"]
    assert await candidate.attention() == []
