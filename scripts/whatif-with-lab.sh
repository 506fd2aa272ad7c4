#!/usr/bin/env bash
# Holds `whatif` against changes that are really made: random clusters of network namespaces are changed and measured, then compared.
# usage: whatif-with-lab.sh LAB-FOLDER [FIRST-SEED [COUNT-FOR-LOCAL [COUNT-FOR-EACH-OTHER]]]
set -euo pipefail
lab=$1 seed=${2:-70000} local_count=${3:-60} count=${4:-20}
if [ ! -e "$lab/lab.py" ] || [ "$(id -u)" != 0 ]; then
  echo "skipped: needs $lab/lab.py and root" >&2
  exit 0
fi
here=$(dirname "$0")
cases=$(mktemp -d)
trap 'rm -rf "$cases"' EXIT

record() { python3 "$here/whatif-with-lab.py" "$lab" "$cases/$1" "$2" --seed "$3" --count "$4"; }
compare() { node "$here/run-ts.mjs" "$here/whatif-with-lab.ts" "$cases/$1"; }

record first etp-local "$seed" "$local_count"
for change in etp-cluster itp-local itp-cluster proxy-mode drain scale move detect-local several; do record first "$change" "$seed" "$count"; done
if ! compare first > "$cases/log"; then
  cat "$cases/log"
  # A busy machine can lose a packet that no rule dropped: what disagrees is measured once more, and has to agree then.
  echo 'measuring again what disagreed'
  for name in $(grep -oE '^disagree [a-z-]+-[0-9]+' "$cases/log" | cut -d' ' -f2 | sort -u); do
    record again "${name%-*}" "$((10#${name##*-}))" 1
  done
  compare again
fi
cat "$cases/log"
