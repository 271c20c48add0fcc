# Evidence from foreign servers that do not answer: one that takes a connection and says nothing, and one whose table
# is locked. Neither fails the check, nor holds it longer than its time; other tables are looked at.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Socket::INET;
use Time::HiRes qw(time);
use Test::More;

use ServerTest qw(new_database sql failure session);

new_database('silent');
my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Proto => 'tcp', Listen => 5) or die $!;
my $port = $listener->sockport;
my ($own_port, $host) = split /\|/, sql(q{SELECT current_setting('port'), split_part(current_setting('unix_socket_directories'), ',', 1)});

sql(<<"END");
CREATE EXTENSION postgres_fdw;
CREATE TABLE company (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE person (id uuid PRIMARY KEY, company_id bigint NOT NULL REFERENCES company);
CREATE TABLE note (n bigint PRIMARY KEY, who uuid);
CREATE TABLE far_locked (who uuid);
INSERT INTO company VALUES (1, 'a'), (2, 'b');
INSERT INTO person SELECT md5('p' || n)::uuid, 1 + n % 2 FROM generate_series(1, 40) n;
INSERT INTO note SELECT n, md5('p' || n)::uuid FROM generate_series(1, 40) n;
INSERT INTO far_locked SELECT id FROM person;
CREATE SERVER mute FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '$port');
CREATE SERVER here FOREIGN DATA WRAPPER postgres_fdw OPTIONS (dbname '$ENV{PGDATABASE}', host '$host', port '$own_port');
CREATE USER MAPPING FOR PUBLIC SERVER mute;
CREATE USER MAPPING FOR CURRENT_USER SERVER here;
CREATE FOREIGN TABLE mute_one (who uuid) SERVER mute;
CREATE FOREIGN TABLE mute_two (who uuid) SERVER mute;
CREATE FOREIGN TABLE locked (who uuid) SERVER here OPTIONS (table_name 'far_locked');
SELECT set_company_table('company');
END

# What is asked and said with so many seconds for evidence, and how long it took.
sub check {
	my ($seconds, $sql) = @_;
	my $begin = time;
	my $text = sql("SET company_backup.evidence_time = '${seconds}s'; " . $sql);
	return ($text, time - $begin);
}
my $told = q{SELECT string_agg(object || ': ' || problem, E'\n' ORDER BY object) FROM check_company_scope() WHERE object ~ 'mute|lock'};

my ($text, $took) = check(20, q{SELECT statement FROM propose_company_rules() WHERE statement LIKE '%locked%'});
like($text, qr/set_reference\('public\.locked', '\{who\}', 'public\.person'\)/, 'a server that answers gives evidence');

my $locker = session();
$locker->run('BEGIN; LOCK TABLE far_locked');
($text, $took) = check(16, $told);
like($text, qr/public\.far_locked: its rows could not be looked at: it is locked/, 'a table that is locked is left alone');
like($text, qr/public\.locked: its rows could not be looked at: there was no /, 'a table that is locked there is said');
like($text, qr/public\.mute_one: its rows could not be looked at: /, 'and a server that says nothing');
like($text, qr/public\.mute_two: its rows could not be looked at: /, 'for each of its tables');
cmp_ok($took, '<', 30, 'neither holds the check');
($text, $took) = check(16, q{SELECT statement FROM propose_company_rules() WHERE statement LIKE '%public.note%set_reference%' OR statement LIKE '%set_reference%public.note%'});
like($text, qr/set_reference\('public\.note', '\{who\}', 'public\.person'\)/, 'other tables are looked at');
$locker->run('ROLLBACK');

# A cancel is a cancel.
like(failure("SET statement_timeout = '1s'; SET company_backup.evidence_time = '30s'; $told"), qr/57014.*statement timeout/, 'a statement timeout ends it');
done_testing;
