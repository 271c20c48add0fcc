#!/bin/sh
# One file of test/t or test/pgtap, on a server of test/run.sh that no other file uses meanwhile.
set -eu
for server in "$COMPANY_BACKUP_TEST_SERVERS"/*; do
  exec 9<"$server"
  if flock --nonblock 9; then break; fi
done
flock 9
. "$server"
# What a test starts must not hold the server's lock beyond the test: closed for it.
case $1 in
  *.t) perl "$1" 9<&- ;;
  *.sql)
    psql --no-psqlrc --no-align --quiet --pset pager=off --pset tuples_only=true --set ON_ERROR_STOP=1 \
      --dbname company_backup_pgtap --file "$1" 9<&-
    ;;
esac
