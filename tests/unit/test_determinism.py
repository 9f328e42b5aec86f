"""A replay decides the same, in every process and on every machine: what could change that is not in workflow code.

The worker passes our packages through the sandbox, so the sandbox does not watch which functions they call
(tests/workflows/test_replays.py also replays runs in a sandbox that does). These tests read the source code instead:
all of `workflows/`, `views/` and `domain/`, and the modules of other rooms that these import.

- No clock, chance, environment, machine, locale, input or output: tests/unit/determinism/calls.py.
- No order of a set: tests/unit/determinism/sets.py.
- Nothing that is kept from one decision to the next: tests/unit/determinism/kept.py.
"""

import ast
import textwrap
from functools import cache

from runtime.settings import ROOT
from tests.cases import each
from tests.unit.determinism.calls import forbidden, imports_inside
from tests.unit.determinism.kept import kept
from tests.unit.determinism.sets import known, orders
from tests.unit.determinism.sources import ROOMS, imports, loaded, modules


@cache
def trees() -> dict[str, ast.Module]:
    """The modules by the names of their files. They are read in a test, and not whenever tests are collected."""
    return {path.relative_to(ROOT).as_posix(): tree for path, tree in modules().items()}


def ours() -> dict[str, ast.Module]:
    return {name: tree for name, tree in trees().items() if name.startswith(ROOMS)}


# What may be imported, beside what is ours. Whatever is not here must be looked at first: what can it do to a replay?
STANDARD = {
    *("__future__", "base64", "calendar", "collections.abc", "dataclasses", "datetime", "decimal", "enum", "fractions"),
    *("functools", "hashlib", "itertools", "json", "re", "types", "typing", "unicodedata", "zoneinfo"),
    *("tzdata", "pydantic", "pydantic_core"),
}
OF_A_WORKFLOW = {
    *("asyncio", "contextlib"),
    *("temporalio", "temporalio.common", "temporalio.exceptions", "temporalio.workflow"),
}

# What stands there on purpose. The zones come from the tzdata package (tests/unit/domain/test_calendar.py). A query is
# never replayed, and asks the clock for the time of its answer. What the thread keeps is only what the workflow task
# brings, which is the same in each replay.
ON_PURPOSE = {
    ("runtime/cancellations.py", "threading.local"),
    ("domain/calendar.py", "zoneinfo.ZoneInfo"),
    ("workflows/certification.py", "temporalio.workflow.unsafe.sandbox_unrestricted"),
    ("workflows/certification.py", "datetime.datetime.now"),
}


def parsed(source: str) -> ast.Module:
    return ast.parse(textwrap.dedent(source))


def test_the_modules_are_those_that_workflow_code_executes() -> None:
    assert {name.split("/")[0] for name in trees()} == {*ROOMS, "activities", "runtime"}
    assert {"activities/requests.py", "runtime/metrics.py", "domain/matters/window.py"} <= trees().keys()
    assert "activities/notices.py" not in trees()


# --- calls and imports ----------------------------------------------------------------------------------------


def test_nothing_reads_a_clock_chance_the_machine_or_its_locale() -> None:
    found = {(name, what) for name, tree in trees().items() for _, what in forbidden(tree)}
    assert found == ON_PURPOSE


def test_only_queries_ask_the_clock() -> None:
    tree = trees()["workflows/certification.py"]
    functions = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    asking = [one for one in functions if "_query_time()" in "".join(map(ast.unparse, one.body))]
    # `current_details` is called for Temporal's own query of the details alone (`runtime/current_details.py`).
    assert {one.name for one in asking} == {"status", "foresee", "current_details"}
    decorated = [one for one in asking if one.name != "current_details"]
    assert all(ast.unparse(one.decorator_list[0]).startswith("workflow.query") for one in decorated)
    called = [
        name
        for name, tree in ours().items()
        if "current_details(" in ast.unparse(tree).replace("def current_details(", "")
    ]
    assert called == []
    assert [one.name for one in functions if forbidden(ast.Module(body=[one], type_ignores=[]))] == ["_query_time"]


