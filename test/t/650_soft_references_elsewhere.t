# A reference that no foreign key holds, and that led nowhere when the backup was made (on_error => 'record'), must not lead
# to somebody else's row where the backup goes with its own IDs: only where it was made, its company has it again as it was.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Database;

my @made = map { Database->create("company_backup_soft_${_}_$$") } qw(here there);
my ($here, $there) = @made;
for my $database (@made) {
	$database->run(<<'SQL');
CREATE EXTENSION company_backup;
CREATE TABLE co (id int PRIMARY KEY, name text);
CREATE TABLE customer (id int PRIMARY KEY, co_id int NOT NULL REFERENCES co);
CREATE TABLE invoice (id int PRIMARY KEY, co_id int NOT NULL REFERENCES co, doc jsonb, tags int[], soft int, about int, kind text);
SELECT set_company_table('co', identity_columns => '{}');
SELECT set_reference('invoice', '{doc}', 'customer', json_path => '$ ? (@.kind == "c").id');
SELECT set_reference('invoice', '{tags}', 'customer');
SELECT set_reference('invoice', '{soft}', 'customer');
SELECT set_reference('invoice', '{about}', 'customer', when_column => 'kind', when_value => 'customer');
SQL
}
$here->run("INSERT INTO co VALUES (1, 'a'); INSERT INTO customer VALUES (1, 1)");
$there->run("INSERT INTO co VALUES (2, 'b'); INSERT INTO customer VALUES (999, 2)");
$there->trust($here);

my %dangling = (
	'in a document' => q(doc => '{"kind": "c", "id": 999}'),
	'in an array'   => q(tags => '{1,999}'),
	'in a column'   => q(soft => 999),
	'of a kind'     => q(about => 999, kind => 'customer'),
);
for my $place (sort keys %dangling) {
	my %values = $dangling{$place} =~ /(\w+) => ('[^']*'|\d+)/g;
	my $assign = join ', ', map { "$_ = $values{$_}" } sort keys %values;
	$here->run("DELETE FROM invoice; INSERT INTO invoice (id, co_id) VALUES (1, 1); UPDATE invoice SET $assign");
	my $backup = $here->value("SELECT backup_company(1, on_error => 'record')");
	my $upload = $there->take_backup($here, $backup);
	for my $ids (qw(auto keep)) {
		is $there->sqlstate("SELECT create_company_from_backup($upload, ids => '$ids')"), 'KB034', "$place: not into a new company, ids $ids";
		is $there->sqlstate("BEGIN; INSERT INTO co VALUES (1, 'empty'); SELECT restore_company(1, $upload, ids => '$ids')"), 'KB034',
		  "... nor into an empty one";
	}
	is $there->sqlstate("BEGIN; DELETE FROM customer; SELECT create_company_from_backup($upload)"), 'KB034', '... nor where it still leads nowhere';
	is $there->sqlstate("BEGIN; INSERT INTO co VALUES (1, 'x'); DELETE FROM customer; INSERT INTO customer VALUES (999, 1); DELETE FROM customer; SELECT restore_company(1, $upload)"),
	  'KB034', '... nor where its row was the company\'s';

	# In place, and where the company comes back to where it was, things are as they were.
	is $here->sqlstate("BEGIN; UPDATE invoice SET doc = NULL, tags = NULL, soft = NULL, about = NULL; SELECT restore_company(1, $backup); ROLLBACK"), '', '... but in place';
	is $here->sqlstate("BEGIN; DELETE FROM invoice; DELETE FROM customer; DELETE FROM co; SELECT create_company_from_backup($backup); ROLLBACK"), '',
	  '... and when the company comes back';
	is $here->sqlstate("BEGIN; DELETE FROM invoice; DELETE FROM customer; DELETE FROM co; SELECT create_company_from_backup($backup, '{\"id\": 7}'); ROLLBACK"), 'KB034',
	  '... not as another one';
	is $here->sqlstate(
		"BEGIN; DELETE FROM invoice; DELETE FROM customer; DELETE FROM co; INSERT INTO co VALUES (5, 'other'); INSERT INTO customer VALUES (999, 5); SELECT restore_company(5, $backup, ids => 'keep'); ROLLBACK"
	  ),
	  'KB034', '... nor another one\'s';
}

# A row that only becomes one of another kind leads elsewhere by the same ID.
$here->run("DELETE FROM invoice; INSERT INTO invoice (id, co_id, about, kind) VALUES (1, 1, 999, 'customer')");
my $backup = $here->value("SELECT backup_company(1, on_error => 'record')");
my $upload = $there->take_backup($here, $backup);
is $there->sqlstate("BEGIN; INSERT INTO co VALUES (1, 'same'); INSERT INTO customer VALUES (1, 1); INSERT INTO invoice (id, co_id, about, kind) VALUES (1, 1, 999, 'none'); SELECT restore_company(1, $upload, ids => 'keep')"),
  'KB034', 'a kind alone makes it lead elsewhere';

# What is right goes through, and what a rule lets lead to others, as it says.
$here->run("UPDATE invoice SET about = 1, soft = 1, tags = '{1}', doc = '{\"kind\": \"c\", \"id\": 1}'");
my $right = $there->take_backup($here, $here->value('SELECT backup_company(1)'));
is $there->sqlstate("BEGIN; SELECT create_company_from_backup($right); ROLLBACK"), '', 'references to the company\'s own rows';
is $there->sqlstate("BEGIN; INSERT INTO co VALUES (1, 'empty'); SELECT restore_company(1, $right); ROLLBACK"), '', '... restored';

done_testing;
