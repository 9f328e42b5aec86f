"""Opens a source as a table, after finding out whether it is CSV or JSON lines."""

from feeds import delimited, jsonlines
from feeds.errors import FeedError
from feeds.sources import Source, read_content
from feeds.table import Columns, Table


def read_table(source: Source, columns: Columns, *, jsonl: bool = False) -> Table:
    """Open the table of a source. `jsonl` allows JSON lines besides CSV.

    Raises:
        FeedError: the source cannot be read as such a table. It may also be raised later, while rows are taken.
    """
    content = read_content(source)
    if jsonlines.is_json(source, content.lines):
        if not jsonl:
            raise FeedError(f"{source.name} is JSON: write it as CSV, with a first line of column names.")
        return jsonlines.table(source, content, columns)
    return delimited.table(source, content, columns)