def test_the_modules_import_only_what_cannot_change_a_replay() -> None:
    rooms = {name.split("/")[0] for name in trees()}
    for name, tree in ours().items():
        allowed = STANDARD | (OF_A_WORKFLOW if name.startswith("workflows/") else set())
        assert {one for one in imports(tree) if one.split(".")[0] not in rooms} <= allowed, name
        assert imports_inside(tree) == [], name


@each(
    ("source", "found"),
    [
        # Clocks.
        ("from datetime import datetime\nat = datetime.now()", ["datetime.datetime.now"]),
        ("import datetime as d\nif d.date.today(): pass", ["datetime.date.today"]),
        ("import time\ntime.sleep(time.time())", ["time.sleep", "time.time"]),
        ("import time\nat = time.monotonic()", ["time.monotonic"]),
        ("def f(clock): return clock.now()", ["__builtins__.clock.now"]),
        ("def f(clocks): return (clocks[0] or g).now()", ["….now"]),
        ("from datetime import datetime\nf = datetime.fromtimestamp", ["datetime.datetime.fromtimestamp"]),
        ("from temporalio import workflow\nat = workflow.now()", []),
        # Chance.
        ("from random import choice as pick\npick([1])", ["random.choice"]),
        ("import uuid\nasync def key():\n    return str(uuid.uuid4())", ["uuid.uuid4"]),
        ("import secrets\nsecrets.token_hex()", ["secrets.token_hex"]),
        ("x = hash('a')", ["__builtins__.hash"]),
        ("key = id(object())", ["__builtins__.id"]),
        ("keys = map(hash, 'ab')", ["__builtins__.hash"]),
        # The machine and its environment.
        ("import os\nos.environ['HOME']", ["os.environ"]),
        ("answer = input()", ["__builtins__.input"]),
        ("import os\nos.getpid()", ["os.getpid"]),
        ("for line in open('x'): print(line)", ["__builtins__.open", "__builtins__.print"]),
        ("import pathlib\npathlib.Path('x').read_text()", ["pathlib.Path.read_text"]),
        ("import socket\nsocket.gethostname()", ["socket.gethostname"]),
        ("from zoneinfo import ZoneInfo\nzone = ZoneInfo('UTC')", ["zoneinfo.ZoneInfo"]),
        ("def f(at): return at.astimezone().date()", ["astimezone() into the zone of the machine"]),
        ("def f(at, zone): return at.astimezone(zone).date()", []),
        # The locale.
        ("import locale\nlocale.str(1.5)", ["locale.str"]),
        ("def f(day): return day.strftime('%d %B')", ["a date in the words of the locale"]),
        ("def f(day, form): return day.strftime(form)", ["strftime in a form that is not written here"]),
        ("def f(day): return f'{day:%a}'", ["a date in the words of the locale"]),
        ("def f(day): return '{:%x}'.format(day)", ["a date in the words of the locale"]),
        ("def f(day): return f'{day:%Y-%m-%d} {day.year:04d}'", []),
        ("def f(count): return f'{count:,n}'", ["a number with the separators of the locale"]),
        ("def f(count): return 'of {:n}'.format(count)", ["a number with the separators of the locale"]),
        ("import calendar\nname = calendar.month_name[1]", ["calendar.month_name"]),
        # The state of the thread, of the stack, of the memory.
        ("import decimal\ndecimal.getcontext().prec = 6", ["decimal.getcontext"]),
        ("try: f()\nexcept RecursionError: pass", ["__builtins__.RecursionError"]),
        ("import weakref\nheld = weakref.ref(f)", ["weakref.ref"]),
        ("class A:\n    def __del__(self): pass", ["__del__, which the garbage collection calls"]),
        ("import threading\nlock = threading.Lock()", ["threading.Lock"]),
        # Of asyncio, what the SDK's loop does not make deterministic.
        ("import asyncio\nasync def f(a): await asyncio.wait(a)", ["asyncio.wait"]),
        ("import asyncio\nasync def f(): asyncio.TaskGroup()", ["asyncio.TaskGroup"]),
        ("from asyncio import to_thread\nasync def f(g): await to_thread(g)", ["asyncio.to_thread"]),
        ("async def f(loop, g): await loop.run_in_executor(None, g)", ["__builtins__.loop.run_in_executor"]),
        ("import asyncio\nasync def f(g): await asyncio.shield(asyncio.create_task(g()))", []),
        # Branches that only a replay takes.
        (
            "from temporalio import workflow\nif workflow.unsafe.is_replaying(): pass",
            ["temporalio.workflow.unsafe.is_replaying"],
        ),
        (
            "from temporalio import workflow\nwith workflow.unsafe.sandbox_unrestricted(): pass",
            ["temporalio.workflow.unsafe.sandbox_unrestricted"],
        ),
        # Code that is not written here.
        ("exec('import time')", ["__builtins__.exec"]),
        ("__import__('time')", ["__builtins__.__import__"]),
        ("import importlib\nimportlib.import_module('time')", ["importlib.import_module"]),
    ],
)
def test_such_a_use_is_found_in_any_form(source: str, found: list[str]) -> None:
    assert [what for _, what in forbidden(parsed(source))] == found


