"""The messages as JSON Schemas, and an AsyncAPI document that lists them, all made from the models.

`starter.py schema` prints them, and `docs/schemas/` has them for the shipped scheme. What a schema cannot say, such as
that a result has exactly one score, is in the contract, and the engine checks it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import BaseModel

from domain.commands import BETWEEN_WORKFLOWS, MESSAGES, Registration
from domain.forms import DOMAIN, FORMS, KEYWORD
from domain.vocabulary import RefusalCode
from views.status import StatusView

Schema = dict[str, Any]

REGISTRATION = "registration"
INDEX = "asyncapi.json"

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_REGISTRATION = "The start input of a candidacy."
_OBJECT: Schema = {"type": "object"}
_NULL: Schema = {"type": "null"}
_TEXT: Schema = {"type": "string"}


class Names(NamedTuple):
    """The names of the scheme. Where the scheme cannot be read both are empty, and any name fits."""

    designations: Sequence[str]
    domains: Sequence[str]


# --- what is sent


def sent(names: Names) -> dict[str, Schema]:
    """The registration and every message that may come from outside, by name."""
    schemas = {REGISTRATION: _input(Registration, REGISTRATION, _REGISTRATION, names)}
    for name, kind in MESSAGES.items():
        if kind not in BETWEEN_WORKFLOWS:
            schemas[name] = _input(kind, name, f"{_sentence(kind.about)}.", names)
    return schemas


def _input(model: type[BaseModel], name: str, about: str, names: Names) -> Schema:
    made = _Tidy(names, sent=True).schema(model.model_json_schema())
    return {"$schema": _DIALECT, "title": name} | made | {"description": about}


class _Tidy:
    """Turns pydantic's schema into one with words for each form, and without pydantic's titles and defaults of null.

    `sent`: the schema is of what is sent to us. Then an optional field may also be null.
    """

    def __init__(self, names: Names, *, sent: bool) -> None:
        self._names = names
        self._sent = sent

    def schema(self, schema: Schema, field: str = "") -> Schema:
        """The schema tidied. `field` is the name of the field that it is for."""
        left_out = ("title", "default", "description", KEYWORD)
        tidied = {key: value for key, value in schema.items() if key not in left_out}
        if "properties" in schema:
            tidied["properties"] = self._properties(schema)
        for keyword in ("$defs", "patternProperties"):
            if keyword in schema:
                tidied[keyword] = {name: self.schema(inner) for name, inner in schema[keyword].items()}
        for keyword in ("items", "propertyNames", "additionalProperties"):
            if isinstance(schema.get(keyword), dict):
                tidied[keyword] = self.schema(schema[keyword])
        if "propertyNames" in schema:
            tidied["propertyNames"]["pattern"] = FORMS[schema["propertyNames"][KEYWORD]].pattern
        if self._sent and schema.get("default") is not None:
            tidied["default"] = schema["default"]
        if known := self._known(schema, field):
            tidied["enum"] = list(known)
        words = self._words(schema)
        if "anyOf" in schema:
            return tidied | _choice([self.schema(inner, field) for inner in schema["anyOf"]], words)
        return {"description": words, **tidied} if words else tidied

    def _properties(self, schema: Schema) -> Schema:
        required = schema.get("required", ())
        return {
            name: self._optional(inner, name) if self._sent and name not in required else self.schema(inner, name)
            for name, inner in schema["properties"].items()
        }

    def _optional(self, schema: Schema, field: str) -> Schema:
        tidied = self.schema(schema, field)
        if _NULL in tidied.get("anyOf", ()):
            return tidied
        default = {key: tidied.pop(key) for key in ("default",) if key in tidied}
        return {**_choice([tidied, _NULL]), **default}

    def _known(self, schema: Schema, field: str) -> Sequence[str]:
        """The names that the scheme has for this value."""
        if schema.get(KEYWORD) == DOMAIN.name:
            return self._names.domains
        return self._names.designations if field == "designation" and schema.get("type") == "string" else ()

    def _words(self, schema: Schema) -> str:
        form = FORMS.get(schema.get(KEYWORD, "")) if self._sent else None
        said = [form.words if form else "", schema.get("description", "").split("\n\n")[0]]
        return " ".join(f"{_sentence(words).rstrip('.')}." for words in said if words)


def _choice(choices: Sequence[Schema], words: str = "") -> Schema:
    """One choice, also of choices that hold choices. The words about each come before it."""
    said = [choice["description"] for choice in choices if "description" in choice]
    described = " ".join(dict.fromkeys([*said, *([words] if words else [])]))
    plain = [{key: value for key, value in choice.items() if key != "description"} for choice in choices]
    flat = [one for choice in plain for one in choice.get("anyOf", [choice])]
    return {"description": described, "anyOf": flat} if described else {"anyOf": flat}


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}"


# --- what is answered


def answered() -> dict[str, Schema]:
    """What the engine answers: the receipt of an update, the details of its errors, and the answer of `status`."""
    status = _Tidy(Names((), ()), sent=False).schema(StatusView.model_json_schema(mode="serialization"))
    problem = {"type": "object", "properties": {"field": _TEXT, "problem": _TEXT}, "required": ["field", "problem"]}
    # An answer may have more fields, and a code of a newer engine.
    return {
        "receipt": _answer("receipt", "What came of an update.", _RECEIPT),
        "invalid_message": _answer(
            "invalid_message",
            "The details of the error `InvalidMessage`: each wrong field.",
            {"properties": {"errors": {"type": "array", "items": problem}}, "required": ["errors"]},
        ),
        "refused": _answer(
            "refused",
            "The details of the error `Refused`: why the rules do not allow the message.",
            {"properties": {"code": {**_TEXT, "examples": sorted(RefusalCode)}}, "required": ["code"]},
        ),
        "status": _answer("status", "The answer of the query `status`: where the candidate stands.", status),
    }


_RECEIPT: Schema = {
    "properties": {
        "status": _TEXT,
        "events": {"type": "array", "items": _TEXT},
        "duplicate": {"type": "boolean"},
        "sequence": {"type": "integer"},
    },
    "required": ["status", "events", "duplicate", "sequence"],
}


def _answer(name: str, about: str, schema: Schema) -> Schema:
    return {"$schema": _DIALECT, "title": name, **_OBJECT, **schema, "description": about}


# --- the files


def files(names: Names) -> dict[str, Schema]:
    """Every file of `docs/schemas/` by its name: a schema for each message and answer, and the AsyncAPI document."""
    inputs, answers = sent(names), answered()
    schemas = {_file(name): schema for name, schema in inputs.items()}
    schemas |= {_file(name): schema for name, schema in answers.items()}
    return {INDEX: _asyncapi(inputs, answers), **schemas}


def _file(name: str) -> str:
    return f"{name}.schema.json"


def _asyncapi(inputs: Mapping[str, Schema], answers: Mapping[str, Schema]) -> Schema:
    """An AsyncAPI 3.0 document. A candidacy is a channel, each message an operation that is answered by a receipt."""
    messages = {
        name: {
            "name": name,
            "contentType": "application/json",
            "summary": schema["description"],
            "payload": {"$ref": f"./{_file(name)}"},
        }
        for name, schema in {**inputs, **answers}.items()
    }
    channel = {"$ref": "#/channels/candidacy"}

    def operation(name: str, summary: str, taken: Sequence[str], given: Sequence[str]) -> Schema:
        reply = {"channel": channel, "messages": [{"$ref": f"#/channels/candidacy/messages/{one}"} for one in given]}
        return {
            "action": "receive",
            "channel": channel,
            "summary": summary,
            "messages": [{"$ref": f"#/channels/candidacy/messages/{one}"} for one in taken],
            **({"reply": reply} if given else {}),
        }

    errors = ("invalid_message", "refused")
    operations = {
        name: operation(
            name,
            f"Start the workflow. {schema['description']}"
            if name == REGISTRATION
            else f"{schema['description']} A signal or an update; an update is answered.",
            [name],
            () if name == REGISTRATION else ("receipt", *errors),
        )
        for name, schema in inputs.items()
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Certpath",
            "version": "1",
            "description": "What a candidacy takes and answers. docs/contract.md says what everything means.",
        },
        "channels": {
            "candidacy": {
                "address": "certification:{designation}:{candidate_id}",
                "description": (
                    "The workflow of one candidacy: type CertificationWorkflow, task queue certification. Each message "
                    "is a signal and an update of its own name, with one payload in the encoding json/plain."
                ),
                "parameters": {
                    "designation": {"description": "The designation, e.g. CCSL."},
                    "candidate_id": {"description": FORMS["word"].words},
                },
                "messages": messages,
            }
        },
        "operations": operations,
    }
