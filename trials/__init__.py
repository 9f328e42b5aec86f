"""What `make chaos` and `make drill` share: processes to run against, and evidence to read afterwards."""
