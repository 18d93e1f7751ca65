"""Whatever a file holds, reading it ends soon, in a trace or in an error that names the place."""

import gzip
import io
import json
import random
import resource
import zipfile
from pathlib import Path

import numpy as np
import pytest
from archgym.simulators.dram import DRAMSimulator
from archgym.simulators.dram.devices import DDR4_2400
from archgym.simulators.dram.traces import Trace, lines, resolve
from archgym.simulators.dram.traces import formats as formats_module
from archgym.simulators.dram.traces.dialects import FORMATS
from archgym.simulators.dram.traces.generators import RANGES, generate
from archgym.simulators.dram.traces.options import TraceOptions
from archgym.simulators.dram.traces.packed import write_packed

from archgym.errors import ArchgymError, UnknownNameError, WorkloadError

CASES = Path(__file__).parent / "cases"
WORDS = [
    b"NaN", b"inf", b"-inf", b"1e999", b"99999999999999999999", b"-1", b"0x", b"()", b"(0)",
    b"(1048577)", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\n\n", b"\r", b":", b",", b"1_0", b"#",
    "١٢".encode(), b" ", b"\t", b"read", b"W", b"+5", b"1.5", b"0b1",
]  # fmt: skip


def mutants(data, count, seed):
    """Seeded mutations: flipped bits, cuts, repeated pieces, words that are no numbers."""
    rng = random.Random(seed)
    for _ in range(count):
        out = bytearray(data)
        for _ in range(rng.randint(1, 3)):
            at = rng.randrange(len(out) + 1)
            kind = rng.randrange(4)
            if kind == 0 and at < len(out):
                out[at] ^= 1 << rng.randrange(8)
            elif kind == 1:
                del out[at : at + rng.randint(1, 20)]
            elif kind == 2:
                out[at:at] = rng.choice(WORDS)
            else:
                out[at:at] = out[at : at + 30]
        yield bytes(out)


def outcome(path):
    """Read and, where that goes, simulate: a name for what came out."""
    try:
        simulator = DRAMSimulator(path, fold="modulo")
        e = simulator.evaluate(np.zeros((1, 12), np.int64))
    except ArchgymError as error:
        return "refused" if path.name in str(error) else f"no place named: {error}"
    fine = all(np.isfinite(v).all() and (v >= 0).all() for v in e.metrics.values())
    return "read" if fine else "nonsense"


def originals():
    for path in sorted(CASES.iterdir()):
        yield path.name, path.read_bytes()[:400].rpartition(b"\n")[0] + b"\n"
    out = io.BytesIO()
    write_packed(generate("rand_rw", 60), out)
    yield "packed.npz", out.getvalue()
    yield "packed.stl.gz", gzip.compress(b"0: read 0x40\n7: (128) write 0x80\n" * 9, mtime=0)


ORIGINALS = dict(originals())


def attack(tmp_path, name, count):
    seen = set()
    for data in mutants(ORIGINALS[name], count, name):
        (tmp_path / name).write_bytes(data)
        seen.add(outcome(tmp_path / name))
    return seen


@pytest.mark.parametrize("name", ORIGINALS)
def test_mutated_files_are_read_or_refused(name, tmp_path):
    assert attack(tmp_path, name, 20) <= {"read", "refused"}


@pytest.mark.slow
@pytest.mark.parametrize("name", ORIGINALS)
def test_many_mutated_files_are_read_or_refused(name, tmp_path):
    assert "refused" in attack(tmp_path, name, 600)


def test_random_bytes_are_no_trace_of_any_format(tmp_path):
    rng = random.Random(7)
    (tmp_path / "t.bin").write_bytes(bytes(rng.randrange(256) for _ in range(3000)))
    for name in [*FORMATS, "archgym"]:
        with pytest.raises(WorkloadError, match=r"t\.bin"):
            resolve(tmp_path / "t.bin", name)


# ---------------------------------------------------------------- sizes and gaps
def test_a_gap_of_hours_is_refused_at_once(tmp_path):
    (tmp_path / "g.stl").write_text("0: read 0x0\n9000000000000: read 0x40\n")
    with pytest.raises(WorkloadError, match=r"lasts 7497 s.*before request 1.*@1"):
        DRAMSimulator(tmp_path / "g.stl")
    assert DRAMSimulator(f"{tmp_path}/g.stl@1").trace.stamp.tolist() == [0]
    with pytest.raises(WorkloadError, match=r"2\^62"):
        resolve(Trace("t", np.array([0, 1 << 61]), *_two()), options=TraceOptions(clock="3GHz"))


def _two():
    return np.zeros(2, np.uint8), np.zeros(2, np.int64)


def packed_with(path, header, **arrays):
    members = {"header": np.frombuffer(json.dumps(header).encode(), np.uint8), **arrays}
    np.savez_compressed(path, **members)


HEADER = {"version": 1, "name": "t", "clock_ps": None, "requests": 2, "sha256": "", "origin": {}}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"requests": 10**12}, "1,000,000,000,000 requests; at most"),
        ({"requests": 10**400}, "digits|requests"),
        ({"requests": -1}, "requests is -1"),
        ({"requests": 2.5}, "requests is '2.5'"),
        ({"requests": True}, "requests is 'True'"),
        ({"version": 3}, "version 3"),
        ({"clock_ps": 0}, "clock_ps"),
        ({"clock_ps": 1e30}, "clock_ps is"),
        ({"origin": []}, "origin is"),
        ({"name": None}, "name is"),
        ({"requests": 3}, "expected u4 or u8 of 3"),
    ],
)
def test_headers_of_packed_traces_are_checked(change, message, tmp_path):
    packed_with(
        tmp_path / "t.npz",
        {**HEADER, **change},
        stamp=np.zeros(2, np.uint32),
        line=np.zeros(2, np.uint32),
        write=np.zeros(1, np.uint8),
    )
    with pytest.raises(WorkloadError, match=message):
        resolve(tmp_path / "t.npz")


