"""The modules that workflow code executes: `workflows/`, `views/` and `domain/`, and what else of ours they import."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from runtime.settings import ROOT

ROOMS = ("domain", "views", "workflows")


def modules() -> dict[Path, ast.Module]:
    """The files of these modules, and what is written in them."""
    found: dict[Path, ast.Module] = {}
    ahead = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    while ahead:
        path = ahead.pop()
        if path not in found:
            found[path] = ast.parse(path.read_text(encoding="utf-8"))
            ahead += [file for name in loaded(found[path]) if (file := _file(name))]
    return dict(sorted(found.items()))


def imports(tree: ast.Module) -> set[str]:
    """Every module from which something is imported, anywhere in a module."""
    found = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
    names = {alias.name for node in found if isinstance(node, ast.Import) for alias in node.names}
    return names | {node.module or "" for node in found if isinstance(node, ast.ImportFrom)}


def loaded(tree: ast.Module) -> Iterator[str]:
    """Every name that a module imports when it is loaded; also the modules in `from package import module`."""
    for node in ast.walk(_without_functions(tree)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _without_functions(tree: ast.Module) -> ast.Module:
    """What is executed when the module is loaded, and not for a type checker alone."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    left = [node for node in tree.body if not isinstance(node, functions) and not _for_types(node)]
    return ast.Module(body=left, type_ignores=[])


def _for_types(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def _file(name: str) -> Path | None:
    """The file of a module of ours; None for any other name."""
    path = ROOT.joinpath(*name.split("."))
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file():
            return file
    return None
