"""Random and endless histories against the invariants of the domain. They need no server, but time."""
