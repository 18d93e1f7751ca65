"""Options of commands that leave zeros out."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from archgym.errors import ArchgymError

from .architecture import Architecture
from .layers import Layer
from .sparsity import parse_pattern, sparse


def add_sparsity(p: argparse.ArgumentParser) -> None:
    """Add the options that say which values are zero, and what that saves.

    Args:
        p: the subcommand's parser.
    """
    p.add_argument(
        "--weights",
        default="1",
        metavar="PATTERN",
        help="weights that are not zero: N:M, such as 2:4, or a share of input channels (default: 1)",
    )
    p.add_argument(
        "--inputs",
        default="1",
        metavar="PATTERN",
        help="inputs that are not zero, a share of channels (default: 1)",
    )
    p.add_argument(
        "--skip",
        default="",
        metavar="LETTERS",
        help="W, I or WI: whose zeros take no time; others are gated (default: none)",
    )


def sparsely(options: argparse.Namespace, machine: Architecture) -> Callable[[Layer], Architecture]:
    """What the options of :func:`add_sparsity` make of a machine.

    Args:
        options: parsed options with ``weights``, ``inputs`` and ``skip``.
        machine: with all values there.

    Returns:
        A function from a layer to the machine that it runs on.

    Raises:
        SparsityError: a pattern or letters that make no sense.
        ArchgymError: N of M inputs; letters without a pattern; a check of certificates of such a machine.
    """
    weights = parse_pattern(options.weights, "--weights")
    inputs = parse_pattern(options.inputs, "--inputs")
    skip = options.skip.upper()
    if inputs.block:
        raise ArchgymError(
            f"--inputs {options.inputs}: inputs have zeros by channel; give a share, such as 0.6"
        )
    if weights.channels == inputs.channels == 1.0 and not weights.block and skip:
        raise ArchgymError(f"--skip {options.skip} is for --weights or --inputs, which are dense")
    if options.check and not (weights.channels == inputs.channels == 1.0 and not weights.block):
        raise ArchgymError("--check verifies certificates of dense layers alone")
    sparse(
        machine, Layer("any"), weights, inputs, skip
    )  # letters are checked before the first layer
    return lambda layer: sparse(machine, layer, weights, inputs, skip)
