#!/bin/sh
# Makes the roles and databases of an installation, and gives each role the password that its secret has now.
# Safe to repeat. To change a password, write a new one into the secret and run `docker compose up` again.
set -eu

PGPASSWORD=$(cat /run/secrets/postgres-password)
export PGPASSWORD

# psql reads the passwords from their files. As arguments they would be visible in the list of processes.
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --dbname postgres <<'SQL'
\set temporal_password `cat /run/secrets/temporal-db-password`
\set certpath_password `cat /run/secrets/certpath-db-password`
\set worker_password `cat /run/secrets/certpath-worker-db-password`

SELECT format('CREATE ROLE %I LOGIN', name)
  FROM unnest(ARRAY['temporal', 'certpath', 'certpath_worker']) AS wanted (name)
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec

ALTER ROLE temporal PASSWORD :'temporal_password';
-- certpath owns the tables of the record. The workers and the command line are certpath_worker, which owns nothing.
ALTER ROLE certpath PASSWORD :'certpath_password';
ALTER ROLE certpath_worker PASSWORD :'worker_password';

SELECT format('CREATE DATABASE %I OWNER %I', name, owner)
  FROM (VALUES ('temporal', 'temporal'), ('temporal_visibility', 'temporal'), ('certpath', 'certpath'))
       AS wanted (name, owner)
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = name) \gexec

-- By default every role may connect to every database.
REVOKE CONNECT, TEMPORARY ON DATABASE temporal, temporal_visibility, certpath FROM PUBLIC;
GRANT CONNECT ON DATABASE certpath TO certpath_worker;
SQL

echo "Roles and databases are there."
