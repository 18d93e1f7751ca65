import gzip
import hashlib
import json
import shutil

import numpy as np
import pytest
from archgym.simulators.dram.devices import DDR4_2400
from archgym.simulators.dram.traces import Trace, resolve
from archgym.simulators.dram.traces.cache_filter import CacheFilter
from archgym.simulators.dram.traces.capture import Machine, capture
from archgym.simulators.dram.traces.formats import write_stl
from archgym.simulators.dram.traces.generators import GENERATORS, generate
from archgym.simulators.dram.traces.library import captured
from archgym.simulators.dram.traces.packed import read_packed, write_packed
from archgym.simulators.dram.validation import GENERATOR_ARGUMENTS

from archgym.cli import main
from archgym.errors import WorkloadError
from tests.conftest import REFERENCE

# traffic of accelerators: not of the reference
ACCELERATORS = ("matmul_tiles", "kv_cache", "embedding_gather", "mixed_agents")


@pytest.mark.parametrize("name", [n for n in GENERATORS if n not in ACCELERATORS])
def test_generators_make_the_reference_traces(name, tmp_path):
    described = json.loads((REFERENCE / "dram_reference.json").read_text())["traces"][name]
    write_stl(generate(name), tmp_path / "t.stl")
    digest = hashlib.sha256((tmp_path / "t.stl").read_bytes()).hexdigest()
    assert digest == described["sha256_stl"]


VARIANTS = [
    ("stream_read", {"gap": 1}),
    ("stream_rw21", {"gap": 2}),
    ("rand_read", {"mean": 1, "foot": 1 << 20}),
    ("rand_read", {"mean": 2.5}),
    ("rand_rw", {"mean": 1, "pw": 0.7}),
    ("stride_conflict", {"nb": 8, "gap": 3, "stride": 1 << 18, "pw": 0.5}),
    ("chase", {"lo": 1, "hi": 5, "foot": 1 << 16}),
    ("zipf_rows", {"rows": 64, "s": 0.7, "mean": 1, "pw": 0.1}),
    ("bursty", {"blen": 1, "off": 10, "gap": 1}),
    ("bursty", {"blen": 7.5, "off": 1, "foot": 1 << 24}),
]


@pytest.mark.parametrize(("name", "arguments"), VARIANTS)
@pytest.mark.parametrize("seed", [3, 12345])
def test_generators_equal_the_reference_source(name, arguments, seed):
    source = json.loads((REFERENCE / "dram_reference.json").read_text())["trace_generator_source"]
    theirs: dict = {}
    exec(source, theirs)
    expected = np.array(theirs[name](700, seed, **arguments), np.int64)
    mine = generate(
        name, 700, seed, **{GENERATOR_ARGUMENTS.get(k, k): v for k, v in arguments.items()}
    )
    np.testing.assert_array_equal(mine.stamp, expected[:, 0])
    np.testing.assert_array_equal(mine.is_write, expected[:, 1])
    np.testing.assert_array_equal(mine.address, expected[:, 2])


def test_generator_parameters_change_what_they_say():
    assert generate("rand_rw", 5000, write_share=0.0).is_write.sum() == 0
    assert (
        generate("rand_read", 5000, mean=50).stamp[-1]
        > 5 * generate("rand_read", 5000, mean=8).stamp[-1]
    )
    assert generate("chase", 500, footprint=4096).address.max() < 4096
    assert (generate("bursty", 500, 1).address != generate("bursty", 500, 2).address).any()


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "t.stl",
            "0:\tread\t0x40\n# note\n5: write 0x80\n7: read (64) 0xC0\n",
            [(0, 0, 64), (5, 1, 128), (7, 0, 192)],
        ),
        ("t.dramsim3", "0x40 READ 0\n0x80 WRITE 12\n", [(0, 0, 64), (12, 1, 128)]),
        ("t.ramulator", "0x40 R\n0x80 W\n", [(0, 0, 64), (1, 1, 128)]),
        ("t.ramulator", "LD 64\nST 0x80\n", [(0, 0, 64), (1, 1, 128)]),
        ("t.cputrace", "3 64\n10 128 256\n", [(3, 0, 64), (13, 0, 128), (13, 1, 256)]),
    ],
)
def test_formats_of_other_tools(tmp_path, name, text, expected):
    path = tmp_path / name
    path.write_text(text)
    trace = resolve(path)
    assert (
        list(zip(trace.stamp.tolist(), trace.is_write.tolist(), trace.address.tolist())) == expected
    )
    with gzip.open(tmp_path / f"{name}.gz", "wt") as out:
        out.write(text)
    assert resolve(tmp_path / f"{name}.gz").content_hash == trace.content_hash


