"""Simulators that misbehave, importable by the workers of a sweep."""

import os
import signal
import time
from pathlib import Path

import numpy as np

from archgym import Evaluation
from archgym.contracts.query import Query
from tests.conftest import ToySimulator


class Faulty(ToySimulator):
    """Does to designs of one size what ``fault`` says."""

    name = "faulty"

    def __init__(self, workload="w", fault: str = "none", mark: str = ""):
        super().__init__(workload)
        self.fault, self.mark = fault, mark

    @property
    def config(self):
        return {"fault": self.fault}

    def _evaluate(self, x):
        if (x[:, 0] == 3).any():
            if self.fault == "raise":
                raise RuntimeError("the licence server is down")
            if self.fault == "hang":
                time.sleep(60)
            if self.fault == "die":
                os.kill(os.getpid(), signal.SIGKILL)
            if self.fault == "die once" and not Path(self.mark).exists():
                Path(self.mark).touch()
                os.kill(os.getpid(), signal.SIGKILL)
        e = super()._evaluate(x)
        if self.fault == "nan":
            broken = np.where(x[:, 0] == 3, np.nan, e.metrics["latency"])
            e = Evaluation({**e.metrics, "latency": broken}, e.feasible, e.reasons)
        return e


class Slow(ToySimulator):
    """A millisecond a design."""

    name = "slow"

    def _evaluate(self, x):
        time.sleep(0.001 * len(x))
        return super()._evaluate(x)


class Costly(ToySimulator):
    """Its latency costs a query per size."""

    name = "costly"

    def queries(self):
        return (Query("latency", ("latency",), lambda x: x[:, :1]),)
