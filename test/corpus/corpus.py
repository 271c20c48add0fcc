#!/usr/bin/env python3
"""The corpus: schemas of real applications with many companies in one database, as test data. Creates their tables,
fills them, and measures how far company_backup's proposals are from what is true. README.md says how."""

import argparse
import pathlib
import sys

import ddl
import parse
from database import SqlError
from model import SchemaError


def print_ddl(schema, _):
    print("\n".join(ddl.tables(schema) + ddl.foreign_keys(schema)))
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("ddl", help="print the statements that create the tables")
    command.add_argument("file", type=pathlib.Path)
    command.set_defaults(run=print_ddl)
    arguments = parser.parse_args()
    try:
        return arguments.run(parse.read(arguments.file), arguments)
    except (OSError, SchemaError, SqlError) as error:
        print(f"corpus.py: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
