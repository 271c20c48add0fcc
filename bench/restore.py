"""Restores over existing rows, against what a user would write today."""

import os
import statistics
import subprocess
import tempfile
import threading
import time

from tools import HERE, RUNS, TABLES, own_rows, pair, peak_backend_mb, psql, psql_file, report, run, shell

# Company 1 has been changed in 1% of its rows: some changed, some gone, some new.
SMALL_DAMAGE = """
UPDATE customer SET name = name || '!' WHERE company_id = 1 AND id / 11 % 100 = 0;
UPDATE product SET price = price * 2 WHERE company_id = 1 AND id / 11 % 100 = 0;
UPDATE "order" SET total = 0 WHERE company_id = 1 AND id / 11 % 100 = 0;
DELETE FROM order_line WHERE order_id IN (SELECT id FROM "order" WHERE company_id = 1 AND id / 11 % 100 = 1);
UPDATE stock_move SET reason = 'oops' WHERE company_id = 1 AND id / 11 % 100 = 0;
DELETE FROM note WHERE company_id = 1 AND id / 11 % 100 = 0;
INSERT INTO note (company_id, body, meta, written_at)
    SELECT 1, 'new', '{}', now() FROM generate_series(1, 300);
"""
# Every row differs.
FULL_DAMAGE = """
UPDATE customer SET name = name || '!' WHERE company_id = 1;
UPDATE product SET price = price * 2 WHERE company_id = 1;
UPDATE "order" SET total = total + 1 WHERE company_id = 1;
UPDATE order_line l SET amount = l.amount + 1 FROM "order" o WHERE o.id = l.order_id AND o.company_id = 1;
UPDATE payment SET amount = amount + 1 WHERE company_id = 1;
UPDATE stock_move SET reason = reason || '!' WHERE company_id = 1;
UPDATE note SET body = body || '!' WHERE company_id = 1;
"""
# All rows are gone.
EMPTY = "".join(
    [f"DELETE FROM {table} WHERE company_id = 1;\n" for table in ("note", "stock_move", "payment")]
    + ['DELETE FROM order_line l USING "order" o WHERE o.id = l.order_id AND o.company_id = 1;\n']
    + [f'DELETE FROM "{table}" WHERE company_id = 1;\n' for table in ("order", "product", "customer")])
# A transaction of another company.
OTHER_WORK = """\\set n random(1, 1000)
BEGIN;
UPDATE "order" SET remark = 'touched' WHERE company_id = 2 AND number = :n;
INSERT INTO note (company_id, body, meta, written_at) VALUES (2, 'pgbench', '{}', now());
SELECT sum(amount) FROM payment p JOIN "order" o ON o.id = p.order_id WHERE o.company_id = 2 AND o.number = :n;
COMMIT;
"""


def settle(database):
    psql(database, "SELECT keep_restore(id) FROM company_restores(1) WHERE status = 'review'")


def wal(database, action):
    before = psql(database, "SELECT pg_current_wal_lsn()")
    action()
    return int(psql(database, f"SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '{before}')"))


def compare(name, goal, database, folder, backup, damage, runs):
    logs = {"ours": [], "theirs": []}

    def prepare():
        settle(database)
        psql(database, damage)
        psql(database, "VACUUM")
        psql(database, "CHECKPOINT")

    def ours():
        logs["ours"].append(wal(database, lambda: psql(database, f"SELECT restore_company(1, {backup})")))

    def theirs():
        logs["theirs"].append(wal(database, lambda: run(str(HERE / "baseline_restore.sh"), database, str(folder))))

    report(name, goal, *pair(ours, theirs, prepare, runs))
    settle(database)
    return [statistics.median(logs[who][1:]) / 1e6 for who in ("ours", "theirs")]


def median_latency_ms(database, seconds):
    """Of a transaction of another company, in ms."""
    with tempfile.TemporaryDirectory() as folder:
        script = os.path.join(folder, "work.sql")
        with open(script, "w", encoding="utf-8") as file:
            file.write(OTHER_WORK)
        run("pgbench", "-n", "-c", "2", "-T", str(seconds), "-f", script, "-l", "--log-prefix",
            os.path.join(folder, "log"), database, stderr=subprocess.DEVNULL)
        times = []
        for name in os.listdir(folder):
            if name.startswith("log"):
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    times += [int(line.split()[2]) for line in file]
        return statistics.median(times) / 1000


def beside(database, seconds, loop):
    stop = threading.Event()

    def work():
        while not stop.is_set():
            loop()

    thread = threading.Thread(target=work)
    thread.start()
    latency = median_latency_ms(database, seconds)
    stop.set()
    thread.join()
    return latency


