# A backup of before a migration, with the client: what differs, and a restore that leaves out what has no place any more.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP qw(decode_json);
use Test::More;

use ClientTest qw(run_client run_on_terminal);
use ServerTest qw(new_database sql);

new_database('client_drift');
$ENV{PGOPTIONS} = '';    # the server's notices are looked at
sql(<<'SQL');
CREATE TABLE company (id text PRIMARY KEY, name text NOT NULL);
CREATE TABLE item (id int PRIMARY KEY, company_id text NOT NULL REFERENCES company, name text, fax text);
INSERT INTO company VALUES ('acme', 'Acme');
INSERT INTO item SELECT n, 'acme', 'item ' || n, CASE WHEN n < 3 THEN '+4' || n END FROM generate_series(1, 5) n;
SELECT set_company_table('company', identity_columns => '{}');
SQL
chomp(my $backup = (run_client('backup', 'acme'))[1]);

my ($code, $out, $err) = run_client('compare-schema', $backup);
is $code, 0, 'compare-schema';
is $out, "The tables are as they were when the backup was made.\n", 'nothing has changed';
sql('ALTER TABLE item DROP fax, ADD hint text; UPDATE item SET name = NULL');
($code, $out, $err) = run_client('compare-schema', $backup);
is $code, 0, 'after a migration';
like $out, qr/^table_name +column_name +difference +effect +settle *$/m, 'a table';
like $out, qr/^public\.item +fax +does not exist here: 2 values +lost with adapt\b/m, 'what would be lost';
like $out, qr/^public\.item +hint +is new here +nothing\b/m, 'what is harmless';
my $json = decode_json((run_client('compare-schema', $backup, '--json'))[1]);
is_deeply [map { "$_->{column_name} $_->{effect}" } @$json], ['fax lost with adapt', 'hint nothing'], 'as JSON';

($code, $out, $err) = run_client('compare-schema', 99_999);
is $code, 1, 'no such backup';
like $err, qr/backup 99999 does not exist/, '... is said';
($code, $out, $err) = run_client('restore', 'acme', $backup, '--yes');
is $code, 1, 'a restore';
like $err, qr/does not fit.*column public\.item\.fax does not exist here: 2 values/s, '... is refused';
($code, $out, $err) = run_client('restore', 'acme', $backup, '--yes', '--adapt', '--schema-drift', 'refuse');
is $code, 2, 'one or the other';
($code, $out, $err) = run_client('preview', 'acme', $backup, '--adapt');
is $code, 0, 'a preview that adapts';
like $out, qr/^public +public\.item +0 +5 +0 +0 +lost: 2 values of column fax, which does not exist here$/m, '... says what is lost';
sql(q(UPDATE item SET name = 'item ' || id));
my $shown;
($code, $out, $err, $shown) = run_on_terminal("RESTORE\n", 'restore', 'acme', $backup, '--adapt');
is $code, 0, 'a restore that adapts';
like $shown, qr/lost: 2 values of column fax/, '... says it, too, though no row would change';
like $err, qr/the tables here have no place for 2 values and rows of the backup, which are lost/, '... and when it is done';
chomp $out;
is sql("SELECT count(*) FROM restore_problems($out)"), 2, '... and they are listed';

done_testing;