def test_an_import_inside_a_function_is_found() -> None:
    assert imports_inside(parsed("def f():\n    import time")) == [(2, "import time inside a function")]


def test_imports_for_a_type_checker_alone_lead_nowhere() -> None:
    source = "import a\nif TYPE_CHECKING:\n    import b\nfrom c import d\ndef f():\n    import e"
    assert list(loaded(parsed(source))) == ["a", "c", "c.d"]


# --- the order of sets ----------------------------------------------------------------------------------------


def test_the_order_of_a_set_reaches_nothing() -> None:
    sets = known([*trees().values()])
    found = {name: orders(tree, sets) for name, tree in trees().items()}
    assert {name: places for name, places in found.items() if places} == {}


IN_ORDER = [
    "def f(seen: set[str]):\n    for one in seen: g(one)",
    "def f(seen: frozenset[str]): return [one for one in seen]",
    "def f(seen: Set[str] | None): return {one: 1 for one in seen}",
    "def f(seen: 'AbstractSet[str]'): return (one for one in seen)",
    "def f(a):\n    seen = {one.name for one in a}\n    return list(seen)",
    "def f(a):\n    seen: set[str] = a\n    return tuple(seen)",
    "def f(a):\n    if seen := set(a): return ', '.join(seen)",
    "def f(a): return [*{*a}]",
    "def f(a): return f'{set(a)}'",
    "def f(a): return g(*set(a))",
    "def f(a): return enumerate(frozenset(a))",
    "def f(a): return next(iter(set(a)))",
    "def f(a): return set(a).pop()",
    "def f(a): return dict.fromkeys(set(a))",
    "def f(a): return a.extend(set(a))",
    "def f(a): yield from set(a)",
    "def f(a): one, other = {*a}",
    "def f(a, b):\n    a += set(b)",
    "def f(a, b): return sorted(set(a), key=len)",
    "def f(a, b): return max(set(a), key=len)",
    "def f(a, b): return json.dumps([one for one in a.keys() - b])",
    "def f(a, b): return list(a.keys() & b.keys())",
    "def f(a, b): return list(set(a).union(b))",
    "def f(a, b): return list(a if b else set(b))",
    "def f(a, b): return list(b or set(a))",
    "def f(a) -> list[str]: return set(a)",
    "def names() -> set[str]: return set()\ndef f(): return list(names())",
    "class A(Base):\n    seen: set[str]",
    "class A:\n    def __init__(self): self.seen: set[str] = set()\n    def f(self): return list(self.seen)",
    "KNOWN = {'a', 'b'}\ndef f(): return [one for one in KNOWN]",
    "KNOWN = frozenset('ab')\nWORDS = ' '.join(KNOWN)",
    "def h(names: Iterable[str]): return list(names)\ndef f(a): return h(set(a))",
    "def h(*, names: list[str]): return names\ndef f(a): return h(names=set(a))",
    "def f(model): return list(model.model_fields_set)",
]
IN_NO_ORDER = [
    "def f(seen: set[str], a): return a in seen and seen <= {*a} and not seen",
    "def f(seen: set[str]): return sorted(seen), len(seen), min(seen, default=None)",
    "def f(seen: set[str]): return any(one.isupper() for one in seen)",
    "def f(seen: set[str]) -> set[str]: return {one.upper() for one in seen}",
    "def f(seen: set[str], a):\n    seen.add(a)\n    seen.discard(a)\n    seen |= {a}\n    seen.update({a})",
    "def f(seen: set[str], a) -> set[str]: return seen | {a}",
    "def f(a): return [one for one in a if one not in {'x', 'y'}]",
    "def f(a): return a.model_dump(exclude={'x'}, include=set(a))",
    "def h(names: set[str]): return 'a' in names\ndef f(a): return h(set(a))",
    "def f(a): return [one for one in a.keys()], [one for one in dict.fromkeys(a)]",
]


