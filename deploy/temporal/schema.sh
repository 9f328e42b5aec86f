#!/bin/sh
# Brings Temporal's two databases to the schema of this release of its tools. Safe to repeat: existing data stays.
set -eu

SQL_PASSWORD=$(cat /run/secrets/temporal-db-password)
export SQL_PASSWORD

for store in temporal:temporal temporal_visibility:visibility; do
  database=${store%%:*}
  schema=postgresql/v12/${store##*:}
  temporal-sql-tool --database "$database" setup-schema --version 0.0
  temporal-sql-tool --database "$database" update-schema --schema-name "$schema"
done

echo "Temporal's schema is up to date."
