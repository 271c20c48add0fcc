"""What the measurements share: running programs, timing them in turn, printing the table."""

import os
import pathlib
import statistics
import subprocess
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
RUNS = int(os.environ.get("RUNS", "5"))
ROWS = os.environ.get("ROWS", "1500000")
CLIENT = os.environ["COMPANY_BACKUP_CLIENT"]
TABLES = ["company", "customer", "product", "order", "order_line", "payment", "stock_move", "note"]


def run(*command, **options):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **options).stdout


def psql(database, statement):
    return run("psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", statement).strip()


def psql_file(database, path, *options):
    run("psql", "-XAtq", "-v", "ON_ERROR_STOP=1", *options, "-d", database, "-f", str(path))


def seconds(action):
    begin = time.monotonic()
    action()
    return time.monotonic() - begin


def pair(ours, theirs, before=lambda: None, runs=RUNS):
    """Medians of that many runs of each, one after the other, after one run of each to warm up."""
    times = ([], [])
    for number in range(runs + 1):
        for index, action in enumerate((ours, theirs)):
            before()
            taken = seconds(action)
            if number > 0:
                times[index].append(taken)
    return tuple(statistics.median(series) for series in times)


def report(name, goal, ours, theirs):
    print(f"| {name} | {ours:.2f} s | {theirs:.2f} s | {ours / theirs:.2f} | {goal} |", flush=True)


def shell(command):
    subprocess.run(["bash", "-o", "pipefail", "-c", command], check=True, stdout=subprocess.DEVNULL)


def own_rows(table):
    if table == "company":
        return "SELECT * FROM company WHERE id = 1 ORDER BY id"
    if table == "order_line":
        return ('SELECT l.* FROM order_line l JOIN "order" o ON o.id = l.order_id '
                "WHERE o.company_id = 1 ORDER BY l.id")
    return f'SELECT * FROM "{table}" WHERE company_id = 1 ORDER BY id'


def peak_of(pid, stop, peaks):
    while not stop.is_set():
        try:
            status = pathlib.Path(f"/proc/{pid}/status").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return
        for line in status.splitlines():
            if line.startswith("RssAnon"):
                peaks.append(int(line.split()[1]))
        time.sleep(0.005)


def peak_backend_mb(database, statement):
    """Peak private memory of the backend above idle, in MB, while the statement runs."""
    process = subprocess.Popen(["psql", "-XAtq", "-d", database], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)
    process.stdin.write("SELECT count(*) FROM company;\nSELECT pg_backend_pid();\n")
    process.stdin.flush()
    process.stdout.readline()
    pid = int(process.stdout.readline())
    peaks, stop = [], threading.Event()
    thread = threading.Thread(target=peak_of, args=(pid, stop, peaks))
    thread.start()
    time.sleep(0.1)
    idle = max(peaks)
    process.stdin.write(statement + ";\n")
    process.stdin.flush()
    process.stdout.readline()
    stop.set()
    thread.join()
    process.stdin.close()
    process.wait()
    return (max(peaks) - idle) / 1024


def peak_client_mb(*arguments):
    out = subprocess.run(["bash", "-c", 'ulimit -c 0; "$@" >/dev/null & pid=$!; peak=0; '
                          'while kill -0 $pid 2>/dev/null; do '
                          'now=$(sed -n "s/^VmHWM:[^0-9]*\\([0-9]*\\).*/\\1/p" /proc/$pid/status 2>/dev/null || true); '
                          '[ "${now:-0}" -gt $peak ] && peak=$now; sleep 0.01; done; wait $pid; echo $peak',
                          "_", CLIENT, *arguments], check=True, stdout=subprocess.PIPE, text=True)
    return int(out.stdout.split()[-1]) / 1024
