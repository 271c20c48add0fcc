"""Rows in the making, those that are sure, and the conditions that they must obey."""

import dataclasses
import json
import sqlite3
import sys

from model import quoted

NO_WAY = (None, None)


@dataclasses.dataclass
class Row:
    """A row in the making. `number` in its table and `within` its company count from 1; `forced` is the reference that
    must tie it to its company, and the tables that it may refer to for that; `index` its place among the sure rows."""

    number: int
    within: int
    company: int | None
    values: dict
    forced: tuple = NO_WAY
    taken: list = dataclasses.field(default_factory=list)
    index: int | None = None


class Rows:
    """The rows of one table that are sure: whose they are, and the values that others need."""

    def __init__(self):
        self.company, self.within, self.forced, self.by_company = [], [], [], {}
        self.values = {}

    def add(self, row):
        self.by_company.setdefault(row.company, []).append(len(self.company))
        self.company.append(row.company)
        self.within.append(row.within)
        self.forced.append(row.forced)
        for name, value in row.values.items():
            self.values.setdefault(name, []).append(value)

    def __len__(self):
        return len(self.company)


class Conditions:
    """Checks and the conditions of keys, evaluated by SQLite, which reads the same simple SQL."""

    def __init__(self):
        self.sqlite = sqlite3.connect(":memory:")
        self.sqlite.create_function("num_nonnulls", -1, lambda *values: sum(value is not None for value in values))
        self.sqlite.create_function("num_nulls", -1, lambda *values: sum(value is None for value in values))
        self.sqlite.create_function("char_length", 1, lambda text: None if text is None else len(text))
        self.sqlite.create_function("btrim", 1, lambda text: None if text is None else text.strip())
        self.unknown = set()

    def holds(self, expression, values, of_null):
        """Whether it is true; `of_null` if it is NULL, or if SQLite cannot read it."""
        names = ", ".join(f"? AS {quoted(name)}" for name in values)
        plain = [value if isinstance(value, (int, float, str, type(None))) else json.dumps(value)
                 for value in values.values()]
        text = expression
        while "::" in text:
            before, _, after = text.partition("::")
            text = before + after.lstrip("abcdefghijklmnopqrstuvwxyz_[]\"")
        try:
            answer = self.sqlite.execute(f"SELECT ({text}) FROM (SELECT {names})", plain).fetchone()[0]
        except (sqlite3.Error, OverflowError) as error:
            if expression not in self.unknown:
                self.unknown.add(expression)
                print(f"corpus.py: not evaluated: {expression}: {error}", file=sys.stderr)
            return of_null
        return of_null if answer is None else bool(answer)
