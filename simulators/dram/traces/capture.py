"""Record what a real program asks of its memory: valgrind's lackey through a last-level cache."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from archgym.errors import WorkloadError
from archgym.programs.processes import environment, watched

from .cache_filter import LINE_BITS, S_INSTRUCTIONS, S_MISSES, S_REFERENCES, CacheFilter
from .trace import MAX_REQUESTS, Trace

KEPT = ("LD_LIBRARY_PATH", "PYTHONPATH", "VIRTUAL_ENV")  # besides what every program gets

BLOCK = 1 << 22
TAIL = 1 << 16
LARGEST_CACHE = 1 << 30
NOT_YET = 1 << 62


@dataclass(frozen=True)
class Machine:
    """The processor a trace is captured for: its last-level cache, clock and pace.

    A request's stamp is ``instructions / ipc`` cycles of ``clock_ghz``; everything that is not a
    last-level miss is taken to keep that pace.
    """

    cache_bytes: int = 1 << 20
    ways: int = 16
    clock_ghz: float = 3.0
    ipc: float = 1.0

    def __post_init__(self) -> None:
        if (
            self.ways < 1
            or not self.ways << LINE_BITS <= self.cache_bytes <= LARGEST_CACHE
            or self.cache_bytes % (self.ways << LINE_BITS)
        ):
            raise WorkloadError(
                f"a cache of {self.cache_bytes} bytes cannot have {self.ways} ways of 64-byte lines "
                f"(at most {LARGEST_CACHE >> 20} MiB)"
            )
        if not (0.001 <= self.clock_ghz < 100 and 0.001 <= self.ipc < 100):
            raise WorkloadError(
                f"clock and IPC must be from 0.001 to 100, got {self.clock_ghz} GHz and {self.ipc}"
            )


def capture(
    command: Sequence[str],
    name: str,
    *,
    machine: Machine | None = None,
    limit: int = 100_000,
    skip: int = 0,
    from_marker: str | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Trace:
    """Run a program under valgrind and keep ``limit`` requests to memory.

    What is kept begins after a line of the program's output (standard output or error) that holds
    ``from_marker``, if given, and ``skip`` instructions later; until then the cache is warmed.  The
    program is stopped once enough is collected.  Only the processor's own accesses are seen: no
    prefetcher, one core, no kernel.

    Args:
        command: the program and its arguments.
        name: of the trace.
        machine: cache, clock and pace (default: a cache of 1 MiB, 3 GHz).
        limit: the most requests to keep.
        skip: instructions to pass over.
        from_marker: text in the program's output after which the trace begins.
        on_progress: called with requests kept and instructions run, now and then.

    Returns:
        The trace; ``origin`` says which instructions of the program it spans and whether they reach
        the program's end.

    Raises:
        WorkloadError: valgrind or the program is missing, the marker never comes, or too little
            reaches memory.
    """
    machine = machine or Machine()
    _check(command, limit, skip, from_marker)
    cache = CacheFilter(machine.cache_bytes, machine.ways, limit, skip)
    with tempfile.TemporaryFile() as errors, watched() as mark:
        process, stream = _start(command, from_marker is not None, errors, mark)
        try:
            with stream:
                said = _collect(stream, cache, skip, from_marker, on_progress)
        except BaseException:
            process.kill()
            process.wait()
            raise
        stopped = cache.full
        if stopped:
            process.kill()
        process.wait()
        errors.seek(0)
        said += errors.read()[-2000:]
    shown = shlex.join(command)
    if process.returncode != 0 and not stopped:
        tail = said.decode(errors="replace").strip()[-300:]
        raise WorkloadError(
            f"{shown!r} failed under valgrind with exit code {process.returncode}: {tail}"
        )
    if cache.skip == NOT_YET:
        raise WorkloadError(
            f"{shown!r} ended without writing {from_marker!r} to its output; is the marker written "
            "and flushed before the part that matters?"
        )
    if cache.count == 0:
        raise WorkloadError(
            f"{shown!r} sent nothing past a {machine.cache_bytes >> 10} KiB cache after "
            f"{cache.skip} instructions; try a smaller --cache or --skip"
        )
    return _trace(command, name, machine, cache, from_marker, complete=not stopped)


def part_of(trace: Trace) -> str:
    """A sentence on which part of the program a captured trace holds.

    Args:
        trace: a captured one.

    Returns:
        The sentence, without a full stop.
    """
    origin = trace.origin
    end = "its end" if origin["complete"] else "where enough was collected and it was stopped"
    return (
        f"instructions {origin['first_instruction']:,} to {origin['last_instruction']:,} of "
        f"{origin['program']}, which ran {origin['instructions']:,} up to {end}"
    )


def _check(command: Sequence[str], limit: int, skip: int, marker: str | None) -> None:
    if shutil.which("valgrind") is None:
        raise WorkloadError(
            "capturing needs valgrind: install it (Debian: apt-get install valgrind)"
        )
    if not command or shutil.which(command[0]) is None:
        raise WorkloadError(
            f"program {command[0] if command else ''!r} not found; expected: trace capture -- "
            "PROGRAM ARGS…"
        )
    if not 1 <= limit <= MAX_REQUESTS:
        raise WorkloadError(f"--requests must be 1 to {MAX_REQUESTS:,}, got {limit}")
    if not 0 <= skip < NOT_YET >> 1:
        raise WorkloadError(f"--skip must be at least 0 instructions, got {skip}")
    if marker is not None and (not marker.strip() or "\n" in marker):
        raise WorkloadError(f"--from-marker: expected some text of one line, got {marker!r}")


def _start(
    command: Sequence[str], with_output: bool, errors: IO[bytes], mark: dict[str, str]
) -> tuple[subprocess.Popen[bytes], IO[bytes]]:
    """The program under valgrind, and the stream of what it touches.

    With its output in the same stream, a marker stands exactly where the program wrote it.
    """
    read_end, write_end = os.pipe()
    arguments = ["valgrind", "--tool=lackey", "--trace-mem=yes", f"--log-fd={write_end}", *command]
    # no AVX-512 in valgrind: keep numerical libraries to what it can run
    numerical = {"OPENBLAS_CORETYPE": "Haswell", "OMP_NUM_THREADS": "1"}
    try:
        process = subprocess.Popen(
            arguments,
            stdout=write_end if with_output else subprocess.DEVNULL,
            stderr=write_end if with_output else errors,
            pass_fds=(write_end,),
            env=environment(dict.fromkeys(KEPT)) | numerical | mark,
        )
    finally:
        os.close(write_end)
    return process, os.fdopen(read_end, "rb", buffering=0)


def _collect(
    stream: IO[bytes],
    cache: CacheFilter,
    skip: int,
    marker: str | None,
    on_progress: Callable[[int, int], None] | None,
) -> bytes:
    """Feed the cache until it is full or the program ends; the program's last words come back."""
    waiting = marker is not None
    wanted = (marker or "").encode()
    if waiting:
        cache.skip = NOT_YET
    rest = tail = b""
    while not cache.full:
        block = stream.read(BLOCK)
        if not block:
            break
        whole, newline, rest = (rest + block).rpartition(b"\n")
        text = whole + newline
        tail = text[-TAIL:]
        place = _line_with(wanted, text) if waiting else None
        if place is not None:
            cache.feed(text[: place[0]])
            cache.skip = int(cache.state[S_INSTRUCTIONS]) + skip
            text, waiting = text[place[1] :], False
        cache.feed(text)
        if on_progress is not None:
            on_progress(cache.count, int(cache.state[S_INSTRUCTIONS]))
    if marker is None:
        return b""
    lines = [*tail.split(b"\n"), rest]
    return b"\n".join(line for line in lines if line[:2] not in (b"I ", b" L", b" S", b" M", b"=="))


