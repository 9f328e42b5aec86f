"""The connection that a client talks over."""

from temporalio.client import Client
from temporalio.converter import DataConverter

from client.errors import BadInput, Unreachable
from runtime.clients import connect as connect_as_configured
from runtime.connection import CannotConnect, silent_runtime
from runtime.settings import SettingsError

__all__ = ["Client", "connect"]


async def connect(*, namespace_exists: bool = True) -> Client:
    """A client for the server that the environment or `temporal.toml` names.

    `namespace_exists` False: the caller makes the namespace itself. Raises `BadInput` where the settings cannot be
    used, and `Unreachable` where no server answers within 10 seconds or the namespace does not exist.
    """
    # Payloads are plain JSON: the pydantic converter would cost a quarter second and change nothing.
    converter = DataConverter.default
    try:
        return await connect_as_configured(
            silent_runtime(), namespace_exists=namespace_exists, data_converter=converter
        )
    except SettingsError as error:
        raise BadInput(str(error)) from error
    except CannotConnect as error:
        raise Unreachable(str(error)) from error
