"""The record: every event of every candidacy, kept for good in a database of its own.

The workflows decide, and hand their events over. The record only appends. It does not know Temporal; `store.py` is the
page to read first.
"""
