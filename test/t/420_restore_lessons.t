# What went wrong in other tools that put a company back in place: one subtest each, named after the
# mistake that must not happen here.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Database;

my $COMPANY = "CREATE TABLE company (id bigint PRIMARY KEY, name text);\n";
my $SET_UP  = "SELECT set_company_table('company');\n";
my @made;

sub database {
	my (@sql) = @_;
	my $database = Database->create("company_backup_restore_lessons_${$}_" . (1 + @made));
	push @made, $database;
	$database->run("CREATE EXTENSION company_backup;\n$COMPANY" . join '', @sql);
	$database->run("INSERT INTO company VALUES (1, 'one'), (2, 'two')");
	$database->run($SET_UP);
	return $database;
}

sub fails_with {
	my ($database, $sql, $sqlstate, @patterns) = @_;
	my ($ok, undef, $err) = $database->try($sql);
	ok !$ok, 'it fails';
	like $err, qr/ERROR:  $sqlstate:/, "with $sqlstate";
	like $err, $_, "and says $_" for @patterns;
	return;
}

sub lesson {
	my ($name, $test) = @_;
	subtest $name => sub { eval { $test->(); 1 } or fail($@) };
	@made = ();    # dropped
	return;
}

my $FILES = "SELECT string_agg(id || ' ' || coalesce(encode(body, 'escape'), '-'), ', ' ORDER BY id) FROM paper";

lesson 'a revert brings files back, too' => sub {
	my $database = database("CREATE TABLE paper (id int PRIMARY KEY, company_id bigint NOT NULL REFERENCES company, body bytea);\n");
	$database->run("SELECT set_column_rule('paper', 'body', 'file')");
	$database->run("INSERT INTO paper VALUES (1, 1, 'old'), (2, 1, 'gone')");
	my $backup = $database->value('SELECT backup_company(1, include_files => true)');
	$database->run("UPDATE paper SET body = 'new' WHERE id = 1; DELETE FROM paper WHERE id = 2; INSERT INTO paper VALUES (3, 1, 'later')");
	my $restore = $database->value("SELECT restore_company(1, $backup, include_files => true)");
	is $database->value($FILES), '1 old, 2 gone', 'restored';
	$database->run("SELECT revert_restore($restore)");
	is $database->value($FILES), '1 new, 3 later', 'reverted';
};

lesson 'files and rows newer than the backup go' => sub {
	my $database = database("CREATE TABLE paper (id int PRIMARY KEY, company_id bigint NOT NULL REFERENCES company, body bytea);\n");
	$database->run("SELECT set_column_rule('paper', 'body', 'file')");
	$database->run("INSERT INTO paper VALUES (1, 1, 'old')");
	my $backup = $database->value('SELECT backup_company(1, include_files => true)');
	$database->run("INSERT INTO paper VALUES (2, 1, 'newer'), (3, 2, 'of the other company')");
	$database->run("SELECT restore_company(1, $backup, include_files => true)");
	is $database->value($FILES), '1 old, 3 of the other company', 'only those of the company';
};

lesson 'files that are not restored stay' => sub {
	my $database = database("CREATE TABLE paper (id int PRIMARY KEY, company_id bigint NOT NULL REFERENCES company, title text, body bytea);\n");
	$database->run("SELECT set_column_rule('paper', 'body', 'file')");
	$database->run("INSERT INTO paper VALUES (1, 1, 'a', 'now')");
	my $backup = $database->value('SELECT backup_company(1)');
	$database->run("UPDATE paper SET title = 'b'");
	$database->run("SELECT restore_company(1, $backup)");
	is $database->value("SELECT title || ' ' || encode(body, 'escape') FROM paper"), 'a now', 'beside restored values';
};

