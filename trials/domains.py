"""The domains of CIAC's designations, in which the invented candidates of a trial are assessed."""

DOMAINS = ("people-management", "operations-management", "customer-relationships", "leadership-and-business")
