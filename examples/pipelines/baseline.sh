#!/bin/sh
# For a cluster with findings that nobody will fix today: fail on what is new, not on what everybody knows.
#
#   ./baseline.sh update [FILE]     takes down what is found now; commit the file
#   ./baseline.sh check [FILE]      0 nothing new, 1 something new or graver than it was, 2 no answer
#
# Settings: FAIL_ON=error|warning|info
set -eu

file=${2:-srcip-baseline.json}

case ${1:-} in
  update)
    # Not straight into the file: a failed run must not leave an empty baseline.
    kubectl srcip check -A --fail-on never -o json > "$file.new"
    mv "$file.new" "$file"
    ;;
  check)
    kubectl srcip check -A --fail-on "${FAIL_ON:-warning}" --baseline "$file"
    ;;
  *)
    echo 'usage: baseline.sh update|check [FILE]' >&2
    exit 2
    ;;
esac
