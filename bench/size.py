"""Time and memory of a company and of one with ten times as many rows: memory must not grow with it.

Prints what docs/PERFORMANCE.md says of memory. Nothing is asserted.
"""

import sys

from measure import prepare
from restore import FULL_DAMAGE, SMALL_DAMAGE
from tools import ROWS, peak_backend_mb, psql, seconds


def last_restore(database):
    return psql(database, "SELECT max(id) FROM company_restores(1)")


def measure(database):
    """Of each act: seconds, and MB of the backend above idle."""
    results = {}

    def act(name, statement):
        psql(database, "CHECKPOINT")
        taken = []
        memory = []
        taken.append(seconds(lambda: memory.append(peak_backend_mb(database, statement))))
        results[name] = (taken[0], memory[0])

    act("`backup_company`", "SELECT backup_company(1)")
    backup = psql(database, "SELECT max(id) FROM company_backups(1)")
    for name, damage in (("1% of the rows changed", SMALL_DAMAGE), ("every row differs", FULL_DAMAGE)):
        psql(database, damage)
        psql(database, "VACUUM")
        act(f"`preview_restore`, {name}", f"SELECT count(*) FROM preview_restore(1, {backup})")
        act(f"`restore_company`, {name}", f"SELECT restore_company(1, {backup})")
        act(f"`revert_restore`, {name}", f"SELECT revert_restore({last_restore(database)})")
        psql(database, "VACUUM")
        psql(database, f"SELECT restore_company(1, {backup})")
        psql(database, f"SELECT keep_restore({last_restore(database)})")
        psql(database, "VACUUM")
    act("`clone_company`", "SELECT clone_company(1)")
    return results


def main():
    sizes = {"small": ROWS, "large": str(10 * int(ROWS))}
    results = {}
    for name, rows in sizes.items():
        prepare(name, rows)
        results[name] = measure(name)
    counts = [f"{int(psql(name, 'SELECT sum(row_count) FROM company_contents(1)')):,}" for name in sizes]
    print(f"| what | {counts[0]} rows | {counts[1]} rows | memory |\n|---|---|---|---|")
    for act, (small_time, small_memory) in results["small"].items():
        large_time, large_memory = results["large"][act]
        print(f"| {act} | {small_time:.1f} s | {large_time:.1f} s | {small_memory:.0f} MB, {large_memory:.0f} MB |")


if __name__ == "__main__":
    sys.exit(main())
