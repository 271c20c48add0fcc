# A database whose texts are compared by PostgreSQL's own rules (LOCALE_PROVIDER builtin, PostgreSQL 17).
use strict;
use warnings;
use Test::More;

sub psql {
	my ($database, $sql) = @_;
	open my $out, '-|', 'psql', '-qXAt', '-v', 'ON_ERROR_STOP=1', '-d', $database, '-c', $sql or die $!;
	my $text = do { local $/; <$out> };
	close $out or die "psql failed: $sql";
	chomp $text;
	return $text;
}

plan skip_all => 'for PostgreSQL 17 and later' if psql('postgres', 'SHOW server_version_num') < 170000;
my ($database, $other) = ('company_backup_builtin', 'company_backup_libc');
END { psql('postgres', "DROP DATABASE IF EXISTS $_") for grep { defined } $database, $other }

psql('postgres', "CREATE DATABASE $database TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'");
psql('postgres', "CREATE DATABASE $other TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER libc LOCALE 'C.UTF-8'");
for my $in ($database, $other) {
	psql($in, $_) for (
		'CREATE EXTENSION company_backup',
		'CREATE TABLE company (id text PRIMARY KEY, name text)',
		'CREATE TABLE word (company_id text NOT NULL REFERENCES company, word text, low text COLLATE ucs_basic, PRIMARY KEY (company_id, word))',
		q{CREATE INDEX ON word (lower(word))},
		"SELECT set_company_table('company', identity_columns => '{}')");
}
my $words = q{SELECT 'Ä', unnest(ARRAY['ä', 'Ä', 'a', 'B', 'ß', 'É', 'é', 'Ω', 'zz', 'Z', 'ﬁ', E'\U0001F600']) AS word};
psql($database, $_) for (
	q{INSERT INTO company VALUES ('Ä', 'Ä one'), ('b', 'two')},
	"INSERT INTO word SELECT *, lower(word) FROM ($words) w",
	q{SELECT backup_company('Ä')},
	q{DELETE FROM word WHERE word < 'b'},
	q{UPDATE word SET low = upper(word)});
my $all = q{SELECT string_agg(w::text, ' ' ORDER BY word COLLATE "C") FROM word w};
psql($database, q{SELECT keep_restore(restore_company('Ä', 1))});
is(psql($database, q{SELECT count(*), bool_and(low = lower(word)) FROM word}), '12|t', 'every row is back');
is(psql($database, q{SET enable_seqscan = off; SELECT string_agg(word, ' ' ORDER BY word) FROM word WHERE lower(word) IN ('ä', 'é')}),
	psql($database, q{SELECT string_agg(word, ' ' ORDER BY word) FROM word WHERE lower(word) IN ('ä', 'é')}), 'indexes know them');
is(psql($database, q{SELECT sum(added) + sum(changed) + sum(removed) FROM preview_restore('Ä', 1)}), '0', 'and they are the same');

# The archive goes where texts are compared by other rules, and its lines stand in the same order.
my $key = psql($database, 'SELECT archive_key()');
my $archive = psql($database, q{SELECT encode(string_agg(data, '' ORDER BY seq), 'hex') FROM read_backup(1)});
my $identity = psql($database, 'SELECT identity FROM company_backup.database_identity');
psql($other, $_) for ("SELECT trust_origin('$identity', '$key')", 'SELECT begin_upload()', "SELECT append_upload(1, 0, '\\x$archive')",
	'SELECT finish_upload(1)', q{SELECT create_company_from_backup(1, '{"id": "Ä"}')});
is(psql($other, $all), psql($database, $all), 'its backup is restored where the provider is libc');
is(psql($other, q{SELECT string_agg(sha256::text, ' ' ORDER BY table_name) FROM backup_contents((SELECT backup_company('Ä')))}),
	psql($database, q{SELECT string_agg(sha256::text, ' ' ORDER BY table_name) FROM backup_contents(1)}), 'and the digests are the same');
done_testing();
