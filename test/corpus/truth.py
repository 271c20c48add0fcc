"""What is true of a schema, in company_backup's words: whether a statement that it proposes is right, and the
statements that somebody who knows the schema would write."""

from closure import jsonpath
from lines import Bad, dotted
from model import ACROSS, INTEGERS, TRAVELS, literal, quoted
from paths import path_text, steps_of
from statements import Unreadable, calls, list_value

RIGHT, HARMLESS, WRONG = "right", "harmless", "wrong"
TREATMENTS = {"company": "company", "append_only": "append", "excluded": "excluded", "people": "people",
              "shared": "global", "global": "global"}
STAY_AWAY = ("secret", "token")


class Truth:
    """Judges statements and writes them. The closure tells which rows a route would leave to nobody."""

    def __init__(self, session, schema, closure):
        self.session, self.schema, self.closure = session, schema, closure
        self.leading = self.tables_of_companies()
        self.constraints = {}
        for row in session.rows("""
                SELECT n.nspname || '.' || c.relname AS tab, k.conname AS name,
                    fn.nspname || '.' || f.relname AS target,
                    (SELECT array_agg(a.attname ORDER BY u.place) FROM unnest(k.conkey) WITH ORDINALITY u(number, place)
                     JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.number) AS columns
                FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
                JOIN pg_class f ON f.oid = k.confrelid JOIN pg_namespace fn ON fn.oid = f.relnamespace
                WHERE k.contype = 'f'"""):
            self.constraints[row["name"], row["tab"]] = (tuple(row["columns"]), row["target"])

    def tables_of_companies(self):
        """Tables with rows that are companies', by the closure, and those that would have some if they had rows."""
        found = {name for _, name in self.closure.counts()} | {self.schema.company}
        before = None
        while before != found:
            before = set(found)
            found |= {table.full_name for table in self.schema.tables.values() if table.of_a_company()
                      for reference in table.references for target in reference.all_targets() if target.table in found}
        return found

    # Judging.

    def verdict(self, call):
        """(right, harmless or wrong; why)"""
        judge = getattr(self, "of_" + call.function, None)
        if judge is None:
            return HARMLESS, "no rule"
        try:
            return judge(call)
        except (Bad, KeyError) as error:
            return WRONG, f"it names what is not there: {error}"

    def table(self, name):
        parts = dotted(name)
        return self.schema.tables[".".join(parts if len(parts) > 1 else ["public"] + parts)]

    def of_set_company_table(self, call):
        table = self.table(call.get("company_table"))
        if table.full_name != self.schema.company or call.get("key_column") not in (None, self.schema.key):
            return WRONG, f"the companies are in {self.schema.company}"
        for name in call.get("scope_columns") or []:
            for other in self.schema.tables.values():
                if name in other.columns and not self.leads_to_company(other, name):
                    return WRONG, f"{other.full_name}.{name} is no company"
        if (call.get("name_column") or "name") != self.schema.name:
            return HARMLESS, f"the name is in {self.schema.name}"
        return RIGHT, ""

    def leads_to_company(self, table, name, known=()):
        """Whether the values of a column are keys of companies: it refers to them, or to a column that does."""
        if table.full_name == self.schema.company and name == self.schema.key:
            return True
        if (table.full_name, name) in known:
            return False
        known = (*known, (table.full_name, name))
        return any(self.leads_to_company(self.schema.tables[target.table], other, known)
                   for reference in table.references_of(name) if reference.form == "plain"
                   for target in reference.targets
                   for mine, other in zip(reference.columns, target.columns) if mine == name)

    def of_set_table_rule(self, call):
        table, treatment = self.table(call.get("target")), call.get("treatment")
        if treatment == "auto":
            return HARMLESS, ""
        answer = TREATMENTS.get(treatment)
        for name in call.get("match_columns") or []:
            if name not in table.columns:
                return WRONG, f"there is no {name}"
        if answer not in table.answers():
            return self.other_treatment(table, answer)
        if answer in TRAVELS:
            wrong = self.wrong_route(table, call.get("route") or [])
            if wrong:
                return WRONG, wrong
        elif call.get("match_columns") and answer in ("people", "global") and not self.tells_rows(
                table, call.get("match_columns")):
            return WRONG, f"{call.get('match_columns')} does not tell the rows of {table.full_name}"
        return RIGHT, ""

    def other_treatment(self, table, answer):
        """A treatment that the truth does not name. Of two by which rows stay where they are, neither does any harm,
        but for this: rows of an excluded table are companies', and make those that refer to them companies', too."""
        what = f"{table.full_name} is {' or '.join(table.answers())}, not {answer}"
        if answer in TRAVELS:
            return (HARMLESS if answer == "company" and "append" in table.truth else WRONG), what
        if answer != "excluded" and not set(ACROSS).isdisjoint(table.truth):
            return HARMLESS, what
        return (WRONG if table.travels() or self.is_referred_to(table) else HARMLESS), what

    def is_referred_to(self, table):
        return any(target.table == table.full_name and other is not table for other in self.schema.tables.values()
                   for reference in other.references for target in reference.all_targets())

    def tells_rows(self, table, columns):
        listed = ", ".join(map(quoted, columns))
        query = f"SELECT count(*) = count(DISTINCT ({listed})) FROM {table.sql}"
        return self.session.run(query).strip() == "t"

    def wrong_route(self, table, names):
        """What is wrong with a route, or None. It names foreign keys of the table, or of rows that refer to it, or
        columns of references that no foreign key says."""
        references, down = [], False
        for name in names:
            own = self.way_of(table, name)
            if own is None:
                if name not in self.ways_down(table):
                    return f"{name} leads to no company"
                down = True
                continue
            targets = {target.table for reference in own for target in reference.all_targets()}
            if not targets & self.leading:
                return f"{name} leads to {' or '.join(sorted(targets))}, which is no company's"
            references += own
        if references and not down:
            lost = self.closure.rows_without(table, references)
            if lost:
                return f"the route leaves {lost} rows to nobody that are a company's"
        return None

    def way_of(self, table, name):
        """The references that a name in a route means, or None."""
        if (name, table.full_name) in self.constraints:
            columns, target = self.constraints[name, table.full_name]
            return [reference for reference in table.references if reference.declared
                    and set(reference.columns) == set(columns) and reference.targets[0].table == target]
        return table.references_of(name) or None

    def ways_down(self, table):
        """The foreign keys of rows of companies that refer to this table."""
        return [name for (name, of), (_, target) in sorted(self.constraints.items())
                if target == table.full_name and of in self.leading and of != target]

    def of_set_column_rule(self, call):
        columns = call.get("target_column")
        if isinstance(columns, str):
            columns = listed(columns)
        tables = [self.table(call.get("target"))] if call.get("target") else \
            [table for table in self.schema.tables.values() if set(columns) & set(table.columns)]
        verdicts = []
        for table in tables:
            for name in columns:
                if name in table.columns:
                    verdicts.append(self.of_column(table, name, call.get("treatment")))
                elif call.get("target"):
                    return WRONG, f"there is no {name} in {table.full_name}"
        return worst(verdicts)

    def of_column(self, table, name, treatment):
        column, place = table.columns[name], f"{table.full_name}.{name}"
        references = table.references_of(name)
        hidden = [reference for reference in references if not reference.declared]
        stays = not table.travels()
        if treatment == "auto":
            return HARMLESS, ""
        if treatment == "data":
            if hidden and all(len(reference.targets) > 1 for reference in hidden):
                return HARMLESS, f"{place} refers to {aims(hidden)}, and no statement can say so"
            if hidden and not references_are_declared_too(references, hidden):
                return (HARMLESS if stays else WRONG), f"{place} refers to {aims(hidden)}"
            for word in STAY_AWAY + ("group",):
                if column.is_kind(word) and not column.may_be(*PLAIN):
                    return (HARMLESS if stays else WRONG), f"{place} is a {word}"
            return (HARMLESS if references else RIGHT), ""
        if references and treatment not in ("path", "secret", "identity"):
            return WRONG, f"{place} refers to {aims(references)}"
        right = {"secret": STAY_AWAY, "identity": ("token",), "renew": ("token", "slug", "url", "email", "name"),
                 "counter": ("number", "count", "position"), "group": ("group",)}
        if treatment == "path":
            return (RIGHT if any(reference.form == "path" for reference in references) else WRONG), place
        if column.may_be(*right.get(treatment, ())):
            return RIGHT, ""
        if treatment in ("counter", "identity", "renew") and not references or \
                treatment == "file" and column.type.base == "bytea":
            return HARMLESS, place
        return (HARMLESS if stays else WRONG), f"{place} is no {treatment}"

    def of_set_reference(self, call):
        columns = tuple(call.get("columns") or ())
        if call.get("target") is None:
            return HARMLESS, ""
        if call.get("source") is not None:
            return self.of_one_reference(self.table(call.get("source")), columns, call)
        return worst([self.of_one_reference(table, (name,), call) for table in self.schema.tables.values()
                      for name in columns if name in table.columns])

    def of_one_reference(self, table, columns, call):
        for name in columns:
            if name not in table.columns:
                return WRONG, f"there is no {name} in {table.full_name}"
        target = self.table(call.get("target"))
        its = tuple(call.get("target_columns") or target.primary)
        asked = (target.full_name, dict(zip(columns, its)))
        for reference in table.references:
            if set(reference.columns) != set(columns) or not self.same_path(table, reference, call.get("json_path")):
                continue
            for kind, aim in [(None, aim) for aim in reference.targets] + reference.kinds:
                told = (call.get("when_column"), call.get("when_value"))
                if (aim.table, dict(zip(reference.columns, aim.columns))) == asked and told == \
                        (kind and reference.when_column, kind):
                    return self.of_true_reference(table, reference, aim, call)
        truth = [reference for reference in table.references if set(reference.columns) & set(columns)]
        said = f"refers to {aims(truth)}" if truth else "refers to nothing"
        return WRONG, f"{table.full_name} ({', '.join(columns)}) {said}, not {target.full_name}"

    def of_true_reference(self, table, reference, aim, call):
        place = f"{table.full_name} ({', '.join(reference.columns)})"
        if len(reference.targets) > 1 and self.are_others(table, reference, aim):
            return WRONG, f"{place} refers to {aims([reference])}"
        if call.get("outside") not in (None, "refuse") and set(reference.columns) & set(table.route):
            return WRONG, f"{place} says whose a row is, and leads to no other company"
        return (HARMLESS if reference.declared else RIGHT), ""

    def same_path(self, table, reference, path):
        """Whether two paths are the same, or find the same values in all rows."""
        if reference.json_path is None or path is None:
            return reference.json_path is path
        if steps_of(reference.json_path) == steps_of(path):
            return True
        column = f"{quoted(reference.columns[0])}::jsonb"
        found = [f"SELECT ctid, jsonb_path_query({column}, {literal(jsonpath(each))}) FROM {table.sql}"
                 for each in (reference.json_path, path)]
        query = f"SELECT NOT EXISTS (({found[0]} EXCEPT {found[1]}) UNION ALL ({found[1]} EXCEPT {found[0]})) " \
                f"AND EXISTS ({found[0]})"
        return self.session.run(query).strip() == "t"

    def are_others(self, table, reference, aim):
        """Of a reference to either of several tables: whether some rows mean another one than this."""
        mine, its = quoted(reference.columns[0]), quoted(aim.columns[0])
        query = (f"SELECT EXISTS (SELECT FROM {table.sql} s WHERE s.{mine} IS NOT NULL AND NOT EXISTS "
                 f"(SELECT FROM {self.schema.tables[aim.table].sql} t WHERE t.{its}::text = s.{mine}::text))")
        return reference.form == "plain" and self.session.run(query).strip() == "t"

    def of_set_membership(self, call):
        table, column = self.table(call.get("target")), call.get("person_column")
        if column not in table.columns:
            return WRONG, f"there is no {column} in {table.full_name}"
        if table.people_of == column:
            return RIGHT, ""
        people = any(self.schema.tables[target.table].truth[0] == "people"
                     for reference in table.references_of(column) for target in reference.all_targets())
        if not table.travels() and people:
            return HARMLESS, ""
        return WRONG, f"{table.full_name} is {' or '.join(table.truth)}, and says nothing of members"

    def places(self, statement):
        """What a statement, which is wrong, is about: (full name of a table, column or None)."""
        found = []
        try:
            for call in calls(statement):
                found += self.places_of(call)
        except (Unreadable, Bad, KeyError):
            pass
        return found

    def places_of(self, call):
        name = call.get("target") if call.function in ("set_table_rule", "set_column_rule", "set_membership") else \
            call.get("source")
        columns = call.get("columns") or call.get("target_column")
        columns = listed(columns) if isinstance(columns, str) else columns
        if columns is None:
            return [(self.table(name).full_name, None)] if name else []
        tables = [self.table(name)] if name else list(self.schema.tables.values())
        return [(table.full_name, column) for table in tables for column in columns if column in table.columns
                and (name or self.of_column(table, column, call.get("treatment"))[0] == WRONG)]

    # Writing.

    def company_table(self):
        """The statement that says which table has the companies, and what their columns are called."""
        names = sorted({name for table in self.schema.tables.values() for name in table.columns
                        if self.leads_to_company(table, name) and table.full_name != self.schema.company})
        names = [name for name in names if all(self.leads_to_company(table, name)
                                               for table in self.schema.tables.values() if name in table.columns)]
        table = self.schema.tables[self.schema.company]
        return (f"SELECT set_company_table({literal(table.sql)}, {literal(self.schema.key)}, "
                f"{literal(self.schema.name)}, scope_columns => {array(names)})")

    def answers(self, table, column):
        """What somebody who knows the schema says to a question about a table, or a column of it: lists of statements,
        the best list first; the others are for what cannot be said."""
        if column is None or column not in table.columns:
            return self.table_answers(table)
        hidden = [reference for reference in table.references
                  if not reference.declared and (column in reference.columns or column == reference.when_column)]
        data = [self.column_rule(table, column, "data")]
        if any(reference.form == "path" for reference in hidden):
            return [[self.column_rule(table, column, "path")], data]
        told = [statement for reference in hidden if len(reference.targets) < 2
                for statement in self.references(table, reference)]
        if told:
            return [told, told + data, data]
        if table.columns[column].is_kind(*STAY_AWAY):
            return [[self.column_rule(table, column, "secret")], data]
        if table.columns[column].is_kind("group"):
            return [[self.column_rule(table, column, "group")], data]
        if hidden and all(len(reference.targets) > 1 for reference in hidden) and column not in table.route:
            # No statement can say that it is either.
            return [data] + self.table_answers(table)
        if table.references_of(column):
            return self.table_answers(table) + [data]
        return [data]

    @staticmethod
    def column_rule(table, column, treatment):
        return f"SELECT set_column_rule({literal(table.sql)}, {literal(column)}, {literal(treatment)})"

    def references(self, table, reference):
        """One statement for each kind."""
        for kind, target in [(None, target) for target in reference.targets] + reference.kinds:
            aim = self.schema.tables[target.table]
            text = f"SELECT set_reference({literal(table.sql)}, {array(reference.columns)}, {literal(aim.sql)}"
            if target.columns != aim.primary:
                text += f", {array(target.columns)}"
            if reference.json_path is not None:
                text += f", json_path => {literal(path_text(steps_of(reference.json_path)))}"
            if kind is not None:
                text += f", when_column => {literal(reference.when_column)}, when_value => {literal(kind)}"
            yield text + ")"

    def table_answers(self, table):
        rule = f"SELECT set_table_rule({literal(table.sql)}, "
        first = table.truth[0]
        if table.people_of is not None:
            return [[f"SELECT set_membership({literal(table.sql)}, {literal(table.people_of)})"],
                    [f"{rule}'excluded', 'members')"]]
        if first in TRAVELS:
            treatment = "append_only" if first == "append" else "company"
            columns = self.match_columns(table) if table.shared else []
            more = f", match_columns => {array(columns)}" if columns else ""
            hidden = [statement for reference in table.references if reference.form == "when"
                      for statement in self.references(table, reference)]
            found = []
            for ways in self.routes(table):
                route = f", route => {array(ways)}" if ways else ""
                answer = self.declared_first(table, ways)
                answer.append(f"{rule}{literal(treatment)}, 'rows of a company'{more}{route})")
                found += [answer] if answer not in found else []
            return found + ([hidden] if hidden else [])
        columns = self.match_columns(table)
        match = f", match_columns => {array(columns)}" if columns else ""
        if first == "people":
            return [[f"{rule}'people', 'people who work for several companies'{match})"]]
        if first == "global":
            return [[f"{rule}'global', 'the same for all')"], [f"{rule}'shared', 'the same for all'{match})"],
                    [f"{rule}'excluded', 'the same for all')"]]
        return [[f"{rule}'excluded', 'infrastructure')"]]

    def routes(self, table):
        """Routes that say whose the rows are, the best first: none where a foreign key that is never NULL does; else
        all that may, first with references that no foreign key says, which have to be declared to be known."""
        ways = {}
        for reference in table.references:
            leads = {target.table for target in reference.all_targets()} & self.leading - {table.full_name}
            if leads and reference.form in ("plain", "when") and self.schema.is_proof(reference) and (
                    not table.route or set(reference.columns) & set(table.route)):
                ways[self.name_of_way(table, reference)] = reference
        sure = [name for name, reference in ways.items() if not self.schema.nullable(reference)]
        declared = [name for name, reference in ways.items() if reference.declared]
        down = self.ways_down(table)
        if not ways:
            return [down, []] if down else [[]]
        if any(ways[name].declared for name in sure):
            return [[], sure, list(ways)]
        return [sure, list(ways), declared, []] if sure else [list(ways), declared, []]

    def declared_first(self, table, ways):
        """The statements that make columns without foreign keys known, so that a route can name them. Those of the
        company are known by their names."""
        return [statement for reference in table.references if not reference.declared and reference.columns[0] in ways
                and reference.form in ("plain", "when") and len(reference.targets) < 2
                and not self.leads_to_company(table, reference.columns[0])
                for statement in self.references(table, reference)]

    def name_of_way(self, table, reference):
        for (name, of), (columns, _) in sorted(self.constraints.items()):
            if of == table.full_name and set(columns) == set(reference.columns) and reference.declared:
                return name
        return reference.columns[0]

    def match_columns(self, table):
        """A key that means the same in every database, without the company itself: plain values rather than references,
        a mail address or a name rather than other values."""
        keys = [tuple(name for name in key if not self.leads_to_company(table, name)) for key in table.keys()]
        keys = [key for key in keys if key and not any(self.is_made_up(table, key, name) for name in key)]
        keys.sort(key=lambda key: (any(table.references_of(name) for name in key),
                                   not any(table.columns[name].is_kind("email", "name", "slug") for name in key)))
        named = [name for name, column in table.columns.items() if column.is_kind("email", "name", "slug", "title")]
        return list(keys[0]) if keys else named[:1]

    @staticmethod
    def is_made_up(table, key, name):
        """A value that another database would have made otherwise."""
        column = table.columns[name]
        return not table.references_of(name) and (
            column.type.base == "uuid" or column.is_kind(*STAY_AWAY) or column.type.sequence
            or key == table.primary and column.type.base in INTEGERS)


PLAIN = ("name", "title", "text", "email", "url", "slug", "enum", "count", "position", "bool-as-int", "money", "time",
         "json", "external", "number", "digest", "ip", "version", "locale")


def worst(verdicts):
    """Of several, the worst; of none, harmless."""
    for word in (WRONG, RIGHT, HARMLESS):
        for verdict, why in verdicts:
            if verdict == word:
                return verdict, why
    return HARMLESS, "it settles nothing"


def listed(text):
    """Columns: one name, or an array of them."""
    return list_value(text) if text.startswith("{") else [text]


def array(names):
    """An array constant of names."""
    return literal("{" + ",".join('"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"' for name in names) + "}")


def aims(references):
    return " or ".join(sorted({target.table for reference in references for target in reference.all_targets()}))


def references_are_declared_too(references, hidden):
    """A foreign key says the same, and the rule is no harm."""
    declared = {target.table for reference in references if reference.declared for target in reference.targets}
    return {target.table for reference in hidden for target in reference.all_targets()} <= declared
