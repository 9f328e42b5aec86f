"""The invented people in the pictures of the Temporal UI, each brought to a status by the public contract."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from temporalio.client import Client

    Story = Callable[[Client], Awaitable[None]]

_PEOPLE_MANAGEMENT = "people-management"
_DOMAINS = (_PEOPLE_MANAGEMENT, "operations-management", "customer-relationships", "leadership-and-business")


def _ago(days: int) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT15:00:00Z")


def _day(days_ago: int) -> str:
    return _ago(days_ago)[:10]


class Person:
    """One candidate, to whom messages are sent by name and JSON, as any foreign program would."""

    def __init__(self, client: Client, candidate_id: str, designation: str) -> None:
        self._client = client
        self._candidate_id = candidate_id
        self._designation = designation
        self._workflow_id = f"certification:{designation}:{candidate_id}"

    async def enrol(self, name: str, *, bought: int | None = None, experience: int | None = None) -> Person:
        """Starts the workflow. The purchase was `bought` days ago, and the experience began `experience` days ago."""
        registration: dict[str, Any] = {
            "candidate_id": self._candidate_id,
            "name": name,
            "email": f"{self._candidate_id.lower()}@example.org",
            "designation": self._designation,
        }
        if bought is not None:
            registration["purchase"] = {"reference": f"INV-{self._candidate_id}", "purchased_at": _ago(bought)}
        if experience is not None:
            registration["experience"] = {"role": "Director, Customer Care", "started_on": _day(experience)}
        await self._client.start_workflow(
            "CertificationWorkflow",
            registration,
            id=self._workflow_id,
            task_queue="certification",
            static_summary=f"{self._designation} {self._candidate_id}",
            static_details=f"Candidacy of {self._candidate_id} for {self._designation}.",
        )
        return self

    async def send(self, message: str, **payload: Any) -> None:
        """Sends a message as an update, and waits for its receipt."""
        await self._client.get_workflow_handle(self._workflow_id).execute_update(message, payload)

    async def result(self, number: int, days_ago: int, **score: Any) -> None:
        """Sends a result for the domain with this number."""
        await self.send(
            "record_assessment_result",
            result_id=f"R-{number}{days_ago:03}",
            domain=_DOMAINS[number],
            taken_at=_ago(days_ago),
            **score,
        )

    async def pass_all(self, days_ago: int) -> None:
        """Passes every assessment, one a day."""
        for number, percentage in enumerate(("81.5", "92.25", "78", "85")):
            await self.result(number, days_ago - number, percentage=percentage)

    async def submit(self, days_ago: int) -> None:
        """Submits a work product."""
        await self.send(
            "submit_work_product",
            submission_id=f"WP-{self._candidate_id}",
            uri=f"https://files.example.org/{self._candidate_id}.pdf",
            sha256="ab" * 32,
            submitted_at=_ago(days_ago),
        )


async def ana(client: Client) -> None:
    """Testing: two assessments passed, one failed, one held for a person to decide; a work product under review."""
    person = await Person(client, "C-1001", "CCSL").enrol("Ana Ruiz", bought=120, experience=200)
    await person.send("record_self_assessment", domain=_PEOPLE_MANAGEMENT, percentage=62.5, taken_at=_ago(110))
    await person.result(0, 80, points=51, out_of=60)
    await person.result(1, 79, percentage="92.25")
    await person.result(2, 12, points=38, out_of=51)
    await person.result(3, 11, percentage=88, passed=False)
    await person.submit(5)


async def ben(client: Client) -> None:
    """Certified."""
    person = await Person(client, "C-1002", "CCMA").enrol("Ben Okafor", bought=60)
    await person.pass_all(50)


async def chloe(client: Client) -> None:
    """Everything is met but the work product, which is under review."""
    person = await Person(client, "C-1003", "CCOM").enrol("Chloé Martin", bought=200, experience=900)
    await person.pass_all(150)
    await person.submit(3)


async def diego(client: Client) -> None:
    """Registered; the purchase is awaited."""
    await Person(client, "C-1004", "CCMA").enrol("Diego Sousa")


async def emi(client: Client) -> None:
    """Everything is met but the experience, which counts from its anniversary."""
    person = await Person(client, "C-1005", "CCSL").enrol("Emi Tanaka", bought=90, experience=240)
    await person.pass_all(60)
    await person.submit(30)
    await person.send("review_work_product", submission_id="WP-C-1005", reviewer="Dr. Imani Cole", verdict="passed")


async def farid(client: Client) -> None:
    """A suspended holder."""
    person = await Person(client, "C-1006", "CCMC").enrol("Farid Haddad", bought=400)
    await person.pass_all(300)
    await person.send("suspend", reason="a complaint is being looked into", by="M. Reyes")


async def grace(client: Client) -> None:
    """Withdrawn."""
    person = await Person(client, "C-1007", "CCMC").enrol("Grace Lindqvist", bought=30)
    await person.result(0, 14, outcome="no_show")
    await person.send("withdraw", reason="moves to another profession")


async def hugo(client: Client) -> None:
    """A holder who is on the way to the next designation, with two workflows."""
    person = await Person(client, "C-1008", "CCMA").enrol("Hugo Nakamura", bought=500)
    await person.pass_all(400)
    await person.send(
        "request_advancement",
        purchase={"reference": "INV-C-1008-2", "purchased_at": _ago(40)},
        experience={"role": "Operations manager", "started_on": _day(700)},
    )


async def ines(client: Client) -> None:
    """Testing, with the deadline two or three weeks away."""
    person = await Person(client, "C-1009", "CCMC").enrol("Inês Duarte", bought=712)
    for number in (0, 1, 2):
        await person.result(number, 100, percentage="83")


EVERYBODY: tuple[Story, ...] = (ana, ben, chloe, diego, emi, farid, grace, hugo, ines)
CANDIDACIES = 10
"""How many workflows these people have; Hugo has two."""
