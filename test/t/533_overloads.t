# Functions that give rows, called with a company's key as a number or a uuid: the same as with a text, also where a cursor
# outlives a savepoint.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use ServerTest qw(new_database session sql);

new_database('overloads');
my %key = (bigint => '7', uuid => '7f0a4e0c-1111-4222-8333-444455556666');
for my $type (sort keys %key) {
	my $key = $key{$type};
	sql("DROP TABLE IF EXISTS item, company");
	sql(<<"SQL");
CREATE TABLE company (id $type PRIMARY KEY, name text);
CREATE TABLE item (company_id $type NOT NULL REFERENCES company, id bigint, note text, PRIMARY KEY (company_id, id));
INSERT INTO company VALUES ('$key', 'one');
INSERT INTO item SELECT '$key', n, (SELECT string_agg(md5(random()::text), '') FROM generate_series(1, 20) WHERE n > 0) FROM generate_series(1, 3000) AS n;
SELECT set_company_table('company', identity_columns => '{}');
SQL
	my $backup = sql("SELECT backup_company('$key'::$type)");
	for my $call ("company_contents(%s)", "check_company_data(%s)", "company_backups(%s)", "company_restores(%s)",
		"preview_restore(%s, $backup)", "plan_ids(%s, $backup)") {
		my @both = map { sql('SELECT * FROM ' . sprintf $call, $_) } "'$key'::text", "'$key'::$type";
		is $both[1], $both[0], "$type: $call";
	}
	my @manifests = map { sql("SELECT count(*), sum(length(data)) > 100000 FROM stream_backup($_, include_files => true)") } "'$key'::text", "'$key'::$type";
	is $manifests[1], $manifests[0], "$type: stream_backup";
	for my $begun (0, 1) {
		for my $as ('text', $type) {
			my $session = session();
			$session->run('BEGIN');
			$session->run("DECLARE reading CURSOR FOR SELECT (stream_backup('$key'::$as)).seq");
			my @seq = map { $session->run('FETCH 1 FROM reading') } 1 .. $begun;
			$session->run('SAVEPOINT s');
			push @seq, $session->run('FETCH 1 FROM reading');
			$session->run("INSERT INTO item VALUES ('$key', 0); ROLLBACK TO s");
			push @seq, $session->run('FETCH 1 FROM reading'), $session->run('FETCH 1 FROM reading');
			is join(' ', @seq), join(' ', 0 .. 2 + $begun), "$type, as $as: a cursor goes on after ROLLBACK TO" . ($begun ? '' : ' where it had begun after the savepoint');
			$session->run('ROLLBACK');
		}
	}
}
done_testing;
