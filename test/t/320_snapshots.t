# What a backup sees, whom it waits for, and who waits for it.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use ClientTest qw(work_dir);
use ServerTest qw(new_database sql failure session faulty_session digests wait_for write_archive read_archive);

my $dir = work_dir();
new_database('snapshots');

sql(<<'SQL');
CREATE TABLE company (id text PRIMARY KEY, name text NOT NULL);
CREATE TABLE item (id bigint PRIMARY KEY, company_id text NOT NULL REFERENCES company, name text);
CREATE TABLE extra (id bigint PRIMARY KEY, company_id text NOT NULL REFERENCES company, name text);
INSERT INTO company VALUES ('acme', 'Acme'), ('zeta', 'Zeta');
INSERT INTO item SELECT n, CASE WHEN n <= 100 THEN 'acme' ELSE 'zeta' END, 'item ' || n FROM generate_series(1, 150) n;
INSERT INTO extra SELECT n, 'acme', 'extra ' || n FROM generate_series(1, 10) n;
SELECT set_company_table('company');
SQL

my $BACKUP = q(SELECT backup_company('acme'));

sub items {
	my ($backup, $table) = @_;
	return sql("SELECT row_count FROM backup_contents($backup) WHERE table_name = '"
		  . ($table // 'public.item') . q('));
}

sub items_in {
	my ($session, $backup) = @_;
	return $session->run("SELECT row_count FROM backup_contents($backup) WHERE table_name = 'public.item'");
}

sub is_waiting {
	my ($session) = @_;
	return wait_for('a session to wait', sub {
			sql('SELECT wait_event_type FROM pg_stat_activity WHERE pid = ' . $session->pid) eq 'Lock';
		});
}

# Old snapshots and rewritten tables

for my $level ('REPEATABLE READ', 'SERIALIZABLE') {
	my %rewrites = (
		'a rewriting ALTER TABLE' => 'ALTER TABLE item ALTER name TYPE varchar(200) USING name || $$$$',
		'TRUNCATE'   => 'BEGIN; CREATE TEMP TABLE kept AS TABLE item; TRUNCATE item; INSERT INTO item TABLE kept; COMMIT',
		'VACUUM FULL' => 'VACUUM FULL item',
		'CLUSTER'     => 'CLUSTER item USING item_pkey');
	for my $what (sort keys %rewrites) {
		my $old = session();
		$old->run("BEGIN ISOLATION LEVEL $level");
		$old->run('SELECT count(*) FROM company');
		sql($rewrites{$what});
		like $old->run($BACKUP), qr/ERROR:  KB013: table "public.item" was rewritten/, "$level, older than $what: refused";
		$old->run('ROLLBACK');
		$old->run("BEGIN ISOLATION LEVEL $level");
		is items_in($old, $old->run($BACKUP)), 100, '... and a new transaction gets every row';
		$old->run('ROLLBACK');
		sql('ALTER TABLE item ALTER name TYPE text');
	}
	my $new = session();
	$new->run("BEGIN ISOLATION LEVEL $level");
	like my $id = $new->run($BACKUP), qr/^\d+$/, "$level with a new snapshot: a backup";
	sql(q(INSERT INTO item VALUES (151, 'acme', 'later')));
	is items_in($new, $new->run($BACKUP)), 100, "$level: rows committed later are not in it";
	$new->run('COMMIT');
	sql('DELETE FROM item WHERE id = 151');
}

my $caller = session();
$caller->run('BEGIN');
$caller->run('SELECT count(*) FROM company');
sql('ALTER TABLE item ALTER name TYPE varchar(200); ALTER TABLE item ALTER name TYPE text USING name || $$$$');
is items_in($caller, $caller->run($BACKUP)), 100, 'READ COMMITTED after a rewrite: every row';

# The caller's own work

$caller->run(q(INSERT INTO item VALUES (152, 'acme', 'uncommitted')));
$caller->run(q(DELETE FROM item WHERE id <= 2));
is items_in($caller, $caller->run($BACKUP)), 99, q(the caller's own uncommitted changes are in the backup);
is items(sql($BACKUP)), 100, q(... and in nobody else's);
$caller->run('ROLLBACK');

$caller->run('BEGIN READ ONLY');
like $caller->run($BACKUP), qr/ERROR:  25006: cannot execute backup_company\(\) in a read-only transaction/,
  'read-only transaction: no stored backup';
$caller->run('ROLLBACK');
$caller->run('BEGIN READ ONLY');
cmp_ok $caller->run(q(SELECT sum(length(data)) FROM stream_backup('acme'))), '>', 1000,
  'read-only transaction: a stream';
$caller->run('ROLLBACK');

# Tables that change while a backup waits for them

sub backup_behind {
	my ($statement) = @_;
	my ($other, $backup) = (session(), session());
	$other->run('BEGIN');
	$other->run($statement);
	$backup->start($BACKUP);
	is_waiting($backup);
	$other->run('COMMIT');
	return $backup->finish;
}

sub lines_of {
	my ($backup, $table) = @_;
	my $content = read_archive(write_archive("read_backup($backup)", "$dir/archive"));
	return $content->{"tables/$table.ndjson"} // '';
}

my $answer = backup_behind('ALTER TABLE extra ADD note text DEFAULT $$new$$');
like $answer, qr/^\d+$/, 'a column is added meanwhile: a backup';
is scalar(() = lines_of($answer, 'public.extra') =~ /"note":"new"/g), 10, '... with the column';

$answer = backup_behind('ALTER TABLE extra DROP note');
like $answer, qr/^\d+$/, 'a column is dropped meanwhile: a backup';
unlike lines_of($answer, 'public.extra'), qr/note/, '... without the column';

$answer = backup_behind('ALTER TABLE extra ALTER id TYPE text');
like $answer, qr/^\d+$/, 'the key changes its type meanwhile: a backup';
like lines_of($answer, 'public.extra'), qr/\A\{"id":"1",.*\n\{"id":"10",/, '... in the order of the new type';

$answer = backup_behind('ALTER TABLE extra RENAME TO additional');
like $answer, qr/^\d+$/, 'a table is renamed meanwhile: a backup';
is items($answer, 'public.additional'), 10, '... under the new name';

$answer = backup_behind('ALTER TABLE additional ADD token text');
like $answer, qr/ERROR:  KB003: .*undecided/, 'a column that smells of a secret appears meanwhile: refused';
sql('ALTER TABLE additional DROP token');

$answer = backup_behind('DROP TABLE additional');
like $answer, qr/^\d+$/, 'a table is dropped meanwhile: a backup';
is items($answer, 'public.additional'), '', '... without it';

sql(<<'SQL');
CREATE TABLE event (company_id text NOT NULL REFERENCES company, day date NOT NULL) PARTITION BY RANGE (day);
CREATE TABLE event_later (company_id text NOT NULL REFERENCES company, day date NOT NULL);
SQL
my $looking = faulty_session();
my $holder  = session();
$holder->run('SELECT pg_advisory_lock(1)');
$looking->run(q(SET faults.action = 'wait'; SET faults.at = 'statement *FROM pg_constraint con*'));
$looking->start(q(SELECT object FROM check_company_scope() WHERE severity = 'error'));
is_waiting($looking);
sql(q(ALTER TABLE event ATTACH PARTITION event_later FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')));
$holder->run('SELECT pg_advisory_unlock(1)');
is $looking->finish, '', 'a table becomes a partition meanwhile: it keeps its foreign key';
sql('DROP TABLE event');

# Who blocks whom. A transaction keeps the locks of a backup.

my $backup = session();
$backup->run('BEGIN');
like $backup->run($BACKUP), qr/^\d+$/, 'a backup in an open transaction';
for my $company ('acme', 'zeta') {
	my $writer = session();
	$writer->run('SET lock_timeout = 2000');
	is $writer->run(<<"SQL"), '', "does not block writers of $company";
INSERT INTO item VALUES (200, '$company', 'x'); UPDATE item SET name = 'y' WHERE id = 200;
UPDATE company SET name = name WHERE id = '$company'; DELETE FROM item WHERE id = 200
SQL
}
my $alter = session();
$alter->start('ALTER TABLE item ADD note text');
ok is_waiting($alter), 'ALTER TABLE waits';
$backup->run('COMMIT');
is $alter->finish, '', '... and goes on when the backup is done';
sql('ALTER TABLE item DROP note');

my $writer = session();
$writer->run('BEGIN');
$writer->run(q(UPDATE item SET name = 'open' WHERE company_id = 'acme'));
$writer->run(q(SELECT FROM company WHERE id = 'acme' FOR UPDATE));
$backup->run('SET lock_timeout = 2000');
like $backup->run($BACKUP), qr/^\d+$/, 'a backup does not wait for writers';
$writer->run('ROLLBACK');

# Two at once

my @both = (session(), session());
$_->start($BACKUP) for @both;
my @ids = map { $_->finish } @both;
is digests($ids[0]), digests($ids[1]), 'two backups at once: the same digests';
isnt $ids[0], $ids[1], '... and two backups';

# Deleted while it is read

sql(<<'SQL');
INSERT INTO item SELECT 1000 + n, 'zeta', (SELECT string_agg(md5(n || '.' || i), '') FROM generate_series(1, 200) i)
FROM generate_series(1, 1500) n
SQL
my $large = sql(q(SELECT backup_company('zeta')));
my $parts = sql("SELECT seq, sha256(data) FROM read_backup($large)");
my $reader = session();
my $first  = $reader->run("BEGIN; DECLARE parts CURSOR FOR SELECT seq, sha256(data) FROM read_backup($large); FETCH 1 FROM parts");
sql("SELECT delete_backup($large)");
my $others = $reader->run('FETCH ALL FROM parts; COMMIT');
cmp_ok scalar(() = $parts =~ /\n/g), '>', 2, 'a backup of several parts';
is "$first\n$others", $parts, 'deleted while it is read: it is read to its end';
like failure("SELECT count(*) FROM read_backup($large)"), qr/KB010: backup $large does not exist/, '... then it does not exist';
my @deleters = (session(), session());
$_->start("SELECT delete_backup($ids[1])") for @deleters;
my @answers = sort map { $_->finish } @deleters;
is $answers[0], '', 'two sessions delete one backup: one does';
like $answers[1], qr/KB010: /, '... the other is told that it is gone';

# Row-level security: an error, never fewer rows

my $role = "cb_snapshots_$$";
sql(<<"SQL");
CREATE ROLE $role;
GRANT SELECT ON company, item TO $role;
SELECT grant_company_backup('$role');
CREATE FUNCTION public.allow(action text, company text, actor text, detail jsonb) RETURNS boolean LANGUAGE sql RETURN true;
SELECT set_company_guard('public.allow');
SQL
like sql("SET ROLE $role; $BACKUP"), qr/^\d+$/, 'another role makes a backup';
sql('ALTER TABLE item ENABLE ROW LEVEL SECURITY; CREATE POLICY few ON item USING (id < 10)');
for my $setting ('on', 'off') {
	like failure("SET row_security = $setting; SET ROLE $role; $BACKUP"), qr/KB012: row-level security would hide rows/,
	  "row_security = $setting: refused";
	is items(sql("SET row_security = $setting; $BACKUP")), 100, "row_security = $setting: a superuser gets every row";
}
is failure("SET ROLE $role; SELECT count(*) FROM stream_backup('acme')") =~ /KB012/, 1, 'a stream is refused, too';

$_->close for $reader, $backup, $caller;
sql("DROP OWNED BY $role; DROP ROLE $role");

done_testing();
