"""Two servers for one suite: a real one, shared, and one that skips time, new for each test."""

import gc
import os
import random
import sys
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from runtime.embedded import EmbeddedServer, embedded_server
from tests.environment import known_to_python_alone
from tests.order import in_order
from tests.rewriting import import_share
from tests.scheme import SCHEME_FILE, WORKERS_RECORD
from tests.skipping import time_skipping_environment

if "PYTEST_XDIST_WORKER" in os.environ:
    # To collect the tests makes much that stays, and the garbage collector would look through it again and again.
    # `pytest_collection_finish` sets it going again.
    gc.disable()
# The tests start hundreds of Python processes. Without bytecode, each would compile every module anew.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# For the servers, which are programs in Go: with one thread at work instead of one for each core, they take a seventh
# less CPU for the same work, because none looks for work in vain. The cores are busy with other tests.
os.environ.setdefault("GOMAXPROCS", "1")
# Their garbage collector waits until the memory in use has grown fivefold, and not only twofold. A server lives for
# seconds or minutes here, so that this costs some memory and saves an eighth of its CPU.
os.environ.setdefault("GOGC", "400")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--shuffle", metavar="SEED", help="run the files in a random order, the same for the same seed")


def pytest_collection(session: pytest.Session) -> None:
    """Imports this process's share of the files first, where there are several processes (`tests/rewriting.py`)."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        import_share(session.config.args)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Puts the files in the order of `tests/order.py`, or in a random one with `--shuffle`.

    The tests of a file keep theirs.
    """
    files = in_order(item.path for item in items)
    seed = config.getoption("--shuffle")
    if seed is not None:
        random.Random(seed).shuffle(files)
    places = {file: place for place, file in enumerate(files)}
    items.sort(key=lambda item: places[item.path])


def pytest_collection_finish(session: pytest.Session) -> None:
    """Lets the garbage collector look again, but less often, and not at what stays until the end anyway.

    Otherwise it looks through thousands of collected tests, and through every module, again and again. That takes
    about a fifth of the CPU of the unit tests.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Says at once which test has failed and why, so that a run that is cut short has said it too."""
    if report.failed and "PYTEST_XDIST_WORKER" not in os.environ:
        crash = getattr(report.longrepr, "reprcrash", None)
        why = crash.message if crash else report.longreprtext.strip()
        sys.stderr.write(f"\nfailed: {report.nodeid} ({report.when}): {why.partition(chr(10))[0]}\n")


@pytest.fixture(autouse=True, scope="session")
def _own_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads the settings of the shell that began it, or the shipped scheme, or writes into var/."""
    folder = tmp_path_factory.mktemp("environment")
    with pytest.MonkeyPatch.context() as environment:
        for name in filter(_is_a_setting, list(os.environ)):
            environment.delenv(name)
        environment.setenv("TEMPORAL_CONFIG_FILE", str(folder / "no-temporal.toml"))
        environment.setenv("CERTPATH_OUTBOX", str(folder / "outbox"))
        # The commands of a test find no record unless it makes one. The workers of all tests share another one.
        environment.setenv("CERTPATH_RECORD_URL", f"sqlite:///{folder / 'no-record.db'}")
        environment.setenv(WORKERS_RECORD, f"sqlite:///{folder / 'record.db'}")
        environment.setenv("CERTPATH_SCHEME", str(SCHEME_FILE))
        with known_to_python_alone():
            yield


def _is_a_setting(name: str) -> bool:
    """Whether a variable is one of Certpath, Temporal or Docker Compose, and not one that is meant for the tests."""
    return name.startswith(("CERTPATH_", "TEMPORAL_", "COMPOSE_")) and not name.startswith("CERTPATH_TEST_")


@pytest_asyncio.fixture(scope="session")
async def embedded(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedServer]:
    """A real server, one for each core's share of the tests. Its data is in memory, so do not kill this one."""
    log = tmp_path_factory.mktemp("embedded") / "temporal.log"
    async with embedded_server(log=log, deletes_soon=True) as server:
        yield server


@pytest_asyncio.fixture(scope="session")
async def client(embedded: EmbeddedServer) -> Client:
    """A client of the shared real server."""
    return await embedded.client()


@pytest_asyncio.fixture
async def time_skipping() -> AsyncIterator[WorkflowEnvironment]:
    """The time-skipping server. One for each test: its clock is global and only ever runs forward."""
    async with time_skipping_environment() as environment:
        yield environment
