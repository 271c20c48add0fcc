# In a dump, too, what is stored is as secret as its tables: under whatever name they have there.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Database;

my $source = Database->create("company_backup_rights_$$");
my $role   = "company_backup_reader_$$";
$source->run(<<"SQL");
CREATE EXTENSION company_backup;
CREATE TABLE company (id int PRIMARY KEY, name text);
CREATE TABLE salary (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company, amount int);
CREATE TABLE item (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company, name text);
INSERT INTO company VALUES (1, 'one');
INSERT INTO salary VALUES (1, 1, 1000);
INSERT INTO item VALUES (1, 1, 'leaf');
SELECT set_company_table('company');
CREATE FUNCTION public.guard(text, text, text, jsonb) RETURNS boolean LANGUAGE sql AS 'SELECT true';
SELECT set_company_guard('public.guard');
CREATE ROLE $role;
SELECT grant_company_backup('$role');
SQL
my $with_all = $source->value('SELECT backup_company(1)');
$source->run('CREATE TABLE gone (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company); INSERT INTO gone VALUES (1, 1)');
my $with_gone = $source->value('SELECT backup_company(1)');
# The table has another name, and another table its name; one is gone.
$source->run(<<"SQL");
ALTER TABLE salary RENAME TO wages;
CREATE TABLE salary (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company, amount int);
DROP TABLE gone;
SQL

my $copy = Database->create("company_backup_rights_copy_$$");
is system("pg_dump -d ${\ $source->name} | psql -qX -v ON_ERROR_STOP=1 -d ${\ $copy->name} > /dev/null"), 0, 'a dump is restored';
$copy->run('CREATE TABLE gone (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company)');

for my $database ($source, $copy) {
  my $as = sub { return $database->sqlstate("SET ROLE $role; SELECT * FROM read_backup($_[0])") };
  $database->run("GRANT SELECT ON company, salary, item TO $role");
  is $as->($with_all), '42501', 'the table that has the name opens nothing';
  is $as->($with_gone), '42501', 'nor another backup';
  is $database->value("SELECT count(*) > 0 FROM read_backup($with_all)"), 't', 'the owner of the database may read it';
  is $database->value("SELECT count(*) > 0 FROM read_backup($with_gone)"), 't', 'also what is of a table that is gone';
  $database->run("GRANT SELECT ON wages TO $role");
  is $as->($with_all), '', 'the table itself does';
  is $as->($with_gone), '42501', 'a table that is gone stays closed';
  $database->run("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM $role");
}
$_->run("DROP OWNED BY $role") for $source, $copy;
$source->run("DROP ROLE $role");
done_testing;
