#!/bin/sh
# Makes everything that an installation needs before its first `docker compose up`: a password for each role, the
# addresses that hold one, and two folders. Safe to repeat: existing files stay as they are.
#
#     deploy/prepare.sh
set -eu
cd "$(dirname "$0")/.."

secrets=${CERTPATH_SECRETS:-secrets}
exchange=${CERTPATH_EXCHANGE:-exchange}
container_user=10001

# Only the owner may enter the folder. The files in it are readable for all, because Docker mounts each one into a
# container that runs as another user.
mkdir -p "$secrets/answer-keys"
chmod 700 "$secrets"
chmod 755 "$secrets/answer-keys"

for name in postgres-password temporal-db-password certpath-db-password certpath-worker-db-password grafana-password; do
  if [ -s "$secrets/$name" ]; then
    echo "kept     $secrets/$name"
  else
    # 192 random bits as 48 letters and digits, which need no quotes in a URL or a YAML file.
    od -An -N24 -tx1 /dev/urandom | tr -d ' \n' > "$secrets/$name"
    echo "made     $secrets/$name"
  fi
  chmod 444 "$secrets/$name"
done

# The address of the record: for the workers and the command line, whose role owns nothing, and for the step that makes
# the tables. An address that is there is kept, because it may name a PostgreSQL of your own.
address() {
  if [ -s "$secrets/$1" ]; then
    echo "kept     $secrets/$1"
  else
    printf 'postgresql://%s:%s@postgres/certpath' "$2" "$(cat "$secrets/$3")" > "$secrets/$1"
    echo "made     $secrets/$1"
  fi
  chmod 444 "$secrets/$1"
}
address record-url certpath_worker certpath-worker-db-password
address record-owner-url certpath certpath-db-password

if [ ! -e "$secrets/smtp-url" ]; then
  : > "$secrets/smtp-url"
  echo "made     $secrets/smtp-url, empty: notices go to the outbox until you write the mail server's address into it"
fi
chmod 444 "$secrets/smtp-url"

mkdir -p "$exchange"
chmod 700 "$exchange"
if [ "$(id -u)" = 0 ]; then
  chown "$container_user:$container_user" "$exchange"
else
  echo "Before each use of \`docker compose run --rm starter\`: export CERTPATH_UID=$(id -u) CERTPATH_GID=$(id -g)"
fi

echo "Ready. Keep a copy of $secrets in a safe place; then: docker compose up --detach --wait"
