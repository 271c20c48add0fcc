#!/bin/sh
# The timings of docs/PERFORMANCE.md, on a throwaway server with PostgreSQL's own durability settings.
#   RUNS=5          runs of each, of which the median counts
#   ROWS=1500000    rows of the ten companies together
# `bench/run.sh jobs`: what jobs cost another company. `bench/run.sh size`: memory and time with these rows, and with ten times as many.
set -eu
cd "$(dirname "$0")/.."
# The server's encoding, its messages and every tool: the same on each machine, also on one without a locale.
export LC_ALL=C.UTF-8
if [ -z "${COMPANY_BACKUP_BENCH_SERVER:-}" ]; then
  COMPANY_BACKUP_BENCH_SERVER=1 exec pg_virtualenv -t -v "$(./server_version.sh)" \
    -o shared_buffers=1GB -o max_wal_size=8GB -o checkpoint_timeout=1h -o autovacuum=off -o max_worker_processes=16 -- "$0" "$@"
fi
export PGOPTIONS="-c client_min_messages=warning"
export PYTHONDONTWRITEBYTECODE=1
export COMPANY_BACKUP_CLIENT="$PWD/build/release/client/company-backup"
exec python3 "bench/${1:-measure}.py"
