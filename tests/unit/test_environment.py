"""What a test sets in the environment must not reach the C library (`tests/environment.py` says why)."""

import ctypes
import os
from unittest import mock

import pytest

from runtime.connection import configured

_C = ctypes.CDLL(None)
_C.getenv.restype = ctypes.c_char_p


def test_no_change_reaches_the_c_library(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _C.getenv(b"PATH") is not None
    with mock.patch.dict(os.environ, {"CERTPATH_OF_THIS_TEST": "1"}, clear=True):
        assert os.getenv("PATH") is None
        assert _C.getenv(b"PATH") is not None
        assert _C.getenv(b"CERTPATH_OF_THIS_TEST") is None
    monkeypatch.setenv("CERTPATH_OF_THIS_TEST", "2")
    monkeypatch.delenv("PATH")
    assert _C.getenv(b"CERTPATH_OF_THIS_TEST") is None
    assert _C.getenv(b"PATH") is not None


def test_temporals_settings_are_what_a_test_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "server.example.org:7233")
    assert configured()["target_host"] == "server.example.org:7233"
    monkeypatch.delenv("TEMPORAL_ADDRESS")
    assert configured()["target_host"] == "localhost:7233"
