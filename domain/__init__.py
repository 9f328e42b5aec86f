"""The rules of the programme: pure functions over events, which use no Temporal, clock, file or network."""
