"""Record what a real program asks of its memory: valgrind's lackey through a last-level cache."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from archgym.errors import WorkloadError

from .cache_filter import LINE_BITS, S_INSTRUCTIONS, S_MISSES, S_REFERENCES, CacheFilter
from .trace import Trace

BLOCK = 1 << 22


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
            or self.cache_bytes < self.ways << LINE_BITS
            or self.cache_bytes % (self.ways << LINE_BITS)
        ):
            raise WorkloadError(
                f"a cache of {self.cache_bytes} bytes cannot have {self.ways} ways of 64-byte lines"
            )
        if not (0 < self.clock_ghz < 100 and 0 < self.ipc < 100):
            raise WorkloadError(
                f"clock and IPC must be positive, got {self.clock_ghz} GHz and {self.ipc}"
            )


def capture(
    command: Sequence[str],
    name: str,
    *,
    machine: Machine | None = None,
    limit: int = 100_000,
    skip: int = 0,
    on_progress: Callable[[int, int], None] | None = None,
) -> Trace:
    """Run a program under valgrind and keep the first ``limit`` requests to memory.

    The program is stopped once they are collected.  ``skip`` instructions are passed over first
    (start-up).  Only the processor's own accesses are seen: no prefetcher, one core, no kernel.

    Raises:
        WorkloadError: valgrind or the program is missing, or too little reaches memory.
    """
    machine = machine or Machine()
    if shutil.which("valgrind") is None:
        raise WorkloadError(
            "capturing needs valgrind: install it (Debian: apt-get install valgrind)"
        )
    if not command or shutil.which(command[0]) is None:
        raise WorkloadError(
            f"program {command[0] if command else ''!r} not found; expected: trace capture -- PROGRAM ARGS…"
        )
    if limit < 1:
        raise WorkloadError(f"--requests must be at least 1, got {limit}")
    cache = CacheFilter(machine.cache_bytes, machine.ways, limit, skip)
    read_end, write_end = os.pipe()
    arguments = ["valgrind", "--tool=lackey", "--trace-mem=yes", f"--log-fd={write_end}", *command]
    # no AVX-512 in valgrind: keep numerical libraries to what it can run
    environment = {**os.environ, "OPENBLAS_CORETYPE": "Haswell", "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        arguments,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        pass_fds=(write_end,),
        env=environment,
    )
    os.close(write_end)
    rest = b""
    with os.fdopen(read_end, "rb", buffering=0) as stream:
        while not cache.full:
            block = stream.read(BLOCK)
            if not block:
                break
            whole, newline, rest = (rest + block).rpartition(b"\n")
            cache.feed(whole + newline)
            if on_progress is not None:
                on_progress(cache.count, int(cache.state[S_INSTRUCTIONS]))
    stopped = cache.full
    if stopped:
        process.kill()
    _, errors = process.communicate()
    if process.returncode != 0 and not stopped:
        tail = errors.decode(errors="replace").strip()[-300:]
        raise WorkloadError(
            f"{' '.join(command)!r} failed under valgrind with exit code {process.returncode}: {tail}"
        )
    if cache.count == 0:
        raise WorkloadError(
            f"{' '.join(command)!r} sent nothing past a {machine.cache_bytes >> 10} KiB cache after "
            f"{skip} instructions; try a smaller --cache or --skip"
        )
    stamp, write, line = cache.requests()
    stamp = ((stamp - stamp[0]) / machine.ipc).astype(stamp.dtype)
    origin = {
        "program": os.path.basename(command[0]),
        "arguments": [os.path.basename(a) if os.path.isabs(a) else a for a in command[1:]],
        "captured_with": "valgrind lackey",
        "cache_bytes": machine.cache_bytes,
        "ways": machine.ways,
        "clock_ghz": machine.clock_ghz,
        "ipc": machine.ipc,
        "skipped_instructions": skip,
        "instructions": int(cache.state[S_INSTRUCTIONS]),
        "references": int(cache.state[S_REFERENCES]),
        "misses": int(cache.state[S_MISSES]),
        "complete": not stopped,
    }
    return Trace(name, stamp, write, line << LINE_BITS, round(1000 / machine.clock_ghz), origin)
