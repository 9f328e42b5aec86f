"""`python -m drill`: moves candidacies in every stage of life between two builds while messages flow, and accounts."""
