"""Tests that need no server: the rules, the files, the words, the command line in process."""
