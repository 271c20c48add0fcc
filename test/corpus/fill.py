"""Creates the tables of a schema and fills them: rows of several companies that obey every reference, declared or not.

First each table gets what others refer to and what its keys are made of, in the order of the plan; then every row gets
its other columns and is written. So tables may refer to each other in circles. Rows of the companies are mixed, as they
are in real life, and IDs of every table begin with 1."""

import bisect
import copy
import json
import random

import database
import ddl
from documents import put
from model import literal, quoted
from paths import steps_of
from plan import Plan
from rows import NO_WAY, Conditions, Row, Rows
from values import Values, escaped, text_form

ATTEMPTS = 60
NULLS = (0.3, 0.5, 0.85, 0.1)
SHARED_ROWS = 3
NOBODY = None


class Filler:
    """Makes the rows of all tables. The same seed makes the same ones."""

    def __init__(self, schema, companies, scale, seed):
        self.schema, self.companies, self.scale = schema, companies, scale
        self.random = random.Random(seed)
        self.values = Values(self.random)
        self.plan = Plan(schema)
        self.conditions = Conditions()
        self.rows = {name: Rows() for name in schema.tables}
        self.people, self.pools, self.turns, self.lookups = {}, {}, {}, {}
        self.hard = {table.full_name: self.plan.hard(table) for table in self.plan.order}
        self.units = {table.full_name: self.units_of(table) for table in self.plan.order}
        self.referring = {table.full_name: {name for reference in table.references
                                            for name in (*reference.columns, reference.when_column)}
                          for table in self.plan.order}
        self.keys = {table.full_name: self.keys_of(table) for table in self.plan.order}
        # Rows that a company has only because its rows refer to them are referred to in turn, so that few are left;
        # what merely mentions them takes those that are surely taken.
        self.in_turn = {name for name, ways in self.plan.anchors.items() if not ways and name != schema.company}
        self.in_turn_inside = self.in_turn - schema.plainly_referred
        self.takers = {}
        self.distinct = {table.full_name: self.distinct_columns(table) for table in self.plan.order}
        self.notes = []

    def units_of(self, table):
        """References that are assigned together: all paths of a document are one; wide ones come first."""
        units, documents = [], {}
        for reference in table.references:
            if reference.form == "at":
                documents.setdefault(reference.columns, []).append(reference)
            else:
                units.append([reference])
        units.sort(key=lambda unit: -len(unit[0].columns))
        return units + list(documents.values())

    def distinct_columns(self, table):
        """Columns whose plain values must differ: True if alone, "with others" if together with other columns."""
        found = {}
        for key in table.keys() + [unique.columns for unique in table.uniques]:
            for name in key:
                if not table.references_of(name) and found.get(name) is not True:
                    found[name] = True if len(key) == 1 else "with others"
        for name in self.plan.referred[table.full_name]:
            if not table.columns[name].is_kind("group"):
                found.setdefault(name, True)
        return found

    # First pass: what others refer to, and keys.

    def make_keys(self):
        for table in self.plan.order:
            units = [unit for unit in self.units[table.full_name] if set(unit[0].columns) <= self.hard[table.full_name]]
            number = 0
            for within, company in self.planned(table):
                number += 1 + (self.random.random() < 0.1)
                self.make_row(table, units, Row(number, within, company, {}))
            if table.truth[0] == "people":
                self.divide_people(table)
            planned = self.rows[table.full_name]
            if table.rows and not planned:
                self.notes.append(f"{table.full_name}: no row could be made")
        self.takers.clear()

    def planned(self, table):
        """Whose rows the table shall have, mixed: [(number within the company, company)]."""
        if table.full_name == self.schema.company:
            return [(1, company) for company in range(self.companies)]
        if not table.rows:
            return []
        count = max(1, round(table.rows * self.scale))
        if not table.of_a_company():
            return [(within + 1, NOBODY) for within in range(count)]
        owners = [company for company in range(self.companies)
                  for _ in range(self.random.randint(max(1, round(count * 0.7)), max(1, round(count * 1.3))))]
        owners += [NOBODY] * (SHARED_ROWS if table.shared else 0)
        self.random.shuffle(owners)
        counts = {}
        planned = []
        for company in owners:
            counts[company] = counts.get(company, 0) + 1
            planned.append((counts[company], company))
        return planned

    def make_row(self, table, units, row):
        hard = [column for column in table.columns.values() if column.name in self.hard[table.full_name]]
        for attempt in range(ATTEMPTS):
            row.values, row.taken, row.forced = {}, [], self.forced(table, row)
            if self.make_attempt(table, units, hard, row, NULLS[attempt % len(NULLS)]):
                self.rows[table.full_name].add(row)
                return
            for pool, index in row.taken:
                pool.insert(0, index)

    def make_attempt(self, table, units, columns, row, nulls):
        self.plain_values(table, row, columns)
        for unit in units:
            if not self.assign(table, unit, row, nulls):
                return False
        for column in columns:
            row.values.setdefault(column.name, None)
        return self.obeys(table, row)

    def plain_values(self, table, row, columns):
        for column in columns:
            if column.name in row.values or column.name in self.referring[table.full_name]:
                continue
            distinct = self.distinct[table.full_name].get(column.name, False)
            if column.type.sequence or (column.default or "").startswith("nextval") or \
                    (column.name,) == table.primary and column.type.family() == "integer":
                row.values[column.name] = row.number
            else:
                row.values[column.name] = self.values.make(table, column, row, distinct)

    def obeys(self, table, row):
        """Checks and keys. What is obeyed is remembered."""
        return all(self.conditions.holds(check, row.values, True) for check in table.checks) and \
            self.keys_are_new(table, row, hard=True)

    def keys_of(self, table):
        """All keys, with their conditions, and the values that are taken: {of hard columns only: [(columns, where,
        values)]}."""
        keys = [(table.primary, None)] if table.primary else []
        keys += [(unique.columns, unique.where) for unique in table.uniques]
        return {hard: [(columns, where, set()) for columns, where in keys
                       if (set(columns) <= self.hard[table.full_name]) == hard] for hard in (True, False)}

    def keys_are_new(self, table, row, hard):
        new = []
        for columns, where, seen in self.keys[table.full_name][hard]:
            values = tuple(str(row.values.get(name)) for name in columns)
            if any(row.values.get(name) is None for name in columns):
                continue
            if where is not None and not self.conditions.holds(where, row.values, False):
                continue
            if values in seen:
                return False
            new.append((seen, values))
        for seen, values in new:
            seen.add(values)
        return True

    def divide_people(self, table):
        """Which people work for which company: some for several."""
        rows = range(len(self.rows[table.full_name]))
        count = min(len(rows), max(2, round(len(rows) * 0.6)))
        self.people[table.full_name] = [sorted(self.random.sample(rows, count)) for _ in range(self.companies)]

    # Ties to the company.

    def forced(self, table, row):
        """The reference that must lead this row to its company, if there is a choice one of them, and the tables that
        it then refers to: (reference, {full name}), or (None, None)."""
        ways = self.plan.anchors.get(table.full_name)
        if row.company is NOBODY or not ways:
            return NO_WAY
        ways = [(way, {name for name in leads if self.has_rows(name, row)}) for way, leads in ways]
        ways = [way for way in ways if way[1]]
        if table.route:
            ways = [way for way in ways if set(way[0].columns) & set(table.route)] or ways
        sure = [way for way in ways if not self.schema.nullable(way[0]) and way[0].form in ("plain", "when")]
        if not sure and not table.travels() and self.random.random() < 0.3:
            return NO_WAY
        direct = [way for way in ways if self.schema.company in way[1] and way[0].form == "plain"]
        if sure:
            ways = sure
        elif direct and not table.route and (table.shared or self.random.random() < 0.85):
            ways = direct
        return self.random.choice(ways) if ways else NO_WAY

    def has_rows(self, name, row):
        """Whether a table has rows of the company, or will have."""
        rows = self.rows[name]
        return rows.by_company.get(row.company) or (not rows and self.schema.tables[name].rows)

    # One reference.

    def assign(self, table, unit, row, nulls):
        """Gives the columns of a reference their values; false if that cannot be."""
        reference = unit[0]
        if reference.form == "at":
            return self.assign_document(table, unit, row, nulls)
        if reference.form == "each":
            return self.assign_array(table, reference, row, nulls)
        if reference.form == "path":
            return self.assign_path(table, reference, row)
        return self.assign_plain(table, reference, row, nulls)

    def assign_plain(self, table, reference, row, nulls):
        known = {name: row.values[name] for name in reference.columns if name in row.values}
        if any(value is None for value in known.values()):
            return self.leave_out(table, reference, row, known)
        open_columns = [name for name in reference.columns if name not in known]
        if not open_columns:
            return self.is_there(reference, row)
        may_be_null = any(not table.columns[name].notnull for name in open_columns)
        if may_be_null and row.forced[0] is not reference and self.random.random() < nulls:
            return self.leave_out(table, reference, row, known)
        targets = list(reference.targets)
        if reference.form == "when":
            kinds = [(value, target) for value, target in reference.kinds
                     if row.values.get(reference.when_column) in (None, self.kind_value(table, reference, value))]
            self.random.shuffle(kinds)
            targets = kinds
        else:
            self.random.shuffle(targets)
            targets = [(None, target) for target in targets]
        if row.forced[0] is reference:
            targets = [(value, target) for value, target in targets if target.table in row.forced[1]]
        for value, target in targets:
            index = self.pick(table, reference, target, row, known)
            if index is not None:
                for name, other in zip(reference.columns, target.columns):
                    row.values[name] = self.as_type(table.columns[name], self.value_at(target.table, index, other, row))
                if value is not None:
                    row.values[reference.when_column] = self.kind_value(table, reference, value)
                return True
        return may_be_null and self.leave_out(table, reference, row, known)

    @staticmethod
    def kind_value(table, reference, value):
        return int(value) if table.columns[reference.when_column].type.family() == "integer" else value

    @staticmethod
    def as_type(column, value):
        return str(value) if column.type.family() == "text" and value is not None else value

    def leave_out(self, table, reference, row, known):
        """No reference: NULL in the columns that belong to this reference alone, or in any that may be."""
        free = [name for name in reference.columns if name not in known and not table.columns[name].notnull]
        alone = [name for name in free if len(table.references_of(name)) == 1]
        for name in alone or free[:1]:
            row.values[name] = None
        when = reference.when_column
        if when is not None and when not in row.values:
            column = table.columns[when]
            kinds = [self.kind_value(table, reference, value) for value, _ in reference.kinds]
            row.values[when] = self.random.choice(kinds) if column.notnull else None
        return bool(alone or free) or any(value is None for value in known.values())

    def is_there(self, reference, row):
        """Whether a row has the values that other references have given these columns."""
        values = tuple(str(row.values[name]) for name in reference.columns)
        return any(values in self.places(target.table, target.columns) for target in reference.all_targets())

    def value_at(self, name, index, column, row):
        return row.values[column] if index < 0 else self.rows[name].values[column][index]

    def candidates(self, table, target, row, own_only):
        """The rows of a table that a row may refer to: [own rows], [rows of nobody]."""
        aim, rows = self.schema.tables[target.table], self.rows[target.table]
        if aim.truth[0] == "people":
            if not table.of_a_company() or row.company is NOBODY or target.table not in self.people:
                return range(len(rows)), ()
            return self.people[target.table][row.company], ()
        if aim.truth[0] == "global":
            return range(len(rows)), ()
        company = row.company
        if not table.of_a_company():
            company = self.random.randrange(self.companies)
        own = rows.by_company.get(company, ())
        shared = () if own_only or not aim.shared or company is NOBODY else rows.by_company.get(NOBODY, ())
        return own, shared

    def pick(self, table, reference, target, row, known):
        """The index of a row to refer to, -1 for the row itself, or None."""
        own, shared = self.candidates(table, target, row, row.forced[0] is reference)
        if target.table == table.full_name:
            # To earlier rows only: a forest.
            own = own if row.index is None else own[:bisect.bisect_left(own, row.index)]
            if not own and not self.schema.nullable(reference):
                return -1
        if not known and self.is_alone(table, reference):
            return self.from_pool(table, reference, target, row, own)
        if shared and self.random.random() < 0.25:
            own = shared
        if not own:
            return None if not shared else self.random.choice(shared)
        if target.table in self.in_turn and not self.takes(table, reference):
            own = own[:self.taken_for_sure(target.table, row.company)] or own
        elif target.table in self.in_turn and not known:
            turn = self.turns.get((id(reference), row.company), 0)
            self.turns[id(reference), row.company] = turn + 1
            return own[turn % len(own)]
        if not known:
            return self.random.choice(own)
        return self.pick_matching(reference, target, own, known)

    def takes(self, table, reference):
        """Whether a reference makes what it refers to its company's, rather than mentions it."""
        return reference.is_plain() and \
            (self.plan.anchors.get(table.full_name) or table.full_name == self.schema.company)

    def taken_for_sure(self, name, company):
        """How many rows of a table, the first ones, are taken by references that may not be NULL."""
        if (name, company) not in self.takers:
            self.takers[name, company] = max([len(self.rows[table.full_name].by_company.get(company, ()))
                                              for table in self.schema.tables.values() for reference in table.references
                                              if self.takes(table, reference) and reference.form == "plain"
                                              and reference.targets[0].table == name
                                              and not self.schema.nullable(reference)], default=0)
        return self.takers[name, company]

    def pick_matching(self, reference, target, own, known):
        """A row that has in its columns what is known already."""
        kept = self.rows[target.table].values
        wanted = [(kept[other], str(known[name])) for name, other in zip(reference.columns, target.columns)
                  if name in known]

        def fits(index):
            return all(str(values[index]) == value for values, value in wanted)
        for _ in range(8):
            index = self.random.choice(own)
            if fits(index):
                return index
        names = tuple(name for name in reference.columns if name in known)
        columns = tuple(other for name, other in zip(reference.columns, target.columns) if name in known)
        places = self.places(target.table, columns).get(tuple(str(known[name]) for name in names), ())
        whose = self.rows[target.table].company
        fitting = [index for index in places if whose[index] == whose[own[0]]]
        return self.random.choice(fitting) if fitting else None

    def places(self, name, columns):
        """Where rows with given values are: {(values as texts): [index]}."""
        rows = self.rows[name]
        count, found = self.lookups.get((name, columns), (None, None))
        if count != len(rows):
            found = {}
            for index, key in enumerate(zip(*(rows.values.get(column, ()) for column in columns))):
                found.setdefault(tuple(map(str, key)), []).append(index)
            self.lookups[name, columns] = (len(rows), found)
        return found

    @staticmethod
    def is_alone(table, reference):
        """Whether each row may be referred to once only."""
        return reference.form == "plain" and any(set(key) <= set(reference.columns) for key in table.keys())

    def from_pool(self, table, reference, target, row, own):
        place = (id(reference), target.table, row.company)
        if place not in self.pools:
            self.pools[place] = list(reversed(own)) if target.table in self.in_turn else \
                self.random.sample(own, len(own))
        pool = self.pools[place]
        if not pool:
            return None
        index = pool.pop()
        if target.table == table.full_name and index not in own:
            pool.insert(0, index)
            return None
        row.taken.append((pool, index))
        return index

    # References inside values.

    def one_value(self, table, reference, row, own_only=False):
        """The key of a row that may be referred to, or None."""
        targets = [target for target in reference.targets if not own_only or target.table in row.forced[1]]
        for target in self.random.sample(targets, len(targets)):
            own, shared = self.candidates(table, target, row, own_only)
            if target.table in self.in_turn_inside and own:
                turn = self.turns.get((id(reference), row.company), 0)
                self.turns[id(reference), row.company] = turn + 1
                own = [own[turn % len(own)]]
            elif target.table in self.in_turn:
                own = own[:self.taken_for_sure(target.table, row.company)] or own
            elif shared and self.random.random() < 0.25:
                own = shared
            values = self.rows[target.table].values
            if own and target.columns[0] in values:
                return values[target.columns[0]][self.random.choice(own)]
        return None

    def assign_array(self, table, reference, row, nulls):
        column = table.columns[reference.columns[0]]
        forced = row.forced[0] is reference
        if not column.notnull and not forced and self.random.random() < nulls:
            row.values[column.name] = None
            return True
        found = [self.one_value(table, reference, row, forced) for _ in range(self.random.randint(int(forced), 3))]
        row.values[column.name] = list(dict.fromkeys(value for value in found if value is not None))
        return bool(row.values[column.name]) or not forced

    def assign_path(self, table, reference, row):
        """The keys of up to three rows above this one."""
        column, target = table.columns[reference.columns[0]], reference.targets[0]
        own, _ = self.candidates(table, target, row, True)
        if target.table == table.full_name and row.index is not None:
            own = own[:bisect.bisect_left(own, row.index)]
        count = min(len(own), self.random.randint(int(row.forced[0] is reference), 3))
        keys = self.rows[target.table].values.get(target.columns[0], [])
        above = [str(keys[index]) for index in sorted(self.random.sample(own, count))]
        text = reference.separator.join(above)
        if column.type.base == "ltree":
            text = text.replace("-", "_")
        row.values[column.name] = text or ("" if column.notnull else None)
        return True

    def assign_document(self, table, unit, row, nulls):
        column = table.columns[unit[0].columns[0]]
        forced = row.forced[0] in unit
        row.values[column.name] = None
        if not column.notnull and not forced and self.random.random() < nulls:
            return True
        document = json.loads(column.kind.argument) if column.is_kind("json") else None
        for reference in unit:
            must = row.forced[0] is reference
            if self.one_value(table, reference, row, must) is None:
                continue
            document = put(self.random, copy.deepcopy(document), steps_of(reference.json_path),
                           lambda reference=reference, must=must: self.one_value(table, reference, row, must))
        document = {} if document is None and column.notnull else document
        row.values[column.name] = document if column.type.is_json() or document is None else json.dumps(document)
        return document is not None or not forced

    # Second pass: all other columns.

    def finished_rows(self, table):
        """The rows of a table, with all their columns, as dicts."""
        rows, hard = self.rows[table.full_name], self.hard[table.full_name]
        units = [unit for unit in self.units[table.full_name] if not set(unit[0].columns) <= hard]
        columns = list(table.columns.values())
        for index in range(len(rows)):
            kept = {name: values[index] for name, values in rows.values.items()}
            row = Row(index + 1, rows.within[index], rows.company[index], kept, rows.forced[index])
            row.index = index
            self.finish(table, units, columns, row, kept)
            yield row.values

    def finish(self, table, units, columns, row, kept):
        for attempt in range(ATTEMPTS):
            row.values = dict(kept)
            nulls = NULLS[attempt % len(NULLS)]
            if attempt > 3 and row.forced[0] is not None:
                row.forced = self.forced(table, row)
            done = all([self.assign(table, unit, row, nulls) for unit in units])
            if done and self.keys_are_new(table, row, hard=False):
                break
        else:
            row.forced = NO_WAY
            row.values = dict(kept)
            if not all([self.assign(table, unit, row, 1.0) for unit in units]):
                self.notes.append(f"{table.full_name}: a row refers to nothing where it must")
        if table.travels() and row.company is not NOBODY and row.forced[0] is None and \
                self.plan.anchors.get(table.full_name):
            self.notes.append(f"{table.full_name}: a row belongs to nobody")
        self.plain_values(table, row, columns)
        for column in columns:
            row.values.setdefault(column.name, None)

    # Output.

    def write(self, out):
        """One psql script that does it all."""
        def tell(*lines):
            out.write(("\n".join(lines) + "\n").encode())
        tell("SET client_min_messages = warning;", "BEGIN;", *ddl.tables(self.schema))
        self.make_keys()
        for table in self.schema.tables.values():
            columns = list(table.columns.values())
            tell(f"COPY {table.sql} ({ddl.list_of(table.columns)}) FROM STDIN;")
            for values in self.finished_rows(table):
                forms = (text_form(column.type, values[column.name]) for column in columns)
                out.write(("\t".join("\\N" if form is None else escaped(form) for form in forms) + "\n").encode())
            tell("\\.")
        tell(*self.sequence_values(), *ddl.foreign_keys(self.schema), "COMMIT;", "ANALYZE;")

    def sequence_values(self):
        for table in self.schema.tables.values():
            for column in table.columns.values():
                named = ddl.NEXTVAL.findall(column.default or "")
                if not column.type.sequence and not named:
                    continue
                sequence = literal(named[0]) if named else \
                    f"pg_get_serial_sequence({literal(table.sql)}, {literal(column.name)})"
                yield (f"SELECT setval({sequence}, greatest(max({quoted(column.name)}), 1)) FROM {table.sql};")


def fill(schema, companies, scale, seed):
    """Creates and fills the tables in the current database. Returns what could not be done as it should."""
    filler = Filler(schema, companies, scale, seed)
    database.load(filler.write)
    return sorted(set(filler.notes))
