"""Simulators at the edges of the contract: what is left of a study when there is hardly anything to study."""

import numpy as np

from archgym import DesignSpace, Evaluation, Metric, Simulator, categorical, ordinal


class _Degenerate(Simulator):
    version = "1"
    metrics = (Metric("slack", "s", "time left"),)
    space = DesignSpace((ordinal("size", (1, 2, 4, 8)), categorical("kind", ("a", "b", "c"))))

    def __init__(self, workload="w"):
        self.workload = str(workload)

    def values(self, x):
        """The first metric, (n,)."""
        return 1e-9 * (1.0 + x.sum(axis=1))

    def _evaluate(self, x):
        values = np.asarray(self.values(x), float)
        return Evaluation({m.name: values for m in self.metrics}, np.ones(len(x), bool))


class OneMetric(_Degenerate):
    name = "one_metric"


class Zero(_Degenerate):
    name = "zero"
    metrics = (Metric("misses", "", "counted"), Metric("area", "m2"))

    def values(self, x):
        return np.zeros(len(x))


class Negative(_Degenerate):
    name = "negative"
    metrics = (Metric("slack", "s", "time left"), Metric("area", "m2"))

    def values(self, x):
        return -1e-9 * (1.0 + x.sum(axis=1))


class Signed(_Degenerate):
    name = "signed"
    metrics = (Metric("slack", "s", "time left", signed=True), Metric("area", "m2", signed=True))

    def values(self, x):
        return 1e-9 * (x.sum(axis=1) - 2.0)


class OneDesign(_Degenerate):
    name = "one_design"
    metrics = (Metric("latency", "s"), Metric("energy", "J"))
    space = DesignSpace((ordinal("size", (4,)), categorical("kind", ("only",))))


class AllInfeasible(_Degenerate):
    name = "all_infeasible"
    metrics = (Metric("latency", "s"), Metric("energy", "J"))

    def _evaluate(self, x):
        nothing = {m.name: np.full(len(x), np.nan) for m in self.metrics}
        return Evaluation(nothing, np.zeros(len(x), bool), ["nothing fits"] * len(x))


class ManyKnobs(_Degenerate):
    name = "many_knobs"
    metrics = (Metric("latency", "s"), Metric("energy", "J"))
    space = DesignSpace(tuple(ordinal(f"k{i}", (1, 2, 3)) for i in range(2000)))
