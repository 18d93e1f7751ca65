import numpy as np
import pytest
from archgym.simulators.dram.simulator import DRAMSimulator, percentile
from archgym.simulators.dram.space import DEFAULT_DESIGN, space_named
from archgym.simulators.dram.traces import Trace
from archgym.simulators.dram.traces.generators import generate

from archgym.errors import UnknownNameError, WorkloadError
from archgym.testing import check_simulator

WORKLOADS = ["stream_rw21:n=600", "zipf_rows:n=900", "bursty:n=600,pause=4000", "chase:n=200"]


@pytest.mark.parametrize("workload", WORKLOADS)
@pytest.mark.parametrize(
    ("device", "semantics", "space"),
    [
        ("DDR4-2400", "dramsys", "full"),
        ("DDR4-2400", "jedec", "full"),
        ("DDR3-1600", "dramsys", "archgym"),
    ],
)
def test_contract(workload, device, semantics, space):
    footprint = ",footprint=1073741824" if workload.startswith("bursty") else ""
    if device == "DDR3-1600" and workload.startswith(("zipf", "stream_rw")):
        workload, footprint = "rand_rw:n=900", ""
    check_simulator(
        lambda: DRAMSimulator(workload + footprint, device=device, semantics=semantics, space=space)
    )


def test_spaces_have_archgyms_sizes():
    assert space_named("archgym").cardinality == 1_769_472
    assert space_named("archgym-wide").cardinality == 28_311_552
    assert space_named("full").cardinality == 143_327_232


@pytest.mark.parametrize("workload", WORKLOADS)
def test_canonical_designs_behave_alike(workload):
    sim = DRAMSimulator(workload)
    x = sim.space.sample(300, np.random.default_rng(1))
    changed = (sim.canonical(x) != x).any(axis=1)
    assert changed.mean() > 0.3
    a, b = sim.evaluate(x), sim.evaluate(sim.canonical(x))
    for metric in sim.metrics:
        np.testing.assert_array_equal(a.metrics[metric.name], b.metrics[metric.name])


@pytest.fixture(scope="module")
def population():
    sim = DRAMSimulator("rand_rw:n=1500")
    x = sim.space.sample(150, np.random.default_rng(2))
    return sim, x, sim.evaluate(x)


def test_no_design_beats_physics(population):
    sim, _, e = population
    clock, t = sim.device.clock_s, sim.device.t
    last = int(sim.trace.stamp[-1])
    assert (e.metrics["total_time"] >= last * clock).all()
    assert (e.metrics["total_time"] >= len(sim.trace) * t["CCD_S"] * clock).all()
    assert (e.metrics["bandwidth"] <= 64 / (t["CCD_S"] * clock)).all()
    assert (e.metrics["mean_latency"] >= (1 + min(t["RL"], t["WL"]) + 4) * clock).all()
    assert ((e.metrics["row_hit_rate"] >= 0) & (e.metrics["row_hit_rate"] <= 1)).all()
    assert (e.metrics["p99_latency"] >= e.metrics["mean_latency"] * 0.99).all()
    np.testing.assert_allclose(
        e.metrics["bandwidth"] * e.metrics["total_time"], len(sim.trace) * 64
    )
    standby = (
        min(sim.device.vdd[k] for k in ("2P", "6N")) * 1e-3 * sim.device.vdd_v * sim.device.devices
    )
    assert (e.metrics["power"] > standby).all()
    # energy = power x the window it is counted in, which ends within a refresh of the run's end
    ratio = e.metrics["energy"] / e.metrics["power"] / e.metrics["total_time"]
    assert ((ratio > 0.98) & (ratio <= 1.0 + 1e-9)).all()


def test_moving_the_whole_trace_to_other_rows_changes_nothing(population):
    sim, x, e = population
    moved = Trace("moved", sim.trace.stamp, sim.trace.is_write, sim.trace.address + (3 << 30), None)
    again = DRAMSimulator(moved).evaluate(x)
    for name in ("total_time", "energy", "mean_latency"):
        np.testing.assert_array_equal(e.metrics[name], again.metrics[name])


def test_requests_far_apart_do_not_feel_each_other():
    gaps = np.arange(50, dtype=np.int64) * 600
    rng = np.random.default_rng(0)
    address = rng.integers(0, 1 << 24, 50) * 64
    trace = Trace("sparse", gaps, np.zeros(50, np.uint8), address)
    sim = DRAMSimulator(trace)
    design = {**DEFAULT_DESIGN, "page_policy": "Closed", "refresh_policy": "NoRefresh"}
    e = sim.evaluate(sim.space.encode([design]))
    assert e.metrics["mean_latency"][0] == pytest.approx(37 * sim.device.clock_s, rel=1e-12)


