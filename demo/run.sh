#!/bin/bash
# The story of company_backup, told by a throwaway server: build, install, then `make demo`.
# Everything that is claimed is checked; the exit code is not 0 if a check fails.
set -euo pipefail
cd "$(dirname "$0")/.."
# The server's encoding, its messages and every tool: the same on each machine, also on one without a locale.
export LC_ALL=C.UTF-8

if [ -z "${COMPANY_BACKUP_DEMO_SERVER:-}" ]; then
  echo "Starting a throwaway PostgreSQL server; it is removed at the end."
  COMPANY_BACKUP_DEMO_SERVER=1 exec pg_virtualenv -t -v "$(./server_version.sh)" -o fsync=off -o log_min_messages=panic "$0"
fi

client=${COMPANY_BACKUP_CLIENT:-$PWD/build/release/client/company-backup}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PGOPTIONS="-c client_min_messages=warning" PSQLRC=/dev/null

bold= plain= color=-M
if [ -t 1 ]; then bold=$'\033[1m' plain=$'\033[0m' color=-C; fi
heading() { printf '\n%s== %s%s\n' "$bold" "$*" "$plain"; }
say() { printf '%s\n' "$*"; }
# Shows a command as one would type it, then runs it.
show() { printf '\n$ %s\n' "$*"; }
sql() { psql -X -q -v ON_ERROR_STOP=1 -P pager=off "$@"; }
value() { sql -At "$@"; }
# A statement, shown and run.
statement() { show "psql $1 -c \"$2\""; sql -d "$1" -c "$2"; }
company_backup() { show "company-backup $*"; "$client" "$@"; }

failed=0
check() {  # check "claim" FILE FILE: equal and not empty
  if [ -s "$2" ] && cmp -s "$2" "$3"; then
    printf 'PROVED  %s\n' "$1"
  else
    printf 'FAILED  %s\n' "$1"
    diff "$2" "$3" | head -20 || true
    failed=1
  fi
}
must_fail() {  # runs a command that has to fail, and shows how
  if "$@" >"$work/out" 2>&1; then
    say "FAILED  this should have been refused"
    failed=1
  fi
  # Long lists are cut.
  awk 'NR <= 6 { print; next } /^HINT/ { print; next } { n++ } n == 1 { print "..." }' "$work/out"
}

# Digests of every row, in plain SQL that shares nothing with the extension (demo/digest.sql).
look() {  # look NAME: company 1 and all the others as they are now
  value -d erp -c "SELECT * FROM proof.company_digest(1)" >"$work/$1-company"
  value -d erp -c "SELECT * FROM proof.other_digest(1)" >"$work/$1-others"
  for who in company others; do
    printf 'DIGEST  %-9s %7d rows  %s\n' "$who" "$(awk -F'|' '{ n += $2 } END { print n }' "$work/$1-$who")" \
      "$(md5sum <"$work/$1-$who" | cut -c1-12)"
  done
}
# Without the two tables that an honest restore does not turn back.
turned_back() { grep -vE '^(audit.change|core.number_counter)\|' "$work/$1-company" >"$work/$1-turned"; }
check_restored() {  # after a restore: what a backup holds is back; the others, and what must not go back, stayed
  turned_back "$1"
  check "company 1 is what it was: every row of every table, secrets included" "$work/good-turned" "$work/$1-turned"
  check "nothing of the other companies changed" "$work/good-others" "$work/$1-others"
  grep '^audit.change|' "$work/bad-company" >"$work/bad-audit"
  grep '^audit.change|' "$work/$1-company" >"$work/$1-audit"
  check "the audit trail still tells of the mistake" "$work/bad-audit" "$work/$1-audit"
  grep '^core.number_counter|' "$work/bad-company" >"$work/bad-counter"
  grep '^core.number_counter|' "$work/$1-company" >"$work/$1-counter"
  check "no number of an order will be given twice: the counter did not go back" "$work/bad-counter" "$work/$1-counter"
}

heading "A business application: 6 companies in shared tables"
createdb erp
sql -d erp -f demo/schema.sql
sql -d erp -f demo/data.sql
sql -d erp -f demo/digest.sql
sql -d erp -c "
  SELECT c.id, c.name, count(DISTINCT o.number) AS orders, count(l.line_no) AS order_lines
  FROM core.company AS c JOIN sales.\"order\" AS o ON o.company_id = c.id
  JOIN sales.order_line AS l ON (l.company_id, l.order_number) = (o.company_id, o.number)
  GROUP BY 1, 2 ORDER BY 1"
