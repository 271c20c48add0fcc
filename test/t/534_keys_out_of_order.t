# Whose backups are whose when triggers tell of changes of keys in another order than these were made in. Each story is
# told of companies that were stored before the transaction, of companies stored in it, and of rows that it had changed.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use ServerTest qw(new_database sql);

# What is done; then each company's key and whose backups it has.
my @stories = (
	['an update within another, by RETURNING', 'UPDATE company SET id = 102 WHERE id = 2 RETURNING run($$UPDATE company SET id = 2 WHERE id = 1$$)', '2 a:a, 102 b:b, 5 e:e'],
	['... and on', 'UPDATE company SET id = 102 WHERE id = 2 RETURNING run($$UPDATE company SET id = 2 WHERE id = 1; UPDATE company SET id = 7 WHERE id = 2$$)', '7 a:a, 102 b:b, 5 e:e'],
	['... and a third', 'UPDATE company SET id = 102 WHERE id = 2 RETURNING run($$UPDATE company SET id = 2 WHERE id = 1; UPDATE company SET id = 7 WHERE id = 2; UPDATE company SET id = 2 WHERE id = 5$$)', '7 a:a, 102 b:b, 2 e:e'],
	['... each within the other', 'UPDATE company SET id = 102 WHERE id = 2 RETURNING run($$UPDATE company SET id = 2 WHERE id = 1 RETURNING run($q$UPDATE company SET id = 1 WHERE id = 5; UPDATE company SET id = 9 WHERE id = 2$q$)$$)', '9 a:a, 102 b:b, 1 e:e'],
	['... that is rolled back', 'UPDATE company SET id = 102 WHERE id = 2 RETURNING fail($$UPDATE company SET id = 2 WHERE id = 1$$)', '1 a:a, 102 b:b, 5 e:e'],
	['... and done after all', 'UPDATE company SET id = 102 WHERE id = 2 RETURNING fail($$UPDATE company SET id = 2 WHERE id = 1$$), run($$UPDATE company SET id = 2 WHERE id = 5$$)', '1 a:a, 102 b:b, 2 e:e'],
	['a newcomer', 'UPDATE company SET id = 102 WHERE id = 2 RETURNING run($$INSERT INTO company VALUES (2, $q$n$q$)$$)', '1 a:a, 102 b:b, 5 e:e, 2 n:'],
	['... who moves on', 'UPDATE company SET id = 102 WHERE id = 2 RETURNING run($$INSERT INTO company VALUES (2, $q$n$q$); UPDATE company SET id = 8 WHERE id = 2$$)', '1 a:a, 102 b:b, 5 e:e, 8 n:'],
	['... in the place of one that is deleted', 'DELETE FROM company WHERE id = 2 RETURNING run($$INSERT INTO company VALUES (2, $q$n$q$); UPDATE company SET id = 8 WHERE id = 2$$)', '1 a:a, 5 e:e, 8 n:'],
	['another in the place of one that is deleted', 'DELETE FROM company WHERE id = 2 RETURNING run($$UPDATE company SET id = 2 WHERE id = 1$$)', '2 a:a, 5 e:e'],
	['WITH', 'WITH d AS (UPDATE company SET id = 102 WHERE id = 2 RETURNING 2 AS id) UPDATE company SET id = (SELECT id FROM d) WHERE id = 1', '2 a:a, 102 b:b, 5 e:e'],
	['WITH, deleted', 'WITH d AS (DELETE FROM company WHERE id = 2 RETURNING 2 AS id) UPDATE company SET id = (SELECT id FROM d) WHERE id = 1', '2 a:a, 5 e:e'],
	['MERGE', 'MERGE INTO company c USING (VALUES (2, 102), (5, 2), (9, 5)) v (i, n) ON c.id = v.i WHEN MATCHED THEN UPDATE SET id = v.n WHEN NOT MATCHED THEN INSERT VALUES (v.n, $$n$$)', '1 a:a, 102 b:b, 2 e:e, 5 n:'],
	['ON CONFLICT', 'INSERT INTO company VALUES (2, $$n$$), (3, $$m$$) ON CONFLICT (id) DO UPDATE SET id = 102', '1 a:a, 102 b:b, 5 e:e, 3 m:'],
	['ON CONFLICT, another within', 'INSERT INTO company VALUES (2, $$n$$) ON CONFLICT (id) DO UPDATE SET id = 102 RETURNING run($$UPDATE company SET id = 2 WHERE id = 1$$)', '2 a:a, 102 b:b, 5 e:e'],
	['savepoints', 'SAVEPOINT s; UPDATE company SET id = 102 WHERE id = 2; UPDATE company SET id = 2 WHERE id = 1; ROLLBACK TO s; UPDATE company SET id = 202 WHERE id = 2; UPDATE company SET id = 2 WHERE id = 5', '1 a:a, 202 b:b, 2 e:e'],
	['savepoints that stay', 'SAVEPOINT s; UPDATE company SET id = 102 WHERE id = 2; RELEASE s; SAVEPOINT s; UPDATE company SET id = 2 WHERE id = 1; ROLLBACK TO s; UPDATE company SET id = 2 WHERE id = 5', '1 a:a, 102 b:b, 2 e:e'],
	['the key and the name by turns', 'UPDATE company SET name = name; UPDATE company SET id = id + 10; UPDATE company SET name = name; UPDATE company SET id = id - 9 WHERE id = 11; UPDATE company SET name = name; UPDATE company SET id = 1 WHERE id = 12; UPDATE company SET id = 77 WHERE id = 2', '77 a:a, 1 b:b, 15 e:e'],
	['a BEFORE trigger of a later row', 'CREATE TRIGGER f BEFORE UPDATE ON company FOR EACH ROW WHEN (OLD.id = 5) EXECUTE FUNCTION fire($$UPDATE company SET id = 2 WHERE id = 1$$); UPDATE company SET id = id + 100 WHERE id IN (2, 5)', '2 a:a, 102 b:b, 105 e:e'],
	['a BEFORE trigger that changes the key again', 'CREATE FUNCTION twice() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.id := NEW.id * 2; RETURN NEW; END$$; CREATE TRIGGER "~last" BEFORE UPDATE ON company FOR EACH ROW EXECUTE FUNCTION twice(); UPDATE company SET id = id', '2 a:a, 4 b:b, 10 e:e', 'deferrable'],
	['a trigger that comes first', 'CREATE TRIGGER " first" AFTER UPDATE ON company FOR EACH ROW WHEN (OLD.id = 2) EXECUTE FUNCTION fire($$UPDATE company SET id = 2 WHERE id = 1$$); UPDATE company SET id = 102 WHERE id = 2', '2 a:a, 102 b:b, 5 e:e'],
	['... and goes on', 'CREATE TRIGGER " first" AFTER UPDATE ON company FOR EACH ROW WHEN (NEW.id = 2) EXECUTE FUNCTION fire($$UPDATE company SET id = 7 WHERE id = 2$$); UPDATE company SET id = 102 WHERE id = 2 RETURNING run($$UPDATE company SET id = 2 WHERE id = 1$$)', '7 a:a, 102 b:b, 5 e:e'],
	['... of a deleted one', 'CREATE TRIGGER " first" AFTER DELETE ON company FOR EACH ROW EXECUTE FUNCTION fire($$UPDATE company SET id = 2 WHERE id = 1; INSERT INTO company VALUES (1, $q$n$q$)$$); DELETE FROM company WHERE id = 2', '2 a:a, 5 e:e, 1 n:'],
	['a swap', 'UPDATE company SET id = 3 - id WHERE id < 3', '2 a:a, 1 b:b, 5 e:e', 'deferrable'],
	['a shift', 'UPDATE company SET id = id + 1', '2 a:a, 3 b:b, 6 e:e', 'deferrable'],
	['a shift, in the other order', 'UPDATE company SET name = name WHERE id = 1; UPDATE company SET id = id + 1', '2 a:a, 3 b:b, 6 e:e', 'deferrable'],
	['a ring', 'UPDATE company SET id = CASE id WHEN 1 THEN 2 WHEN 2 THEN 5 ELSE 1 END', '2 a:a, 5 b:b, 1 e:e', 'deferrable'],
	['two with one key for a while', 'SET CONSTRAINTS ALL DEFERRED; UPDATE company SET id = 2 WHERE id = 1; UPDATE company SET id = 1 WHERE name = $$b$$', '2 a:a, 1 b:b, 5 e:e', 'deferrable'],
);

