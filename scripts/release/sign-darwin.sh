#!/usr/bin/env bash
# Signs the executables of the macOS archives of a release, on a Mac, and renews the archives, SHA256SUMS and the manifest for krew.
#   scripts/release/sign-darwin.sh DIR
#   SIGN_IDENTITY    the "Developer ID Application: …" to sign with (default: "-", ad hoc: enough to run, not for Gatekeeper)
#   NOTARY_PROFILE   a keychain profile of `xcrun notarytool store-credentials`: the executables are notarised too
#   RELEASE_URI      as --uri of the build
# NOT RUN YET: it was written from Apple's manual pages, and CI has no Mac. Read what it prints, and run `kubectl srcip demo --tour` afterwards.
set -euo pipefail
dir=$(cd "${1:?usage: scripts/release/sign-darwin.sh DIR}" && pwd)
cd "$(dirname "$0")/../.."
[ "$(uname -s)" = Darwin ] || { echo 'sign-darwin: codesign is on macOS only' >&2; exit 2; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
identity=${SIGN_IDENTITY:--}
options=(--force --sign "$identity" --identifier io.srcip.kubectl-srcip)
# The hardened runtime is what a notarised program needs; node compiles code while it runs, which has to be allowed in it.
[ "$identity" = - ] || options+=(--timestamp --options runtime --entitlements scripts/release/node.entitlements)

for archive in "$dir"/kubectl-srcip_*_darwin_*.tar.gz; do
  [ -f "$archive" ] || { echo "sign-darwin: no macOS archive in $dir" >&2; exit 2; }
  folder=$work/$(basename "$archive" .tar.gz)
  mkdir "$folder"
  tar -xzf "$archive" -C "$folder"
  codesign "${options[@]}" "$folder/kubectl-srcip"
  codesign --verify --strict --verbose=2 "$folder/kubectl-srcip"
  if [ -n "${NOTARY_PROFILE:-}" ]; then
    # Apple takes archives of its own making; a bare executable cannot carry the ticket, so Macs ask for it on first use.
    ditto -c -k "$folder/kubectl-srcip" "$work/notarise.zip"
    xcrun notarytool submit "$work/notarise.zip" --keychain-profile "$NOTARY_PROFILE" --wait
  fi
  node scripts/run-ts.mjs scripts/release/reseal.ts --archive "$archive" --from "$folder" ${RELEASE_URI:+--uri "$RELEASE_URI"}
  echo "sign-darwin: signed $(basename "$archive")"
done