say "59 tables: customers, orders, stock, production, books. Rows of all companies lie side by side."
say "The task: take everything of company 1, \"Acme Works\", and nothing else."
say ""
say "Every row of every table is digested, in plain SQL that shares nothing with the extension:"
look good
turned_back good
value -d erp -c "SELECT * FROM proof.portable_digest(1)" >"$work/erp-company"

heading "1. The extension reads the catalog, and asks about what the catalog cannot say"
statement erp "CREATE EXTENSION company_backup"
statement erp "SELECT set_company_table('core.company', scope_columns => '{company_id}')" >/dev/null
say "Foreign keys and columns named company_id tell it which tables belong to a company. The rest:"
statement erp "SELECT severity, count(*) FROM check_company_scope() GROUP BY 1 ORDER BY 1"
show "psql erp -c \"SELECT * FROM check_company_scope()\"    # five of them"
sql -d erp -x -c "
  SELECT object, problem, hint AS \"statement that settles it\" FROM check_company_scope()
  WHERE object IN ('core.\"user\"', 'core.outbox', 'core.attachment', 'core.integration.access_token', 'stock.lot.received_on_bill_id')" |
  cut -c1-230
say "While anything is undecided, nothing is backed up:"
show "company-backup backup 1 -d erp"
must_fail "$client" backup 1 -d erp

heading "2. A person answers: the reviewed rules (demo/rules.sql)"
grep -E "^SELECT set_(table|column)_rule|^SELECT set_reference" demo/rules.sql | sed -n '5p;7p;9p;13p;19p;21p;34p;40p;47p' | cut -c1-150
sql -d erp -o /dev/null -f demo/rules.sql
statement erp "SELECT severity, count(*) FROM check_company_scope() GROUP BY 1"
say "No errors are left; a notice is for information."

heading "3. What would be in a backup?"
show "company-backup contents 1 -d erp    # by area"
sql -d erp -c "
  SELECT area, count(*) AS tables, sum(row_count) AS rows, pg_size_pretty(sum(byte_count)) AS size
  FROM company_contents('1') GROUP BY area ORDER BY area"

heading "4. A backup: one consistent snapshot, kept inside the database"
backup=$("$client" backup 1 --label "end of quarter" --include-files -d erp)
show "company-backup backup 1 --label \"end of quarter\" --include-files -d erp"
say "$backup"
company_backup list -d erp

heading "5. A backup is also a file that anybody can read"
cd "$work"
company_backup export "$backup" -o acme.tar.gz -d erp
show "ls -sh acme.tar.gz; tar -tzf acme.tar.gz | head -8"
ls -sh acme.tar.gz
tar -tzf acme.tar.gz >entries
head -8 entries
show "tar -xzf acme.tar.gz; head -1 tables/sales.customer.ndjson | jq ."
mkdir files
tar -xzf acme.tar.gz -C files
head -1 files/tables/sales.customer.ndjson | jq "$color" . | head -12
say "  ..."
show "sha256sum -c SHA256SUMS | tail -2"
(cd files && sha256sum -c SHA256SUMS) >sums
tail -2 sums
grep -c ': OK$' sums | sed 's/$/ files are OK/'
grep -v ': OK$' sums && failed=1
say ""
say "What stays behind, with the reason:"
show "tar -xzOf acme.tar.gz manifest.json | jq -r '.excluded[] | ...' | head -6"
jq -r '.excluded[] | "\(.name): \(.treatment), \(.reason)"' files/manifest.json >excluded
head -6 excluded
say ""
say "Digests show damage. Only the signature shows that nobody edited the file:"
show "psql erp -AtXc 'SELECT archive_key()' > key"
value -d erp -c "SELECT archive_key()" >key
company_backup verify acme.tar.gz --key-file key
say ""
say "One byte is changed:"
show "company-backup verify changed.tar.gz"
cp acme.tar.gz changed.tar.gz
printf '\377' | dd of=changed.tar.gz bs=1 seek=2000000 conv=notrunc status=none
must_fail "$client" verify changed.tar.gz
say ""
say "Is a secret in it? (the access tokens of the company's integrations)"
show "grep -rlFf tokens files/ | wc -l"
value -d erp -c "SELECT access_token FROM core.integration UNION SELECT integration_token FROM core.company
                 UNION SELECT password_hash FROM core.\"user\" WHERE id <= 60" >tokens
