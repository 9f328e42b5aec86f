"""The connection to a server: which one, what is wrong with it, and that no key of a profile is quoted."""

import asyncio
import socket
import time
from pathlib import Path

import pytest

from runtime.clients import connect
from runtime.connection import CannotConnect
from runtime.embedded import EmbeddedServer
from runtime.settings import SettingsError


@pytest.mark.parametrize(
    ("address", "advice"),
    [
        ("127.0.0.1:1", "starter.py dev"),
        ("no-such-host.invalid:7233", "starter.py dev"),
        ("nonsense", "starter.py dev"),
        ("a b:7233", "as host:port"),
    ],
)
async def test_a_server_that_is_not_there_is_a_quick_clear_error(address: str, advice: str) -> None:
    began = time.monotonic()
    with pytest.raises(CannotConnect) as caught:
        await connect(target_host=address)
    assert time.monotonic() - began < 5
    message = str(caught.value)
    assert address in message
    assert advice in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("tls", "words"),
    [
        (False, "the connection was ended without an answer of Temporal"),
        (True, "what answers there does not speak TLS"),
    ],
)
async def test_a_server_that_is_not_temporal_is_told_from_one_that_is_not_there(tls: bool, words: str) -> None:
    """So it is with the port of the Temporal UI."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(CannotConnect) as caught:
            await connect(target_host=f"127.0.0.1:{port}", tls=tls)
    assert words in str(caught.value)
    assert "starter.py dev" not in str(caught.value)


async def test_a_server_that_never_answers_is_given_up_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        with pytest.raises(CannotConnect, match="no answer"):
            await connect(target_host=f"127.0.0.1:{silent.getsockname()[1]}", patience=0.5)
        assert time.monotonic() - began < 3


async def test_the_environment_says_where(embedded: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", embedded.address)
    assert (await connect()).namespace == "default"
    monkeypatch.setenv("TEMPORAL_NAMESPACE", "elsewhere")
    with pytest.raises(CannotConnect, match=r"'elsewhere'.*no such namespace. Set TEMPORAL_NAMESPACE"):
        await connect()


async def test_a_broken_profile_is_a_settings_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken.toml").write_text("profile = [")
    monkeypatch.setenv("TEMPORAL_CONFIG_FILE", str(tmp_path / "broken.toml"))
    with pytest.raises(SettingsError, match=r"temporal\.toml"):
        await connect()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("api_key = S3cretKey", "line 2, column 11 string values must be quoted, expected literal string"),
        ('api_key = "S3cretKey', "line 2, column 21 invalid basic string"),
        ('tls = "S3cret, expected \\" Key"', "line 2, column 7 invalid type: string, expected struct"),
        ('api_key = """S3cret\nS3cret | S3cret" # S3cret', "line 3, column"),
        ("api_key = 9536727", "invalid type: integer, expected a string"),
    ],
)
async def test_a_broken_profile_is_not_quoted_because_a_key_may_stand_in_it(
    line: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken.toml").write_text(f"[profile.default]\n{line}\n")
    monkeypatch.setenv("TEMPORAL_CONFIG_FILE", str(tmp_path / "broken.toml"))
    with pytest.raises(SettingsError) as caught:
        await connect()
    assert said in str(caught.value)
    assert "S3cret" not in str(caught.value)
    assert "9536727" not in str(caught.value)


async def test_a_key_in_place_of_the_path_of_a_key_is_not_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_CONFIG_FILE", "/nowhere/temporal.toml")
    for name in ("TEMPORAL_TLS_CLIENT_KEY_PATH", "TEMPORAL_TLS_CLIENT_CERT_PATH"):
        monkeypatch.setenv(name, f"-----BEGIN PRIVATE KEY-----\n{'S3cret' * 60}\n-----END PRIVATE KEY-----")
    with pytest.raises(SettingsError) as caught:
        await connect()
    assert "S3cret" not in str(caught.value)
