#!/usr/bin/env python3
"""The corpus: schemas of real applications with many companies in one database, as test data. Creates their tables,
fills them, and measures how far company_backup's proposals are from what is true. README.md says how."""

import argparse
import json
import pathlib
import sys

import ddl
import fill
import parse
from database import Session, SqlError
from judge import judge
from measure import measure
from model import SchemaError


def print_ddl(schema, _):
    print("\n".join(ddl.tables(schema) + ddl.foreign_keys(schema)))
    return 0


def run_fill(schema, arguments):
    for note in fill.fill(schema, arguments.companies, arguments.scale, arguments.seed):
        print(f"corpus.py: {note}", file=sys.stderr)
    return 0


def run_judge(schema, arguments):
    with Session() as session:
        result = judge(session, schema)
    print(json.dumps(result.as_json()) if arguments.json else "\n".join(result.lines()))
    return 1 if result.silent else 0


def run_measure(schema, arguments):
    with Session() as session:
        result = measure(session, schema, arguments.file.stem, arguments.accept_all)
    print(json.dumps(result.as_json()) if arguments.json else result.line())
    if arguments.details:
        print("\n".join(result.details()))
    return 1 if result.judgement.silent else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    def command(name, run, what):
        found = commands.add_parser(name, help=what)
        found.add_argument("file", type=pathlib.Path, help="a schema file")
        found.set_defaults(run=run)
        return found
    command("ddl", print_ddl, "print the statements that create the tables")
    filling = command("fill", run_fill, "create and fill the tables in the current database")
    filling.add_argument("--companies", type=int, default=4, help="how many companies (4)")
    filling.add_argument("--scale", type=float, default=1, help="rows of each table, times this (1)")
    filling.add_argument("--seed", type=int, default=1, help="another number makes other rows (1)")
    judging = command("judge", run_judge, "compare what belongs to each company with a backup of it")
    judging.add_argument("--json", action="store_true")
    measuring = command("measure", run_measure, "set up the scope, and count what that takes")
    measuring.add_argument("--json", action="store_true")
    measuring.add_argument("--accept-all", action="store_true", help="accept every proposal unread")
    measuring.add_argument("--details", action="store_true", help="what was wrong, by hand, undecided and lost")
    arguments = parser.parse_args()
    try:
        return arguments.run(parse.read(arguments.file), arguments)
    except (OSError, SchemaError, SqlError) as error:
        print(f"corpus.py: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
