# In a database of LATIN1, keys, names and messages with characters that are no ASCII are compared, looked up and written as what they are.
use strict;
use warnings;
use utf8;

use Encode qw(encode decode);
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Database;

my $database = Database->create("company_backup_latin1_$$", encoding => 'LATIN1');
my $run   = sub { return decode('UTF-8', $database->run(encode('UTF-8', "SET client_encoding = 'UTF8';\n$_[0]"))) };
my $state = sub { return $database->sqlstate(encode('UTF-8', "SET client_encoding = 'UTF8';\n$_[0]")) };
$run->(<<'SQL');
CREATE EXTENSION company_backup;
CREATE TABLE "Bürö" ("schlüssel" text PRIMARY KEY, name text);
CREATE TABLE "Maß" (code text PRIMARY KEY, label text);
CREATE TABLE staff ("Bürö" text REFERENCES "Bürö", code text, boss text, PRIMARY KEY ("Bürö", code),
	FOREIGN KEY ("Bürö", boss) REFERENCES staff);
CREATE TABLE item ("Bürö" text NOT NULL REFERENCES "Bürö" ON UPDATE CASCADE, sku text PRIMARY KEY, unit text REFERENCES "Maß", person text, parts text[], doc jsonb,
	CHECK (sku <> 'für alle'), FOREIGN KEY ("Bürö", person) REFERENCES staff);
CREATE TABLE note (id int PRIMARY KEY, sku text REFERENCES item ON DELETE SET NULL);
SELECT set_company_table('"Bürö"', 'schlüssel', 'name', identity_columns => '{}');
SELECT set_table_rule('"Maß"', 'shared', 'überall gleich', match_columns => '{code}');
SELECT set_table_rule('note', 'excluded', 'Notizen');
SELECT set_column_rule('item', 'sku', 'renew', replacement => $$old || '/ü/' || new_company$$);
SELECT set_reference('item', '{parts}', 'item', '{sku}');
SELECT set_reference('item', '{doc}', 'item', '{sku}', json_path => '$.é');
INSERT INTO "Bürö" VALUES ('é', 'Société é'), ('b', 'b');
INSERT INTO "Maß" VALUES ('kég', 'Kilo'), ('lé', 'Liter');
INSERT INTO staff SELECT f, 'sté' || i, CASE WHEN i > 1 THEN 'sté' || i - 1 END FROM (VALUES ('é'), ('b')) v (f), generate_series(1, 3) i;
INSERT INTO item SELECT f, 'é' || f || i, 'kég', 'sté1', ARRAY['é' || f || i], jsonb_build_object('é', 'é' || f || i)
	FROM (VALUES ('é'), ('b')) v (f), generate_series(1, 3) i;
INSERT INTO note VALUES (1, 'éé1');
SQL
my $digest = sub { return $run->(qq(SELECT md5(string_agg(t, ';' ORDER BY t)) FROM (SELECT i::text FROM item i WHERE "Bürö" = '$_[0]' UNION ALL SELECT s::text FROM staff s WHERE "Bürö" = '$_[0]') x (t))) };

is $run->(q(SELECT count(*) FROM check_company_scope() WHERE severity <> 'notice')), 0, 'nothing is open';
is $run->(q(SELECT count(*) FROM check_company_data('é'))), 0, 'every reference leads to a row';
my ($before, $other) = map { $digest->($_) } 'é', 'b';
my $backup = $run->(q(SELECT backup_company('é', 'für später')));
is $run->(qq(SELECT company || label FROM company_backups('é'))), 'éfür später', 'a backup is listed';
is $run->(qq(SELECT backup_manifest($backup) -> 'company' ->> 'key')), 'é', 'its manifest has the key';

$run->(<<'SQL');
DELETE FROM note;
DELETE FROM item WHERE sku = 'éé1';
UPDATE item SET unit = 'lé' WHERE sku = 'éé2';
DELETE FROM staff WHERE "Bürö" = 'é' AND code = 'sté3';
INSERT INTO item VALUES ('é', 'éé9', 'lé', 'sté1', '{éé9}', '{"é": "éé9"}');
INSERT INTO note VALUES (2, 'éé9');
SQL
my $changed = $digest->('é');
my $restore = $run->(qq(SELECT restore_company('é', $backup)));
is $digest->('é'), $before, 'a restore brings all back';
is $run->('SELECT count(*) FROM note WHERE sku IS NULL'), 1, '... and follows ON DELETE outside';
$run->(q(UPDATE item SET unit = NULL WHERE sku = 'éé3'));
$run->("SELECT revert_restore($restore)");
is $digest->('é'), $changed, 'a revert takes it back';
is $run->('SELECT sku FROM note'), 'éé9', '... outside, too';
is $run->("SELECT row_key FROM restore_problems($restore)"), '(éé3)', 'an edit that it discarded is listed';
$run->(qq(SELECT keep_restore(restore_company('é', $backup))));

is $run->(q(SELECT clone_company('é', '{"schlüssel": "ü", "name": "Ü"}'))), 'ü', 'a copy gets the key that is asked for';
is $run->(q(SELECT string_agg(sku || parts[1] || (doc ->> 'é'), ' ' ORDER BY sku) FROM item WHERE "Bürö" = 'ü')), join(' ', map { "éé$_/ü/ü" x 3 } 1 .. 3),
	'... and keys of its own, which all references follow';
is $run->(q(SELECT count(*) FROM check_company_data('ü'))), 0, '... without one that dangles';

$run->(q(UPDATE item SET doc = '{"é": "weiß"}' WHERE sku = 'éé2'));
is $run->(q(SELECT row_key || problem FROM check_company_data('é'))), '(éé2)leads nowhere: no row of public.item has weiß', 'what dangles is named';
is $state->(q(SELECT backup_company('é'))), 'KB006', '... and stops a backup';
like $run->(q(DO $$ BEGIN PERFORM backup_company('ö'); EXCEPTION WHEN OTHERS THEN CREATE TEMP TABLE said AS SELECT sqlerrm AS text; END $$; SELECT text FROM said)),
	qr/^company "ö" does not exist$/, 'messages have the characters';
$run->(q(ALTER TABLE staff DROP CONSTRAINT "staff_Bürö_fkey"; ALTER TABLE item DROP CONSTRAINT "item_Bürö_person_fkey";
	UPDATE "Bürö" SET "schlüssel" = 'è' WHERE "schlüssel" = 'é'));
is $run->(q(SELECT string_agg(label, ' ') FROM company_backups('è'))), 'für später', 'backups follow a company whose key changes';
is $digest->('b'), $other, 'no row of another company has changed';

my $utf8 = Database->create("company_backup_latin1_utf8_$$");
$utf8->run(encode('UTF-8', <<'SQL'));
CREATE EXTENSION company_backup;
CREATE TABLE "Bürö" ("schlüssel" text PRIMARY KEY, name text);
CREATE TABLE item (id int PRIMARY KEY, "Bürö" text NOT NULL REFERENCES "Bürö");
SELECT set_company_table('"Bürö"', 'schlüssel', 'name', identity_columns => '{}');
INSERT INTO "Bürö" VALUES ('中', '中文');
SQL
$database->trust($utf8);
my $foreign = $utf8->run(encode('UTF-8', q(SELECT backup_company('中'))));
ok !eval { $database->take_backup($utf8, $foreign); 1 }, 'a backup with characters that LATIN1 does not have is refused';
like $@, qr/has no equivalent in encoding "LATIN1"/, '... and why is said';

done_testing;
