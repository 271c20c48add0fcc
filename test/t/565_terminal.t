# Whatever a database or an archive holds: a terminal is not commanded by it, a line not reordered, and JSON stays JSON.
use strict;
use warnings;
use utf8;

use FindBin;
use lib "$FindBin::Bin/lib";
use Encode qw(decode encode);
use JSON::PP qw(decode_json);
use Test::More;

use ClientTest qw(run_client run_on_terminal small_archive spew work_dir);
use ServerTest qw(new_database sql);

my $dir = work_dir();

# ESC, BEL, DEL, CSI of C1, an override of the direction, something invisible, an invisible tag.
my $evil  = "\e[2J\a\x{7f}\x{9b}31m\x{202e}\x{200b}\x{e0041}";
my $shown = '\x1b[2J\x07\x7f\x9b31m\u202e\u200b\U000e0041';
my $unsafe = qr/[\x00-\x08\x0b-\x1f\x7f-\x9f\x{202a}-\x{202e}\x{2066}-\x{2069}\x{200b}\x{e0041}]/;

sub bytes { return encode('UTF-8', $_[0]) }

# Every output of a command through a pipe, and that it is safe.
sub outputs {
	my (@command) = @_;
	my ($code, @out) = run_client(@command);
	@out = map { decode('UTF-8', $_) } @out;
	unlike $_, $unsafe, "@command[0 .. ($#command > 1 ? 1 : $#command)]: nothing but text" for @out;
	return ($code, @out);
}

new_database('terminal');
my $sql = <<"SQL";
CREATE TABLE company (id text PRIMARY KEY, name text);
CREATE TABLE "item$evil" (id text, company_id text NOT NULL REFERENCES company, note text, PRIMARY KEY (company_id, id));
INSERT INTO company VALUES ('1$evil', 'One$evil'), ('2', 'Two');
INSERT INTO "item$evil" VALUES ('k$evil', '1$evil', 'n$evil');
CREATE TABLE "users$evil" (id int PRIMARY KEY, company_id text NOT NULL REFERENCES company, "password$evil" text);
SELECT set_company_table('company', identity_columns => '{}');
SQL
sql(bytes($sql));
my $key = bytes("1$evil");

my ($code, $out, $err) = outputs('check');
like $out, qr/\Q$shown\E/, 'check: names are shown';
($code, $out, $err) = outputs('check', '--json');
like decode_json(bytes($out))->{scope}[0]{object}, qr/\Q$evil\E/, 'check --json: and are what they are';
($code, $out, $err) = outputs('backup', $key);
like $err, qr/\Q$shown\E/, 'an error of the server: names are shown';
like $err, qr/^DETAIL:  /m, '... its lines are lines';

