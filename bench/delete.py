"""Deleting a company, against the DELETE statements that a user would write today."""

import time

from tools import HERE, RUNS, pair, psql, psql_file, report, run


def measure(database):
    current = []

    def fresh():
        for name in current:
            run("dropdb", name)
        current[:] = [f"gone{time.monotonic_ns()}"]
        run("createdb", "-T", database, current[0])
        psql(current[0], "CHECKPOINT")

    ours, theirs = pair(lambda: psql(current[0], "SELECT delete_company(1, 'Company 1')"),
                        lambda: psql_file(current[0], HERE / "baseline_delete.sql"), fresh, min(RUNS, 3))
    report("`delete_company` / `DELETE` of the same rows, with cascades", "0.5", ours, theirs)
    run("dropdb", current[0])
