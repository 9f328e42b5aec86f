"""What every process stands on: settings, connection, logs, the embedded server, the search attributes."""

import asyncio
import io
import json
import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from temporalio import activity, workflow
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.failure.v1 import Failure
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, RemoveSearchAttributesRequest
from temporalio.client import Client
from temporalio.common import RetryPolicy
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ActivityError, ApplicationError, ApplicationErrorCategory
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from runtime import development, logs, search_attributes
from runtime.connection import CannotConnect, connect
from runtime.converter import worker_converter
from runtime.embedded import EmbeddedServer, ServerFailed, embedded_server, free_port, temporal_cli
from runtime.leashed import leashed
from runtime.ports import listener
from runtime.settings import ROOT, LogFormat, Settings, SettingsError
from tests.waiting import PATIENCE, eventually, runs
from worker import build_worker

ADDRESS = "ana@example.org"


# --- payloads


async def test_an_expected_refusal_carries_no_stack_trace_and_a_fault_does() -> None:
    converter = worker_converter(pydantic_data_converter)
    for category, traced in ((ApplicationErrorCategory.BENIGN, False), (ApplicationErrorCategory.UNSPECIFIED, True)):
        failure = Failure()
        try:
            raise ApplicationError("no", {"code": "not-a-holder"}, type="Refused", category=category)
        except ApplicationError as error:
            await converter.encode_failure(error, failure)
        assert bool(failure.stack_trace) is traced
        assert (failure.message, failure.application_failure_info.type) == ("no", "Refused")


# --- settings


