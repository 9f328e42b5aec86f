#!/bin/sh
# Starts the Temporal server with its database password. The secret holds it, and the server reads the environment.
set -eu

POSTGRES_PWD=$(cat /run/secrets/temporal-db-password)
export POSTGRES_PWD

exec /etc/temporal/entrypoint.sh
