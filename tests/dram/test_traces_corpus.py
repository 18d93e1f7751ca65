"""What must hold for a file of every dialect: bounds, round trips, shifts, splits, initiators."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from archgym.simulators.dram import DRAMSimulator
from archgym.simulators.dram.devices import DDR3_1600, DDR4_2400
from archgym.simulators.dram.space import DEFAULT_DESIGN
from archgym.simulators.dram.traces import Trace, resolve
from archgym.simulators.dram.traces.convert import converted, same_requests, write_trace
from archgym.simulators.dram.traces.generators import generate
from archgym.simulators.dram.traces.options import TraceOptions
from archgym.simulators.dram.traces.packed import read_packed, write_packed

from archgym.cli import main
from archgym.errors import ArchgymError, UnknownNameError, WorkloadError
from tests.conftest import REFERENCE

CASES = Path(__file__).parent / "cases"
FILES = sorted(path.name for path in CASES.iterdir())
IDLE_READ_S = 36 * DDR4_2400.clock_s  # tRCD + RL + burst: below it no read can be answered
PEAK = DDR4_2400.request_bytes / (DDR4_2400.burst_cycles * DDR4_2400.clock_s)
METRICS = [m.name for m in DRAMSimulator.metrics]


def metrics(workload, **settings):
    simulator = DRAMSimulator(workload, **settings)
    e = simulator.evaluate(simulator.space.encode([DEFAULT_DESIGN]))
    return {name: float(e.metrics[name][0]) for name in METRICS}


def requests(trace):
    return list(zip(trace.stamp.tolist(), trace.is_write.tolist(), trace.address.tolist()))


@pytest.fixture(params=FILES)
def case(request):
    return CASES / request.param


# ---------------------------------------------------------------- laws
def test_metrics_are_physical(case):
    m = metrics(case)
    assert all(np.isfinite(v) and v >= 0 for v in m.values())
    writes_only = resolve(case).is_write.all()
    assert m["mean_latency"] >= IDLE_READ_S * (0.9 if writes_only else 0.4)  # row hits skip tRCD
    assert m["total_time"] >= m["mean_latency"] and m["p99_latency"] >= IDLE_READ_S
    assert 0 < m["bandwidth"] <= PEAK and m["energy"] > 0


@pytest.mark.parametrize("suffix", [".npz", ".stl", ".rstl", ".trc", ".nvt", ".usimm", ".stl.gz"])
def test_round_trips_keep_metrics(case, suffix, tmp_path):
    trace = resolve(case, options=TraceOptions(clock="1.5GHz"))
    path = tmp_path / f"t{suffix}"
    if trace.size is not None and suffix not in (".npz", ".stl", ".rstl", ".stl.gz"):
        with pytest.raises(WorkloadError, match="stated lengths"):
            converted(trace, path)
        assert not path.exists()
        return
    assert "667 ps" in converted(trace, path) or trace.clock_ps == 1
    back = resolve(path)
    assert same_requests(trace, back) and metrics(back) == metrics(trace)


def test_shifted_stamps_give_the_same_metrics(case):
    trace = resolve(case)
    assert metrics(trace.with_stamps(trace.stamp + 50_000_000, None)) == metrics(trace)


def test_late_and_early_files_agree():
    late, early = (metrics(CASES / f"late_start{s}.trc") for s in ("", "_from_zero"))
    assert late == early and min(late.values()) >= 0


def test_parts_of_a_file_add_up(case, tmp_path):
    """Every second request in another file: together, as initiators, they are the whole."""
    trace = resolve(case)
    if len(trace) == 1 or np.any(np.diff(trace.stamp) == 0):
        pytest.skip("requests of one stamp have no order between initiators")
    for k in (0, 1):
        size = None if trace.size is None else trace.size[k::2]
        part = Trace(
            "p", trace.stamp[k::2], trace.is_write[k::2], trace.address[k::2], 833, {}, size
        )
        write_packed(part, tmp_path / f"p{k}.npz")
    both = resolve(f"{tmp_path}/p0.npz+{tmp_path}/p1.npz")
    whole = trace.with_stamps(trace.stamp, 833)
    assert same_requests(both, whole) and metrics(both) == metrics(whole)
    parts = [resolve(tmp_path / f"p{k}.npz") for k in (0, 1)]
    assert len(parts[0]) + len(parts[1]) == len(trace)


# ---------------------------------------------------------------- dialects
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("m05_decimal.stl", [(0, 0, 0x4096), (1, 0, 0x8192)]),
        ("m06_rel.rstl", [(0, 0, 0), (10, 0, 0x40), (10, 1, 0x80), (35, 0, 0xC0)]),
        ("m10_rwvec.trace", [(0, 0, 12 << 17 | 3 << 6), (1, 1, 12 << 17 | 1 << 13 | 3 << 6)]),
        ("m11_usimm.usimm", [(10, 0, 0x2000D5C0), (20, 1, 0x1FF96FC0), (23, 0, 0x400)]),
        ("m14.nvt", [(10, 0, 0x7F00), (13, 1, 0x8F40)]),
        ("m16_scalesim.csv", [(0, 0, 0), (1, 0, 0)]),
        ("m21a.stl", [(0, 0, 0)]),
        ("m22_bom.stl", [(0, 0, 0), (4, 1, 0x40)]),
    ],
)
def test_dialects_of_other_tools(name, expected):
    assert requests(resolve(CASES / name)) == expected


@pytest.mark.parametrize(
    "line", ["7: read 0x40", "7:read 40", "7 :\tread\t0X40 0xff", "7 read 40", "7:\tREAD 0x40\r"]
)
def test_one_request_in_every_spelling(line, tmp_path):
    (tmp_path / "t.stl").write_text(f"# note\n\n{line}\n7: (64) read 0x40\n{line}")
    assert requests(resolve(tmp_path / "t.stl")) == [(7, 0, 64)] * 3


def test_compiled_and_plain_readers_agree(tmp_path):
    trace = generate("bursty", 2000)
    converted(trace, tmp_path / "t.stl")
    text = (tmp_path / "t.stl").read_text()
    # a second blank is regular, a length is not: lines alternate between the two readers
    odd = [
        line.replace("\t", "\t (64) ", 1) if k % 97 == 3 else line.replace("\t", " \t ")
        for k, line in enumerate(text.splitlines())
    ]
    (tmp_path / "odd.stl").write_text("\n".join(odd))
    (tmp_path / "plain.txt").write_text(text.upper().replace("X", "x"))
    assert requests(resolve(tmp_path / "odd.stl")) == requests(trace)
    assert requests(resolve(tmp_path / "plain.txt", "dramsys")) == requests(trace)


def test_a_long_request_is_answered_with_its_last_burst():
    trace = resolve(CASES / "m03_burst.stl")
    assert trace.size.tolist() == [16, 16, 128]
    played = trace.played(DDR4_2400)
    assert played.address.tolist() == [0, 0x200, 0x400, 0x440]
    assert played.stamp.tolist() == [0, 1, 2, 2]
    assert played.per_request(np.array([5, 6, 7, 9])).tolist() == [5, 6, 9]
    whole = Trace("w", np.array([0]), np.zeros(1, np.uint8), np.array([0]), size=np.array([256]))
    bursts = Trace("b", np.zeros(4, np.int64), np.zeros(4, np.uint8), np.arange(4) * 64)
    a, b = metrics(whole), metrics(bursts)
    assert a["total_time"] == b["total_time"] and a["energy"] == b["energy"]
    assert a["mean_latency"] == pytest.approx(b["p99_latency"], rel=0.02)
    assert a["mean_latency"] > b["mean_latency"]


def test_late_requests_are_issued_at_once():
    trace = resolve(CASES / "m28_phases.stl")
    assert trace.origin["late_requests"] > 0 and (np.diff(trace.stamp) >= 0).all()
    assert len(trace) == 60


def test_scale_sim_rows_become_lines(tmp_path):
    path = tmp_path / "OFMAP_DRAM_TRACE.csv"
    path.write_text("-8.0, 0, 1, 63, 64, -1,\n-7.0, 128,\n")
    assert requests(resolve(path)) == [(0, 1, 0), (0, 1, 64), (1, 1, 128)]
    wide = resolve(path, options=TraceOptions(word_bytes=2))
    assert wide.address.tolist() == [0, 64, 128, 256]


# ---------------------------------------------------------------- clocks and cores
def test_clock_and_ipc_of_a_core():
    path = CASES / "m08_cpu.cputrace"
    plain = resolve(path).stamp
    half = resolve(path, options=TraceOptions(ipc=0.5, clock="2GHz"))
    assert half.clock_ps == 500 and half.stamp.tolist() == (2 * plain).tolist()
    assert resolve(path, options=TraceOptions(clock="3.2GHz")).stamp.tolist() == [
        int(s * 312.5) for s in plain
    ]
    slow, fast = (metrics(path, clock=c) for c in ("1MHz", "4GHz"))
    assert slow["total_time"] > 5 * fast["total_time"]
    with pytest.raises(WorkloadError, match="count instructions"):
        resolve(CASES / "m22_bom.stl", options=TraceOptions(ipc=2))


def test_what_a_workload_means_is_in_the_fingerprint():
    path = CASES / "late_start.trc"
    keys = {
        DRAMSimulator(path, **s).key
        for s in ({}, {"clock": "800MHz"}, {"clock": "1.2GHz"}, {"fold": "pages"})
    }
    assert len(keys) == 4
    assert DRAMSimulator("stream").config == {
        "device": "DDR4-2400", "semantics": "dramsys", "space": "full"
    }  # fmt: skip


@pytest.mark.parametrize(
    "settings",
    [
        {"clock": v}
        for v in ("0", "-5MHz", "nan", "inf", "1e99GHz", "5 parsec", "", "0x10", "1ps2", "0.1ps")
    ]
    + [{"ipc": v} for v in (0, -1, "nan", "inf", 1e9, "x")]
    + [{"word_bytes": v} for v in (0, 65, 1.5, "x")],
)
def test_senseless_settings_are_refused(settings):
    with pytest.raises(WorkloadError, match=next(iter(settings))):
        DRAMSimulator(CASES / "m08_cpu.cputrace", **settings)


def test_a_clock_is_not_said_twice():
    assert resolve("xz", options=TraceOptions(clock="333ps")).clock_ps == 333
    with pytest.raises(WorkloadError, match=r"333 ps.*leave it out"):
        resolve("xz", options=TraceOptions(clock="1GHz"))


# ---------------------------------------------------------------- folding, initiators
def test_folding_brings_addresses_into_the_device(tmp_path):
    (tmp_path / "far.stl").write_text(
        "0: read 0x900000040\n5: read 0x7f0000000080\n9: read 0x900000000\n"
    )
    with pytest.raises(WorkloadError, match=r"request 0.*--fold"):
        DRAMSimulator(tmp_path / "far.stl")
    modulo = DRAMSimulator(tmp_path / "far.stl", fold="modulo").trace
    assert modulo.address.tolist() == [
        a % (1 << 32) for a in (0x900000040, 0x7F0000000080, 0x900000000)
    ]
    pages = DRAMSimulator(tmp_path / "far.stl", fold="pages").trace
    assert pages.address.tolist() == [0x40, 0x1080, 0x0]
    with pytest.raises(UnknownNameError, match="fold"):
        DRAMSimulator(tmp_path / "far.stl", fold="wrap")


def test_initiators_share_one_time(tmp_path):
    (tmp_path / "a.stl").write_text("0: read 0x0\n10: read 0x40\n")
    (tmp_path / "b+c.stl").write_text("5: write 0x80\n")
    a, b = tmp_path / "a.stl", tmp_path / "b+c.stl"
    both = resolve([a, b])
    assert requests(both) == [(0, 0, 0), (5, 1, 0x80), (10, 0, 0x40)]
    assert requests(resolve(f"{a}@1+rand_read:n=2,mean=1e+2"))[0] == (0, 0, 0)
    assert resolve(b).origin["file"] == "b+c.stl"
    with pytest.raises(WorkloadError, match="several clocks"):
        resolve(f"{a}+xz@5")
    clocked = resolve(f"{a}+xz@5", options=TraceOptions(clock="2GHz"))
    assert clocked.clock_ps == 1 and 5000 in clocked.stamp.tolist()
    core = CASES / "m08_cpu.cputrace"
    assert resolve([a, core], options=TraceOptions(ipc=0.5)).stamp[-1] == 36
    for settings in ({"ipc": 2}, {"clock": "5GHz"}):
        with pytest.raises(WorkloadError, match="leave it out"):
            resolve("xz@5+bfs@5", options=TraceOptions(**settings))
    mixed = resolve(f"{a}+xz@5", options=TraceOptions(device=DDR4_2400))
    assert mixed.clock_ps == 1 and 8330 in mixed.stamp.tolist()


# ---------------------------------------------------------------- DRAMSys' own JSON
@pytest.fixture
def simulation(tmp_path):
    spec = json.loads((REFERENCE / "dram_reference.json").read_text())["memspec"]
    (tmp_path / "memspec").mkdir()
    (tmp_path / "memspec" / "m.json").write_text(json.dumps({"memspec": spec}))
    (tmp_path / "traces").mkdir()
    (tmp_path / "traces" / "a.stl").write_text("0: read 0x1000\n2: (128) write 0x2000\n")
    (tmp_path / "b.rstl").write_text("1: read 0x3000\n1: read 0x3040\n")
    players = [
        {"type": "player", "clkMhz": 200, "dataLength": 64, "name": "traces/a.stl"},
        {"clkMhz": 300, "name": "b.rstl"},
    ]
    document = {
        "simulation": {
            "memspec": "m.json", "tracesetup": players, "simconfig": {"AddressOffset": 4096},
        }
    }  # fmt: skip
    return tmp_path / "s.json", document


def test_dramsys_simulations_are_read_as_they_are(simulation):
    path, document = simulation
    path.write_text(json.dumps(document))
    trace = resolve(path)
    assert requests(trace) == [(0, 0, 0), (3333, 0, 0x2000), (6666, 0, 0x2040), (10000, 1, 0x1000)]
    assert trace.clock_ps == 1 and trace.size.tolist() == [64, 0, 0, 128]
    assert metrics(path, device=str(path)) == metrics(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tracesetup": [{"clkMhz": 1, "name": "g", "numRequests": 5}]}, "generator"),
        ({"tracesetup": []}, "1 to 64"),
        ({"tracesetup": [{"clkMhz": 0, "name": "b.rstl"}]}, r"clkMhz.*got 0"),
        ({"tracesetup": [{"clkMhz": 1e308, "name": 7}]}, r"clkMhz.*name"),
        ({"tracesetup": [{"clkMhz": 1, "name": "no.stl"}]}, "does not exist"),
        ({"tracesetup": [{"type": "hammer", "clkMhz": 1, "name": "b.rstl"}]}, "hammer"),
        ({"simconfig": {"AddressOffset": 1 << 40}}, "AddressOffset"),
    ],
)
def test_what_a_simulation_lacks_is_named(simulation, change, message):
    path, document = simulation
    document["simulation"].update(change)
    path.write_text(json.dumps(document))
    with pytest.raises(WorkloadError, match=message):
        resolve(path)


@pytest.mark.parametrize(
    ("reference", "device"),
    [("dram_reference.json", DDR4_2400), ("dram_reference_archgym.json", DDR3_1600)],
)
def test_memory_specifications_give_the_devices_of_the_tables(reference, device, tmp_path):
    spec = json.loads((REFERENCE / reference).read_text())["memspec"]
    (tmp_path / "m.json").write_text(json.dumps({"memspec": spec}))
    workload = generate("rand_rw", 2000, footprint=1 << 28)
    mine = metrics(workload, device=str(tmp_path / "m.json"))
    assert mine == metrics(workload, device=device.name)
    asleep = {**DEFAULT_DESIGN, "power_down_policy": "Staggered", "page_policy": "Closed"}
    rows = []
    for name in (str(tmp_path / "m.json"), device.name):
        simulator = DRAMSimulator(workload, device=name)
        rows.append(simulator.evaluate(simulator.space.encode([asleep])).metrics["energy"][0])
    assert rows[0] == rows[1]


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("memtimingspec", "RCD", -1),
        ("memtimingspec", "RCD", 1.5),
        ("memtimingspec", "tCK", 0),
        ("memtimingspec", "REFI", 400),
        ("memarchitecturespec", "nbrOfRows", 99999999999999999999),
        ("memarchitecturespec", "nbrOfBanks", 12),
        ("memarchitecturespec", "nbrOfRanks", 2),
        ("mempowerspec", "idd0", "x"),
        ("mempowerspec", "vdd", True),
    ],
)
def test_faults_of_a_memory_specification_are_named(section, key, value, tmp_path):
    spec = json.loads((REFERENCE / "dram_reference.json").read_text())["memspec"]
    spec[section][key] = value
    if key != "REFI":  # compared with RFC once all numbers are there
        del spec["memtimingspec"]["FAW"]
    (tmp_path / "m.json").write_text(json.dumps({"memspec": spec}))
    with pytest.raises(
        WorkloadError, match=rf"(?s)(?=.*{section})(?=.*{key}|.*banks)(?=.*FAW|.*RFC)"
    ):
        DRAMSimulator("stream", device=str(tmp_path / "m.json"))


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"memspec": {"memoryType": NaN}}', "[" * 100_000, "\0"]
)
def test_json_that_is_none(text, tmp_path):
    (tmp_path / "m.json").write_text(text)
    for call in (lambda p: DRAMSimulator("stream", device=str(p)), resolve):
        with pytest.raises(WorkloadError, match=r"m\.json"):
            call(tmp_path / "m.json")


# ---------------------------------------------------------------- the command
def test_convert_reads_back_rescales_and_does_not_overwrite(tmp_path, capsys):
    out = tmp_path / "x.stl"
    assert main(["dram", "trace", "convert", "xz@200", "--output", str(out)]) == 0
    assert "333 ps" in capsys.readouterr().out and out.read_text().startswith(
        "# archgym clock_ps=333"
    )
    assert metrics(out) == metrics("xz@200")
    assert main(["dram", "trace", "convert", "xz@200", "--output", str(out)]) != 0
    assert "--force" in capsys.readouterr().err
    again = ["--cycles-of", "DDR4-2400", "--output", str(tmp_path / "c.trc")]
    assert main(["dram", "trace", "convert", "xz@200", *again]) == 0
    assert "#" not in (tmp_path / "c.trc").read_text()
    assert metrics(tmp_path / "c.trc") == metrics("xz@200")


def test_formats_refuse_what_they_cannot_say(tmp_path):
    for suffix, message in ((".trace", "no stamps"), (".cputrace", "write of its own")):
        with pytest.raises(WorkloadError, match=message):
            converted(generate("rand_rw", 50), tmp_path / f"t{suffix}")
    reads = Trace("r", np.arange(5), np.zeros(5, np.uint8), np.arange(5) * 64)
    for suffix in (".trace", ".cputrace"):
        converted(reads, tmp_path / f"r{suffix}")
    assert requests(resolve(CASES / "m08_cpu.cputrace"))[1:] == [
        (4, 0, 20846400), (10, 0, 20734208), (18, 0, 20841280), (18, 1, 20841280)
    ]  # fmt: skip


def test_information_takes_every_option(capsys):
    arguments = [
        "dram",
        "trace",
        "info",
        str(CASES / "m08_cpu.cputrace"),
        "--clock",
        "2GHz",
        "--ipc",
        "2",
    ]
    assert main([*arguments, "--device", "DDR3-1600", "--json", "--fold"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["clock_ps"] == 500 and facts["origin"]["fold"] == "modulo"


def test_gzip_is_known_by_its_first_bytes(tmp_path):
    with gzip.open(tmp_path / "t.stl", "wt") as out:
        out.write("0: read 0x40\n")
    assert len(resolve(tmp_path / "t.stl")) == 1


def test_version_two_keeps_what_version_one_cannot(tmp_path):
    trace = Trace("t", np.array([0, 1 << 40]), np.array([0, 1], np.uint8), np.array([7, 1 << 45]))
    write_packed(trace, tmp_path / "t.npz")
    assert same_requests(read_packed(tmp_path / "t.npz"), trace)
    with pytest.raises(ArchgymError):
        converted(trace, tmp_path / "no" / "t.xyz")


@pytest.mark.parametrize("suffix", [".gz", ".xz", ".bz2"])
def test_packed_files_are_known_by_their_first_bytes_and_their_suffix(suffix, tmp_path):
    trace = generate("rand_rw", 300)
    path = tmp_path / f"t.trc{suffix}"
    write_trace(trace, path)
    hidden = tmp_path / "hidden.trc"
    hidden.write_bytes(path.read_bytes())
    for file in (path, hidden):
        assert resolve(str(file)).address.tolist() == trace.address.tolist()
    hidden.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(WorkloadError, match="truncated"):
        resolve(str(hidden))


def test_comments_behind_requests_and_of_c(tmp_path):
    path = tmp_path / "t.stl"
    path.write_text("// made by hand\n0: read 0x40 # first\n9: write 0X80 ff00 // last\n;\n")
    trace = resolve(str(path))
    assert trace.stamp.tolist() == [0, 9] and trace.address.tolist() == [0x40, 0x80]


@pytest.mark.parametrize(
    "text",
    ["0: read 0x40\r10: write 0x80\r", "0: read 0x40 10: write 0x80\n", "0: read 0x40 hello\n"],
)
def test_no_request_behind_another_is_dropped(text, tmp_path):
    path = tmp_path / "t.stl"
    path.write_bytes(text.encode())
    with pytest.raises(WorkloadError, match="is no request of a dramsys trace"):
        resolve(str(path))