def test_settings_stand_without_any_variable() -> None:
    settings = Settings.from_environment({})
    assert settings.outbox == ROOT / "var" / "outbox"
    assert settings.scheme == ROOT / "schemes" / "ciac.toml"
    assert settings == Settings.from_environment({"CERTPATH_SMTP_URL": " ", "CERTPATH_SCHEME": ""})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CERTPATH_OUTBOX", __file__),
        ("CERTPATH_SMTP_URL", "mail.example.org"),
        ("CERTPATH_SMTP_URL", "smtp://:secret@"),
        ("CERTPATH_SMTP_URL", "smtp://host:no"),
        ("CERTPATH_SMTP_URL", "smtp://certpath:secret@mail.example.org"),
        ("CERTPATH_SMTP_URL_FILE", "/nowhere/smtp-url"),
        ("CERTPATH_SMTP_URL_FILE", __file__),
        ("CERTPATH_RECORD_URL_FILE", "/nowhere/record-url"),
        ("CERTPATH_SMTP_URL_FILE", "smtps://mailer:secret@mail.example.org"),
        ("CERTPATH_RECORD_URL_FILE", "postgresql://certpath:secret@db.example.org/certpath"),
        ("CERTPATH_RECORD_KEY", "-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----"),
        ("CERTPATH_RECORD_KEY", "/nowhere/record-key.pem"),
        ("CERTPATH_SCHEME", "/nowhere/scheme.toml"),
        ("CERTPATH_ANSWER_KEYS", __file__),
        ("CERTPATH_LOG_FORMAT", "xml"),
        ("CERTPATH_METRICS_ADDRESS", "localhost"),
        ("CERTPATH_METRICS_ADDRESS", "localhost:70000"),
        ("CERTPATH_HEALTH_ADDRESS", "8080/health"),
        ("CERTPATH_HEALTH_ADDRESS", "localhost:0"),
        ("CERTPATH_CACHED_WORKFLOWS", "0"),
        ("CERTPATH_CACHED_WORKFLOWS", "-5"),
        ("CERTPATH_CACHED_WORKFLOWS", "1e3"),
        ("CERTPATH_CACHED_WORKFLOWS", "1000001"),
        ("CERTPATH_CACHED_WORKFLOWS", "9" * 5000),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_the_variable(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({name: value})
    message = str(caught.value)
    assert name in message
    assert "\n" not in message
    assert "secret" not in message


def test_the_address_of_the_mail_server_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "smtp-url"
    file.write_text("smtps://certpath:secret@mail.example.org:465\n")
    given = {"CERTPATH_SMTP_URL_FILE": str(file)}
    assert Settings.from_environment(given).smtp_url == "smtps://certpath:secret@mail.example.org:465"
    with pytest.raises(SettingsError, match="keep one of them"):
        Settings.from_environment({**given, "CERTPATH_SMTP_URL": "smtp://mail.example.org"})
    file.write_text("\n")
    assert Settings.from_environment(given).smtp_url is None
    assert Settings.from_environment({**given, "CERTPATH_SMTP_URL": "smtp://mail:1025"}).smtp_url == "smtp://mail:1025"


def test_the_address_of_the_record_may_stand_in_a_file(tmp_path: Path) -> None:
    default = Settings.from_environment({}).record_url
    assert default == f"sqlite:///{ROOT / 'var' / 'record.db'}"
    file = tmp_path / "record-url"
    file.write_text("postgresql://certpath:secret@db.example.org/certpath\n")
    given = {"CERTPATH_RECORD_URL_FILE": str(file)}
    assert Settings.from_environment(given).record_url == "postgresql://certpath:secret@db.example.org/certpath"
    with pytest.raises(SettingsError, match="keep one of them"):
        Settings.from_environment({**given, "CERTPATH_RECORD_URL": default})
    file.write_text("\n")
    assert Settings.from_environment(given).record_url == default
    elsewhere = "sqlite:////srv/record.db"
    assert Settings.from_environment({**given, "CERTPATH_RECORD_URL": elsewhere}).record_url == elsewhere


@pytest.mark.parametrize("where", ["CERTPATH_SMTP_URL", "CERTPATH_SMTP_URL_FILE"])
def test_a_password_goes_without_tls_only_where_somebody_has_said_so(where: str, tmp_path: Path) -> None:
    plain = "smtp://certpath:secret@mail.example.org"
    (tmp_path / "smtp-url").write_text(plain)
    given = {where: plain if where == "CERTPATH_SMTP_URL" else str(tmp_path / "smtp-url")}
    for insecure in ("", "0"):
        with pytest.raises(SettingsError, match=rf"{where} would send its password without TLS.*SMTP_INSECURE=1"):
            Settings.from_environment({**given, "CERTPATH_SMTP_INSECURE": insecure})
    with pytest.raises(SettingsError, match="CERTPATH_SMTP_INSECURE is 'yes'"):
        Settings.from_environment({**given, "CERTPATH_SMTP_INSECURE": "yes"})
    assert Settings.from_environment({**given, "CERTPATH_SMTP_INSECURE": "1"}).smtp_url == plain
    for url in ("smtp://mail:25", "smtps://certpath:secret@mail", "smtp+starttls://certpath:secret@mail"):
        assert Settings.from_environment({"CERTPATH_SMTP_URL": url}).smtp_url == url


@pytest.mark.parametrize(
    ("value", "address"),
    [
        (":9464", "127.0.0.1:9464"),
        ("9464", "127.0.0.1:9464"),
        ("0.0.0.0:1", "0.0.0.0:1"),
        ("[::1]:9", "[::1]:9"),
    ],
)
def test_metrics_and_health_stay_on_this_machine_unless_a_host_is_named(value: str, address: str) -> None:
    settings = Settings.from_environment({"CERTPATH_METRICS_ADDRESS": value, "CERTPATH_HEALTH_ADDRESS": value})
    assert (settings.metrics_address, settings.health_address) == (address, address)


@pytest.mark.parametrize(("value", "kept"), [("1", 1), (" 250 ", 250), ("1000000", 1_000_000), ("", 1000)])
def test_the_number_of_candidacies_in_memory_can_be_set(value: str, kept: int) -> None:
    assert Settings.from_environment({"CERTPATH_CACHED_WORKFLOWS": value}).cached_workflows == kept


async def test_the_worker_keeps_as_many_candidacies_in_memory_as_the_setting_says(client: Client) -> None:
    # Run, and so ended: a worker that is only made keeps its place on the task queue of this shared client.
    async with build_worker(client, Settings(cached_workflows=7)) as worker:
        assert worker.config()["max_cached_workflows"] == 7


def test_a_path_of_the_environment_is_taken_from_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert Settings.from_environment({"CERTPATH_OUTBOX": "mails"}).outbox == tmp_path / "mails"


# --- connection


@pytest.mark.parametrize("address", ["127.0.0.1:1", "no-such-host.invalid:7233", "nonsense"])
async def test_a_server_that_is_not_there_is_a_quick_clear_error(address: str) -> None:
    began = time.monotonic()
    with pytest.raises(CannotConnect) as caught:
        await connect(target_host=address)
    assert time.monotonic() - began < 5
    message = str(caught.value)
    assert address in message
    assert "starter.py dev" in message
    assert "\n" not in message


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
    with pytest.raises(CannotConnect, match=r"'elsewhere'.*no such namespace"):
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


# --- logs


@activity.defn
async def failing_notice() -> None:
    """An activity whose failure quotes what no log may hold."""
    activity.logger.info("rendering", extra={"notice": "welcome"})
    raise ValueError(f"no mailbox {ADDRESS}")


@workflow.defn(sandboxed=False)
class LoggingWorkflow:
    """Logs one line, and lets an activity fail."""

    @workflow.run
    async def run(self) -> None:
        workflow.logger.info("started", extra={"event_type": "Registered"})
        try:
            await workflow.execute_activity(
                failing_notice,
                start_to_close_timeout=timedelta(seconds=10),
                retry_policy=RetryPolicy(maximum_attempts=1),
            )
        except ActivityError:
            workflow.logger.warning("notice failed")


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """The root logger's lines, as JSON, for the length of a test."""
    root, lines = logging.getLogger(), io.StringIO()
    before, level = list(root.handlers), root.level
    logs.configure("json")
    handler = logging.StreamHandler(lines)
    handler.setFormatter(logs.formatter("json"))
    root.handlers[:] = [handler]
    yield lines
    root.handlers[:] = before
    root.setLevel(level)


async def test_every_line_is_json_with_the_workflow_id_and_no_address(client: Client, stream: io.StringIO) -> None:
    identity, queue = f"logging:{uuid4()}", f"logging-{uuid4()}"
    async with Worker(client, task_queue=queue, workflows=[LoggingWorkflow], activities=[failing_notice]):
        await client.execute_workflow(LoggingWorkflow.run, id=identity, task_queue=queue)
    assert "@" not in stream.getvalue()
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    ours = {line["event"]: line for line in lines if line.get("workflow_id") == identity}
    assert ours["started"]["event_type"] == "Registered"
    assert ours["started"]["run_id"]
    assert ours["rendering"] | {"notice": "welcome", "activity_type": "failing_notice"} == ours["rendering"]
    assert "<e-mail>" in next(line["exception"] for line in lines if "exception" in line)
    assert not {"temporal_workflow", "temporal_activity"} & set().union(*lines)


def test_the_console_form_is_plain_where_nobody_looks() -> None:
    record = logging.makeLogRecord({"name": "certpath", "levelname": "INFO", "levelno": 20, "msg": f"to {ADDRESS}"})
    text = logs.formatter("console").format(record)
    assert "\x1b" not in text
    assert "to <e-mail>" in text


def shown(form: LogFormat, message: str) -> str:
    """A line of the log with this message."""
    record = logging.makeLogRecord({"name": "certpath", "levelname": "INFO", "levelno": 20, "msg": message})
    return logs.formatter(form).format(record)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"to {ADDRESS}.", "to <e-mail>."),
        (f"<{ADDRESS}>, o'brien+x%y@mail.example.org;", "<<e-mail>>, <e-mail>;"),
        ("añá@bücher.example", "<e-mail>"),
        ("a@b.c@d.e", "<e-mail>@d.e"),
        ("42@host, @x.org, a@, a.b", "42@host, @x.org, a@, a.b"),
    ],
)
def test_addresses_are_masked(text: str, masked: str) -> None:
    assert json.loads(shown("json", text))["event"] == masked


