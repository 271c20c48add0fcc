"""The way to the server: psql, by the PG environment variables."""

import json
import subprocess

MARK = "=== corpus: done ==="


class SqlError(Exception):
    """A statement that failed, with PostgreSQL's own words."""

    def __init__(self, state, message, statement):
        super().__init__(f"{state}: {message}\n    {statement[:500]}")
        self.state, self.message = state, message


class Session:
    """One session of psql, for one statement after the other. Notices are not shown."""

    def __init__(self):
        self.psql = subprocess.Popen(["psql", "-X", "-q", "-A", "-t"], stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8")
        self.run("SET client_min_messages = error")
        self.run("SET timezone = 'UTC'; SET datestyle = 'ISO'")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.psql.stdin.close()
        self.psql.wait()

    def run(self, statement):
        """Runs a statement and returns what psql prints. Raises SqlError."""
        self.psql.stdin.write(f"{statement}\n;\n\\echo '{MARK}' :SQLSTATE :LAST_ERROR_MESSAGE\n")
        self.psql.stdin.flush()
        lines = []
        while True:
            line = self.psql.stdout.readline()
            if not line:
                raise SqlError("08006", "the session is gone: " + "".join(lines)[-2000:], statement)
            if MARK in line:
                before, _, told = line.partition(MARK)
                lines.append(before)
                state, _, message = told.strip().partition(" ")
                break
            lines.append(line)
        # psql forgets the error when another statement of the same line succeeds; what it printed has it still.
        if state != "00000":
            raise SqlError(state, message or "".join(lines), statement)
        return "".join(lines)

    def rows(self, query):
        """The rows of a query, each a dict."""
        return json.loads(self.run(f"SELECT coalesce(json_agg(corpus_row), '[]') FROM ({query}) corpus_row"))

    def lines(self, query):
        """The one column of a query, as texts without line ends."""
        return self.run(query).splitlines()


def load(write):
    """Runs one psql script, which `write` writes as bytes to what it is given. Raises SqlError."""
    psql = subprocess.Popen(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null"],
                            stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=None)
    try:
        write(psql.stdin)
        psql.stdin.close()
    except BrokenPipeError:
        pass
    told = psql.stderr.read().decode()
    if psql.wait() != 0:
        raise SqlError("script", told.strip(), "")
