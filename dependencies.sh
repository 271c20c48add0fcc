#!/bin/sh
# Installs the Debian packages that building and testing need, and those that are named, if any is missing. The server
# is that of server_version.sh; one that was asked for by PG=... must be there.
set -eu
cd "$(dirname "$0")"

if [ "$(id -u)" = 0 ]; then
  as_root=
elif command -v sudo >/dev/null; then
  as_root=sudo
else
  as_root=none
fi

if [ -z "${PG:-}" ] && [ "$as_root" != none ] && ! ./server_version.sh >/dev/null 2>&1; then
  $as_root apt-get update -qq  # then it is known what the distribution has
fi
version=$(./server_version.sh)

server="postgresql-$version postgresql-server-dev-$version postgresql-$version-pgtap"
packages="g++ make cmake pkg-config git jq
  postgresql-common libpq-dev perl
  nlohmann-json3-dev zlib1g-dev libsimdjson-dev libdeflate-dev libroaring-dev libssl-dev libcli11-dev libgtest-dev
  libarchive-tools python3 nodejs pgbouncer $*"
# Not every distribution has it for each server.
optional="postgresql-$version-cron"

# A tool that is there without its package (a newer Node.js, say) will do.
is_there() {
  case $1 in
    g++ | make | cmake | git | jq | python3) command -v "$1" ;;
    nodejs) command -v node ;;
    *) dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep 'ok installed' ;;
  esac >/dev/null
}
missing_of() {
  for package in "$@"; do is_there "$package" || echo "$package"; done | paste -s -d ' '
}
# shellcheck disable=SC2086
missing=$(missing_of $server)
if [ -n "${PG:-}" ] && [ -n "$missing" ]; then
  echo "PostgreSQL $version was asked for, and is not installed whole. These packages are missing:" >&2
  echo "  apt-get install $missing" >&2
  echo "Distributions have one version each; the PostgreSQL project has packages of all." >&2
  exit 1
fi
# shellcheck disable=SC2086
missing=$(missing_of $server $packages)
if [ -n "$(apt-cache search --names-only "^$optional\$")" ]; then
  missing=$(echo $missing $(missing_of "$optional"))
fi

if [ "$as_root" = none ]; then
  echo "The extension is installed into PostgreSQL's folders: be root, or a user who may use sudo." >&2
  if [ -n "$missing" ]; then
    echo "These packages are missing, too:" >&2
    echo "  apt-get install $missing" >&2
  fi
  exit 1
fi
[ -n "$missing" ] || exit 0

# A server that the packages would create and start by themselves is not wanted.
if [ ! -e /etc/postgresql-common/createcluster.conf ] && [ ! -d "/usr/lib/postgresql/$version" ]; then
  $as_root mkdir -p /etc/postgresql-common
  echo "create_main_cluster = false" | $as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
fi
echo "Installing: $missing"
$as_root apt-get update -qq
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
