# A mistake, and the way back with the client: preview, restore, look, revert, restore, keep.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP qw(decode_json);
use Test::More;

use ClientTest qw(works fails $code $out $err run_client run_on_terminal);
use ServerTest qw(new_database sql);

new_database('client_review');
sql(<<'SQL');
CREATE TABLE company (id text PRIMARY KEY, name text NOT NULL);
CREATE TABLE item (id int PRIMARY KEY, company_id text NOT NULL REFERENCES company, name text NOT NULL, price numeric NOT NULL);
CREATE TABLE invoice (id int PRIMARY KEY, company_id text NOT NULL REFERENCES company, item_id int NOT NULL REFERENCES item);
CREATE MATERIALIZED VIEW turnover AS SELECT company_id, count(*) FROM invoice GROUP BY 1;
INSERT INTO company VALUES ('acme', 'Acme'), ('zeta', 'Zeta');
INSERT INTO item SELECT n, CASE WHEN n <= 10 THEN 'acme' ELSE 'zeta' END, 'item ' || n, n FROM generate_series(1, 20) n;
INSERT INTO invoice SELECT n, CASE WHEN n <= 10 THEN 'acme' ELSE 'zeta' END, n FROM generate_series(1, 20) n;
SELECT set_company_table('company', identity_columns => '{}');
SELECT set_table_rule('item', 'company', area => 'goods');
SQL

$ENV{PGOPTIONS} = '';    # the server's notices are looked at
my $shown;

# Everything, of all companies.
sub digest { return sql('SELECT md5(string_agg(t, chr(10) ORDER BY t)) FROM (SELECT i::text AS t FROM item AS i '
		  . 'UNION ALL SELECT i::text FROM invoice AS i UNION ALL SELECT c::text FROM company AS c) AS x') }
sub restores { return sql('SELECT count(*) FROM company_restores()') }

my $good = digest();
chomp(my $backup = works('backup', 'backup', 'acme'));
is works('restores of nothing', 'restores'), "There are no restores.\n", 'restores of nothing: says so';
like works('preview without a mistake', 'preview', 'acme', $backup), qr/\nRows in all: 0 added, 0 changed, 0 removed, 21 unchanged\.\n\z/,
  'preview without a mistake: nothing to do';

sql(q(UPDATE item SET price = 0 WHERE company_id = 'acme'; DELETE FROM invoice WHERE id IN (3, 4);
	INSERT INTO item VALUES (99, 'acme', E'new\nitem', 5)));
my $bad = digest();

# preview

is works('preview', 'preview', 'acme', $backup), <<'TEXT', 'preview: table by table';
area    table_name      added  changed  removed  unchanged
------  --------------  -----  -------  -------  ---------
public  public.company      0        0        0          1
public  public.invoice      2        0        0          8
goods   public.item         0       10        1          0
Rows in all: 2 added, 10 changed, 1 removed, 9 unchanged.
TEXT
is $err, '', 'preview: no messages';
my ($items) = grep { $_->{table_name} eq 'public.item' } @{ decode_json(works('preview --json', 'preview', 'acme', $backup, '--json')) };
is_deeply $items,
  {area => 'goods', table_name => 'public.item', added => 0, changed => 10, removed => 1, unchanged => 0, note => undef},
  'preview --json: numbers are numbers';
is digest(), $bad, 'preview: changes nothing';
like works('preview for another company', 'preview', 'zeta', $backup), qr/^goods +public\.item +10 +0 +10 +0 +new IDs$/m,
  'preview for another company: rows with IDs of their own';
is digest(), $bad, 'preview for another company: changes nothing';

# restore: the word

fails('restore without a terminal', qr/there is no terminal to ask on\nHINT:  Give --yes/, 'restore', 'acme', $backup);
for my $answer ("restore\n", "yes\n", "RESTORE it\n", "\n", '') {
	($code, $out, $err, $shown) = run_on_terminal($answer, 'restore', 'acme', $backup);
	my $name = 'restore, answered with "' . $answer =~ s/\n//r . '"';
	is $code, 1,  "$name: exit code";
	is $out,  '', "$name: nothing on stdout";
	is $err, "company-backup: error: nothing was restored: the word was not RESTORE\n", "$name: says so";
}
is restores(), 0, 'without the word: no restore';
is digest(), $bad, 'without the word: nothing changed';

