"""Finds places where the order of a set could become the order of something else.

The order of a set of texts differs between two processes. So a set may be asked what it contains, compared, combined
with other sets, counted and sorted, and nothing else. Which expressions are sets is read from annotations and from what
names are set to; that is less than a type checker knows, so write annotations where a function takes or returns a set.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from tests.unit.determinism.calls import Found

SET_TYPES = {"set", "frozenset", "Set", "AbstractSet", "MutableSet"}
SET_METHODS = {"union", "intersection", "difference", "symmetric_difference"}
VIEWS = {"keys", "items"}
# What these answer does not depend on an order. `sorted`, `min` and `max` do with a key, where two elements tie.
BLIND = {"any", "all", "len", "set", "frozenset", "bool", "isinstance"}
BLIND_WITHOUT_KEY = {"sorted", "min", "max"}
# Keyword arguments of pydantic's model_dump, which go through a model in the order of its fields.
BLIND_KEYWORDS = {"include", "exclude"}
_COMBINES = (ast.BitOr, ast.BitAnd, ast.Sub, ast.BitXor)
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Known:
    """What is known of all modules together, by name."""

    functions: set[str] = field(default_factory=set)
    """The functions and methods that return a set."""
    attributes: set[str] = field(default_factory=set)
    """The attributes of objects that are sets."""
    constants: set[str] = field(default_factory=set)
    """The names at the top of modules that are sets, for whoever imports them."""
    parameters: dict[str, list[ast.arguments]] = field(default_factory=dict)
    """The parameters of each function or method."""


def known(trees: Sequence[ast.Module]) -> Known:
    """Reads which names stand for sets."""
    found = Known(attributes={"model_fields_set"})
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                found.parameters.setdefault(node.name, []).append(node.args)
                if node.returns is not None and _is_set_type(node.returns):
                    found.functions.add(node.name)
            if isinstance(node, ast.AnnAssign) and _is_set_type(node.annotation):
                found.attributes.add(_name_of(node.target))
    for tree in trees:
        found.constants |= _sets_of(tree.body, _Scope(found, set()))
    return found


def _sets_of(statements: Iterable[ast.AST], scope: _Scope) -> set[str]:
    """The names that these statements, without those inside them, make sets."""
    return {name for statement in statements for name in _becomes_set(statement, scope)}


def _is_set_type(annotation: ast.AST) -> bool:
    """Whether this is the annotation of a set, or of a set or None."""
    if isinstance(annotation, ast.BinOp):
        return _is_set_type(annotation.left) or _is_set_type(annotation.right)
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return _is_set_type(ast.parse(annotation.value, mode="eval").body)
    if isinstance(annotation, ast.Subscript) and _name_of(annotation.value) in ("Annotated", "ClassVar", "Final"):
        inner = annotation.slice
        return _is_set_type(inner.elts[0] if isinstance(inner, ast.Tuple) else inner)
    base = annotation.value if isinstance(annotation, ast.Subscript) else annotation
    return _name_of(base) in SET_TYPES


def _name_of(node: ast.AST) -> str:
    """The last part of a name: `model_fields_set` of `state.model_fields_set`."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def orders(tree: ast.Module, of: Known) -> list[Found]:
    """Each place where the order of a set is used, with its line."""
    imported = [alias for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names]
    names = {alias.asname or alias.name for alias in imported if alias.name in of.constants}
    names |= _sets_of(tree.body, _Scope(of, names))
    found = [*_fields(tree), *_Scope(of, names).found(tree.body)]
    for function in (node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))):
        found += _Scope(of, _local_sets(function, names, of)).found(function.body, function)
    return sorted(set(found))


