#!/usr/bin/env bash
# Holds `explain` against what a real kernel did: all recorded cases, then random clusters that are recorded now.
# usage: compare-with-lab.sh LAB-FOLDER [FIRST-SEED COUNT]
set -euo pipefail
lab=$1 seed=${2:-31000} count=${3:-60}
cli="node $PWD/bin/run.js"
cases=$(mktemp -d)
trap 'rm -rf "$cases"' EXIT

record() { python3 "$lab/corpus.py" "$cases/$1" --random "$2" --count "$3"; }
compare() { python3 "$lab/compare.py" "$@" --cli "$cli" --max-undetermined 0; }

compare "$lab"/../corpus/* | tail -n 3

record random "$seed" "$count"
if ! compare "$cases/random" > "$cases/log"; then
  tail -n 30 "$cases/log"
  # A busy machine can lose a packet that no rule dropped: what disagrees is measured once more, and has to agree then.
  echo 'measuring again what disagreed'
  for name in $(grep -oE '^(DISAGREE|MISSING|UNDETERMINED|NO ADDRESS) random-[0-9]+' "$cases/log" | grep -oE '[0-9]+$' | sort -u); do
    record again "$((10#$name))" 1
  done
  compare "$cases/again"
fi
tail -n 1 "$cases/log"
