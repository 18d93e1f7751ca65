"""No file may grow beyond a size, from 4 kB up: one line, exit code 2, and going on with room ends it."""

import os
import resource
import signal
import sys

import pytest
import yaml

from archgym.cli import main
from tests.attacks.test_kills import ended, in_child

SIZES = [4096 * 2**k for k in range(0, 5)]
EVERY = [4096 + 1024 * k for k in range(72)]


def limited(size, words, said):
    """The exit code of a command line in a child whose files may not grow beyond a size."""

    def act():
        with open(said, "w") as out:
            os.dup2(out.fileno(), 1)
            os.dup2(out.fileno(), 2)
            sys.stdout = sys.stderr = out
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
            code = main([str(w) for w in words])
            out.flush()
            os._exit(code)

    return ended(in_child(act))


@pytest.mark.parametrize(
    "sizes", [SIZES, pytest.param(EVERY, marks=pytest.mark.slow)], ids=["some", "every"]
)
def test_every_command_on_a_full_disk(toy_document, toy_run, tmp_path, sizes, capsys):
    pytest.importorskip("pyarrow", reason="the extra 'data' is not installed")
    (tmp_path / "s.yaml").write_text(yaml.safe_dump(toy_document | {"name": "t"}))
    data = tmp_path / "whole.parquet"
    assert main(["export", str(toy_run), "--to", str(data)]) == 0
    capsys.readouterr()
    full = done = 0
    for size in sizes:
        place = tmp_path / f"at{size}"
        place.mkdir()
        run = [
            "run",
            tmp_path / "s.yaml",
            "--agent",
            "random_walk",
            "--budget",
            "300",
            "--no-plots",
        ]
        for words in (
            [*run, "--output", place / "r"],
            ["export", toy_run, "--to", place / "d.parquet"],
            ["export", toy_run, "--to", place / "d.csv"],
            ["train", data, "--model", "ridge", "--output", place / "p"],
            ["enumerate", tmp_path / "s.yaml", "--output", place / "t"],
        ):  # fmt: skip
            code = limited(size, words, place / "said")
            said = (place / "said").read_text()
            assert code in (0, 2) and "Traceback" not in said, (size, words, code, said)
            assert code == 0 or "archgym: " in said
            full, done = full + (code == 2), done + (code == 0)
        if (place / "r" / "manifest.json").exists():
            assert main(["run", "--resume", str(place / "r"), "--no-plots"]) == 0
            capsys.readouterr()
            assert main(["verify", str(place / "r"), "--all"]) == 0
            capsys.readouterr()
    assert full and done
    with capsys.disabled():
        print(f"{full} full disks, {done} commands that had room")
