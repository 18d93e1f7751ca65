"""Documents: read, held to the keys they may have, all their faults told at once."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from .errors import ArchgymError, ScenarioError, StoreError, TrustError, UnknownNameError

MOST_BYTES = 16 << 20  # of a document
MOST_DEPTH = 64  # mappings and lists inside one another
MOST_ALIASES = 100  # uses of a YAML anchor
MOST_NODES = 500_000  # aliases written out: a few lines of them can stand for gigabytes
LARGEST_WHOLE = 1 << 63
LARGEST_REAL = sys.float_info.max
_BRACKETS = re.compile(r"[\[\]{}]")


def read_bytes(path: Path, most: int = MOST_BYTES) -> bytes:
    """A whole file of at most so many bytes.

    Args:
        path: the file.
        most: bytes that it may have.

    Returns:
        Its content.

    Raises:
        ScenarioError: it cannot be read, or is larger.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise ScenarioError(f"cannot read {path}: {error.strerror or error}") from error
    if len(data) > most:
        raise ScenarioError(f"{path} is larger than {most:,} bytes: no document of archgym's is")
    return data


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML mapping from a file; numbers are finite, keys stand once, sizes and depths are bounded.

    Args:
        path: the file.

    Returns:
        The mapping.

    Raises:
        ScenarioError: it cannot be read, is no YAML, or no mapping.
    """
    data = read_bytes(path)
    try:
        text = data.decode("utf-8-sig")
        _require_shallow(text)
        document = yaml.load(text, Loader=_CarefulLoader)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise ScenarioError(f"{path} is not valid YAML: {error}") from error
    if not isinstance(document, dict):
        raise ScenarioError(f"{path}: expected a mapping of keys, got {type(document).__name__}")
    return document


def read_json(
    path: Path, most: int = MOST_BYTES, wrong: type[ArchgymError] = StoreError
) -> dict[str, Any]:
    """A JSON mapping from a file; numbers are finite, keys stand once.

    Args:
        path: the file.
        most: bytes that it may have.
        wrong: the error to raise.

    Returns:
        The mapping.

    Raises:
        FileNotFoundError: it does not exist.
        StoreError: (or ``wrong``) it cannot be read, is no JSON, or no mapping.
    """
    if not path.exists():
        raise FileNotFoundError(path)
    try:
        data = read_bytes(path, most)
    except ScenarioError as error:
        raise wrong(str(error)) from error
    document = parse_json(data, str(path), wrong)
    if not isinstance(document, dict):
        raise wrong(f"{path}: expected a mapping of keys, got {type(document).__name__}")
    return document


def parse_json(
    text: str | bytes, where: str, wrong: type[ArchgymError] = StoreError, most: int = MOST_BYTES
) -> Any:
    """A JSON value from text; numbers are finite, keys stand once.

    Args:
        text: the document, in UTF-8 where it is bytes.
        where: how messages call it: its file, or the column of a database.
        wrong: the error to raise.
        most: characters (of bytes: bytes) that it may have.

    Returns:
        The value.

    Raises:
        StoreError: (or ``wrong``) it is too large, or no JSON.
    """
    if len(text) > most:
        raise wrong(f"{where} is larger than {most:,} bytes: no document of archgym's is")
    try:
        decoded = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        return json.loads(
            decoded, parse_constant=_real, parse_float=_real, object_pairs_hook=_keys_once
        )
    except (ValueError, RecursionError, TypeError) as error:
        raise wrong(f"{where} cannot be read as JSON: {error}") from error


def _real(word: str) -> float:
    value = float(word)  # NaN, Infinity; 1e999 becomes infinite
    if not math.isfinite(value):
        raise ValueError(f"{word[:40]} is no number that a document may hold")
    return value


def _keys_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"key {shortened(twice)} twice")
    return found


def _require_shallow(text: str) -> None:
    """Refuse brackets in brackets without end: the parser's time grows with the square of their depth."""
    depth = 0
    for bracket in _BRACKETS.finditer(text):
        depth = max(0, depth + (1 if bracket[0] in "[{" else -1))
        if depth > 4 * MOST_DEPTH:
            raise ValueError(f"deeper than {MOST_DEPTH} levels")


