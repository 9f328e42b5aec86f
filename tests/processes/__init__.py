"""Tests of the processes that people run: `starter.py`, `worker.py`, the server, the installation, and how they die."""
