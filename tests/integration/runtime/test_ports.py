"""Ports that somebody else has: which process it is, and the error that says so."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runtime import development
from runtime.embedded import EmbeddedServer, ServerFailed, embedded_server, free_port
from runtime.ports import listener


async def test_a_port_that_is_taken_is_a_clear_error(embedded: EmbeddedServer, tmp_path: Path) -> None:
    with pytest.raises(ServerFailed, match=rf"Port \d+ is in use by process {embedded.pid} \(") as caught:
        async with embedded_server(port=int(embedded.address.rpartition(":")[2]), log=tmp_path / "log"):
            pass
    assert "\n" not in str(caught.value)


@contextmanager
def port_of_ours() -> Iterator[tuple[int, dict[str, socket.socket]]]:
    """A port that is bound on both loopback addresses, so that no other test can listen on either meanwhile."""
    while True:
        with socket.socket(socket.AF_INET) as four, socket.socket(socket.AF_INET6) as six:
            four.bind(("127.0.0.1", 0))
            port = four.getsockname()[1]
            try:
                six.bind(("::1", port))
            except OSError:
                continue  # somebody else has it on this address
            yield port, {"127.0.0.1": four, "::1": six}
            return


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_the_process_that_listens_on_a_port_is_found(host: str) -> None:
    with port_of_ours() as (port, sockets):
        assert listener(port) is None
        sockets[host].listen()
        found = listener(port)
        assert found is not None
        assert found.pid == os.getpid()
        assert "python" in found.command
        assert str(found).startswith(f"process {os.getpid()} (")


async def test_a_development_server_needs_two_ports(tmp_path: Path) -> None:
    port = free_port()
    with pytest.raises(development.CannotServe, match=f"cannot both listen on port {port}: choose another --ui-port"):
        await development.serve(port, port, db=tmp_path / "dev.db", say=print)


@pytest.mark.parametrize("taken", ["port", "ui_port"])
async def test_a_development_server_says_which_port_is_in_use(taken: str, tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        ports = {"port": free_port(), "ui_port": free_port(), taken: other.getsockname()[1]}
        with pytest.raises(development.PortInUse) as caught:
            await development.serve(**ports, db=tmp_path / "dev.db", say=print)
        assert caught.value.port == ports[taken]
        assert f"in use by process {os.getpid()} (" in str(caught.value)
