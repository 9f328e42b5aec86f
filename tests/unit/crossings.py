"""Finds what passes from one room to another as a plain JSON document, whose fields no type names.

A room is a package at the top of the tree, or a module there. The sources are read, and nothing is imported.
"""

import ast
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import NamedTuple

ANYTHING = {"Any", "JsonValue"}
"""What says nothing about a value."""
MAPPINGS = {"dict", "Mapping", "MutableMapping", "defaultdict", "OrderedDict"}
FIRST_ONLY = {"Generator", "AsyncGenerator", "Annotated"}
LAST_ONLY = {"Coroutine"}
"""Of these only one part is what passes; `Any` is usual for the others."""
AROUND = {
    *("list", "set", "frozenset", "tuple", "Sequence", "Collection", "Iterable", "Iterator", "AsyncIterable"),
    *("AsyncIterator", "Awaitable", "ClassVar", "Final", "Optional", "Union", "SkipValidation"),
}
"""What holds values without being one: what is in it passes as well."""
_NESTED = 5
"""So many names that stand for one another are followed."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Name(NamedTuple):
    """A name at the top of a module."""

    module: str
    name: str


class Member(NamedTuple):
    """A public field, property or method of a class: what its types are written as, and whether `Any` counts there."""

    name: str
    types: list[ast.expr]


@dataclass
class Module:
    """One module: its tree, what each of its names is bound to by an import, and what stands at its top."""

    name: str
    tree: ast.Module
    imported: dict[str, Name] = field(default_factory=dict)
    """A module that is imported has no name in it."""
    top: dict[str, ast.stmt] = field(default_factory=dict)

    @property
    def room(self) -> str:
        return self.name.partition(".")[0]


class Uses(NamedTuple):
    """What a room uses of others: names at the top of their modules, those of them that it calls, and the name of any
    attribute or argument."""

    names: set[Name]
    called: set[Name]
    members: set[str]

    def __or__(self, other: object) -> "Uses":
        if not isinstance(other, Uses):
            return NotImplemented
        return Uses(self.names | other.names, self.called | other.called, self.members | other.members)


_NOTHING = Uses(set(), set(), set())


class House:
    """All rooms. `sources` has the text of each module by its dotted name."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._modules = {name: _module(name, text, sources.keys()) for name, text in sources.items()}
        by_room: dict[str, list[Module]] = defaultdict(list)
        for module in self._modules.values():
            by_room[module.room].append(module)
        reached = _reached(by_room)
        each = {room: self._uses_of(modules) for room, modules in by_room.items()}
        self._uses = {
            room: reduce(or_, (each[other] for other in by_room if other != room and room in reached[other]), _NOTHING)
            for room in by_room
        }

    def _uses_of(self, modules: list[Module]) -> Uses:
        names, called, members = _uses(modules)
        names, called = ({one for name in some if (one := self._at_its_top(name))} for some in (names, called))
        return Uses(names, called, members)

    def _at_its_top(self, one: Name) -> Name | None:
        """Where a name is made, which a package may only hand on; None where that is no module of ours."""
        for _ in range(_NESTED):
            there = self._modules.get(one.module)
            if there is None or one.name in there.top:
                return one if there else None
            one = there.imported.get(one.name, Name("", ""))
        return None

    def crossings(self) -> set[str]:
        """Each `module:name` or `module:Class.name` with a document in its type that another room uses.

        A class counts as far as others can come by one: they name it, or what they use has it in its type. A member of
        it counts as used where another room that can reach its room uses any member of this name.
        """
        found = {
            f"{one.module}:{one.name}" for one in self._used() if self._has_document(self._types_of(one), one.module)
        }
        for one in self._exposed():
            for member in self._members(one):
                if self._has_document(member.types, one.module):
                    found.add(f"{one.module}:{one.name}.{member.name}")
        return found

    def _used(self) -> Iterator[Name]:
        """What stands at the top of a module and is used by another room."""
        for module in self._modules.values():
            for name in module.top:
                if Name(module.name, name) in self._uses[module.room].names:
                    yield Name(module.name, name)

    def _exposed(self) -> set[Name]:
        """The classes that others can come by."""
        found: set[Name] = set()
        waiting = [of for one in self._used() for of in self._classes_of(one)]
        while waiting:
            one = waiting.pop()
            if one in found:
                continue
            found.add(one)
            there = self._class(one)
            types = [*there.bases, *(part for member in self._members(one) for part in member.types)]
            waiting += [of for part in types for of in self._classes_in(part, one.module)]
        return found

    def _classes_of(self, one: Name) -> list[Name]:
        """The class that a name is, or those in its type."""
        if isinstance(self._modules[one.module].top[one.name], ast.ClassDef):
            return [one]
        return [of for part in self._types_of(one) for of in self._classes_in(part, one.module)]

    def _classes_in(self, written: ast.expr, module: str, depth: int = 0) -> Iterator[Name]:
        """Every class that an expression names."""
        for node in ast.walk(_unquoted(written)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node is not written:
                yield from self._classes_in(node, module, depth + 1) if depth < _NESTED else ()
            elif isinstance(node, ast.Name | ast.Attribute) and (one := self._meant(node, module)):
                if isinstance(self._modules[one.module].top[one.name], ast.ClassDef):
                    yield one
                elif depth < _NESTED:
                    for part in self._types_of(one):
                        yield from self._classes_in(part, one.module, depth + 1)

    def _types_of(self, one: Name) -> list[ast.expr]:
        """What the types of a name at the top of a module are written as; of a class those of its constructor."""
        there = self._modules[one.module].top[one.name]
        if isinstance(there, ast.ClassDef):
            inits = [part for part in there.body if isinstance(part, Function) and part.name == "__init__"]
            return [part for init in inits for part in _signature(init)]
        if isinstance(there, Function):
            return _signature(there)
        if isinstance(there, ast.AnnAssign):
            return [there.annotation]
        return [there.value] if isinstance(there, ast.Assign) else []

    def _class(self, one: Name) -> ast.ClassDef:
        there = self._modules[one.module].top[one.name]
        assert isinstance(there, ast.ClassDef)
        return there

    def _members(self, one: Name) -> Iterator[Member]:
        """The public members of a class whose names others use; where others make one, its fields too."""
        there, used = self._class(one), self._uses[self._modules[one.module].room]
        names = used.members | (_fields(there) if one in used.called else set())
        for member in _members(there):
            if not member.name.startswith("_") and member.name in names:
                yield member

    def _has_document(self, types: Collection[ast.expr], module: str) -> bool:
        return any(self._is_document(one, module) for one in types)

    def _is_document(self, written: ast.expr, module: str, *, bare: bool = True, depth: int = 0) -> bool:
        """Whether a document passes by this type. `bare`: `Any` by itself counts as one too."""
        written = _unquoted(written)

        def inner(part: ast.expr, *, bare: bool = bare) -> bool:
            return self._is_document(part, module, bare=bare, depth=depth)

        if isinstance(written, ast.BinOp):
            return inner(written.left) or inner(written.right)
        if isinstance(written, ast.Tuple | ast.List):
            return any(map(inner, written.elts))
        if isinstance(written, ast.Name | ast.Attribute):
            if _last(written) in ANYTHING:
                return bare
            one = self._meant(written, module)
            if one is None or depth >= _NESTED:
                return False
            there = self._modules[one.module].top[one.name]
            alias = there.value if isinstance(there, ast.Assign | ast.AnnAssign) else None
            return alias is not None and self._is_document(alias, one.module, bare=bare, depth=depth + 1)
        if not isinstance(written, ast.Subscript):
            return False
        kind = _last(written.value)
        parts = written.slice.elts if isinstance(written.slice, ast.Tuple) else [written.slice]
        if kind in MAPPINGS:
            return _last(parts[-1]) in {*ANYTHING, "object"} or inner(parts[-1], bare=True)
        if kind in FIRST_ONLY or kind in LAST_ONLY:
            return inner(parts[0 if kind in FIRST_ONLY else -1])
        # Of another class `Any` says only that its parts do not matter here; a mapping in it passes all the same.
        return any(inner(part, bare=bare and kind in AROUND) for part in parts)

    def _meant(self, node: ast.Name | ast.Attribute, module: str) -> Name | None:
        """What a name stands for, where that is one at the top of a module of ours."""
        here = self._modules[module]
        own = {Name(module, node.id)} if isinstance(node, ast.Name) else set[Name]()
        return next((self._at_its_top(one) for one in _imported(node, here) or own), None)


def _module(name: str, text: str, known: Collection[str]) -> Module:
    module = Module(name, ast.parse(text))
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                module.imported[alias.asname or alias.name.partition(".")[0]] = Name(alias.name, "")
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                to = Name(inner, "") if inner in known else Name(node.module, alias.name)
                module.imported[alias.asname or alias.name] = to
    for node in module.tree.body:
        if isinstance(node, ast.ClassDef | Function):
            module.top[node.name] = node
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            module.top[node.target.id] = node
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            module.top[node.targets[0].id] = node
    return module


def _reached(by_room: Mapping[str, list[Module]]) -> dict[str, set[str]]:
    """The rooms that each room imports, directly or by way of another."""
    reached = {
        room: {of.module.partition(".")[0] for module in modules for of in module.imported.values()}
        for room, modules in by_room.items()
    }
    for _ in by_room:
        for found in reached.values():
            found |= {further for room in tuple(found) for further in reached.get(room, ())}
    return reached


def _uses(modules: list[Module]) -> Uses:
    names: set[Name] = set()
    called: set[Name] = set()
    members: set[str] = set()
    for module in modules:
        names |= {one for one in module.imported.values() if one.name}
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Attribute):
                members.add(node.attr)
                names |= _imported(node, module)
            elif isinstance(node, ast.Call):
                members |= {keyword.arg for keyword in node.keywords if keyword.arg}
                called |= _imported(node.func, module)
    return Uses(names, called, members)


