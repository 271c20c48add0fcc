#!/bin/sh
# Builds the Debian packages, postgresql-NN-company-backup for every server that one can build for here (or that of
# PG=NN) and company-backup, into build/deb, and has lintian look at them.
#   deb.sh dependencies   installs what this needs, and nothing else does
set -eu
cd "$(dirname "$0")"

if [ "${1:-}" = dependencies ]; then
  headers=
  for server in /usr/lib/postgresql/*/bin/postgres; do
    version=${server#/usr/lib/postgresql/}
    version=${version%%/*}
    if [ -x "$server" ] && PG=$version ./server_version.sh >/dev/null 2>&1; then
      headers="$headers postgresql-server-dev-$version"
    fi
  done
  # shellcheck disable=SC2086
  exec ./dependencies.sh build-essential debhelper help2man lintian postgresql-server-dev-all $headers
fi

version=$(dpkg-parsechangelog -S Version)
upstream=${version%-*}
[ "$upstream" = "$(sed -n "s/^default_version = '\(.*\)'/\1/p" extension/company_backup.control)" ] || {
  echo "deb.sh: debian/changelog has version $upstream, which is not that of the extension" >&2
  exit 1
}

# From a copy: of what git knows of, or of all but what was built.
source=build/deb/company-backup-$upstream
rm -rf build/deb
mkdir -p "$source"
{ git ls-files -z 2>/dev/null || find . -name build -prune -o -type f -not -name '*.so' -print0; } |
  tar --null -cf - -T - | tar -xf - -C "$source"
tar -C build/deb -cJf "build/deb/company-backup_$upstream.orig.tar.xz" --exclude="company-backup-$upstream/debian" \
  "company-backup-$upstream"
export PG_SUPPORTED_VERSIONS="${PG:-installed}"
cd "$source"
pg_buildext updatecontrol
dpkg-buildpackage -us -uc
cd ..
lintian --fail-on error --tag-display-limit 0 ./*.changes
ls ./*.deb
