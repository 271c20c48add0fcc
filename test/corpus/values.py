"""Values that refer to nothing: names, times, secrets and the like, as an application would have written them."""

import datetime
import json
import string
import uuid

ADJECTIVES = "quiet amber northern early plain bright silver gentle rapid modern upper local common green open".split()
NOUNS = "harbor ledger garden signal bridge market window engine summit archive meadow pilot studio orchard".split()
VERBS = "review update replace collect send check prepare close measure repair plan discuss".split()
LOCALES = "en de fr es pt-BR nl ja en-GB".split()
NAMES = "ann bob carla dinesh eve farid grace henrik ines jonas kemal lucia mara nils olga pedro".split()
TEXTS_OF_NAMES = (("email", "email"), ("url", "url"), ("uri", "url"), ("slug", "slug"), ("locale", "locale"),
                  ("version", "version"), ("sha", "digest"), ("digest", "digest"), ("title", "title"), ("name", "name"))
SELDOM = ("deleted", "archived", "revoked", "expired", "suspended", "removed")
BASE36 = string.digits + string.ascii_lowercase
BEGIN = datetime.datetime(2025, 1, 1)
MINUTES = 500 * 24 * 60


def escaped(text):
    """A text as COPY reads it."""
    if "\\" in text or "\n" in text or "\t" in text or "\r" in text:
        return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
    return text


def text_form(of_type, value):
    """The text form of a value in PostgreSQL; None stays None."""
    if value is None or isinstance(value, str):
        return value
    if of_type.array:
        return "{" + ",".join(map(element_form, value)) + "}"
    if of_type.is_json():
        return json.dumps(value)
    if isinstance(value, bool):
        return "t" if value else "f"
    return str(value)


def element_form(value):
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, (dict, list)):
        value = json.dumps(value)
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)


def base36(number):
    digits = ""
    while number or not digits:
        number, digit = divmod(number, 36)
        digits = BASE36[digit] + digits
    return digits