def test_the_mask_looks_at_each_character_a_bounded_number_of_times() -> None:
    # No search starts within a word, and none gives back what it has taken. That makes the work linear; a search from
    # every letter would take hours for these lines.
    assert logs._ADDRESS.match("ana@example.org")
    assert not any(logs._ADDRESS.match("ana@example.org", start) for start in (1, 2))
    for text in ("a" * 1_000_000 + " @", "a@" * 500_000, "a@" + "b" * 1_000_000, "a@b." * 250_000, "a.-" * 300_000):
        shown("json", text)


def test_no_text_of_a_log_line_moves_the_cursor_of_a_terminal() -> None:
    line = shown("console", "bad\x1b[2J\u202e\x9b\nnext")
    assert r"bad\x1b[2J\u202e\x9b" in line
    assert "next" in line


# --- the embedded server


@workflow.defn(sandboxed=False)
class WaitingWorkflow:
    """Waits for one signal and answers what it brought."""

    def __init__(self) -> None:
        self._word: str | None = None

    @workflow.run
    async def run(self) -> str:
        await workflow.wait_condition(lambda: self._word is not None)
        return self._word or ""

    @workflow.signal
    def say(self, word: str) -> None:
        self._word = word


def modes(folder: Path) -> set[int]:
    """The permissions of the files in this folder."""
    return {path.stat().st_mode & 0o777 for path in folder.iterdir()}


