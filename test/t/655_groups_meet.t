# Two sessions that create a company of one backup at the same time, each with the numbers of its groups: no index keeps
# these apart, so the second waits and looks again.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use ServerTest qw(new_database session sql);
use TwoSessions qw(ask is_blocked);

new_database('groups_meet');
sql(<<'SQL');
CREATE TABLE company (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE leaf (company_id int NOT NULL REFERENCES company, number int, tree_id int NOT NULL, PRIMARY KEY (company_id, number));
INSERT INTO company VALUES (1, 'One'), (2, 'Two');
INSERT INTO leaf VALUES (1, 1, 5), (1, 2, 5), (1, 3, 6);
SELECT set_company_table('company', identity_columns => '{}');
SELECT set_column_rule('leaf', 'tree_id', 'group');
SQL
my $backup = sql(q(SELECT backup_company('1')));
sql('DELETE FROM leaf; DELETE FROM company WHERE id = 1');

my ($first, $second) = (session(), session());
my $trees = q(SELECT string_agg(company_id || ': ' || trees, ', ') FROM (SELECT company_id, string_agg(tree_id::text, ' ' ORDER BY number) AS trees
  FROM leaf GROUP BY 1 ORDER BY 1) t);

# The second session looks before the first has committed.
sub both {
	$first->run('BEGIN');
	$first->run(qq(SELECT create_company_from_backup($backup, '{"id": 10}')));
	$second->start(qq(SELECT create_company_from_backup($backup, '{"id": 11}')));
	ok is_blocked($second), 'the second waits';
}

both();
$first->run('COMMIT');
is $second->finish, '11', '... and goes on';
is ask($trees), '10: 5 5 6, 11: 7 7 8', '... with numbers of its own';

sql('DELETE FROM leaf; DELETE FROM company WHERE id > 2');
both();
$first->run('ROLLBACK');
is $second->finish, '11', 'if the first goes, so does what it had';
is ask($trees), '11: 5 5 6', '... and the second has it';

# A restore in place of what another company takes meanwhile.
sql(q(DELETE FROM leaf; INSERT INTO leaf VALUES (2, 1, 1)));
my $of_two = sql(q(SELECT backup_company('2')));
sql(q(DELETE FROM leaf));
$first->run('BEGIN');
$first->run("SELECT restore_company('2', $of_two)");
is ask(q(SELECT count(*) FROM leaf)), '0', 'a restore is at work';
$second->start(qq(SELECT create_company_from_backup($backup, '{"id": 12}')));
ok is_blocked($second), 'a company that comes waits for one that is restored';
$first->run('COMMIT');
is $second->finish, '12', '... and goes on';
is ask($trees), '2: 1, 12: 5 5 6', '... each with what is its own';

done_testing();
