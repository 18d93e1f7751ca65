"""Say how many lines and branches of the core the tests ran, and fail below the floor.

Run after the tests, on the ``.coverage`` file that they left: ``make coverage``.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

CORE = "archgym/"  # the leaves' kernels are compiled: coverage cannot see them
FLOOR = 85.0  # per cent of branches


def main() -> int:
    """Print the figures; 1 below the floor."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "coverage.json"
        command = [sys.executable, "-m", "coverage", "json", "-q", "-o", str(path)]
        subprocess.run(command, check=True)
        files = json.loads(path.read_text())["files"]
    root = str(Path.cwd()) + "/"
    core = [v["summary"] for k, v in files.items() if k.removeprefix(root).startswith(CORE)]
    lines = sum(s["num_statements"] for s in core), sum(s["covered_lines"] for s in core)
    branches = sum(s["num_branches"] for s in core), sum(s["covered_branches"] for s in core)
    line_share, branch_share = (100 * ran / max(all_, 1) for all_, ran in (lines, branches))
    print(
        f"core: {line_share:.1f} % of {lines[0]} lines, {branch_share:.1f} % of {branches[0]} branches"
    )
    if branch_share < FLOOR:
        print(f"below the floor of {FLOOR:g} % of branches")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
