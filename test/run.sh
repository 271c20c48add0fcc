#!/bin/sh
# Every test that needs a server, on throwaway ones: pg_regress, pgTAP, and the scripts of test/t. Files run side by
# side, each on a server that no other one uses meanwhile.
# With arguments: only these files of test/t and test/pgtap.
#   TEST_SERVERS=1   how many servers there are; else as many as processors, but at most 4
set -eu
cd "$(dirname "$0")/.."
# The server's encoding, its messages and every tool: the same on each machine, also on one without a locale.
export LC_ALL=C.UTF-8

most=${TEST_SERVERS:-$(nproc)}
[ "$most" -le 4 ] || most=4
[ $# -eq 0 ] || [ "$most" -le $# ] || most=$#

version=$(./server_version.sh)
# The programs themselves: Debian's wrappers, which look for servers first, take longer than most questions.
export PATH="/usr/lib/postgresql/$version/bin:$PATH"
# Each time this script is run again, by pg_virtualenv, there is one server more.
if [ -z "${COMPANY_BACKUP_TEST_SERVERS:-}" ]; then
  COMPANY_BACKUP_TEST_SERVERS=$(mktemp -d)
  export COMPANY_BACKUP_TEST_SERVERS
else
  createdb company_backup_pgtap
  psql -qX -d company_backup_pgtap -c 'CREATE EXTENSION pgtap'
  export -p | grep -E '^export PG' >"$COMPANY_BACKUP_TEST_SERVERS/$PGPORT"
fi
if [ "$(ls "$COMPANY_BACKUP_TEST_SERVERS" | wc -l)" -lt "$most" ]; then
  # Sockets and a TCP port of its own, removed at the end.
  unset $(env | sed -n 's/^\(PG[A-Z_][A-Z_]*\)=.*/\1/p')
  exec pg_virtualenv -t -v "$version" \
    -o fsync=off -o max_connections=60 -o max_prepared_transactions=5 \
    -o log_min_messages=panic -- "$0" "$@"
fi

export COMPANY_BACKUP_CLIENT="$PWD/build/release/client/company-backup"
# Modules that only the tests load, by their paths; where the server may read, which a home is not.
make --no-print-directory -s -C test/boundary
make --no-print-directory -s -C test/faults
modules=$(mktemp -d)
trap 'rm -rf "$modules" "$COMPANY_BACKUP_TEST_SERVERS"' EXIT
chmod 755 "$modules"
cp "build/pg$version/boundary_test.so" "build/pg$version/faults.so" "$modules"
export COMPANY_BACKUP_BOUNDARY_TEST="$modules/boundary_test.so"
export COMPANY_BACKUP_FAULTS="$modules/faults.so"
export PGOPTIONS="-c client_min_messages=warning"

if [ $# -eq 0 ]; then
  make --no-print-directory -s installcheck
  set -- test/t/*.t test/pgtap/*.sql
fi
prove --timer --jobs "$most" --exec test/run_file.sh "$@"
