#!/bin/bash
# Installs the packages that `make deb` has built, tells the story of the demo with nothing else, under each server that
# they are for, runs pg_regress, and removes them again. As root, on a machine that may be changed; test/matrix.sh
# makes such ones:
#   MATRIX_DEPENDENCIES="make deb-dependencies" MATRIX_MAKE="make deb && test/packages.sh" test/matrix.sh
set -euo pipefail
cd "$(dirname "$0")/.."

fail() { echo "test/packages.sh: $1" >&2; exit 1; }
[ "$(id -u)" = 0 ] || fail "it installs packages: be root"
files=$(find build/deb -maxdepth 1 -name '*.deb' ! -name '*-dbgsym_*' -printf './%p\n' 2>/dev/null | sort)
[ -n "$files" ] || fail "there are no packages: make deb"
mapfile -t packages < <(for file in $files; do dpkg-deb -f "$file" Package; done)
mapfile -t servers < <(printf '%s\n' "${packages[@]}" | sed -n 's/^postgresql-\(.*\)-company-backup$/\1/p')
[ ${#servers[@]} -gt 0 ] || fail "there is no package for a server"

export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
# shellcheck disable=SC2086
apt-get install -y -qq --no-install-recommends --reinstall --allow-downgrades $files >/dev/null
differing=$(dpkg --verify "${packages[@]}")
[ -z "$differing" ] || fail "files are not those of the packages: $differing"
/usr/bin/company-backup --version
[ -e /usr/share/man/man1/company-backup.1.gz ] || grep -qs '^path-exclude' /etc/dpkg/dpkg.cfg.d/* || fail "there is no manual page"

for server in "${servers[@]}"; do
  echo "PostgreSQL $server: the demo"
  PG=$server COMPANY_BACKUP_CLIENT=/usr/bin/company-backup demo/run.sh >"build/deb/demo-$server.log" 2>&1 ||
    { tail -n 40 "build/deb/demo-$server.log"; fail "the demo failed under PostgreSQL $server"; }
  echo "  $(grep -c '^PROVED' "build/deb/demo-$server.log") proofs"
  echo "PostgreSQL $server: pg_regress"
  pg_virtualenv -t -v "$server" make -s installcheck PG="$server" CLIENT=0 >"build/deb/installcheck-$server.log" 2>&1 ||
    { tail -n 40 "build/deb/installcheck-$server.log"; fail "pg_regress failed under PostgreSQL $server"; }
  grep -i 'tests passed' "build/deb/installcheck-$server.log" | sed 's/^/  /'
done

apt-get purge -y -qq "${packages[@]}" >/dev/null
for file in /usr/bin/company-backup "${servers[@]/#//usr/lib/postgresql/}"; do
  [ ! -d "$file" ] || file+=/lib/company_backup.so
  [ ! -e "$file" ] || fail "$file is still there"
done
echo "Installed, run and removed: ${packages[*]}"