def _imported(node: ast.expr, module: Module) -> set[Name]:
    """What a name or `module.name` stands for, where it comes from another module; else nothing."""
    if isinstance(node, ast.Name):
        one = module.imported.get(node.id)
        return {one} if one and one.name else set()
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in module.imported:
        of = module.imported[node.value.id]
        return set() if of.name else {Name(of.module, node.attr)}
    return set()


def _signature(function: Function) -> list[ast.expr]:
    """The types of what a function takes by name or place, and of what it returns."""
    given = function.args
    each = [one.annotation for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    return [one for one in (*each, function.returns) if one is not None]


def _members(there: ast.ClassDef) -> Iterator[Member]:
    """The members of a class, also those that only its methods make."""
    for part in there.body:
        if isinstance(part, Function):
            yield Member(part.name, _signature(part))
            given = {one.arg: one.annotation for one in (*part.args.args, *part.args.kwonlyargs) if one.annotation}
            for node in ast.walk(part):
                yield from _made(node, given)
        elif isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
            yield Member(part.target.id, [part.annotation])


def _fields(there: ast.ClassDef) -> set[str]:
    parts = (part.target for part in there.body if isinstance(part, ast.AnnAssign))
    return {target.id for target in parts if isinstance(target, ast.Name)}


def _made(node: ast.AST, given: Mapping[str, ast.expr]) -> Iterator[Member]:
    """The member that a statement of a method makes, where it says or shows its type."""
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Attribute):
        yield Member(node.target.attr, [node.annotation])
    elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute):
        value = node.value
        if isinstance(value, ast.Name) and value.id in given:
            yield Member(node.targets[0].attr, [given[value.id]])
        elif isinstance(value, ast.Call) and isinstance(value.func, ast.Name | ast.Attribute):
            made = value.func.value if isinstance(value.func, ast.Attribute) else value.func
            yield Member(node.targets[0].attr, [made])


def _unquoted(written: ast.expr) -> ast.expr:
    """A type that is written as a text, as an expression."""
    if isinstance(written, ast.Constant) and isinstance(written.value, str):
        try:
            return ast.parse(written.value, mode="eval").body
        except SyntaxError:
            return written  # a text of `Literal`
    return written


def _last(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
