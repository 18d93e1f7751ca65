"""A PostgreSQL server of a test session's own: a cluster in a temporary folder, on a loopback port."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

NOBODY = 65534  # the server refuses to run as root


def _programs() -> Path | None:
    """The folder of ``initdb`` and ``pg_ctl``, which Debian keeps off the path."""
    found = shutil.which("pg_ctl")
    folders = [Path(found).parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((f for f in folders if (f / "initdb").exists()), None)


@contextmanager
def server() -> Iterator[str]:
    """The URL of a new server, which ends with the block; skips with the reason where there is none."""
    for package in ("sqlalchemy", "psycopg"):
        pytest.importorskip(package, reason="the extra 'server' is not installed")
    programs = _programs()
    if programs is None:
        pytest.skip("no PostgreSQL server is installed (pg_ctl and initdb)")
    as_user = []
    if os.getuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("PostgreSQL does not run as root, and setpriv is not there")
        as_user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if as_user:
            os.chown(folder, NOBODY, NOBODY)
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        data = ["-D", str(folder / "data")]

        def say(program: str, *words: str) -> None:
            with open(folder / "said", "w+") as said:
                done = subprocess.run(
                    [*as_user, str(programs / program), *data, *words],
                    stdout=said, stderr=said, cwd="/", timeout=120,
                )  # fmt: skip
                said.seek(0)
                if done.returncode:
                    pytest.skip(f"PostgreSQL does not start: {said.read()[-300:]}")

        say("initdb", "-U", "driver", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C")
        options = f"-p {port} -h 127.0.0.1 -k {folder} -c fsync=off -c shared_buffers=16MB"
        say("pg_ctl", "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield f"postgresql://driver@127.0.0.1:{port}/postgres"
        finally:
            words = [str(programs / "pg_ctl"), *data, "-m", "immediate", "-w", "stop"]
            subprocess.run([*as_user, *words], capture_output=True, cwd="/", timeout=60)
