"""The scheme that the tests run under: their own, so that a change of the shipped scheme changes no other test."""

from pathlib import Path
from typing import Any

from activities.programme import read_scheme
from runtime.settings import Settings

SCHEME_FILE = Path(__file__).with_name("scheme.toml")
SCHEME = read_scheme(SCHEME_FILE)


def worker_settings(**given: Any) -> Settings:
    """The settings of a worker under the tests' scheme."""
    return Settings(**{"scheme": SCHEME_FILE, **given})
