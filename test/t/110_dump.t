# Rules and backups survive pg_dump into another database; what makes a database itself does not.
# And a large schema is understood in a moment.
use strict;
use warnings;
use Test::More;
use Time::HiRes qw(time);

my ($from, $to, $large) = ('company_backup_dump', 'company_backup_dumped', 'company_backup_large');

sub psql {
  my ($database, $sql) = @_;
  open my $out, '-|', 'psql', '-qXAt', '-v', 'ON_ERROR_STOP=1', '-d', $database, '-c', $sql or die;
  my $text = do { local $/; <$out> };
  close $out or die "psql failed: $sql";
  chomp $text;
  return $text;
}

sub create { psql('postgres', "CREATE DATABASE $_[0]") }
END { psql('postgres', "DROP DATABASE IF EXISTS $_") for grep { defined } $from, $to, $large }

create($from);
psql($from, $_) for (
  'CREATE SCHEMA tools; CREATE EXTENSION company_backup SCHEMA tools',
  'CREATE TABLE company (id int PRIMARY KEY, name text)',
  'CREATE TABLE invoice (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company, doc jsonb, secret text, scan bytea)',
  'CREATE TABLE membership (company_id int NOT NULL REFERENCES company, person_id int NOT NULL)',
  "CREATE FUNCTION guard(text, text, text, jsonb) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
  "CREATE FUNCTION hook(text, text, jsonb) RETURNS void LANGUAGE sql AS ''",
  "INSERT INTO company VALUES (1, 'Ant')",
  q{INSERT INTO invoice VALUES (1, 1, '{"next": 1}', 's', 'scanned')},
  "SELECT tools.set_company_table('company', identity_columns => '{name}')",
  "SELECT tools.set_table_rule('membership', 'excluded', 'who may do what')",
  "SELECT tools.set_column_rule('invoice', 'secret', 'secret', replacement => '''anew''')",
  "SELECT tools.set_column_rule('invoice', 'scan', 'file')",
  "SELECT tools.set_reference('invoice', '{doc}', 'invoice', json_path => '.next')",
  "SELECT tools.set_column_rule(NULL, ARRAY['name', 'scan'], 'data')",
  "SELECT tools.set_reference(NULL, '{doc}', 'company', json_path => '.company')",
  "SELECT tools.set_membership('membership', 'person_id')",
  "SELECT tools.set_reference('membership', '{person_id}', 'company', outside => 'keep')",
  "SELECT tools.set_company_guard('public.guard')",
  "SELECT tools.set_company_hook('restored', 'public.hook')",
  "SELECT tools.trust_origin('elsewhere', sha256('x'))",
  "SELECT tools.backup_company(1, 'kept', include_files => true)",
  "SELECT tools.publish_template(1, 'for bakers', 'food', 'Bread')",
);
create($to);
is(system("pg_dump -d $from | psql -qX -v ON_ERROR_STOP=1 -d $to > /dev/null"), 0, 'a dump is restored');

my %same = (
  'the scope' => 'SELECT * FROM tools.company_scope()',
  'what is asked' => 'SELECT * FROM tools.check_company_scope()',
  'the settings' => 'SELECT * FROM company_backup.settings',
  'the rules for columns' => 'SELECT * FROM company_backup.column_rule',
  'the references' => 'SELECT * FROM company_backup.reference_rule',
  'the hooks' => 'SELECT * FROM company_backup.hook',
  'the backups' => 'SELECT * FROM tools.company_backups()',
  'what they hold' => 'SELECT * FROM tools.backup_contents(1)',
  'the templates' => 'SELECT * FROM tools.company_templates()',
  'their files' => 'SELECT * FROM company_backup.backup_file',
);
is(psql($to, $same{$_}), psql($from, $same{$_}), "$_ survive") for sort keys %same;
like(psql($to, 'SELECT * FROM tools.company_scope()'), qr/membership\|excluded/, 'and are there');

# The copy is a database of its own: with an identity, a key, and trust still to be given.
isnt(psql($to, 'SELECT tools.archive_key()'), psql($from, 'SELECT tools.archive_key()'), 'the key is never dumped');
isnt(psql($to, 'SELECT identity FROM company_backup.database_identity'),
  psql($from, 'SELECT identity FROM company_backup.database_identity'), 'nor is the identity');
is(psql($to, 'SELECT count(*) FROM company_backup.trusted_origin'), 0, 'nor trust');
is(psql($to, q{SELECT tools.backup_company(1, 'new')}), 2, 'new backups get new ids');
is(psql($to, 'SELECT count(*) FROM tools.read_backup(1)') > 0, 1, 'old ones can be read');

# Companies are still told apart: who takes the key of a deleted one gets nothing of it.
is(psql($to, 'SELECT count(*) FROM tools.company_backups(1)'), 2, 'the company has its backups');
psql($to, q{DELETE FROM invoice; DELETE FROM company WHERE id = 1; INSERT INTO company VALUES (1, 'Another')});
is(psql($to, 'SELECT count(*) FROM tools.company_backups(1)'), 0, 'one with the same key has not');
is(psql($to, 'SELECT count(*) FROM tools.company_backups()'), 2, 'which are there all the same');
psql($to, 'DROP EXTENSION company_backup');
is(psql($to, q{SELECT count(*) FROM pg_trigger WHERE tgrelid = 'company'::regclass AND NOT tgisinternal}), 0,
  'without the extension nothing is left on the company table');

# 300 tables with 1,400 foreign keys
create($large);
psql($large, <<'SQL');
CREATE EXTENSION company_backup;
CREATE TABLE company (id int PRIMARY KEY, name text);
DO $$
BEGIN
  FOR n IN 1 .. 300 LOOP
    EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company, a int, b int, c int, d int, e text, f text, g date)', n);
  END LOOP;
  FOR n IN 1 .. 1100 LOOP
    EXECUTE format('ALTER TABLE t%s ADD FOREIGN KEY (%s) REFERENCES t%s', 1 + n % 300, substr('abcd', 1 + n / 300, 1), 1 + n * 7 % 300);
  END LOOP;
END $$;
SELECT set_company_table('company', identity_columns => '{}');
SQL
my $begin = time;
is(psql($large, 'SELECT count(*) FROM company_scope()'), 301, 'every table of a large schema is found');
diag(sprintf 'company_scope() of 300 tables and 1,400 foreign keys: %.2f s', time - $begin);

done_testing();
