"""What limits proxies of accelerators: rows of networks or of layers, and the mapper's unfinished search.

    python benchmarks/bench_layers.py seen [--rows 20000] [--fresh 2000] [--space eyeriss] [--kept FILE]
    python benchmarks/bench_layers.py unseen [--rows 500] [--networks alexnet-conv resnet18 …]
    python benchmarks/bench_layers.py search [--rows 200] [--efforts 2800 6400 64000]

``seen`` learns designs of one network, ``unseen`` those of all networks but one, each in two ways. Rows of
networks see features summed over layers, as proxies do. Rows of layers see each layer's own features, and
what they say of layers is summed. ``search`` compares the mapper with itself at other efforts: what a proxy
learns at one effort holds that much of an unfinished search.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from archgym.simulators.accelerator.layers import Network
from archgym.simulators.accelerator.mapper import Found
from archgym.simulators.accelerator.network_features import Shapes
from archgym.simulators.accelerator.simulator import AcceleratorSimulator
from common import show
from numpy.typing import NDArray

from archgym import registry
from archgym.contracts.evaluation import Floats
from archgym.contracts.features import Features
from archgym.proxies.features import FeatureMap
from archgym.proxies.structure import Structure
from archgym.space import Designs

NETWORKS = ("alexnet-conv", "resnet18", "vgg16", "vit-b", "bert-base")
UNITS = {"energy": 1e-12, "cycles": 1.0}  # of what mappings cost


@dataclass(frozen=True)
class Rows:
    """Designs of one network, mapped.

    Attributes:
        simulator: of the network.
        shapes: its different layers, and how often each occurs.
        x: designs (n, d).
        truth: by metric, of one occurrence of each layer, (n, s); NaN where a layer has no mapping.
    """

    simulator: AcceleratorSimulator
    shapes: Shapes
    x: Designs
    truth: dict[str, Floats]

    def take(self, where: slice | NDArray[np.bool_]) -> Rows:
        """Some of the rows."""
        return replace(self, x=self.x[where], truth={m: v[where] for m, v in self.truth.items()})

    def total(self, metric: str) -> Floats:
        """The network's metric, (n,)."""
        return np.asarray(self.truth[metric] @ self.shapes.times)

    def of_layers(self) -> list[Features]:
        """Features of each layer alone."""
        out = []
        for layer in self.shapes.layers:
            alone = Network(layer.name, (replace(layer, count=1),))
            space = self.simulator.hardware.name
            out.append(AcceleratorSimulator(alone, space=space).features(self.x))
        return out


def mapped(
    network: str, space: str, n: int, seed: int, kept: Path | None = None, effort: int = 3200
) -> Rows:
    """Rows of n designs that work, drawn uniformly; those of ``kept``, if it is there."""
    simulator = AcceleratorSimulator(network, space=space, effort=effort, threads=1)
    shapes = Shapes.of(simulator.network)
    if kept is not None and kept.exists():
        with np.load(kept) as file:
            rows = Rows(simulator, shapes, file["x"], {m: file[m] for m in UNITS})
    else:
        x = simulator.space.sample(n, np.random.default_rng(seed))
        rows = Rows(simulator, shapes, x, mappings_of(simulator, shapes, x))
        if kept is not None:
            np.savez(kept, x=x, **rows.truth)
    return rows.take(np.isfinite(rows.total("energy"))).take(slice(n))


def mappings_of(simulator: AcceleratorSimulator, shapes: Shapes, x: Designs) -> dict[str, Floats]:
    """What each layer costs on each design, by metric, (n, s)."""
    places = {layer.shape: k for k, layer in enumerate(shapes.layers)}
    out = {m: np.full((len(x), len(places)), np.nan) for m in UNITS}
    for i, design in enumerate(x):
        for layer, found in simulator.mappings(design):
            if isinstance(found, Found):
                k = places[layer.shape]
                out["energy"][i, k] = UNITS["energy"] * found.cost.energy_pj
                out["cycles"][i, k] = found.cost.cycles
    return out


def joined(parts: Sequence[Features]) -> Features:
    """Features one below the other."""
    estimates = {m: np.concatenate([p.estimates[m] for p in parts]) for m in parts[0].estimates}
    return Features(parts[0].names, np.concatenate([p.values for p in parts]), estimates)


def learnt(
    knobs: Floats, features: Features, ratio: Floats, fresh_knobs: Floats, fresh: Features
) -> Floats:
    """What the default model says of ratios to the estimate of fresh rows."""
    structure = Structure.of(AcceleratorSimulator("alexnet-conv"), features)
    model = registry.load("cost_models", "gradient_boosting")()
    centre, scale = ratio.mean(), ratio.std()
    table = np.concatenate([knobs, structure.table(features)], axis=1)
    model.fit(table, ((ratio - centre) / scale)[:, None])
    asked = np.concatenate([fresh_knobs, structure.table(fresh)], axis=1)
    return np.asarray(centre + scale * model.mean(asked)[:, 0])


