#!/usr/bin/env python3
"""The corpus: schemas of real applications with many companies in one database, as test data. Creates their tables,
fills them, and measures how far company_backup's proposals are from what is true. README.md says how."""

import argparse
import pathlib
import sys

import ddl
import fill
import parse
from database import SqlError
from model import SchemaError


def print_ddl(schema, _):
    print("\n".join(ddl.tables(schema) + ddl.foreign_keys(schema)))
    return 0


def run_fill(schema, arguments):
    for note in fill.fill(schema, arguments.companies, arguments.scale, arguments.seed):
        print(f"corpus.py: {note}", file=sys.stderr)
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("ddl", help="print the statements that create the tables")
    command.add_argument("file", type=pathlib.Path)
    command.set_defaults(run=print_ddl)
    command = commands.add_parser("fill", help="create and fill the tables in the current database")
    command.add_argument("file", type=pathlib.Path)
    command.add_argument("--companies", type=int, default=4, help="how many companies (4)")
    command.add_argument("--scale", type=float, default=1, help="rows of each table, times this (1)")
    command.add_argument("--seed", type=int, default=1, help="another number makes other rows (1)")
    command.set_defaults(run=run_fill)
    arguments = parser.parse_args()
    try:
        return arguments.run(parse.read(arguments.file), arguments)
    except (OSError, SchemaError, SqlError) as error:
        print(f"corpus.py: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