class _CarefulLoader(yaml.SafeLoader):
    """Refuses a key given twice, what is not finite, and documents that unfold without bound."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._depth = self._aliases = 0
        self._weights: dict[int, int] = {}

    def get_single_node(self) -> yaml.Node | None:
        node: yaml.Node | None = super().get_single_node()
        if node is not None and self._weight(node) > MOST_NODES:
            raise yaml.composer.ComposerError(
                None, None, f"more than {MOST_NODES:,} values once its aliases are written out"
            )
        return node

    def _weight(self, node: yaml.Node) -> int:
        """Values below a node, aliases written out."""
        known = self._weights.get(id(node))
        if known is not None:
            return known
        self._weights[id(node)] = MOST_NODES + 1  # a node inside itself has no end
        children: list[yaml.Node] = []
        if isinstance(node, yaml.MappingNode):
            children = [part for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            children = list(node.value)
        self._weights[id(node)] = 1 + sum(map(self._weight, children))
        return self._weights[id(node)]

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):  # type: ignore[no-untyped-call]
            self._aliases += 1
            if self._aliases > MOST_ALIASES:
                raise yaml.composer.ComposerError(
                    None, None, f"more than {MOST_ALIASES} aliases: write the values out"
                )
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise yaml.composer.ComposerError(None, None, f"deeper than {MOST_DEPTH} levels")
        node = super().compose_node(parent, index)  # type: ignore[no-untyped-call]
        self._depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)  # type: ignore[no-untyped-call]
            line = key_node.start_mark.line + 1
            if not isinstance(key, str | int | float | bool):
                raise yaml.constructor.ConstructorError(
                    None, None, f"line {line}: a key is a name or a number, got {key!r}"
                )
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key!r} twice, line {line}"
                )
            seen.add(key)
        return super().construct_mapping(node, deep)

    def finite(self, node: yaml.ScalarNode) -> Any:
        """A number that is one."""
        kind = node.tag.rpartition(":")[2]
        make = self.construct_yaml_int if kind == "int" else self.construct_yaml_float
        value = make(node)  # type: ignore[no-untyped-call]
        line = node.start_mark.line + 1
        if not math.isfinite(value) if isinstance(value, float) else abs(value) >= LARGEST_WHOLE:
            raise yaml.constructor.ConstructorError(
                None, None, f"line {line}: {node.value} is no number that a document may hold"
            )
        return value


for _kind in ("int", "float"):
    _CarefulLoader.add_constructor(f"tag:yaml.org,2002:{_kind}", _CarefulLoader.finite)  # type: ignore[no-untyped-call]


@contextmanager
def located(where: str) -> Iterator[None]:
    """Say of an error inside a document where it stands; errors of names, stores and trust pass unchanged.

    Args:
        where: the file, or the place in it.

    Yields:
        Once, around the code that reads the document.

    Raises:
        ScenarioError: the code raised another error of archgym's, a ValueError or a TypeError.
    """
    try:
        yield
    except (UnknownNameError, StoreError, TrustError):
        raise
    except (ArchgymError, ValueError, TypeError) as error:
        raise ScenarioError(f"{where}: {error}") from error


def known_keys(mapping: Mapping[str, Any], known: Iterable[str], what: str) -> None:
    """Refuse a key that does not exist.

    Args:
        mapping: what was given.
        known: the keys that exist.
        what: what a key is called in the message.

    Raises:
        UnknownNameError: names the key, and the one that was probably meant.
    """
    options = list(known)
    for key in mapping:
        if key not in options:
            raise UnknownNameError(what, key, options)


class Faults:
    """What is wrong with a document, gathered so that one message names all of it."""

    def __init__(self) -> None:
        self._found: list[str] = []

    def add(self, fault: str) -> None:
        """Note one more fault, a sentence."""
        self._found.append(fault)

    @contextmanager
    def collected(self, where: str) -> Iterator[None]:
        """Make faults of the errors that are raised inside; unknown names are raised as they are.

        Args:
            where: the place in the document.

        Yields:
            Once, around the code that reads that place.
        """
        try:
            yield
        except UnknownNameError:
            raise
        except (ArchgymError, ValueError, TypeError) as error:
            self.add(f"{where}: {error}")

    def known(self, document: Mapping[str, Any], keys: Sequence[str]) -> None:
        """Note a fault for every key that is unknown.

        Args:
            document: what was given.
            keys: those that exist.
        """
        for key in document:
            if key not in keys:
                self.add(f"key {key!r}: unknown; known are {', '.join(keys)}")

    def mapping(self, document: Mapping[str, Any], key: str) -> dict[str, Any]:
        """The mapping at a key; {} where it is missing or no mapping.

        Args:
            document: what was given.
            key: where the mapping should be.

        Returns:
            A copy of it.
        """
        value = document.get(key)
        if value is None:
            return {}
        if not isinstance(value, Mapping) or not all(isinstance(k, str) for k in value):
            self.add(f"key {key!r}: expected a mapping of names, got {shortened(value)}")
            return {}
        return dict(value)

    def whole(
        self, document: Mapping[str, Any], key: str, default: int, least: int | None = None
    ) -> int:
        """The whole number at a key; the default where it is missing, no whole number, or too small.

        Args:
            document: what was given.
            key: where the number should be.
            default: what a missing key stands for.
            least: the least that is allowed (default: any).

        Returns:
            The number.
        """
        value = document.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int):
            self.add(f"key {key!r}: expected a whole number, got {shortened(value)}")
            return default
        if least is not None and value < least:
            self.add(f"{key} must be at least {least}, got {shortened(value)}")
            return default
        return value

    def number(
        self, document: Mapping[str, Any], key: str, default: float, least: float | None = None
    ) -> float:
        """The finite number at a key; the default where it is missing, no number, or too small.

        Args:
            document: what was given.
            key: where the number should be.
            default: what a missing key stands for.
            least: the least that is allowed (default: any).

        Returns:
            The number.
        """
        value = document.get(key, default)
        if not is_number(value) or (least is not None and value < least):
            more = "" if least is None else f" of at least {least:g}"
            self.add(f"key {key!r}: expected a finite number{more}, got {shortened(value)}")
            return default
        return float(value)

    def raise_if_any(self) -> None:
        """Raise a ScenarioError of what was found: one fault, or all of them in a list."""
        if len(self._found) == 1:
            raise ScenarioError(self._found[0])
        if self._found:
            raise ScenarioError("\n  - ".join([f"{len(self._found)} faults", *self._found]))


def is_number(value: object) -> bool:
    """Whether a value is a finite number that a float can hold; True and False are none.

    Args:
        value: anything.

    Returns:
        True for such an int or float.
    """
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and abs(value) <= LARGEST_REAL
    )


def shortened(value: object) -> str:
    """A value as it is shown in a message: at most 80 characters of its ``repr``."""
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