def test_a_format_can_be_named(tmp_path):
    path = tmp_path / "trace.txt"
    path.write_text("0x40 READ 3\n")
    with pytest.raises(WorkloadError, match=r"this file exists.*known suffix.*read as dramsim3"):
        resolve(path)
    assert resolve(path, "dramsim3").stamp.tolist() == [3]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no request"),
        ("0:\tread\t0x40\n3:\trea", "line 2.*truncated"),
        ("0:\tread\t0x40\n3:\tread\t0xZZ\n", "line 2"),
        ("-1:\tread\t0x40\n", "line 1.*'-1' is no stamp"),
        ("0:\tread\t-64\n", "line 1.*'-64' is no address"),
        ("0:\tjump\t0x40\n", "neither a read nor a write"),
        ("0.5:\tread\t0x40\n", "line 1"),
        ("0:\tread\t0x99999999999999999999\n", "63 bits"),
    ],
)
def test_malformed_traces_are_named(tmp_path, text, message):
    path = tmp_path / "t.stl"
    path.write_text(text)
    with pytest.raises(WorkloadError, match=message):
        resolve(path)


def test_binary_rubbish_is_named(tmp_path):
    for name in ("t.stl", "t.npz", "t.stl.gz"):
        (tmp_path / name).write_bytes(bytes(range(256)) * 4)
        with pytest.raises(WorkloadError, match=name):
            resolve(tmp_path / name)


def test_an_address_beyond_the_device_is_named():
    trace = Trace("t", np.zeros(2, np.int64), np.zeros(2, np.uint8), np.array([0, 1 << 32]))
    with pytest.raises(
        WorkloadError, match="request 1: address 0x100000000 lies beyond the 4096 MiB"
    ):
        trace.check_fits(DDR4_2400)


def test_packed_files_round_trip_and_notice_damage(tmp_path):
    trace = generate("bursty", 3000)
    path = tmp_path / "t.npz"
    write_packed(trace, path)
    back = read_packed(path)
    assert back.content_hash == trace.content_hash and back.origin == trace.origin
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(WorkloadError, match="truncated"):
        read_packed(path)
    with pytest.raises(WorkloadError, match="digest"):
        read_packed(_altered(tmp_path, trace))


def _altered(tmp_path, trace):
    write_packed(trace, tmp_path / "u.npz")
    with np.load(tmp_path / "u.npz") as data:
        arrays = dict(data)
    arrays["line"] = arrays["line"].copy()
    arrays["line"][7] += 1
    np.savez_compressed(tmp_path / "u.npz", **arrays)
    return tmp_path / "u.npz"


def test_heads_of_traces():
    assert len(resolve("chase:n=100@10")) == 10
    assert len(resolve("stream@500")) == 500
    with pytest.raises(WorkloadError, match="at least 1"):
        resolve("stream@0")


