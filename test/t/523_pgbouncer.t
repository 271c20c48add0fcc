# Behind pgbouncer in transaction mode, where each transaction may get another connection: actors of two clients never
# mix, and a link is redeemed in one transaction and read in another.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use ClientTest qw(spew work_dir);
use ServerPrograms qw(as_server_user own_to_server);
use ServerTest qw(new_database sql session wait_for);
use TwoSessions qw(state_of);

my ($pgbouncer) = grep { -x } map { "$_/pgbouncer" } '/usr/sbin', split /:/, $ENV{PATH};
plan skip_all => 'there is no pgbouncer' if !$pgbouncer;

my $database = new_database('pgbouncer');
sql(<<'SQL');
CREATE TABLE company (id text PRIMARY KEY, name text);
CREATE TABLE item (id bigint PRIMARY KEY, company_id text NOT NULL REFERENCES company);
INSERT INTO company VALUES ('a', 'one'), ('b', 'two');
INSERT INTO item SELECT n, 'a' FROM generate_series(1, 100) AS n;
SELECT set_company_table('company', identity_columns => '{}');
CREATE FUNCTION guard(action text, company text, actor text, detail jsonb) RETURNS boolean LANGUAGE sql
  AS $$ SELECT coalesce(actor = 'of_' || company, false) $$;
SELECT set_company_guard('public.guard');
SQL

# It refuses to run as root, and to start where it cannot write.
my $dir  = work_dir();
my $port = 20000 + ($$ + 7919) % 20000;
my $user = $ENV{PGUSER} // getpwuid $>;
spew("$dir/pgbouncer.ini", <<"INI");
[databases]
$database = host=$ENV{PGHOST} port=$ENV{PGPORT} user=$user password='@{[ ($ENV{PGPASSWORD} // '') =~ s/'/''/gr ]}'
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $port
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 2
ignore_startup_parameters = options,extra_float_digits
logfile = $dir/log
INI
own_to_server($dir);
my $pid = fork // die "fork: $!";
if ($pid == 0) {
	chdir '/';
	open STDOUT, '>', '/dev/null' or die $!;
	open STDERR, '>&', \*STDOUT or die $!;
	exec as_server_user(), $pgbouncer, '-q', "$dir/pgbouncer.ini" or exit 127;
}
END { local $?; if ($pid) { kill 'TERM', $pid; waitpid $pid, 0 } }

local @ENV{qw(PGHOST PGPORT PGDATABASE)} = ('127.0.0.1', $port, $database);
wait_for('pgbouncer', sub { system("psql -XAtqc 'SELECT 1' >/dev/null 2>&1") == 0 || (waitpid($pid, 1) == $pid && die "pgbouncer ended\n") });
my %client = map { $_ => session() } qw(a b);

# Each speaks for its own company, in turn and at once, on few connections.
my (%pids, @wrong);
for my $round (1 .. 20) {
	for my $company (qw(a b)) {
		$client{$company}->start("BEGIN; SET LOCAL company_backup.actor = 'of_$company'; SELECT pg_backend_pid(); SELECT count(*) FROM company_backups('$company'); COMMIT");
	}
	for my $company (qw(a b)) {
		my $answer = $client{$company}->finish;
		if ($answer =~ /^(\d+)\n0$/) { $pids{$1}{$company} = 1 }
		else                         { push @wrong, $answer }
	}
}
is_deeply \@wrong, [], 'each client acts for its own actor';
my ($a, $b) = @client{qw(a b)};
$a->run("BEGIN; SET LOCAL company_backup.actor = 'of_a'; SELECT backup_company('a'); COMMIT");
is state_of($b->run("SELECT company_busy('a')")), 'KB008', 'whoever comes next has no actor';
is state_of($b->run("BEGIN; SET LOCAL company_backup.actor = 'of_b'; SELECT backup_company('a')")), 'KB008', '... or its own';
$b->run('ROLLBACK');
cmp_ok scalar(grep { keys %{ $pids{$_} } == 2 } keys %pids), '>', 0, 'both have used the same connection';

# An actor that would stay on the connection is refused.
is state_of($a->run("BEGIN; SET company_backup.actor = 'of_a'; SELECT company_busy('a')")), 'KB092', 'an actor for longer than the transaction';
$a->run('ROLLBACK');
is state_of($b->run("SELECT company_busy('a')")), 'KB008', '... leaves nothing behind';

# A link
my $token = $a->run("SELECT request_download((SELECT max(id) FROM company_backup.backup), actor => 'of_a')");
my $other = $b->run('BEGIN; SELECT pg_backend_pid()');
my $transfer = $a->run("SELECT redeem_download('$token')");
$b->run('COMMIT');
my $whole = $b->run("SELECT sum(length(data)) > 100 FROM read_transfer('$transfer')");
is $whole, 't', 'what one connection has redeemed another one reads';
is state_of($a->run("SELECT * FROM read_transfer('$transfer')")), 'KB097', '... once';
$_->close for values %client;

done_testing;
