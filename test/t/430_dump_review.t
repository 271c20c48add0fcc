# A restore in review survives a dump into another database, where it can be reverted or kept.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Database;

my $source = Database->create("company_backup_review_$$");
$source->run(<<'SQL');
CREATE EXTENSION company_backup;
CREATE TABLE company (id int PRIMARY KEY, name text);
CREATE TABLE item (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company, name text, secret text);
INSERT INTO company VALUES (1, 'one'), (2, 'two');
INSERT INTO item SELECT n, 1 + n % 2, 'item ' || n, 'secret ' || n FROM generate_series(1, 2000) n;
SELECT set_company_table('company');
SELECT set_column_rule('item', 'secret', 'secret');
SQL
my $backup = $source->value('SELECT backup_company(1)');
$source->run(<<'SQL');
UPDATE item SET name = 'damaged', secret = 'newer' WHERE company_id = 1 AND id % 3 = 0;
DELETE FROM item WHERE company_id = 1 AND id % 5 = 0;
INSERT INTO item SELECT 3000 + n, 1, 'new', 'of a new row' FROM generate_series(1, 9) n;
SQL
my $digest  = "SELECT md5(string_agg(i::text, '|' ORDER BY id)) FROM item i";
my $damaged = $source->value($digest);
my $restore = $source->value("SELECT restore_company(1, $backup)");
my $good    = $source->value($digest);

my $copy = Database->create("company_backup_review_copy_$$");
is system("pg_dump -d ${\ $source->name} | psql -qX -v ON_ERROR_STOP=1 -d ${\ $copy->name} > /dev/null"), 0, 'a dump is restored';
is $copy->value($digest), $good, 'with the restored rows';
is $copy->value("SELECT status FROM company_restores(1)"), 'review', 'and the review';
is $copy->sqlstate("SELECT restore_company(1, $backup)"), 'KB040', 'which has to end first';
$copy->run("SELECT revert_restore($restore)");
is $copy->value($digest), $damaged, 'reverted there: every row is as before, secrets included';
$source->run("SELECT revert_restore($restore)");
is $source->value($digest), $damaged, 'and here';

# In a copy tables and columns have other numbers: what is missing may be gone or called otherwise.
my $second = $source->value("SELECT restore_company(1, $backup)");
my $other = Database->create("company_backup_review_other_$$");
system("pg_dump -d ${\ $source->name} | psql -qX -v ON_ERROR_STOP=1 -d ${\ $other->name} > /dev/null");
$other->run('ALTER TABLE item RENAME secret TO hidden; ALTER TABLE item ADD secrets text');
is $other->sqlstate("SELECT revert_restore($second)"), 'KB031', 'a column that is missing in a copy';
$other->run("SELECT set_column_rename('item', 'secret', 'hidden'); SELECT revert_restore($second)");
is $other->value("SELECT md5(string_agg((i.id, i.company_id, i.name, i.hidden)::text, '|' ORDER BY id)) FROM item i"), $damaged,
  'is brought back under the name that a rule says';
$source->run('ALTER TABLE item RENAME secret TO hidden; ALTER TABLE item ADD secrets text');
$source->run("SELECT revert_restore($second)");
is $source->value("SELECT md5(string_agg((i.id, i.company_id, i.name, i.hidden)::text, '|' ORDER BY id)) FROM item i"), $damaged,
  'here it is known';

my $again = $copy->value("SELECT restore_company(1, $backup)");
isnt $again, $restore, 'restores are numbered on';
$copy->run("SELECT keep_restore($again)");
is $copy->value('SELECT count(*) FROM company_backup.undo_chunk') + $copy->value('SELECT count(*) FROM company_backup.undo'), 0,
  'nothing of a kept one stays';
done_testing;
