#!/bin/sh
# Starts the Temporal server with its database password, which it reads from the environment and the secret holds.
set -eu

POSTGRES_PWD=$(cat /run/secrets/temporal-db-password)
export POSTGRES_PWD

exec /etc/temporal/entrypoint.sh
