#!/bin/sh
# A deploy between two gates: what would break is not applied, and what broke all the same is noticed at once.
#
#   ./gate.sh MANIFESTS FLOWS.yaml COMMAND…
#   ./gate.sh manifests flows.yaml sh -c 'kubectl apply -f manifests && kubectl rollout status -n shop deploy/web'
#
# Exit codes: 0 deployed, and all flows are as expected; 1 bad news; 2 a question could not be answered, or the deploy itself failed.
# Settings: FAIL_ON=error|warning|info
set -eu

if [ $# -lt 3 ]; then
  echo 'usage: gate.sh MANIFESTS FLOWS.yaml COMMAND…' >&2
  exit 2
fi
manifests=$1
flows=$2
shift 2

# With set -e every gate ends the script, with the exit code of check or assert.
echo '== Before: what the manifests would do to the cluster'
kubectl srcip check -f "$manifests" -R --fail-on "${FAIL_ON:-error}"

echo '== Before: what has to hold does hold, so that what fails afterwards is this deploy'
kubectl srcip assert -f "$flows"

echo '== Deploy'
"$@" || { echo "gate: the deploy failed ($?)" >&2; exit 2; }

echo '== After: what has to hold'
kubectl srcip assert -f "$flows" || { code=$?; echo 'gate: it is deployed and does not do what it should: roll back' >&2; exit "$code"; }
