#!/bin/bash
# The part of the official image's interface that tests and the guide use: POSTGRES_PASSWORD, POSTGRES_USER, POSTGRES_DB, PGDATA,
# /docker-entrypoint-initdb.d/*.sql, arguments for postgres. It runs as any user that may write to $PGDATA and /var/run/postgresql.
set -euo pipefail
[ "${1:-postgres}" = postgres ] || [ "${1:0:1}" = - ] || exec "$@"
[ "${1:-}" != postgres ] || shift
user=${POSTGRES_USER:-postgres}
database=${POSTGRES_DB:-$user}
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  [ -n "${POSTGRES_PASSWORD:-}" ] || { echo 'POSTGRES_PASSWORD must not be empty' >&2; exit 1; }
  mkdir -p "$PGDATA" && chmod 700 "$PGDATA"
  initdb --pgdata "$PGDATA" --username "$user" --pwfile <(printf '%s\n' "$POSTGRES_PASSWORD") --encoding UTF8 --locale C.UTF-8 \
    --auth-local trust --auth-host scram-sha-256 --no-instructions >&2
  printf '%s\n' 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  # Reached over the socket alone until it is what it should be.
  pg_ctl --pgdata "$PGDATA" --wait --silent --options "-c listen_addresses= -c unix_socket_directories=/var/run/postgresql" start >&2
  sql=(psql --no-psqlrc --set ON_ERROR_STOP=1 --quiet --username "$user")
  [ "$database" = postgres ] || "${sql[@]}" --dbname postgres --set db="$database" <<<'CREATE DATABASE :"db"'
  for file in /docker-entrypoint-initdb.d/*.sql; do
    [ ! -f "$file" ] || { echo "$file" >&2; "${sql[@]}" --dbname "$database" --file "$file" >&2; }
  done
  pg_ctl --pgdata "$PGDATA" --wait --silent --mode fast stop >&2
fi
exec postgres -D "$PGDATA" -c listen_addresses='*' -c unix_socket_directories=/var/run/postgresql "$@"
