#!/usr/bin/env bash
# Holds `explain` against what a real kernel did, by API objects alone and by the nodes' own rules: all recorded cases, then random clusters that are
# recorded now, with and without settings that no API object shows.
# usage: compare-with-lab.sh LAB-FOLDER [FIRST-SEED COUNT]
set -euo pipefail
lab=$1 seed=${2:-31000} count=${3:-60}
cli="node $PWD/bin/run.js"
cases=$(mktemp -d)
trap 'rm -rf "$cases"' EXIT

record() { python3 "$lab/corpus.py" "$cases/$1" --random "$2" --count "$3" "${@:4}"; }
compare() { python3 "$lab/compare.py" "$@" --cli "$cli"; }

# agrees NAME [FLAGS…]: a busy machine can lose a packet that no rule dropped: what disagrees is measured once more, and has to agree then.
agrees() {
  local name=$1 log="$cases/log" again="$cases/again-$1" numbers more=()
  [ "$1" = random ] || more=(--with-node-knobs)
  shift
  if ! compare "$cases/$name" "$@" > "$log"; then
    tail -n 30 "$log"
    echo 'measuring again what disagreed'
    numbers=$(grep -oE '^(DISAGREE|MISSING) (random|knobs)-[0-9]+' "$log" | grep -oE '[0-9]+$' | sort -u)
    for number in $numbers; do record "again-$name" "$((10#$number))" 1 "${more[@]}"; done
    compare "$again" "$@"
  fi
  tail -n 1 "$log"
}

echo 'by API objects'
compare "$lab"/../corpus/* --max-undetermined 0 | tail -n 2
record random "$seed" "$count"
agrees random --max-undetermined 0

echo 'findings'
node scripts/run-ts.mjs scripts/findings-with-lab.ts "$cases/random" | tail -n 1

# A node in nftables mode whose recorded iptables-save was empty and left out is undetermined by its rules, and says so.
echo "by the nodes' rules"
compare "$lab"/../corpus/* --rules | tail -n 2
agrees random --rules
record knobs "$((seed + 5000))" "$((count / 2))" --with-node-knobs
agrees knobs --rules
