"""The scheme that the tests run under: their own, so that a change of the shipped scheme changes no other test."""

import os
from pathlib import Path
from typing import Any

from activities.programme import read_scheme
from activities.recording import Recording
from runtime.settings import Settings

SCHEME_FILE = Path(__file__).with_name("scheme.toml")
SCHEME = read_scheme(SCHEME_FILE)
WORKERS_RECORD = "CERTPATH_TESTS_RECORD_URL"
"""The variable that says where the workers of tests keep their record (`tests/conftest.py`)."""


def worker_settings(**given: Any) -> Settings:
    """The settings of a worker under the tests' scheme, with the record of the tests unless one is given."""
    return Settings(**{"scheme": SCHEME_FILE, "record_url": os.environ[WORKERS_RECORD], **given})


def recording() -> Recording:
    """What writes to the record of the tests."""
    return Recording(os.environ[WORKERS_RECORD])