def _fields(tree: ast.Module) -> Iterator[Found]:
    """Fields of models: a set is written out in its order."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.bases:
            for line in node.body:
                if isinstance(line, ast.AnnAssign) and _is_set_type(line.annotation):
                    yield line.lineno, f"the field {_name_of(line.target)} is a set"


def _local_sets(function: _Function, of_the_module: set[str], of: Known) -> set[str]:
    """The names that are sets inside a function."""
    arguments = function.args
    given = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    names = of_the_module - {one.arg for one in given}
    names |= {one.arg for one in given if one.annotation is not None and _is_set_type(one.annotation)}
    while True:
        more = _sets_of(ast.walk(function), _Scope(of, names)) - names
        if not more:
            return names
        names |= more


def _becomes_set(node: ast.AST, scope: _Scope) -> Iterator[str]:
    if isinstance(node, ast.Assign) and scope.is_set(node.value):
        yield from (target.id for target in node.targets if isinstance(target, ast.Name))
    if isinstance(node, ast.NamedExpr) and scope.is_set(node.value):
        yield node.target.id
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and _is_set_type(node.annotation):
        yield node.target.id


@dataclass
class _Scope:
    """One function, or the top of a module."""

    of: Known
    names: set[str]

    def is_set(self, node: ast.AST | None) -> bool:
        """Whether this expression is a set."""
        match node:
            case ast.Set() | ast.SetComp():
                return True
            case ast.Name():
                return node.id in self.names
            case ast.Attribute():
                return node.attr in self.of.attributes | self.of.constants
            case ast.Call(func=ast.Name(id="set" | "frozenset")):
                return True
            case ast.Call(func=ast.Attribute(value=owner, attr=method)) if method in SET_METHODS:
                return self.is_set(owner)
            case ast.Call():
                return _name_of(node.func) in self.of.functions
            case ast.BinOp() if isinstance(node.op, _COMBINES):
                return any(self.is_set(one) or _is_view(one) for one in (node.left, node.right))
            case ast.IfExp():
                return self.is_set(node.body) or self.is_set(node.orelse)
            case ast.BoolOp():
                return any(map(self.is_set, node.values))
            case ast.NamedExpr() | ast.Starred() | ast.Await():
                return self.is_set(node.value)
        return False

    def found(self, body: Sequence[ast.stmt], function: _Function | None = None) -> Iterator[Found]:
        """Each use of an order in these statements, without the functions inside them."""
        for statement in body:
            yield from self._found(statement, function)

    def _found(self, node: ast.AST, function: _Function | None) -> Iterator[Found]:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return
        for faulty, why in self._uses(node, function):
            yield faulty.lineno, f"{why}: {ast.unparse(faulty)}"
        for child in ast.iter_child_nodes(node):
            if _is_blind(node) and isinstance(child, ast.GeneratorExp):
                for part in ast.iter_child_nodes(child):
                    yield from self._found(part, function)
            else:
                yield from self._found(child, function)

    def _uses(self, node: ast.AST, function: _Function | None) -> Iterator[tuple[ast.expr, str]]:
        match node:
            case ast.For() | ast.AsyncFor() if self.is_set(node.iter):
                yield node.iter, "a loop over a set"
            case ast.ListComp() | ast.DictComp() | ast.GeneratorExp():
                yield from self._generators(node)
            case ast.Call():
                yield from self._arguments(node)
            case ast.Starred() if self.is_set(node.value):
                yield node.value, "a set is spread out"
            case ast.FormattedValue() if self.is_set(node.value):
                yield node.value, "a set is written out"
            case ast.YieldFrom() if self.is_set(node.value):
                yield node.value, "a set is yielded from"
            case ast.Assign() if self.is_set(node.value) and any(isinstance(one, ast.Tuple) for one in node.targets):
                yield node.value, "a set is taken apart"
            case ast.AugAssign() if self.is_set(node.value) and not self.is_set(node.target):
                yield node.value, "a set is added to something else"
            case ast.Return() if self.is_set(node.value) and node.value and not _returns_set(function):
                yield node.value, "a set is returned as something else"

    def _generators(self, node: ast.ListComp | ast.DictComp | ast.GeneratorExp) -> Iterator[tuple[ast.expr, str]]:
        for generator in node.generators:
            if self.is_set(generator.iter):
                yield generator.iter, "a loop over a set"

    def _arguments(self, call: ast.Call) -> Iterator[tuple[ast.expr, str]]:
        name = _name_of(call.func)
        if isinstance(call.func, ast.Attribute) and self.is_set(call.func.value):
            if name == "pop":
                yield call, "any element of a set"
            return
        if _is_blind(call):
            return
        for place, argument in enumerate(call.args):
            if self.is_set(argument) and not self._takes_set(name, place):
                yield argument, f"a set is given to {name}"
        for keyword in call.keywords:
            if self.is_set(keyword.value) and keyword.arg not in BLIND_KEYWORDS:
                if not self._takes_set(name, keyword.arg or ""):
                    yield keyword.value, f"a set is given to {name}"

    def _takes_set(self, name: str, place: int | str) -> bool:
        """Whether every function of ours with this name has a set as this parameter."""
        taken = [_parameter(arguments, place) for arguments in self.of.parameters.get(name, [])]
        return bool(taken) and all(taken)


def _parameter(arguments: ast.arguments, place: int | str) -> bool:
    given = [one for one in (*arguments.posonlyargs, *arguments.args) if one.arg not in ("self", "cls")]
    if isinstance(place, int):
        one = given[place] if place < len(given) else None
    else:
        one = next((one for one in (*given, *arguments.kwonlyargs) if one.arg == place), None)
    return one is not None and one.annotation is not None and _is_set_type(one.annotation)


def _is_blind(node: ast.AST) -> bool:
    """Whether this is a call whose answer does not depend on an order."""
    if not isinstance(node, ast.Call):
        return False
    name = _name_of(node.func)
    return name in BLIND or (name in BLIND_WITHOUT_KEY and all(one.arg != "key" for one in node.keywords))


def _is_view(node: ast.AST) -> bool:
    """`fields.keys()` combined with something is a set."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in VIEWS


def _returns_set(function: _Function | None) -> bool:
    return function is not None and function.returns is not None and _is_set_type(function.returns)
