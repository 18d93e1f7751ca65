"""What ``archgym accelerator map`` does with every layer, whether it prints mappings or fronts."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from archgym.errors import ArchgymError
from archgym.terminal.output import steps_of

from .architecture import Architecture
from .layers import Layer, Network
from .mapper import Found, find_mapping
from .mapping import Refusal

if TYPE_CHECKING:
    from .optimal.certificate import Certificate, FrontCertificate


def map_layers(
    options: argparse.Namespace,
    network: Network,
    machine: Architecture,
    on: Callable[[Layer], Architecture],
) -> list[tuple[Layer, Found]]:
    """Map every layer, with a certificate or a front where the options ask for one.

    Args:
        options: of ``map``.
        network: whose layers.
        machine: on what.
        on: the machine as it runs a layer.

    Returns:
        The layers in their order, each with what was found.

    Raises:
        ArchgymError: a layer that does not fit.
    """
    found = []
    with steps_of(len(network.layers), "layers", options.json) as step:
        for layer in network.layers:
            step(layer.name)
            one = find_mapping(
                layer, on(layer), objective=options.objective, effort=options.effort,
                reuse=options.reuse, moves=options.moves, certify=options.certify, front=options.front,
                gap=0.0 if options.gap is None else options.gap,
                seconds=10.0 if options.time is None else options.time,
                threads=options.threads,
            )  # fmt: skip
            if isinstance(one, Refusal):
                raise ArchgymError(f"layer {layer.name!r} does not fit {machine.name}: {one}")
            found.append((layer, one))
    return found


def speed_of(machine: Architecture, ran_on: Architecture) -> float:
    """Cycles of the machine's own clock per step; steps are faster where zeros are skipped.

    Args:
        machine: as it stands.
        ran_on: as it runs a layer.

    Returns:
        The ratio of both clocks.
    """
    return machine.clock_hz / ran_on.clock_hz


def beyond(gaps: list[tuple[Layer, float | None]], within: float | None) -> list[str]:
    """Layers that are not shown to be as near to the best as ``--within`` wants them.

    Args:
        gaps: of the layers; None where nothing is known.
        within: the option; None where it is not given.

    Returns:
        Their names and gaps.
    """
    if within is None:
        return []
    return [f"{x.name} ({gap:.2%})" for x, gap in gaps if gap is None or gap > within + 1e-9]


def verdict_on(
    layer: Layer, ran_on: Architecture, proof: Certificate | FrontCertificate | None
) -> str:
    """What the checker says of a certificate, which shares nothing with the search.

    Args:
        layer: that is certified.
        ran_on: the machine as it runs the layer.
        proof: its certificate.

    Returns:
        The verdict, with its reason.
    """
    from .optimal.checking import check

    assert proof is not None
    answer = check(layer, ran_on, proof)
    return f"{answer.verdict}: {answer.reason}" if answer.reason else answer.verdict
