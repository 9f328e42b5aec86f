"""Finds uses of a clock, chance, the machine, its locale, its zone, input and output, by the names that they have."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from temporalio.worker.workflow_sandbox import SandboxRestrictions
from temporalio.worker.workflow_sandbox._restrictions import RestrictionContext

Found = tuple[int, str]
Path = tuple[str, ...]

# Beyond what the sandbox forbids, each by its whole name.
FORBIDDEN = {
    # What differs between two processes, or between two machines.
    *("__builtins__.hash", "__builtins__.id", "__builtins__.print", "__builtins__.vars", "__builtins__.globals"),
    *("__builtins__.exec", "__builtins__.eval", "__builtins__.compile", "__builtins__.breakpoint"),
    "__builtins__.__import__",
    # How deep the stack is differs between a first execution and a replay.
    *("__builtins__.RecursionError", "__builtins__.MemoryError"),
    # The precision of decimal numbers is a setting of the thread.
    *("decimal.getcontext", "decimal.setcontext", "decimal.localcontext", "decimal.DefaultContext"),
    # The names of days and months come from the locale.
    *("calendar.month_name", "calendar.month_abbr", "calendar.day_name", "calendar.day_abbr"),
    *("calendar.TextCalendar", "calendar.HTMLCalendar", "calendar.LocaleTextCalendar"),
    # Which zones there are depends on the machine, unless domain/calendar.py asks.
    *("zoneinfo.ZoneInfo", "zoneinfo.available_timezones"),
    # A branch that only a replay takes, or never takes.
    *("temporalio.workflow.unsafe.is_replaying", "temporalio.workflow.unsafe.is_replaying_history_events"),
    *("temporalio.workflow.unsafe.sandbox_unrestricted", "temporalio.workflow.unsafe.is_read_only"),
    # Garbage collection decides when these change.
    *("weakref", "gc"),
}
# What may be used of asyncio. The SDK makes its loop deterministic; a set of tasks is not (`wait`, `TaskGroup`), and
# threads, processes and sockets are not.
OF_ASYNCIO = {"CancelledError", "Future", "Task", "TimeoutError", "create_task", "current_task", "shield"}
# Methods that read a clock, the machine or chance, whatever object they are called on.
METHODS = {
    *("now", "utcnow", "today", "utcfromtimestamp", "fromtimestamp", "time_ns", "monotonic", "perf_counter"),
    *("localtime", "gmtime", "ctime", "urandom", "token_hex", "uuid1", "uuid4", "getenv", "getpid"),
    *("read_text", "read_bytes", "write_text", "write_bytes", "import_module", "run_in_executor", "to_thread"),
}
# `workflow.now()` is the time of the workflow task, which the history has.
SAFE = {"temporalio.workflow.now", "temporalio.workflow.uuid4"}
# Directives of strftime that the locale fills in.
_OF_THE_LOCALE = re.compile(r"%[-_0^#]?[aAbBhcxXpEO]")
WORDS_OF_THE_LOCALE = "a date in the words of the locale"
_SPECIFICATIONS = re.compile(r"\{[^{}:]*:([^{}]*)\}")


def forbidden(tree: ast.Module) -> list[Found]:
    """Each such use, with its line."""
    names = dict(bound(tree))
    return sorted([*_uses(tree, names), *_zones_and_locales(tree), *_finalizers(tree)])


def bound(tree: ast.AST) -> Iterator[tuple[str, Path]]:
    """Each name that an import binds, with the dotted path that it stands for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                path = alias.name if alias.asname else alias.name.split(".")[0]
                yield alias.asname or path, tuple(path.split("."))
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name, (*(node.module or "").split("."), alias.name)


def dotted(node: ast.AST, names: dict[str, Path]) -> Path | None:
    """`pathlib.Path.read_text` for `Path("notes").read_text`; None for what begins with no name."""
    if isinstance(node, ast.Name):
        return names.get(node.id, ("__builtins__", node.id))
    if isinstance(node, ast.Call):
        return dotted(node.func, names)
    if isinstance(node, ast.Attribute) and (before := dotted(node.value, names)):
        return (*before, node.attr)
    return None


def _uses(node: ast.AST, names: dict[str, Path]) -> Iterator[Found]:
    if isinstance(node, (ast.Name, ast.Attribute)) and (path := dotted(node, names)) and _is_forbidden(path):
        yield node.lineno, ".".join(path)
        return
    if isinstance(node, ast.Attribute) and node.attr in METHODS and dotted(node, names) is None:
        yield node.lineno, f"….{node.attr}"
    for child in ast.iter_child_nodes(node):
        yield from _uses(child, names)


def _is_forbidden(path: Path) -> bool:
    name = ".".join(path)
    if name in SAFE:
        return False
    if path[0] == "asyncio" and len(path) > 1 and path[1] not in OF_ASYNCIO:
        return True
    of_any_object = len(path) > 2 or path[0] != "__builtins__"
    return name in FORBIDDEN or path[0] in FORBIDDEN or (of_any_object and path[-1] in METHODS) or _in_the_sandbox(path)


def _in_the_sandbox(path: Path) -> bool:
    """Whether the sandbox would refuse this at run time."""
    context = RestrictionContext()
    context.is_runtime = True
    of_the_sandbox = SandboxRestrictions.invalid_module_members_default
    return of_the_sandbox.match_access(context, *path, include_use=True)


def _zones_and_locales(tree: ast.AST) -> Iterator[Found]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield from ((node.lineno, why) for why in _call(node, node.func))
        if isinstance(node, ast.FormattedValue) and node.format_spec is not None:
            spec = "".join(str(one.value) for one in ast.walk(node.format_spec) if isinstance(one, ast.Constant))
            yield from ((node.lineno, why) for why in _specification(spec))


def _call(call: ast.Call, method: ast.Attribute) -> Iterator[str]:
    if method.attr == "astimezone" and not call.args and not call.keywords:
        yield "astimezone() into the zone of the machine"
    if method.attr == "strftime" and not (call.args and isinstance(call.args[0], ast.Constant)):
        yield "strftime in a form that is not written here"
    texts = [str(one.value) for one in (method.value, *call.args) if isinstance(one, ast.Constant)]
    if method.attr == "strftime":
        yield from (WORDS_OF_THE_LOCALE for text in texts if _OF_THE_LOCALE.search(text))
    if method.attr == "format":
        yield from (why for text in texts for spec in _SPECIFICATIONS.findall(text) for why in _specification(spec))


def _specification(spec: str) -> Iterator[str]:
    if _OF_THE_LOCALE.search(spec):
        yield WORDS_OF_THE_LOCALE
    if re.fullmatch(r"[^%]*n", spec):
        yield "a number with the separators of the locale"


def _finalizers(tree: ast.AST) -> Iterator[Found]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == "__del__":
            yield node.lineno, "__del__, which the garbage collection calls"


def imports_inside(tree: ast.AST) -> list[Found]:
    """Imports in functions: the module may be another one, or not there, when the function is called years later."""
    functions = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    inside = [node for function in functions for node in ast.walk(function)]
    found = [node for node in inside if isinstance(node, (ast.Import, ast.ImportFrom))]
    return sorted({(node.lineno, f"{ast.unparse(node)} inside a function") for node in found})
