"""What Certpath costs: its journeys beside those of a workflow without rules (`make bench`)."""
