# export and import: whole files or none, through interruptions and errors in the middle. That needs
# a server that is slow and fails on demand: functions of the extension's names, written in SQL.
use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Time::HiRes qw(sleep);

use ClientTest qw(run_client client_path slurp spew work_dir);

my $dir      = work_dir();
my $errors   = work_dir();
my $database = "company_backup_client_$$";

sub sql {
	my ($statement, $where) = @_;
	open my $psql, '-|', 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $where // $database, '-c',
	  $statement or die "psql: $!";
	local $/;
	my $out = readline $psql;
	close $psql or die "psql failed: $statement\n";
	return $out =~ s/\n\z//r;
}

sub files {
	opendir my $handle, $dir or die $!;
	return [sort grep { !/^\.\.?$/ } readdir $handle];
}

# Starts an export in the background and waits until it has begun to write.
sub start_export {
	my @arguments = @_;
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		$SIG{$_} = 'DEFAULT' for qw(INT TERM HUP);    # whatever started the tests ignores
		open STDERR, '>', "$errors/stderr" or die $!;
		exec client_path(), 'export', @arguments or exit 127;
	}
	for (1 .. 200) {
		return $pid if grep { -s "$dir/$_" } @{ files() };
		sleep 0.05;
	}
	die "the export did not begin\n";
}

sub exit_code {
	my ($pid) = @_;
	waitpid $pid, 0;
	return $? & 127 ? -($? & 127) : $? >> 8;
}

my ($version) = (run_client('--version'))[1] =~ /(\d[\d.]*)/;

sql("CREATE DATABASE $database TEMPLATE template0 ENCODING 'UTF8'", 'postgres');
END { local $?; sql("DROP DATABASE IF EXISTS $database WITH (FORCE)", 'postgres') if $database }
$ENV{PGDATABASE} = $database;

my ($code, $out, $err) = run_client('list');
is $code, 1, 'without the extension: exit code';
like $err, qr/extension company_backup is not installed in database "$database"/,
  'without the extension: says so';

# The schema's name needs quotes.
sql(<<"SQL");
SET allow_system_table_mods = on;
CREATE SCHEMA "Backup ""s";
INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
VALUES (16001, 'company_backup', 10, '"Backup ""s"'::regnamespace, false, '$version');
SET search_path = "Backup ""s";
CREATE FUNCTION stored(n integer) RETURNS bytea LANGUAGE sql
  RETURN decode(repeat(md5(n::text), CASE WHEN n = 2 THEN 65536 ELSE n % 7 END), 'hex');
CREATE FUNCTION read_backup(backup bigint) RETURNS TABLE (seq integer, data bytea) LANGUAGE sql
  AS \$\$ SELECT n, "Backup ""s".stored(n) FROM generate_series(1, 3000) n WHERE backup = 1 \$\$;
CREATE FUNCTION stream_backup(company text, include_files boolean = false)
  RETURNS TABLE (seq integer, data bytea) LANGUAGE sql AS \$\$
  SELECT n, CASE WHEN company = 'broken' AND n = 2900 THEN (1 / (n - n))::text::bytea
                 WHEN company = 'slow' AND n > 500 THEN pg_sleep(0.01)::text::bytea
                 WHEN n = 1 THEN convert_to(company || include_files, 'UTF8')
                 ELSE "Backup ""s".stored(n) END FROM generate_series(1, 3000) n \$\$;
CREATE TABLE part (upload bigint, seq integer, data bytea);
CREATE FUNCTION begin_upload(company text = NULL) RETURNS bigint LANGUAGE sql
  AS \$\$ SELECT CASE WHEN company IS NULL THEN 5 ELSE 6 END::bigint \$\$;
CREATE FUNCTION append_upload(upload bigint, seq integer, data bytea) RETURNS void LANGUAGE sql
  AS \$\$ INSERT INTO "Backup ""s".part VALUES (upload, seq, data) \$\$;
CREATE FUNCTION finish_upload(upload bigint) RETURNS bigint LANGUAGE sql
  AS \$\$ SELECT 100 + upload \$\$;
SQL

my $digest = sql(<<'SQL');
SELECT encode(sha256(string_agg("Backup ""s".stored(n), '' ORDER BY n)), 'hex')
FROM generate_series(1, 3000) n
SQL

# export

sub sha256_file { return Digest::SHA->new(256)->addfile($_[0], 'b')->hexdigest }

($code, $out, $err) = run_client('export', '1', '-o', "$dir/a");
is $code, 0, 'export: exit code' or diag $err;
is "$out$err", '', 'export: silent';
is sha256_file("$dir/a"), $digest, 'export: the bytes of the server';
is_deeply files(), ['a'], 'export: no other file';
is +(stat "$dir/a")[2] & 0777, 0600, 'export: for its owner only';

