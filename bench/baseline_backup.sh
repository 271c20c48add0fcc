#!/bin/sh
# What a team writes first: every table of company 1 to a compressed file, one after the other, in
# the same order of rows. Arguments: database, folder.
set -eu
copy() {
  psql -Xq -d "$1" -c "\\copy ($4) to stdout" | gzip -1 >"$2/$3.gz"
}
copy "$1" "$2" company 'SELECT * FROM company WHERE id = 1 ORDER BY id'
for table in customer note '"order"' payment product stock_move; do
  copy "$1" "$2" "$table" "SELECT * FROM $table WHERE company_id = 1 ORDER BY id"
done
copy "$1" "$2" order_line \
  'SELECT l.* FROM order_line l JOIN "order" o ON o.id = l.order_id WHERE o.company_id = 1 ORDER BY l.id'
