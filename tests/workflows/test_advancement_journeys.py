"""Two workflows, one moment: the lower certificate gives way, the higher one is granted (rules 22, 23)."""

from datetime import timedelta
from typing import Any

import pytest

from tests.waiting import eventually
from tests.workflows.journeys import CHICAGO, Candidate, World, border, local

EXPERIENCE = {"role": "Operations Manager", "started_on": "2030-01-01"}


async def advancing(
    world: World, lower: str = "CCMA", higher: str = "CCOM", **fields: Any
) -> tuple[Candidate, Candidate]:
    """A holder who asked for the next designation today, and the candidacy that was opened."""
    holder = await world.holder(lower)
    request = {"purchase": {"reference": "INV-9"}, "experience": EXPERIENCE} | fields
    receipt = await holder.send("request_advancement", **request)
    assert receipt["events"] == ["AdvancementRequested"]
    candidate = world.candidate(higher)

    await eventually(candidate.exists, f"{candidate.workflow_id} is opened")
    await candidate.has("PurchaseConfirmed")
    return holder, candidate


async def superseded_instant(lower: Candidate) -> str:
    return str((await lower.last("Superseded"))["at"])


@pytest.mark.parametrize(("lower", "higher"), [("CCMA", "CCOM"), ("CCMC", "CCSL")])
async def test_an_advancement_certifies_with_the_instant_at_which_the_lower_gave_way(
    world: World, lower: str, higher: str
) -> None:
    holder, candidate = await advancing(world, lower, higher)
    status = await candidate.status()
    assert (status["path"], status["assessments"]) == ("advancement", {})
    assert (
        await candidate.refused(
            "record_assessment_result",
            result_id="R-1",
            domain="people-management",
            taken_at=(await world.now()).isoformat(),
            percentage="90",
        )
        == "no-assessments"
    )
    await world.days(100)
    await candidate.submit()
    await candidate.review()
    await candidate.stands("certified")
    certified = await candidate.last("Certified")
    assert certified["effective_at"] == await superseded_instant(holder)
    assert (certified["certified_on"], certified["expires_on"]) == ("2040-04-19", "2043-04-19")
    assert (await holder.last("Superseded"))["by_number"] == certified["number"]
    assert await holder.ended() == "superseded"


async def test_a_suspended_lower_one_is_asked_again_until_it_is_reinstated(world: World) -> None:
    holder, candidate = await advancing(world)
    await holder.send("suspend", reason="a complaint", by="M. Vogel")
    await candidate.submit()
    await candidate.review()
    await candidate.has("AttentionRaised")
    assert await candidate.attention() == ["lower-not-in-force"]
    await world.days(40)
    assert (await candidate.status())["status"] == "testing"
    assert (await candidate.types()).count("AttentionRaised") == 1
    today = (await world.now()).astimezone(CHICAGO).date()
    announced = [f"{day}: the lower certificate is asked to give way" for day in (today, today + timedelta(days=1))]
    assert await candidate.timer() in announced
    await holder.send("reinstate", reason="unfounded", by="M. Vogel")
    reinstated = await world.now()
    await world.days(1.1)
    await candidate.stands("certified")
    assert await candidate.attention() == []
    certified = await candidate.last("Certified")
    assert certified["effective_at"] == await superseded_instant(holder)
    assert await world.now() - reinstated < timedelta(days=1.2)
    assert await holder.ended() == "superseded"


async def test_an_advancement_whose_lower_is_never_in_force_times_out_and_leaves_it_untouched(world: World) -> None:
    bought = {"reference": "INV-9", "purchased_at": "2038-04-01T12:00:00Z"}
    holder, candidate = await advancing(world, purchase=bought)
    await holder.send("suspend", reason="a complaint", by="M. Vogel")
    await candidate.submit()
    await candidate.review()
    await world.until(border("2040-04-15") - timedelta(minutes=1))
    assert (await candidate.status())["status"] == "settling"
    await world.until(border("2040-04-15") + timedelta(minutes=1))
    assert await candidate.ended() == "timed_out"
    assert "Superseded" not in await holder.types()
    receipt = await holder.send("reinstate", reason="unfounded", by="M. Vogel")
    assert receipt["status"] == "certified"


async def test_an_advancement_waits_for_its_experience(world: World) -> None:
    holder, candidate = await advancing(world, experience={"role": "Operations Manager", "started_on": "2040-01-05"})
    await candidate.submit()
    await candidate.review()
    await candidate.stands("awaiting_experience")
    assert (await holder.status())["status"] == "certified"
    await world.until(local("2041-01-05", "00:01:00"))
    await candidate.stands("certified")
    assert (await candidate.status())["certificate"]["certified_on"] == "2041-01-05"
    assert await holder.ended() == "superseded"


async def test_a_second_request_is_refused_until_the_first_candidacy_has_told_its_end(world: World) -> None:
    holder, candidate = await advancing(world)
    other = {"purchase": {"reference": "INV-10"}}
    assert await holder.refused("request_advancement", **other) == "advancement-under-way"
    assert (await candidate.status())["status"] == "testing"
    await candidate.send("withdraw")
    assert await candidate.ended() == "withdrawn"
    await holder.has("AdvancementEnded")
    assert (await holder.last("AdvancementEnded"))["status"] == "withdrawn"
    assert (await holder.status())["status"] == "certified"


async def test_the_lower_certificate_lapses_on_its_own_clock_while_the_advancement_is_under_way(world: World) -> None:
    holder = await world.holder()
    await world.until(local("2042-12-01"))
    await holder.send("request_advancement", purchase={"reference": "INV-9"}, experience=EXPERIENCE)
    candidate = world.candidate("CCOM")
    await eventually(candidate.exists, "the advancement is opened")
    await world.until(local("2043-02-01"))
    await holder.stands("grace")
    await candidate.submit()
    await candidate.review()
    await candidate.has("AttentionRaised")
    assert await candidate.attention() == ["lower-not-in-force"]
    await holder.evidence("E-1", "2042-05-05")
    await holder.approve("E-1")
    await world.days(1.1)
    await candidate.stands("certified")
    assert await holder.ended() == "superseded"