spew("$dir/a", 'precious');
($code, $out, $err) = run_client('export', '1', '-o', "$dir/a");
is $code, 1, 'export to an existing file: exit code';
like $err, qr/file "\Q$dir\E\/a" already exists\nHINT: .*--force/, 'export to an existing file: says so';
is slurp("$dir/a"), 'precious', 'export to an existing file: it is as it was';

($code) = run_client('export', '--company', 'broken', '-o', "$dir/a", '--force');
is $code, 1, 'failing export with --force: exit code';
is slurp("$dir/a"), 'precious', 'failing export with --force: the old file is as it was';

symlink 'a', "$dir/link" or die $!;
($code) = run_client('export', '1', '-o', "$dir/link", '--force');
is $code, 0, 'export --force through a link: exit code';
ok -l "$dir/link", 'export --force through a link: the link stays';
is sha256_file("$dir/a"), $digest, 'export --force through a link: the file is new';
unlink "$dir/link", "$dir/a";

($code, $out) = run_client('export', '1');
is sha256_hex($out), $digest, 'export to stdout: the bytes of the server';

($code, $out) = run_client('export', '--company', q(O'Brien\\), '--include-files');
like $out, qr/\AO'Brien\\true/, 'export of a company: its key arrives as it is';

($code, $out, $err) = run_client('export', '--company', 'broken', '-o', "$dir/a");
is $code, 1, 'error in the middle: exit code';
like $err, qr/^ERROR:  division by zero$/m, "error in the middle: the server's message";
is_deeply files(), [], 'error in the middle: no file';

($code, $out, $err) = run_client('export', '1', '-o', "$dir/none/a");
is $code, 1, 'folder that does not exist: exit code';
($code, $out, $err) = run_client('export', '1', '-o', '/dev/full');
is $code, 1, 'full disk: exit code';
like $err, qr{could not write file "/dev/full": No space left}, 'full disk: says so';
ok -c '/dev/full', 'a device stays a device';

for my $signal (qw(INT TERM HUP)) {
	my $pid = start_export('--company', 'slow', '-o', "$dir/a");
	kill $signal, $pid;
	is exit_code($pid), 1, "SIG$signal: exit code";
	is_deeply files(), [], "SIG$signal: no file";
}
my $pid = start_export('--company', 'slow', '-o', "$dir/a");
kill 'KILL', $pid;
is exit_code($pid), -9, 'SIGKILL: killed';
ok !-e "$dir/a", 'SIGKILL: no file of that name';
unlink map { "$dir/$_" } @{ files() };

# After SIGKILL the server learns of it when its next full buffer is sent: small, slow rows take long.
my $running = 1;
for (1 .. 600) {
	$running = sql(q(SELECT count(*) FROM pg_stat_activity WHERE application_name = 'company-backup'));
	last if !$running;
	sleep 0.05;
}
is $running, 0, 'no statement is left running';

$pid = start_export('--company', 'slow', '-o', "$dir/a");
sql(q(SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = 'company-backup'));
is exit_code($pid), 1, 'lost connection: exit code';
is_deeply files(), [], 'lost connection: no file';
like slurp("$errors/stderr"), qr/terminating connection|connection to the server was lost/, 'lost connection: says so';

# import

my $archive = spew("$dir/archive", join '', map { pack 'N', $_ * 2654435761 % 2**32 } 1 .. 600_000);
($code, $out, $err) = run_client('import', $archive);
is $code, 0, 'import: exit code' or diag $err;
is $out, "105\n", 'import: the ID of the backup';
is sql('SELECT string_agg(length(data)::text, $$,$$ ORDER BY seq) FROM "Backup ""s".part'),
  '1048576,1048576,302848', 'import: parts of 1 MiB, in order';
is sql('SELECT encode(sha256(string_agg(data, $$$$ ORDER BY seq)), $$hex$$) FROM "Backup ""s".part'),
  sha256_file($archive), 'import: the bytes of the file';
($code, $out) = run_client('import', $archive, '--company', 'acme');
is $out, "106\n", 'import --company: for that company';

# version

sql(q(SET allow_system_table_mods = on; UPDATE pg_extension SET extversion = '0.9'
      WHERE extname = 'company_backup'));
($code, $out, $err) = run_client('list');
is $code, 1, 'another version: exit code';
like $err, qr/this client is version \Q$version\E, but the database has version 0\.9/,
  'another version: says so';

done_testing();
