"""What chaos, drill and bench share: processes to run against, and evidence to read afterwards."""
