"""Heads and embeddings of a controller for parameters whose values have an order.

A category of its own for each of 129 numbers of PEs would have to be drawn to be learned.  Here logits and
embeddings are smooth functions of a value's position, so that neighbours share what is learned.
"""

from __future__ import annotations

import torch
from torch import nn

from archgym.space import Parameter

FEW = 8  # up to so many values, each is a category of its own
CENTRES = 9  # bumps that span the range of positions


def bumps(n: int) -> torch.Tensor:
    """Values (CENTRES, n) of Gaussian bumps, evenly spread over the positions of n values.

    Args:
        n: number of values.

    Returns:
        (CENTRES, n), between 0 and 1.
    """
    at = torch.linspace(0.0, 1.0, n)
    centres = torch.linspace(0.0, 1.0, CENTRES)
    width = 1.0 / (CENTRES - 1)
    return torch.exp(-0.5 * ((at[None] - centres[:, None]) / width) ** 2)


class OrderedHead(nn.Module):
    """Logits (n, values) of hidden states (n, hidden), smooth over a parameter's values."""

    basis: torch.Tensor

    def __init__(self, hidden: int, values: int) -> None:
        super().__init__()
        self.weights = nn.Linear(hidden, CENTRES)
        self.register_buffer("basis", bumps(values))

    def forward(self, h: torch.Tensor) -> torch.Tensor:
        """Logits of a batch."""
        logits: torch.Tensor = self.weights(h) @ self.basis
        return logits


class OrderedEmbedding(nn.Module):
    """Vectors (n, hidden) of value indices (n,), smooth over a parameter's values."""

    basis: torch.Tensor

    def __init__(self, hidden: int, values: int) -> None:
        super().__init__()
        self.weights = nn.Linear(CENTRES, hidden)
        self.register_buffer("basis", bumps(values).T.contiguous())

    def forward(self, index: torch.Tensor) -> torch.Tensor:
        """Vectors of a batch."""
        vectors: torch.Tensor = self.weights(self.basis[index])
        return vectors


def head_and_embedding(p: Parameter, hidden: int, ordered: bool) -> tuple[nn.Module, nn.Module]:
    """The head and the embedding of one parameter of a controller.

    Args:
        p: the parameter.
        hidden: width of the controller's state.
        ordered: whether an ordinal parameter of many values gets a head that knows their order.

    Returns:
        A head from the state to logits of the values, and an embedding of a value into the state.
    """
    if ordered and p.kind == "ordinal" and len(p) > FEW:
        return OrderedHead(hidden, len(p)), OrderedEmbedding(hidden, len(p))
    return nn.Linear(hidden, len(p)), nn.Embedding(len(p), hidden)