lesson 'no cascade is missed, and the next backup is not refused' => sub {
	my $database = database(<<'SQL');
CREATE TABLE item (id int PRIMARY KEY, company_id bigint NOT NULL REFERENCES company);
CREATE TABLE part (id int PRIMARY KEY, item_id int NOT NULL REFERENCES item ON DELETE CASCADE);
CREATE TABLE outbox (id int PRIMARY KEY, item_id int REFERENCES item ON DELETE CASCADE);
SQL
	$database->run("SELECT set_table_rule('outbox', 'excluded', 'messages')");
	$database->run('INSERT INTO item VALUES (1, 1); INSERT INTO part VALUES (1, 1)');
	my $backup = $database->value('SELECT backup_company(1)');
	$database->run('INSERT INTO item VALUES (2, 1); INSERT INTO part VALUES (2, 2); INSERT INTO outbox VALUES (1, 1), (2, 2)');
	my $restore = $database->value("SELECT restore_company(1, $backup)");
	is $database->run('SELECT * FROM outbox ORDER BY 1'), '1|1', 'rows that refer to what is gone have gone';
	ok $database->value('SELECT backup_company(1)'), 'a backup works';
	$database->run("SELECT revert_restore($restore)");
	is $database->run('SELECT * FROM outbox ORDER BY 1'), "1|1\n2|2", 'reverted: they are back';
	is $database->value('SELECT count(*) FROM part LEFT JOIN item ON item.id = item_id WHERE item.id IS NULL'), 0, 'no orphans';
	ok $database->value('SELECT backup_company(1)'), 'a backup works again';
};

lesson 'rows of an excluded table that refer to restored rows stay' => sub {
	my $database = database(<<'SQL');
CREATE TABLE account (id int PRIMARY KEY, company_id bigint NOT NULL REFERENCES company, code text UNIQUE, title text);
CREATE TABLE token (id int PRIMARY KEY, account_code text NOT NULL REFERENCES account (code) ON DELETE CASCADE);
SQL
	$database->run("SELECT set_table_rule('token', 'excluded', 'secrets')");
	$database->run("INSERT INTO account VALUES (1, 1, 'A', 'first'), (2, 1, 'B', 'second'); INSERT INTO token VALUES (1, 'A'), (2, 'B')");
	my $backup = $database->value('SELECT backup_company(1)');
	$database->run("UPDATE account SET title = 'changed'; DELETE FROM token WHERE id = 1; DELETE FROM account WHERE id = 1");
	$database->run("SELECT restore_company(1, $backup)");
	is $database->run('SELECT * FROM token ORDER BY 1'), '2|B', 'a change of what they refer to is no removal';
	is $database->run('SELECT id, title FROM account ORDER BY 1'), "1|first\n2|second", 'which is restored';
};

lesson 'sequences are not left behind by a restore in place' => sub {
	my $database = database("CREATE TABLE item (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, company_id bigint NOT NULL REFERENCES company);\n");
	$database->run('INSERT INTO item (company_id) SELECT 1 FROM generate_series(1, 5)');
	my $backup = $database->value('SELECT backup_company(1)');
	$database->run('DELETE FROM item; ALTER TABLE item ALTER id RESTART');
	$database->run("SELECT restore_company(1, $backup)");
	is $database->value('INSERT INTO item (company_id) VALUES (1) RETURNING id'), 6, 'the next row gets the next number';
};

lesson 'rows that dangle already do not stop the repair' => sub {
	my $database = database(<<'SQL');
CREATE TABLE item (id int PRIMARY KEY, company_id bigint NOT NULL REFERENCES company, parent int REFERENCES item);
SQL
	$database->run('INSERT INTO item VALUES (1, 1, NULL), (2, 1, 1)');
	my $backup = $database->value('SELECT backup_company(1)');
	$database->run('SET session_replication_role = replica; DELETE FROM item WHERE id = 1; INSERT INTO item VALUES (3, 1, 77)');
	my $restore = $database->value("SELECT restore_company(1, $backup)");
	is $database->run('SELECT id, parent FROM item ORDER BY 1'), "1|\n2|1", 'repaired';
	$database->run("SELECT revert_restore($restore)");
	is $database->run('SELECT id, parent FROM item ORDER BY 1'), "2|1\n3|77", 'and exactly as broken after a revert';
};

