# What "init" applies needs locks on tables that companies write. While somebody's transaction keeps it waiting, others go
# on writing.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use POSIX ();
use Test::More;

use ClientTest qw(run_client spew slurp work_dir);
use ServerTest qw(new_database session sql wait_for);

my $dir = work_dir();
chdir $dir or die $!;
new_database('init_waits');
sql(<<'SQL');
CREATE TABLE company (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE customer (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company, name text);
CREATE TABLE item (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company, name text);
CREATE TABLE task (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company, name text);
CREATE TABLE place (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company, name text);
INSERT INTO company VALUES (1, 'one'), (2, 'two');
INSERT INTO customer VALUES (1, 1, 'a'), (2, 2, 'b');
SQL

my $holder = session();
$holder->run("BEGIN; UPDATE company SET name = 'uno' WHERE id = 1");
my $init = fork // die "fork: $!";
if ($init == 0) {
	my ($code, $out, $err) = run_client('init', '--accept', 'likely', '--yes');
	spew("$dir/said", $err);
	POSIX::_exit($code);
}
wait_for('init', sub { sql(q(SELECT count(*) FROM pg_locks WHERE NOT granted)) > 0 });
my $other = session();
is $other->run("SET statement_timeout = '30s'; UPDATE company SET name = 'due' WHERE id = 2"), '', 'another company is written meanwhile';
is waitpid($init, POSIX::WNOHANG()), 0, 'init still waits';
$holder->run('COMMIT');
waitpid $init, 0;
is $?, 0, 'then it applies';
like slurp("$dir/said"), qr/^Waiting for transactions that write companies\.$/m, '... and has said so';
is sql('SELECT company_table FROM company_backup.settings'), 'company', 'the rules are there';
is sql("SELECT string_agg(name, ' ' ORDER BY id) FROM company"), 'uno due', '... and so are the writes';

done_testing;
