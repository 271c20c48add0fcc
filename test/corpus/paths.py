"""Paths into JSON documents, as set_reference() reads them."""

import re

from lines import Bad

STEP = re.compile(r"""\s*(?:
    \.\*\*(?P<deep>) | \.\*(?P<members>) | \.keys\(\)(?P<keys>) | \[\*\](?P<elements>) | \[(?P<index>\d+)\] |
    \.(?P<name>[A-Za-z_][A-Za-z0-9_]*) | \."(?P<quoted>[^"]+)" |
    \?\s*\(\s*@\.(?:"(?P<field>[^"]+)"|(?P<plain>\w+))\s*==\s*(?P<value>"[^"]*"|-?\d+|true|false)\s*\)
)""", re.X)


def steps_of(path):
    """The steps of a JSON path: [("name", "users"), ("elements", None), ("if", ("field", "stage"))]."""
    if not path.startswith("$"):
        raise Bad(f"{path} is no path; it begins with $")
    steps, position = [], 1
    while position < len(path):
        matched = STEP.match(path, position)
        if not matched:
            raise Bad(f"{path[position:]} is no step of a path")
        found = {name: value for name, value in matched.groupdict().items() if value is not None}
        if "value" in found:
            steps.append(("if", (found.get("field") or found["plain"], found["value"])))
        else:
            (name, value), = found.items()
            value = int(value) if name == "index" else value or None
            steps.append(("name" if name == "quoted" else name, value))
        position = matched.end()
    return steps


def path_text(steps):
    """The path of these steps, as set_reference() reads it."""
    text = "$"
    for step, argument in steps:
        if step == "name":
            plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", argument)
            text += f".{argument}" if plain else f'."{argument}"'
        elif step == "if":
            field = argument[0] if re.fullmatch(r"\w+", argument[0]) else f'"{argument[0]}"'
            text += f" ? (@.{field} == {argument[1]})"
        else:
            text += {"elements": "[*]", "members": ".*", "deep": ".**", "keys": ".keys()",
                     "index": f"[{argument}]"}[step]
    return text