sub database {
	my ($kind) = @_;
	new_database($kind);
	sql(<<'SQL');
CREATE TABLE company (id int PRIMARY KEY, name text);
CREATE TABLE item (id int PRIMARY KEY, company_id int NOT NULL);
INSERT INTO company VALUES (1, 'a'), (2, 'b'), (5, 'e');
SELECT set_company_table('company', identity_columns => '{}', scope_columns => '{company_id}');
CREATE FUNCTION run(text) RETURNS int LANGUAGE plpgsql AS $$ BEGIN EXECUTE $1; RETURN 1; END $$;
CREATE FUNCTION fail(text) RETURNS int LANGUAGE plpgsql AS $$ BEGIN EXECUTE $1; RAISE EXCEPTION 'undone'; EXCEPTION WHEN raise_exception THEN RETURN 0; END $$;
CREATE FUNCTION fire() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE TG_ARGV[0]; RETURN coalesce(NEW, OLD); END $$;
SQL
	sql('ALTER TABLE company DROP CONSTRAINT company_pkey, ADD PRIMARY KEY (id) DEFERRABLE') if $kind eq 'deferrable';
	return;
}

my $store = 'SET LOCAL company_backup.strict = off; SELECT backup_company(id, name) FROM company ORDER BY id';
my $found = q(SELECT string_agg(c.id || ' ' || c.name || ':' || coalesce((SELECT string_agg(label, '') FROM company_backups(c.id)), ''), ', ' ORDER BY c.name) FROM company c);
# What is the same whether it was settled in this transaction, or is looked at by others.
sub told {
	my ($story, $commits, @before) = @_;
	my $end = $commits ? 'COMMIT' : 'ROLLBACK';
	my $out = sql(join(";\n", 'BEGIN', @before, $story->[1], "SELECT 'found ' || ($found)", $end) . ';');
	my ($text) = $out =~ /^found (.*)$/m;
	return $text;
}

