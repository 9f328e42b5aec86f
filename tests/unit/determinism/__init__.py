"""Reads source code for whatever could make a replay decide differently. test_determinism.py says what it must find."""