def judged(truth: Floats, said: Floats) -> dict[str, str]:
    """Errors as the study gives them."""
    error = said - truth
    return {
        "RMSE / mean": f"{np.sqrt(np.mean(error**2)) / truth.mean():.1%}",
        "median error": f"{np.median(np.abs(error) / truth):.1%}",
        "RMSE of log": f"{np.sqrt(np.mean(np.log(said / truth) ** 2)):.1%}",
    }


def compare(known: Sequence[Rows], fresh: Rows) -> list[dict[str, str]]:
    """Estimates alone, rows of networks, and rows of layers, of one network's fresh rows."""
    of_space = FeatureMap(fresh.simulator.space)
    knobs = np.concatenate([of_space(r.x) for r in known])
    wholes, whole = (
        joined([r.simulator.features(r.x) for r in known]),
        fresh.simulator.features(fresh.x),
    )
    by_layer = [r.of_layers() for r in known]
    parts, own = joined([f for of in by_layer for f in of]), fresh.of_layers()
    layer_knobs = np.concatenate([np.tile(of_space(r.x), (len(r.shapes.layers), 1)) for r in known])
    asked = of_space(fresh.x)
    out = []
    for metric in UNITS:
        truth = fresh.total(metric)
        ratio = np.log(np.concatenate([r.total(metric) for r in known]) / wholes.estimates[metric])
        said = {"estimate alone": np.exp(np.median(ratio)) * whole.estimates[metric]}
        found = learnt(knobs, wholes, ratio, asked, whole)
        said["networks"] = np.exp(found) * whole.estimates[metric]
        every = np.concatenate([r.truth[metric].T.reshape(-1) for r in known])
        ratio = np.log(every / parts.estimates[metric])
        many = len(own)
        found = learnt(layer_knobs, parts, ratio, np.tile(asked, (many, 1)), joined(own))
        of_layer = np.exp(found) * joined(own).estimates[metric]
        said["layers"] = fresh.shapes.times @ of_layer.reshape(many, -1)
        about = {"network": fresh.simulator.workload, "metric": metric}
        out += [about | {"rows of": kind} | judged(truth, v) for kind, v in said.items()]
    return out


def searches(space: str, n: int, efforts: Sequence[int]) -> list[dict[str, str]]:
    """Metrics at the default effort against those of other efforts."""
    usual, out = mapped("alexnet-conv", space, n, 0), []
    for effort in efforts:
        other = mappings_of(
            AcceleratorSimulator("alexnet-conv", space=space, effort=effort, threads=1),
            usual.shapes, usual.x,
        )  # fmt: skip
        for metric in UNITS:
            found = other[metric] @ usual.shapes.times
            row = {"effort": f"{effort:,}", "metric": metric}
            row["mean of log"] = f"{np.log(found / usual.total(metric)).mean():.1%}"
            out.append(row | judged(found, usual.total(metric)))
    return out


def main() -> None:
    """Print one of three tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true")
    parser.add_argument("what", choices=("seen", "unseen", "search"))
    parser.add_argument("--rows", type=int, help="designs learnt, of each network; or compared")
    parser.add_argument("--fresh", type=int, default=2000, help="designs asked about")
    parser.add_argument("--space", default="archgym-timeloop")
    parser.add_argument("--networks", nargs="+", default=NETWORKS)
    parser.add_argument("--efforts", nargs="+", type=int, default=[2800, 6400, 64_000])
    parser.add_argument("--effort", type=int, default=3200, help="of the truth of ``seen``")
    parser.add_argument("--kept", type=Path, help="file of mapped rows of ``seen``, or where to")
    given = parser.parse_args()
    if given.what == "search":
        found = searches(given.space, given.rows or 200, given.efforts)
    elif given.what == "seen":
        n = given.rows or 20_000
        rows = mapped("alexnet-conv", given.space, n + given.fresh, 0, given.kept, given.effort)
        found = compare([rows.take(slice(n))], rows.take(slice(n, None)))
    else:
        every = [mapped(w, given.space, given.rows or 500, k) for k, w in enumerate(given.networks)]
        found = [
            row for k, left in enumerate(every) for row in compare(every[:k] + every[k + 1 :], left)
        ]
    show(f"accelerators by layer, {given.what}, {given.space}", found, given.json)


if __name__ == "__main__":
    main()
