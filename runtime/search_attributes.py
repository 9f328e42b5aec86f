"""The search attributes of the public contract, and their registration.

The workflow sandbox imports this module too, so of the SDK its top level imports only `temporalio.common`.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from temporalio.common import SearchAttributeKey

from runtime.attribute_names import Attribute

if TYPE_CHECKING:
    from collections.abc import Sequence

    from temporalio.client import Client

CANDIDATE_ID: Final[SearchAttributeKey[str]] = SearchAttributeKey.for_keyword(Attribute.CANDIDATE_ID.value)
DESIGNATION: Final[SearchAttributeKey[str]] = SearchAttributeKey.for_keyword(Attribute.DESIGNATION.value)
CERTIFICATION_STATUS: Final[SearchAttributeKey[str]] = SearchAttributeKey.for_keyword(
    Attribute.CERTIFICATION_STATUS.value
)
NEXT_DEADLINE: Final[SearchAttributeKey[datetime]] = SearchAttributeKey.for_datetime(Attribute.NEXT_DEADLINE.value)
ASSESSMENTS_PASSED: Final[SearchAttributeKey[int]] = SearchAttributeKey.for_int(Attribute.ASSESSMENTS_PASSED.value)
NEEDS_ATTENTION: Final["SearchAttributeKey[Sequence[str]]"] = SearchAttributeKey.for_keyword_list(
    Attribute.NEEDS_ATTENTION.value
)

ALL: Final[tuple[SearchAttributeKey[Any], ...]] = (
    CANDIDATE_ID,
    DESIGNATION,
    CERTIFICATION_STATUS,
    NEXT_DEADLINE,
    ASSESSMENTS_PASSED,
    NEEDS_ATTENTION,
)


class CannotRegister(Exception):
    """The search attributes cannot be registered. The message is one line that says why and what to do."""


class OtherType(CannotRegister):
    """A search attribute exists in the namespace with another type."""


def type_name(key: SearchAttributeKey[Any]) -> str:
    """The type as the `temporal` CLI spells it: Keyword, Datetime, Int, KeywordList."""
    return key.indexed_value_type.name.title().replace("_", "")


async def register(client: "Client") -> list[str]:
    """Register those of the search attributes that the client's namespace lacks. Safe to repeat.

    Returns the names that were added. Raises `OtherType` if a name exists with another type, and `CannotRegister` if
    the server does not allow registration from here (as a managed service may).
    """
    from temporalio.service import RPCError, RPCStatusCode

    try:
        missing = _missing(await registered(client) or {})
        if missing:
            await _add(client, missing)
    except RPCError as error:
        if error.status is RPCStatusCode.ALREADY_EXISTS:
            # Somebody else registered them at the same moment. That is fine if the types are the same.
            present = await registered(client)
            if present is None or not _missing(present):
                return []
        raise CannotRegister(
            f"Search attributes cannot be registered in namespace {client.namespace!r} ({error.message}): "
            f"have an administrator add {', '.join(f'{key.name} ({type_name(key)})' for key in ALL)}."
        ) from error
    return [key.name for key in missing]


async def problem(client: "Client") -> str | None:
    """What is wrong with the search attributes in the client's namespace, in one sentence; None if all are there.

    Also None if the server does not allow us to look. Raises `RPCError` if the server does not answer.
    """
    from temporalio.service import RPCError, RPCStatusCode

    try:
        present = await registered(client)
    except RPCError as error:
        if error.status in {RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNAUTHENTICATED}:
            return None
        raise
    try:
        missing = [] if present is None else _missing(present)
    except CannotRegister as error:
        return str(error)
    if not missing:
        return None
    names = ", ".join(key.name for key in missing)
    return f"The namespace lacks the search attributes {names}: run `./starter.py setup`."


async def registered(client: "Client") -> dict[str, int] | None:
    """Name and type number of each custom attribute of the namespace; None if the server cannot list them.

    Raises `RPCError`.
    """
    from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
    from temporalio.service import RPCError, RPCStatusCode

    try:
        answer = await client.operator_service.list_search_attributes(
            ListSearchAttributesRequest(namespace=client.namespace)
        )
    except RPCError as error:
        if error.status is RPCStatusCode.UNIMPLEMENTED:  # the time-skipping server adds, but does not list
            return None
        raise
    return dict(answer.custom_attributes)


async def usable(client: "Client") -> None:
    """Send a query that the server refuses until all its parts know the search attributes.

    That takes some seconds after `register`. Raises `RPCError` until then.
    """
    known = " AND ".join(f"{key.name} IS NULL" for key in ALL)
    await client.count_workflows(known)


def _missing(present: dict[str, int]) -> list[SearchAttributeKey[Any]]:
    from temporalio.api.enums.v1 import IndexedValueType

    for key in ALL:
        if (number := present.get(key.name, key.indexed_value_type)) != key.indexed_value_type:
            other = IndexedValueType.Name(IndexedValueType.ValueType(number)).removeprefix("INDEXED_VALUE_TYPE_")
            raise OtherType(
                f"Search attribute {key.name} exists with type {other}, Certpath needs {type_name(key)}: "
                f"remove the other one (`temporal operator search-attribute remove --name {key.name}`) "
                "or use another namespace."
            )
    return [key for key in ALL if key.name not in present]


async def _add(client: "Client", keys: list[SearchAttributeKey[Any]]) -> None:
    from temporalio.api.enums.v1 import IndexedValueType
    from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest

    await client.operator_service.add_search_attributes(
        AddSearchAttributesRequest(
            namespace=client.namespace,
            search_attributes={key.name: IndexedValueType.ValueType(key.indexed_value_type) for key in keys},
        )
    )
