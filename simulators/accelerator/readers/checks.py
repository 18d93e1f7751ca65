"""What every reader shares: text within a size, numbers within a range, all faults in one message."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from archgym.errors import ArchgymError, WorkloadError

from ..layers import LARGEST

MOST_BYTES = 16 * 2**20  # of a text file
MOST_NODES = 200_000  # of a YAML document, aliases counted as often as they occur
MOST_DEPTH = 60
MOST_SHOWN = 20  # faults in one message
WHOLE = re.compile(r"[+-]?[0-9]+")


class Faults:
    """Faults of one file, with their places."""

    def __init__(self, source: object, error: type[ArchgymError] = WorkloadError) -> None:
        self.source, self.error = source, error
        self.found: list[str] = []

    def add(self, place: str, text: str) -> None:
        """Note one more fault.

        Args:
            place: where it is; may be empty.
            text: what is wrong.
        """
        self.found.append(f"{place}: {text}" if place else text)

    def settle(self) -> None:
        """Raise if there is any.

        Raises:
            WorkloadError: (or the error given) with all faults.
        """
        if not self.found:
            return
        if len(self.found) == 1:
            raise self.error(f"{self.source}: {self.found[0]}")
        shown = "".join(f"\n  {fault}" for fault in self.found[:MOST_SHOWN])
        more = len(self.found) - MOST_SHOWN
        shown += f"\n  and {more} more" if more > 0 else ""
        raise self.error(f"{self.source}: {len(self.found)} faults{shown}")

    def whole(self, value: Any, place: str, lowest: int = 1, highest: int = LARGEST) -> int:
        """A whole number within a range; else a fault is noted.

        Args:
            value: a number, or its text.
            place: where it stands.
            lowest: the smallest that is taken.
            highest: the largest that is taken.

        Returns:
            The number; ``lowest`` where it is none.
        """
        number = _as_whole(value)
        if number is None:
            self.add(place, f"{shorten(value)}, not a whole number")
        elif not lowest <= number <= highest:
            bound = f"of at least {lowest}" if number < lowest else f"of at most {highest}"
            self.add(place, f"must be a whole number {bound}, got {shorten(number)}")
        else:
            return number
        return lowest

    def number(
        self, value: Any, place: str, lowest: float = 0.0, *, open_end: bool = False
    ) -> float:
        """A finite number within a range; else a fault is noted.

        Args:
            value: a number, or its text.
            place: where it stands.
            lowest: the smallest that is taken.
            open_end: whether it must be above ``lowest``.

        Returns:
            The number; at least 1.0 and ``lowest`` where it is none.
        """
        try:
            if isinstance(value, bool):
                raise ValueError
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            self.add(place, f"{shorten(value)}, not a number")
            return max(lowest, 1.0)
        if not math.isfinite(number) or number < lowest or (open_end and number == lowest):
            bound = f"above {lowest:g}" if open_end else f"of at least {lowest:g}"
            self.add(place, f"must be a finite number {bound}, got {shorten(value)}")
            return max(lowest, 1.0)
        return number

    def keys(self, mapping: Mapping[str, Any], known: Iterable[str], place: str) -> None:
        """Note every key that is not known, with the nearest known one.

        Args:
            mapping: the mapping.
            known: the keys it may have.
            place: where it stands.
        """
        options = list(known)
        for key in mapping:
            if key not in options:
                near = get_close_matches(str(key), options, 1)
                hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(options)}"
                self.add(place, f"unknown key {shorten(key)}; {hint}")

    def attempt(self, make: Callable[[], Any], place: str = "") -> Any:
        """Call a function, and note an error of it as a fault.

        Args:
            make: the function.
            place: where what it makes stands.

        Returns:
            What it returns, or None.
        """
        try:
            return make()
        except ArchgymError as error:
            self.add(place, str(error))
            return None


def _as_whole(value: Any) -> int | None:
    if isinstance(value, str) and len(value) < 1000 and WHOLE.fullmatch(value.strip()):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def shorten(value: Any) -> str:
    """A value as it is shown in a message.

    Args:
        value: any value.

    Returns:
        At most 40 characters.
    """
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else repr(value)
    return text if len(text) <= 40 else text[:36] + " …"


@contextmanager
def structured(source: object, error: type[ArchgymError]) -> Iterator[None]:
    """Turn an error from a document of another structure into a message that says so.

    It is the last net around a reader that checks most things itself.

    Args:
        source: names the document.
        error: the class of the error.

    Yields:
        Nothing.

    Raises:
        ArchgymError: of the class given, in place of an error of Python's.
    """
    try:
        yield
    except ArchgymError:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as fault:
        text = " ".join(str(fault).split())[:200]
        raise error(
            f"{source}: its structure is not understood ({type(fault).__name__}: {text})"
        ) from fault


def read_text(path: Path, error: type[ArchgymError] = WorkloadError) -> str:
    """A text file in UTF-8 of at most ``MOST_BYTES``.

    Args:
        path: the file.
        error: the class of the error.

    Returns:
        The text, without a byte order mark.

    Raises:
        WorkloadError: (or the error given) it cannot be read, is too long or is not UTF-8.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as fault:
        raise error(f"cannot read {path}: {getattr(fault, 'strerror', None) or fault}") from fault
    if len(data) > MOST_BYTES:
        raise error(f"cannot read {path}: it is longer than {MOST_BYTES // 2**20} MB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise error(f"cannot read {path}: it is not a text in UTF-8 ({fault})") from fault


class _TaggedLoader(yaml.SafeLoader):
    """Keeps tags such as Timeloop's ``!Component`` under the key ``!``; refuses keys given twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(
                    None, None, "a key is not a text", key_node.start_mark
                )
            if key_node.value in seen and key_node.value != "<<":
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key_node.value!r} twice", key_node.start_mark
                )
            seen.add(key_node.value)
        return super().construct_mapping(node, deep)


def _tagged(loader: _TaggedLoader, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return {"!": suffix} | loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)  # type: ignore[arg-type]


_TaggedLoader.add_multi_constructor("!", _tagged)  # type: ignore[no-untyped-call]


def _weigh(node: yaml.Node, known: dict[int, int], depth: int, open_nodes: set[int]) -> int:
    """Nodes of a document with every alias written out."""
    if depth > MOST_DEPTH or id(node) in open_nodes:
        raise yaml.YAMLError(f"nested more than {MOST_DEPTH} deep")
    if id(node) in known:
        return known[id(node)]
    children: list[yaml.Node] = []
    if isinstance(node, yaml.MappingNode):
        children = [part for pair in node.value for part in pair]
    elif isinstance(node, yaml.SequenceNode):
        children = list(node.value)
    total = 1 + sum(_weigh(x, known, depth + 1, open_nodes | {id(node)}) for x in children)
    known[id(node)] = total
    return total


def read_document(path: Path, error: type[ArchgymError] = WorkloadError) -> Any:
    """A YAML document with tags, of bounded size with its aliases written out.

    Args:
        path: the file.
        error: the class of the error.

    Returns:
        What it holds; None if it is empty.

    Raises:
        WorkloadError: (or the error given) it is not valid YAML, too large or too deep.
    """
    text = read_text(path, error)
    depth = 0
    for bracket in re.finditer(
        r"[\[\]{}]", text
    ):  # the parser's time grows with the square of depth
        depth = max(0, depth + (1 if bracket[0] in "[{" else -1))
        if depth > 4 * MOST_DEPTH:
            raise error(f"{path} is not valid YAML: nested more than {MOST_DEPTH} deep")
    try:
        loader = _TaggedLoader(text)
    except yaml.YAMLError as fault:  # a character that no YAML has
        raise error(f"{path} is not valid YAML: {fault}") from fault
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        nodes = _weigh(node, {}, 0, set())
        if nodes > MOST_NODES:
            raise yaml.YAMLError(f"{nodes} nodes with its aliases, more than {MOST_NODES}")
        return loader.construct_document(node)  # type: ignore[no-untyped-call]
    except (yaml.YAMLError, ValueError, RecursionError) as fault:
        raise error(f"{path} is not valid YAML: {fault}") from fault
    finally:
        loader.dispose()  # type: ignore[no-untyped-call]
