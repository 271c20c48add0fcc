"""Reads a schema file, strictly: whatever is not in the format is an error with its file and line. README.md has the
format."""

import dataclasses
import json
import re

import model
from lines import Bad, Line, dotted, name_of, unquoted, words_of
from model import Column, Kind, Reference, SchemaError, Table, Target, Type, Unique
from paths import steps_of

TRUTHS = ("company", "people", "global", "excluded", "append")
FORMS = ("primary", "unique", "foreign", "refers", "check", "people_of", "route", "shared")
KINDS = ("name", "title", "text", "email", "url", "slug", "position", "money", "time", "secret", "token", "group",
         "number", "digest", "ip", "version", "locale")
KINDS_WITH = ("enum", "count", "bool-as-int", "json", "external")
BASES = {
    "smallint": "smallint", "int2": "smallint", "integer": "integer", "int": "integer", "int4": "integer",
    "bigint": "bigint", "int8": "bigint", "smallserial": "smallint", "serial": "integer", "bigserial": "bigint",
    "numeric": "numeric", "decimal": "numeric", "real": "real", "float4": "real",
    "double precision": "double precision", "float8": "double precision", "float": "double precision", "money": "money",
    "boolean": "boolean", "bool": "boolean",
    "text": "text", "varchar": "varchar", "character varying": "varchar", "char": "char", "character": "char",
    "bpchar": "char", "name": "name", "citext": "citext", "uuid": "uuid", "json": "json", "jsonb": "jsonb",
    "bytea": "bytea", "date": "date", "timestamp": "timestamp", "timestamp without time zone": "timestamp",
    "timestamptz": "timestamptz", "timestamp with time zone": "timestamptz", "time": "time",
    "time without time zone": "time", "timetz": "timetz", "time with time zone": "timetz", "interval": "interval",
    "inet": "inet", "cidr": "cidr", "macaddr": "macaddr", "tsvector": "tsvector", "ltree": "ltree", "hstore": "hstore",
    "xml": "xml", "oid": "bigint", "point": "point", "int4range": "int4range", "int8range": "int8range",
    "tsrange": "tsrange", "tstzrange": "tstzrange", "daterange": "daterange", "bit": "bit",
}
LONGEST_TYPE = 4


def read(path):
    """The Schema of a file. Raises SchemaError."""
    with open(path, encoding="utf-8") as file:
        return Reader(path).read(file.read())