lesson 'a company that has rows already is no reason to leave a table out' => sub {
	my $database = database("CREATE TABLE item (id int PRIMARY KEY, company_id bigint NOT NULL REFERENCES company, name text);\n");
	$database->run("INSERT INTO item SELECT n, 1, 'item ' || n FROM generate_series(1, 9) n");
	my $backup = $database->value('SELECT backup_company(1)');
	$database->run("DELETE FROM item WHERE id <> 5; UPDATE item SET name = 'seeded'");
	$database->run("SELECT restore_company(1, $backup)");
	is $database->value("SELECT count(*) FILTER (WHERE name = 'item ' || id) FROM item"), 9, 'all of it';
};

lesson 'a column that has come since, and must have a value, is named' => sub {
	my $database = database("CREATE TABLE item (id int PRIMARY KEY, company_id bigint NOT NULL REFERENCES company);\n");
	$database->run('INSERT INTO item VALUES (1, 1)');
	my $backup = $database->value('SELECT backup_company(1)');
	$database->run("ALTER TABLE item ADD weight int NOT NULL DEFAULT 7; ALTER TABLE item ALTER weight DROP DEFAULT");
	$database->run("SELECT keep_restore(restore_company(1, $backup))");
	is $database->value('SELECT weight FROM item'), 7, 'rows that are there keep it';
	$database->run('DELETE FROM item');
	fails_with($database, "SELECT restore_company(1, $backup)", 'KB075', qr/item\.weight: 1 row, \(1\)/, qr/SELECT public\.set_column_default\('public\.item', 'weight', '0'\);/);
};

lesson 'triggers do not write again what is restored' => sub {
	my $database = database(<<'SQL');
CREATE TABLE item (id int PRIMARY KEY, company_id bigint NOT NULL REFERENCES company, stock int NOT NULL);
CREATE FUNCTION add_stock() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.stock := NEW.stock + 1; RETURN NEW; END $$;
CREATE TRIGGER add_stock BEFORE INSERT OR UPDATE ON item FOR EACH ROW EXECUTE FUNCTION add_stock();
SQL
	$database->run('INSERT INTO item VALUES (1, 1, 0), (2, 1, 0)');
	my $backup = $database->value('SELECT backup_company(1)');
	$database->run('UPDATE item SET stock = 50 WHERE id = 1; DELETE FROM item WHERE id = 2');
	$database->run("SELECT restore_company(1, $backup)");
	is $database->run('SELECT id, stock FROM item ORDER BY 1'), "1|1\n2|1", 'as they were, not as a trigger would have them';
};

lesson 'edits made after a restore are not lost in silence' => sub {
	my $database = database("CREATE TABLE item (id int PRIMARY KEY, company_id bigint NOT NULL REFERENCES company, name text);\n");
	$database->run("INSERT INTO item VALUES (1, 1, 'a'), (2, 1, 'b'), (3, 1, 'c')");
	my $backup = $database->value('SELECT backup_company(1)');
	$database->run("UPDATE item SET name = 'x'");
	my $restore = $database->value("SELECT restore_company(1, $backup)");
	$database->run("UPDATE item SET name = 'edited' WHERE id = 1; DELETE FROM item WHERE id = 2; INSERT INTO item VALUES (4, 1, 'new')");
	$database->run("SELECT revert_restore($restore)");
	is $database->run("SELECT row_key, problem, row_data ->> 'name' FROM restore_problems($restore)"),
	  "(1)|changed after the restore; the revert undoes that|edited\n"
	  . "(2)|removed after the restore; the revert brings it back|\n"
	  . '(4)|added after the restore; the revert removes it|new', 'they are listed';
};

done_testing;
