# What set_column_rule() and set_reference() say, and do not say: that a rule is for all tables, since a name that is
# mistyped may be NULL; nothing of documents that the caller may not read. And they can be stopped.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Time::HiRes qw(time);

use Database;

my $database = Database->create("company_backup_rules_$$");
my ($owner, $other) = map { "company_backup_${_}_$$" } qw(rules other);
$database->run(<<"SQL");
CREATE ROLE $owner;
CREATE ROLE $other;
ALTER DATABASE company_backup_rules_$$ OWNER TO $owner;
CREATE EXTENSION company_backup;
CREATE TABLE co (id int PRIMARY KEY, name text);
CREATE TABLE item (id int PRIMARY KEY, co_id int NOT NULL REFERENCES co, made_by int, external_id text);
CREATE TABLE part (id int PRIMARY KEY, co_id int NOT NULL REFERENCES co, made_by int, external_id text);
CREATE TABLE flow (id int PRIMARY KEY, co_id int NOT NULL REFERENCES co, doc jsonb);
INSERT INTO co VALUES (1, 'a');
INSERT INTO flow VALUES (1, 1, '{"password": "p1", "id": 1}');
SELECT set_company_table('co', identity_columns => '{}');
ALTER TABLE flow OWNER TO $other;
SQL

# Notices and errors, without where they come from.
sub said {
	my ($sql, $role) = @_;
	my (undef, undef, $err) = $database->try('SET client_min_messages = notice;' . ($role ? "SET ROLE $role;" : '') . $sql);
	return join "\n", $err =~ /^(?:psql:\S+ )?((?:NOTICE|ERROR):  .*)/mg;
}

is said("SELECT set_column_rule(to_regclass('itme'), 'external_id', 'secret')"),
  'NOTICE:  00000: the rule for column external_id is for all tables, at present for 2', 'a table that is not there is all tables, which is said';
is said("SELECT set_column_rule('item', 'external_id', 'data')"), '', 'nothing is said of a rule for one table';
is said("SELECT set_column_rule(NULL, ARRAY['external_id', 'made_by'], 'data')"),
  "NOTICE:  00000: the rule for column external_id is for all tables, at present for 1\nNOTICE:  00000: the rule for column made_by is for all tables, at present for 2",
  'tables with a rule of their own do not count';
is said("SELECT set_column_rule(to_regclass('itme'), ARRAY['external_id', 'made_by'], 'auto')"),
  "NOTICE:  00000: no rule for all tables is for column external_id any more\nNOTICE:  00000: no rule for all tables is for column made_by any more",
  'that it has gone is said, too';
is said("SELECT set_column_rule('item', 'made_by', 'data'); SELECT set_column_rule('part', 'made_by', 'data'); SELECT set_column_rule(NULL, 'made_by', 'data')"),
  'NOTICE:  00000: the rule for column made_by is for all tables, at present for none', '... and where it is for none yet';
$database->run("SELECT set_column_rule(NULL, 'made_by', 'auto'); SELECT set_column_rule('item', 'made_by', 'auto'); SELECT set_column_rule('part', 'made_by', 'auto')");
is said("SELECT set_reference(to_regclass('itme'), '{made_by}', 'co')"), 'NOTICE:  00000: the rule for column made_by is for all tables, at present for 2', 'the same of a reference';
is said("SELECT set_reference(to_regclass('itme'), '{made_by}', NULL)"), 'NOTICE:  00000: no such rule for all tables is for column made_by any more', '... that has gone';

# Conditions look at anything in a document. What none of them finds is told to those who may read it.
my $guess = sub { my ($text) = @_; return qq(SELECT set_reference('flow', '{doc}', 'item', json_path => '\$ ? (\@.password == "$text").id')) };
my $none = qr/^NOTICE:  00000: no document in column "doc" of table "flow" has a value at /;
is said($guess->('p0'), $owner), '', 'who sets rules learns nothing of documents that he may not read';
is said($guess->('p1'), $owner), '', '... whatever is in them';
$database->run("GRANT SELECT (id, co_id) ON flow TO $owner");
is said($guess->('p0'), $owner), '', '... nor by a right on other columns';
$database->run("GRANT SELECT (doc) ON flow TO $owner");
like said($guess->('p0'), $owner), $none, 'who may read them is told';
is said($guess->('p1'), $owner), '', '... if there are none';
$database->run("GRANT SELECT ON flow TO $owner; ALTER TABLE flow ENABLE ROW LEVEL SECURITY");
is said($guess->('p0'), $owner), '', 'nothing where row security hides rows';
like said($guess->('p0')), $none, '... but to whom it does not apply';

# One document of many elements, each looked at by many conditions.
$database->run("ALTER TABLE flow DISABLE ROW LEVEL SECURITY; UPDATE flow SET doc = (SELECT jsonb_agg(jsonb_build_object('a', n)) FROM generate_series(1, 200000) n)");
my $conditions = join ' || ', map { "\@.b == $_" } 1 .. 100;
my $began = time;
like said("SET statement_timeout = 500; SELECT set_reference('flow', '{doc}', 'item', json_path => '\$[*] ? ($conditions).id')"),
  qr/^ERROR:  57014: /, 'a statement is cancelled within a document';
cmp_ok time - $began, '<', 2.5, '... soon';

$database->run("DROP OWNED BY $owner; DROP TABLE flow; ALTER DATABASE company_backup_rules_$$ OWNER TO CURRENT_USER; DROP ROLE $owner; DROP ROLE $other");
done_testing;
