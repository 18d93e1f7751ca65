"""A proxy: a regressor of all metrics, one of feasibility, calibrated intervals, a measure of shift."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import registry
from ..contracts.cost_model import CostModel
from ..contracts.evaluation import Evaluation, Floats
from ..contracts.simulator import Simulator
from ..datasets.schema import Description
from ..space import Designs
from .departures import Departures
from .features import FeatureMap
from .folder import DESCRIPTION, OF_KNOBS, SHRUNK, STRUCTURAL, digest_of, read, under, write
from .prediction import LEVEL, Prediction, conformal_quantile
from .rows import ProxyError, Rows
from .shrinking import Shrinking
from .structure import Structure

REFERENCE_ROWS = 4000
LARGEST_LOGARITHM = 200.0


@dataclass(frozen=True)
class Proxy:
    """A regressor of metrics, trained on rows of a simulator, with calibrated intervals.

    The regressor learns each metric (or its logarithm) less ``centre``, over ``scale``.

    Attributes:
        description: space, metrics and workloads.
        model: name of the cost model.
        keys: of the simulators whose answers were learnt.
        workloads: names, in the order of their features.
        regressor: of all metrics.
        centre: (m,) what is taken from each metric.
        scale: (m,) what each is then divided by.
        logarithmic: names of metrics whose logarithm is learnt, over the simulator's estimate where it has one.
        scores: (m, calibration rows) sorted conformal scores, |error| / spread.
        reference: (r, p) features of training rows.
        distance: the scale of the shift, a distance between features.
        classifier: of feasibility; None where all training rows are feasible.
        rows: what it was trained on, thinned where large, to learn on from; None if not kept.
        facts: what else is known of the training.
        structure: which features of a simulator it sees, and their scales; None: knobs alone.
        shrinking: how far it departs from scaled estimates; None: as far as the regressor says.
        departures: of metrics with an estimate that are not logarithms; None if there are none.
        simulators: whose features it answers with, by workload; :meth:`bound` sets them, no folder does.
    """

    description: Description
    model: str
    keys: tuple[str, ...]
    workloads: tuple[str, ...]
    regressor: CostModel
    centre: Floats
    scale: Floats
    logarithmic: tuple[str, ...]
    scores: Floats
    reference: Floats
    distance: float
    classifier: CostModel | None = None
    rows: Rows | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    structure: Structure | None = None
    shrinking: Shrinking | None = None
    departures: Departures | None = None
    simulators: Mapping[str, Simulator] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def features(self) -> FeatureMap:
        """How knobs become features, and workloads where no simulator describes them."""
        workloads = self.workloads if self.structure is None else ()
        return FeatureMap(self.description.space, workloads, self.description.workloads)

    @cached_property
    def _neighbours(self) -> Any:
        from scipy.spatial import cKDTree

        return cKDTree(self.reference)

    @cached_property
    def metrics(self) -> tuple[str, ...]:
        """Names of the metrics it predicts."""
        return tuple(m.name for m in self.description.metrics)

    @cached_property
    def estimated(self) -> tuple[str, ...]:
        """Metrics that are learnt as the logarithm of their ratio to an estimate."""
        given = () if self.structure is None else self.structure.estimates
        return tuple(m for m in self.logarithmic if m in given)

    @cached_property
    def _exponents(self) -> NDArray[np.intp] | slice:
        """Rows of the table of metrics that are logarithms; a slice where all are, which is quicker."""
        found = [i for i, m in enumerate(self.metrics) if m in self.logarithmic]
        return slice(None) if len(found) == len(self.metrics) else np.array(found, np.intp)

    # ---- whose features it sees
    def bound(self, *simulators: Simulator) -> Proxy:
        """This proxy, with the simulators whose features it answers by.

        Args:
            simulators: one a workload, which may be one that it did not learn from.

        Returns:
            The proxy; itself where knobs alone tell it everything.

        Raises:
            ProxyError: features of another simulator or of another version.
        """
        if self.structure is None:
            return self
        for simulator in simulators:
            self.structure.require(simulator)
        return dataclasses.replace(self, simulators={s.workload: s for s in simulators})

    def _simulator(self, workload: str) -> Simulator:
        """Whose features tell of a workload's designs."""
        if workload in self.simulators:
            return self.simulators[workload]
        if len(self.simulators) == 1 and not workload:
            return next(iter(self.simulators.values()))
        assert self.structure is not None
        raise ProxyError(
            f"the proxy learnt from features of simulator {self.structure.simulator!r} and has none for "
            f"workload {workload or self.workloads[0]!r}: give it that simulator, proxy.bound(simulator)"
        )

    def columns(self, x: Designs, workload: str = "") -> tuple[Floats, Mapping[str, Floats]]:
        """What the models see of designs.

        Args:
            x: designs (n, d) of the space; they are not checked.
            workload: its name, where there are several.

        Returns:
            Features (n, p), and estimates of metrics, (n,) each.

        Raises:
            ProxyError: a workload that it was not trained on, or whose simulator it lacks.
        """
        if self.structure is None:
            return self.features(x, self._position(workload)), {}
        table, estimates = self.structure.of_designs(self._simulator(workload), x)
        return np.concatenate([self.features(x), table], axis=1), estimates

    # ---- answering
    def predict(self, x: Designs, workload: str = "", level: float = LEVEL) -> Prediction:
        """Predict designs with intervals.

        Args:
            x: designs (n, d) of the space.
            workload: its name, where the proxy was trained on several.
            level: the share of fresh designs that the intervals hold.

        Returns:
            Means, both ends of each interval, chances of feasibility and shifts, (n,) each.

        Raises:
            DesignError: a design outside of the space.
            ProxyError: a workload that it was not trained on.
        """
        designs = self.description.space.check(x)
        features, estimates = self.columns(designs, workload)
        centre, spread = self.regressor.predict(features)
        if self.shrinking is not None:
            centre = self.shrinking(centre)
        half = conformal_quantile(self.scores, level) * spread
        chance = np.ones(len(designs))
        if self.classifier is not None:
            chance = np.clip(self.classifier.mean(features)[:, 0], 0, 1)
        ends = np.concatenate([centre, centre - half, centre + half])
        thrice = {name: np.tile(rough, 3) for name, rough in estimates.items()}
        found = self._unscaled(ends, thrice)
        n = len(designs)
        mean, low, high = ({m: v[k : k + n] for m, v in found.items()} for k in (0, n, 2 * n))
        return Prediction(mean, low, high, chance, self.shift(features))

    def shift(self, features: Floats) -> Floats:
        """How far rows lie from what the proxy was trained on.

        Args:
            features: (n, p), as :meth:`columns` makes them of designs.

        Returns:
            (n,): the distance to the nearest training row over the distance that 95 % of fresh rows
            keep. Beyond 1 a row is unusual.
        """
        nearest, _ = self._neighbours.query(features, workers=1)
        return np.asarray(nearest) / self.distance

    def means(self, x: Designs, workload: str = "") -> tuple[dict[str, Floats], Floats]:
        """Means and chances alone: the fast path of a search.

        Args:
            x: designs (n, d) of the space; they are not checked.
            workload: its name, where the proxy was trained on several.

        Returns:
            Means by metric, (n,) each, and chances of feasibility, (n,).
        """
        features, estimates = self.columns(x, workload)
        values = self.regressor.mean(features)
        if self.shrinking is not None:
            values = self.shrinking(values)
        out = self._unscaled(values, estimates)
        chance = np.ones(len(x))
        if self.classifier is not None:
            chance = self.classifier.mean(features)[:, 0]
        return out, chance

    def _unscaled(self, values: Floats, estimates: Mapping[str, Floats]) -> dict[str, Floats]:
        """From what the regressor gives, (n, m), to metrics in their units, (n,) each."""
        table = np.ascontiguousarray((self.centre + self.scale * values).T)
        if self.logarithmic:
            found = table[self._exponents]
            np.maximum(found, -LARGEST_LOGARITHM, out=found)
            np.minimum(found, LARGEST_LOGARITHM, out=found)
            table[self._exponents] = np.exp(found, out=found)
        out = dict(zip(self.metrics, table))
        for name in self.estimated:
            out[name] = out[name] * estimates[name]
        return out if self.departures is None else self.departures.restore(out, estimates)

    def _position(self, workload: str) -> int:
        if len(self.workloads) < 2:
            return 0
        if workload not in self.workloads:
            raise ProxyError(
                f"the proxy was trained on the workloads {list(self.workloads)}, not on {workload!r}"
            )
        return self.workloads.index(workload)

    def training_rows(self, simulator: Simulator) -> tuple[Designs, Evaluation] | None:
        """Designs that the proxy was trained on, with the simulator's evaluation.

        Args:
            simulator: whose workload is meant.

        Returns:
            Designs (n, d) and their evaluation; None where rows were not kept, or are none of that workload.
        """
        name = self.named(simulator)
        if self.rows is None or name not in self.rows.workloads:
            return None
        rows = self.rows.of_workload(name)
        return rows.x, Evaluation(rows.metrics, rows.feasible)

    def named(self, simulator: Simulator) -> str:
        """What the proxy calls the workload of a simulator.

        Args:
            simulator: one that the proxy was trained on, or whose features it can see.

        Returns:
            The workload's name; where there is one workload alone, that one's.
        """
        several = len(self.workloads) > 1 or self.structure is not None
        return simulator.workload if several else self.workloads[0]

    # ---- on disk
    @cached_property
    def digest(self) -> str:
        """A digest of everything that :meth:`save` writes."""
        return digest_of(self._document(), self._arrays())

    def _document(self) -> dict[str, Any]:
        structure = {} if self.structure is None else {"structure": self.structure.document()}
        of_structure = STRUCTURAL if self.shrinking is None else SHRUNK
        return {
            "format": of_structure if structure else OF_KNOBS,
            "model": self.model,
            "keys": list(self.keys),
            "workloads": list(self.workloads),
            "logarithmic": list(self.logarithmic),
            "hyperparameters": self.regressor.hyper,
            "classifier": self.classifier is not None,
            "description": json.loads(self.description.to_bytes()),
            "facts": dict(self.facts),
            **structure,
        }

    def _arrays(self) -> dict[str, NDArray[Any]]:
        out: dict[str, NDArray[Any]] = {
            "reference": self.reference,
            "distance": np.array([self.distance]),
            "centre": self.centre,
            "scale": self.scale,
            "scores": self.scores,
        }
        parts = ("regressor", "classifier", "rows", "structure", "shrinking", "departures")
        for name in parts:
            part = getattr(self, name)
            if part is not None:
                out |= {f"{name}/{k}": v for k, v in part.arrays().items()}
        return out

    def save(self, folder: Path) -> None:
        """Write the proxy as numbers; see :func:`.folder.write`.

        Args:
            folder: where to; it is made if it is missing.

        Raises:
            StoreError: the folder cannot be written.
        """
        write(folder, self._document(), self._arrays())

    @classmethod
    def load(cls, folder: Path) -> Proxy:
        """Read a proxy from what :meth:`save` wrote; nothing in its folder is executed.

        Args:
            folder: what :meth:`save` wrote.

        Returns:
            The proxy, with no simulators bound.

        Raises:
            ProxyError: no proxy, another format, or numbers that are not those that were saved.
        """
        document, arrays = read(folder)
        description = Description.from_bytes(
            json.dumps(document["description"]).encode(), str(folder / DESCRIPTION)
        )
        make = registry.load("cost_models", document["model"], registered_only=True)
        names = tuple(document["workloads"]), tuple(document["keys"])
        words, structure = document.get("structure"), None
        if words is not None:
            structure = Structure.restored(words, under("structure/", arrays))
        classifier = None
        if document["classifier"]:
            classifier = _restored(make, {}, under("classifier/", arrays))
        return cls(
            description=description,
            model=document["model"],
            keys=names[1],
            workloads=names[0],
            regressor=_restored(make, document["hyperparameters"], under("regressor/", arrays)),
            centre=arrays["centre"],
            scale=arrays["scale"],
            logarithmic=tuple(document["logarithmic"]),
            scores=arrays["scores"],
            reference=arrays["reference"],
            distance=float(arrays["distance"][0]),
            classifier=classifier,
            rows=Rows.restored(description, under("rows/", arrays), *names),
            facts=document["facts"],
            structure=structure,
            shrinking=Shrinking.restored(under("shrinking/", arrays)),
            departures=Departures.restored(under("departures/", arrays)),
        )


def _restored(
    make: type[CostModel], hyper: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
) -> CostModel:
    model = make(**hyper)
    model.restore(arrays)
    return model
