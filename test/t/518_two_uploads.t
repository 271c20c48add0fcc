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
