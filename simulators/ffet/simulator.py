"""The block-PPA simulator: one design through the whole flow, on several placements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.contracts.evaluation import Evaluation
from archgym.contracts.explanation import Breakdown
from archgym.contracts.features import Features
from archgym.contracts.fidelity import Fidelity
from archgym.contracts.simulator import Simulator
from archgym.errors import ArchgymError, UnknownNameError
from archgym.kernels.threads import map_rows
from archgym.space import THREADS, Designs, Setting

from .calibration import FITTED, Calibration, calibrated
from .choices import Choices
from .floorplan import NoRoom
from .flow import Block, build
from .functions import REGISTER
from .metrics import METRICS, figures
from .netlist import Netlist, read_netlist
from .placements import Placements
from .sides import macro_fault, pin_sides
from .space import UTILIZATIONS, space, unbuildable
from .technology import MOST_LAYERS, STACKS, devices
from .technology import stack as stack_of
from .variants import OWN, best, load_variants

NETLISTS = Path(__file__).parents[2] / "scenarios" / "ffet"
MOST_ROUNDS = 8  # of timing-driven placement
ONE, BY_TARGET = "one", "by-target"
_ROOMY: dict[str, str | int | float] = {
    "technology": "ffet-3.5t", "front_layers": MOST_LAYERS, "back_layers": MOST_LAYERS,
    "back_pin_share": 0.5, "utilization": UTILIZATIONS[0], "aspect_ratio": 1.0,
    "target_frequency": 0.5, "vdd": 0.7, "overlay_nm": 0.0,
}  # fmt: skip
DEFAULTS = (
    {
        **_ROOMY,
        "back_layers": 0,
        "back_pin_share": 0.0,
        "utilization": 0.7,
        "target_frequency": 1.5,
    },
    _ROOMY,
    {**_ROOMY, "technology": "cfet-4t", "back_layers": 0, "back_pin_share": 0.0},
)


def netlist_names() -> list[str]:
    """The netlists that ship."""
    return sorted(p.stem for p in NETLISTS.glob("*.npz"))


def load_netlist(name: str) -> Netlist:
    """A shipped netlist by name, or one from a packed file.

    Args:
        name: a shipped netlist's name, or a path ending in ``.npz``.

    Returns:
        The netlist.

    Raises:
        UnknownNameError: neither.
        ArchgymError: a damaged file or an unsound netlist.
    """
    return read_netlist(packed(name))


def packed(name: str) -> Path:
    """The packed file of a netlist.

    Args:
        name: a shipped netlist's name, or a path ending in ``.npz``.

    Returns:
        Its path.

    Raises:
        UnknownNameError: neither.
    """
    if name in netlist_names():
        return NETLISTS / f"{name}.npz"
    if name.endswith(".npz"):
        return Path(name)
    raise UnknownNameError("netlist", name, netlist_names())


@dataclass(frozen=True)
class Built:
    """A design's blocks on its placements.

    Attributes:
        blocks: one per placement; none where the design cannot be built.
        activity: (nets,) toggles per cycle, by block.
        reason: why there are no blocks; empty where there are.
    """

    blocks: list[Block]
    activity: list[NDArray[np.float64]]
    reason: str = ""


class BlockPPASimulator(Simulator):
    """Block-level area, frequency and power of a netlist in FFET or CFET, by a physical-design flow.

    ``placements`` of different seeds are averaged, since one carries a noise of percents; more than
    ``drv_bound`` violations on average make a design infeasible.  ``stack`` names the metal (``gt2n``,
    ``virtual5``, or a CSV file of the same columns).
    """

    name = "ffet"
    version = "2.1"
    features_version = "sized 1"
    settings = (
        Setting("placements", "whole", 4, low=1, high=1024, description="placements averaged"),
        Setting("seed", "whole", 0, low=0, description="of the placer"),
        Setting("stack", "choice", "gt2n", tuple(STACKS), description="metal stack"),
        Setting("drv_bound", "number", 10.0, low=0.0, description="design-rule violations allowed"),
        Setting("calibration", "any", FITTED, description="fitted constants"),
        Setting(
            "timing_rounds",
            "whole",
            0,
            low=0,
            high=MOST_ROUNDS,
            description="placed again with heavier critical nets, times",
        ),
        Setting(
            "netlists",
            "choice",
            ONE,
            (ONE, BY_TARGET),
            description="one netlist, or of its variants the one that meets the target best",
        ),
        THREADS,
    )
    metrics = METRICS

    def __init__(
        self,
        workload: str = "picorv32",
        *,
        placements: int = 4,
        seed: int = 0,
        stack: str = "gt2n",
        drv_bound: float = 10.0,
        calibration: Mapping[str, float] | Calibration = FITTED,
        timing_rounds: int = 0,
        netlists: str = ONE,
        threads: int | None = None,
    ) -> None:
        if not isinstance(placements, int) or not 1 <= placements <= 1024:
            raise ArchgymError(f"placements is a whole number from 1 to 1024, got {placements!r}")
        if not drv_bound >= 0:
            raise ArchgymError(f"drv_bound must not be negative, got {drv_bound!r}")
        if not isinstance(timing_rounds, int) or not 0 <= timing_rounds <= MOST_ROUNDS:
            raise ArchgymError(
                f"timing_rounds is a whole number from 0 to {MOST_ROUNDS}, got {timing_rounds!r}"
            )
        if netlists not in (ONE, BY_TARGET):
            raise UnknownNameError("setting netlists", netlists, (ONE, BY_TARGET))
        self.netlist = load_netlist(workload)
        self.workload, self.workload_hash = workload, self.netlist.content_hash
        self.count, self.seed, self.stack, self.drv_bound = placements, seed, stack, drv_bound
        self.fitted, self.timing_rounds = calibrated(calibration), timing_rounds
        self.threads = threads
        self.space = space()
        self.netlists = {OWN: self.netlist}
        if netlists == BY_TARGET:
            self.netlists = load_variants(packed(workload), self.netlist)
        self._placements = {
            name: Placements(n, stack_of(stack).name, self.fitted, timing_rounds)
            for name, n in self.netlists.items()
        }
        self.placements = self._placements[OWN]
        self._taken: dict[Choices, str] = {}  # which netlist a design takes
        self._default: dict[str, str | int | float] | None = None
        if self.netlist.macros or len(self.netlists) > 1:
            self.features_version = ""  # type: ignore[misc]

    @staticmethod
    def workload_names() -> list[str]:
        """Every netlist that ships."""
        return netlist_names()

    @property
    def config(self) -> Mapping[str, Any]:
        """Everything that the answers depend on."""
        out: dict[str, Any] = {
            "placements": self.count, "seed": self.seed, "stack": self.stack,
            "drv_bound": self.drv_bound, "calibration": self.fitted.config,
        }  # fmt: skip
        if self.timing_rounds:  # an option: without it, keys are those of before there was one
            out["timing_rounds"] = self.timing_rounds
        if len(self.netlists) > 1:
            out["netlists"] = {name: n.content_hash for name, n in self.netlists.items() if name}
        return out

    @property
    def workload_features(self) -> Mapping[str, float]:
        """Cells, flip-flops and pins."""
        n = self.netlist
        return {
            "cells": float(len(n.function)),
            "flip_flops": float(REGISTER[n.function].sum()),
            "pins": float(len(n.pin_net)),
        }

    # ---- designs
    def choices(self, x: Designs) -> Choices:
        """One design in physical values.

        Args:
            x: (d,) value indices.

        Returns:
            The design.
        """
        v = [p.values[i] for p, i in zip(self.space.parameters, x.tolist())]
        tech, front, back, share, utilization, aspect, target, vdd, overlay = v
        return Choices(
            str(tech), int(front), int(back), float(share), float(utilization), float(aspect),  # type: ignore[arg-type]
            float(target), float(vdd), float(overlay),  # type: ignore[arg-type]
        )  # fmt: skip

    def default_design(self) -> dict[str, str | int | float]:
        """A design, knob by knob, that this netlist can be built in; found once, by trying.

        First a single-sided flip FET at a usual utilisation; then, with as much room as the space has, a
        flip FET routed on both sides and a CFET.  If none is feasible, the roomiest.
        """
        if self._default is None:
            for values in DEFAULTS:
                choices = self.choices(self.space.encode([values])[0])
                self._default = dict(values)
                if not self.measure(self.build(choices))[1]:
                    break
            else:
                self._default = dict(DEFAULTS[1])
        return dict(self._default)

    def canonical(self, x: Designs) -> Designs:
        """Misalignment does not matter to a CFET."""
        out = x.copy()
        flipped = np.array([d.flipped for d in devices().values()])
        out[~flipped[x[:, 0]], -1] = 0
        return out

    def fidelities(self) -> tuple[Fidelity, ...]:
        """The first placement alone, in place of the mean over all."""
        if self.count == 1:
            return ()
        rough = copy(self)  # netlists and placements are shared: what both need is placed once
        rough.count, rough._taken = 1, {}
        return (Fidelity("one-placement", 1 / self.count, rough, {}, "the first placement"),)

    def prepare(self) -> None:
        """Compile the kernels, on a small netlist."""
        small = BlockPPASimulator("mac16", placements=1, stack=self.stack, threads=1)
        for technology, back in (("cfet-4t", 0), ("ffet-3.5t", 12)):
            small.build(Choices(technology, back_layers=back, back_pin_share=0.5 if back else 0.0))

    # ---- evaluation
    def build_one(self, choices: Choices, seed: int) -> tuple[Block, NDArray[np.float64]]:
        """The block on one placement, and its nets' activities.

        Args:
            choices: the design.
            seed: of the placement.

        Returns:
            The block, and toggles per cycle of its nets (nets,).

        Raises:
            NoRoom: it cannot be legalised.
        """
        return self._build_one(choices, seed, self.taken(choices))

    def taken(self, choices: Choices) -> str:
        """The netlist that a design takes.

        Args:
            choices: the design.

        Returns:
            Its name in ``netlists``; "" for the workload's own.
        """
        if len(self.netlists) > 1 and choices not in self._taken:
            self.build(choices)
        return self._taken.get(choices, OWN)

    def _build_one(
        self, choices: Choices, seed: int, name: str
    ) -> tuple[Block, NDArray[np.float64]]:
        placed, activity = self._placements[name].get(
            choices.technology, choices.aspect_ratio, seed, choices.utilization
        )
        pins = pin_sides(placed, choices.back_pin_share)
        return build(placed, pins, choices, self.stack, self.fitted), activity

    def build(self, choices: Choices) -> Built:
        """Build the design on every placement.

        Args:
            choices: the design.

        Returns:
            The blocks, or why there are none; with several netlists, of the one that meets the target
            best.
        """
        if len(self.netlists) == 1:
            return self._build(choices, OWN)
        found = {name: self._build(choices, name) for name in self.netlists}
        measured = {name: self.measure(built) for name, built in found.items()}
        self._taken[choices] = best(measured, choices.target_ghz * 1e9)
        return found[self._taken[choices]]

    def _build(self, choices: Choices, name: str) -> Built:
        device = devices()[choices.technology]
        reason = unbuildable(
            device.dual_sided, choices.front_layers, choices.back_layers, choices.back_pin_share
        ) or macro_fault(self.netlist, choices.vdd, choices.back_layers)
        if reason:
            return Built([], [], reason)
        blocks, activity = [], []
        for seed in range(self.seed, self.seed + self.count):
            try:
                block, a = self._build_one(choices, seed, name)
            except NoRoom as error:
                return Built([], [], f"utilisation {choices.utilization}: {error}")
            blocks.append(block)
            activity.append(a)
        return Built(blocks, activity)

    def measure(self, built: Built) -> tuple[dict[str, float], str]:
        """Metrics of a design, as means over its placements.

        Args:
            built: of :meth:`build`.

        Returns:
            Metrics by name, and the reason where the design is infeasible; the metrics are then NaN.
        """
        if built.reason:
            return {m.name: np.nan for m in METRICS}, built.reason
        rows = [figures(b, a) for b, a in zip(built.blocks, built.activity)]
        mean = {name: float(np.mean([r[name] for r in rows])) for name in rows[0]}
        reached = [r["frequency"] for r in rows]
        spread = float(np.std(reached, ddof=1)) if len(rows) > 1 else 0.0
        mean["frequency_stderr"] = spread / len(rows) ** 0.5
        if mean["drv"] > self.drv_bound:
            why = (
                f"{mean['drv']:.0f} design-rule violations, at most {self.drv_bound:g}; overflow of "
                f"{mean['overflow_front']:.0f} tracks at the front, {mean['overflow_back']:.0f} at the back"
            )
            return {m.name: np.nan for m in METRICS}, why
        return {m.name: mean[m.name] for m in METRICS}, ""

    def _explain(self, x: Designs, evaluation: Evaluation) -> Iterable[Breakdown]:
        """The longest path by cells and wires, power by what switches, area by what fills the core."""
        from .explaining import Account, account, breakdowns

        accounts = [Account() for _ in x]
        for i in np.flatnonzero(evaluation.feasible):
            built = self.build(self.choices(self.canonical(x[i][None])[0]))
            accounts[i] = account(built.blocks, built.activity)
        return breakdowns(accounts, evaluation)

    def _features(self, x: Designs) -> Features:
        """Cells sized and timed on wires estimated from the first placement."""
        from .features import features

        rows = [self.choices(row) for row in self.canonical(x)]
        return features(self.placements, self.seed, rows, self.threads)

    def _evaluate(self, x: Designs) -> Evaluation:
        canonical = self.canonical(x)
        rows = map_rows(
            lambda r: self.measure(self.build(self.choices(r))), canonical, self.threads
        )
        reasons = [reason for _, reason in rows]
        metrics = {m.name: np.array([found[m.name] for found, _ in rows]) for m in METRICS}
        feasible = np.array([not r for r in reasons], np.bool_)
        return Evaluation(metrics, feasible, [] if feasible.all() else reasons)