def measure_beside(database, folder, backup):
    seconds = 20

    def restores():
        settle(database)
        psql(database, SMALL_DAMAGE)
        psql(database, f"SELECT restore_company(1, {backup})")

    run("createdb", "copies")
    psql_file("copies", HERE / "schema.sql")
    path = folder / "copy_loop.sql"
    path.write_text("SET session_replication_role = replica;\n"
                    + "".join(f"\\copy \"{table}\" from '{folder}/{table}.copy'\n" for table in TABLES)
                    + "TRUNCATE company CASCADE;\n")
    alone = median_latency_ms(database, seconds)
    ours = beside(database, seconds, restores)
    theirs = beside(database, seconds, lambda: run("psql", "-Xq", "-d", "copies", "-f", str(path)))
    run("dropdb", "copies")
    settle(database)
    print(f"\nMedian latency of another company's transactions: {ours:.2f} ms beside restores, {theirs:.2f} ms beside "
          f"COPY loops ({ours / theirs:.2f}; goal 1.5), {alone:.2f} ms alone.")


def measure_second_merge(database, backup):
    """Of the rows of one company into another one, under IDs that the first merge gave them."""
    other = psql(database, "INSERT INTO company (name, owner_id, created_at) SELECT 'other', min(owner_id), now() "
                           "FROM company RETURNING id")

    def merge():
        psql(database, f"SELECT restore_company({other}, {backup}, mode => 'merge')")

    def ready():
        psql(database, "SELECT keep_restore(id) FROM company_restores() WHERE status = 'review'")
        psql(database, "CHECKPOINT")

    merge()
    ready()
    psql(database, "VACUUM ANALYZE")
    report("merge of the same backup under new IDs once more / `backup_company`", "1.5",
           *pair(merge, lambda: psql(database, f"SELECT backup_company({other})"), ready))
    ready()


def measure(database, folder, backup):
    def unchanged():
        psql(database, f"SELECT restore_company(1, {backup})")

    def ready():
        settle(database)
        psql(database, "CHECKPOINT")

    def emptied():
        settle(database)
        psql(database, EMPTY)
        psql(database, "VACUUM")
        psql(database, "CHECKPOINT")

    def merge():
        psql(database, f"SELECT restore_company(1, {backup}, mode => 'merge')")

    def skip():
        psql(database, "SELECT set_row_check('stock_move', 'id / 11 % 50 <> 0'), set_row_check('note', 'id / 11 % 50 <> 0')")
        psql(database, f"SELECT restore_company(1, {backup}, on_error => 'skip')")

    def whole():
        psql(database, "SELECT set_row_check('stock_move', NULL), set_row_check('note', NULL)")
        unchanged()

    small = compare("restore after 1% of the rows changed / delete and `COPY` back", "0.25", database, folder, backup,
                    SMALL_DAMAGE, RUNS)
    full = compare("restore when every row differs / delete and `COPY` back", "0.6", database, folder, backup,
                   FULL_DAMAGE, min(RUNS, 3))
    psql(database, "VACUUM FULL ANALYZE")
    report("restore when nothing changed / `backup_company`", "1.3",
           *pair(unchanged, lambda: psql(database, "SELECT backup_company(1)"), ready))
    report("merge when nothing is missing / `backup_company`", "1.3",
           *pair(merge, lambda: psql(database, "SELECT backup_company(1)"), ready))
    report("merge of all rows / restore of all rows, into a company without any", "1.1",
           *pair(merge, unchanged, emptied, min(RUNS, 3)))
    report("restore without refused rows (`on_error => 'skip'`) / of all rows, into a company without any", "1.5",
           *pair(skip, whole, emptied, min(RUNS, 3)))
    settle(database)
    psql(database, "SELECT set_row_check('stock_move', NULL), set_row_check('note', NULL)")
    record = psql(database, 'SELECT min(id) FROM "order" WHERE company_id = 1')
    report("restore of one record / `preview_restore` of all", "0.3",
           *pair(lambda: psql(database, f"SELECT restore_company(1, {backup}, records => "
                                        f"'[{{\"table\": \"order\", \"key\": {record}}}]')"),
                 lambda: psql(database, f"SELECT * FROM preview_restore(1, {backup})"), ready))
    copy = folder / "copy_out.sql"
    copy.write_text("".join(f"COPY ({own_rows(table)}) TO STDOUT;\n" for table in TABLES))
    report("`preview_restore` / `COPY` of the same rows `TO STDOUT`", "1.2",
           *pair(lambda: psql(database, f"SELECT * FROM preview_restore(1, {backup})"),
                 lambda: shell(f"psql -Xq -d {database} -f {copy}")))
    print(f"\nWAL of the restore: {small[0]:.0f} MB after 1% of the rows changed (the script: {small[1]:.0f} MB, "
          f"{small[0] / small[1]:.2f}; goal 0.2), {full[0]:.0f} MB when every row differs ({full[1]:.0f} MB).")
    measure_beside(database, folder, backup)
    measure_second_merge(database, backup)
    few = psql(database, "SELECT backup_company(10)")
    psql(database, "CHECKPOINT")
    memory = [peak_backend_mb(database, f"SELECT restore_company({company}, {id})")
              for company, id in ((10, few), (1, backup))]
    print(f"\nBackend memory above idle during restore_company: {memory[0]:.0f} MB for the small company, "
          f"{memory[1]:.0f} MB for the large one.")
