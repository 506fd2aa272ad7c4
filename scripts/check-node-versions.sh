#!/usr/bin/env bash
# Installs the package into a clean folder and runs it through the real kubectl on every Node that it is for: the right answer, and nothing on
# stderr (a bundled package may make a newer Node warn of what it deprecates).
#   scripts/check-node-versions.sh [PACKAGE.tgz] [VERSION…]
# Needs kubectl, npm and its registry (for the other versions of Node).
set -euo pipefail
cd "$(dirname "$0")/.."
unset NODE_EXTRA_CA_CERTS NODE_OPTIONS KUBECONFIG NO_COLOR

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
fail() { printf 'node versions: FAILED: %s\n' "$*" >&2; exit 1; }

tarball=
if [[ ${1:-} == *.tgz ]]; then
  tarball=$(realpath "$1")
  shift
else
  npm pack --silent --pack-destination "$work" > "$work/pack.log" 2>&1 || fail "npm pack: $(tail -5 "$work/pack.log")"
  tarball=$(echo "$work"/*.tgz)
fi
versions=("$@")
[ ${#versions[@]} -gt 0 ] || versions=(20 22 24 26)

npm install --global --prefix "$work/npm" --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel error "$tarball" > "$work/install.log" 2>&1 ||
  fail "npm install: $(cat "$work/install.log")"
package=$work/npm/lib/node_modules/kubectl-srcip

# says TEXT ARGUMENTS…: on this version of Node the answer has this text, and stderr has nothing.
says() {
  local text=$1
  shift
  env PATH="$node:$work/npm/bin:$PATH" HOME="$work/home" kubectl "$@" > "$work/out" 2> "$work/err" < /dev/null ||
    fail "Node $version: kubectl $*: $(head -c 1000 "$work/err")"
  [ ! -s "$work/err" ] || fail "Node $version: kubectl $*: on stderr: $(head -c 1000 "$work/err")"
  grep -qF -- "$text" "$work/out" || fail "Node $version: kubectl $* does not say \"$text\": $(head -c 1000 "$work/out")"
}

for version in "${versions[@]}"; do
  node=$(dirname "$(npm exec --yes --package "node@$version" --call 'command -v node' 2> "$work/npx.err")") ||
    fail "Node $version cannot be had: $(tail -3 "$work/npx.err")"
  exact=$("$node/node" --version)
  [[ $exact == "v$version."* ]] || fail "Node $version is $exact"
  rm -rf "${work:?}/home"
  mkdir "$work/home"
  says "node-$exact" srcip --version
  says 'kubectl srcip explain svc/' srcip explain --help
  # Twice: with the cache of compiled code empty, and with what the first run left there.
  says 'nodes drop outside traffic' srcip demo --tour
  says 'nodes drop outside traffic' srcip demo --tour
  says 'service/web' srcip explain svc/web -n shop --snapshot "$package/demo/cluster.json" -o name
  says 'SIP' srcip check -A --fail-on never --snapshot "$package/demo/cluster.json"
  cached=$( (find "$work/home/.cache/kubectl-srcip" -type f 2> /dev/null || true) | wc -l)
  printf 'node versions: %s ok, %s files of compiled code kept\n' "$exact" "$cached"
done
