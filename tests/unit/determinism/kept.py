"""Finds what a process keeps between two decisions, so that an earlier one could change what a later one computes."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.unit.determinism.calls import Found, bound, dotted

CHANGES = {
    *("append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse"),
    *("add", "discard", "update", "setdefault", "popitem", "appendleft", "extendleft", "popleft"),
    *("__setitem__", "__delitem__", "difference_update", "intersection_update", "symmetric_difference_update"),
}
CACHES = {"functools.lru_cache", "functools.cache"}
# Of these types, equal values are the same value. `1`, `True` and `Decimal("1.0")` are equal, and so are the same
# instant in two zones: a cache would answer for one of them what was computed for the other.
SAFE_KEYS = {"str", "bytes"}
# The decorator of an update handler, and no method of a dictionary.
NO_CHANGE = {"workflow.update"}


def kept(tree: ast.Module) -> list[Found]:
    """Each place where something is kept, with its line."""
    names = {name for node in tree.body for name in _names(node)}
    found = [*_caches(tree)]
    for function in (node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))):
        found += _changes(function, names - _local(function))
    return sorted(set(found))


def _names(node: ast.stmt) -> Iterator[str]:
    """The names that a statement at the top of a module binds."""
    if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
        yield node.name
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        yield from (alias.asname or alias.name.split(".")[0] for alias in node.names)
    else:
        yield from (one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store))
        for inner in ast.walk(node):
            if isinstance(inner, (ast.Import, ast.ImportFrom)):
                yield from (alias.asname or alias.name for alias in inner.names)


def _local(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """The names that a function binds itself, so that a name of the module is hidden."""
    arguments = function.args
    given = {one.arg for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    given |= {one.arg for one in (arguments.vararg, arguments.kwarg) if one}
    stored = {one.id for one in ast.walk(function) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
    return given | stored


def _changes(function: ast.AST, names: set[str]) -> Iterator[Found]:
    for node in ast.walk(function):
        if isinstance(node, (ast.Global, ast.Nonlocal)) and isinstance(node, ast.Global):
            yield node.lineno, f"global {', '.join(node.names)}"
        if isinstance(node, (ast.Subscript, ast.Attribute)) and isinstance(node.ctx, (ast.Store, ast.Del)):
            if _base(node) in names | {"cls"}:
                yield node.lineno, f"{ast.unparse(node)} is changed"
        if isinstance(node, ast.Call):
            yield from _changing_call(node, names | {"cls"})


def _changing_call(call: ast.Call, names: set[str]) -> Iterator[Found]:
    function = call.func
    if isinstance(function, ast.Attribute) and function.attr in CHANGES and _base(function.value) in names:
        if ast.unparse(function) not in NO_CHANGE:
            yield call.lineno, f"{ast.unparse(function)} is called"
    if isinstance(function, ast.Name) and function.id == "next" and call.args and _base(call.args[0]) in names:
        if isinstance(call.args[0], ast.Name):
            yield call.lineno, f"next({ast.unparse(call.args[0])}) moves on"


def _base(node: ast.AST) -> str | None:
    """The name with which an expression of attributes and subscripts begins."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _caches(tree: ast.Module) -> Iterator[Found]:
    names = dict(bound(tree))
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            cached = any(".".join(dotted(one, names) or ()) in CACHES for one in node.decorator_list)
            keys = {ast.unparse(one.annotation) if one.annotation else "anything" for one in node.args.args}
            unsafe = {key for key in keys if key not in SAFE_KEYS and not key.startswith("type[")}
            if cached and unsafe:
                yield node.lineno, f"{node.name} is cached by {', '.join(sorted(unsafe))}"