($code, $out, $err, $shown) = run_on_terminal("RESTORE\n", 'restore', 'acme', $backup);
is $code, 0, 'restore with the word: done' or diag $err;
like $out, qr/\A\d+\n\z/, 'restore: prints its ID, and nothing else, on stdout';
chomp(my $restore = $out);
like $shown, qr/^goods +public\.item +0 +10 +1 +0\r?$/m, 'restore: shows what would change';
unlike $shown, qr/public\.company/, '... not what stays';
like $shown, qr/^Rows in all: 2 added, 10 changed, 1 removed, 9 unchanged\.\r?$/m, '... and the sums';
like $shown, qr/^Type RESTORE to restore company acme from backup $backup: /m, '... before it asks';
like $err, qr/^NOTICE:  materialized views.*\nDETAIL:  public\.turnover$/m, "restore: the server's notices on stderr";
like $err, qr/^The restore is in review\..*\n  company-backup keep $restore .*\n  company-backup revert $restore /m,
  'restore: says what to do next';
is digest(), $good, 'restore: the company is what it was, and so are the others';

# in review

like works('restores', 'restores', 'acme'), qr/^ *$restore  acme +$backup  review  replace +2 +10 +1 /m, 'restores: in review';
is works('restores of another company', 'restores', 'zeta'), "There are no restores.\n", 'restores of another company: none';
fails('another restore while one is in review',
	qr/^ERROR:  restore $restore of company "acme" is in review\nHINT:  .*keep_restore\($restore\) or revert_restore\($restore\)/,
	'restore', 'acme', $backup, '--yes');

# revert

my $edited = 'sixes & "sevens"';
sql("UPDATE item SET name = '$edited' WHERE id = 6; INSERT INTO invoice VALUES (50, 'acme', 6); DELETE FROM invoice WHERE id = 1");
$out = works('revert', 'revert', $restore, '--actor', 'ann');
is $out, <<'TEXT', 'revert: prints the edits it discards';
public.item (6): changed after the restore; the revert undoes that
    {"id":6,"company_id":"acme","name":"sixes & \"sevens\"","price":"6"}
public.invoice (1): removed after the restore; the revert brings it back
public.invoice (50): added after the restore; the revert removes it
    {"id":50,"company_id":"acme","item_id":6}
TEXT
like $err, qr/^NOTICE:  the revert discarded 3 edits that were made after the restore\nHINT:  restore_problems\($restore\) lists them\./m, 'revert: the notice on stderr';
is digest(), $bad, 'revert: the mistake is back, to the letter';
like works('restores after the revert', 'restores'), qr/^ *$restore  acme .* reverted /m, 'restores: reverted';
fails('revert twice', qr/^ERROR:  restore $restore is not in review\nDETAIL:  It was reverted\.\nHINT: /, 'revert', $restore);
fails('keep after revert', qr/^ERROR:  restore $restore is not in review\n/, 'keep', $restore);

# --yes, --json, keep

my $json = decode_json(works('restore --yes --json', 'restore', 'acme', $backup, '--yes', '--json', '--actor', 'bob'));
is_deeply $json, {restore => $restore + 1, status => 'review'}, 'restore --yes --json: does not ask, prints JSON';
is digest(), $good, 'restore --yes: restored';
is_deeply decode_json(works('revert --json', 'revert', $restore + 1, '--json')),
  {restore => $restore + 1, status => 'reverted', problems => []}, 'revert --json without later edits';
is works('restore --yes', 'restore', 'acme', $backup, '--yes'), $restore + 2 . "\n", 'restore --yes: prints the ID';
is works('keep', 'keep', $restore + 2), '', 'keep: silent';
is $err, '', 'keep: no messages';
fails('keep twice', qr/^ERROR:  restore ${\($restore + 2)} is not in review\nDETAIL:  It was kept\.\nHINT: /, 'keep', $restore + 2);
fails('revert after keep', qr/^ERROR:  restore ${\($restore + 2)} is not in review\nDETAIL:  It was kept\./, 'revert', $restore + 2);
is digest(), $good, 'kept: it stays';
fails("$_ of an unknown restore", qr/^ERROR:  restore 12345 does not exist\n/, $_, 12345) for qw(keep revert);
my $list = decode_json(works('restores --json', 'restores', '--json'));
is_deeply [map { [@$_{qw(status actor added changed removed)}] } @$list],
  [['reverted', undef, 2, 10, 1], ['reverted', 'bob', 2, 10, 1], ['kept', undef, 2, 10, 1]], 'restores --json: all three';

