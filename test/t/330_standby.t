# A standby: backups cannot be stored there, but streamed, and are those of the primary.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use ClientTest qw(run_client spew work_dir);
use ServerPrograms qw(program run_program server_dir);
use ServerTest qw(new_database sql failure read_archive wait_for);

my $dir = work_dir();
new_database('standby');

sql(<<'SQL');
CREATE TABLE company (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE unit (code text PRIMARY KEY);
CREATE TABLE item (id bigint PRIMARY KEY, company_id bigint NOT NULL REFERENCES company,
    unit text NOT NULL REFERENCES unit, name text, photo bytea);
INSERT INTO company VALUES (1, 'Acme'), (2, 'Zeta');
INSERT INTO unit VALUES ('kg'), ('m');
INSERT INTO item SELECT n, 1 + n % 2, CASE WHEN n % 3 = 0 THEN 'kg' ELSE 'm' END, md5(n::text), sha256((n % 100)::text::bytea)
FROM generate_series(1, 20000) n;
SELECT set_company_table('company');
SELECT set_column_rule('item', 'photo', 'file');
SELECT set_table_rule('unit', 'shared', 'the same for all', match_columns => '{code}');
SQL

my $standby_dir = server_dir();
sub quietly { return run_program("$dir/commands", @_) }
my $pg_ctl = program('pg_ctl');

my $port = 20000 + $$ % 20000;
END {
	local $?;
	quietly($pg_ctl, '-D', "$standby_dir/data", '-m', 'immediate', 'stop') if $port;
}

plan skip_all => 'pg_basebackup does not work with this server: ' . ClientTest::slurp("$dir/commands")
  if !quietly(program('pg_basebackup'), '-D', "$standby_dir/data", '-R', '-X', 'stream', '-c', 'fast');

# The primary's own files may lie elsewhere: everything a standby needs is said here.
my $limits = sql(<<'SQL');
SELECT string_agg(name || ' = ' || setting, E'\n') FROM pg_settings WHERE name IN
('max_connections', 'max_prepared_transactions', 'max_worker_processes', 'max_wal_senders', 'max_locks_per_transaction',
 'dynamic_shared_memory_type')
SQL
spew("$dir/postgresql.conf", <<"CONF");
port = $port
listen_addresses = 'localhost'
unix_socket_directories = '$standby_dir'
fsync = off
$limits
CONF
spew("$dir/pg_hba.conf", "host all all 127.0.0.1/32 trust\nhost all all ::1/128 trust\n");
spew("$dir/pg_ident.conf", '');
chmod 0755, $dir;
for my $name (qw(postgresql.conf pg_hba.conf pg_ident.conf)) {
	chmod 0644, "$dir/$name";
	quietly('cp', "$dir/$name", "$standby_dir/data/$name") or die "cp $name\n";
}
if (!quietly($pg_ctl, '-D', "$standby_dir/data", '-l', "$standby_dir/log", '-w', '-t', 60, 'start')) {
	plan skip_all => 'a standby does not start here: ' . ClientTest::slurp("$standby_dir/log");
}

sub on_standby {
	my ($code) = @_;
	local $ENV{PGPORT} = $port;
	local $ENV{PGHOST} = 'localhost';
	return $code->();
}

# A change after the base backup comes by streaming.
my $backup = sql(q(UPDATE item SET name = 'changed' WHERE id = 8; SELECT backup_company('1', include_files => true)));
wait_for('the standby to catch up', sub {
		on_standby(sub { sql(q(SELECT count(*) FROM company_backups())) }) == 1;
	});
is on_standby(sub { sql('SELECT pg_is_in_recovery()') }), 't', 'the standby is one';

like on_standby(sub { failure(q(SELECT backup_company('1'))) }),
  qr/ERROR:  25006: cannot execute backup_company\(\) during recovery/, 'backup_company: a clear error';
like on_standby(sub { failure("SELECT delete_backup($backup)") }),
  qr/ERROR:  25006: cannot execute delete_backup\(\) during recovery/, 'delete_backup: a clear error';
like on_standby(sub { failure(q(SELECT begin_upload('1'))) }),
  qr/ERROR:  25006: cannot execute begin_upload\(\) during recovery/, 'begin_upload: a clear error';

my ($code, $out, $err) = on_standby(sub { run_client('export', '--company', '1', '--include-files', '-o', "$dir/streamed") });
is $code, 0, 'export --company on the standby: exit code' or diag $err;
($code, $out, $err) = run_client('export', $backup, '-o', "$dir/stored");
is $code, 0, 'export of the backup on the primary: exit code' or diag $err;
my ($streamed, $stored) = map { read_archive("$dir/$_") } qw(streamed stored);
ok $streamed->{'tables/public.item.ndjson'} =~ /"name":"changed"/, 'the stream has the last change';
is scalar(grep { m{^files/} } keys %$stored), 50, 'files, each once';
is_deeply [sort keys %$streamed], [sort keys %$stored], 'the same files';
for my $name (sort grep { m{/} } keys %$stored) {
	ok $streamed->{$name} eq $stored->{$name}, "$name: the same content";
}

($code, $out, $err) = on_standby(sub { run_client('export', $backup, '-o', "$dir/from_standby") });
is $code, 0, 'export of a stored backup on the standby: exit code' or diag $err;
ok ClientTest::slurp("$dir/from_standby") eq ClientTest::slurp("$dir/stored"), '... the very same bytes';

my $key = spew("$dir/key", sql('SELECT archive_key()'));
($code, $out, $err) = run_client('verify', "$dir/streamed", '--key-file', $key);
is $code, 0, q(the stream bears the primary's signature) or diag $err;

for my $query (q(company_contents('1')), 'company_scope()', 'check_company_scope()', q(check_company_data('1'))) {
	my $primary = sql("SELECT * FROM $query");
	is on_standby(sub { sql("SELECT * FROM $query") }), $primary, "$query works on the standby";
}

# A standby that lags behind streams rows that were erased since: it does not pretend that they are newer than that.
on_standby(sub { sql('SELECT pg_wal_replay_pause()') });
is sql("SELECT erase_record('item', '8')"), 't', 'a row is erased';
($code, $out, $err) = on_standby(sub { run_client('export', '--company', '1', '--include-files', '-o', "$dir/lagging") });
is $code, 0, 'the standby has not replayed that' or diag $err;
like read_archive("$dir/lagging")->{'tables/public.item.ndjson'}, qr/"id":"8"/, '... and streams the row';
($code, $out, $err) = run_client('import', "$dir/lagging", '--company', '1');
is $code, 0, 'the primary takes the archive' or diag $err;
($code, $out, $err) = run_client('restore', '1', $out =~ /(\d+)/, '--include-files', '--yes');
is $code, 0, '... and restores it' or diag $err;
is sql('SELECT count(*) FROM item WHERE id = 8'), 0, '... without the row';

done_testing();
