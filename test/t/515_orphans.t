# A restore adopts rows that belong to nobody since their owner was deleted, while other sessions are at
# the same rows.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use ServerTest qw(new_database sql session);
use TwoSessions qw(@LEVELS ask in_level is_blocked state_of);


new_database('orphans');

sql(<<'SQL');
CREATE TABLE company (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE body (id bigint PRIMARY KEY, words text);
CREATE TABLE page (body bigint NOT NULL REFERENCES body, number integer, PRIMARY KEY (body, number));
CREATE TABLE letter (id bigint PRIMARY KEY, company_id bigint NOT NULL REFERENCES company,
    body bigint NOT NULL UNIQUE CONSTRAINT body_of REFERENCES body);
CREATE TABLE remark (id bigint PRIMARY KEY, company_id bigint NOT NULL REFERENCES company, body bigint REFERENCES body);
SELECT set_company_table('company');
SELECT set_table_rule('body', 'company', 'the body of a letter', route => '{body_of}');

-- Companies that are made anew with their old keys are the ones that they were, for once: their backups stay theirs.
CREATE PROCEDURE same_companies() LANGUAGE sql AS $$
    UPDATE company_backup.company SET gone_at = now() WHERE gone_at IS NULL;
    UPDATE company_backup.company c SET gone_at = NULL WHERE id = (SELECT min(id) FROM company_backup.company WHERE key = c.key) $$;

CREATE PROCEDURE begin_anew() LANGUAGE sql AS $$
    DELETE FROM company_backup.restore; DELETE FROM company_backup.undo; DELETE FROM company_backup.undo_chunk;
    DELETE FROM letter; DELETE FROM page; DELETE FROM remark; DELETE FROM body; DELETE FROM company;
    INSERT INTO company VALUES (1, 'one'), (2, 'two');
    INSERT INTO body SELECT n, 'body ' || n FROM generate_series(1, 9) n;
    INSERT INTO page SELECT body, number FROM generate_series(1, 9) body, generate_series(1, 3) number;
    INSERT INTO letter SELECT n, 1, n FROM generate_series(1, 8) n;
    INSERT INTO remark VALUES (1, 1, NULL), (21, 2, NULL);
    CALL same_companies() $$;

-- The bodies of letters 3 and 4 are left to nobody; the one of letter 4 is not as it was.
CREATE PROCEDURE edit() LANGUAGE sql AS $$
    DELETE FROM letter WHERE id IN (3, 4);
    UPDATE body SET words = 'new' WHERE id = 4;
    DELETE FROM page WHERE body = 4 AND number = 2 $$;

CREATE FUNCTION all_rows() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(t, ' ' ORDER BY t) FROM (
        SELECT 'company' || c FROM company c UNION ALL SELECT 'body' || b FROM body b UNION ALL SELECT 'page' || p FROM page p
        UNION ALL SELECT 'letter' || l FROM letter l UNION ALL SELECT 'remark' || r FROM remark r) t (t) $$;
CALL begin_anew();
SQL

my $backup    = sql(q(SELECT backup_company('1')));
my $backed_up = sql('SELECT all_rows()');
sql('CALL edit()');
my $edited  = sql('SELECT all_rows()');
my $RESTORE = "restore_company('1', $backup)";
my ($worker, $app) = map { session() } 1 .. 2;

# The other session has done it, and `act` waits for it: what comes of a COMMIT, and of a ROLLBACK.
sub is_waited_for {
	my ($statement, $sqlstate, %how) = @_;
	for my $level (@LEVELS) {
		for my $end ('COMMIT', 'ROLLBACK') {
			ask('CALL begin_anew(); CALL edit()');
			my $id  = $how{revert} ? ask("SELECT $RESTORE") : undef;
			my $act = $id ? "revert_restore($id)" : $RESTORE;
			$app->run('BEGIN');
			is $app->run($statement), '', "$level: $statement";
			in_level($worker, $level)->start("SELECT $act");
			ok is_blocked($worker), '... is waited for';
			$app->run($end);
			my $answer = $worker->finish;
			if ($end eq 'COMMIT') {
				like state_of($answer), qr/\A(?:$sqlstate)\z/, '... and committed: refused' or diag $answer;
				ask($how{undo});
				is ask('SELECT all_rows()'), $id ? $backed_up : $edited, '... nothing else has changed';
				is state_of($worker->run("SELECT $act")), '', '... without it, it works';
			} else {
				is state_of($answer), '', '... and rolled back: it works' or diag $answer;
			}
			is ask('SELECT all_rows()'), $id ? $edited : $backed_up, '... and all is as it should be';
		}
	}
	return;
}

subtest 'somebody else adopts it' => sub {
	is_waited_for('INSERT INTO letter VALUES (21, 2, 3)', '23505|40001', undo => 'DELETE FROM letter WHERE id = 21');
};

subtest 'somebody else comes to refer to it' => sub {
	is_waited_for('UPDATE remark SET body = 3 WHERE id = 21', '40001', undo => 'UPDATE remark SET body = NULL WHERE id = 21');
};

subtest 'somebody deletes it' => sub {
	is_waited_for('DELETE FROM page WHERE body = 3; DELETE FROM body WHERE id = 3', '40001',
		undo => q(INSERT INTO body VALUES (3, 'body 3'); INSERT INTO page SELECT 3, n FROM generate_series(1, 3) n));
};

subtest 'somebody changes it' => sub {
	is_waited_for(q(UPDATE body SET words = 'newer' WHERE id = 4), '40001', undo => q(UPDATE body SET words = 'new' WHERE id = 4));
};

subtest 'somebody changes it while a revert is at it' => sub {
	is_waited_for(q(UPDATE body SET words = 'newer' WHERE id = 4), '40001', revert => 1, undo => q(UPDATE body SET words = 'body 4' WHERE id = 4));
};

subtest 'others wait for the restore' => sub {
	ask('CALL begin_anew(); CALL edit()');
	$worker->run('BEGIN ISOLATION LEVEL READ COMMITTED');
	like $worker->run("SELECT $RESTORE"), qr/\A\d+\z/, 'restored, not yet committed';
	$app->start('INSERT INTO letter VALUES (21, 2, 3)');
	ok is_blocked($app), 'who wants the row for another company waits';
	$worker->run('COMMIT');
	is state_of($app->finish), '23505', '... and does not get it';
	is ask('SELECT all_rows()'), $backed_up, '... the company is as it was';
};

$_->close for $worker, $app;
done_testing;
