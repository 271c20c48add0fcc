"""The words of a line of a schema file, and the names that they are."""

import re

NO_END = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|.""", re.S)


class Bad(Exception):
    """What is wrong with the line that is being read."""


def words_of(text):
    """The words of a line. Quotes and parentheses hold together what stands in them; a comment ends the line."""
    words, word, depth = [], "", 0
    for piece in NO_END.findall(text):
        if piece == "#" and depth == 0 and not word:
            break
        if piece.isspace() and depth == 0:
            words += [word] if word else []
            word = ""
            continue
        depth += (piece in "([") - (piece in ")]") if len(piece) == 1 else 0
        if depth < 0:
            raise Bad(f'"{piece}" without its beginning')
        word += piece
    if depth:
        raise Bad("a parenthesis is not closed")
    return words + ([word] if word else [])


def name_of(word):
    """A name: as it is, or in double quotes."""
    if re.fullmatch(r'"(?:[^"]|"")+"', word):
        return word[1:-1].replace('""', '"')
    if not re.fullmatch(r"[a-z_][a-z0-9_$]*", word):
        raise Bad(f"{word} is no name; names that are not plain lower case are written in double quotes")
    return word


def dotted(word):
    """The parts of a name with dots."""
    parts = re.findall(r'"(?:[^"]|"")+"|[^."]+|\.', word)
    if "".join(parts) != word or parts[1::2] != ["."] * (len(parts) // 2) or len(parts) % 2 == 0:
        raise Bad(f"{word} is no name")
    return [name_of(part) for part in parts[::2]]


def unquoted(word):
    """A value: a word, or text in quotes of either kind."""
    if len(word) > 1 and word[0] == word[-1] and word[0] in "'\"":
        return word[1:-1].replace(word[0] * 2, word[0])
    return word


class Line:
    """The words of a line, taken one after the other."""

    def __init__(self, number, words):
        self.number, self.words = number, words

    def peek(self, ahead=0):
        return self.words[ahead] if ahead < len(self.words) else None

    def take(self, what="something"):
        if not self.words:
            raise Bad(f"{what} is missing at the end")
        return self.words.pop(0)

    def accept(self, *words):
        if self.words[:len(words)] == list(words):
            del self.words[:len(words)]
            return True
        return False

    def end(self):
        if self.words:
            raise Bad(f"{self.words[0]} is not understood here")
