"""Reads the statements that company_backup proposes: calls of its set-up functions, with constants as arguments."""

import re

ARGUMENTS = {
    "set_company_table": ("company_table", "key_column", "name_column", "owner_column", "identity_columns",
                          "scope_columns", "search_path"),
    "set_table_rule": ("target", "treatment", "reason", "area", "match_columns", "route"),
    "set_column_rule": ("target", "target_column", "treatment", "replacement", "evidence"),
    "set_reference": ("source", "columns", "target", "target_columns", "json_path", "when_column", "when_value",
                      "outside"),
    "set_membership": ("target", "person_column"),
}
LISTS = ("identity_columns", "scope_columns", "match_columns", "route", "columns", "target_columns")

TOKEN = re.compile(r"""\s*(?:--[^\n]*\n\s*)*(?:
    (?P<string>[eE]?'(?:[^'\\]|''|\\.)*') | \$(?P<tag>\w*)\$(?P<dollar>.*?)\$(?P=tag)\$ |
    (?P<word>"(?:[^"]|"")*"|[A-Za-z_][\w$]*|-?\d+(?:\.\d+)?) | (?P<sign>=>|::|:=|[(),.;\[\]]) )""", re.X | re.S)


class Unreadable(Exception):
    """A statement that is no call of a set-up function."""


class Call:
    """One call: `function`, without its schema, and `arguments` by their names; those that are NULL are left out."""

    def __init__(self, function, arguments):
        self.function, self.arguments = function, arguments

    def get(self, name):
        return self.arguments.get(name)


def calls(text):
    """The calls of a statement, or of several."""
    tokens = tokens_of(text)
    found = []
    while tokens:
        if tokens[0] == ("sign", ";"):
            tokens.pop(0)
            continue
        found.append(call(tokens))
    return found


def tokens_of(text):
    tokens, position = [], 0
    text = text.rstrip() + "\n"
    while text[position:].strip():
        matched = TOKEN.match(text, position)
        if not matched:
            if re.match(r"\s*--[^\n]*\s*$", text[position:]):
                break
            raise Unreadable(text[position:position + 60])
        if matched["string"]:
            tokens.append(("value", string_value(matched["string"])))
        elif matched["dollar"] is not None:
            tokens.append(("value", matched["dollar"]))
        else:
            tokens.append(("word", matched["word"]) if matched["word"] else ("sign", matched["sign"]))
        position = matched.end()
    return tokens


def string_value(text):
    if text[0] in "eE":
        return re.sub(r"\\(.)", r"\1", text[2:-1].replace("''", "'"))
    return text[1:-1].replace("''", "'")


def take(tokens, *wanted):
    if not tokens or (wanted and tokens[0][1] not in wanted):
        raise Unreadable(f"{wanted} expected, {tokens[0] if tokens else 'nothing'} found")
    return tokens.pop(0)


def call(tokens):
    if take(tokens)[1].upper() != "SELECT":
        raise Unreadable("no SELECT")
    function = take(tokens)[1]
    while tokens and tokens[0] == ("sign", "."):
        take(tokens)
        function = take(tokens)[1]
    take(tokens, "(")
    names, arguments, place = ARGUMENTS.get(function, ()), {}, 0
    while tokens and tokens[0] != ("sign", ")"):
        if len(tokens) > 1 and tokens[1][1] in ("=>", ":=") and tokens[1][0] == "sign":
            name = take(tokens)[1].strip('"')
            take(tokens)
        else:
            name = names[place] if place < len(names) else f"argument {place + 1}"
            place += 1
        value = value_of(tokens)
        if value is not None:
            arguments[name] = list_value(value) if name in LISTS else value
        if tokens and tokens[0] == ("sign", ","):
            take(tokens)
    take(tokens, ")")
    if tokens:
        take(tokens, ";")
    return Call(function, arguments)


def value_of(tokens):
    """A constant: a string, a word, an array, or NULL, with whatever it is cast to."""
    kind, value = take(tokens)
    if kind == "word" and value.upper() == "ARRAY":
        take(tokens, "[")
        value = []
        while tokens[0] != ("sign", "]"):
            value.append(value_of(tokens))
            if tokens[0] == ("sign", ","):
                take(tokens)
        take(tokens, "]")
    elif kind == "word" and value.upper() == "NULL":
        value = None
    elif kind == "sign":
        raise Unreadable(f"{value} is no value")
    while tokens and tokens[0] == ("sign", "::"):
        take(tokens)
        take(tokens)
        while tokens and tokens[0][1] in ("[", "]", "."):
            take(tokens)
    return value


def list_value(value):
    """The elements of an array, which may be a constant of its text form."""
    if isinstance(value, list):
        return value
    if not re.fullmatch(r"\{.*\}", value, re.S):
        return [value]
    elements = re.findall(r'"((?:[^"\\]|\\.)*)"|([^,{}"]+)', value[1:-1])
    return [re.sub(r"\\(.)", r"\1", quoted) if quoted else plain.strip() for quoted, plain in elements]
