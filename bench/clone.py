"""New IDs: a company into a new one, against what a user would write today."""

import os
import time

from tools import CLIENT, HERE, TABLES, pair, peak_backend_mb, psql, psql_file, report, run


class Copies:
    """Databases of the same content, a fresh one for every run."""

    def __init__(self, template):
        self.template = template
        self.name = None

    def fresh(self):
        self.drop()
        self.name = f"copy{time.monotonic_ns()}"
        run("createdb", "-T", self.template, self.name)
        psql(self.name, "CHECKPOINT")
        os.sync()  # what the copy wrote is not to be paid by what is measured

    def drop(self):
        if self.name:
            run("dropdb", self.name)
        self.name = None


def plain_copy(database, folder):
    """The same rows under the same IDs, where nobody has them: foreign keys off."""
    path = folder / "copy_without_keys.sql"
    path.write_text("BEGIN;\nSET session_replication_role = replica;\n"
                    + "".join(f"\\copy \"{table}\" from '{folder}/{table}.copy'\n" for table in TABLES) + "COMMIT;\n")
    run("psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-d", database, "-f", str(path))


def measure(database, folder, archive, others):
    """`others`: a database without company 1, into which the archive is uploaded."""
    psql(database, "SELECT delete_backup(id) FROM company_backups()")
    backup = psql(database, "SELECT backup_company(1)")
    psql(database, "VACUUM FULL ANALYZE")
    copies = Copies(database)
    remap = "SELECT create_company_from_backup({}, ids => 'remap')"
    report("load with new IDs / SQL script with map tables", "0.5",
           *pair(lambda: psql(copies.name, remap.format(backup)),
                 lambda: psql_file(copies.name, HERE / "baseline_clone.sql"), copies.fresh))
    report("`clone_company` / `backup_company` and load with new IDs", "0.9",
           *pair(lambda: psql(copies.name, "SELECT clone_company(1)"),
                 lambda: psql(copies.name, remap.format("backup_company(1)")),
                 copies.fresh))
    copies.fresh()
    memory = [peak_backend_mb(copies.name, f"SELECT clone_company({company})") for company in (10, 1)]
    copies.drop()
    upload = run(CLIENT, "-d", others, "import", str(archive)).split()[-1]
    psql(others, "CHECKPOINT")
    elsewhere = Copies(others)
    report("load with new IDs / plain `COPY` with FKs off", "1.5",
           *pair(lambda: psql(elsewhere.name, remap.format(upload)),
                 lambda: plain_copy(elsewhere.name, folder), elsewhere.fresh))
    elsewhere.drop()
    print(f"\nBackend memory above idle during clone_company: {memory[0]:.0f} MB for the small company, "
          f"{memory[1]:.0f} MB for the large one.")
