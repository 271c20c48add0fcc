# Whose backups are whose after nothing has told of companies for a while: triggers were disabled, if only within a
# transaction, or ALTER TABLE has written other keys. The check says so, and what its hint says settles it: then a company
# has what it had only if its row is the one that was seen last.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use ServerTest qw(drop_database new_database sql);

my $setup = <<'SQL';
SET client_min_messages = warning;
CREATE TABLE company (id int PRIMARY KEY, name text);
CREATE TABLE item (id int PRIMARY KEY, company_id text NOT NULL);
INSERT INTO company VALUES (1, 'a'), (2, 'b'), (5, 'e');
SELECT set_company_table('company', identity_columns => '{}', scope_columns => '{company_id}');
SET company_backup.strict = off;
SELECT backup_company(id, name) FROM company ORDER BY id;
SET company_backup.strict = on;
SQL
my $gaps = q(SELECT count(*) FROM check_company_scope() WHERE problem LIKE 'nothing tells%');
my $found = q(SELECT string_agg(c.id || ' ' || c.name || ':' || coalesce((SELECT string_agg(label, '') FROM company_backups(c.id::text)), ''), ', ' ORDER BY c.name) FROM company c);
# What the check says settles it; where it has nothing to say, what is done anyhow.
my $settle = q(DO $$ BEGIN EXECUTE coalesce((SELECT hint FROM check_company_scope() WHERE problem LIKE 'nothing tells%'), $q$SELECT set_company_table('company', identity_columns => '{}', scope_columns => '{company_id}')$q$); END $$);

my ($off, $on) = ('ALTER TABLE company DISABLE TRIGGER USER', 'ALTER TABLE company ENABLE ALWAYS TRIGGER "!company_backup_follow"; ALTER TABLE company ENABLE ALWAYS TRIGGER company_backup_follow_truncate');
my $newcomer = q(DELETE FROM company WHERE id = 1; INSERT INTO company VALUES (1, 'n'));
my $swap = 'UPDATE company SET id = 9 WHERE id = 1; UPDATE company SET id = 1 WHERE id = 2; UPDATE company SET id = 2 WHERE id = 9';
# What is done; how many gaps the check finds; who has what once it is settled. Until then nobody has anything.
my @stories = (
	['nothing', 'SELECT 1', 0, '1 a:a, 2 b:b, 5 e:e'],
	['enabled for ordinary sessions only', 'ALTER TABLE company ENABLE TRIGGER ALL', 1, '1 a:a, 2 b:b, 5 e:e'],
	['disabled', "$off; $newcomer", 1, '2 b:b, 5 e:e, 1 n:'],
	['disabled for a while', "$off; $newcomer; ALTER TABLE company ENABLE TRIGGER USER", 1, '2 b:b, 5 e:e, 1 n:'],
	['... and enabled as it was', "$off; $newcomer; $on", 1, '2 b:b, 5 e:e, 1 n:'],
	['... within a transaction, the newcomer later', "BEGIN; $off; DELETE FROM company WHERE id = 1; $on; COMMIT; INSERT INTO company VALUES (1, 'n')", 1, '2 b:b, 5 e:e, 1 n:'],
	['... one of the two', "ALTER TABLE company DISABLE TRIGGER company_backup_follow_truncate; TRUNCATE company; INSERT INTO company VALUES (1, 'n'), (2, 'm'); ALTER TABLE company ENABLE ALWAYS TRIGGER company_backup_follow_truncate", 1, '2 m:, 1 n:'],
	['... for nothing', "$off; $on", 1, '1 a:a, 2 b:b, 5 e:e'],
	['... and undone', "BEGIN; $off; ROLLBACK; BEGIN; SAVEPOINT s; $off; ROLLBACK TO s; COMMIT", 0, '1 a:a, 2 b:b, 5 e:e'],
	['what was written meanwhile is not known to be the same', "$off; UPDATE company SET name = 'b' WHERE id = 2; $on", 1, '1 a:a, 2 b:, 5 e:e'],
	['keys that changed meanwhile', "$off; $swap; $on", 1, '2 a:, 1 b:, 5 e:e'],
	['... and again', "$off; $swap; $on; UPDATE company SET id = 102 WHERE id = 2", 1, '102 a:, 1 b:, 5 e:e'],
	['dropped', qq(DROP TRIGGER "!company_backup_follow" ON company; $swap), 1, '2 a:, 1 b:, 5 e:e'],
	['replicated', "SET session_replication_role = replica; $newcomer; RESET session_replication_role", 0, '2 b:b, 5 e:e, 1 n:'],
	['keys written by ALTER TYPE', "ALTER TABLE company ALTER id TYPE int USING id + 100; INSERT INTO company VALUES (1, 'n')", 1, '101 a:, 102 b:, 105 e:, 1 n:'],
	['... the same keys for others', 'ALTER TABLE company ALTER id TYPE int USING CASE WHEN id < 3 THEN 3 - id ELSE id END', 1, '2 a:, 1 b:, 5 e:'],
	['... and changed again', 'ALTER TABLE company ALTER id TYPE int USING CASE WHEN id < 3 THEN 3 - id ELSE id END; UPDATE company SET id = 102 WHERE id = 2', 1, '102 a:, 1 b:, 5 e:'],
	['... of another type', 'ALTER TABLE company ALTER id TYPE text USING CASE WHEN id < 3 THEN 3 - id ELSE id END', 1, '2 a:, 1 b:, 5 e:'],
	['another column of the name', 'ALTER TABLE company ADD n int; UPDATE company SET n = CASE WHEN id < 3 THEN 3 - id ELSE id END; ALTER TABLE company DROP CONSTRAINT company_pkey; ALTER TABLE company RENAME id TO o; ALTER TABLE company RENAME n TO id; ALTER TABLE company ADD PRIMARY KEY (id)', 1, '2 a:, 1 b:, 5 e:'],
	['the table written anew, its keys as they were', 'ALTER TABLE company ADD x uuid DEFAULT gen_random_uuid(); ALTER TABLE company ALTER name TYPE varchar(99)', 0, '1 a:a, 2 b:b, 5 e:e'],
	['the key column altered, nothing written', 'ALTER TABLE company ALTER id SET STATISTICS 7; ALTER TABLE company ALTER id SET DEFAULT 4', 0, '1 a:a, 2 b:b, 5 e:e'],
	['written anew, then another key', 'BEGIN; ALTER TABLE company ADD x uuid DEFAULT gen_random_uuid(); UPDATE company SET name = name; UPDATE company SET id = 102 WHERE id = 2; COMMIT', 0, '1 a:a, 102 b:b, 5 e:e', 'apart'],
	['VACUUM FULL', 'VACUUM FULL company; VACUUM FULL pg_trigger; VACUUM FULL pg_attribute; CLUSTER company USING company_pkey; REINDEX TABLE company; ANALYZE company', 0, '1 a:a, 2 b:b, 5 e:e', 'apart'],
	['frozen', 'VACUUM FREEZE company; VACUUM FREEZE pg_trigger; VACUUM FREEZE pg_attribute; ALTER TABLE company ENABLE TRIGGER USER', 1, '1 a:a, 2 b:b, 5 e:e', 'apart'],
	['another index', 'REINDEX TABLE CONCURRENTLY company; ALTER TABLE company DROP CONSTRAINT company_pkey; ALTER TABLE company ADD PRIMARY KEY (id)', 0, '1 a:a, 2 b:b, 5 e:e', 'apart'],
);

