"""What is served: a model with lengths of its requests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from archgym.documents import Faults, located, read_yaml, shortened
from archgym.errors import ArchgymError, UnknownNameError

from .models import find
from .shapes import SHAPES, Shape

# tokens in and out of a request
KINDS = {
    "chat": (1024, 1024),
    "long": (8192, 1024),
    "reasoning": (1024, 8192),
    "batch": (2048, 512),
}
KEYS = ("model", "inputs", "outputs")
MOST = 1 << 22


@dataclass(frozen=True)
class Task:
    """A model and the tokens in and out of each request."""

    name: str
    shape: Shape
    inputs: int
    outputs: int


NAMED = {
    f"{name.lower()}-{kind}": Task(f"{name.lower()}-{kind}", shape, *lengths)
    for name, shape in SHAPES.items()
    for kind, lengths in KINDS.items()
}


def task(name: str) -> Task:
    """What is served, by name or from a YAML file with ``model``, ``inputs`` and ``outputs``.

    Args:
        name: of a workload, or the path of a ``.yaml``.

    Returns:
        The model and the lengths of its requests.

    Raises:
        UnknownNameError: no such name. The message suggests the nearest.
        ScenarioError: the file cannot be read, or has faults, which the message names.
    """
    if name in NAMED:
        return NAMED[name]
    if not name.endswith((".yaml", ".yml")):
        raise UnknownNameError("serving workload", name, NAMED)
    return _of_file(Path(name))


def _of_file(path: Path) -> Task:
    document, faults = read_yaml(path), Faults()
    faults.known(document, KEYS)
    for key in KEYS:
        if key not in document:
            faults.add(f"key {key!r} is missing")
    numbers = {k: faults.whole(document, k, 1, 1) for k in KEYS[1:] if k in document}
    for key, value in numbers.items():
        if value > MOST:
            faults.add(f"{key} is at most {MOST}, got {value}")
    model, shape = document.get("model"), next(iter(SHAPES.values()))
    if isinstance(model, str):
        # a configuration file is looked for beside the workload's file
        beside = path.parent / model
        try:
            shape = find(str(beside) if beside.exists() else model)
        except ArchgymError as error:
            faults.add(f"model: {error}")
    elif model is not None:
        faults.add(f"model: expected a name or the path of a config.json, got {shortened(model)}")
    with located(str(path)):
        faults.raise_if_any()
    return Task(path.stem, shape, numbers["inputs"], numbers["outputs"])
