"""What the command line knows of the scheme: designations, domains and their titles. The rules are the worker's."""

from typing import Any

from runtime.settings import Settings


def titles() -> dict[str, str]:
    """Title by designation, of the scheme file in force here (CERTPATH_SCHEME).

    Empty where the setting or the file cannot be used: the worker is the one to complain about it.
    """
    try:
        return {str(code): str(designation["title"]) for code, designation in _scheme()["designations"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def domains() -> dict[str, str]:
    """Title by domain, likewise."""
    try:
        return {str(domain): str(title) for domain, title in _scheme()["domains"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _scheme() -> dict[str, Any]:
    import tomllib

    with Settings.from_environment().scheme.open("rb") as file:
        return tomllib.load(file)
