"""What a walk through a model gathers, and what the operators with subgraphs need of the walker."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from ..layers import Layer
from .onnx_tensors import Environment, Tensor


@dataclass(frozen=True)
class Unread:
    """An operator whose products are not read: how many where that is known, and why."""

    operator: str
    name: str
    products: int | None
    reason: str


@dataclass
class Work:
    """What a graph holds: layers, what is not read, operators without products, choices made."""

    layers: list[Layer] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    free: Counter[str] = field(default_factory=Counter)
    choices: list[str] = field(default_factory=list)
    folded: Counter[str] = field(default_factory=Counter)

    @property
    def products(self) -> int:
        """Multiply-accumulates read and not read, as far as known."""
        return self.read + sum(u.products or 0 for u in self.unread)

    @property
    def read(self) -> int:
        """Multiply-accumulates read."""
        return sum(x.macs * x.count for x in self.layers)

    def add(self, other: Work, times: int = 1) -> None:
        """Take in the work of another graph.

        Args:
            other: what it holds.
            times: how often it runs.
        """
        self.layers += [replace(x, count=x.count * times) for x in other.layers]
        self.unread += [
            replace(u, products=None if u.products is None else u.products * times)
            for u in other.unread
        ]
        self.free.update(other.free)
        self.choices += [c for c in other.choices if c not in self.choices]
        self.folded.update(other.folded)

    def merged(self) -> None:
        """Layers of one name and shape (of a loop's rounds) become one that occurs more often."""
        together: dict[tuple[Any, ...], Layer] = {}
        for x in self.layers:
            key = (x.name, x.shape, x.own_weights)
            known = together.get(key)
            together[key] = x if known is None else replace(known, count=known.count + x.count)
        self.layers = list(together.values())
        unread: dict[tuple[str, str, str], Unread] = {}
        for u in self.unread:
            before = unread.get((u.operator, u.name, u.reason))
            if before is not None and before.products is not None and u.products is not None:
                u = replace(u, products=before.products + u.products)
            unread[u.operator, u.name, u.reason] = u
        self.unread = list(unread.values())


class Walks(Protocol):
    """Walks a subgraph on behalf of a control operator.

    Attributes:
        scope: the tensors of the graph that was walked last.
        trail: the operators that the walk is inside of, for messages.
    """

    scope: Environment
    trail: list[str]

    def inside(self, what: str) -> AbstractContextManager[None]:
        """Say of an error that it lies inside an operator's subgraph.

        Args:
            what: names the operator.

        Returns:
            A context.
        """
        ...

    def graph(self, graph: Any, outer: Environment, given: Mapping[str, Tensor]) -> Work:
        """Walk a graph whose inputs are ``given``; its tensors are left in ``scope``.

        Args:
            graph: onnx's ``GraphProto``.
            outer: tensors of the graphs around it.
            given: its inputs.

        Returns:
            What it holds.
        """
        ...
