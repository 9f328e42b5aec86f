"""The tests. What needs no server stands in `unit/`: `make test-fast` runs it."""
