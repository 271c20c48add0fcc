# Rules, backups, restores in review and the archive key survive pg_upgrade: from the oldest server here that has the
# extension, or that of UPGRADE_FROM=15; from a version to itself if there is only one, which is the same path.
use strict;
use warnings;

use File::Temp qw(tempdir);
use Test::More;

chomp(my $version = `./server_version.sh`);
my $from = $ENV{UPGRADE_FROM};
for my $older (15 .. $version) {
	next unless -x "/usr/lib/postgresql/$older/bin/initdb" && -e "/usr/lib/postgresql/$older/lib/company_backup.so";
	$from //= $older;
}
my %bin = (new => "/usr/lib/postgresql/$version/bin", old => '/usr/lib/postgresql/' . ($from // $version) . '/bin');
unless (-x "$bin{new}/pg_upgrade") {
	chomp(my $bin = `pg_config --bindir`);
	%bin = (old => $bin, new => $bin);
}
plan skip_all => 'pg_upgrade is not installed' unless -x "$bin{new}/pg_upgrade" && -x "$bin{old}/initdb";
my %major = map { $_ => `$bin{$_}/postgres --version` =~ /\) (\d+)/ } qw(old new);
note("from $major{old} to $major{new}");

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
	must("$bin{$which}/pg_ctl", '-w', '-D', "$dir/$which", '-l', "$dir/$which.log", '-o',
		"-p $port{$which} -c listen_addresses= -c unix_socket_directories=$dir -c fsync=off", 'start');
}

sub stop { must("$bin{$_[0]}/pg_ctl", '-w', '-m', 'fast', '-D', "$dir/$_[0]", 'stop') }

sub sql {
	my ($which, $statement) = @_;
	my $out = must('psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-h', $dir, '-p', $port{$which}, '-U', 'postgres',
		'-d', 'app', '-c', $statement);
	chomp $out;
	return $out;
}

for my $which (qw(old new)) {
	# From 18 on the default, which has to be the same in both.
	my @checksums = $major{$which} < 18 && $major{new} >= 18 ? ('--data-checksums') : ();
	must("$bin{$which}/initdb", '-D', "$dir/$which", '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '-N',
		@checksums);
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
SELECT backup_company(1);
INSERT INTO company VALUES (3, 'Kept'), (4, 'Reverted');
INSERT INTO invoice SELECT 1000 + n, 3 + n % 2, 1, n FROM generate_series(1, 20) n;
SELECT backup_company(3), backup_company(4);
UPDATE invoice SET note_id = -note_id WHERE company_id IN (3, 4);
DELETE FROM invoice WHERE id IN (1003, 1004);
INSERT INTO invoice VALUES (2003, 3, 1, 1), (2004, 4, 1, 1)
END
my %rows = map { $_ => "SELECT md5(string_agg(i::text, ' ' ORDER BY id)) FROM invoice i WHERE company_id = $_" } 3, 4;
my $edited = sql('old', $rows{4});
my %restore = map { $_ => sql('old', "SELECT restore_company($_, $_ - 1)") } 3, 4;
my $restored = sql('old', $rows{3});
my @questions = (
	'SELECT array_agg(s) FROM company_scope() s',
	'SELECT array_agg(s) FROM check_company_scope() s',
	'SELECT company, row_count, manifest FROM company_backup.backup ORDER BY id',
	"SELECT sha256(string_agg(data, '' ORDER BY seq)) FROM read_backup(1)",
	'SELECT archive_key(), identity FROM company_backup.database_identity',
	'SELECT guard_function FROM company_backup.settings',
	'SELECT array_agg(r ORDER BY id) FROM company_restores(NULL::text) r',
	@rows{3, 4});
my @before = map { sql('old', $_) } @questions;
stop('old');

my ($ok, $out) = as_postgres("$bin{new}/pg_upgrade", '-b', $bin{old}, '-B', $bin{new}, '-d', "$dir/old", '-D', "$dir/new", '-U',
	'postgres', '-s', $dir, '-p', $port{old}, '-P', $port{new});
# 15.20 and 17.12 give every column an option that 18.6 does not know.
my ($refused) = $ok ? () : `cat $dir/new/pg_upgrade_output.d/*/log/*.log` =~ /(unrecognized parameter "pg_attver")/;
plan skip_all => "these two releases have no upgrade, of any table: $refused" if $refused;
ok($ok, 'pg_upgrade succeeds') or diag $out;

start('new');
is(sql('new', $questions[$_]), $before[$_], "the same after the upgrade: $questions[$_]") for 0 .. $#questions;
is(sql('new', 'SELECT backup_company(1)'), '4', 'the next backup has the next id');
is(sql('new', 'SELECT count(*) FROM (SELECT table_name, sha256 FROM backup_contents(1) EXCEPT SELECT table_name, sha256 FROM backup_contents(4)) d'),
	'0', 'and the same digests');
sql('new', "SELECT revert_restore($restore{4})");
is(sql('new', $rows{4}), $edited, 'a restore in review is reverted');
sql('new', "SELECT keep_restore($restore{3})");
is(sql('new', $rows{3}), $restored, 'another one is kept');
sql('new', q{DELETE FROM invoice WHERE company_id = 1; DELETE FROM company WHERE id = 1; INSERT INTO company VALUES (1, 'Another')});
is(sql('new', 'SELECT count(*) FROM company_backups(1)'), '0', 'who takes a key anew gets nothing of the company that had it');
my $has_checksums = sql('new', 'SHOW data_checksums');
stop('new');
is($has_checksums, 'on', 'pages have checksums') if $major{new} >= 18;
SKIP: {
	skip 'no checksums', 1 if $has_checksums ne 'on';
	my ($right, $told) = as_postgres("$bin{new}/pg_checksums", '--check', '-D', "$dir/new");
	ok($right, '... all of them right') or diag $told;
}
done_testing();