if grep -rqFf tokens files; then say "FAILED  secrets were found"; failed=1; else say 0; fi
cd - >/dev/null

heading "6. A mistake: prices times 100, the invoices of 2026 deleted (demo/mistake.sql)"
sql -d erp -f demo/mistake.sql
look bad
if cmp -s "$work/good-company" "$work/bad-company"; then say "FAILED  the mistake changed nothing"; failed=1; fi
check "the mistake was made in company 1 only" "$work/good-others" "$work/bad-others"
say "Its books now speak of invoices and payments that are gone:"
statement erp "SELECT table_name, reference, count(*) FROM check_company_data(1) GROUP BY 1, 2 ORDER BY 1, 2"
say "What would a restore do? Nothing is changed yet. (Tables that stay as they are: not shown.)"
show "company-backup preview 1 $backup --include-files -d erp"
"$client" preview 1 "$backup" --include-files -d erp | grep -vE ' 0 +0 +0 +[0-9]+$'

heading "7. The way back: restore, look, revert; restore again, keep"
say "Without --yes it shows this preview, and asks for the word RESTORE:"
show "company-backup restore 1 $backup --include-files --yes -d erp"
restore=$("$client" restore 1 "$backup" --include-files --yes -d erp)
say "$restore"
look restored
check_restored restored
company_backup restores -d erp
say ""
say "Company 1 works on. Another restore has to wait until somebody has decided:"
show "company-backup restore 1 $backup --include-files --yes -d erp"
must_fail "$client" restore 1 "$backup" --include-files --yes -d erp
say ""
say "Was it the wrong backup? Then take the restore back. What was edited since is discarded, and printed:"
statement erp "UPDATE hr.absence SET reason = 'dentist' WHERE id = (SELECT min(a.id) FROM hr.absence a JOIN hr.employee e ON e.id = a.employee_id WHERE e.company_id = 1)"
company_backup revert "$restore" -d erp
look reverted
check "company 1 is as bad as before the restore, to the letter" "$work/bad-company" "$work/reverted-company"
check "nothing of the other companies changed" "$work/good-others" "$work/reverted-others"
say ""
say "Once more, for good. An application can listen to what happens:"
statement erp "SELECT restore_company('1', $backup, include_files => true, actor => 'ann')"
restore=$((restore + 1))
show "psql erp -c \"LISTEN company_backup\" -c \"SELECT keep_restore($restore, 'ann')\""
sql -d erp -At -c "LISTEN company_backup" -c "SELECT keep_restore($restore, 'ann')" | grep .
look kept
check_restored kept
value -d erp -c "SELECT * FROM proof.broken_invariants(1)" >"$work/broken"
if [ -s "$work/broken" ]; then
  say "FAILED  the books of company 1:"
  cat "$work/broken"
  failed=1
else
  say "PROVED  the books are right again: debits equal credits, totals are the sums of their lines"
fi
company_backup restores -d erp

heading "8. Another database: the same application, other reference IDs, a company of its own"
createdb second
sql -d second -f demo/schema.sql
sql -d second -f demo/second.sql
sql -d second -f demo/digest.sql
sql -d second -c "CREATE EXTENSION company_backup" -o /dev/null -f demo/rules.sql
say "The ID of the currency EUR, and of the person with an e-mail:"
for database in erp second; do
  value -d "$database" -c "SELECT '  $database: EUR is currency ' || c.id || ', person1@example.com is user ' || u.id
    FROM core.currency AS c, core.\"user\" AS u WHERE c.code = 'EUR' AND u.email = 'person1@example.com'"
done
value -d second -c "SELECT * FROM proof.other_digest(1)" >"$work/second-others-before"
say ""
say "A file from elsewhere is not believed:"
show "company-backup import acme.tar.gz -d second"
must_fail "$client" import "$work/acme.tar.gz" -d second
say ""
say "The owner of the second database says that the first one may be believed:"
show "psql second -c \"SELECT trust_origin('erp', '...the key...')\""
sql -d second -o /dev/null -v key="$(cat "$work/key")" <<<"SELECT trust_origin('erp', :'key'::bytea)"
show "company-backup import acme.tar.gz -d second"
imported=$("$client" import "$work/acme.tar.gz" -d second)
say "$imported"
show "company-backup create $imported -d second"
created=$("$client" create "$imported" -d second)
say "$created"
statement second "SELECT id, company, backup, status, mode, added FROM company_restores()"
statement second "SELECT c.id, c.name, u.email AS owner, k.code AS currency
  FROM core.company AS c JOIN core.\"user\" AS u ON u.id = c.owner_id JOIN core.currency AS k ON k.id = c.currency_id ORDER BY 1"

