"""Settings that the accelerator and the mapping simulator share: how tiles and networks are read."""

from __future__ import annotations

from archgym.space import Setting

from .layout import REUSE

READING = (
    Setting("reuse", "choice", "physical", REUSE, description="the convention of tile reuse"),
    Setting("dims", "any", "", description="sizes of an ONNX model's axes: batch=8,sequence=128"),
    Setting(
        "partial",
        "switch",
        False,
        description="take a model of which some products are not read",
    ),
    Setting(
        "output_bits",
        "whole",
        0,
        low=0,
        high=1024,
        unit="",
        description="width of finished outputs in bits (0: that of sums)",
    ),
)
