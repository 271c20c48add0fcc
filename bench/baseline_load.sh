#!/bin/sh
# The same rows by plain COPY into tables with their foreign keys on, parents first, in one
# transaction. Arguments: database, folder of .copy files.
set -eu
{
  echo 'BEGIN;'
  for table in company customer product order order_line payment stock_move note; do
    printf '%s\n' "\\copy \"$table\" from '$2/$table.copy'"
  done
  echo 'COMMIT;'
} | psql -Xq -v ON_ERROR_STOP=1 -d "$1"
