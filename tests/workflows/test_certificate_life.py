"""The certificate in time: recertification, grace, lapse, end, suspension (rules 17 to 20)."""

from datetime import timedelta

import pytest

from tests.workflows.journeys import World, border, local

# Certified on 10 January 2040 (see START).
EXPIRES, GRACE_ENDS, ENDS, SETTLED = "2043-01-10", "2043-04-10", "2044-01-10", "2044-01-24"


async def test_a_certificate_is_not_renewed_and_ends(world: World) -> None:
    holder = await world.holder("CCSL")
    status = await holder.status()
    assert (status["certificate"]["expires_on"], status["certificate"]["in_force"]) == (EXPIRES, True)
    assert status["recertification"]["window_opens_on"] == "2042-01-10"
    await world.until(local("2042-01-10", "00:00:00") + timedelta(minutes=1))
    await holder.stands("recertifying")
    await world.until(border(EXPIRES) - timedelta(minutes=1))
    status = await holder.status()
    assert (status["status"], status["certificate"]["in_force"]) == ("recertifying", True)
    await world.until(border(EXPIRES) + timedelta(minutes=1))
    await holder.stands("grace")
    assert (await holder.status())["certificate"]["in_force"] is False
    await world.until(border(GRACE_ENDS) + timedelta(minutes=1))
    await holder.stands("lapsed")
    await world.until(border(ENDS) + timedelta(minutes=1))
    await holder.has("RenewalClosed")
    assert (await holder.status())["status"] == "lapsed"
    await world.until(border(SETTLED) + timedelta(minutes=1))
    assert await holder.ended() == "expired"
    reminded = [entry for entry in await holder.timeline() if entry["type"] == "ReminderDue"]
    days = ["2042-01-10", "2042-07-14", "2042-10-12", "2042-12-11", "2043-01-03", "2043-01-11"]
    assert [entry["due"] for entry in reminded] == [
        local(day, "09:00:00").isoformat().replace("+00:00", "Z") for day in days
    ]
    assert holder.notices(world.outbox).count("reminder-due") == 6
    assert holder.notices(world.outbox)[-3:] == ["reminder-due", "certification-lapsed", "candidacy-closed"]


async def test_a_recertification_is_refused_before_its_window(world: World) -> None:
    holder = await world.holder()
    await world.until(local("2042-01-10", "00:00:00") - timedelta(minutes=1))
    refusal = {"submission_id": "E-1", "activities": [{"title": "A course", "completed_on": "2041-05-05"}]}
    assert await holder.refused("submit_recertification", **refusal) == "window-not-open"
    await world.until(local("2042-01-10", "00:01:00"))
    assert (await holder.evidence("E-1", "2041-05-05"))["events"] == ["RecertificationSubmitted"]


@pytest.mark.parametrize(
    ("submitted", "decided", "phase", "expires_on", "gap_from"),
    [
        ("2042-03-01", "2042-04-01", "in_time", "2046-01-10", None),
        (EXPIRES, "2043-02-20", "in_time", "2046-01-10", None),
        ("2043-04-10", "2043-05-20", "grace", "2046-01-10", None),
        ("2043-04-11", "2043-05-20", "lapsed", "2046-05-20", "2043-01-11"),
        (ENDS, "2044-02-01", "lapsed", "2047-02-01", "2043-01-11"),
    ],
)
async def test_the_moment_of_submission_decides(
    world: World, submitted: str, decided: str, phase: str, expires_on: str, gap_from: str | None
) -> None:
    holder = await world.holder()
    number = (await holder.status())["certificate"]["number"]
    await world.until(local(submitted, "23:00:00"))
    await holder.evidence("E-1", "2041-06-01")
    assert (await holder.last("RecertificationSubmitted"))["phase"] == phase
    await world.until(local(decided))
    await holder.approve("E-1")
    status = await holder.status()
    certificate = status["certificate"]
    assert status["status"] == "certified"
    assert (certificate["number"], certificate["cycle"], certificate["in_force"]) == (number, 2, True)
    assert (certificate["expires_on"], certificate["gap_from"]) == (expires_on, gap_from)
    await holder.outbox_sent(world.outbox, 1)
    assert "review-waiting" not in status["attention"]


async def test_a_review_that_waits_past_a_border_asks_for_attention(world: World) -> None:
    holder = await world.holder()
    await world.until(local(EXPIRES, "23:00:00"))
    await holder.evidence("E-1", "2041-06-01")
    await world.until(border(GRACE_ENDS) + timedelta(days=20))
    await holder.stands("grace")
    assert await holder.attention() == ["review-waiting"]
    await holder.approve("E-1", "returned")
    await holder.stands("lapsed")
    assert await holder.attention() == []


async def test_a_suspension_stops_no_clock_and_asks_for_attention_after_180_days(world: World) -> None:
    holder = await world.holder()
    await world.until(local("2042-09-01"))
    receipt = await holder.send("suspend", reason="a complaint", by="M. Vogel")
    assert receipt["status"] == "suspended"
    await world.until(border(EXPIRES) + timedelta(days=1))
    status = await holder.status()
    assert (status["status"], status["attention"]) == ("suspended", [])
    assert "CertificateExpired" in await holder.types()
    await world.until(border("2043-03-01"))
    assert await holder.attention() == ["suspension-unresolved"]
    receipt = await holder.send("reinstate", reason="unfounded", by="M. Vogel")
    assert receipt["status"] == "grace"
    assert await holder.attention() == []


async def test_a_revoked_certificate_ends_at_once(world: World) -> None:
    holder = await world.holder()
    await holder.send("suspend", reason="a complaint", by="M. Vogel")
    await world.days(10)
    receipt = await holder.send("revoke", reason="fraud", by="M. Vogel")
    assert receipt["status"] == "revoked"
    assert await holder.ended() == "revoked"
    assert holder.notices(world.outbox)[-1] == "revoked"
