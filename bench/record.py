"""The record: how fast it answers, is made anew and is checked, with as many events and persons as it must bear."""

from __future__ import annotations

import os
import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, Engine, select

from bench import command_line
from bench.lives import CLOSED, OPEN, SHORT, Life, templates
from bench.record_data import Person, fill
from bench.target import Target
from domain.identity import workflow_id_of
from record import certificates, persons, search, store
from record.checking import findings, positions_missing
from record.comparison import differences
from record.database import reading, writing
from record.errors import RecordError
from record.events import Candidacy, Recorded
from record.opening import open_record
from record.rebuild import rebuild
from record.tables import CERTIFICATES
from runtime.embedded import embedded_server

MIN_RATE = 3000
MAX_GROWTH_MB = 32
MAX_QUERY_MS = 50
MAX_APPEND_MS = 5
MAX_VERB_S = {"list": 1.5, "summary": 0.5, "due --within 26w": 1.0, "attention": 0.5}
_QUERIES = 200
_RUNS = 5
_EACH = 4
"""So many different lives for each hundredth of a kind."""

_STARTER = str(command_line.ROOT / "starter.py")

Say = Callable[[str], None]


class NotEmpty(RecordError):
    """The database in which a record is to be made has events already."""


@dataclass(frozen=True)
class Size:
    """How many candidacies are open, how many persons there are at first, and how many when persons are sought."""

    open: int
    persons: int
    sought: int


FULL = Size(open=10_000, persons=60_000, sought=300_000)
QUICK = Size(open=1000, persons=6000, sought=30_000)


@dataclass(frozen=True)
class Pass:
    """One pass over all events: how long it took, and by how many MB the memory grew after its first tenth."""

    seconds: float
    cpu: float
    grown: float


@dataclass(frozen=True)
class RecordReport:
    """The figures. Of the times of queries (ms) 95 in 100 are no longer, those of verbs (s) are medians.

    Every verb that asks the record imports SQLAlchemy and Temporal's calls, which takes `imports_s` of its time.
    """

    where: str
    size: Size
    events: int
    passes: dict[str, Pass]
    append_ms: float
    query_ms: dict[str, float]
    verb_s: dict[str, float]
    imports_s: float

    def targets(self) -> Iterator[Target]:
        """The figures with the targets that they must reach."""
        for name, one in self.passes.items():
            rate = self.events / one.seconds
            shown = f"{rate:,.0f} /s ({self.events / one.cpu:,.0f} in a second of CPU)"
            yield Target(f"record {name}", shown, f"at least {MIN_RATE:,} /s", rate >= MIN_RATE)
            grown = f"grows by {one.grown:.0f} MB"
            yield Target(f"memory of record {name}", grown, f"at most {MAX_GROWTH_MB} MB", one.grown <= MAX_GROWTH_MB)
        must = f"at most {MAX_APPEND_MS} ms"
        yield Target("record append, CPU", f"{self.append_ms:.1f} ms", must, self.append_ms <= MAX_APPEND_MS)
        for name, taken in self.query_ms.items():
            yield Target(name, f"{taken:.1f} ms", f"at most {MAX_QUERY_MS} ms", taken <= MAX_QUERY_MS)
        for name, taken in self.verb_s.items():
            least = MAX_VERB_S[name]
            shown = f"{taken:.2f} s ({self.imports_s:.2f} s of it for imports)"
            yield Target(f"starter.py {name}", shown, f"at most {least} s", taken <= least)

    def table(self) -> str:
        """The report for people."""
        about = (
            f"{self.events:,} events of {self.size.persons:,} persons, {self.size.open:,} of their candidacies open; "
            f"{self.size.sought:,} persons where they are sought; {self.where}"
        )
        return "\n".join(
            [about, "", *(f"{one.name:36}{one.figure:46}{one.must:20}{one.verdict}" for one in self.targets())]
        )

    def document(self) -> dict[str, object]:
        """The report for machines."""
        return {
            "where": self.where,
            "size": vars(self.size),
            "events": self.events,
            "passes": {name: vars(one) for name, one in self.passes.items()},
            "append_cpu_ms": self.append_ms,
            "query_ms": self.query_ms,
            "verb_s": self.verb_s,
            "imports_s": self.imports_s,
            "targets": [vars(one) for one in self.targets()],
        }


