"""The macros of a LEF file: sizes, pins and obstructions; everything else is passed over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from archgym.errors import ArchgymError

from .liberty_text import number

Box = tuple[float, float, float, float]


@dataclass
class Pin:
    """Rectangles (um) by layer."""

    name: str
    direction: str = ""
    use: str = "SIGNAL"
    boxes: list[tuple[str, Box]] = field(default_factory=list)


@dataclass
class Macro:
    """Outline in um, pins by name, and what is obstructed, by layer."""

    name: str
    size: tuple[float, float] | None = None
    pins: dict[str, Pin] = field(default_factory=dict)
    obstructions: list[tuple[str, Box]] = field(default_factory=list)


class _Words:
    def __init__(self, text: str) -> None:
        self.words: list[tuple[str, int]] = []
        for line, content in enumerate(text.splitlines(), 1):
            plain = content.split("#", 1)[0]
            self.words += [(word, line) for word in plain.replace(";", " ; ").split()]
        self.at = 0

    def __iter__(self) -> Iterator[str]:
        while self.at < len(self.words):
            self.at += 1
            yield self.words[self.at - 1][0]

    def statement(self) -> list[str]:
        """Words up to the next semicolon."""
        out: list[str] = []
        for word in self:
            if word == ";":
                return out
            out.append(word)
        raise ArchgymError("expected ';', the file ends; it is truncated")

    def next(self, what: str) -> str:
        for word in self:
            return word
        raise ArchgymError(f"expected {what}, the file ends; it is truncated")

    def where(self) -> str:
        return f"line {self.words[min(self.at, len(self.words)) - 1][1]}"


def parse(text: str) -> dict[str, Macro]:
    """Macros by name.

    Args:
        text: of a LEF file.

    Returns:
        Macros by name.

    Raises:
        ArchgymError: with the line at which a macro is no LEF, or without any macro.
    """
    words, found = _Words(text), {}
    for word in words:
        if word == "MACRO":
            macro = _macro(words)
            found[macro.name] = macro
        elif word in ("VERSION", "BUSBITCHARS", "DIVIDERCHAR", "MANUFACTURINGGRID"):
            words.statement()
        elif word in ("LAYER", "VIA", "SITE", "UNITS", "PROPERTYDEFINITIONS", "SPACING", "VIARULE"):
            name = (
                word
                if word in ("UNITS", "PROPERTYDEFINITIONS", "SPACING")
                else words.next("a name")
            )
            _skip(words, name)
    if not found:
        raise ArchgymError("no MACRO in this file")
    return found


def _skip(words: _Words, name: str) -> None:
    last = ""
    for word in words:
        if last == "END" and word == name:
            return
        last = word
    raise ArchgymError(f"expected END {name}, the file ends; it is truncated")


def _macro(words: _Words) -> Macro:
    macro = Macro(words.next("the macro's name"))
    for word in words:
        if word == "END":
            name = words.next("the macro's name")
            if name != macro.name:
                raise ArchgymError(f"{words.where()}: expected END {macro.name}, got END {name}")
            return macro
        if word == "PIN":
            pin = _pin(words)
            macro.pins[pin.name] = pin
        elif word == "OBS":
            macro.obstructions += _boxes(words, macro.name)
        elif word in ("DENSITY", "TIMING"):
            _until_end(words)
        else:
            rest = words.statement()
            if word == "SIZE":
                where = f"{words.where()}: SIZE of {macro.name}"
                if len(rest) != 3 or rest[1].upper() != "BY":
                    raise ArchgymError(f"{where}: expected WIDTH BY HEIGHT, got {' '.join(rest)}")
                macro.size = number(rest[0], where), number(rest[2], where)
            elif word == "ORIGIN" and any(number(r, words.where()) for r in rest):
                raise ArchgymError(
                    f"{words.where()}: ORIGIN of {macro.name} must be 0 0, got {' '.join(rest)}"
                )
    raise ArchgymError(f"expected END {macro.name}, the file ends; it is truncated")


def _until_end(words: _Words) -> None:
    for word in words:
        if word == "END":
            return


def _pin(words: _Words) -> Pin:
    pin = Pin(words.next("the pin's name"))
    for word in words:
        if word == "END":
            words.next("the pin's name")
            return pin
        if word == "PORT":
            pin.boxes += _boxes(words, pin.name)
            continue
        rest = words.statement()
        if word == "DIRECTION" and rest:
            pin.direction = rest[0].upper()
        elif word == "USE" and rest:
            pin.use = rest[0].upper()
    raise ArchgymError(f"expected END {pin.name}, the file ends; it is truncated")


def _boxes(words: _Words, what: str) -> list[tuple[str, Box]]:
    """Rectangles up to END; a polygon or a via is refused."""
    out: list[tuple[str, Box]] = []
    layer = ""
    for word in words:
        if word == "END":
            return out
        rest = words.statement()
        if word == "LAYER" and rest:
            layer = rest[0]
        elif word == "RECT":
            places = [r for r in rest if r not in ("(", ")", "MASK")][-4:]
            where = f"{words.where()}: RECT of {what}"
            values = [number(r, where) for r in places]
            if len(values) != 4 or not layer:
                raise ArchgymError(f"{where}: expected a LAYER before and four numbers")
            x0, x1 = sorted((values[0], values[2]))
            y0, y1 = sorted((values[1], values[3]))
            out.append((layer, (x0, y0, x1, y1)))
        elif word in ("POLYGON", "VIA", "PATH"):
            raise ArchgymError(f"{words.where()}: {word} of {what}: only RECT is read")
    raise ArchgymError(f"expected END of {what}, the file ends; it is truncated")