def open_to_all(folder: Path) -> None:
    """Leaves the files as an older build would have."""
    for path in folder.iterdir():
        path.chmod(0o644)


def process_of(server: EmbeddedServer) -> int:
    """The id of its process, which runs."""
    assert server.pid is not None
    assert runs(server.pid)
    return server.pid


async def test_a_killed_server_comes_back_on_its_file_under_its_address_and_leaves_nothing_running(
    tmp_path: Path,
) -> None:
    async with embedded_server(db=tmp_path / "temporal.db") as server:
        client = await server.client()
        handle = await client.start_workflow(WaitingWorkflow.run, id="waiting", task_queue="waiting")
        address, first = server.address, process_of(server)
        assert modes(tmp_path) == {0o600}
        await server.kill()
        assert not runs(first)
        assert server.pid is None
        open_to_all(tmp_path)
        server.log.chmod(0o644)
        await server.start()
        assert server.address == address
        assert modes(tmp_path) == {0o600}
        assert server.log.stat().st_mode & 0o777 == 0o600
        async with Worker(client, task_queue="waiting", workflows=[WaitingWorkflow]):
            await handle.signal(WaitingWorkflow.say, "still here")
            assert await handle.result() == "still here"
        second = process_of(server)
        assert second != first
    assert not runs(second)
    assert not server.log.exists()


async def test_a_port_that_is_taken_is_a_clear_error(embedded: EmbeddedServer, tmp_path: Path) -> None:
    with pytest.raises(ServerFailed, match=rf"Port \d+ is in use by process {embedded.pid} \(") as caught:
        async with embedded_server(port=int(embedded.address.rpartition(":")[2]), log=tmp_path / "log"):
            pass
    assert "\n" not in str(caught.value)


async def test_a_process_on_a_leash_ends_when_its_parent_is_killed() -> None:
    code = (
        "import subprocess, sys, time; from runtime.leashed import leashed; "
        "print(subprocess.Popen(leashed(['/bin/sleep', '600'])).pid, flush=True); time.sleep(600)"
    )
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", code, cwd=ROOT, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    child = int(await parent.stdout.readline())
    await eventually(lambda: "sleep" in Path(f"/proc/{child}/comm").read_text())
    parent.kill()
    await parent.wait()
    await eventually(lambda: not runs(child))


def test_a_process_whose_parent_has_ended_already_does_not_begin(tmp_path: Path) -> None:
    mark = tmp_path / "begun"
    command = leashed(["/usr/bin/touch", str(mark)])
    command[4] = "1"  # the id of a process that is not the parent
    assert subprocess.run(command, timeout=PATIENCE, check=False).returncode == 1
    assert not mark.exists()


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


def test_the_cli_is_the_wheels() -> None:
    answer = subprocess.run([temporal_cli(), "--version"], capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert answer.stdout.startswith("temporal version")


# --- search attributes


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
        with pytest.raises(search_attributes.CannotRegister, match=r"Designation exists with type DOUBLE"):
            await search_attributes.register(client)


# --- the worker's face


def _worker(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, str(ROOT / "worker.py"), *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_a_worker_that_cannot_begin_says_so_in_one_line() -> None:
    """tests/processes/test_worker_health.py has the other settings, and a Temporal that is not there."""
    ended = _worker(CERTPATH_LOG_FORMAT="xml")
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "CERTPATH_LOG_FORMAT" in ended.stderr


def test_help_answers_without_the_sdk() -> None:
    ended = _worker("--help")
    assert ended.returncode == 0
    for field in (
        "OUTBOX",
        "SMTP_URL",
        "SMTP_INSECURE",
        "SCHEME",
        "ANSWER_KEYS",
        "LOG_FORMAT",
        "METRICS_ADDRESS",
        "HEALTH_ADDRESS",
    ):
        assert f"CERTPATH_{field}" in ended.stdout


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
