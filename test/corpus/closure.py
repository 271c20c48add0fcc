"""Which rows belong to which company, by the true references and in plain SQL, without company_backup.

Rows and references between tables of companies are a graph. A row belongs to a company if it is joined to the
company's row, upwards (it refers to one that does) or downwards (one that does refers to it). Downwards does not lead
to rows of tables that are shared: built-in ones are everybody's. A mere mention, in a list or a document or where
either of two tables may be meant, ties no row whose table has plain ways as well. People and tables that are the same
for all are no part of the graph. References that nothing tells apart (a number that may be a key of either of two
tables) prove nothing, and are none."""

from model import literal, quoted
from paths import steps_of


def edges_of(schema):
    """The references between rows of companies, and for each the query that gives its edges of the graph: from (table,
    place) to (table, place)."""
    numbers = {name: number for number, name in enumerate(schema.tables)}
    for table in schema.tables.values():
        if not table.of_a_company():
            continue
        for reference in table.references:
            if not schema.is_proof(reference):
                continue
            for kind, target in [(None, target) for target in reference.targets] + reference.kinds:
                aim = schema.tables[target.table]
                if aim.of_a_company():
                    down = not aim.shared and (reference.is_plain() or aim.full_name not in schema.plainly_referred)
                    query = edge(numbers, table, reference, kind, aim, target.columns)
                    yield reference, f"{query[0]}, {schema.is_tie(reference)}, {down} {query[1]}"


def edge(numbers, table, reference, kind, aim, columns):
    """What is selected, and from where."""
    lateral, pairs = sides(table, reference, aim, columns)
    conditions = [f"{mine} = {its}" for mine, its in pairs]
    if kind is not None:
        conditions.append(f"s.{quoted(reference.when_column)}::text = {literal(kind)}")
    return (f"SELECT {numbers[table.full_name]}, s.ctid, {numbers[aim.full_name]}, t.ctid",
            f"FROM {table.sql} s {lateral} JOIN {aim.sql} t ON {' AND '.join(conditions)}")


def sides(table, reference, aim, columns):
    """What is compared with what: (a join that takes values apart, [(mine, its)])."""
    column, other = table.columns[reference.columns[0]], aim.columns[columns[0]]
    mine, its = f"s.{quoted(column.name)}", f"t.{quoted(other.name)}"
    if reference.form == "each":
        return f"CROSS JOIN LATERAL unnest({mine}) v", [as_texts("v", its, column.type, other.type)]
    if reference.form == "at":
        path = jsonpath(reference.json_path)
        return (f"CROSS JOIN LATERAL jsonb_path_query({mine}::jsonb, {literal(path)}) v",
                [("v #>> '{}'", f"{its}::text")])
    if reference.form == "path":
        separator = literal(reference.separator)
        its = f"replace({its}::text, '-', '_')" if column.type.base == "ltree" else f"{its}::text"
        return f"CROSS JOIN LATERAL string_to_table({mine}::text, {separator}) v", [("v", its)]
    return "", [as_texts(f"s.{quoted(name)}", f"t.{quoted(its)}", table.columns[name].type, aim.columns[its].type)
                for name, its in zip(reference.columns, columns)]


def as_texts(mine, its, my_type, its_type):
    if my_type.family() == its_type.family() and my_type.family() != "text":
        return mine, its
    return f"{mine}::text", f"{its}::text"


def jsonpath(path):
    """Our path as PostgreSQL's: the names of members have another word there."""
    text = "$"
    for step, argument in steps_of(path):
        if step == "name":
            text += f'."{argument}"'
        elif step == "if":
            text += f' ? (@."{argument[0]}" == {argument[1]})'
        else:
            text += {"elements": "[*]", "members": ".*", "deep": ".**", "keys": ".keyvalue().key",
                     "index": f"[{argument}]"}[step]
    return text


