#!/usr/bin/env bash
# Captures every trace of this folder again (Debian: valgrind sqlite3 xz-utils gcc python3).
# Half an hour on two cores; the results depend on the versions of the programs.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
capture() { # NAME SKIP PROGRAM ARGS…
    local name=$1 skip=$2
    shift 2
    archgym trace capture --name "$name" --output "$here/$name.npz" --requests "${REQUESTS:-100000}" --skip "$skip" -- "$@"
}
for program in matmul bfs convolve; do
    cc -O2 -o "$work/$program" "$here/programs/$program.c"
done
python3 -c "import pydoc_data.topics as t; print(open(t.__file__).read() * 2)" > "$work/text.txt"
cd "$work"
capture matmul 15000000 ./matmul 512
capture bfs 50000000 ./bfs 300000
capture convolve 5000000 ./convolve 2048 1024
capture xz 2000000 xz -6 -k -c text.txt
capture sqlite 100000000 sqlite3 -init "$here/programs/query.sql" :memory: ".quit"
capture json 200000000 python3 "$here/programs/parse.py"