for my $kind ('immediate', 'deferrable') {
	database($kind);
	my @of = grep { $kind eq ($_->[3] // $kind) } @stories;
	@of = grep { $_->[0] !~ /CONFLICT/ } @of if $kind eq 'deferrable';
	is told($_, 0, $store), $_->[2], "$kind, stored in the transaction: $_->[0]" for @of;
	sql("BEGIN; $store; COMMIT");
	is told($_, 0), $_->[2], "$kind, stored before: $_->[0]" for @of;
	is told($_, 0, 'UPDATE company SET name = name', 'SAVEPOINT r', 'UPDATE company SET id = -id', 'ROLLBACK TO r', 'UPDATE company SET name = name'), $_->[2],
	  "$kind, changed before: $_->[0]" for @of;
	is sql(q(SELECT count(*) FROM check_company_scope() WHERE problem LIKE '%DEFERRABLE%')), $kind eq 'deferrable' ? 1 : 0, "$kind: what the check says of it";
}

# While a statement is at work, nothing has told yet of what it has done.
database('meanwhile');
sql("BEGIN; $store; COMMIT");
my $look = 'SELECT string_agg(label, $q$-$q$) FROM company_backups(2)';
for my $case (
	['an update', 'UPDATE company SET id = 102 WHERE id = 2', 'UPDATE company SET id = 2 WHERE id = 1', 'a'],
	['a newcomer', 'UPDATE company SET id = 102 WHERE id = 2', 'INSERT INTO company VALUES (2, $q$n$q$)', ''],
	['after a deletion', 'DELETE FROM company WHERE id = 2', 'INSERT INTO company VALUES (2, $q$n$q$)', ''],
  ) {
	my ($name, $outer, $inner, $has) = @$case;
	my $out = sql("BEGIN; CREATE TABLE seen (label text); $outer RETURNING run(\$\$$inner; INSERT INTO seen $look\$\$); SELECT 'seen ' || coalesce(label, '') FROM seen; ROLLBACK");
	is +($out =~ /^seen (.*)$/m)[0], $has, "meanwhile: $name";
	$out = sql("BEGIN; $outer RETURNING run(\$\$$inner; SELECT backup_company(2, 'new')\$\$); SELECT 'found ' || ($found); ROLLBACK");
	like +($out =~ /^found (.*)$/m)[0], qr/ 2 ?| [an]:a?new/, "meanwhile: $name, stored then";
	unlike +($out =~ /^found (.*)$/m)[0], qr/[be]:[^,]*(?:new|a)|a:[^,]*[be](?!w)|n:[abe]/, '... of nobody else';
}
done_testing;
