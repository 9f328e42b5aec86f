"""The domain is pure: no Temporal, no clock, no file, no network, no chance."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.settings import ROOT
from tests.waiting import PATIENCE

DOMAIN = ROOT / "domain"
MODULES = sorted(DOMAIN.rglob("*.py"))


def imports(tree: ast.AST) -> set[str]:
    """Every imported module, also those imported inside functions."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            found.add(node.module or "")
    return found


def test_no_module_waits_for_anything() -> None:
    """tests/unit/test_determinism.py finds other imports, clocks, files, and what is kept between two decisions."""
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert not isinstance(node, (ast.AsyncFunctionDef, ast.Await)), path


def test_the_domain_loads_without_temporal() -> None:
    """Not even by way of somebody else's module."""
    code = (
        "import sys\n"
        "import domain.rulebook, domain.messages, views.standing, views.timeline, views.details\n"
        "assert not [name for name in sys.modules if name.split('.')[0] in ('temporalio', 'activities', 'workflows')]"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=DOMAIN.parent, timeout=PATIENCE)


def test_the_same_decision_in_another_process_is_the_same() -> None:
    """Nothing depends on the order of a set or on the seed of a hash: a replay must decide the same."""
    code = (
        "from tests.unit.domain.builders import *\n"
        "c = Candidacy().certify()\n"
        "c.advance_to(START + days(3000))\n"
        "print(''.join(event.model_dump_json() for event in c.events))\n"
        "print(c.state.model_dump_json(), [effect.model_dump_json() for effect in c.effects])\n"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            cwd=DOMAIN.parent,
            timeout=PATIENCE,
            capture_output=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ".", "TZ": zone},
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }
    assert len(told) == 1


FEEDS = DOMAIN.parent / "feeds"
# What would give `feeds/` a terminal, an environment or a clock of its own: its callers pass these things in.
NOT_FOR_FEEDS = {"argparse", "asyncio", "os", "socket", "subprocess", "sys", "time"}


@pytest.mark.parametrize("path", sorted(FEEDS.glob("*.py")), ids=lambda path: path.name)
def test_feeds_imports_only_itself_the_domain_and_the_standard_library(path: Path) -> None:
    allowed = {"feeds", "domain", "pydantic"} | (sys.stdlib_module_names - NOT_FOR_FEEDS)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert {module.split(".")[0] for module in imports(tree)} <= allowed
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
            assert name not in {"now", "utcnow", "today", "print", "input"}, f"line {node.lineno}: {name}"


def test_feeds_loads_without_temporal_and_the_command_line() -> None:
    code = (
        "import sys, feeds.results, feeds.registrations\n"
        "assert not {name.split('.')[0] for name in sys.modules} & {'temporalio', 'cli', 'runtime', 'views'}"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=DOMAIN.parent, timeout=PATIENCE)


@pytest.mark.parametrize("path", sorted((DOMAIN.parent / "record").rglob("*.py")), ids=lambda path: path.name)
def test_the_record_knows_the_events_and_its_databases_and_no_temporal(path: Path) -> None:
    found = {module.split(".")[0] for module in imports(ast.parse(path.read_text(encoding="utf-8")))}
    assert found <= {"record", "domain", "views", "pydantic", "sqlalchemy", "alembic", "cryptography"} | set(
        sys.stdlib_module_names
    )


@pytest.mark.parametrize("module", ["domain.plurals", "domain.vocabulary", "views.words", "runtime.attribute_names"])
def test_the_names_and_their_words_load_without_the_models(module: str) -> None:
    """The command line shows them in its help, and cannot wait for pydantic."""
    code = f"import sys, {module}\nassert not {{'pydantic', 'temporalio', 'dataclasses'}} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=DOMAIN.parent, timeout=PATIENCE)


# --- the rooms above the domain

ROOMS = (
    "activities",
    "bench",
    "chaos",
    "client",
    "demo",
    "docs",
    "drill",
    "feeds",
    "monitoring",
    "record",
    "runtime",
    "trials",
    "workflows",
)
CLIENT_MAY_IMPORT = {"client", "domain", "feeds", "runtime", "temporalio", "views"}
TESTS_OF_THE_COMMAND_LINE = {"unit/cli", "processes", "documents", "record", "formats/test_answers.py"}


def rooms_of(path: Path) -> set[str]:
    """The packages and modules at the top that a file imports."""
    return {module.split(".")[0] for module in imports(ast.parse(path.read_text(encoding="utf-8")))}


def test_nothing_but_the_command_line_and_its_tests_imports_it() -> None:
    above = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")] + [ROOT / "worker.py"]
    tests = [
        path
        for path in (ROOT / "tests").rglob("*.py")
        if not path.relative_to(ROOT / "tests").as_posix().startswith(tuple(TESTS_OF_THE_COMMAND_LINE))
    ]
    assert not [path for path in (*above, *tests) if "cli" in rooms_of(path)]


