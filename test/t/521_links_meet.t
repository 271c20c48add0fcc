# Links over several transactions and sessions: redeemed once, whoever else tries, and transferred once, whatever is
# rolled back or killed.
use strict;
use warnings;

use Digest::MD5 qw(md5_hex);
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use ClientTest qw(run_client spew work_dir);
use ServerTest qw(new_database sql session read_archive write_archive);
use TwoSessions qw(@LEVELS in_level is_blocked state_of);

new_database('links_meet');
sql(<<'SQL');
CREATE TABLE company (id bigint PRIMARY KEY, name text);
CREATE TABLE item (id bigint PRIMARY KEY, company_id bigint NOT NULL REFERENCES company, note text);
INSERT INTO company VALUES (1, 'one'), (2, 'two');
INSERT INTO item SELECT n, 1, md5(n::text) || md5((-n)::text) FROM generate_series(1, 20000) AS n;
SELECT set_company_table('company', identity_columns => '{}');
SQL
my $gate = "links_gate_$$";
sql("CREATE ROLE $gate; SELECT grant_company_transfer('$gate')");
END { local $?; sql("DROP OWNED BY $gate; DROP ROLE $gate") if $gate }
my $backup = sql('SELECT backup_company(1)');
my $bytes  = "string_agg(md5(data), ',' ORDER BY seq)";
my $whole  = sql("SELECT $bytes FROM read_backup($backup)");
my $ask    = sub { sql("SELECT request_download($backup)") };
my ($first, $second) = (session(), session());
$_->run("SET ROLE $gate") for $first, $second;

# Two who redeem at once: exactly one wins.
for my $level (@LEVELS) {
	in_level($_, $level) for $first, $second;
	for my $end ('COMMIT', 'ROLLBACK') {
		my $token = $ask->();
		$second->run('BEGIN; SELECT 1');
		my $transfer = $first->run("BEGIN; SELECT redeem_download('$token')");
		is state_of($transfer), '', "$level: the first redeems";
		$second->start("SELECT redeem_download('$token')");
		is_blocked($second);
		$first->run($end);
		my $answer = $second->finish;
		if ($end eq 'COMMIT') {
			is state_of($answer), $level eq 'read committed' ? 'KB094' : '40001', '... and the second does not';
			$second->run('ROLLBACK');
			is state_of($second->run("SELECT redeem_download('$token')")), 'KB094', '... nor later';
			is $first->run("SELECT $bytes FROM read_transfer('$transfer')"), $whole, '... the first reads the backup';
		}
		else {
			is state_of($answer), '', '... rolled back, the second does';
			is state_of($first->run("SELECT * FROM read_transfer('$transfer')")), 'KB097', '... the first has nothing';
			is state_of($second->run("SAVEPOINT s; SELECT * FROM read_transfer('$answer')")), 'KB098', '... the second nothing yet';
			$second->run('ROLLBACK TO s; COMMIT');
			is $second->run("SELECT $bytes FROM read_transfer('$answer')"), $whole, '... but once it has committed';
		}
	}
}
in_level($_, 'read committed') for $first, $second;

sub redeem {
	my ($kind, $token) = @_;
	my $transfer = $first->run("SELECT redeem_$kind('$token')");
	die "$transfer\n" if state_of($transfer) ne '';
	return $transfer;
}

# A transfer begins once, whatever becomes of its transaction, and in whatever session.
my $transfer = redeem('download', $ask->());
is $second->run("BEGIN; SELECT $bytes FROM read_transfer('$transfer')"), $whole, 'another session may read it, as behind a pool';
$second->run('ROLLBACK');
is state_of($_->run("SELECT * FROM read_transfer('$transfer')")), 'KB097', 'a rollback gives it back to nobody' for $first, $second;

$transfer = redeem('download', $ask->());
$second->run("BEGIN; DECLARE c CURSOR FOR SELECT read_transfer('$transfer'); FETCH 1 FROM c");
is state_of($first->run("SELECT * FROM read_transfer('$transfer')")), 'KB097', 'while one reads, another cannot begin';
sql('SELECT pg_terminate_backend(' . $second->pid . ', 30000)');
is state_of($first->run("SELECT * FROM read_transfer('$transfer')")), 'KB097', 'nor after its backend has gone';
$second = session();
$second->run("SET ROLE $gate");

$transfer = redeem('download', $ask->());
sql("UPDATE company_backup.link SET redeemed_at = redeemed_at - interval '5 minutes' WHERE redeemed_at > now() - interval '5 minutes'");
is state_of($first->run("SELECT * FROM read_transfer('$transfer')")), 'KB097', 'a transfer must begin soon';

