#!/bin/sh
# Every test that needs a server, on a throwaway one: pg_regress, pgTAP, and the scripts of test/t.
# With arguments: only these files of test/t and test/pgtap.
set -eu
cd "$(dirname "$0")/.."
# The server's encoding, its messages and every tool: the same on each machine, also on one without a locale.
export LC_ALL=C.UTF-8

version=$(./server_version.sh)
if [ -z "${COMPANY_BACKUP_TEST_SERVER:-}" ]; then
  # Sockets and a TCP port of its own, removed at the end.
  COMPANY_BACKUP_TEST_SERVER=1 exec pg_virtualenv -t -v "$version" \
    -o fsync=off -o max_connections=60 -o max_prepared_transactions=5 \
    -o log_min_messages=panic -- "$0" "$@"
fi

export COMPANY_BACKUP_CLIENT="$PWD/build/release/client/company-backup"
# Modules that only the tests load, by their paths; where the server may read, which a home is not.
make --no-print-directory -s -C test/boundary
make --no-print-directory -s -C test/faults
modules=$(mktemp -d)
trap 'rm -rf "$modules"' EXIT
chmod 755 "$modules"
cp "build/pg$version/boundary_test.so" "build/pg$version/faults.so" "$modules"
export COMPANY_BACKUP_BOUNDARY_TEST="$modules/boundary_test.so"
export COMPANY_BACKUP_FAULTS="$modules/faults.so"
export PGOPTIONS="-c client_min_messages=warning"

if [ $# -eq 0 ]; then
  make --no-print-directory -s installcheck
  set -- test/t/*.t test/pgtap/*.sql
fi

createdb company_backup_pgtap
psql -qX -d company_backup_pgtap -c 'CREATE EXTENSION pgtap'
prove --timer --source Perl --source pgTAP --pgtap-option dbname=company_backup_pgtap \
  --pgtap-option suffix=.sql "$@"
