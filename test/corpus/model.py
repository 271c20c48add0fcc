"""What a schema file says, as objects. `parse` makes them; everything else reads them."""

import dataclasses
import functools
import re

INTEGERS = ("smallint", "integer", "bigint")
TEXTS = ("text", "varchar", "char", "citext", "name", "ltree")
TRAVELS = ("company", "append")
OF_A_COMPANY = ("company", "append", "excluded")
ACROSS = ("people", "global")


class SchemaError(Exception):
    """A line of a schema file that is not in the format."""

    def __init__(self, path, line, problem):
        super().__init__(f"{path}:{line}: {problem}")


@dataclasses.dataclass(frozen=True)
class Type:
    """A type: `base` is its plain name ("bigint", "varchar", the name of an enum), `sql` how PostgreSQL reads it."""

    base: str
    sql: str
    array: bool = False
    length: int | None = None
    sequence: bool = False
    labels: tuple = ()

    def family(self):
        """Types whose keys can be compared have the same family."""
        if self.base in INTEGERS or self.base == "numeric":
            return "integer"
        return "text" if self.base in TEXTS else self.base

    def is_json(self):
        return self.base in ("json", "jsonb") and not self.array


@dataclasses.dataclass(frozen=True)
class Kind:
    """What values that refer to nothing are: "money", "external" with the arguments of its parentheses. They may be
    taken for its alternatives, too."""

    name: str
    argument: str = ""
    alternatives: tuple = ()

    def words(self):
        return [word.strip() for word in self.argument.split(",") if word.strip()]


@dataclasses.dataclass
class Column:
    name: str
    type: Type
    line: int
    notnull: bool = False
    key: bool = False
    unique: bool = False
    default: str | None = None
    kind: Kind | None = None

    def is_kind(self, *names):
        return self.kind is not None and self.kind.name in names

    def may_be(self, *names):
        """The same, or a word that is right for it as well."""
        return self.kind is not None and not {self.kind.name, *self.kind.alternatives}.isdisjoint(names)


@dataclasses.dataclass(frozen=True)
class Target:
    """A table, by its full name, and the columns of it that are meant."""

    table: str
    columns: tuple


@dataclasses.dataclass
class Reference:
    """One true reference. `form`: plain, each (elements of an array), at (a path in JSON), path (text made of keys),
    when (kinds: pairs of a value of `when_column` and a target). Only "when" has kinds; the others have targets,
    several if nothing says which one is meant."""

    table: str
    columns: tuple
    form: str
    line: int
    targets: list
    declared: bool = False
    on_delete: str | None = None
    when_column: str | None = None
    kinds: list = dataclasses.field(default_factory=list)
    json_path: str | None = None
    separator: str | None = None

    def is_plain(self):
        return self.form in ("plain", "when") and len(self.targets) < 2

    def all_targets(self):
        return self.targets + [target for _, target in self.kinds]


@dataclasses.dataclass
class Unique:
    columns: tuple
    where: str | None = None


@dataclasses.dataclass
class Table:
    """A table; `truth` are the answers that are right for it, the first one rules how its rows are made."""

    schema: str
    name: str
    line: int
    truth: tuple = ("company",)
    rows: int = 5
    columns: dict = dataclasses.field(default_factory=dict)
    primary: tuple = ()
    uniques: list = dataclasses.field(default_factory=list)
    references: list = dataclasses.field(default_factory=list)
    checks: list = dataclasses.field(default_factory=list)
    people_of: str | None = None
    route: tuple = ()
    shared: bool = False

    def __post_init__(self):
        self.full_name = f"{self.schema}.{self.name}"

    @property
    def sql(self):
        return f"{quoted(self.schema)}.{quoted(self.name)}"

    def answers(self):
        """All treatments that are right. Who is a member of what may always stay behind."""
        return self.truth + (("excluded",) if self.people_of is not None else ())

    def of_a_company(self):
        return self.truth[0] in OF_A_COMPANY

    def travels(self):
        return any(answer in TRAVELS for answer in self.truth)

    def keys(self):
        """The columns of every key that has no condition, the primary one first."""
        keys = [self.primary] if self.primary else []
        return keys + [unique.columns for unique in self.uniques if unique.where is None]

    def references_of(self, column):
        return [reference for reference in self.references if column in reference.columns]


@dataclasses.dataclass
class Schema:
    path: str
    company: str = ""
    key: str = ""
    name: str = ""
    enums: dict = dataclasses.field(default_factory=dict)
    tables: dict = dataclasses.field(default_factory=dict)

    def nullable(self, reference):
        """Whether a row may be without this reference."""
        table = self.tables[reference.table]
        return any(not table.columns[column].notnull for column in reference.columns)

    def is_tie(self, reference):
        """Whether rows belong to a company because they refer to its rows in this way. Mentions in lists and documents,
        and where either of two tables may be meant, do not count where there is a plain way as well."""
        if not self.is_proof(reference):
            return False
        table = self.tables[reference.table]
        return reference.is_plain() or bool(set(reference.columns) & set(table.route)) or \
            table.full_name not in self.plainly_tied

    @functools.cached_property
    def plainly_tied(self):
        """Tables of companies that refer to others, or are referred to by them, in plain columns."""
        pairs = [(table.full_name, target.table) for table in self.tables.values() if table.of_a_company()
                 for reference in table.references if reference.is_plain() for target in reference.all_targets()
                 if target.table != table.full_name and self.tables[target.table].of_a_company()]
        return {name for pair in pairs for name in pair}

    @functools.cached_property
    def plainly_referred(self):
        """Tables of companies that others refer to in plain columns."""
        return {target.table for table in self.tables.values() if table.of_a_company()
                for reference in table.references if reference.is_plain() for target in reference.all_targets()
                if target.table != table.full_name}

    def is_proof(self, reference):
        """Whether a value tells its row. Where several tables are meant, small numbers are keys of all of them."""
        if len(reference.targets) < 2:
            return True
        return all(self.tables[target.table].columns[column].type.family() not in ("integer",)
                   for target in reference.targets for column in target.columns)


def quoted(name):
    return name if re.fullmatch(r"[a-z_][a-z0-9_]*", name) and name not in RESERVED else \
        '"' + name.replace('"', '""') + '"'


def literal(text):
    """A string constant of SQL."""
    if "\\" in text:
        return "E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
    return "'" + text.replace("'", "''") + "'"


RESERVED = set("""all analyse analyze and any array as asc asymmetric authorization between binary bigint bit boolean
both case cast char character check coalesce collate collation column concurrently constraint create cross
current_catalog current_date current_role current_schema current_time current_timestamp current_user dec decimal default
deferrable desc distinct do else end except exists extract false fetch float for foreign freeze from full grant greatest
group grouping having ilike in initially inner inout int integer intersect interval into is isnull join json lateral
leading least left like limit localtime localtimestamp national natural nchar none normalize not notnull null nullif
numeric offset on only or order out outer overlaps overlay placing position precision primary real references returning
right row select session_user setof similar smallint some substring symmetric table tablesample then time timestamp to
trailing treat trim true union unique user using values varchar variadic verbose when where window with
xmlattributes""".split())
