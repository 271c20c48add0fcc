#!/bin/bash
# The whole suite under each version of PostgreSQL, one after the other, in throwaway Debian folders: 15 in bookworm,
# 17 in trixie, 18 in sid. As root.
#   test/matrix.sh            all of them
#   test/matrix.sh 17 18      these
#   MATRIX_DIR=/var/tmp       where the folders are made: 3 GB each, removed at the end; logs stay
#   MATRIX_MAKE="make test"   what is run in them, without a network
#   MATRIX_DEPENDENCIES=./dependencies.sh   what is run before, with one
set -euo pipefail
cd "$(dirname "$0")/.."
declare -A suites=([15]=bookworm [17]=trixie [18]=sid)

[ "$(id -u)" = 0 ] || { echo "test/matrix.sh: it makes Debian folders and enters them: be root" >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "test/matrix.sh: apt-get install debootstrap" >&2; exit 1; }
# The mirror that this machine's own packages come from.
mirror=$(apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Created-By: Packages' |
  awk -F'|' '$1 == "Debian" && $2 == "Debian" { print $3; exit }')
[ -n "$mirror" ] || { echo "test/matrix.sh: apt knows no Debian mirror; run apt-get update" >&2; exit 1; }
dependencies=${MATRIX_DEPENDENCIES:-./dependencies.sh} run=${MATRIX_MAKE:-make test}
logs=$PWD/build/matrix
mkdir -p "$logs"
folder=$(mktemp -d "${MATRIX_DIR:-/var/tmp}/company_backup_matrix_XXXXXX")
chmod 755 "$folder"
trap 'rm -rf --one-file-system "$folder"' EXIT

# A command in the folder, whose mounts end with it; without a network but for what it has itself, if -n is given.
inside() {
  local isolate=()
  if [ "$1" = -n ]; then isolate=(--net); shift; fi
  unshare --mount --pid --fork --kill-child "${isolate[@]}" --propagation private bash -c '
    mount -t proc proc "$1/proc"
    mount --rbind /dev "$1/dev"
    if [ "$2" = --net ]; then ip link set lo up; fi
    exec chroot "$1" env -i HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive http_proxy="${http_proxy:-}" \
      https_proxy="${https_proxy:-}" PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
      sh -c "cd /company_backup && $3"' _ "$root" "${isolate[*]:-}" "$1"
}

[ $# -gt 0 ] || set -- 15 17 18
failed=0
for version in "$@"; do
  suite=${suites[$version]:?"test/matrix.sh: no Debian suite with PostgreSQL $version"}
  root=$folder/$suite log=$logs/postgresql-$version.log
  echo "PostgreSQL $version in $suite, log in $log"
  begin=$SECONDS
  if ! debootstrap --variant=minbase --include=make,ca-certificates "$suite" "$root" "$mirror" >"$log" 2>&1; then
    echo "  FAILED to make the folder"; failed=1; continue
  fi
  for file in /etc/resolv.conf /etc/hosts; do [ ! -e "$file" ] || cp "$file" "$root/etc/"; done
  mkdir "$root/company_backup"
  git ls-files -z | tar --null -cf - -T - | tar -xf - -C "$root/company_backup"
  if inside "$dependencies" >>"$log" 2>&1 && inside -n "$run" >>"$log" 2>&1; then result=passed; else result=FAILED failed=1; fi
  echo "  $result after $(((SECONDS - begin) / 60)) minutes: $(inside '/usr/lib/postgresql/*/bin/postgres --version' || true)"
  grep -E '^(All|# All) [0-9]* tests|tests passed|^Files=|^Result:' "$log" | sed 's/^/  /' || true
  rm -rf --one-file-system "$root"
done
exit $failed