@each("source", IN_ORDER)
def test_the_order_of_a_set_is_found_in_any_form(source: str) -> None:
    tree = parsed(source)
    assert orders(tree, known([tree]))


@each("source", IN_NO_ORDER)
def test_a_set_may_be_asked_what_does_not_depend_on_its_order(source: str) -> None:
    tree = parsed(source)
    assert orders(tree, known([tree])) == []


# --- what is kept ---------------------------------------------------------------------------------------------


def test_nothing_is_kept_from_one_decision_to_the_next() -> None:
    found = {name: kept(tree) for name, tree in ours().items()}
    assert {name: places for name, places in found.items() if places} == {}


@each(
    "source",
    [
        "CACHE = {}\ndef f(a): CACHE[a] = 1",
        "CACHE: dict[str, int] = {}\ndef f(a): return CACHE.setdefault(a, 1)",
        "SEEN = []\ndef f(a): SEEN.append(a)",
        "SEEN = [{}]\ndef f(a): SEEN[0].update(a)",
        "COUNT = 0\ndef f():\n    global COUNT\n    COUNT += 1",
        "NUMBERS = itertools.count()\ndef f(): return next(NUMBERS)",
        "from a import CACHE\ndef f(a): del CACHE[a]",
        "class A:\n    seen = []\n    def f(self): A.seen.append(1)",
        "class A:\n    @classmethod\n    def f(cls): cls.last = 1",
        "def f(): f.calls = 1",
        "from functools import cache\n@cache\ndef f(a: int): return a",
        "import functools\n@functools.lru_cache(maxsize=8)\ndef f(a: Decimal): return a",
        "from functools import lru_cache\n@lru_cache\ndef f(a): return a",
    ],
)
def test_what_is_kept_is_found_in_any_form(source: str) -> None:
    assert len(kept(parsed(source))) == 1


@each(
    "source",
    [
        "KNOWN = {}\ndef f(a): return KNOWN[a]",
        "def f():\n    found = []\n    found.append(1)\n    return found",
        "FOUND = []\ndef f(FOUND): FOUND.append(1)",
        "class A:\n    def f(self): self.seen.append(1)",
        "from functools import lru_cache\n@lru_cache\ndef f(a: str): return a",
        "from functools import lru_cache\n@lru_cache\ndef f(a: type[A]): return a",
    ],
)
def test_what_lives_no_longer_than_its_run_is_not_meant(source: str) -> None:
    assert kept(parsed(source)) == []
