"""Opens the record for one command. Every verb that asks the record begins here.

What goes wrong with the record is a `record.errors.RecordError`, here or later, while it is read. No verb catches it:
`cli.main` ends the command with the exit code that `cli.exits` has for it.
"""

import click
from sqlalchemy import Engine

from cli import exits
from record.looking import open_for_reading
from runtime.settings import Settings, SettingsError


def record_for_reading() -> Engine:
    """The record that CERTPATH_RECORD_URL names, with its tables. It is closed when the command ends.

    Raises:
        BadInput: a setting cannot be used.
        RecordError: there is no record, its tables are of another build, or it cannot be reached.
    """
    try:
        url = Settings.from_environment().record_url
    except SettingsError as error:
        raise exits.BadInput(str(error)) from error
    engine = open_for_reading(url)
    if context := click.get_current_context(silent=True):
        context.call_on_close(engine.dispose)
    return engine