sql("UPDATE item SET price = price + 1 WHERE id = 1");
$restore = works('restore for keep --json', 'restore', 'acme', $backup, '--yes') + 0;
is_deeply decode_json(works('keep --json', 'keep', $restore, '--json')), {restore => $restore, status => 'kept'}, 'keep --json';

# --merge

sql(q(DELETE FROM invoice WHERE id = 5; UPDATE item SET price = 1000 WHERE id = 2; INSERT INTO invoice VALUES (60, 'acme', 2)));
like works('preview --merge', 'preview', 'acme', $backup, '--merge'),
  qr/\AMerge: rows that are there stay as they are\.\n.*^ *public +public\.invoice +1 +0 +0 +10 +1 row that the backup does not have, which stays$/ms,
  'preview --merge: says what stays';
($code, $out, $err, $shown) = run_on_terminal("RESTORE\n", 'restore', 'acme', $backup, '--merge');
is $code, 0, 'restore --merge: done' or diag $err;
like $shown, qr/^Merge: rows that are there stay/m, 'restore --merge: the preview names the mode';
$restore = $out + 0;
is sql('SELECT count(*) FILTER (WHERE id IN (5, 60)), (SELECT price FROM item WHERE id = 2) FROM invoice'), '2|1000', 'restore --merge: adds, and changes nothing';
like works('restores of a merge', 'restores', 'acme'), qr/^ *$restore  acme +$backup  review +merge +1 +0 +0 /m, 'restores: a merge';
works('revert of a merge', 'revert', $restore);
is sql('SELECT string_agg(id::text, chr(32)) FROM invoice WHERE id IN (5, 60)'), '60', 'revert: what was added is gone';
is((run_client('preview', 'acme', $backup, '--merge', '--mode', 'merge'))[0], 2, '--merge and --mode: wrong usage');
like works('preview --mode merge', 'preview', 'acme', $backup, '--mode', 'merge'), qr/\AMerge: /, '--mode merge is the same';
sql('DELETE FROM invoice WHERE id = 60');
works('restore', 'keep', works('restore', 'restore', 'acme', $backup, '--yes') + 0);
$restore += 1;

# Who listens is told, at commit

sql(q(INSERT INTO company VALUES ('a "b"', 'Quotes')));
my $quoted = works('backup of a strange key', 'backup', 'a "b"') + 0;
$restore += 3;    # rolled back ones have numbers, too
my $heard = sql(<<"SQL");
LISTEN company_backup;
BEGIN; SELECT restore_company('acme', $backup); ROLLBACK;
BEGIN; SELECT restore_company('acme', $backup); ROLLBACK;
BEGIN; SELECT restore_company('acme', $backup); SELECT keep_restore($restore); COMMIT;
SELECT restore_company('a "b"', $quoted);
SELECT revert_restore($restore + 1);
SELECT create_company_from_backup($quoted, '{"id": "new"}');
SQL
is_deeply [map { decode_json($_) } $heard =~ /^Asynchronous notification "company_backup" with payload "(.*)" received/mg],
  [{restore => $restore, company => 'acme', status => 'review'}, {restore => $restore, company => 'acme', status => 'kept'},
	{restore => $restore + 1, company => 'a "b"', status => 'review'}, {restore => $restore + 1, company => 'a "b"', status => 'reverted'},
	{restore => $restore + 2, company => 'new', status => 'kept'}], 'notifications of what was committed';

# What a name may do to a terminal

sql(qq(INSERT INTO company VALUES (E'\\x1b[31mred', 'Red')));
($code, $out, $err, $shown) = run_on_terminal("no\n", 'restore', "\e[31mred", $backup);
is $code, 1, 'restore of a strange company: not the word';
unlike $shown, qr/\e\[31m/, '... nothing of it reaches the terminal raw';

done_testing();
