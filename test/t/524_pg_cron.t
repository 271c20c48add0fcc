# The line of the README that runs purge_expired() with pg_cron really removes what has expired: on a server of its
# own, since pg_cron has to be preloaded.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use ClientTest qw(slurp);
use ServerPrograms qw(program run_program server_dir);
use ServerTest qw(sql failure wait_for);

plan skip_all => 'there is no pg_cron for this server'
  if sql(q(SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_cron'), 'postgres') eq '0';
my ($line) = slurp("$FindBin::Bin/../../README.md") =~ /`(SELECT cron\.schedule\([^`]*)`/ or die 'the README has no line for pg_cron';

my $dir = server_dir();
my ($initdb, $pg_ctl) = map { program($_) } qw(initdb pg_ctl);

sub quietly {
	local %ENV = %ENV;
	delete @ENV{ grep { /^PG/ } keys %ENV };
	return run_program('/dev/null', @_);
}

my $port = 20000 + ($$ + 104729) % 20000;
END { local $?; quietly($pg_ctl, '-D', "$dir/data", '-m', 'immediate', 'stop') if $dir }
quietly($initdb, '-D', "$dir/data", '-U', 'postgres', '-A', 'trust', '-N') or die 'initdb';
open my $conf, '>>', "$dir/data/postgresql.conf" or die $!;
print {$conf} <<"CONF";
port = $port
listen_addresses = '127.0.0.1'
unix_socket_directories = '$dir'
shared_preload_libraries = 'pg_cron'
cron.database_name = 'shop'
cron.use_background_workers = on
fsync = off
CONF
close $conf or die $!;
quietly($pg_ctl, '-D', "$dir/data", '-w', '-l', "$dir/log", 'start') or die 'the server with pg_cron did not start';
local @ENV{qw(PGHOST PGPORT PGUSER PGDATABASE)} = ('127.0.0.1', $port, 'postgres', 'shop');
sql('CREATE DATABASE shop', 'postgres');
sql(<<'SQL');
SET client_min_messages = warning;
CREATE EXTENSION pg_cron;
CREATE EXTENSION company_backup;
CREATE TABLE company (id int PRIMARY KEY, name text);
CREATE TABLE item (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company);
INSERT INTO company VALUES (1, 'one');
SELECT set_table_rule(c.oid::regclass, 'global') FROM pg_class c WHERE relnamespace = 'cron'::regnamespace AND relkind = 'r';
SELECT set_company_table('company', identity_columns => '{}');
SELECT backup_company(1), backup_company(1);
UPDATE company_backup.backup SET expires_at = now() - interval '1 day' WHERE id = 1;
SQL
sql($line);
is sql("SELECT schedule || ' ' || command FROM cron.job"), '17 * * * * SELECT purge_expired()', 'the line of the README';
is sql('SELECT count(*) FROM company_backups(1)'), 2, 'an hour may pass until it is run';

# The same job, as soon as it can be: pg_cron knows seconds from version 1.5 on.
failure("SELECT cron.alter_job(jobid, schedule => '1 second') FROM cron.job")
  and sql("SELECT cron.alter_job(jobid, schedule => '* * * * *') FROM cron.job");
wait_for('the job', sub { sql("SELECT count(*) FROM cron.job_run_details WHERE status IN ('succeeded', 'failed')") > 0 }, 150);
is sql('SELECT status FROM cron.job_run_details ORDER BY runid LIMIT 1'), 'succeeded', 'it is run';
is sql('SELECT string_agg(id::text, \' \') FROM company_backups(1)'), '2', '... and removes what has expired';

done_testing;
