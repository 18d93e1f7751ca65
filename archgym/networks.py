"""Networks of other libraries as workloads of the accelerator and mapping simulators.

>>> network = archgym.networks.from_torch(model, example)
>>> simulator = AcceleratorSimulator(network)
"""

from __future__ import annotations

from typing import Any

from . import registry


def from_torch(model: Any, example: Any, *, partial: bool = False, name: str = "") -> Any:
    """The layers of a PyTorch module, as it runs on an example input.

    Args:
        model: a ``torch.nn.Module``.
        example: its input, or a tuple of its inputs.
        partial: take a model of which some products cannot be read.
        name: of the workload (default: the class of the model).

    Returns:
        A ``Network``, which accelerator and mapping simulators take as their workload.

    Raises:
        WorkloadError: products that cannot be read, without ``partial``.
        MissingExtraError: PyTorch is not installed.
    """
    return registry.load("readers", "torch")(model, example, partial=partial, name=name)
