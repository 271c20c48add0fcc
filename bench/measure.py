"""Measures company_backup against committed baseline scripts and prints the table of docs/PERFORMANCE.md.

Each pair is run in turn, RUNS times; the medians and their ratio are printed. Nothing is asserted.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import clone
import delete
import restore
from tools import (CLIENT, HERE, ROWS, RUNS, TABLES, own_rows, pair, peak_backend_mb,
                   peak_client_mb, psql, psql_file, report, run, shell)


def prepare(database, rows=ROWS):
    run("createdb", database)
    psql_file(database, HERE / "schema.sql")
    psql_file(database, HERE / "data.sql", "-v", f"rows={rows}")
    psql(database, "CREATE EXTENSION company_backup")
    psql_file(database, HERE / "rules.sql")
    psql(database, "VACUUM ANALYZE")


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="company_backup_bench"))
    try:
        measure(folder)
    finally:
        shutil.rmtree(folder)


def measure(folder):
    database = "bench"
    prepare(database)
    rows = psql(database, "SELECT sum(row_count) FROM company_contents(1)")
    everything = psql(database, "SELECT sum(reltuples)::bigint FROM pg_class "
                                "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
    print(f"Company 1 has {rows} rows; the ten companies together {everything}. "
          f"PostgreSQL {psql(database, 'SHOW server_version').split()[0]}, {os.cpu_count()} cores, "
          f"median of {RUNS}.\n")
    print("| what | company_backup | baseline | ratio | goal |\n|---|---|---|---|---|", flush=True)

    def backup():
        psql(database, "SELECT backup_company(1)")

    ours, theirs = pair(backup, lambda: run(str(HERE / "baseline_backup.sh"), database, str(folder)),
                        lambda: psql(database, "CHECKPOINT"))
    report("`backup_company` / `\\copy \\| gzip -1` per table", "1.0", ours, theirs)

    last = psql(database, "SELECT max(id) FROM company_backups()")
    archive = folder / "company.tar.gz"
    copied = folder / "company.copy"

    def export():
        run(CLIENT, "-d", database, "export", last, "-o", str(archive), "--force")

    psql(database, f"CREATE TABLE exported AS SELECT * FROM read_backup({last}); "
                   "ALTER TABLE exported ALTER data SET STORAGE EXTERNAL")

    def binary_copy():
        shell(f"psql -Xq -d {database} -c '\\copy (SELECT data FROM exported ORDER BY seq) "
              f"to {copied} (format binary)' && sync {copied}")

    ours, theirs = pair(export, binary_copy)
    report("`export` / binary `\\copy` of the same bytes, both synced", "1.2", ours, theirs)

    ours, theirs = pair(lambda: run(CLIENT, "verify", str(archive), stderr=subprocess.DEVNULL),
                        lambda: shell(f"gunzip -c {archive} | sha256sum"))
    report("`verify` / `gunzip \\| sha256sum`", "1.0", ours, theirs)

    for table in TABLES:
        psql(database, f"\\copy ({own_rows(table)}) to '{folder}/{table}.copy'")
    measure_load(database, folder, archive)
    delete.measure(database)
    restore.measure(database, folder, last)
    clone.measure(database, folder, archive, "others")
    measure_memory(database, folder, archive)


def measure_load(database, folder, archive):
    # A database of the other nine companies, with the backup uploaded.
    run("createdb", "-T", database, "others")
    psql("others", "BEGIN; SET session_replication_role = replica; "
                   'DELETE FROM order_line l USING "order" o WHERE o.id = l.order_id AND o.company_id = 1; '
                   + " ".join(f"DELETE FROM {table} WHERE company_id = 1;" for table in
                              ['"order"', "customer", "product", "payment", "stock_move", "note",
                               "company_member"])
                   + " DELETE FROM company WHERE id = 1; COMMIT;")
    psql("others", "VACUUM FULL ANALYZE")
    backup = run(CLIENT, "-d", "others", "import", str(archive)).split()[-1]
    psql("others", "CHECKPOINT")
    current = []

    def fresh():
        for name in current:
            run("dropdb", name)
        current[:] = [f"load{time.monotonic_ns()}"]
        run("createdb", "-T", "others", current[0])
        psql(current[0], "CHECKPOINT")

    ours, theirs = pair(
        lambda: psql(current[0], f"SELECT create_company_from_backup({backup}, ids => 'keep')"),
        lambda: run(str(HERE / "baseline_load.sh"), current[0], str(folder)), fresh)
    report("load into an empty company / plain `COPY` with FKs on", "0.8", ours, theirs)


def measure_memory(database, folder, archive):
    psql(database, "CHECKPOINT")
    small = peak_backend_mb(database, "SELECT backup_company(10)")
    large = peak_backend_mb(database, "SELECT backup_company(1)")
    counts = [psql(database, f"SELECT sum(row_count) FROM company_contents({c})") for c in (10, 1)]
    print(f"\nBackend memory above idle during backup_company: {small:.0f} MB for {counts[0]} rows, "
          f"{large:.0f} MB for {counts[1]} rows.")
    export = peak_client_mb("-d", database, "export", "--company", "1", "-o", str(folder / "m.gz"))
    verify = peak_client_mb("verify", str(archive))
    print(f"Client memory: export {export:.0f} MB, verify {verify:.0f} MB.")


if __name__ == "__main__":
    sys.exit(main())
