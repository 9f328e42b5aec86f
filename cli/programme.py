"""What the command line knows of the scheme: designations and titles. The rules are the worker's."""

from runtime.settings import Settings


def titles() -> dict[str, str]:
    """Title by designation, of the scheme file in force here (CERTPATH_SCHEME).

    Empty where the setting or the file cannot be used: the worker is the one to complain about it.
    """
    import tomllib

    try:
        with Settings.from_environment().scheme.open("rb") as file:
            designations = tomllib.load(file)["designations"]
        return {str(code): str(designation["title"]) for code, designation in designations.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
