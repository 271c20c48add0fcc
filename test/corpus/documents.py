"""JSON documents that hold given values at given paths."""

import json


def put(random, node, steps, value_of):
    """The document `node` (or None) with values at a path, and whatever must be around them. `value_of` gives one value
    after the other."""
    if not steps:
        return value_of()
    (step, argument), rest = steps[0], steps[1:]
    if step == "name":
        node = node if isinstance(node, dict) else {}
        node[argument] = put(random, node.get(argument), rest, value_of)
    elif step == "elements":
        node = node if isinstance(node, list) else []
        if rest and rest[0][0] == "if":
            # Of several conditions on one list, each has elements of its own; and one that none of them means.
            node += [put(random, None, rest, value_of) for _ in range(random.randint(1, 2))]
            node.append({rest[0][1][0]: "other"})
        else:
            node = [put(random, element, rest, value_of) for element in node or [None] * random.randint(1, 3)]
    elif step == "index":
        node = node if isinstance(node, list) else []
        node += [None] * (argument + 1 - len(node))
        node[argument] = put(random, node[argument], rest, value_of)
    elif step == "members":
        node = node if isinstance(node, dict) and node else dict.fromkeys(("first", "second")[:random.randint(1, 2)])
        node = {name: put(random, member, rest, value_of) for name, member in node.items()}
    elif step == "keys":
        node = node if isinstance(node, dict) else {}
        node.update({str(value_of()): True for _ in range(random.randint(1, 2))})
    elif step == "deep":
        node = node if isinstance(node, dict) else {}
        if rest and random.random() < 0.5:
            return put(random, node, rest, value_of)
        node["inner"] = put(random, node.get("inner"), rest, value_of)
    else:
        field, value = argument
        node = node if isinstance(node, dict) else {}
        node[field] = json.loads(value)
        node = put(random, node, rest, value_of)
    return node
