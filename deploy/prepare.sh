#!/bin/sh
# Makes everything that an installation needs before its first `docker compose up`: a password for each role, the
# addresses that hold one, and two folders. Safe to repeat: existing files stay as they are.
#
#     deploy/prepare.sh
set -eu
cd "$(dirname "$0")/.."

container_user=10001

# Prints a setting as `docker compose` has it: from the environment, or else from the last line of .env and local.env that
# gives it. The text is never run.
setting() {
  value=$(printenv "$1" || true)
  if [ -z "$value" ]; then
    value=$(cat .env local.env 2> /dev/null | sed -n "s/^[[:space:]]*$1[[:space:]]*=[[:space:]]*//p" | tail -n 1 |
      sed -e 's/[[:space:]]#.*$//' -e 's/[[:space:]]*$//' -e "s/^'\(.*\)'\$/\1/" -e 's/^"\(.*\)"$/\1/')
  fi
  printf '%s' "$value"
}

# Prints the folder that a setting names. The second argument is the one to use where nothing names any.
folder() {
  path=$(setting "$1")
  path=${path:-$2}
  case $path in
    *'$'*) ;;
    /* | ./* | ../*)
      printf '%s' "$path"
      return
      ;;
  esac
  echo "$1 must be a path that begins with / or ./ and has no variable in it, and is: $path" >&2
  exit 2
}

secrets=$(folder CERTPATH_SECRETS ./secrets)
exchange=$(folder CERTPATH_EXCHANGE ./exchange)

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
  chmod 644 "$secrets/$name"
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
  chmod 644 "$secrets/$1"
}
address record-url certpath_worker certpath-worker-db-password
address record-owner-url certpath certpath-db-password

if [ ! -e "$secrets/smtp-url" ]; then
  : > "$secrets/smtp-url"
  echo "made     $secrets/smtp-url, empty: notices go to the outbox until you write the mail server's address into it"
fi
chmod 644 "$secrets/smtp-url"

mkdir -p "$exchange"
chmod 700 "$exchange"
if [ "$(id -u)" = 0 ]; then
  chown "$container_user:$container_user" "$exchange"
elif [ "$(setting CERTPATH_UID):$(setting CERTPATH_GID)" != "$(id -u):$(id -g)" ]; then
  echo "So that the command line in a container may use $exchange, write these two lines into local.env:"
  echo "CERTPATH_UID=$(id -u)"
  echo "CERTPATH_GID=$(id -g)"
fi

echo "Ready. Keep a copy of $secrets in a safe place."
echo "In each shell and script that runs \`docker compose\`: export COMPOSE_ENV_FILES=.env,local.env"
