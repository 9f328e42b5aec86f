"""Workflow code reads no clock, no chance and no file: what the sandbox would refuse at run time is refused here.

The worker passes the package `workflows` through the sandbox, so the sandbox does not watch which functions of other
modules it calls. These tests read the source code instead, and use the list of forbidden functions of the sandbox.
The package `domain` has a stricter test of its own, tests/unit/domain/test_purity.py.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from temporalio.worker.workflow_sandbox import SandboxRestrictions
from temporalio.worker.workflow_sandbox._restrictions import RestrictionContext

from runtime.settings import ROOT

PACKAGE = ROOT / "workflows"
# Where workflow code steps out of the sandbox on purpose, as it must say by this very expression.
STEPS_OUT = "workflow.unsafe.sandbox_unrestricted()"


def forbidden(source: str) -> list[str]:
    """Each use of something that the sandbox forbids, as `line: dotted name`."""
    context = RestrictionContext()
    context.is_runtime = True
    list_of_the_sandbox = SandboxRestrictions.invalid_module_members_default
    tree = ast.parse(source)
    modules = dict(imported(tree))
    return [
        f"{line}: {'.'.join(path)}"
        for line, path in uses(tree, modules)
        if list_of_the_sandbox.match_access(context, *path, include_use=True)
    ]


def imported(tree: ast.AST) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each name that an import binds, with the dotted path that it stands for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                path = alias.name if alias.asname else alias.name.split(".")[0]
                yield alias.asname or path, tuple(path.split("."))
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name, (*(node.module or "").split("."), alias.name)


def uses(node: ast.AST, modules: dict[str, tuple[str, ...]]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The line and the dotted path of each use of an imported name or of a builtin."""
    if isinstance(node, ast.With) and any(ast.unparse(item.context_expr) == STEPS_OUT for item in node.items):
        return
    if isinstance(node, (ast.Name, ast.Attribute)) and (path := dotted(node, modules)):
        yield node.lineno, path
    for child in ast.iter_child_nodes(node):
        yield from uses(child, modules)


def dotted(node: ast.AST, modules: dict[str, tuple[str, ...]]) -> tuple[str, ...] | None:
    """`pathlib.Path.read_text` for `Path("notes").read_text`; None for what begins with no name."""
    if isinstance(node, ast.Name):
        return modules.get(node.id, ("__builtins__", node.id))
    if isinstance(node, ast.Call):
        return dotted(node.func, modules)
    if isinstance(node, ast.Attribute) and (before := dotted(node.value, modules)):
        return (*before, node.attr)
    return None


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*.py")), ids=lambda path: path.name)
def test_workflow_code_uses_nothing_that_the_sandbox_forbids(path: Path) -> None:
    assert forbidden(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from datetime import datetime\nat = datetime.now()", ["2: datetime.datetime.now"]),
        ("import datetime as d\nif d.date.today(): pass", ["2: datetime.date.today"]),
        ("import time\ntime.sleep(time.time())", ["2: time.sleep", "2: time.time"]),
        ("from random import choice as pick\npick([1])", ["2: random.choice"]),
        ("import uuid\nasync def key():\n    return str(uuid.uuid4())", ["3: uuid.uuid4"]),
        ("import os\nos.environ['HOME']", ["2: os.environ"]),
        ("for line in open('x'): print(line)", ["1: __builtins__.open"]),
        ("import pathlib\npathlib.Path('x').read_text()", ["2: pathlib.Path.read_text"]),
        (f"from datetime import datetime\nwith {STEPS_OUT}:\n    datetime.now()\ndatetime.now()", None),
    ],
)
def test_such_a_use_is_found_in_any_form(source: str, found: list[str] | None) -> None:
    assert forbidden(source) == (found or ["4: datetime.datetime.now"])
