#!/usr/bin/env python3
"""Tests of the corpus that need no server: the reader and its errors, rows that are the same for the same seed and obey
the sample's references, and the reading of proposals."""

import io
import pathlib
import random
import tempfile
import unittest

import documents
import parse
import paths
import statements
from fill import Filler
from model import SchemaError

HERE = pathlib.Path(__file__).resolve().parent
BEGIN = "company firm id name\ntable firm\n  id bigserial pk\n  name text name\n"


def read(text):
    with tempfile.NamedTemporaryFile("w", suffix=".schema") as file:
        file.write(text)
        file.flush()
        return parse.read(file.name)


class ReaderTest(unittest.TestCase):
    def test_sample(self):
        schema = parse.read(HERE / "sample.schema")
        forms = {reference.form for table in schema.tables.values() for reference in table.references}
        self.assertEqual(forms, {"plain", "each", "at", "path", "when"})

    def test_every_schema_is_read(self):
        for path in sorted(HERE.glob("*.schema")):
            with self.subTest(path.name):
                parse.read(path)

    def test_errors_have_lines(self):
        for line, problem in (
                ("table a nonsense", "is none of"), ("table a\n  id bigserail pk", "is no type"),
                ("table a\n  id bigint => nowhere", "there is no table nowhere"),
                ("table a\n  id bigint => firm.nothing", "there is no column nothing"),
                ("table a\n  id bigint -> firm.name", "is no key of"), ("table a\n  id uuid => firm", "id is uuid"),
                ("table a\n  id bigint => each firm", "is no array"), ("table a\n  id bigint ? x", "is not understood"),
                ("table a\n  x jsonb => at users firm", "is no path"), ("table a\n  x text json({", "is not closed"),
                ("table a\n  x text json({a})", "no JSON"), ("table a\n  x text\n  x text", "is there already"),
                ("table a\n  x text\n  unique y", "there is no column y"), ("table a\n  Xx text", "double quotes"),
                ("table a\n  x text\n  route x", "refers to nothing"), ("tables a", "begins no line")):
            with self.subTest(line), self.assertRaisesRegex(SchemaError, r"\.schema:[567]: .*" + problem):
                read(BEGIN + line + "\n")

    def test_types(self):
        schema = read(BEGIN + "enum \"Mood\" \"so so\" good\ntable a\n  m \"Mood\" !\n  b numeric(10,2)\n"
                              "  c character varying(20)[]\n  d timestamp with time zone default now() time\n")
        columns = schema.tables["public.a"].columns
        self.assertEqual([column.type.base for column in columns.values()],
                         ["Mood", "numeric", "varchar", "timestamptz"])
        self.assertEqual(columns["m"].type.labels, ("so so", "good"))
        self.assertTrue(columns["c"].type.array)


class FillTest(unittest.TestCase):
    def written(self, seed):
        out = io.BytesIO()
        filler = Filler(parse.read(HERE / "sample.schema"), 3, 1, seed)
        filler.write(out)
        self.assertEqual(filler.notes, [])
        return out.getvalue()

    def test_seed(self):
        self.assertEqual(self.written(7), self.written(7))
        self.assertNotEqual(self.written(7), self.written(8))

    def test_path(self):
        steps = paths.steps_of('$.a[*] ? (@.kind == "x") .id')
        self.assertEqual(paths.steps_of(paths.path_text(steps)), steps)
        document = documents.put(random.Random(1), None, steps, lambda: 7)
        self.assertEqual({element["id"] for element in document["a"] if element["kind"] == "x"}, {7})


class StatementTest(unittest.TestCase):
    def test_arguments(self):
        call, = statements.calls("SELECT public.set_table_rule('a.b', 'company', 'it''s', route => '{x,\"Y z\"}');")
        self.assertEqual(call.function, "set_table_rule")
        self.assertEqual(call.arguments, {"target": "a.b", "treatment": "company", "reason": "it's",
                                          "route": ["x", "Y z"]})

    def test_null_and_arrays(self):
        call, = statements.calls("SELECT set_column_rule(NULL, ARRAY['a', 'b']::name[], 'data') -- why")
        self.assertEqual(call.arguments, {"target_column": ["a", "b"], "treatment": "data"})
        with self.assertRaises(statements.Unreadable):
            statements.calls("DROP TABLE a")


if __name__ == "__main__":
    unittest.main()
