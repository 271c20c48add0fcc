# Whose an upload is, and whose a rule, goes by the role, not by its name; and in a database made from a dump, where an
# OID may be anybody's, an upload is nobody's.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Database;

my $source = Database->create("company_backup_uploads_$$");
my ($ann, $was_ann) = ("company_backup_ann_$$", "company_backup_was_ann_$$");
$source->run(<<"SQL");
CREATE EXTENSION company_backup;
CREATE TABLE company (id int PRIMARY KEY, name text);
CREATE TABLE item (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company, name text);
INSERT INTO company VALUES (1, 'one');
INSERT INTO item VALUES (1, 1, 'leaf');
SELECT set_company_table('company');
CREATE FUNCTION public.guard(text, text, text, jsonb) RETURNS boolean LANGUAGE sql AS 'SELECT true';
SELECT set_company_guard('public.guard');
CREATE ROLE $ann;
CREATE TABLE file AS SELECT seq, data FROM read_backup(backup_company(1));
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO PUBLIC;
SELECT grant_company_backup('$ann');
SQL
my $as = sub { my ($role, $sql, $database) = @_; return ($database // $source)->sqlstate("SET ROLE $role; $sql") };
my $value = sub { my ($role, $sql, $database) = @_; return ($database // $source)->value("SET ROLE $role; $sql") };
my $begun = $value->($ann, 'SELECT begin_upload()');
my $other = $value->($ann, 'SELECT begin_upload()');
$value->($ann, "SELECT append_upload($begun, seq, data) FROM file");
my $backup = $value->($ann, "SELECT finish_upload($begun)");

my $told = sub {
	my ($role, $mine, $name, $database) = @_;
	is $as->($role, "SELECT * FROM read_backup($backup)", $database), $mine ? '' : 'KB010', "$name: reading";
	is $as->($role, "SELECT * FROM backup_contents($backup)", $database), $mine ? '' : 'KB010', "$name: its contents";
	is $value->($role, q(SELECT count(*) FROM company_backups() WHERE origin = 'upload'), $database), $mine ? 1 : 0, "$name: the list";
	is $as->($role, "SELECT append_upload($other, 0, 'x')", $database), $mine ? '' : 'KB010', "$name: going on with an upload" if !$database;
};
$told->($ann, 1, 'its uploader');
$source->run("ALTER ROLE $ann RENAME TO $was_ann; CREATE ROLE $ann; SELECT grant_company_backup('$ann')");
$told->($was_ann, 1, 'its uploader under another name');
$told->($ann, 0, 'another role of the old name');

my $copy = Database->create("company_backup_uploads_copy_$$");
is system("pg_dump -d ${\ $source->name} | psql -qX -v ON_ERROR_STOP=1 -d ${\ $copy->name} > /dev/null"), 0, 'a dump is restored';
$told->($_, 0, "in a dump, $_", $copy) for $ann, $was_ann;
is $copy->value(q(SELECT count(*) FROM company_backups() WHERE origin = 'upload')), 1, 'the owner of the database has it';

$_->run("DROP OWNED BY $was_ann") for $source, $copy;
$source->run("DROP ROLE $was_ann");
$told->($ann, 0, 'once the uploader is gone');
is $source->sqlstate("SELECT * FROM read_backup($backup)"), '', 'the owner of the database may read it';

# What is evaluated as the owner of a table
$source->run(<<"SQL");
CREATE ROLE $was_ann;
CREATE SCHEMA ann AUTHORIZATION $ann;
ALTER TABLE item OWNER TO $ann;
CREATE TABLE mark (by text);
GRANT ALL ON mark TO PUBLIC;
GRANT EXECUTE ON FUNCTION set_column_rule(regclass, name, text, text, boolean) TO $ann;
SET ROLE $ann;
CREATE FUNCTION ann.mark(text) RETURNS text LANGUAGE plpgsql AS \$\$ BEGIN INSERT INTO public.mark VALUES (current_user); RETURN \$1; END \$\$;
RESET ROLE;
SELECT set_column_rule('item', 'name', 'renew', replacement => 'ann.mark(old)');
UPDATE company_backup.column_rule SET replacement_by = '$ann', replacement_role = '$ann'::regrole;
SQL
is $source->sqlstate(q(SELECT clone_company(1, '{"id": 2}'))), '', 'a rule of its owner is followed';
my $new = "company_backup_new_$$";
$source->run("ALTER ROLE $ann RENAME TO $new; CREATE ROLE $ann SUPERUSER");
is $source->sqlstate(q(SELECT clone_company(1, '{"id": 3}'))), '', '... under another name';
$source->run("ALTER TABLE item OWNER TO CURRENT_USER");
is $source->sqlstate(q(SELECT clone_company(1, '{"id": 4}'))), 'KB015', '... but not for another owner, although a superuser has the old name';

$_->run("DROP OWNED BY $ann, $was_ann, $new CASCADE") for $source, $copy;
$source->run("DROP ROLE $ann; DROP ROLE $was_ann; DROP ROLE $new");
done_testing;
