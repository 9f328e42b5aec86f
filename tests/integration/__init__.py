"""Tests of one room together with what it talks to: a Temporal server, a mail server, a socket."""
