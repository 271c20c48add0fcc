"""How the rows of a schema can be made: which references tie a table's rows to their company, which columns must be
known before anything else, and in which order the tables can have them."""

import re

from model import SchemaError

WORD = re.compile(r"""'(?:[^']|'')*'|"((?:[^"]|"")+)"|([A-Za-z_]\w*)""")


def columns_in(table, expression):
    """The columns of a table that an expression speaks of."""
    names = {quoted.replace('""', '"') if quoted else plain for quoted, plain in WORD.findall(expression)}
    return {name for name in table.columns if name in names or name.lower() in {each.lower() for each in names}}


def anchors(schema):
    """For each table of a company, the references by which its rows can be told to be a company's, with the tables that
    they lead to: {full name: [(reference, {full name of a table})]}. They never lead in a circle. Tables that no such
    reference leaves have none: their rows belong to a company because its rows refer to them."""
    tables = [table for table in schema.tables.values() if table.of_a_company()]
    found = {schema.company: []}

    def ways(table):
        leading = [(reference, {target.table for target in reference.all_targets()
                                if target.table in found and target.table != table.full_name})
                   for reference in table.references if schema.is_tie(reference)]
        return [(reference, leads) for reference, leads in leading if leads]

    def open_ends(table, columns):
        """References to tables that may yet turn out to lead to a company, of some columns."""
        return sum(1 for reference in table.references for target in reference.all_targets()
                   if target.table not in found and target.table != table.full_name
                   and set(reference.columns) & set(columns) and schema.tables[target.table].of_a_company())

    left = [table for table in tables if table.full_name != schema.company]
    while True:
        ready = [table for table in left if ways(table)]
        if not ready:
            break
        # Those that know the most of their targets first, so that few ways are left out.
        table = min(ready, key=lambda each: (open_ends(each, each.route), open_ends(each, each.columns), each.line))
        found[table.full_name] = ways(table)
        left.remove(table)
    for table in left:
        found[table.full_name] = []
    return found


class Plan:
    """What must be known of a table before its rows can be written: `hard`, the columns that are referred to, that
    keys or checks speak of. Those references of them that would go in a circle are `soft`."""

    def __init__(self, schema):
        self.schema = schema
        self.anchors = anchors(schema)
        self.soft = set()
        self.referred = {name: set() for name in schema.tables}
        for table in schema.tables.values():
            for reference in table.references:
                for target in reference.all_targets():
                    self.referred[target.table].update(target.columns)
        self.order = self.ordered()

    def fixed(self, table):
        """Columns without which there is no row to speak of."""
        columns = self.referred[table.full_name] | set(table.primary)
        for check in table.checks:
            columns |= columns_in(table, check)
        return columns

    def hard(self, table):
        columns = self.fixed(table)
        for unique in table.uniques:
            columns |= set(unique.columns) | (columns_in(table, unique.where) if unique.where else set())
        for reference in table.references:
            if id(reference) in self.soft:
                columns -= set(reference.columns) - self.fixed(table)
        before = None
        while before != columns:
            before = set(columns)
            for reference in table.references:
                if set(reference.columns) & columns and id(reference) not in self.soft:
                    columns |= set(reference.columns)
                    columns |= {reference.when_column} if reference.when_column else set()
        return columns

    def hard_references(self, table):
        columns = self.hard(table)
        return [reference for reference in table.references
                if id(reference) not in self.soft and set(reference.columns) <= columns]

    def ordered(self):
        """The tables, each after those that its hard columns refer to."""
        order, left = [], list(self.schema.tables.values())
        while left:
            names = {table.full_name for table in left}
            ready = [table for table in left if not self.waits_for(table, names)]
            if not ready:
                self.soften(left, names)
                continue
            order += ready
            left = [table for table in left if table not in ready]
        return order

    def waits_for(self, table, names):
        return [reference for reference in self.hard_references(table)
                for target in reference.all_targets() if target.table in names and target.table != table.full_name]

    def soften(self, left, names):
        """Lets one reference of a circle wait: one that may be NULL, and that no other row is found by."""
        for may_fail in (False, True):
            for table in left:
                for reference in self.waits_for(table, names):
                    if set(reference.columns) & self.fixed(table):
                        continue
                    if self.schema.nullable(reference) or may_fail:
                        self.soft.add(id(reference))
                        return
        table = left[0]
        raise SchemaError(self.schema.path, table.line, "keys refer to each other in a circle: " +
                          ", ".join(sorted(names)))