def test_no_worker_imports_a_client() -> None:
    rooms = ("domain", "views", "runtime", "workflows", "activities", "monitoring")
    files = [path for room in rooms for path in (ROOT / room).rglob("*.py")] + [ROOT / "worker.py"]
    assert not [path for path in files if {"client", "demo"} & rooms_of(path)]


@pytest.mark.parametrize("path", sorted((ROOT / "client").rglob("*.py")), ids=lambda path: path.name)
def test_a_client_knows_no_terminal_and_stands_on_the_rooms_below(path: Path) -> None:
    assert rooms_of(path) - CLIENT_MAY_IMPORT <= set(sys.stdlib_module_names) - {"argparse", "signal", "sys"}


IMPORT_LATER = {
    "activities/__init__.py": {"build"},  # the workflow sandbox loads the package for the sake of `requests.py`
    "bench/workers.py": {"record_beside", "_work"},  # a worker of the bench loads no more than it needs
    "cli/main.py": {"_stop"},  # most commands end without the record
    "runtime/clients.py": {"connect_at"},  # a single message is sent without pydantic
    "runtime/interrupts.py": {"run", "_interruptible"},  # `starter.py` ends sooner without asyncio
    "runtime/search_attributes.py": {"register", "problem", "registered", "_missing", "_add"},  # in the sandbox too
}
"""The functions that import something when they are called, because what loads their module must do without it."""


def test_modules_import_at_their_top() -> None:
    """`worker.py` says itself why it does not. The table of verbs imports by name, and so by no statement."""
    rooms = ("domain", "views", "cli", *ROOMS)
    found: dict[str, set[str]] = {}
    for path in sorted(path for room in rooms if room != "docs" for path in (ROOT / room).rglob("*.py")):
        functions = [
            node for node in ast.walk(_tree(path)) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        ]
        if later := {one.name for one in functions if imports(one)}:
            found[path.relative_to(ROOT).as_posix()] = later
    assert found == IMPORT_LATER


def test_workflows_know_of_the_activities_their_requests_alone() -> None:
    """The modules of the activities do input and output, which no workflow may load."""
    for path in sorted((ROOT / "workflows").rglob("*.py")):
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.ImportFrom) and node.module == "activities":
                assert [alias.name for alias in node.names] == ["requests"], path
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                found = imports(node)
                assert {name for name in found if name.split(".")[0] == "activities"} <= {"activities.requests"}, path


CLI = sorted((ROOT / "cli").rglob("*.py"))
# What the command line may know of the domain: names and how to count, and no model.
DOMAIN_FOR_THE_COMMAND_LINE = {"domain.plurals", "domain.identity", "domain.vocabulary"}


@pytest.mark.parametrize("path", CLI, ids=lambda path: path.name)
def test_the_command_line_imports_neither_temporal_nor_the_models_of_the_domain(path: Path) -> None:
    found = imports(ast.parse(path.read_text(encoding="utf-8")))
    assert not {module for module in found if module.split(".")[0] in ("temporalio", "argparse", "pydantic")}
    assert {module for module in found if module.split(".")[0] == "domain"} <= DOMAIN_FOR_THE_COMMAND_LINE


def test_what_every_verb_shares_imports_no_verb() -> None:
    """A verb's module is imported by the dispatcher, by name, when the verb is named; `demo` shows a timeline."""
    users = [path for path in CLI if {module for module in imports(_tree(path)) if module.startswith("cli.verbs")}]
    assert [path.name for path in users] == ["demo.py"]


def _tree(path: Path) -> ast.AST:
    return ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("module", ["client.errors", "client.scheme", "domain.identity"])
def test_what_is_needed_before_a_verb_connects_loads_without_the_models(module: str) -> None:
    code = f"import sys, {module}\nassert not {{'pydantic', 'temporalio'}} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, timeout=PATIENCE)


def test_a_message_is_sent_without_the_models() -> None:
    """They would cost each single message more CPU than everything else that a client does for it."""
    code = "import sys, client.candidacy, client.payloads, cli.verbs.everyday, cli.verbs.send\n"
    code += "assert not {'pydantic', 'rich'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, timeout=PATIENCE)


def test_an_answer_is_read_without_the_rules() -> None:
    """A verb that only asks would need a third more CPU, for rules that it never runs."""
    verbs = ("status", "due", "attention", "reviews", "summary", "contact")
    code = f"import sys, {', '.join(f'cli.verbs.{verb}' for verb in verbs)}\n"
    code += "assert not {'domain.rulebook', 'domain.state', 'domain.events'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, timeout=PATIENCE)


LISTS = ("attention", "due", "list", "reviews", "summary")


@pytest.mark.parametrize("verb", LISTS)
def test_the_record_answers_a_list_without_the_client_and_the_models(verb: str) -> None:
    """Both take longer to load than the record to answer. Temporal's number, which is said beside it, needs neither."""
    code = f"import sys, cli.verbs.{verb}\nassert not {{'temporalio.client', 'pydantic', 'rich'}} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, timeout=PATIENCE)
