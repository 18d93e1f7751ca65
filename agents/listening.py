"""What an agent hears of designs that were paid for, as moves: explained, advised, several at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from archgym.contracts.evaluation import Floats
from archgym.contracts.feedback import Feedback
from archgym.space import Designs, DesignSpace

FADING = 0.8  # of the weight of a piece of advice to that of the one before it
LEAP = 0.2  # of moves that are made with others, at least; all of them far outside of specs
MOST = 6  # moves made at once
LONGER = 0.5  # chance that a step along a knob with room is doubled, each time


@dataclass
class Heard:
    """Moves from one design.

    Attributes:
        moves: (k, d), of explanations first.
        weights: (k,) by source: explanations, advice; 0 for moves of the other.
        guards: (k,) of moves that make room in specs that are met and close.
        far: how far outside of specs the design is, 0 to 1.
    """

    moves: Designs
    weights: dict[str, Floats]
    guards: Floats
    far: float


class Listener:
    """Feedback on designs, worked out where it is wanted and no earlier."""

    def __init__(self, space: DesignSpace, rng: np.random.Generator) -> None:
        self.space, self.rng = space, rng
        self._told: dict[bytes, tuple[Feedback, int]] = {}
        self._heard: dict[bytes, Heard | None] = {}
        # by knob: the longest step that may be doubled; none along categories
        self._room = np.where([p.kind == "ordinal" for p in space.parameters], space.nvec // 4, 0)

    def tell(self, x: Designs, feedback: Feedback) -> None:
        """Note what was paid for.

        Args:
            x: designs (n, d).
            feedback: on them.
        """
        for i, design in enumerate(x):
            self._told.setdefault(design.tobytes(), (feedback, i))

    def keep(self, designs: Iterable[Designs]) -> None:
        """Forget all other designs.

        Args:
            designs: (d,) each.
        """
        kept = {d.tobytes() for d in designs}
        self._told = {k: v for k, v in self._told.items() if k in kept}
        self._heard = {k: v for k, v in self._heard.items() if k in kept}

    def hear(self, design: Designs) -> Heard | None:
        """Moves from a design.

        Args:
            design: (d,) value indices.

        Returns:
            The moves; None where nothing was told of it.
        """
        key = design.tobytes()
        if key not in self._heard:
            told = self._told.pop(key, None)
            if told is None:
                return None
            self._heard[key] = self._worked_out(design, *told)
        return self._heard[key]

    def _worked_out(self, design: Designs, feedback: Feedback, row: int) -> Heard:
        relief = feedback.relieve(design, row)
        advised = feedback.advise(design, row)
        if len(advised) >= len(self.space):  # a simulator without advice names every neighbour
            advised = advised[:0]
        k, a = len(relief.moves), len(advised)
        worst = max((float(v[row]) for v in feedback.violations.values()), default=0.0)
        return Heard(
            np.concatenate([relief.moves, advised]),
            {
                "relief": np.concatenate([relief.weights, np.zeros(a)]),
                "advice": np.concatenate([np.zeros(k), FADING ** np.arange(a)]),
            },
            np.concatenate([relief.guards, np.zeros(a)]),
            worst / (1 + worst) if np.isfinite(worst) else 0.0,
        )

    def move(self, design: Designs, source: str) -> Designs | None:
        """A move from a design, now and then with others on top of it.

        The farther the design is outside of specs, the likelier are several at once: one alone cannot mend
        what many parts add up to.

        Args:
            design: (d,) value indices.
            source: ``relief`` or ``advice``.

        Returns:
            A design (d,); None where the source has nothing to say.
        """
        heard = self.hear(design)
        if heard is None or not heard.weights[source].any():
            return None
        weights = heard.weights[source]
        at = int(self.rng.choice(len(weights), p=weights / weights.sum()))
        out = self._longer(design, heard.moves[at])
        if self.rng.random() < max(heard.far, LEAP):
            out = self._with_others(design, out, heard)
        return out

    def _longer(self, design: Designs, moved: Designs) -> Designs:
        """A step along a knob of many values, doubled at random: single steps there change little."""
        changed = np.flatnonzero(design != moved)
        if len(changed) != 1:
            return moved
        column = int(changed[0])
        step, size = int(moved[column] - design[column]), int(self.space.nvec[column])
        while 2 * abs(step) <= self._room[column] and self.rng.random() < LONGER:
            step *= 2
        out = moved.copy()
        out[column] = np.clip(design[column] + step, 0, size - 1)
        # a longer step may break a constraint that the short one keeps
        return out if self.space.is_valid(out[None])[0] else moved

    def _with_others(self, design: Designs, first: Designs, heard: Heard) -> Designs:
        """More moves on top of one, as long as they do not touch the same knobs."""
        weights = sum(w / max(float(w.sum()), 1e-300) for w in heard.weights.values())
        weights = weights + heard.guards
        more = int(self.rng.integers(1, MOST))
        order = np.argsort(self.rng.exponential(size=len(weights)) / np.maximum(weights, 1e-300))
        out = first.copy()
        for at in order[: int((weights > 0).sum())]:
            moved = self._longer(design, heard.moves[at])
            changed = moved != design
            if not (changed & (out != design)).any():
                out[changed] = moved[changed]
                more -= 1
            if more == 0:
                break
        return self.space.repair(out[None], self.rng)[0]
