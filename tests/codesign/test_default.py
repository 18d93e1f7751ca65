"""The default design is complete, legal and feasible, whatever the workload and the setting."""

import itertools

import numpy as np
import pytest
from archgym.simulators import DRAMSimulator
from archgym.simulators.codesign import CoDesignSimulator
from archgym.simulators.dram.space import SPACES


def evaluated(simulator):
    design = simulator.default_design()
    assert set(design) == {p.name for p in simulator.space.parameters}
    e = simulator.evaluate(simulator.space.encode([design]))
    assert e.feasible.all(), e.reason(0)
    return e


@pytest.mark.parametrize("workload", CoDesignSimulator.workload_names())
def test_every_codesign_workload_has_one(workload):
    for subs, identical in itertools.product((1, 2, 3), (False, True)):
        simulator = CoDesignSimulator(workload, subaccelerators=subs, identical=identical)
        x = simulator.space.encode([simulator.default_design()])
        total = simulator.subs(x)[0]
        assert (total[:, 1] > 0).all()
        penalised = CoDesignSimulator(
            workload, subaccelerators=subs, identical=identical, budget="penalised"
        )
        assert np.array_equal(penalised.subs(x)[0], total)
        if subs == 2:
            evaluated(penalised)


def test_with_a_small_local_memory_it_takes_the_dataflow_that_fits():
    simulator = CoDesignSimulator("measured", subaccelerators=1, l1_bytes=16)
    design = simulator.default_design()
    fitting = []
    for flow in ("dla", "shi", "rs"):
        x = simulator.space.encode([{**design, "acc1.dataflow": flow}])
        if simulator.evaluate(x).feasible[0]:
            fitting.append(flow)
    assert 0 < len(fitting) < 3, fitting
    assert design["acc1.dataflow"] == fitting[0]


@pytest.mark.parametrize("space", SPACES)
def test_every_dram_space_has_one(space):
    evaluated(DRAMSimulator("chase:n=20", space=space))
    evaluated(DRAMSimulator("rand_rw:n=20", device="DDR3-1600", semantics="jedec", space=space))