class Reader:
    """One pass over the lines. References are kept by what they say, and resolved when all tables are known."""

    def __init__(self, path):
        self.schema = model.Schema(path=str(path))
        self.table = None
        self.pending = []

    def read(self, text):
        for number, raw in enumerate(text.splitlines(), 1):
            self.guarded(number, self.read_line, number, raw)
        for number, resolve in self.pending:
            self.guarded(number, resolve)
        if not self.schema.company:
            raise SchemaError(self.schema.path, 1, "no line says which table has the companies")
        return self.schema

    def guarded(self, number, function, *arguments):
        try:
            function(*arguments)
        except Bad as bad:
            raise SchemaError(self.schema.path, number, bad) from None

    def later(self, line, resolve):
        self.pending.append((line.number, resolve))

    def read_line(self, number, raw):
        if raw.strip().startswith("check "):
            # An expression: its words are PostgreSQL's, not ours.
            self.current().checks.append(raw.strip()[len("check "):].strip())
            return
        line = Line(number, words_of(raw))
        first = line.peek()
        if first is None:
            return
        if not raw[0].isspace():
            if first not in ("company", "enum", "table"):
                raise Bad(f"{first} begins no line; columns are indented")
            line.take()
            getattr(self, f"read_{first}")(line)
        elif first in FORMS:
            line.take()
            self.current()
            getattr(self, f"read_{first}")(line)
        else:
            self.read_column(line)
        line.end()

    def current(self):
        if self.table is None:
            raise Bad("no table begins before this line")
        return self.table

    # Lines of the file.

    def read_company(self, line):
        if self.schema.company:
            raise Bad("there is one company table only")
        table, key, name = (line.take("TABLE"), name_of(line.take("KEY")), name_of(line.take("NAME")))
        self.schema.company, self.schema.key, self.schema.name = ".".join(self.table_name(table)), key, name

        def resolve():
            company = self.find(table)
            for column in (key, name):
                self.column(company, column)
            if (key,) not in company.keys():
                raise Bad(f"{key} is no key of {company.full_name}")
            if company.truth[0] != "company":
                raise Bad(f"{company.full_name} is the company table, and cannot be {company.truth[0]}")
        self.later(line, resolve)

    def read_enum(self, line):
        name = name_of(line.take("NAME"))
        if name in self.schema.enums or name in BASES:
            raise Bad(f"the type {name} is there already")
        labels = tuple(unquoted(word) for word in line.words)
        if not labels or len(set(labels)) < len(labels):
            raise Bad("an enumerated type has labels, each of them once")
        line.words.clear()
        self.schema.enums[name] = labels

    def read_table(self, line):
        schema, name = self.table_name(line.take("NAME"))
        table = Table(schema=schema, name=name, line=line.number)
        if table.full_name in self.schema.tables:
            raise Bad(f"{table.full_name} is there already")
        count = None
        truth = ""
        while line.words:
            word = line.take()
            if re.fullmatch(r"x\d+", word) and count is None:
                count = int(word[1:])
            elif count is None:
                truth += word
            else:
                raise Bad(f"{word} is not understood here")
        if truth:
            table.truth = tuple(truth.split("|"))
            for answer in table.truth:
                if answer not in TRUTHS:
                    raise Bad(f"{answer} is none of {', '.join(TRUTHS)}")
        table.rows = 5 if count is None else count
        self.schema.tables[table.full_name] = self.table = table
        self.later(line, lambda: self.look_at(table))

    def look_at(self, table):
        if not table.columns:
            raise Bad(f"{table.full_name} has no columns")
        if table.shared and not table.of_a_company():
            raise Bad("only tables of companies have shared rows")

    # Lines of a table.

    def read_column(self, line):
        table = self.current()
        column = Column(name=name_of(line.take("COLUMN")), type=self.type_of(line), line=line.number)
        if column.name in table.columns:
            raise Bad(f"{column.name} is there already")
        table.columns[column.name] = column
        while line.words:
            self.read_attribute(line, table, column)
        if column.type.sequence:
            column.notnull = True

    def read_attribute(self, line, table, column):
        word = line.take()
        if word == "!":
            column.notnull = True
        elif word == "pk":
            if table.primary:
                raise Bad("there is a primary key already")
            table.primary, column.key, column.notnull = (column.name,), True, True
        elif word == "unique":
            column.unique = True
            table.uniques.append(Unique((column.name,)))
        elif word == "default":
            column.default = self.default_of(line)
        elif word == "->":
            self.add_reference(line, (column.name,), self.targets_of(line, many=False), declared=True,
                               on_delete=self.on_delete_of(line))
        elif word == "=>":
            self.read_true_reference(line, column)
        else:
            kind = self.kind_of(word)
            if column.kind is not None:
                raise Bad(f"{column.name} is {column.kind.name} already")
            column.kind = kind

    def read_primary(self, line):
        if self.table.primary:
            raise Bad("there is a primary key already")
        self.table.primary = columns = self.columns_of(line)
        table = self.table

        def resolve():
            for name in columns:
                self.column(table, name).notnull = True
        self.later(line, resolve)
        # Needed before references are resolved, if the columns are there.
        for name in columns:
            if name in table.columns:
                table.columns[name].notnull = True

    def read_unique(self, line):
        columns, where = self.columns_of(line, "where"), None
        if line.accept("where"):
            where = " ".join(line.words) or self.missing("the condition")
            line.words.clear()
        self.table.uniques.append(Unique(columns, where))
        self.later(line, self.columns_exist(self.table, columns))

    def read_foreign(self, line):
        columns = self.columns_of(line, "->")
        line.accept("->") or self.missing("->")
        self.add_reference(line, columns, [self.composite_target(line)], declared=True,
                           on_delete=self.on_delete_of(line))

    def read_refers(self, line):
        columns = self.columns_of(line, "=>")
        line.accept("=>") or self.missing("=>")
        self.add_reference(line, columns, [self.composite_target(line)])

    def read_people_of(self, line):
        self.table.people_of = name_of(line.take("COLUMN"))
        self.later(line, self.columns_exist(self.table, (self.table.people_of,)))

    def read_route(self, line):
        table = self.table
        table.route = columns = self.columns_of(line)

        def resolve():
            for name in columns:
                self.column(table, name)
                if not table.references_of(name):
                    raise Bad(f"{name} refers to nothing")
        self.later(line, resolve)

    def read_shared(self, line):
        if line.words:
            raise Bad('"shared" stands alone; a column of this name is written in double quotes')
        self.table.shared = True

    # Pieces of lines.

    def missing(self, what):
        raise Bad(f"{what} is missing")

    def columns_of(self, line, *ends):
        columns = []
        while line.words and line.peek() not in ends:
            columns.append(name_of(line.take()))
        if not columns:
            raise Bad("columns are missing")
        return tuple(columns)

    def columns_exist(self, table, columns):
        return lambda: [self.column(table, name) for name in columns]

    def type_of(self, line):
        """A type, which may have several words: "double precision", "bigint identity", "numeric(10,2)[]"."""
        for count in range(min(LONGEST_TYPE, len(line.words)), 0, -1):
            text = " ".join(line.words[:count])
            matched = re.fullmatch(r"([a-z0-9_ ]+?|\"[^\"]+\")\s*(\([\d, ]+\))?((?: [a-z ]+)?)((?:\[\])*)", text)
            if not matched:
                continue
            base, arguments, rest, brackets = matched.groups()
            base = (base + (rest or "")).strip()
            labels = ()
            if base in BASES:
                plain = BASES[base]
            elif base.strip('"') in self.schema.enums:
                plain = base.strip('"')
                labels = self.schema.enums[plain]
                base = model.quoted(plain)
            else:
                continue
            del line.words[:count]
            return self.finished_type(line, plain, base, arguments, brackets, labels)
        raise Bad(f"{line.peek() or 'nothing'} is no type")

    @staticmethod
    def finished_type(line, plain, base, arguments, brackets, labels):
        sequence = base in ("smallserial", "serial", "bigserial")
        length = None
        if arguments and plain in ("varchar", "char", "bit"):
            length = int(arguments.strip("()"))
        elif plain in ("char", "bit") and not arguments and base != "bpchar":
            length = 1
        sql = base + (arguments or "")
        if arguments and rest_after_arguments(base):
            sql = base.split()[0] + arguments + base[len(base.split()[0]):]
        if line.accept("identity"):
            if plain not in model.INTEGERS:
                raise Bad(f"{plain} has no sequence")
            sequence, sql = True, f"{sql} GENERATED BY DEFAULT AS IDENTITY"
        return Type(plain, sql + brackets, bool(brackets), length, sequence, labels)

    def kind_of(self, word):
        """KIND, or several with "|" between: then each is right, and the values are made as the first says."""
        kinds = [self.single_kind(part, word) for part in re.findall(r"(?:[^|(]|\([^)]*\))+", word)]
        return dataclasses.replace(kinds[0], alternatives=tuple(kind.name for kind in kinds[1:]))

    @staticmethod
    def single_kind(part, word):
        matched = re.fullmatch(r"([a-z-]+)(?:\((.*)\))?", part, re.S)
        if matched and matched[2] is None and matched[1] in KINDS:
            return Kind(matched[1])
        if matched and matched[2] is not None and matched[1] in KINDS_WITH:
            kind = Kind(matched[1], matched[2].strip())
            if kind.name == "count" and not re.fullmatch(r"-?\d+\.\.-?\d+", kind.argument):
                raise Bad("a count has its bounds: count(0..100)")
            if kind.name in ("enum", "bool-as-int") and not kind.words():
                raise Bad(f"{kind.name} has its values")
            if kind.name == "json":
                check_json(kind.argument)
            return kind
        raise Bad(f"{word} is not understood")

    @staticmethod
    def default_of(line):
        """The expression after "default": one word, with its cast."""
        words = [line.take("the default")]
        if re.search(r"::character$", words[0]) and line.peek() and line.peek().startswith("varying"):
            words.append(line.take())
        while line.peek() and (line.peek().startswith("::") or line.peek() in ("||", "+", "-", "*")):
            operator = line.take()
            words += [operator] if operator.startswith("::") else [operator, line.take("the default")]
        return " ".join(words)

    @staticmethod
    def on_delete_of(line):
        if not line.accept("on", "delete"):
            return None
        action = line.take("cascade or null")
        actions = {"cascade": "CASCADE", "null": "SET NULL", "restrict": "RESTRICT"}
        if action not in actions:
            raise Bad(f"on delete {action} is not understood: cascade or null")
        return actions[action]

    def targets_of(self, line, many=True):
        """What stands after an arrow: TABLE[.COLUMN], or several with "|" between. Functions that find them."""
        words = [line.take("a table")]
        while many and line.accept("|"):
            words.append(line.take("a table"))
        return [lambda table, word=word: self.single_target(table, word) for word in words]

    def single_target(self, table, word):
        if word == "self":
            return self.key_of(table)
        parts = dotted(word)
        for count in (len(parts), len(parts) - 1):
            name = ".".join(parts[:count] if count > 1 else ["public"] + parts[:count])
            if 1 <= count <= 2 and name in self.schema.tables:
                target = self.schema.tables[name]
                if count == len(parts):
                    return self.key_of(target)
                self.column(target, parts[-1])
                return Target(name, (parts[-1],))
        raise Bad(f"there is no table {word}")

    @staticmethod
    def key_of(table):
        if len(table.primary) != 1:
            raise Bad(f"{table.full_name} has no primary key of one column; say which column is meant")
        return Target(table.full_name, table.primary)

    def composite_target(self, line):
        word, columns = line.take("a table"), self.columns_of(line, "on")

        def find(_):
            table = self.find(word)
            for name in columns:
                self.column(table, name)
            return Target(table.full_name, columns)
        return find

    def read_true_reference(self, line, column):
        columns = (column.name,)
        if line.accept("when"):
            self.read_when(line, columns)
        elif line.accept("each"):
            if not column.type.array:
                raise Bad(f"{column.name} is no array")
            self.add_reference(line, columns, self.targets_of(line), form="each")
        elif line.accept("path"):
            targets, separator = self.targets_of(line), unquoted(line.take("the separator"))
            if column.type.family() != "text":
                raise Bad("a path is text")
            self.add_reference(line, columns, targets, form="path", separator=separator)
        elif line.accept("at"):
            self.read_at(line, column)
        else:
            self.add_reference(line, columns, self.targets_of(line))

    def read_when(self, line, columns):
        when_column, kinds = name_of(line.take("COLUMN")), []
        pair = re.compile(r"""('(?:[^']|'')*'|"(?:[^"]|"")*"(?==)|[^=]+)=(.+)""")
        while line.peek() and pair.fullmatch(line.peek()) and line.peek() != "=>":
            value, table = pair.fullmatch(line.take()).groups()
            kinds.append((unquoted(value), lambda own, word=table: self.single_target(own, word)))
        if not kinds:
            raise Bad("no value says which table is meant: VALUE=TABLE")
        self.add_reference(line, columns, [], form="when", when_column=when_column, kinds=kinds)

    def read_at(self, line, column):
        if not column.type.is_json() and (column.type.family() != "text" or column.type.array):
            raise Bad(f"{column.name} holds no JSON")
        while True:
            path = line.take("a path")
            while line.peek() and line.peek()[0] in "?.[":
                path += f" {line.take()}"
                path += f" {line.take('a condition')}" if path.endswith("?") else ""
            steps_of(path)
            self.add_reference(line, (column.name,), self.targets_of(line), form="at", json_path=path)
            if not line.accept(";"):
                return

    def add_reference(self, line, columns, targets, form="plain", kinds=(), **more):
        table = self.table

        def resolve():
            reference = Reference(table=table.full_name, columns=columns, form=form, line=line.number,
                                  targets=[find(table) for find in targets],
                                  kinds=[(value, find(table)) for value, find in kinds], **more)
            self.look_at_reference(table, reference)
            table.references.append(reference)
        self.later(line, resolve)

    def look_at_reference(self, table, reference):
        """What it refers to is a key, and of a type that fits."""
        if reference.when_column is not None:
            self.column(table, reference.when_column)
        for target in reference.all_targets():
            aim = self.schema.tables[target.table]
            if len(target.columns) != len(reference.columns):
                raise Bad(f"{len(reference.columns)} columns cannot refer to {len(target.columns)}")
            self.look_at_key(aim, target, reference)
            for name, other in zip(reference.columns, target.columns):
                mine, its = self.column(table, name).type, aim.columns[other].type
                loose = not reference.declared and (mine.family() == "text" or reference.form == "at")
                if mine.family() != its.family() and not loose:
                    raise Bad(f"{name} is {mine.sql}, and {aim.full_name}.{other} is {its.sql}")
                if mine.array and reference.form != "each":
                    raise Bad(f"{name} is an array: => each")

    def look_at_key(self, aim, target, reference):
        keys = [set(key) for key in aim.keys()]
        if reference.declared and set(target.columns) not in keys:
            raise Bad(f"{', '.join(target.columns)} is no key of {aim.full_name}")
        if not reference.declared and not any(key == set(target.columns) for key in keys):
            column = aim.columns[target.columns[0]]
            group = len(target.columns) == 1 and column.is_kind("group")
            conditional = any(set(unique.columns) == set(target.columns) for unique in aim.uniques)
            if not group and not conditional:
                raise Bad(f"{', '.join(target.columns)} is no key of {aim.full_name}")

    def table_name(self, word):
        parts = dotted(word)
        if len(parts) > 2:
            raise Bad(f"{word} is no table")
        return parts if len(parts) == 2 else ["public"] + parts

    def find(self, word):
        name = ".".join(self.table_name(word))
        if name not in self.schema.tables:
            raise Bad(f"there is no table {word}")
        return self.schema.tables[name]

    @staticmethod
    def column(table, name):
        if name not in table.columns:
            raise Bad(f"there is no column {name} in {table.full_name}")
        return table.columns[name]


def check_json(text):
    try:
        json.loads(text)
    except ValueError as error:
        raise Bad(f"no JSON: {error}") from None


def rest_after_arguments(base):
    """Of "timestamp with time zone", the precision stands after the first word."""
    return base.startswith(("timestamp w", "time w"))
