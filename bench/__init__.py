"""Measures what Certpath costs: its journeys, compared with those of a workflow without rules (`make bench`)."""
