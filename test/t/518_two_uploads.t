# Uploads beside others: a part that is sent twice at once, an old upload that somebody holds, and a
# backup that is deleted while it is read.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use ServerTest qw(new_database sql session);
use TwoSessions qw(is_blocked state_of);

new_database('two_uploads');
sql(<<'SQL');
CREATE TABLE company (id bigint PRIMARY KEY, name text);
CREATE TABLE item (id bigint PRIMARY KEY, company_id bigint NOT NULL REFERENCES company, note text);
INSERT INTO company VALUES (1, 'one');
INSERT INTO item SELECT n, 1, md5(n::text) || md5((-n)::text) FROM generate_series(1, 20000) AS n;
SELECT set_company_table('company', identity_columns => '{}');
SQL

my ($first, $second) = (session(), session());
my $upload = sql('SELECT begin_upload()');

# The first has not committed when the same part comes again.
for my $case (['\x0102', '', 'the same bytes are no error'], ['\x03', 'KB024', 'other bytes are one']) {
	my ($bytes, $state, $name) = @$case;
	sql("DELETE FROM company_backup.upload_part");
	$first->run('BEGIN');
	$first->run("SELECT append_upload($upload, 0, '\\x0102')");
	$second->start("SELECT append_upload($upload, 0, '$bytes')");
	is_blocked($second);
	$first->run('COMMIT');
	is state_of($second->finish), $state, "a part sent twice at once: $name";
}

sql("UPDATE company_backup.upload SET created_at = now() - interval '30 days'");
my $other = sql("SELECT begin_upload()");
is sql("SELECT count(*) FROM company_backup.upload WHERE id = $upload"), 0, 'an old upload goes when another begins';
sql("UPDATE company_backup.upload SET created_at = now() - interval '30 days'");
$first->run('BEGIN');
$first->run("SELECT append_upload($other, 0, '\\x01')");
is state_of($second->run("SET statement_timeout = '20s'; SELECT begin_upload()")), '', 'one that somebody holds stops nobody';
is state_of($first->run('COMMIT')), '', '... and its holder goes on';

# For a company of which nothing is stored yet
sql("INSERT INTO company VALUES (2, 'two'), (3, 'three')");
$first->run('BEGIN');
my @begun = $first->run(q(SELECT begin_upload('2')));
push @begun, $second->run("SET statement_timeout = '20s'; SELECT begin_upload('2')");
is state_of($begun[1]), '', 'the first upload for a company stops no other one';
is state_of($second->run(q(SELECT backup_company('2')))), '', '... nor a backup of it';
is state_of($first->run('COMMIT')), '', '... and both go on';
my $archive = sql(q(SELECT backup_company('2')));
for my $upload (@begun) {
	sql("SELECT append_upload($upload, seq, data) FROM read_backup($archive)");
	my $uploaded = sql("SELECT finish_upload($upload)");
	is sql("SELECT count(*) FROM company_backups('2') WHERE id = $uploaded"), 1, '... to the end: it is of that company';
}
for my $change ('DELETE FROM company WHERE id = 3', 'UPDATE company SET id = 4 WHERE id = 3') {
	my $upload = sql(q(SELECT begin_upload('3')));
	sql("$change; INSERT INTO company VALUES (3, 'newcomer')");
	is state_of($second->run("SELECT append_upload($upload, 0, 'x')")), 'KB010', "$change: the upload is not the newcomer's";
}
my $pending = sql(q(SELECT begin_upload('3')));
sql("SELECT append_upload($pending, seq, data) FROM read_backup($archive)");
my $of_three = sql("SELECT finish_upload($pending)");
is sql("SELECT count(*) FROM company_backups('3') WHERE id = $of_three"), 1, 'it makes the company seen';
sql("DELETE FROM company WHERE id = 3; INSERT INTO company VALUES (3, 'another')");
is sql(q(SELECT count(*) FROM company_backups('3'))), 0, '... and is gone with it';

my $backup = sql(q(SELECT backup_company('1')));
my $bytes  = sql("SELECT sum(length(data)) FROM read_backup($backup)");
$first->run('BEGIN');
$first->run("DECLARE reading CURSOR FOR SELECT length(data) FROM (SELECT (read_backup($backup)).*) AS r");
my $read = $first->run('FETCH 1 FROM reading');
sql("SELECT delete_backup($backup)");
$read += $_ for split /\n/, $first->run('FETCH ALL FROM reading');
is $read, $bytes, 'a backup is read to its end although somebody deletes it meanwhile';
$first->run('COMMIT');

done_testing;