def test_stamps_in_another_clock_become_cycles():
    trace = Trace(
        "t", np.array([0, 1000]), np.zeros(2, np.uint8), np.zeros(2, np.int64), clock_ps=333
    )
    assert trace.cycles(DDR4_2400).tolist() == [0, 333 * 1000 // 833]


def test_archgyms_files_are_asked_for_by_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("ARCHGYM_TRACES", str(tmp_path))
    with pytest.raises(WorkloadError, match=r"ARCHGYM_TRACES.*random.stl"):
        resolve("random")
    (tmp_path / "random.stl").write_text("0:\tread\t0x40\n")
    assert resolve("random").name == "random"


def test_six_captured_programs_ship_small():
    shipped = captured()
    assert len(shipped) >= 6
    for name, path in shipped.items():
        trace = resolve(name)
        assert 20_000 <= len(trace) <= 200_000 and path.stat().st_size < 1_100_000
        assert trace.clock_ps == 333 and trace.origin["captured_with"] == "valgrind lackey"
        trace.check_fits(DDR4_2400)


# ---------------------------------------------------------------- the cache filter
def slow_filter(text, sets, ways):
    """The obvious twin of the compiled filter."""
    cache = [[] for _ in range(sets)]  # most recent last: [line, dirty]
    pages, out, instructions = {}, [], 0
    for row in text.splitlines():
        if row.startswith("=="):
            continue
        kind, where = row.split()
        address, size = where.split(",")
        instructions += kind == "I"
        first, last = int(address, 16) >> 6, (int(address, 16) + int(size) - 1) >> 6
        for line in range(first, last + 1):
            frame = pages.setdefault(line >> 6, len(pages))
            physical = frame * 64 + line % 64
            entries = cache[physical % sets]
            found = next((e for e in entries if e[0] == physical), None)
            if found is None:
                out.append((instructions, 0, physical))
                if len(entries) == ways:
                    victim = entries.pop(0)
                    if victim[1]:
                        out.append((instructions, 1, victim[0]))
                found = [physical, False]
            else:
                entries.remove(found)
            entries.append(found)
            if kind in "SM":
                found[1] = True
    return out


def test_the_cache_filter_equals_its_twin():
    rng = np.random.default_rng(0)
    rows = ["==123== Lackey"]
    for _ in range(4000):
        kind = rng.choice(["I ", " L", " S", " M"])
        rows.append(f"{kind} {int(rng.integers(0, 1 << 17)):08x},{int(rng.choice([1, 4, 8, 64]))}")
    text = "\n".join(rows) + "\n"
    fast = CacheFilter(capacity_bytes=8 * 4 * 64, ways=4, limit=100_000, skip=0)
    half = text.index("\n", len(text) // 2) + 1
    fast.feed(text[:half].encode())
    fast.feed(text[half:].encode())
    stamp, write, line = fast.requests()
    assert list(zip(stamp.tolist(), write.tolist(), line.tolist())) == slow_filter(text, 8, 4)


@pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is not installed")
def test_capture_records_a_real_program():
    trace = capture(["ls", "/"], "ls", machine=Machine(cache_bytes=64 << 10), limit=1500)
    assert len(trace) == 1500
    assert trace.origin["program"] == "ls" and trace.origin["instructions"] > 10_000
    assert 0 < trace.is_write.mean() < 0.6


@pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is not installed")
def test_capture_names_what_goes_wrong():
    with pytest.raises(WorkloadError, match="not found"):
        capture(["no-such-program"], "x")
    with pytest.raises(WorkloadError, match="exit code"):
        capture(["false"], "x", limit=10_000_000)
    with pytest.raises(WorkloadError, match="nothing past"):
        capture(["true"], "x", skip=1 << 40)
    with pytest.raises(WorkloadError, match="ways"):
        Machine(cache_bytes=1000)


@pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is not installed")
def test_capture_begins_at_a_marker_and_says_what_it_holds(tmp_path, capsys):
    script = "i=0; while [ $i -lt 40 ]; do i=$((i+1)); done; echo MARK; while :; do x=$x$i; done"
    out = tmp_path / "t.npz"
    arguments = ["--cache", "16", "--ways", "4", "--requests", "40", "--output", str(out)]
    command = [
        "dram",
        "trace",
        "capture",
        "--from-marker",
        "MARK",
        *arguments,
        "--",
        "sh",
        "-c",
        script,
    ]
    assert main(command) == 0
    assert "instructions" in capsys.readouterr().out
    origin = resolve(out).origin
    start = capture(["sh", "-c", "exit 0"], "s", machine=Machine(16 << 10, 4), limit=10**6)
    assert origin["from_marker"] == "MARK" and not origin["complete"]
    # behind the shell's own start
    assert origin["first_instruction"] > start.origin["first_instruction"] + 10_000
    assert origin["first_instruction"] < origin["last_instruction"] <= origin["instructions"]
    assert main(command) != 0 and "exists" in capsys.readouterr().err
    with pytest.raises(WorkloadError, match="without writing 'NEVER'"):
        capture(["true"], "x", from_marker="NEVER")
