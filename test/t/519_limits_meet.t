# Two sessions at the limit of a company: one wins, whatever isolation they have. Nobody waits for a company without limits,
# or for another one.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use ServerTest qw(new_database sql session);
use TwoSessions qw(is_blocked state_of);

new_database('limits_meet');
sql(<<'SQL');
CREATE TABLE company (id bigint PRIMARY KEY, name text);
CREATE TABLE item (id bigint PRIMARY KEY, company_id bigint NOT NULL REFERENCES company);
INSERT INTO company VALUES (1, 'one'), (2, 'two'), (3, 'three');
INSERT INTO item SELECT n, 1 + n % 3 FROM generate_series(1, 30) AS n;
SELECT set_company_table('company', identity_columns => '{}');
SELECT set_company_limits(1, backups_per_day => 4), set_company_limits(2, backups_per_day => 4);
SELECT backup_company(n) FROM generate_series(1, 3) n;
SQL
my ($first, $second) = (session(), session());
my $made = sub { sql('SELECT count(*) FROM company_backups(1)') };

for my $level ('READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE') {
	my $left = $level eq 'READ COMMITTED' ? 3 : 1;
	sql("UPDATE company_backup.backup_made SET made_at = made_at - interval '2 days'");
	sql("SELECT backup_company(1)") for $left .. 3;
	my $before = $made->();
	$second->run("BEGIN ISOLATION LEVEL $level; SELECT count(*) FROM item");
	$first->run('BEGIN');
	is state_of($first->run('SELECT backup_company(1)')), '', "$level: the first";
	if ($left > 1) {
		$first->run('SELECT backup_company(1)') for 2 .. 3;
	}
	is state_of($first->run('SELECT backup_company(1)')), 'KB090', '... up to the limit' if $left > 1;
	$first->run('ROLLBACK; BEGIN; SELECT backup_company(1)');
	$second->start('SELECT backup_company(1)');
	is_blocked($second);
	$first->run('COMMIT');
	is state_of($second->finish), $left > 1 ? '' : 'KB090', '... and the second has what is left';
	$second->run('ROLLBACK');
	is $made->(), $before + 1, '... of which one is there';
}

# Both are about to be complete.
for my $left (2, 1) {
	sql("UPDATE company_backup.backup_made SET made_at = made_at - interval '2 days'");
	sql("SELECT backup_company(1)") for $left .. 3;
	my $holder = session();
	$holder->run('BEGIN; LOCK TABLE company_backup.backup IN SHARE MODE');
	$_->start('SELECT backup_company(1)') for $first, $second;
	is_blocked($_) for $first, $second;
	$holder->run('COMMIT');
	is join(' ', sort map { state_of($_->finish) } $first, $second), $left == 2 ? ' ' : ' KB090', "both at once, with $left left";
}
sql("UPDATE company_backup.backup_made SET made_at = made_at - interval '2 days'");

$first->run('BEGIN; SELECT backup_company(1)');
is state_of($second->run("SET statement_timeout = '20s'; SELECT backup_company(2)")), '', 'another company is not waited for';
$first->run('COMMIT; BEGIN; SELECT backup_company(3)');
is state_of($second->run('SELECT backup_company(3)')), '', 'nor is a company without limits';
$first->run('COMMIT');

# What one session is about to delete does not count for long: the other one waits.
sql('SELECT set_company_limits(1, kept_backups => ' . $made->() . ')');
my $one = sql('SELECT max(id) FROM company_backups(1)');
$first->run("BEGIN; SELECT delete_backup($one)");
is state_of($second->run('SELECT backup_company(1)')), 'KB090', 'a backup that is about to be deleted counts until it is gone';
$first->run('COMMIT');
is state_of($second->run('SELECT backup_company(1)')), '', 'then there is room';

# Two that purge
sql("UPDATE company_backup.backup SET expires_at = now() - interval '1 day' WHERE company = '1'");
my $expired = $made->();
$first->run('BEGIN');
is $first->run('SELECT purge_expired()'), $expired, 'one session removes what has expired';
is $second->run('SELECT purge_expired()'), 0, '... another one does not wait for it';
$first->run('ROLLBACK');
is $second->run('SELECT purge_expired()'), $expired, '... and finds it when the first has not done it';

done_testing;
