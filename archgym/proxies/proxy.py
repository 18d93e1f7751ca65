"""A proxy: a regressor of all metrics, one of feasibility, calibrated intervals, a measure of shift.

On disk a folder: ``proxy.json`` (what it is) and ``arrays-….npz`` (all numbers).  Loading runs no
code from it.
"""

from __future__ import annotations

import hashlib
import io
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
from ..documents import read_json
from ..errors import StoreError
from ..files.arrays import read_arrays
from ..files.text import write_bytes, write_json
from ..space import Designs
from .features import FeatureMap
from .prediction import Prediction
from .rows import ProxyError, Rows

FORMAT, DESCRIPTION = 3, "proxy.json"
LEVEL = 0.9
REFERENCE_ROWS = 4000


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
        logarithmic: names of metrics whose logarithm is learnt.
        scores: (m, calibration rows) sorted conformal scores, |error| / spread.
        reference: (r, p) features of training rows.
        distance: the scale of the shift, a distance between features.
        classifier: of feasibility; None where all training rows are feasible.
        rows: what it was trained on, thinned where large, to learn on from; None if not kept.
        facts: what else is known of the training.
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

    @cached_property
    def features(self) -> FeatureMap:
        """How designs become features."""
        return FeatureMap(self.description.space, self.workloads, self.description.workloads)

    @cached_property
    def _neighbours(self) -> Any:
        from scipy.spatial import cKDTree

        return cKDTree(self.reference)

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of the metrics it predicts."""
        return tuple(m.name for m in self.description.metrics)

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
        features = self.features(designs, self._position(workload))
        centre, spread = self.regressor.predict(features)
        mean, low, high = {}, {}, {}
        for i, name in enumerate(self.metrics):
            half = conformal_quantile(self.scores[i], level) * spread[:, i]
            mean[name] = self._unscaled(i, centre[:, i])
            low[name] = self._unscaled(i, centre[:, i] - half)
            high[name] = self._unscaled(i, centre[:, i] + half)
        chance = np.ones(len(designs))
        if self.classifier is not None:
            chance = np.clip(self.classifier.mean(features)[:, 0], 0, 1)
        return Prediction(mean, low, high, chance, self.shift(features))

    def shift(self, features: Floats) -> Floats:
        """How far rows lie from what the proxy was trained on.

        Args:
            features: (n, p), as :attr:`features` makes them of designs.

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
        features = self.features(x, self._position(workload))
        centre = self.regressor.mean(features)
        out = {name: self._unscaled(i, centre[:, i]) for i, name in enumerate(self.metrics)}
        chance = np.ones(len(x))
        if self.classifier is not None:
            chance = self.classifier.mean(features)[:, 0]
        return out, chance

    def _unscaled(self, i: int, value: Floats) -> Floats:
        """From what the regressor gives to a metric in its unit."""
        value = self.centre[i] + self.scale[i] * value
        return np.exp(np.clip(value, -200, 200)) if self.metrics[i] in self.logarithmic else value

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
            Designs (n, d) and their evaluation; None where rows were not kept.
        """
        if self.rows is None:
            return None
        rows = self.rows.of_workload(self.named(simulator))
        return rows.x, Evaluation(rows.metrics, rows.feasible)

    def named(self, simulator: Simulator) -> str:
        """What the proxy calls the workload of a simulator.

        Args:
            simulator: one that the proxy was trained on.

        Returns:
            The workload's name; where there is one workload alone, that one's.
        """
        return simulator.workload if len(self.workloads) > 1 else self.workloads[0]

    # ---- on disk
    @cached_property
    def digest(self) -> str:
        """A digest of everything that :meth:`save` writes."""
        return _digest(self._document(), self._arrays())

    def _document(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "model": self.model,
            "keys": list(self.keys),
            "workloads": list(self.workloads),
            "logarithmic": list(self.logarithmic),
            "hyperparameters": self.regressor.hyper,
            "classifier": self.classifier is not None,
            "description": json.loads(self.description.to_bytes()),
            "facts": dict(self.facts),
        }

    def _arrays(self) -> dict[str, NDArray[Any]]:
        out: dict[str, NDArray[Any]] = {
            "reference": self.reference,
            "distance": np.array([self.distance]),
            "centre": self.centre,
            "scale": self.scale,
            "scores": self.scores,
        }
        out |= {f"regressor/{k}": v for k, v in self.regressor.arrays().items()}
        if self.classifier is not None:
            out |= {f"classifier/{k}": v for k, v in self.classifier.arrays().items()}
        if self.rows is not None:
            out |= {f"rows/{k}": v for k, v in self.rows.arrays().items()}
        return out

    def save(self, folder: Path) -> None:
        """Write the proxy as numbers.

        A proxy that was there stays whole until ``proxy.json``, the last file, is written.

        Args:
            folder: where to; it is made if it is missing.

        Raises:
            StoreError: the folder cannot be written.
        """
        arrays = self._arrays()
        buffer = io.BytesIO()
        named: dict[str, Any] = {k.replace("/", "|"): v for k, v in arrays.items()}
        np.savez_compressed(buffer, **named)
        file = f"arrays-{self.digest[:16]}.npz"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"cannot write {folder}: {error.strerror}; free some space and train again"
            ) from error
        write_bytes(folder / file, buffer.getvalue())
        write_json(
            folder / DESCRIPTION, {**self._document(), "digest": self.digest, "arrays": file}
        )
        for old in folder.glob("arrays-*.npz"):  # of a proxy that this one replaces
            if old.name != file:
                old.unlink(missing_ok=True)

    @classmethod
    def load(cls, folder: Path) -> Proxy:
        """Read a proxy from what :meth:`save` wrote; nothing in its folder is executed.

        Args:
            folder: what :meth:`save` wrote.

        Returns:
            The proxy.

        Raises:
            ProxyError: no proxy, another format, or numbers that are not those that were saved.
        """
        path = folder / DESCRIPTION
        try:
            document = read_json(path)
            if document.get("format") != FORMAT:
                raise ProxyError(
                    f"{folder} is of format {document.get('format')}, this version reads {FORMAT}; train it again"
                )
            name = str(document.pop("arrays", ""))
            if name != Path(name).name or not name.endswith(".npz"):
                raise ProxyError(f"{folder}: {name!r} is no name of an array file")
            found = read_arrays(folder / name)
            arrays = {k.replace("|", "/"): v for k, v in found.items()}
        except FileNotFoundError:
            raise ProxyError(
                f"{folder} holds no proxy (no {DESCRIPTION}, or its arrays are missing); archgym train"
            ) from None
        except StoreError as error:
            raise ProxyError(f"{error}; train it again") from error
        saved = document.pop("digest", None)
        if _digest(document, arrays) != saved:
            raise ProxyError(
                f"{folder}: {DESCRIPTION} or its arrays are not what was saved (the digest differs); "
                "train it again"
            )
        description = Description.from_bytes(
            json.dumps(document["description"]).encode(), str(path)
        )
        make = registry.load("cost_models", document["model"], registered_only=True)
        names = tuple(document["workloads"]), tuple(document["keys"])
        return cls(
            description=description,
            model=document["model"],
            keys=names[1],
            workloads=names[0],
            regressor=_restored(make, document["hyperparameters"], _under("regressor/", arrays)),
            centre=arrays["centre"],
            scale=arrays["scale"],
            logarithmic=tuple(document["logarithmic"]),
            scores=arrays["scores"],
            reference=arrays["reference"],
            distance=float(arrays["distance"][0]),
            classifier=_restored(make, {}, _under("classifier/", arrays))
            if document["classifier"]
            else None,
            rows=Rows.restored(description, _under("rows/", arrays), *names),
            facts=document["facts"],
        )


def require_trained_on(proxy: Proxy, simulator: Simulator) -> None:
    """Refuse a proxy of another space, simulator, setting or workload.

    Args:
        proxy: who would answer.
        simulator: whose place it would take.

    Raises:
        ProxyError: says which.
    """
    if proxy.description.space.parameters != simulator.space.parameters:
        raise ProxyError(
            f"the proxy was trained on another design space than that of simulator {simulator.name!r}"
        )
    if simulator.key not in proxy.keys:
        raise ProxyError(
            f"the proxy was trained on other data than simulator {simulator.name!r} {simulator.version} "
            f"gives on workload {simulator.workload!r} with these settings; train one on this"
        )
    names = [m.name for m in simulator.metrics]
    if list(proxy.metrics) != names:
        raise ProxyError(f"the proxy predicts {list(proxy.metrics)}, the simulator gives {names}")


def conformal_quantile(scores: Floats, level: float) -> float:
    """The score that a fresh one does not exceed with a probability (split conformal, Vovk et al. 2005).

    Args:
        scores: of designs kept aside, (n,).
        level: the probability.

    Returns:
        The ceil((n + 1) level)-th of the sorted scores; +inf where n is too small.
    """
    k = int(np.ceil((len(scores) + 1) * level))
    return float(scores[k - 1]) if k <= len(scores) else float("inf")


def _under(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {k[len(prefix) :]: v for k, v in arrays.items() if k.startswith(prefix)}


def _restored(
    make: type[CostModel], hyper: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
) -> CostModel:
    model = make(**hyper)
    model.restore(arrays)
    return model


def _digest(document: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> str:
    digest = hashlib.sha256(json.dumps(document, sort_keys=True, default=str).encode())
    for name in sorted(arrays):
        digest.update(
            name.encode() + str(arrays[name].dtype).encode() + str(arrays[name].shape).encode()
        )
        digest.update(np.ascontiguousarray(arrays[name]).tobytes())
    return digest.hexdigest()[:32]
