# Rules, backups and the archive key survive pg_upgrade (here from 15 to 15: the same path).
use strict;
use warnings;

use File::Temp qw(tempdir);
use Test::More;

chomp(my $version = `./server_version.sh`);
my $bin = "/usr/lib/postgresql/$version/bin";
chomp($bin = `pg_config --bindir`) unless -x "$bin/pg_upgrade";
plan skip_all => 'pg_upgrade is not installed' unless -x "$bin/pg_upgrade";

my $dir = tempdir('company_backup_upgrade_XXXX', TMPDIR => 1, CLEANUP => 1);
my @as = ();
if ($> == 0) {
	@as = ('runuser', '-u', 'postgres', '--');
	chown((getpwnam 'postgres')[2], -1, $dir);
}
delete @ENV{grep { /^PG/ } keys %ENV};
chdir $dir or die $!;

sub as_postgres {
	my (@command) = @_;
	open my $pipe, '-|', 'sh', '-c', 'exec "$@" 2>&1', 'sh', @as, @command or die $!;
	local $/;
	my $out = readline $pipe;
	return (close($pipe), $out);
}

sub must {
	my ($ok, $out) = as_postgres(@_);
	BAIL_OUT("@_ failed:\n$out") unless $ok;
	return $out;
}

my %port = (old => 50000 + $$ % 5000, new => 55001 + $$ % 5000);

sub start {
	my ($which) = @_;
	must("$bin/pg_ctl", '-w', '-D', "$dir/$which", '-l', "$dir/$which.log", '-o',
		"-p $port{$which} -c listen_addresses= -c unix_socket_directories=$dir -c fsync=off", 'start');
}

sub stop { must("$bin/pg_ctl", '-w', '-m', 'fast', '-D', "$dir/$_[0]", 'stop') }

sub sql {
	my ($which, $statement) = @_;
	my $out = must('psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-h', $dir, '-p', $port{$which}, '-U', 'postgres',
		'-d', 'app', '-c', $statement);
	chomp $out;
	return $out;
}

for my $which (qw(old new)) {
	must("$bin/initdb", '-D', "$dir/$which", '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '-N');
}

start('old');
must('createdb', '-h', $dir, '-p', $port{old}, '-U', 'postgres', 'app');
sql('old', $_) for split /;\n/, <<'END';
CREATE TABLE company (id int PRIMARY KEY, name text);
CREATE TABLE currency (id int PRIMARY KEY, code text UNIQUE);
CREATE TABLE invoice (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company, currency_id int REFERENCES currency,
  note_id int);
INSERT INTO company VALUES (1, 'Acme'), (2, 'Other');
INSERT INTO currency VALUES (1, 'EUR');
INSERT INTO invoice SELECT n, 1 + n % 2, 1, n FROM generate_series(1, 100) n;
CREATE EXTENSION company_backup;
CREATE FUNCTION public.guard(text, text, text, jsonb) RETURNS boolean LANGUAGE sql AS 'SELECT true';
SELECT set_company_table('company');
SELECT set_table_rule('currency', 'shared', 'reference data', match_columns => '{code}');
SELECT set_column_rule('invoice', 'note_id', 'data');
SELECT set_company_guard('public.guard');
SELECT backup_company(1)
END
my @questions = (
	'SELECT array_agg(s) FROM company_scope() s',
	'SELECT array_agg(s) FROM check_company_scope() s',
	'SELECT company, row_count, manifest FROM company_backup.backup',
	"SELECT sha256(string_agg(data, '' ORDER BY seq)) FROM read_backup(1)",
	'SELECT archive_key(), identity FROM company_backup.database_identity',
	'SELECT guard_function FROM company_backup.settings');
my @before = map { sql('old', $_) } @questions;
stop('old');

my ($ok, $out) = as_postgres("$bin/pg_upgrade", '-b', $bin, '-B', $bin, '-d', "$dir/old", '-D', "$dir/new", '-U',
	'postgres', '-s', $dir, '-p', $port{old}, '-P', $port{new});
ok($ok, 'pg_upgrade succeeds') or diag $out;

start('new');
is(sql('new', $questions[$_]), $before[$_], "the same after the upgrade: $questions[$_]") for 0 .. $#questions;
is(sql('new', 'SELECT backup_company(1)'), '2', 'the next backup has the next id');
is(sql('new', 'SELECT count(*) FROM (SELECT table_name, sha256 FROM backup_contents(1) EXCEPT SELECT table_name, sha256 FROM backup_contents(2)) d'),
	'0', 'and the same digests');
sql('new', q{DELETE FROM invoice WHERE company_id = 1; DELETE FROM company WHERE id = 1; INSERT INTO company VALUES (1, 'Another')});
is(sql('new', 'SELECT count(*) FROM company_backups(1)'), '0', 'who takes a key anew gets nothing of the company that had it');
stop('new');
done_testing();