def test_slower_arrivals_never_raise_the_latency_of_a_saturated_controller():
    sims = [DRAMSimulator(f"stream_read:n=800,gap={gap}") for gap in (1, 4, 16)]
    x = sims[0].space.sample(40, np.random.default_rng(3))
    x[:, 5] = 0  # no refresh, whose phase would move
    x[:, 8] = 0
    latency = [s.evaluate(x).metrics["mean_latency"] for s in sims]
    assert (latency[0] >= latency[1]).all() and (latency[1] >= latency[2] * 0.999).all()


def test_jedec_is_never_faster_on_closed_pages():
    x = space_named("full").encode(
        [{**DEFAULT_DESIGN, "page_policy": "Closed", "refresh_policy": "NoRefresh"}]
    )
    one_bank = Trace(
        "b",
        np.arange(200, dtype=np.int64),
        np.zeros(200, np.uint8),
        np.arange(200, dtype=np.int64) << 17,
    )
    quick, true = (DRAMSimulator(one_bank, semantics=s).evaluate(x) for s in ("dramsys", "jedec"))
    assert true.metrics["total_time"][0] / quick.metrics["total_time"][0] == pytest.approx(
        55 / 44, rel=0.02
    )


def test_power_down_saves_energy_only_with_sane_vpp_currents():
    idle = "chase:n=300,shortest=2000,longest=3000"
    designs = [{**DEFAULT_DESIGN, "power_down_policy": p} for p in ("NoPowerDown", "Staggered")]
    for semantics, saves in (("dramsys", False), ("jedec", True)):
        sim = DRAMSimulator(idle, semantics=semantics)
        energy = sim.evaluate(sim.space.encode(designs)).metrics["energy"]
        assert (energy[1] < energy[0]) == saves


def test_threads_do_not_change_the_answer():
    one, two = (DRAMSimulator("rand_rw:n=400", threads=k) for k in (1, 2))
    x = one.space.sample(20, np.random.default_rng(0))
    for name, values in one.evaluate(x).metrics.items():
        assert values.tobytes() == two.evaluate(x).metrics[name].tobytes()


def test_percentile_is_numpys():
    rng = np.random.default_rng(0)
    for n in (1, 2, 3, 100, 1001):
        values = rng.integers(0, 10_000, n)
        assert percentile(values, 0.99) == pytest.approx(np.quantile(values, 0.99), rel=1e-12)


def test_golden_design():
    sim = DRAMSimulator("zipf_rows:n=2000")
    row = sim.evaluate(sim.space.encode([DEFAULT_DESIGN])).row(0)
    assert row == pytest.approx(GOLDEN, rel=1e-12)


GOLDEN = {
    "total_time": 1.1917731000000001e-05,
    "mean_latency": 9.681126e-08,
    "p99_latency": 3.35699e-07,
    "energy": 3.00495413736e-05,
    "power": 2.525121041579168,
    "bandwidth": 10740299474.790964,
    "row_hit_rate": 0.308,
}


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"device": "DDR4-2401"}, UnknownNameError, "did you mean 'DDR4-2400'"),
        ({"semantics": "jedek"}, UnknownNameError, "did you mean 'jedec'"),
        ({"space": "ful"}, UnknownNameError, "did you mean 'full'"),
        ({"workload": "steam"}, UnknownNameError, "did you mean 'stream'"),
        ({"workload": "rand_rw:n=0"}, WorkloadError, "at least 1"),
        ({"workload": "rand_rw:meen=3"}, UnknownNameError, "did you mean 'mean'"),
        ({"workload": "rand_rw:mean"}, WorkloadError, "key=number"),
        ({"workload": "rand_rw:n=100", "device": "DDR3-1600"}, None, ""),
        (
            {"workload": "zipf_rows:n=4000", "device": "DDR3-1600"},
            WorkloadError,
            "lies beyond the 1024 MiB",
        ),
        ({"workload": "none.stl"}, WorkloadError, "does not exist"),
    ],
)
def test_bad_input_is_named(arguments, error, message):
    if error is None:
        DRAMSimulator(**arguments)
        return
    with pytest.raises(error, match=message):
        DRAMSimulator(**arguments)


def test_a_trace_and_its_generator_share_a_fingerprint():
    assert DRAMSimulator(generate("chase", 50)).key == DRAMSimulator("chase:n=50").key
