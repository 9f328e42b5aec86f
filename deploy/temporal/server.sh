#!/bin/sh
# Starts the Temporal server with its database password. The secret holds it, and the server reads the environment.
set -eu

POSTGRES_PWD=$(cat /run/secrets/temporal-db-password)
export POSTGRES_PWD

# The address by which the server finds itself. Its container is in two networks and so has two addresses: where the
# image's own script is told both, the server cannot read its configuration.
: "${TEMPORAL_BROADCAST_ADDRESS:=$(getent hosts "$(hostname)" | awk 'NR == 1 {print $1}')}"
export TEMPORAL_BROADCAST_ADDRESS

exec /etc/temporal/entrypoint.sh
