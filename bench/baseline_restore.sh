#!/bin/sh
# The company's rows deleted, children first, and the old ones copied back, parents first, in one
# transaction with foreign keys and triggers on. Arguments: database, folder of .copy files.
set -eu
{
  echo 'BEGIN;'
  for table in note stock_move payment; do
    printf 'DELETE FROM %s WHERE company_id = 1;\n' "$table"
  done
  echo 'DELETE FROM order_line l USING "order" o WHERE o.id = l.order_id AND o.company_id = 1;'
  for table in '"order"' product customer; do
    printf 'DELETE FROM %s WHERE company_id = 1;\n' "$table"
  done
  for table in customer product order order_line payment stock_move note; do
    printf '%s\n' "\\copy \"$table\" from '$2/$table.copy'"
  done
  echo 'COMMIT;'
} | psql -Xq -v ON_ERROR_STOP=1 -d "$1"
