# A restore removes rows while other sessions refer to them.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use ServerTest qw(new_database sql session wait_for);

new_database('outside');

sql(<<'SQL');
CREATE TABLE company (id int PRIMARY KEY, name text);
CREATE TABLE team (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company);
CREATE TABLE task (id int PRIMARY KEY, team_id int NOT NULL REFERENCES team ON DELETE CASCADE);
CREATE TABLE member (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company, team_id int REFERENCES team ON DELETE CASCADE, name text);
CREATE TABLE page (id int PRIMARY KEY, team_id int DEFAULT 1 REFERENCES team ON DELETE SET DEFAULT);
INSERT INTO company VALUES (1, 'One'), (2, 'Two');
INSERT INTO team VALUES (9, 2);
SELECT set_company_table('company');
SELECT set_table_rule('team', 'company', route => '{team_company_id_fkey}');
SELECT set_table_rule('member', 'excluded', route => '{member_company_id_fkey}');
SELECT set_table_rule('page', 'shared', match_columns => '{id}');
SQL
my $backup = sql('SELECT backup_company(1)');
sql('INSERT INTO team VALUES (1, 2), (2, 1)');
my $RESTORE = "SELECT restore_company(1, $backup)";

sub wait_for_lock {
	my ($session) = @_;
	return wait_for('a session to wait', sub {
			sql('SELECT wait_event_type FROM pg_stat_activity WHERE pid = ' . $session->pid) eq 'Lock';
		});
}

# Runs the statements in a transaction that commits while the restore waits; gives what the restore says.
sub restore_during {
	my ($statements) = @_;
	my ($other, $restore) = (session(), session());
	$other->run("BEGIN; $statements");
	$restore->run('BEGIN');
	$restore->start($RESTORE);
	wait_for_lock($restore);
	$other->run('COMMIT');
	my $result = $restore->finish;
	$restore->run('COMMIT');
	$_->close for $other, $restore;
	return $result;
}

sub take_back {
	sql("SELECT revert_restore(id) FROM company_restores(1) WHERE status = 'review'");
	return;
}

my ($restore, $other) = (session(), session());
$restore->run("BEGIN; $RESTORE");
$other->start('INSERT INTO member VALUES (1, 2, 2)');
wait_for_lock($other);
$restore->run('COMMIT');
like $other->finish, qr/violates foreign key constraint/, 'a reference to a row that is being removed waits, and fails';
$_->close for $restore, $other;
take_back();

unlike restore_during(q(INSERT INTO member VALUES (1, 2, 2, 'new'))), qr/ERROR/, 'a reference that was there before is waited for';
is sql('SELECT count(*) FROM member'), 0, 'and its row follows';
take_back();
is sql('SELECT name FROM member'), 'new', 'and comes back';

like restore_during(q(UPDATE member SET name = 'changed')), qr/ERROR:  40001/, 'a row that changes while it follows';
is sql('SELECT count(*) FROM team WHERE id = 2'), 1, 'fails the restore';
like restore_during('INSERT INTO task VALUES (1, 2)'), qr/ERROR:  40001/, 'so does a new row of the company that has not been seen';
sql('DELETE FROM task');

sql('INSERT INTO page VALUES (1, 2)');
($restore, $other) = (session(), session());
$restore->run("BEGIN; $RESTORE");
$other->start('DELETE FROM team WHERE id = 1');
wait_for_lock($other);
$restore->run('COMMIT');
like $other->finish, qr/violates foreign key constraint/, 'what a default refers to is locked';
is sql('SELECT count(*) FROM page LEFT JOIN team ON team.id = team_id WHERE team.id IS NULL'), 0, 'and nothing dangles';
$_->close for $restore, $other;

done_testing();
