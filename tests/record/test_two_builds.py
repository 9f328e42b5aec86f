"""An older and a newer build use one record side by side, as they do during an upgrade.

This checkout is the older build. The newer one is a copy of it with one more step, and runs in a process of its own.
"""

import ast
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Timer

import pytest
from sqlalchemy import Connection, Engine, inspect, select, text

from activities.record_writer import RecordWriter
from cli.main import captured
from monitoring.recorded import problem
from record import figures, store
from record.comparison import differences
from record.database import open_database, reading, writing
from record.errors import Missing, NewerTables, Unavailable
from record.finding import Wanted
from record.looking import open_for_reading
from record.opening import open_record
from record.revisions import REVISIONS, revision
from record.rows import of
from record.shape import SHAPE
from record.tables import CANDIDACIES, METADATA, STATES, STEPS
from runtime.settings import ROOT
from tests.record.commands import address
from tests.record.lives import Lived, append_batch, lived, person
from tests.record.test_store import ANA, events
from tests.waiting import PATIENCE

VERSIONS = ROOT / "record" / "migrations" / "versions"

HALF_WRITTEN = shutil.ignore_patterns("*.pyc.*")
"""Bytecode that another process is just writing, and which may be gone before it is copied."""

NEWER_STEP = f'''
import sqlalchemy as sa
from alembic import op

revision = "r9999"
down_revision = "{REVISIONS[-1]}"
only_adds = {{only_adds}}


def upgrade():
    op.create_table("towns", sa.Column("name", sa.Text, primary_key=True))
    op.add_column("candidacies", sa.Column("zone", sa.Text))
    op.create_index("ix_candidacies_zone", "candidacies", ["zone"])
'''

SERVE = """
import json, sys
from record.comparison import differences
from record.opening import open_record
from record.rebuild import rebuild
from tests.record.lives import append_batch, lived

def append(engine, name, first, last):
    life = lived(name)
    for batch in life.batches[first:last]:
        append_batch(engine, life.candidacy, batch)

def make_anew(engine):
    rebuild(engine)
    assert not list(differences(engine))

for line in sys.stdin:
    task, address, *arguments = json.loads(line)
    engine = open_record(address)
    {"append": append, "make anew": make_anew}[task](engine, *arguments)
    engine.dispose()
    print("done", flush=True)
"""


class NewerBuild:
    """A copy of this checkout that knows one more step, and writes one more column. Its process serves many tests."""

    def __init__(self, folder: Path, *, only_adds: bool) -> None:
        self._folder = folder
        for room in ("domain", "views", "record"):
            # With the bytecode that is there, so that only the changed modules are compiled.
            shutil.copytree(ROOT / room, folder / room, ignore=HALF_WRITTEN)
        step = folder / "record" / "migrations" / "versions" / "r9999_zone.py"
        step.write_text(NEWER_STEP.format(only_adds=only_adds))
        self._edit("tables.py", 'Column("path", Text, nullable=False),', 'Column("zone", Text),')
        self._edit("folding.py", '"path": view.path,', '"zone": view.zone,')
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (folder, ROOT)))}
        self._process = subprocess.Popen(
            [sys.executable, "-c", SERVE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=folder,
            env=environment,
        )

    def _edit(self, module: str, after: str, added: str) -> None:
        path = self._folder / "record" / module
        code = path.read_text(encoding="utf-8")
        assert code.count(after) == 1
        path.write_text(code.replace(after, f"{after} {added}"), encoding="utf-8")

    def append(self, engine: Engine, life: Lived, first: int, last: int) -> None:
        """Appends the batches of this life from the first to before the last."""
        self._carry_out("append", engine, life.name, first, last)

    def make_anew(self, engine: Engine) -> None:
        """Makes the read models anew, and finds no difference afterwards."""
        self._carry_out("make anew", engine)

    def _carry_out(self, task: str, engine: Engine, *arguments: object) -> None:
        """Opens the record anew and does this, as a worker or a command of the newer build that starts now."""
        assert self._process.stdin
        assert self._process.stdout
        too_late = Timer(PATIENCE, self._process.kill)
        too_late.start()
        try:
            self._process.stdin.write(json.dumps([task, address(engine), *arguments]) + "\n")
            self._process.stdin.flush()
            assert self._process.stdout.readline() == "done\n", f"the newer build has failed: {task}"
        finally:
            too_late.cancel()

    def end(self) -> None:
        """Ends the process."""
        self._process.kill()
        self._process.communicate()


@pytest.fixture(scope="module")
def adding(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewerBuild]:
    """A newer build whose step only adds."""
    build = NewerBuild(tmp_path_factory.mktemp("adding"), only_adds=True)
    yield build
    build.end()


@pytest.fixture(scope="module")
def changing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewerBuild]:
    """A newer build whose step says that it does not only add."""
    build = NewerBuild(tmp_path_factory.mktemp("changing"), only_adds=False)
    yield build
    build.end()