# Redeemed, then refused: the link's asker has lost the right meanwhile.
my $owner = "links_owner_$$";
sql("CREATE ROLE $owner; GRANT SELECT ON company, item TO $owner; SELECT grant_company_backup('$owner');
  CREATE FUNCTION yes(text, text, text, jsonb) RETURNS boolean LANGUAGE sql AS 'SELECT true'; SELECT set_company_guard('public.yes')");
END { local $?; sql("DROP OWNED BY $owner; DROP ROLE $owner") if $owner }
$transfer = redeem('download', sql("SET ROLE $owner; SELECT request_download($backup)"));
sql("REVOKE SELECT ON item FROM $owner");
is state_of($first->run("SELECT * FROM read_transfer('$transfer')")), 'KB096', 'a right that is lost after the redemption';
sql("GRANT SELECT ON item TO $owner");
is $first->run("SELECT $bytes FROM read_transfer('$transfer')"), $whole, '... and got back: the transfer has not begun';

# Uploads
my $parts = "(SELECT row_number() OVER (ORDER BY seq)::int - 1 AS n, data FROM file) f";
sql("CREATE TABLE file AS SELECT seq, data FROM read_backup($backup); GRANT SELECT ON file TO $gate; SELECT set_table_rule('file', 'global')");
my $size = sql('SELECT sum(length(data)) FROM file');
my $token = sql("SET ROLE $owner; SELECT request_upload(2, max_bytes => $size)");
is state_of($transfer = $first->run("BEGIN; SELECT redeem_upload('$token')")), '', 'a link for an upload';
is state_of($first->run("SELECT append_transfer('$transfer', 0, 'x')")), 'KB098', '... that takes nothing before COMMIT';
$first->run('ROLLBACK');
$transfer = redeem('upload', $token);
is state_of($second->run("SELECT redeem_upload('$token')")), 'KB094', '... is used';
is state_of($second->run("SELECT append_transfer('$transfer', n, data) FROM $parts")), '', '... takes as many bytes as it allows';
is state_of($first->run("SELECT append_transfer('$transfer', 0, data) FROM file ORDER BY seq LIMIT 1")), '', '... the same again';
is state_of($first->run("SELECT append_transfer('$transfer', 0, 'x')")), 'KB024', '... not other ones';
my $message = $first->run("SELECT append_transfer('$transfer', 99999, '\\x00')");
like $message, qr/KB099: the archive is larger than the link allows\nDETAIL:  With this part it has ${\ ($size + 1)} bytes; $size are allowed.\nHINT:  Ask for a link with a greater max_bytes./,
  '... and no more';
is state_of($first->run('SELECT finish_upload((SELECT 1))')), '42501', 'the role has nothing but its transfer';
$first->run("BEGIN; SELECT finish_transfer('$transfer')");
$first->run('ROLLBACK');
my $made = $first->run("SELECT finish_transfer('$transfer')");
is sql("SELECT origin FROM company_backups(2) WHERE id = $made"), 'upload', 'it becomes a backup of the company';
is sql("SELECT uploaded_by = '$owner'::regrole FROM company_backup.backup WHERE id = $made"), 't', '... of the role that asked for the link';
is state_of($first->run("SELECT finish_transfer('$transfer')")), 'KB097', '... once';
is state_of($first->run("SELECT redeem_upload('$token')")), 'KB094', 'the link is used for ever';
$transfer = redeem('upload', sql("SET ROLE $owner; SELECT request_upload()"));
$first->run("SELECT append_transfer('$transfer', 0, 'no archive')");
is state_of($first->run("SELECT finish_transfer('$transfer')")), 'KB020', 'what is no archive is refused as any upload is';
sql("UPDATE company_backup.link SET redeemed_at = redeemed_at - interval '1 day'");
is state_of($first->run("SELECT append_transfer('$transfer', 1, 'x')")), 'KB097', 'an upload takes parts for a day';

# The client
sub archive {
	my $content = read_archive(@_);
	return join ',', map { "$_ " . md5_hex($content->{$_}) } sort keys %$content;
}

my $dir = work_dir();
my $client = sub { local $ENV{PGOPTIONS} = "-c role=$gate"; run_client(@_) };
spew("$dir/token", $ask->() . "\n");
my ($code, $out, $err) = $client->('export', '--token', "$dir/token", '-o', "$dir/one.tar.gz");
is "$code $out$err", '0 ', 'export --token';
is archive("$dir/one.tar.gz"), archive(write_archive("read_backup($backup)", "$dir/plain.tar.gz")), '... writes the same archive';
($code, $out, $err) = $client->('export', '--token', "$dir/token", '-o', "$dir/two.tar.gz");
is $code, 1, '... once';
like $err, qr/^ERROR:  the link has been used\nDETAIL: /m, '... and says so';
ok !-e "$dir/two.tar.gz", '... without a file';
spew("$dir/token", sql('SELECT request_upload(2)'));
($code, $out, $err) = $client->('import', "$dir/one.tar.gz", '--token', "$dir/token");
is "$code $err", '0 ', 'import --token';
is sql("SELECT row_count FROM company_backups(2) WHERE id = $out"), 20001, '... makes a backup';
is sql("SELECT count(*) FROM (SELECT table_name, sha256 FROM backup_contents($out) EXCEPT SELECT table_name, sha256 FROM backup_contents($backup)) d"), 0, '... the same one';
($code, $out, $err) = $client->(qw(import - --token -));
is $code, 2, 'standard input is not both';
spew("$dir/token", "\n");
($code, $out, $err) = $client->('export', '--token', "$dir/token", '-o', "$dir/two.tar.gz");
is "$code $err", "1 company-backup: error: there is no token\n", 'an empty file';

done_testing;
