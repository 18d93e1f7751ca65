"""YAML whose numbers are finite, whose keys stand once, and whose sizes and depths are bounded."""

from __future__ import annotations

import math
import re
from typing import Any

import yaml

MOST_DEPTH = 64  # mappings and lists inside one another
MOST_ALIASES = 100  # uses of a YAML anchor
MOST_NODES = 500_000  # aliases written out: a few lines of them can stand for gigabytes
LARGEST_WHOLE = 1 << 63
_BRACKETS = re.compile(r"[\[\]{}]")


def load(text: str) -> Any:
    """The value of a YAML document.

    Args:
        text: the document.

    Returns:
        Mappings, lists, texts and numbers.

    Raises:
        ValueError: it nests without end.
        yaml.YAMLError: it is no YAML, or breaks one of the bounds.
    """
    _require_shallow(text)
    return yaml.load(text, Loader=_CarefulLoader)


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