@pytest.fixture
def life() -> Lived:
    return lived("certified")


def zone(engine: Engine, life: Lived) -> str | None:
    """The newer build's column, which this build does not know."""
    with reading(engine) as connection:
        found: str | None = connection.execute(
            select(text("zone")).select_from(CANDIDACIES).where(of(CANDIDACIES, life.candidacy))
        ).scalar_one()
        return found


def test_an_older_build_goes_on_beside_a_newer_one_whose_step_only_adds(
    engine: Engine, life: Lived, adding: NewerBuild, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = open_record(address(engine))
    append_batch(worker, life.candidacy, life.batches[0])
    adding.append(engine, life, 1, 2)
    assert zone(engine, life), "the newer build has made anew what this one had written"

    append_batch(worker, life.candidacy, life.batches[2])
    worker.dispose()
    assert zone(engine, life) is None, "this build does not know the column"
    assert problem(address(engine)) is None
    started_later = open_record(address(engine))
    append_batch(started_later, life.candidacy, life.batches[3])
    started_later.dispose()
    monkeypatch.setenv("CERTPATH_RECORD_URL", address(engine))
    for command in (["list", "--json"], ["record", "check"], ["record", "setup"]):
        assert captured(command).code == 0

    adding.append(engine, life, 4, 5)
    assert zone(engine, life)
    adding.append(engine, life, 5, len(life.batches))
    adding.make_anew(engine)
    assert [kept.event for kept in store.of_candidacy(engine, life.candidacy)][-1].sequence == life.state.sequence


def test_a_step_that_does_not_only_add_stops_the_older_build_at_its_next_event(
    engine: Engine, life: Lived, changing: NewerBuild
) -> None:
    worker, command = open_record(address(engine)), open_for_reading(address(engine))
    append_batch(worker, life.candidacy, life.batches[0])
    changing.append(engine, life, 1, 2)
    recorded = store.newest_position(engine)
    for opened in (worker, command):
        with pytest.raises(NewerTables, match="newer build \\(revision r9999\\)"):
            append_batch(opened, life.candidacy, life.batches[2])
        opened.dispose()
    for opening in (open_record, open_for_reading):
        with pytest.raises(NewerTables, match="r9999"):
            opening(address(engine))
    assert store.newest_position(engine) == recorded
    told = problem(address(engine))
    assert told
    assert "newer build" in told


def test_one_step_that_does_not_only_add_is_enough_to_stop_it(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(STEPS.insert(), [{"revision": "r9997", "only_adds": False}])
        connection.execute(STEPS.insert(), [{"revision": "r9998", "only_adds": True}])
        connection.execute(text("UPDATE alembic_version SET version_num = 'r9998'"))
    with pytest.raises(NewerTables, match="r9998"):
        open_record(address(engine))


def test_a_worker_whose_record_was_put_back_to_older_tables_brings_them_up_again(engine: Engine) -> None:
    now = 0.0
    writer = RecordWriter(address(engine), monotonic=lambda: now)
    assert write(writer, 1) == 1
    with writing(engine) as connection:
        take_back_figures(connection)
        connection.execute(text("DROP TABLE steps"))
        connection.execute(text("ALTER TABLE states DROP COLUMN shape"))
        connection.execute(text("UPDATE alembic_version SET version_num = 'r0003'"))
    with pytest.raises(Missing, match="of an older build now"):
        write(writer, 2)
    with pytest.raises(Unavailable, match="asked again"):
        write(writer, 2)
    now = 60.0
    assert write(writer, 2) == 2
    writer.close()
    assert revision(engine) == REVISIONS[-1]


def take_back_figures(connection: Connection) -> None:
    """Undoes the step that made the columns for the figures."""
    for index in ("open", "attention", "tries", "days_from_registration_days_from_purchase"):
        connection.execute(text(f"DROP INDEX ix_candidacies_{index}"))
    for column in ("tries", "days_from_registration", "days_from_purchase"):
        connection.execute(text(f"ALTER TABLE candidacies DROP COLUMN {column}"))


def test_the_figures_of_a_record_that_an_older_build_has_filled_are_the_same(engine: Engine) -> None:
    """Also while it still fills it, and its rows are no difference to the events."""
    for number, name in enumerate(("holder-revoked", "testing", "many-results")):
        lived(name, person(number)).append(engine)
    with reading(engine) as connection:
        before = figures.rates(connection, Wanted()), figures.days_to_certificate(connection, Wanted(), "UTC")
    assert all(before)
    with writing(engine) as connection:
        take_back_figures(connection)
        connection.execute(text("UPDATE alembic_version SET version_num = 'r0004'"))
        connection.execute(text("DELETE FROM steps WHERE revision > 'r0004'"))
        connection.execute(STATES.update().values(shape="of the older build"))
    again = open_record(address(engine))
    with reading(again) as connection:
        assert set(connection.execute(select(CANDIDACIES.c.tries)).scalars()) == {None}
        after = figures.rates(connection, Wanted()), figures.days_to_certificate(connection, Wanted(), "UTC")
    assert after == before
    assert list(differences(again)) == []
    with writing(again) as connection:
        connection.execute(STATES.update().values(shape=SHAPE))
    assert {column for found in differences(again) for column in getattr(found, "columns", ())} == {
        *("tries", "days_from_registration", "days_from_purchase")
    }
    again.dispose()


def write(writer: RecordWriter, number: int) -> int:
    """Has so many events of one candidacy recorded, and returns the number of the last recorded one."""
    return writer.write(lambda pipeline: store.append_in(pipeline, ANA, events(number))).result(PATIENCE)


def test_tables_of_an_older_build_are_not_written_to(engine: Engine) -> None:
    opened = open_for_reading(address(engine))
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'r0001'"))
    with pytest.raises(Missing, match="older build now"):
        store.append(opened, ANA, events(1))
    opened.dispose()


def test_the_read_models_of_a_build_with_other_columns_are_made_anew(engine: Engine, life: Lived) -> None:
    """Also of a build that had no column for it yet."""
    for shape, batch in zip(("of-another", None, None), life.batches, strict=False):
        append_batch(engine, life.candidacy, batch)
        with writing(engine) as connection:
            connection.execute(STATES.update().values(shape=shape))
            connection.execute(CANDIDACIES.update().values(path="damaged"))
    append_batch(engine, life.candidacy, life.batches[3])
    with reading(engine) as connection:
        assert connection.execute(select(CANDIDACIES.c.path)).scalar_one() == life.state.path


# --- the steps themselves -----------------------------------------------------------------------------------


def test_the_database_knows_every_step_that_was_taken(engine: Engine) -> None:
    with reading(engine) as connection:
        assert sorted(connection.scalars(select(STEPS.c.revision))) == list(REVISIONS)


def test_the_steps_make_the_tables_that_the_statements_use(engine: Engine) -> None:
    there = inspect(engine)
    for table in METADATA.sorted_tables:
        made = {column["name"]: column["nullable"] for column in there.get_columns(table.name)}
        wanted = {column.name: column.nullable for column in table.columns}
        assert {name: made.get(name) for name in wanted} == wanted, table.name
        indexes = {tuple(index["column_names"]) for index in there.get_indexes(table.name)}
        assert {tuple(column.name for column in index.columns) for index in table.indexes} <= indexes, table.name


STEP_FILES = sorted(VERSIONS.glob("r*.py"))


@pytest.mark.parametrize("path", STEP_FILES, ids=lambda path: path.stem)
def test_a_step_that_says_that_it_only_adds_makes_what_an_older_build_need_not_know(path: Path) -> None:
    code = path.read_text(encoding="utf-8")
    assert not_only_adding(code) == [] or "only_adds = False" in code


def not_only_adding(code: str) -> list[str]:
    """What a step does beside making tables, indexes and columns that may be empty."""
    found = []
    for node in ast.walk(ast.parse(code)):
        if not isinstance(node, ast.Call) or not ast.unparse(node.func).startswith("op."):
            continue
        done = ast.unparse(node.func)
        column = ast.unparse(node) if done == "op.add_column" else ""
        if done not in ("op.create_table", "op.create_index", "op.add_column") or "nullable=False" in column:
            found.append(done)
    return found


def test_a_step_that_does_more_than_adding_is_found() -> None:
    assert not_only_adding('op.add_column("states", sa.Column("a", sa.Text, nullable=False))') == ["op.add_column"]
    assert not_only_adding('op.drop_column("states", "a")\nop.execute("DELETE FROM texts")') == [
        "op.drop_column",
        "op.execute",
    ]
    assert not_only_adding('op.add_column("states", sa.Column("a", sa.Text))') == []


def test_a_record_whose_tables_are_there_is_opened_without_alembic(engine: Engine) -> None:
    code = (
        "import sys\nfrom record.opening import open_record\nopen_record(sys.argv[1]).dispose()\n"
        "assert 'alembic' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, address(engine)], check=True, cwd=ROOT, timeout=PATIENCE)


def test_the_tables_are_made_where_there_are_none(url: str) -> None:
    open_record(url).dispose()
    engine = open_database(url)
    assert revision(engine) == REVISIONS[-1]
    engine.dispose()