def _line_with(marker: bytes, text: bytes) -> tuple[int, int] | None:
    """Start and end of the first line with the marker that is the program's own."""
    at = text.find(marker)
    while at >= 0:
        start, end = text.rfind(b"\n", 0, at) + 1, text.find(b"\n", at) + 1
        if text[start : start + 2] != b"==":  # valgrind's, one of which repeats the command
            return start, end
        at = text.find(marker, end)
    return None


def _trace(
    command: Sequence[str],
    name: str,
    machine: Machine,
    cache: CacheFilter,
    marker: str | None,
    complete: bool,
) -> Trace:
    instruction, write, line = cache.requests()
    stamp = ((instruction - instruction[0]) / machine.ipc).astype(instruction.dtype)
    origin: dict[str, Any] = {
        "program": Path(command[0]).name,
        "arguments": [Path(a).name if os.path.isabs(a) else a for a in command[1:]],
        "captured_with": "valgrind lackey",
        "cache_bytes": machine.cache_bytes,
        "ways": machine.ways,
        "clock_ghz": machine.clock_ghz,
        "ipc": machine.ipc,
        "skipped_instructions": cache.skip,
        "first_instruction": int(instruction[0]),
        "last_instruction": int(instruction[-1]),
        "instructions": int(cache.state[S_INSTRUCTIONS]),
        "references": int(cache.state[S_REFERENCES]),
        "misses": int(cache.state[S_MISSES]),
        "complete": complete,
    }
    if marker is not None:
        origin["from_marker"] = marker
    return Trace(name, stamp, write, line << LINE_BITS, round(1000 / machine.clock_ghz), origin)
