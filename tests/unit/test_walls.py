"""No plain JSON document passes from one room to another, but at the edges: JSON in, JSON out, and Temporal's payloads.

Inside the house a thing has a type of its own, so that a field that is renamed is found by mypy and not by a user.
`tests/unit/crossings.py` finds each type with a document in it on what another room uses.
"""

import pytest

from runtime.settings import ROOT
from tests.unit.crossings import House

IN = "JSON in: it reads what somebody else has written, and makes typed values of it"
OUT = "JSON out: people and programs read it, and nothing inside looks into it"
PAYLOAD = "a payload of Temporal: the other side may be another build, or another program"
STORED = "what any build has stored: each step leads from one form of JSON to the next"
CELLS = "the cells of a file as they stand there; the demo moves their days before anybody checks them"
VALUES = "the values of SQL statements: others hand a pipeline back to the record, which alone fills it"
FACTS = "what the template of a notice is filled with; it waits in the journal and is sent to an activity"

EDGES = {
    "activities.requests:Notice.facts": FACTS,
    "activities.requests:OpeningRequest.registration": PAYLOAD,
    "activities.requests:RecordRequest.events": PAYLOAD,
    "client.receipts:Receipt.document": OUT,
    "domain.effects:Notify.facts": FACTS,
    "domain.formats:Chain.event": STORED,
    "domain.formats:Chain.journal": STORED,
    "domain.formats:Chain.programme": STORED,
    "domain.formats:Step.entry": STORED,
    "domain.formats:Step.event": STORED,
    "domain.formats:Step.journal": STORED,
    "domain.formats:Step.programme": STORED,
    "domain.formats:Step.state": STORED,
    "domain.unique_fields:unique_fields": IN,
    "feeds.table:Row.fields": CELLS,
    "monitoring.monitor:Monitor.live": OUT,
    "monitoring.monitor:Monitor.ready": OUT,
    "monitoring.monitor:check": OUT,
    "record.exporting:Exported.document": OUT,
    "record.heads:Filed.document": OUT,
    "record.pipeline:Answer.rows": VALUES,
    "record.pipeline:Pipeline.ask": VALUES,
    "record.pipeline:Pipeline.write": VALUES,
    "trials.command:Result.document": OUT,
    "views.contact:ContactView.document": OUT,
    "views.entries:TimelineEntry.document": OUT,
    "views.schemas:files": OUT,
    "views.schemas:sent": OUT,
    "views.status:StatusView.document": OUT,
    "workflows.certification:CertificationWorkflow.contact": PAYLOAD,
    "workflows.certification:CertificationWorkflow.receipts": PAYLOAD,
    "workflows.certification:CertificationWorkflow.status": PAYLOAD,
    "workflows.certification:CertificationWorkflow.timeline": PAYLOAD,
    "workflows.journal:Journal.carried": PAYLOAD,
    "workflows.journal:Journal.read": PAYLOAD,
    "workflows.journal:Journal.receipts": PAYLOAD,
    "workflows.journal:Remembered.receipt": PAYLOAD,
}
"""Where a document may pass, and why."""


def sources() -> dict[str, str]:
    """The text of every module of the house, by its dotted name."""
    rooms = [path.parent for path in ROOT.glob("*/__init__.py") if path.parent.name not in ("tests", "docs")]
    paths = [*ROOT.glob("*.py"), *(path for room in rooms for path in room.rglob("*.py"))]
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path.read_text("utf-8")
        for path in paths
    }


def test_documents_pass_only_at_the_edges() -> None:
    found = House(sources()).crossings()
    assert not found - EDGES.keys(), "give it a type of its own, in the room that owns the thing"
    assert not EDGES.keys() - found, "no document passes there any more: take it from the table"


