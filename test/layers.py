#!/usr/bin/env python3
"""Checks how the sources hang together: each file stands in a room, a room includes only itself and those before it,
neither core nor the client knows anything of pg, and no files include each other in a circle. A header and the source
of its name count as one file. As a room is compiled as one, and the client as a whole, no two files of them have
functions of their own of the same name: by an overload, one would silently take the calls of the other. Prints what is
wrong; without output all is well."""

import pathlib
import re
import sys

ROOMS = {
    "core": ["text", "scope", "archive", "ids", "merge"],
    "client": ["base", "commands", "main"],
    "pg": ["base", "scope", "rows", "check", "backup", "load", "restore", "delete", "links", "jobs", "sql"],
}
ORDER = [f"{layer}/{room}" for layer, rooms in ROOMS.items() for room in rooms]
INCLUDE = re.compile(r'^#include "((?:core|pg|client)/[^"]+)\.hpp"', re.MULTILINE)


def read(root):
    """What each file includes, by its name without the ending: {"pg/base/spi": {"pg/base/owner", ...}}."""
    files = {}
    for path in sorted([*root.glob("extension/**/*.[ch]pp"), *root.glob("client/**/*.[ch]pp")]):
        name = path.relative_to(root).with_suffix("").as_posix().removeprefix("extension/")
        files.setdefault(name, set()).update(INCLUDE.findall(path.read_text()))
        files[name].discard(name)
    return files


def room_of(name):
    return "/".join(name.split("/")[:2])


def may_include(name, other):
    """Core knows only itself; the client and pg know core and themselves."""
    layer, other_layer = name.split("/")[0], other.split("/")[0]
    return other_layer in ("core", layer) and ORDER.index(room_of(other)) <= ORDER.index(room_of(name))


def arrows_up(files):
    for name, included in files.items():
        if room_of(name) not in ORDER:
            yield f"{name} stands in no room"
            continue
        for other in sorted(included):
            if other not in files:
                yield f"{name} includes {other}, which does not exist"
            elif room_of(other) in ORDER and not may_include(name, other):
                yield f"{name} includes {other}, of a room above it"


def circles(files):
    """Each file that can be reached from itself, with the way."""
    done = set()

    def search(name, way):
        if name in way:
            yield " -> ".join(way[way.index(name):] + [name])
            return
        if name in done:
            return
        for other in sorted(files[name] & files.keys()):
            yield from search(other, way + [name])
        done.add(name)

    for name in files:
        yield from search(name, [])


def own_functions(text):
    """The names of the functions in a source's anonymous namespaces."""
    for own in re.findall(r"^namespace \{$(.*?)^\}  // namespace$", text, re.MULTILINE | re.DOTALL):
        yield from re.findall(r"^(?!struct|class|enum|using|#|//)[\w\[][^\n=(]*?\b(?<!:)(\w+)\(", own, re.MULTILINE)


def names_twice(root):
    """What two sources that are compiled together call the same."""
    units = [sorted(folder.glob("*.cpp")) for folder in root.glob("extension/*/*/")]
    units += [sorted(root.glob("client/**/*.cpp")), sorted(root.glob("test/unit/*.cpp"))]
    for unit in units:
        seen = {}
        for path in unit:
            for name in sorted(set(own_functions(path.read_text()))):
                if name in seen:
                    yield f"{name}() stands in {seen[name].relative_to(root)} and in {path.relative_to(root)}"
                seen[name] = path


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    files = read(root)
    problems = list(arrows_up(files)) + [f"a circle: {way}" for way in circles(files)] + list(names_twice(root))
    for problem in problems:
        print(problem, file=sys.stderr)
    if len(files) < 100:
        problems.append("hardly any files")
        print(f"only {len(files)} files found", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