async def measure(folder: Path, size: Size, url: str | None, say: Say) -> RecordReport:
    """Measures everything in a new record: a file in this folder, or the empty database at this address.

    What was written stays in that database.

    Raises:
        NotEmpty: the database at this address has events already.
    """
    address = url or f"sqlite:///{folder / 'record.db'}"
    engine = open_record(address)
    if store.newest_position(engine):
        raise NotEmpty("The record at this address has events already: name an empty database.")
    now = datetime.now(UTC)
    say(f"filling a record with the candidacies of {size.persons:,} persons")
    fill(engine, range(size.open), templates(OPEN, _EACH, now), lambda _: None)
    fill(engine, range(size.open, size.persons), templates(CLOSED, _EACH, now), lambda _: None)
    events = store.newest_position(engine)
    passes = {"rebuild": _rebuild(engine, events, say), "check": _check(engine, events, say)}
    query_ms = _queries(engine, size, now)
    append_ms = _append_ms(engine, size, now)
    say(f"{_RUNS} runs of each verb that reads many candidacies")
    async with embedded_server(db=folder / "temporal.db") as server:
        verb_s, imports_s = _verbs(address, server.address)
    say(f"adding persons until there are {size.sought:,}")
    added = range(size.persons, size.sought)
    fill(engine, added, templates(SHORT, _EACH, now), lambda _: None)
    _make_findable(engine, added)
    query_ms |= _finds(engine, size)
    where = f"{engine.dialect.name}, {len(os.sched_getaffinity(0))} CPUs, load {os.getloadavg()[0]:.1f}"
    engine.dispose()
    return RecordReport(where, size, events, passes, append_ms, query_ms, verb_s, imports_s)


# --- passes over all events ---------------------------------------------------------------------------------


class _Memory:
    """The memory of this process, after the first tenth of a pass and at its largest later on."""

    def __init__(self) -> None:
        self.first = 0.0
        self.largest = 0.0

    def look(self, done: int, total: int) -> None:
        """Reads it, when so many events of all are done."""
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        megabytes = pages * resource.getpagesize() / 2**20
        if not self.first and done >= total / 10:
            self.first = megabytes
        self.largest = max(self.largest, megabytes)


def _passed(work: Callable[[_Memory], None]) -> Pass:
    memory = _Memory()
    begun, cpu = time.perf_counter(), time.process_time()
    work(memory)
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    return Pass(seconds, cpu, memory.largest - memory.first if memory.first else 0.0)


def _rebuild(engine: Engine, events: int, say: Say) -> Pass:
    say(f"making the read models of {events:,} events")

    def work(memory: _Memory) -> None:
        rebuilt = rebuild(engine, memory.look)
        if rebuilt.events != events or rebuilt.unfolded:
            raise AssertionError(f"{rebuilt.events} of {events} events were folded; not: {rebuilt.unfolded}")

    return _passed(work)


def _check(engine: Engine, events: int, say: Say) -> Pass:
    """Everything that `record check` does without a head: chains, positions, seals and read models."""
    say(f"checking {events:,} events")

    def work(memory: _Memory) -> None:
        found = [*findings(engine), *positions_missing(engine), *differences(engine, memory.look)]
        if found:
            raise AssertionError(f"there are {len(found)} findings, the first of which is: {found[0]}")

    return _passed(work)


# --- one message, one question, one verb --------------------------------------------------------------------


