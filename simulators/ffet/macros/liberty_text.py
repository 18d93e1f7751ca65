"""Liberty as a tree of groups: what a macro's timing is read from."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from archgym.errors import ArchgymError

TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|([{}();:,])|([^\s{}();:,"]+)', re.DOTALL)
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
MOST_DEPTH = 16


@dataclass
class Group:
    """``kind (names) { … }``: attributes by name, each with its values, and the groups inside."""

    kind: str
    names: tuple[str, ...]
    attributes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    groups: list[Group] = field(default_factory=list)

    def text(self, key: str, default: str = "") -> str:
        """The first value of an attribute.

        Args:
            key: the attribute's name.
            default: for a missing attribute.

        Returns:
            The value.
        """
        return self.attributes.get(key, (default,))[0]

    def number(self, key: str, default: float) -> float:
        """The first value of an attribute as a number.

        Args:
            key: the attribute's name.
            default: for a missing attribute.

        Returns:
            The number.

        Raises:
            ArchgymError: it is none.
        """
        return number(self.text(key, str(default)), f"{self.kind} {' '.join(self.names)}: {key}")

    def inside(self, kind: str) -> list[Group]:
        """The groups of a kind that lie in this one.

        Args:
            kind: such as ``pin``.

        Returns:
            The groups, in the file's order.
        """
        return [g for g in self.groups if g.kind == kind]


def number(text: str, where: str) -> float:
    """A finite number.

    Args:
        text: a word of the file.
        where: names the place in messages.

    Returns:
        The number.

    Raises:
        ArchgymError: it is none.
    """
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not abs(value) < 1e15:
        raise ArchgymError(f"{where}: expected a number, got {text[:40]!r}")
    return value


def numbers(values: tuple[str, ...], where: str) -> list[float]:
    """All numbers of an attribute's values, which may hold several each.

    Args:
        values: of an attribute.
        where: names the place in messages.

    Returns:
        The numbers.

    Raises:
        ArchgymError: one is none.
    """
    words = " ".join(values).replace(",", " ").replace("\\", " ").split()
    return [number(word, where) for word in words]


class _Reader:
    def __init__(self, text: str) -> None:
        # a comment becomes its line ends, so that places are right; strings hold none in Liberty files
        plain = COMMENT.sub(lambda m: "\n" * m[0].count("\n"), text).replace("\\\r\n", "\n")
        self.text = plain.replace("\\\n", " \n")
        self.tokens = list(TOKEN.finditer(self.text))
        self.at = 0

    def fault(self, expected: str) -> ArchgymError:
        if self.at >= len(self.tokens):
            return ArchgymError(f"expected {expected}, the file ends; it is truncated")
        token = self.tokens[self.at]
        line = self.text.count("\n", 0, token.start()) + 1
        return ArchgymError(f"line {line}: expected {expected}, got {token[0][:40]!r}")

    def peek(self) -> str:
        if self.at >= len(self.tokens):
            return ""
        token = self.tokens[self.at]
        return token[2] or ""

    def word(self, expected: str) -> str:
        if self.at >= len(self.tokens) or self.tokens[self.at][2]:
            raise self.fault(expected)
        token = self.tokens[self.at]
        self.at += 1
        return token[1] if token[1] is not None else token[3]

    def take(self, mark: str) -> None:
        if self.peek() != mark:
            raise self.fault(repr(mark))
        self.at += 1

    def values(self) -> tuple[str, ...]:
        self.take("(")
        out = []
        while self.peek() != ")":
            if self.peek() == ",":
                self.at += 1
                continue
            word = self.word("a value or ')'")
            if self.peek() == ":":  # a range such as D[3:0] without quotes
                self.at += 1
                word = f"{word}:{self.word('a value')}"
            out.append(word)
        self.take(")")
        return tuple(out)

    def statement(self, parent: Group, depth: int) -> None:
        name = self.word("an attribute or a group")
        if self.peek() == ":":
            self.at += 1
            words = [self.word("a value")]
            while self.peek() == "" and self.at < len(self.tokens) and not self._ends(words):
                words.append(self.word("a value"))
            parent.attributes[name] = (" ".join(words),)
        else:
            values = self.values()
            if self.peek() == "{":
                self.at += 1
                group = Group(name, values)
                self.body(group, depth + 1)
                self.take("}")
                parent.groups.append(group)
            else:
                parent.attributes[name] = values
        if self.peek() == ";":
            self.at += 1

    def _ends(self, words: list[str]) -> bool:
        """Whether the next token begins another line: Liberty allows to leave ``;`` out there."""
        before, token = self.tokens[self.at - 1], self.tokens[self.at]
        return "\n" in self.text[before.end() : token.start()]

    def body(self, group: Group, depth: int) -> None:
        if depth > MOST_DEPTH:
            raise self.fault(f"groups at most {MOST_DEPTH} deep")
        while self.at < len(self.tokens) and self.peek() != "}":
            self.statement(group, depth)


def parse(text: str) -> Group:
    """The ``library`` group of a Liberty file.

    Args:
        text: of a Liberty file.

    Returns:
        The group.

    Raises:
        ArchgymError: with the line at which it is no Liberty.
    """
    reader, top = _Reader(text), Group("file", ())
    reader.body(top, 0)
    found = top.inside("library")
    if reader.at < len(reader.tokens) or len(found) != 1:
        raise (
            reader.fault("one library group")
            if reader.at < len(reader.tokens)
            else ArchgymError(f"expected one library group, got {len(found)}")
        )
    return found[0]
