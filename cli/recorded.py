"""Opens the record for one command. Every verb that asks the record begins here.

What goes wrong with the record is a `record.errors.RecordError`, here or later, while it is read. `cli.main` ends the
command with the exit code that `cli.exits` has for it. A caller catches the error only where the command can go on
without the record, or has more to say about it.
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
    engine = open_for_reading(settings().record_url)
    if context := click.get_current_context(silent=True):
        context.call_on_close(engine.dispose)
    return engine


def settings() -> Settings:
    """The settings of this process.

    Raises:
        BadInput: one of them cannot be used.
    """
    try:
        return Settings.from_environment()
    except SettingsError as error:
        raise exits.BadInput(str(error)) from error