OLD: dict[str, tuple[str, str, str, str]] = {
    "a receipt of a client": (
        "client.candidacy",
        "async def update(self, client: Client, name: str, payload: bytes) -> Receipt:",
        "async def update(self, client: Client, name: str, payload: bytes) -> dict[str, Any]:",
        "client.candidacy:Candidacy.update",
    ),
    "the timeline of a client": (
        "client.candidacy",
        "async def timeline(self, client: Client) -> list[TimelineEntry]:",
        "async def timeline(self, client: Client) -> Any:",
        "client.candidacy:Candidacy.timeline",
    ),
    "the timeline of the record": (
        "record.timelines",
        "def timeline(connection: Connection, candidacy: Candidacy) -> list[TimelineEntry]:",
        "def timeline(connection: Connection, candidacy: Candidacy) -> list[dict[str, Any]]:",
        "record.timelines:timeline",
    ),
    "the timeline of the views": (
        "views.timeline",
        "def timeline_view(events: Sequence[BaseEvent], omitted: int) -> list[TimelineEntry]:",
        "def timeline_view(events: Sequence[BaseEvent], omitted: int) -> list[dict[str, Any]]:",
        "views.timeline:timeline_view",
    ),
    "an exported event": (
        "record.exporting",
        "limit: int | None = None) -> Iterator[Exported]:",
        "limit: int | None = None) -> Iterator[Mapping[str, Any]]:",
        "record.exporting:exported",
    ),
    "a registration": (
        "client.enrolment",
        "def checked(payload: bytes) -> Enrolment:",
        "def checked(payload: dict[str, object]) -> Enrolment:",
        "client.enrolment:checked",
    ),
    "a row of a feed": (
        "client.bulk.delivering",
        "    payload: bytes\n",
        "    payload: dict[str, Any]\n",
        "client.bulk.delivering:Result.payload",
    ),
    "an entry of a file": (
        "feeds.checking",
        "    payload: bytes\n",
        "    payload: dict[str, Any]\n",
        "feeds.checking:Entry.payload",
    ),
}
"""What passed as a document once: the module, the line of today, the line of then, and what is found."""


def test_documents_that_are_put_back_are_found() -> None:
    texts = sources()
    for module, today, before, _ in OLD.values():
        assert today in texts[module], "the test must be brought up to the code"
        texts[module] = texts[module].replace(today, before)
    assert House(texts).crossings() - EDGES.keys() == {name for *_, name in OLD.values()}


def of(owner: str, user: str) -> set[str]:
    return House({"one.things": owner, "other.users": user}).crossings()


F_X = "from one.things import f\nf().x"


@pytest.mark.parametrize(
    ("owner", "user", "name"),
    [
        ("def f(x: 'dict[str, Any]') -> int: ...", "from one.things import f", "f"),
        ("def f(*, x: Mapping[str, object]) -> int: ...", "from one import things\nthings.f(x=1)", "f"),
        ("def f() -> list[tuple[str, dict[str, Any]]]: ...", "from one import things as t\nt.f()", "f"),
        ("def f() -> Callable[[dict[str, Any]], int]: ...", "from one.things import f", "f"),
        ("async def f() -> AsyncGenerator[Any, None]: ...", "from one.things import f", "f"),
        ("D = dict[str, Any]\ndef f() -> D | None: ...", "from one.things import f", "f"),
        ("FACTS: Mapping[str, Any] = {}", "from one.things import FACTS", "FACTS"),
        ("class C:\n  x: dict[str, JsonValue]", "from one.things import C\ndef g(c: C): c.x", "C.x"),
        ("class C:\n  x: dict[str, Any]", "from one.things import C\nC({})", "C.x"),
        ("class C:\n  @property\n  def x(self) -> dict[str, Any]: ...\ndef f() -> C: ...", F_X, "C.x"),
        ("class C:\n  def __init__(self, a: dict[str, Any]) -> None:\n    self.x = a\ndef f() -> C: ...", F_X, "C.x"),
        ("class C:\n  def __init__(self) -> None:\n    self.x: dict[str, Any] = {}\ndef f() -> C: ...", F_X, "C.x"),
        ("class C:\n  x: Any\nclass D(C): ...\ndef f() -> list[D]: ...", F_X, "C.x"),
        ("class C:\n  def __init__(self, a: Any) -> None: ...", "from one.things import C", "C"),
    ],
)
def test_every_way_to_pass_a_document_is_found(owner: str, user: str, name: str) -> None:
    assert of(owner, user) == {f"one.things:{name}"}


@pytest.mark.parametrize(
    ("owner", "user"),
    [
        ("def f() -> dict[str, Any]: ...", "from one.things import g"),
        ("def f() -> dict[str, int]: ...", "from one.things import f"),
        ("def f(x: object, *a: Any, **k: Any) -> WorkflowHandle[Any, Any]: ...", "from one.things import f"),
        ("def f(x: Callable[[Any], str]) -> Coroutine[Any, Any, int]: ...", "from one.things import f"),
        ("class C:\n  x: dict[str, Any]\ndef f() -> int: ...", "from one.things import f\nf().x"),
        ("class C:\n  _x: dict[str, Any]\n  y: int", "from one.things import C\nC({}, 1).y"),
        ("class C:\n  x: dict[str, Any]\ndef f() -> C: ...", "from one.things import f\nf().y"),
    ],
)
def test_what_passes_no_document_is_not_named(owner: str, user: str) -> None:
    assert of(owner, user) == set()


def test_what_a_package_hands_on_is_found_where_it_is_made() -> None:
    found = House(
        {
            "one": "from one.things import f",
            "one.things": "def f() -> dict[str, Any]: ...",
            "other": "from one import f",
        }
    )
    assert found.crossings() == {"one.things:f"}
