#!/usr/bin/env bash
# Runs the program through the real kubectl as a user has it: against its own demo cluster, and on files.
#   scripts/smoke.sh                  packs the package and installs it into a clean folder
#   scripts/smoke.sh PACKAGE.tgz      installs that package
#   scripts/smoke.sh ARCHIVE.tar.gz   unpacks the archive of an executable; nothing then finds a node
# Needs kubectl, node and npm (here, not for the executable); no root, no network. Ends with 1 and says why at the first thing that is not
# as it should be.
set -euo pipefail
given=${1:+$(realpath "$1")}
cd "$(dirname "$0")/.."
unset NODE_EXTRA_CA_CERTS NODE_OPTIONS KUBECONFIG

work=$(mktemp -d)
demo_pid=
cleanup() {
  if [ -n "$demo_pid" ]; then
    kill "$demo_pid" 2> /dev/null || true
    wait "$demo_pid" 2> /dev/null || true
  fi
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

fail() { printf 'smoke: FAILED: %s\n' "$*" >&2; exit 1; }
note() { printf 'smoke: %s\n' "$*"; }

# run CODE ARGUMENTS…: kubectl with these arguments must end with that code; leaves $work/out and $work/err.
run() {
  local expected=$1 code=0
  shift
  kubectl "$@" > "$work/out" 2> "$work/err" < /dev/null || code=$?
  [ "$code" = "$expected" ] || fail "kubectl $*: exit code $code instead of $expected: $(head -c 2000 "$work/err")"
  if [ "$expected" = 2 ]; then
    [ ! -s "$work/out" ] || fail "kubectl $*: an error, and something on stdout"
    [ "$(wc -l < "$work/err")" -le 2 ] || fail "kubectl $*: more than two lines on stderr: $(cat "$work/err")"
    ! grep -qE 'at file:|internal error' "$work/err" || fail "kubectl $*: $(cat "$work/err")"
  else
    [ ! -s "$work/err" ] || fail "kubectl $*: something on stderr: $(cat "$work/err")"
  fi
}
says() { grep -qF -- "$1" "$work/out" || fail "the answer does not say \"$1\": $(head -c 2000 "$work/out")"; }
complains() { grep -qF -- "$1" "$work/err" || fail "the error does not say \"$1\": $(cat "$work/err")"; }

node=$(command -v node)
mkdir "$work/home"
export HOME="$work/home"

# From an archive there is a folder with the executable and nothing of npm; the PATH has only what this script needs.
install_archive() {
  local tool
  mkdir "$work/bin" "$work/tools"
  tar -xzf "$1" -C "$work/bin"
  for tool in bash cat chmod cp cut dirname du grep head kubectl ls mkdir mv rm sed seq sleep sort tail tar gzip wc xz; do
    ln -s "$(command -v "$tool")" "$work/tools/$tool"
  done
  export PATH="$work/bin:$work/tools"
  ! command -v node > /dev/null || fail 'there is a node on the PATH'
  for needed in LICENSE README.md THIRD_PARTY_LICENSES.txt; do
    [ -s "$work/bin/$needed" ] || fail "the archive lacks $needed"
  done
  bin=$work/bin
  note "archive $(du -k "$1" | cut -f1) KiB; executable $(du -k "$bin/kubectl-srcip" | cut -f1) KiB"
}

install_package() {
  local tarball=$1 installed=$work/npm/lib/node_modules
  npm install --global --prefix "$work/npm" --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel error "$tarball" > "$work/install.log" 2>&1 ||
    fail "npm install: $(cat "$work/install.log")"
  [ "$(ls "$installed")" = kubectl-srcip ] || fail "more than one package was installed: $(ls "$installed")"
  [ ! -e "$installed/kubectl-srcip/node_modules" ] || fail 'the package has runtime dependencies'
  bin=$work/npm/bin
  export PATH="$bin:$PATH"
  note "tarball $(du -k "$tarball" | cut -f1) KiB; installed $(du -sk "$installed/kubectl-srcip" | cut -f1) KiB, 1 package"
}

pack() {
  npm pack --silent --pack-destination "$work" > "$work/pack.log" 2>&1 || fail "npm pack: $(tail -5 "$work/pack.log")"
  echo "$work"/*.tgz
}

case $given in
  '') install_package "$(pack)" ;;
  *.tgz) install_package "$given" ;;
  *.tar.gz) install_archive "$given" ;;
  *) fail "$given is neither a .tgz nor a .tar.gz" ;;
esac
[ -x "$bin/kubectl-srcip" ] || fail 'kubectl-srcip is not executable'

code=0
kubectl plugin list > "$work/out" 2> "$work/err" || code=$?
says "$bin/kubectl-srcip"
! grep -i 'warning.*srcip' "$work/out" "$work/err" || fail 'kubectl plugin list warns of kubectl-srcip'

# ---- the demo cluster of the installed package
kubectl srcip demo > "$work/demo.log" 2>&1 < /dev/null &
demo_pid=$!
for _ in $(seq 100); do
  grep -q 'export KUBECONFIG=' "$work/demo.log" && break
  kill -0 "$demo_pid" 2> /dev/null || fail "the demo ended: $(cat "$work/demo.log")"
  sleep 0.1
done
KUBECONFIG=$(sed -n 's/^ *export KUBECONFIG=//p' "$work/demo.log")
[ -f "$KUBECONFIG" ] || fail "the demo names no kubeconfig: $(cat "$work/demo.log")"
export KUBECONFIG

run 0 get services,nodes,endpointslices -A -o json
cp "$work/out" "$work/list.json"
kubectl get daemonsets,configmaps,servicecidrs -A -o json > "$work/proxy.json"

ingress=(srcip explain svc/ingress-nginx-controller -n ingress-nginx)
run 0 "${ingress[@]}"
says '2 of 4 nodes drop outside traffic'
says 'a load balancer keeps 2 of 4 nodes'
run 0 "${ingress[@]}" -o name
says 'service/ingress-nginx-controller'
run 0 srcip explain svc/web -n shop
says 'externalTrafficPolicy Cluster'
run 0 srcip explain svc/legacy -n shop
run 1 srcip explain svc/legacy -n shop --fail-on error
run 2 srcip explain svc/webb -n shop
complains 'not found'
complains '"web"'
run 2 srcip explain svc/web -n shop --nope
complains 'Nonexistent flag: --nope'
run 2 srcip nope
run 0 srcip explain --help
says 'kubectl srcip explain svc/nginx'
# ---- findings, what-if, expected flows, the nodes' rules
run 0 srcip check svc/web -n shop
run 1 srcip check svc/legacy -n shop
run 0 srcip check -A --fail-on never -o sarif
run 0 srcip whatif svc/web -n shop --set externalTrafficPolicy=Local
run 0 srcip assert --init svc/web -n shop
cp "$work/out" "$work/flows.yaml"
run 0 srcip assert -f "$work/flows.yaml"
run 2 srcip verify svc/web -n shop

run 0 srcip demo --tour
says 'nodes drop outside traffic'
note 'live: ok'

# ---- the same from files
run 0 "${ingress[@]}" -o json
cp "$work/out" "$work/live.json"
mkdir "$work/snapshot"
mv "$work/list.json" "$work/proxy.json" "$work/snapshot"
tar -C "$work" -czf "$work/snapshot.tar.gz" snapshot
KUBECONFIG=$work/none
for path in "$work/snapshot" "$work/snapshot.tar.gz"; do
  run 0 "${ingress[@]}" --snapshot "$path"
  says '2 of 4 nodes drop outside traffic'
  run 0 "${ingress[@]}" --snapshot "$path" -o json
  "$node" -e '
    const [live, files] = process.argv.slice(1).map((path) => JSON.stringify(JSON.parse(require("fs").readFileSync(path, "utf8")).flows));
    if (live !== files) process.exit(1);
  ' "$work/live.json" "$work/out" || fail "the flows from $path differ from those read live"
done
kubectl srcip explain svc/web -n shop --snapshot - -o name < "$work/snapshot/list.json" > "$work/out"
says 'service/web'
run 2 "${ingress[@]}"
complains 'no kubeconfig found'
run 2 "${ingress[@]}" --snapshot "$work/nothing"
complains 'does not exist'
note 'files: ok'

# ---- the demo ends when told to, and leaves nothing behind
folder=$(dirname "$(sed -n 's/^ *export KUBECONFIG=//p' "$work/demo.log")")
kill -INT "$demo_pid"
code=0
wait "$demo_pid" || code=$?
demo_pid=
[ "$code" = 0 ] || fail "the demo ended with $code"
[ ! -e "$folder" ] || fail "the demo left $folder behind"
note "ok in ${SECONDS}s"