class Closure:
    """The rows of all companies, in temporary tables of a session: corpus_owned (company, tab, place). `companies` are
    their keys as text, by number; `tables` the full names of tables, by number."""

    def __init__(self, session, schema):
        self.session, self.schema = session, schema
        self.tables = list(schema.tables)
        self.find()

    def find(self):
        run = self.session.run
        run("DROP TABLE IF EXISTS corpus_edge, corpus_owned, corpus_front")
        run("CREATE TEMP TABLE corpus_edge (from_tab int, from_place tid, to_tab int, to_place tid, "
            "up bool, down bool, way int)")
        self.ways = {}
        for reference, query in edges_of(self.schema):
            way = self.ways.setdefault(id(reference), len(self.ways))
            run(f"INSERT INTO corpus_edge SELECT *, {way} FROM ({query}) edge (from_tab, from_place, to_tab, to_place)")
        run("CREATE INDEX ON corpus_edge (from_tab, from_place)")
        run("CREATE INDEX ON corpus_edge (to_tab, to_place)")
        run("ANALYZE corpus_edge")
        run("CREATE TEMP TABLE corpus_owned (company int, tab int, place tid, PRIMARY KEY (tab, place, company))")
        run("CREATE TEMP TABLE corpus_front (company int, tab int, place tid)")
        company = self.schema.tables[self.schema.company]
        keys = self.session.rows(f"SELECT {quoted(self.schema.key)}::text AS key, ctid AS place FROM {company.sql} "
                                 f"ORDER BY {quoted(self.schema.key)}")
        self.companies = [row["key"] for row in keys]
        number = self.tables.index(self.schema.company)
        for index, row in enumerate(keys):
            run(f"INSERT INTO corpus_front VALUES ({index}, {number}, '{row['place']}')")
        while int(self.session.run("SELECT count(*) FROM corpus_front")):
            run("INSERT INTO corpus_owned SELECT * FROM corpus_front")
            run("""CREATE TEMP TABLE corpus_next AS
                SELECT DISTINCT * FROM (
                    SELECT f.company, e.from_tab AS tab, e.from_place AS place
                    FROM corpus_front f JOIN corpus_edge e ON (e.to_tab, e.to_place) = (f.tab, f.place)
                    WHERE e.up
                    UNION ALL
                    SELECT f.company, e.to_tab, e.to_place
                    FROM corpus_front f JOIN corpus_edge e ON (e.from_tab, e.from_place) = (f.tab, f.place)
                    WHERE e.down) step
                WHERE NOT EXISTS (SELECT FROM corpus_owned o
                                  WHERE (o.tab, o.place, o.company) = (step.tab, step.place, step.company))""")
            run("DROP TABLE corpus_front")
            run("ALTER TABLE corpus_next RENAME TO corpus_front")

    def of_two_companies(self):
        """Tables with rows that are several companies' at once: then the data is wrong, and nothing can be judged."""
        query = "SELECT tab FROM corpus_owned GROUP BY tab, place HAVING count(*) > 1"
        return sorted({self.tables[int(number)] for number in self.session.lines(query)})

    def counts(self):
        """How many rows each company has: {(company number, full name): count}."""
        rows = self.session.rows("SELECT company, tab, count(*) AS count FROM corpus_owned GROUP BY company, tab")
        return {(row["company"], self.tables[row["tab"]]): row["count"] for row in rows}

    def rows_of(self, company, table, columns):
        """The values of some columns, as texts, of a company's rows of a table."""
        texts = ", ".join(f"t.{quoted(name)}::text" for name in columns)
        return self.session.rows(f"""SELECT ARRAY[{texts}] AS key FROM corpus_owned o JOIN {table.sql} t
            ON t.ctid = o.place WHERE o.tab = {self.tables.index(table.full_name)} AND o.company = {company}""")

    def rows_without(self, table, references):
        """How many rows that are companies' none of these references leads to their company."""
        ways = [str(self.ways[id(reference)]) for reference in references if id(reference) in self.ways]
        return int(self.session.run(f"""SELECT count(*) FROM corpus_owned o
            WHERE o.tab = {self.tables.index(table.full_name)} AND NOT EXISTS (
                SELECT FROM corpus_edge e JOIN corpus_owned t
                    ON (t.tab, t.place, t.company) = (e.to_tab, e.to_place, o.company)
                WHERE (e.from_tab, e.from_place) = (o.tab, o.place) AND e.way IN ({', '.join(ways) or 'NULL'}))"""))
