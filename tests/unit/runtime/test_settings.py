"""The settings: what stands without any, and what is wrong with one that cannot be used, in one line."""

from pathlib import Path

import pytest

from runtime.settings import ROOT, Settings, SettingsError


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
        ("CERTPATH_SMTP_URL", "smtp://mail..example.org:25"),
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
        ("CERTPATH_METRICS_ADDRESS", "localhost:9464"),
        ("CERTPATH_METRICS_ADDRESS", "127.0.0.1:70000"),
        ("CERTPATH_METRICS_ADDRESS", "::1:9464"),
        ("CERTPATH_METRICS_ADDRESS", "[127.0.0.1]:9464"),
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


def test_a_path_of_the_environment_is_taken_from_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert Settings.from_environment({"CERTPATH_OUTBOX": "mails"}).outbox == tmp_path / "mails"