@pytest.mark.parametrize(
    "header",
    [
        b"{'descr': '<u4', 'shape': (((((",
        b"'''",
        b"(" * 3000,
        b"\0\xff",
        b"{'descr': 'O', 'shape': (2,)}",
    ],
)
def test_arrays_that_are_none(header, tmp_path):
    array = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(8)
    with zipfile.ZipFile(tmp_path / "t.npz", "w") as out:
        with out.open("header.npy", "w") as stream:
            np.save(stream, np.frombuffer(json.dumps(HEADER).encode(), np.uint8))
        out.writestr("stamp.npy", array)
    with pytest.raises(WorkloadError, match=r"stamp\.npy is no array"):
        resolve(tmp_path / "t.npz")


def test_a_packed_bomb_is_not_unpacked(tmp_path):
    """A megabyte of zeros a kilobyte: 400 MB of stamps for a trace of two requests."""
    with zipfile.ZipFile(tmp_path / "t.npz", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as out:
        for name, array in (("header", np.frombuffer(json.dumps(HEADER).encode(), np.uint8)),):
            with out.open(f"{name}.npy", "w") as stream:
                np.save(stream, array)
        with out.open("stamp.npy", "w") as stream:
            np.lib.format.write_array_header_1_0(
                stream, {"descr": "<u4", "fortran_order": False, "shape": (100_000_000,)}
            )
            for _ in range(100):
                stream.write(bytes(4_000_000))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(WorkloadError, match=r"stamp\.npy is <u4 \(100000000,\)"):
        resolve(tmp_path / "t.npz")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KiB


def test_a_line_without_end_and_a_file_of_nothing_are_refused(tmp_path, monkeypatch):
    with gzip.open(tmp_path / "t.stl.gz", "wb", compresslevel=1) as out:
        for _ in range(40):
            out.write(b"0" * 1_000_000)
    with pytest.raises(WorkloadError, match="longer than 65536"):
        resolve(tmp_path / "t.stl.gz")
    monkeypatch.setattr(formats_module, "MOST_IDLE_LINES", 1000)
    (tmp_path / "e.stl").write_text("\n" * 5000)
    with pytest.raises(WorkloadError, match="line 1001: 1,000 lines without a request"):
        resolve(tmp_path / "e.stl")


def test_reading_stops_where_it_is_cut(tmp_path, monkeypatch):
    text = "".join(f"{i}: read 0x40\n" for i in range(100_000)) + "rubbish\n"
    (tmp_path / "t.stl").write_text(text)
    taken = []
    original = lines.blocks
    monkeypatch.setattr(lines, "BLOCK", 4096)
    monkeypatch.setattr(
        formats_module, "blocks", lambda *a: (taken.append(len(b)) or b for b in original(*a))
    )
    assert len(resolve(f"{tmp_path}/t.stl@1000")) == 1000
    assert sum(taken) < 40_000 < len(text)
    with pytest.raises(WorkloadError, match="line 100001"):
        resolve(tmp_path / "t.stl")
    monkeypatch.setattr(formats_module, "MAX_REQUESTS", 5000)
    with pytest.raises(WorkloadError, match=r"more than 5,000 requests.*@5000"):
        resolve(tmp_path / "t.stl")


def test_requests_of_a_megabyte_are_counted_as_bursts():
    n = 2000
    size = np.full(n, 1 << 20, np.int32)
    trace = Trace("t", np.arange(n), np.zeros(n, np.uint8), np.zeros(n, np.int64), size=size)
    with pytest.raises(WorkloadError, match="32,768,000 bursts"):
        trace.played(DDR4_2400)


# ---------------------------------------------------------------- names and parameters
@pytest.mark.parametrize(
    "text", ["a\0b.stl", "x" * 5000 + ".stl", "+", "a+", "stream+", "stream@0", "/", ".stl", ""]
)
def test_odd_names_are_refused(text):
    with pytest.raises((WorkloadError, UnknownNameError)):
        resolve(text)


@pytest.mark.parametrize("argument", ["n=1e12", "n=2.5", "n=0", "seed=1.5", "n=nan", "n=1e999"])
def test_senseless_lengths_of_generators(argument):
    with pytest.raises(WorkloadError, match=r"n |seed|n="):
        resolve(f"chase:{argument}")


@pytest.mark.parametrize(
    ("name", "key"),
    [("stream_read", "gap"), ("rand_read", "mean"), ("rand_rw", "footprint"), ("bursty", "pause"),
     ("stride_conflict", "banks"), ("zipf_rows", "rows"), ("zipf_rows", "s"), ("chase", "longest")],
)  # fmt: skip
def test_parameters_of_generators_have_ranges(name, key):
    low, high = RANGES[key]
    for value in (low - 1, high * 2 + 1, float("nan"), float("inf")):
        with pytest.raises(WorkloadError, match=key):
            generate(name, 10, **{key: value})
    for value in (low, high):
        others = {"shortest": 0} if key == "longest" else {}
        assert len(generate(name, 5, **{key: value}, **others)) == 5


def test_ten_million_requests_fit_in_a_gigabyte():
    """17 bytes a request in memory: the columns, and nothing else that grows with the file."""
    columns = formats_module.Columns()
    per_request = sum(c.itemsize for c in (columns.stamp, columns.write, columns.address))
    assert per_request == 17
