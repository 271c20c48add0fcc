#!/bin/sh
# An archive is an ordinary .tar.gz whose digests `sha256sum -c` checks.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
tar -xzf "$1" -C "$folder"
cd "$folder"
sha256sum --strict --quiet -c SHA256SUMS
# Nothing is in the archive that the sums do not list, but for the sums and their signature.
listed=$(wc -l < SHA256SUMS)
found=$(find . -type f | wc -l)
[ "$found" -eq "$((listed + 2))" ]
grep -q '^hmac-sha256 ' signature
