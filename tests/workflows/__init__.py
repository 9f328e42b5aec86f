"""Journeys through the workflow: on a server that skips time for years, on a real one for everything else."""