class Values:
    """Makes values with one random generator, so that a seed gives the same ones again."""

    def __init__(self, random):
        self.random = random
        self.groups = {}

    def uuid(self):
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def letters(self, count, alphabet=BASE36):
        return "".join(self.random.choices(alphabet, k=count))

    def words(self, count):
        choose = self.random.choice
        return " ".join(f"{choose(VERBS)} the {choose(ADJECTIVES)} {choose(NOUNS)}" for _ in range(count))

    def moment(self, number=None):
        """A time; with a number, one that no other number has."""
        minutes = self.random.randrange(MINUTES)
        if number is not None:
            return BEGIN + datetime.timedelta(minutes=minutes, microseconds=number + 1)
        return BEGIN + datetime.timedelta(minutes=minutes, seconds=self.random.randrange(60))

    def seldom(self, column):
        """How often a column that may be NULL is."""
        return 0.85 if any(word in column.name.lower() for word in SELDOM) else 0.15

    def make(self, table, column, row, distinct):
        """A value. `row` has `number` (in the table) and `within` (in the company), both from 1, and `company`. No two
        rows of a table have the same value if it is to be distinct, unless the type has too few."""
        if not column.notnull and not distinct and self.random.random() < self.seldom(column):
            return None
        if column.type.array:
            count = self.random.randint(0, 3)
            return [self.one(table, column, row, False) for _ in range(count)]
        return self.one(table, column, row, distinct)

    def one(self, table, column, row, distinct):
        kind = column.kind.name if column.kind else None
        of_type = column.type
        if of_type.labels:
            return self.random.choice(of_type.labels)
        if kind in ("enum", "bool-as-int"):
            return self.word(of_type, self.random.choice(column.kind.words()))
        if of_type.base in ("json", "jsonb"):
            return self.document(column, kind)
        if kind == "json":
            return json.dumps(json.loads(column.kind.argument))
        if kind == "group":
            return self.group(table, column, row)
        maker = getattr(self, "of_" + of_type.base.replace(" ", "_"), None)
        if of_type.family() == "integer":
            return self.number(column, kind, row, distinct)
        if of_type.family() == "text":
            return self.text(column, kind, row, distinct)
        return maker(row.number if distinct else None)

    def document(self, column, kind):
        if kind == "json":
            return json.loads(column.kind.argument)
        if kind in ("secret", "token"):
            return {"ciphertext": self.letters(40)}
        return {"label": self.random.choice(NOUNS), "enabled": self.random.random() < 0.5}

    @staticmethod
    def word(of_type, word):
        if of_type.family() == "integer":
            return int(word)
        return {"true": True, "false": False}.get(word, word) if of_type.base == "boolean" else word

    def group(self, table, column, row):
        """One of the three numbers that rows of a company share in this column, and no other company has."""
        place = (table.full_name, column.name, row.company, self.random.randrange(3))
        if place not in self.groups:
            numbers = sum(1 for known in self.groups if known[:2] == place[:2])
            family = column.type.family()
            self.groups[place] = numbers + 1 if family == "integer" else \
                self.uuid() if family == "uuid" else f"group-{numbers + 1}"
        return self.groups[place]

    # Families of types.

    def number(self, column, kind, row, distinct):
        if kind == "count":
            low, _, high = column.kind.argument.partition("..")
            return self.random.randint(int(low), int(high))
        if kind in ("number", "position"):
            return row.number if distinct and distinct != "with others" else row.within
        if kind == "external":
            return self.random.randint(10 ** 6, 2 * 10 ** 9)
        if kind == "time":
            return int(self.moment().timestamp())
        if distinct:
            return row.number
        if column.type.base == "numeric" or kind == "money":
            scale = column.type.sql.partition(",")[2].strip(" )") or "0"
            digits = 100 if column.type.base != "numeric" or scale != "0" else 1
            return self.random.randint(100, 99999) / digits if column.type.base == "numeric" and digits > 1 \
                else self.random.randint(1, 9999)
        if kind == "version":
            return self.random.randint(1, 9)
        return self.random.randint(0, 100)

    def text(self, column, kind, row, distinct):
        if kind is None:
            kind = next((kind for part, kind in TEXTS_OF_NAMES if part in column.name.lower()), "text")
        text = self.text_of_kind(column, kind, row)
        if distinct and kind not in ("external", "secret", "token", "digest"):
            text = self.made_distinct(text, kind, row.number)
        length = column.type.length
        if length is not None and len(text) > length:
            if distinct and length < 24:
                return base36(row.number).rjust(min(length, 3), "0")
            ending = f"-{row.number}" if distinct else ""
            text = text[:length - len(ending)] + ending
        if column.type.base == "ltree":
            text = text.replace("-", "_").replace(" ", "_").replace(".", "_")
        return text

    @staticmethod
    def made_distinct(text, kind, number):
        if kind == "email":
            before, _, after = text.partition("@")
            return f"{before}.{number}@{after}"
        return f"{text} {number}" if kind in ("name", "title", "text") else f"{text}-{number}"

    def text_of_kind(self, column, kind, row):
        choose = self.random.choice
        if kind == "external":
            if column.kind.argument in ("int", "uuid"):
                return self.uuid() if column.kind.argument == "uuid" else str(self.random.randint(10 ** 6, 10 ** 10))
            return column.kind.argument + self.letters(14, string.ascii_letters + string.digits)
        if kind == "secret":
            return "$2a$12$" + self.letters(53, string.ascii_letters + string.digits) \
                if "password" in column.name.lower() else self.letters(40, string.ascii_letters + string.digits)
        made = {
            "name": lambda: f"{choose(ADJECTIVES)} {choose(NOUNS)}".title(),
            "title": lambda: f"{choose(VERBS)} the {choose(ADJECTIVES)} {choose(NOUNS)}".capitalize(),
            "text": lambda: self.words(self.random.randint(1, 3)),
            "email": lambda: f"{choose(NAMES)}.{choose(NOUNS)}@example.com",
            "url": lambda: f"https://{choose(NOUNS)}.example.com/{choose(ADJECTIVES)}",
            "slug": lambda: f"{choose(ADJECTIVES)}-{choose(NOUNS)}",
            "money": lambda: f"{self.random.randint(1, 9999)}.00",
            "time": lambda: self.moment().isoformat(sep=" "),
            "token": lambda: self.letters(32, string.ascii_letters + string.digits),
            "digest": lambda: f"{self.random.getrandbits(256):064x}",
            "ip": lambda: self.of_inet(None),
            "version": lambda: f"{self.random.randint(0, 9)}.{self.random.randint(0, 20)}.{self.random.randint(0, 9)}",
            "locale": lambda: choose(LOCALES),
            "number": lambda: f"{row.within:04}",
            "position": lambda: f"{row.within:06}",
            "count": lambda: str(self.random.randint(*map(int, column.kind.argument.split("..")))),
        }
        return made[kind]()

    # Other types, by their names. A number is for values that must be distinct.

    def of_boolean(self, _):
        return self.random.random() < 0.5

    def of_uuid(self, _):
        return self.uuid()

    def of_real(self, number):
        return float(number) if number else round(self.random.random() * 1000, 3)

    of_double_precision = of_real

    def of_money(self, number):
        return f"{number or self.random.randint(1, 999)}.00"

    def of_bytea(self, _):
        return "\\x" + f"{self.random.getrandbits(256):064x}"

    def of_timestamp(self, number):
        return self.moment(number).isoformat(sep=" ")

    def of_timestamptz(self, number):
        return self.moment(number).isoformat(sep=" ") + "+00"

    def of_date(self, number):
        days = number if number is not None else self.random.randrange(500)
        return (BEGIN + datetime.timedelta(days=days)).date().isoformat()

    def of_time(self, number):
        seconds = (number * 7 if number is not None else self.random.randrange(86400)) % 86400
        return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"

    def of_timetz(self, number):
        return self.of_time(number) + "+00"

    def of_interval(self, number):
        return f"{number if number is not None else self.random.randint(1, 500)} minutes"

    def of_inet(self, number):
        number = number if number is not None else self.random.randrange(1, 65000)
        return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"

    of_cidr = of_inet

    def of_macaddr(self, number):
        number = number if number is not None else self.random.getrandbits(40)
        return ":".join(f"{number >> shift & 255:02x}" for shift in (40, 32, 24, 16, 8, 0))

    def of_tsvector(self, _):
        return " ".join(f"'{word}'" for word in sorted(set(self.random.choices(NOUNS, k=3))))

    def of_hstore(self, _):
        return f"label=>{self.random.choice(NOUNS)}"

    def of_xml(self, _):
        return f"<note>{self.random.choice(NOUNS)}</note>"

    def of_point(self, _):
        return f"({self.random.randint(0, 99)},{self.random.randint(0, 99)})"

    def of_int4range(self, number):
        begin = number if number is not None else self.random.randint(1, 50)
        return f"[{begin},{begin + 1})"

    of_int8range = of_int4range

    def of_tsrange(self, number):
        begin = self.moment(number)
        return f"[{begin.isoformat(sep=' ')},{(begin + datetime.timedelta(hours=1)).isoformat(sep=' ')})"

    of_tstzrange = of_tsrange

    def of_daterange(self, number):
        begin = self.of_date(number)
        return f"[{begin},{begin}]"

    def of_bit(self, _):
        return self.random.choice("01")
