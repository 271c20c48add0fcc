"""Compares what belongs to each company with what a backup of it holds."""

import collections
import functools
import re

from archive import Archive, text_of
from closure import Closure
from database import SqlError
from lines import Bad, dotted
from model import literal

SAMPLES = 3


class Judgement:
    """What became of the rows of all companies. Counts by table:
    silent  rows that belong to a company, are in no backup, and that nothing tells of
    told    the same, but the table stays behind and is named, with its treatment, or is asked about
    strange rows in the backup of a company that are not its own
    carried rows of tables that must not travel, and do."""

    def __init__(self):
        self.rows = 0
        self.silent, self.strange, self.carried = (collections.Counter() for _ in range(3))
        self.told = collections.Counter()
        self.samples = {}
        self.refusal = None
        self.problems = 0

    def as_json(self):
        return {"rows": self.rows, "silent": dict(self.silent), "samples": self.samples,
                "told": {f"{table} ({word})": count for (table, word), count in self.told.items()},
                "strange": dict(self.strange), "carried": dict(self.carried), "refusal": self.refusal,
                "problems": self.problems}

    def lines(self):
        yield f"{self.rows} rows belong to companies, {sum(self.silent.values())} lost in silence"
        if self.refusal:
            yield f"backups are refused: {self.refusal}"
        for table, count in sorted(self.silent.items()):
            yield f"lost in silence: {table}: {count} rows, such as {', '.join(self.samples[table])}"
        for (table, word), count in sorted(self.told.items()):
            yield f"left behind, and said: {table}: {count} rows ({word})"
        for table, count in sorted(self.strange.items()):
            yield f"in a backup, but not the company's: {table}: {count} rows"
        for table, count in sorted(self.carried.items()):
            yield f"in a backup, but must not travel: {table}: {count} rows"
        if self.problems:
            yield f"wrong references, says the manifest: {self.problems}"


def judge(session, schema, closure=None):
    """Makes a backup of each company, which is deleted again, and judges it. Returns a Judgement."""
    closure = closure or Closure(session, schema)
    mixed = closure.of_two_companies()
    if mixed:
        raise SqlError("data", f"rows belong to two companies at once: {', '.join(mixed)}", "")
    result = Judgement()
    asked = asked_about(session, schema)
    for number, key in enumerate(closure.companies):
        archive = archive_of(session, key, result)
        words = dict(asked)
        # Asked only if rows are missing: it takes longer than the backup.
        named = functools.cache(lambda key=key: rows_named(session, schema, key))
        # To take a company's rows for everybody's is no word about them.
        words.update((table, treatment) for table, treatment in archive.left_out().items() if treatment == "excluded")
        for table in schema.tables.values():
            compare(closure, number, table, archive, words, named, result)
        result.problems += len(archive.manifest["problems"])
    return result


def asked_about(session, schema):
    """Tables that the check has an open question about, or about a column of them: {full name: "asked"}."""
    asked = {}
    for row in session.rows("SELECT object FROM check_company_scope() WHERE severity = 'error'"):
        place = object_of(schema, row["object"])
        if place:
            asked[place[0]] = "asked"
    return asked


def object_of(schema, text):
    """The table, and column or None, that a line of the check is about; None if it is about neither."""
    try:
        parts = dotted(text)
    except Bad:  # Whatever else a check may speak of: the company, a rule, several columns.
        return None
    name = ".".join(parts[:2])
    if len(parts) == 1:
        name = f"public.{parts[0]}"
    if name not in schema.tables:
        return None
    return name, parts[2] if len(parts) > 2 else None


def rows_named(session, schema, key):
    """Rows that check_company_data() names, whose references are wrong or where these lead: {(full name, key as
    text)}. With such rows there is no backup, unless it is said that they are to be recorded."""
    named = set()
    for row in session.rows(f"SELECT table_name, row_key, problem FROM check_company_data({literal(key)}::text)"):
        led = re.search(r" in (\S+): (.*)", row["problem"])
        for table, its_key in [(row["table_name"], row["row_key"] or "")] + ([led.groups()] if led else []):
            place = object_of(schema, table)
            if place:
                named.add((place[0], its_key.strip("()")))
    return named


def archive_of(session, key, result):
    """The archive of a company; if the scope is not settled, what there would be without what is undecided."""
    make = f"SELECT backup_company({literal(key)}::text, on_error => 'record')"
    try:
        backup = int(session.run(make))
    except SqlError as error:
        result.refusal = f"{error.state}: {error.message}"
        session.run("SET company_backup.strict = off")
        try:
            backup = int(session.run(make))
        finally:
            session.run("RESET company_backup.strict")
    data = bytes.fromhex("".join(session.lines(f"SELECT encode(data, 'hex') FROM read_backup({backup}) ORDER BY seq")))
    session.run(f"SELECT delete_backup({backup})")
    return Archive(data)


def compare(closure, number, table, archive, words, named, result):
    """Of one company and one table: rows that should be there and are not, and the other way round."""
    held = archive.rows.get(table.full_name, [])
    columns = key_columns(table, held)
    owned = collections.Counter(tuple(row["key"]) for row in closure.rows_of(number, table, columns))
    found = collections.Counter(tuple(text_of(row[name]) for name in columns) for row in held)
    strange = sum((found - owned).values())
    if strange:
        result.strange[table.full_name] += strange
    if not table.travels():
        if held:
            result.carried[table.full_name] += len(held)
        return
    result.rows += sum(owned.values())
    lost = owned - found
    if not lost:
        return
    word = words.get(table.full_name)
    if not word and not held and not {"excluded", "people", "global"}.isdisjoint(table.truth):
        word = "another right answer"
    if word:
        result.told[table.full_name, word] += sum(lost.values())
        return
    for row in [row for row in lost if (table.full_name, ", ".join(map(str, row))) in named()]:
        result.told[table.full_name, "named by check_company_data"] += lost.pop(row)
    if not lost:
        return
    count = sum(lost.values())
    result.silent[table.full_name] += count
    result.samples.setdefault(table.full_name, ["(" + ", ".join(map(str, key)) + ")" for key in list(lost)[:SAMPLES]])


def key_columns(table, held):
    """The columns by which rows are compared: a key, or all that are simple."""
    present = set(held[0]) if held else set(table.columns)
    for key in table.keys():
        if set(key) <= present and all(table.columns[name].notnull for name in key):
            return list(key)
    return [column.name for column in table.columns.values()
            if column.name in present and column.type.base in ("integer", "bigint", "smallint", "uuid", "text")
            and not column.type.array]
