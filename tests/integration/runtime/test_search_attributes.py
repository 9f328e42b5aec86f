"""The search attributes of a server: registered once, and refused where a name has another type."""

import pytest
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, RemoveSearchAttributesRequest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from runtime import search_attributes
from runtime.embedded import embedded_server


async def test_registration_is_idempotent(client: Client, time_skipping: WorkflowEnvironment) -> None:
    assert await search_attributes.register(client) == []
    assert await search_attributes.register(time_skipping.client) == []


async def test_a_name_of_another_type_is_a_clear_error() -> None:
    other = search_attributes.DESIGNATION.name
    async with embedded_server() as server:
        client = await server.client()
        remove = RemoveSearchAttributesRequest(namespace=client.namespace, search_attributes=[other])
        await client.operator_service.remove_search_attributes(remove)
        assert await search_attributes.register(client) == [other]
        await client.operator_service.remove_search_attributes(remove)
        wrong = {other: IndexedValueType.INDEXED_VALUE_TYPE_DOUBLE}
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(namespace=client.namespace, search_attributes=wrong)
        )
        with pytest.raises(search_attributes.OtherType, match=r"Designation exists with type DOUBLE") as caught:
            await search_attributes.register(client)
        assert await search_attributes.problem(client) == str(caught.value), "a worker says the same"