def _append_ms(engine: Engine, size: Size, now: datetime) -> float:
    """CPU milliseconds of an append, with all that follows from it: the median of a journey, message by message."""
    person = Person(size.sought)  # the first one who is not sought
    life = Life(now).plays(6)
    candidacy = Candidacy(workflow_id_of("CCSL", person.candidate_id), person.enrolment)
    events = [Recorded.of(event) for event in life.events]
    spent = []
    for event in events:
        begun = time.process_time()
        store.append(engine, candidacy, [event], life.contact if event is events[0] else None)
        spent.append((time.process_time() - begun) * 1000)
    return statistics.median(spent)


def _queries(engine: Engine, size: Size, now: datetime) -> dict[str, float]:
    chosen = random.Random(7)  # the same persons in each run
    some = [Person(chosen.randrange(size.persons)) for _ in range(_QUERIES)]
    return {
        "verify": _slow(engine, [partial(_verify, number, now) for number in _granted(engine, chosen)]),
        "person": _slow(engine, [partial(_person, one.candidate_id, now) for one in some]),
    }


def _granted(engine: Engine, chosen: random.Random) -> list[str]:
    """The numbers of some certificates that the record has."""
    with reading(engine) as connection:
        numbers = sorted(connection.execute(select(CERTIFICATES.c.number)).scalars())
    return chosen.choices(numbers, k=_QUERIES)


def _make_findable(engine: Engine, added: range) -> None:
    for first in range(0, len(added), 500):
        with writing(engine) as connection:
            search.renew(connection, [Person(number).candidacy.workflow_id for number in added[first : first + 500]])


def _finds(engine: Engine, size: Size) -> dict[str, float]:
    chosen = random.Random(7)  # the same persons in each run
    some = [Person(chosen.randrange(size.sought)) for _ in range(_QUERIES)]
    texts: dict[str, Callable[[Person], str]] = {
        "a part of a name": lambda one: one.name.split()[1][2:6],
        "a whole name": lambda one: one.name,
        "a name that many have": lambda one: one.name.split()[0],
        "an address": lambda one: one.email,
        "an id": lambda one: one.candidate_id,
    }
    questions = {name: [text(one) for one in some] for name, text in texts.items()}
    questions["a certificate"] = _granted(engine, chosen)
    return {
        f"find {name}": _slow(engine, [partial(_find, text) for text in asked]) for name, asked in questions.items()
    }


def _verify(number: str, now: datetime, connection: Connection) -> None:
    if certificates.by_number(connection, number, now) is None:
        raise AssertionError(f"the record has no certificate {number}")


def _person(candidate_id: str, now: datetime, connection: Connection) -> None:
    if persons.person(connection, candidate_id, now, 10) is None:
        raise AssertionError(f"the record has no person {candidate_id}")


def _find(text: str, connection: Connection) -> None:
    if not search.find(connection, text, 20).found:
        raise AssertionError("a person is not found")


def _slow(engine: Engine, questions: Sequence[Callable[[Connection], object]]) -> float:
    """The wall milliseconds that 95 of 100 questions do not exceed, each asked in a transaction of its own."""
    spent = []
    for ask in questions:
        begun = time.perf_counter()
        with reading(engine) as connection:
            ask(connection)
        spent.append((time.perf_counter() - begun) * 1000)
    return statistics.quantiles(spent, n=20)[-1]


def _verbs(record: str, address: str) -> tuple[dict[str, float], float]:
    """Wall seconds of each verb, and of its imports, beyond those of a Python that does nothing."""
    environment = command_line.as_deployed(address, record)
    bare = _wall([sys.executable, "-c", "pass"], environment)
    imports = _wall([sys.executable, "-c", "import sqlalchemy, temporalio.service"], environment)
    verbs = {verb: _wall([sys.executable, _STARTER, *verb.split()], environment) for verb in MAX_VERB_S}
    return {verb: taken - bare for verb, taken in verbs.items()}, imports - bare


def _wall(command: Sequence[str], environment: Mapping[str, str]) -> float:
    """Wall seconds of a process: the median of some runs, after one that is not counted."""
    spent = []
    for _ in range(_RUNS + 1):
        begun = time.perf_counter()
        subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        spent.append(time.perf_counter() - begun)
    return statistics.median(spent[1:])
