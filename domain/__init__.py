"""The rules of the programme: pure functions over events. No Temporal, no clock, no file, no network."""
