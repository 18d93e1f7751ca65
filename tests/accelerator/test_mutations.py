"""Files with something wrong in them: an error of the project's own, or a network, and at once."""

import random
import re
import time
from pathlib import Path

import pytest
from archgym.simulators.accelerator.machines import load_architecture
from archgym.simulators.accelerator.workloads import resolve

from archgym.errors import ArchgymError

from .test_readers import HARDWARE, MACHINE, OWN, PROBLEM, ZIGZAG

CASES = Path(__file__).parent / "cases"
MODEL = """Network s { Layer A { Type: CONV Stride { X: 2, Y: 2 }
  Dimensions { K: 8, C: 3 R: 3, S: 3, Y: 225, X: 225 } } }"""
TOPOLOGY = """Layer, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Filters, Strides,
Conv1, 224, 224, 7, 7, 3, 64, 2,
"""
DOCUMENTS = {
    "problem.yaml": (PROBLEM, resolve), "layers.yaml": (ZIGZAG, resolve),
    "machine.yaml": (MACHINE, load_architecture), "hardware.yaml": (HARDWARE, load_architecture),
    "own.yaml": (OWN, load_architecture), "model.m": (MODEL, resolve),
    "topology.csv": (TOPOLOGY, resolve), "table.csv": ((CASES / "llm70b.csv").read_text(), resolve),
}  # fmt: skip
VALUES = (
    ".nan", ".inf", "-1", "0", "1.5", "99999999999999999999", "[]", "{}", "null", "true", "x", '""',
    "*a", "- 1", "1e400", "[1, 2, 3]",
)  # fmt: skip


def changed_text(text, rng):
    """One word replaced or dropped, a line dropped, or the end cut off."""
    word = rng.choice(list(re.finditer(r"[\w.]+", text)))
    how = rng.random()
    if how < 0.7:
        new = rng.choice(VALUES) if how < 0.5 else ""
        return text[: word.start()] + new + text[word.end() :]
    if how < 0.85:
        lines = text.splitlines()
        lines.pop(rng.randrange(len(lines)))
        return "\n".join(lines)
    return text[: rng.randrange(len(text))]


def changed_bytes(data, rng):
    out = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        end = min(len(out), 400) if rng.random() < 0.5 else len(out)
        out[rng.randrange(end)] = rng.randrange(256)
    return bytes(out[: rng.randrange(len(out))] if rng.random() < 0.2 else out)


@pytest.mark.parametrize(
    ("seed", "files"), [(1, 200), pytest.param(2, 3000, marks=pytest.mark.slow)]
)
def test_mutated_files(tmp_path, seed, files):
    rng = random.Random(seed)
    models = [p.read_bytes() for p in sorted(CASES.glob("*.onnx"))]
    refused = 0
    for _ in range(files):
        name = rng.choice([*DOCUMENTS, "model.onnx"])
        path, read = tmp_path / name, resolve
        if name == "model.onnx":
            pytest.importorskip("onnx", reason="the package onnx is not installed")
            path.write_bytes(changed_bytes(rng.choice(models), rng))
        else:
            text, read = DOCUMENTS[name]
            path.write_text(changed_text(text, rng))
        start = time.process_time()
        try:
            read(path)
        except ArchgymError:
            refused += 1
        assert time.process_time() - start < 10
    assert refused > files // 2
