"""The examples of `temporal.toml`, read as a worker or the command line reads them."""

import os
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from temporalio.envconfig import ClientConfig, ClientConfigProfile
from temporalio.service import TLSConfig

from runtime.connection import configured
from runtime.settings import ROOT

EXAMPLE = (ROOT / "deploy/temporal.toml.example").read_text()
WHERE = "/etc/certpath/tls/"


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """The example, with files that exist in the place of its certificates."""
    for name in ("server-ca.pem", "certpath-worker.pem", "certpath-worker.key"):
        assert WHERE + name in EXAMPLE
        (tmp_path / name).write_text(f"the content of {name}")
    file = tmp_path / "temporal.toml"
    file.write_text(EXAMPLE.replace(WHERE, f"{tmp_path}/"))
    return file


def connection(example: Path, profile: str) -> dict[str, Any]:
    """What a client would be given."""
    with mock.patch.dict(os.environ, {"TEMPORAL_CONFIG_FILE": str(example), "TEMPORAL_PROFILE": profile}):
        return configured()


def test_every_profile_is_tested_here(example: Path) -> None:
    profiles = ClientConfig.load(config_source=example).profiles
    assert profiles.keys() == {"self-hosted-mtls", "self-hosted-api-key", "cloud-mtls", "cloud-api-key"}
    assert all(isinstance(profile, ClientConfigProfile) for profile in profiles.values())


@pytest.mark.parametrize("profile", ["self-hosted-mtls", "cloud-mtls"])
def test_a_profile_for_certificates_hands_over_both_halves(example: Path, profile: str) -> None:
    given = connection(example, profile)
    tls = given["tls"]
    assert isinstance(tls, TLSConfig)
    assert tls.client_cert == b"the content of certpath-worker.pem"
    assert tls.client_private_key == b"the content of certpath-worker.key"
    assert "api_key" not in given
    assert given["target_host"].endswith(":7233")


def test_a_server_of_ones_own_is_trusted_by_its_own_authority(example: Path) -> None:
    tls = connection(example, "self-hosted-mtls")["tls"]
    assert tls.server_root_ca_cert == b"the content of server-ca.pem"
    assert tls.domain == "temporal.example.org"


@pytest.mark.parametrize("profile", ["self-hosted-api-key", "cloud-api-key"])
def test_a_key_is_never_sent_without_tls(example: Path, profile: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_API_KEY", "from the environment")
    given = connection(example, profile)
    assert given["api_key"] == "from the environment"
    assert given["tls"], "a key makes TLS the default"
