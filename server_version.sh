#!/bin/sh
# Prints the major version of the PostgreSQL server to build for and to test with: $PG if it is set, else that of
# $PG_CONFIG, else the newest server here, else the one that the distribution has.
set -eu
oldest=15 newest=18

fail() {
  echo "$1" >&2
  exit 1
}

# From packages, of the newest one that can be built for, or at least started.
installed() {
  for program in pg_config postgres; do
    for version in $(seq $newest -1 $oldest); do
      [ -x "/usr/lib/postgresql/$version/bin/postgres" ] || continue
      [ ! -x "/usr/lib/postgresql/$version/bin/$program" ] || { echo "$version"; return; }
    done
  done
}

of_distribution() {
  release=$(. /etc/os-release 2>/dev/null && echo "${ID:-}${VERSION_ID:-}")
  case $release in
    debian12) echo 15 ;;
    debian13) echo 17 ;;
    *) apt-cache depends postgresql 2>/dev/null | sed -n 's/.*Depends: postgresql-\([0-9][0-9]*\)$/\1/p' | head -1 ;;
  esac
}

major() { "$1" --version 2>/dev/null | sed -n 's/^PostgreSQL \([0-9]*\).*/\1/p'; }

version=${PG:-}
if [ -z "$version" ] && [ -n "${PG_CONFIG:-}" ]; then version=$(major "$PG_CONFIG"); fi
if [ -z "$version" ]; then version=$(installed); fi
if [ -z "$version" ] && command -v pg_config >/dev/null; then version=$(major pg_config); fi
if [ -z "$version" ]; then version=$(of_distribution); fi

case $version in
  *[!0-9]*) fail "PG=$version: give the server's major version, from $oldest to $newest." ;;
  "") fail "No PostgreSQL server is installed, and it is not known which one to install: set PG, from $oldest to $newest." ;;
esac
[ "$version" -ge $oldest ] && [ "$version" -le $newest ] ||
  fail "PostgreSQL $version is not supported: $oldest to $newest are. Set PG to another version."
echo "$version"