heading "9. Proof for both databases"
say "Every row of every table is digested again. Between the two databases, IDs of shared rows and people are"
say "shown by their code or e-mail, and secrets, which stay behind, are left out; all else must be equal."
say ""
value -d second -c "SELECT * FROM proof.portable_digest(1)" >"$work/second-company"
value -d second -c "SELECT * FROM proof.other_digest(1)" >"$work/second-others"
look end
rows=$(awk -F'|' '{ n += $2 } END { print n }' "$work/second-company")
check "company 1 of the second database is what it was in the first: $(wc -l <"$work/second-company") tables, $rows rows" "$work/erp-company" "$work/second-company"
check "the first database: export and import changed nothing" "$work/kept-company" "$work/end-company"
check "the first database: nothing of the others changed" "$work/good-others" "$work/end-others"
check "the second database: nothing of the others changed" "$work/second-others-before" "$work/second-others"
value -d second -c "SELECT * FROM proof.broken_invariants()" >"$work/broken"
value -d second -c "SELECT count(*) FROM core.integration WHERE company_id = 1 AND (access_token IS NOT NULL OR webhook_secret IS NOT NULL)" >"$work/secrets"
printf '0\n' >"$work/zero"
check "the second database: no secret came along" "$work/zero" "$work/secrets"
if [ -s "$work/broken" ]; then
  say "FAILED  the books of the second database:"
  cat "$work/broken"
  failed=1
else
  say "PROVED  the second database: debits equal credits, totals are the sums of their lines"
fi

heading "10. A copy of a company, and templates for new ones"
# The rows of the six companies that were there before, and how many rows of each table a company has.
six() { value -d erp -c "SELECT c, d.* FROM generate_series(1, 6) AS c, proof.company_digest(c) AS d"; }
counts() { value -d erp -c "SELECT table_name, rows FROM proof.company_digest($1)"; }
check_new() {  # check_new KEY SOURCE NAME
  counts "$2" >"$work/source-counts"
  counts "$1" >"$work/new-counts"
  rows=$(awk -F'|' '{ n += $2 } END { print n }' "$work/source-counts")
  check "company $1 has as many rows of every table as $3: $rows" "$work/source-counts" "$work/new-counts"
}
six >"$work/six-before"
show "company-backup clone 1 --set name=\"Acme Test\" -d erp"
copy=$("$client" clone 1 --set name="Acme Test" -d erp)
say "$copy"
check_new "$copy" 1 "company 1"
say ""
say "Which IDs are new in a copy, and why? (For three of the tables.)"
statement erp "SELECT table_name, columns, decision, why FROM plan_ids(NULL, $backup) WHERE table_name IN ('sales.contract', 'sales.invoice', 'stock.lot')"
say ""
say "Two small companies become templates for new customers of their industries:"
services=$("$client" backup 5 -d erp)
manufacturing=$("$client" backup 6 -d erp)
company_backup template publish "$services" shop --industry SRV -d erp
company_backup template publish "$manufacturing" factory --industry MAN -d erp
company_backup template list -d erp
show "company-backup create --template shop --set name=\"New Shop\" -d erp"
shop=$("$client" create --template shop --set name="New Shop" -d erp)
say "$shop"
show "company-backup create --template factory --set name=\"New Factory\" -d erp"
factory=$("$client" create --template factory --set name="New Factory" -d erp)
say "$factory"
check_new "$shop" 5 "the template"
check_new "$factory" 6 "the template"
say ""
six >"$work/six-after"
check "the six companies that were there before: not a letter has changed" "$work/six-before" "$work/six-after"
value -d erp -c "SELECT count(*) FROM (VALUES ($copy), ($shop), ($factory)) AS k (c), check_company_data(c)" >"$work/wrong"
check "no reference of a new company leads to another one, or nowhere" "$work/zero" "$work/wrong"
value -d erp -c "SELECT count(*) FROM (VALUES ($copy), ($shop), ($factory)) AS k (c), proof.broken_invariants(c)" >"$work/wrong"
check "the books of the new companies are right" "$work/zero" "$work/wrong"
show "company-backup delete $services -d erp    # it is a template"
must_fail "$client" delete "$services" -d erp

say ""
if [ "$failed" = 0 ]; then say "All proofs hold ($SECONDS s)."; else say "A proof FAILED."; fi
exit "$failed"