my ($status, $rules) = outputs('rules');
like $rules, qr/U&["']/, 'rules: statements';
sql(bytes($rules));
is sql('SELECT count(*) FROM check_company_scope() WHERE severity <> $$notice$$'), 0, '... that can be run as they are';

($code, my $backup) = outputs('backup', $key, '--label', bytes("label$evil"));
is $code, 0, 'backup';
chomp $backup;
for my $command (
	['list'], ['contents', $key], ['preview', $key, $backup], ['plan', '2', $backup], ['restores'],
	['export', $backup, '-o', "$dir/a.tar.gz"], ['inspect', "$dir/a.tar.gz"], ['verify', "$dir/a.tar.gz"],
	['export', '--company', bytes("nobody$evil"), '-o', "$dir/b.tar.gz"],
	['export', $backup, '-o', bytes("$dir/missing$evil/c.tar.gz")], ['inspect', bytes("$dir/missing$evil")],
	['restore', bytes("nobody$evil"), $backup, '--yes'], [bytes("command$evil")], ['list', bytes("--option$evil")],
	['template', 'publish', $backup, bytes("t$evil")], ['template', 'list'],
	['check', '-d', bytes("missing$evil")], ['check', '-h', bytes("$dir/missing$evil")],
  ) {
	outputs(@$command);
	next if grep { /^-|^template$|^restore$|^export$|^verify$|^command/ } @$command;
	($code, $out) = outputs(@$command, '--json');
	ok eval { decode_json(bytes($out)); 1 }, "@$command[0] --json: is JSON" if $code == 0;
}
($code, $out) = outputs('inspect', "$dir/a.tar.gz", '--json');
is decode_json(bytes($out))->{company}{name}, "One$evil", 'inspect --json: the name as it is';
($code, $out, $err) = outputs('clone', $key, '--set', bytes("id=3$evil"));
diag bytes($err) if $code;
is $out, "3$shown\n", 'clone: the key of the new company';
($code, $out) = outputs('clone', $key, '--set', bytes("id=4$evil"), '--json');
is decode_json(bytes($out))->{company}, "4$evil", 'clone --json: as it is';

# A hook that speaks.
sql(bytes(<<"SQL"));
CREATE FUNCTION public.speak(event text, company text, detail jsonb) RETURNS void LANGUAGE plpgsql AS \$\$
BEGIN RAISE WARNING 'heard%', U&'\\001b[2J'; END \$\$;
SELECT set_company_hook('restored', 'public.speak');
UPDATE "item$evil" SET note = 'other';
SQL
($code, $out, $err) = outputs('restore', $key, $backup, '--yes');
like $err, qr/heard\\x1b\[2J/, 'a warning of a hook';
my ($restore) = $out =~ /(\d+)/;
sql(bytes(qq(UPDATE "item$evil" SET note = 'edited$evil')));
($code, $out) = outputs('revert', $restore);
like $out, qr/edited/, 'revert: edits that it discarded';

# A job, a row, a company.
my $job = sql(bytes("SELECT start_job('backup', '1$evil')"));
sql("SELECT wait_for_job($job)");
($code, $out) = outputs('jobs');
like $out, qr/\Q$shown\E/, 'jobs: names are shown';
outputs('find-in-backups', bytes(qq("item$evil")), bytes(qq(["1$evil", "k$evil"])));
outputs('erase-record', bytes(qq("item$evil")), bytes(qq(["1$evil", "missing$evil"])));
($code, $out, $err) = outputs('delete-company', '4' . bytes($evil), '--confirm-name', bytes("One$evil"));
is $code, 0, 'delete' or diag bytes($err);
like $out, qr/\Q$shown\E/, '... names are shown';

# At a terminal: the question, and what it is about.
SKIP: {
	skip 'no script(1)', 3 unless grep { -x "$_/script" } split /:/, $ENV{PATH};
	my ($terminal_code, undef, undef, $terminal) = run_on_terminal("no\n", 'restore', $key, $backup);
	$terminal = decode('UTF-8', $terminal) =~ s/\r//gr;
	is $terminal_code, 1, 'restore at a terminal: not confirmed';
	like $terminal, qr/restore company 1\Q$shown\E from/, '... the question';
	unlike $terminal, $unsafe, '... is nothing but text';
}

# Archives that others wrote, also with bytes that are no UTF-8 where these can be.
my $archive = small_archive(
	"$dir/evil.tar.gz",
	edit => sub { $_[0]{'manifest.json'} =~ s/Acme Ltd/Acme\\u001b]0;x\\u0007\\u202e\\u009b/ });
($code, $out) = outputs('inspect', $archive);
like $out, qr/Acme\\x1b\]0;x\\x07\\u202e\\x9b/, 'inspect of such an archive';
outputs('inspect', $archive, '--json');
outputs('verify', small_archive("$dir/entry.tar.gz",
	edit => sub { $_[0]{'tables/public.invoice.ndjson'} =~ s/line 1"/\\u009b"/ }));
($code, $out, $err) = run_client('inspect', "$dir/\xc0\x9b\xff");
like $err, qr/\\xc0\\x9b\\xff/, 'bytes that are no UTF-8';

done_testing;
