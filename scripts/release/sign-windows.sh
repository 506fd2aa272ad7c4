#!/usr/bin/env bash
# Signs the executable of the Windows archive of a release with osslsigncode (any system), and renews the archive, SHA256SUMS and the manifest
# for krew. On Windows itself: signtool sign /fd sha256 /tr URL /td sha256 kubectl-srcip.exe, then scripts/release/reseal.ts.
#   scripts/release/sign-windows.sh DIR
#   SIGN_PKCS12         the certificate and its key
#   SIGN_PASSWORD_FILE  a file with its password
#   SIGN_TIMESTAMP      an RFC 3161 server (default: http://timestamp.digicert.com; "none" for a trial)
#   RELEASE_URI         as --uri of the build
# NOT RUN YET with a certificate that Windows trusts, nor has a signed executable been started on Windows: try both before a release.
set -euo pipefail
dir=$(cd "${1:?usage: scripts/release/sign-windows.sh DIR}" && pwd)
pkcs12=$(realpath "${SIGN_PKCS12:?the certificate to sign with}")
password=$(realpath "${SIGN_PASSWORD_FILE:?a file with its password}")
cd "$(dirname "$0")/../.."
command -v osslsigncode > /dev/null || { echo 'sign-windows: osslsigncode is not there' >&2; exit 2; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
timestamp=${SIGN_TIMESTAMP:-http://timestamp.digicert.com}
options=(-pkcs12 "$pkcs12" -readpass "$password" -h sha256 -n 'kubectl srcip')
[ "$timestamp" = none ] || options+=(-ts "$timestamp")

for archive in "$dir"/kubectl-srcip_*_windows_*.zip; do
  [ -f "$archive" ] || { echo "sign-windows: no Windows archive in $dir" >&2; exit 2; }
  folder=$work/$(basename "$archive" .zip)
  mkdir "$folder"
  unzip -q "$archive" -d "$folder"
  osslsigncode sign "${options[@]}" -in "$folder/kubectl-srcip.exe" -out "$work/signed.exe"
  mv "$work/signed.exe" "$folder/kubectl-srcip.exe"
  node scripts/run-ts.mjs scripts/release/reseal.ts --archive "$archive" --from "$folder" ${RELEASE_URI:+--uri "$RELEASE_URI"}
  echo "sign-windows: signed $(basename "$archive")"
done
