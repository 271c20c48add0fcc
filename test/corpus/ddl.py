"""The statements that create the tables of a schema. Foreign keys come apart from the tables, so that rows can be
loaded in any order."""

import re

from model import literal, quoted

EXTENSIONS = ("citext", "ltree", "hstore")
NEXTVAL = re.compile(r"nextval\('([^']+)'")


def extensions(schema):
    """Extensions of PostgreSQL itself that the types and defaults need."""
    columns = [column for table in schema.tables.values() for column in table.columns.values()]
    names = {column.type.base for column in columns} & set(EXTENSIONS)
    if any("uuid_generate" in (column.default or "") for column in columns):
        names.add("uuid-ossp")
    return [f"CREATE EXTENSION IF NOT EXISTS {quoted(name)};" for name in sorted(names)]


def sequences_of(schema):
    """Sequences that defaults name: {"a_seq"}."""
    return sorted({sequence for table in schema.tables.values() for column in table.columns.values()
                   for sequence in NEXTVAL.findall(column.default or "")})


def column_line(column):
    line = f"{quoted(column.name)} {column.type.sql}"
    if column.default is not None:
        line += f" DEFAULT {column.default}"
    return line + (" NOT NULL" if column.notnull else "")


def list_of(columns):
    return ", ".join(map(quoted, columns))


def create_table(table):
    lines = [column_line(column) for column in table.columns.values()]
    if table.primary:
        lines.append(f"PRIMARY KEY ({list_of(table.primary)})")
    lines += [f"UNIQUE ({list_of(unique.columns)})" for unique in table.uniques if unique.where is None]
    lines += [f"CHECK ({check})" for check in table.checks]
    return f"CREATE TABLE {table.sql} (\n    " + ",\n    ".join(lines) + "\n);"


def conditional_keys(table):
    return [f"CREATE UNIQUE INDEX ON {table.sql} ({list_of(unique.columns)}) WHERE {unique.where};"
            for unique in table.uniques if unique.where is not None]


def foreign_key(schema, reference):
    table, target = schema.tables[reference.table], reference.targets[0]
    action = f" ON DELETE {reference.on_delete}" if reference.on_delete else ""
    return (f"ALTER TABLE {table.sql} ADD FOREIGN KEY ({list_of(reference.columns)}) REFERENCES "
            f"{schema.tables[target.table].sql} ({list_of(target.columns)}){action};")


def tables(schema):
    """Everything but the foreign keys."""
    lines = extensions(schema)
    lines += [f"CREATE SCHEMA IF NOT EXISTS {quoted(name)};"
              for name in sorted({table.schema for table in schema.tables.values()} - {"public"})]
    lines += [f"CREATE SEQUENCE IF NOT EXISTS {name};" for name in sequences_of(schema)]
    lines += [f"CREATE TYPE {quoted(name)} AS ENUM ({', '.join(literal(label) for label in labels)});"
              for name, labels in schema.enums.items()]
    for table in schema.tables.values():
        lines += [create_table(table)] + conditional_keys(table)
    return lines



def foreign_keys(schema):
    return [foreign_key(schema, reference) for table in schema.tables.values() for reference in table.references
            if reference.declared]