sub lines_of { my ($text) = @_; return { $text =~ /^(gaps|before|after|left) (.*)$/mg } }
my $look = "SELECT 'gaps ' || ($gaps); SELECT 'before ' || ($found); $settle; SELECT 'after ' || ($found); SELECT 'left ' || ($gaps);";

sub as_told {
	my ($story, $told, $how) = @_;
	my ($name, undef, $count, $after) = @$story;
	is $told->{gaps}, $count, "$how, $name: " . ($count ? 'the check says so' : 'the check has nothing to say');
	is $told->{before}, $count ? $after =~ s/:\w+/:/gr : $after, "$how, $name: " . ($count ? 'nothing is anybody\'s' : 'all is as it was');
	is $told->{after}, $after, "$how, $name: settled";
	is $told->{left}, 0, "$how, $name: nothing is left to say";
	return;
}

my $template = new_database('gaps');
sql($setup);
my $count = 0;
for my $story (@stories) {
	my $name = new_database('gap' . ++$count, empty => 1);
	sql("DROP DATABASE $name", 'postgres');
	sql("CREATE DATABASE $name TEMPLATE $template", 'postgres');
	as_told($story, lines_of(sql("$story->[1];\n$look")), 'apart');
	drop_database($name);
}

# All in one transaction
new_database('gap_whole');
for my $story (grep { ($_->[4] // '') ne 'apart' } @stories) {
	my $text = $story->[1];
	$text =~ s/BEGIN; SAVEPOINT s/SAVEPOINT s/;
	$text =~ s/BEGIN; (.*?); ROLLBACK;/SAVEPOINT t; $1; ROLLBACK TO t;/;
	$text =~ s/\b(?:BEGIN|COMMIT);?//g;
	as_told($story, lines_of(sql("BEGIN;\n$setup;\n$text;\n$look\nROLLBACK;")), 'in one transaction');
}

# Copies: what was not settled is not settled there, and from the first backup on gaps are noticed.
sub copy {
	my ($from, @dumps) = @_;
	my $name = new_database('gap_copy' . ++$count, empty => 1);
	for my $dump (@dumps) {
		is system("pg_dump $dump -d $from | psql -qX -v ON_ERROR_STOP=1 -d $name > /dev/null"), 0, "pg_dump $dump";
	}
	return $name;
}
copy($template, '');
is sql($gaps), 0, 'a copy';
is sql($found), '1 a:a, 2 b:b, 5 e:e', '... in which all have theirs';
sql(q(SET company_backup.strict = off; SELECT backup_company(5, 'e')));
sql("BEGIN; $off; $newcomer; $on; COMMIT");
is sql($gaps), 1, '... where a gap is noticed';
sql($settle);
is sql($found), '2 b:, 5 e:ee, 1 n:', '... after which it counts what was seen there';
copy($template, '-s', '-a --disable-triggers');
is sql($gaps), 1, 'a copy, the rows by themselves: what that leaves of triggers is not enough';
sql($settle);
is sql($found), '1 a:a, 2 b:b, 5 e:e', '... and settled';
is sql($gaps), 0, '... for good';
my $broken = copy($template, '');
sql(q(SELECT set_company_table('company', identity_columns => '{}', scope_columns => '{company_id}')));
sql("BEGIN; $off; $newcomer; $on; COMMIT");
copy($broken, '');
is sql($gaps), 1, 'a copy with a gap';
sql($settle);
is sql($found), '2 b:, 5 e:, 1 n:', '... settled';
is sql($gaps), 0, '... for good';
done_testing;
