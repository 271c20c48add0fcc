# Setting up the scope with the client: the file of "rules", the questions and the file of "init", "check --ci". What is
# proposed here is made up by the test, so that it knows the answers; the last part takes what the extension proposes.
use strict;
use warnings;
use utf8;

use FindBin;
use lib "$FindBin::Bin/lib";
use Encode qw(decode encode);
use IO::Handle;
use File::Copy qw(copy);
use JSON::PP qw(decode_json);
use Test::More;
use Time::HiRes qw(sleep);

use ClientTest qw(client_path run_client run_on_terminal slurp spew work_dir);
use ServerTest qw(new_database session sql wait_for);

my $dir = work_dir();
chdir $dir or die $!;
my $default = "$dir/company_backup_rules.sql";
my ($code, $out, $err, $shown);

sub bytes { return encode('UTF-8', $_[0]) }

# What psql says of a file; with or without ON_ERROR_STOP.
sub psql_file {
	my ($path, @options) = @_;
	my $answer = qx(psql -XqAt @options -f '$path' 2>&1);
	return ($? >> 8, $answer);
}

# Rules: one word for each that is set.
sub rules {
	return sql(q(SELECT string_agg(r, ' ' ORDER BY r) FROM (
		SELECT 'company:' || company_table AS r FROM company_backup.settings WHERE company_table IS NOT NULL
		UNION ALL SELECT 'member:' || membership_table FROM company_backup.settings WHERE membership_table IS NOT NULL
		UNION ALL SELECT table_name || ':' || treatment FROM company_backup.table_rule
		UNION ALL SELECT table_name || '.' || column_name || ':' || treatment FROM company_backup.column_rule
		UNION ALL SELECT table_name || '>' || target_table FROM company_backup.reference_rule) AS s));
}

sub forget_all {
	sql('UPDATE company_backup.settings SET company_schema = NULL, company_table = NULL, key_column = NULL, name_column = NULL,
		identity_columns = NULL, scope_columns = DEFAULT, membership_schema = NULL, membership_table = NULL, membership_person_column = NULL;
		DELETE FROM company_backup.table_rule; DELETE FROM company_backup.column_rule; DELETE FROM company_backup.reference_rule');
	unlink glob "$dir/*.sql";
	return;
}

# Replaces what is proposed: [statement, confidence, evidence, open while this SQL condition holds].
sub propose {
	my $n = 0;
	my $values = join ', ', map { '(' . join(', ', ++$n, map { defined ? "\$v\$$_\$v\$" : "'true'" } @$_[0 .. 3]) . ')' } @_;
	sql(bytes("TRUNCATE fake.proposal; INSERT INTO fake.proposal VALUES $values"));
	return;
}

sub no_column_rule { return "NOT EXISTS (SELECT FROM company_backup.column_rule WHERE column_name = '$_[0]')" }
sub no_table_rule  { return "NOT EXISTS (SELECT FROM company_backup.table_rule WHERE table_name = '$_[0]')" }

my $no_company = 'NOT EXISTS (SELECT FROM company_backup.settings WHERE company_table IS NOT NULL)';
my $company    = "SELECT public.set_company_table('public.company', identity_columns => '{}');";

sub at_terminal {
	my ($answers, @arguments) = @_;
	($code, $out, $err, $shown) = run_on_terminal($answers, 'init', @arguments);
	$shown =~ s/\r//g;
	return $shown;
}

new_database('init');
sql(bytes(<<'SQL'));
CREATE TABLE company (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE item (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company, foo_id int, bar_id int, baz_id int, "größe_id" int);
CREATE TABLE users (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company, email text UNIQUE NOT NULL);
CREATE TABLE outbox (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company);
CREATE TABLE victim (id int);
CREATE SCHEMA fake;
CREATE TABLE fake.proposal (n int, statement text, confidence text, evidence text, open_if text);
CREATE OR REPLACE FUNCTION propose_company_rules() RETURNS TABLE (statement text, confidence text, evidence text) LANGUAGE plpgsql AS $$
DECLARE
	p fake.proposal;
	is_open boolean;
BEGIN
	FOR p IN SELECT * FROM fake.proposal ORDER BY n LOOP
		EXECUTE 'SELECT ' || p.open_if INTO is_open;
		IF is_open THEN
			statement := p.statement; confidence := p.confidence; evidence := p.evidence;
			RETURN NEXT;
		END IF;
	END LOOP;
END $$;
SQL

# rules: the file --------------------------------------------------------------------------------------

propose(
	[$company, 'likely', '12 tables refer to it'],
	["SELECT public.set_company_table('public.users');", 'guess', 'a name'],
);
($code, $out) = run_client('rules');
is $code, 0, 'rules without a company table';
like $out, qr/^-- Candidates for the company table/m, '... says so';
like $out, qr/^-- likely: 12 tables refer to it\nSELECT public\.set_company_table\('public\.company'/m, '... the first is active';
like $out, qr/^-- guess: a name\n-- SELECT public\.set_company_table\('public\.users'/m, '... only the first';

my $evil = "x\nDROP TABLE victim;\r\nDROP TABLE victim;\x{2028}DROP TABLE victim;\x{2029}\x{85}\x{0b}\x{0c}\e[2J */ \\! touch hacked\n\\! touch hacked";
sql($company);
propose(
	["SELECT public.set_table_rule('public.users',\n  'people', 'people\nwho\rlog in', match_columns => '{email}')", "likely\nDROP TABLE victim;", $evil],
	["SELECT public.set_column_rule('public.item', 'foo_id', 'data');", 'confident', $evil],
	["SELECT public.set_column_rule('public.item', 'größe_id', 'data');", 'guess', ''],
);
for my $accept ([], ['--accept', 'confident']) {
	my $name = "rules @$accept";
	($code, $out) = run_client('rules', @$accept);
	is $code, 0, $name;
	my @active = grep { !/^--/ && $_ ne '' } split /\n/, $out;
	my @sure = "SELECT public.set_column_rule('public.item', 'foo_id', 'data');";
	my @all  = ("SELECT public.set_table_rule('public.users',", q{  'people', U&'people\000awho\000dlog in', match_columns => '{email}');},
		@sure, bytes("SELECT public.set_column_rule('public.item', 'größe_id', 'data');"));
	is_deeply \@active, ['BEGIN;', "SET LOCAL client_encoding = 'UTF8';", @$accept ? @sure : @all, 'COMMIT;'], "$name: what is active";
	unlike decode('UTF-8', $out), qr/[\x00-\x09\x0b-\x1f\x7f-\x9f\x{2028}\x{2029}]/, "$name: nothing but lines of text";
	like $out, qr/^-- confident: x\\nDROP TABLE victim;\\x0d/m, "$name: the evidence stays on its line";
	like $out, qr/^-- guess$/m, "$name: a proposal without evidence";
	spew('rules.sql', $out);
	my ($status, $answer) = psql_file('rules.sql', '-v ON_ERROR_STOP=1');
	is $status, 0, "$name: psql runs it" or diag $answer;
	is rules(), @$accept ? 'company:company item.foo_id:data' : bytes('company:company item.foo_id:data item.größe_id:data users:people'),
	  "$name: what it sets";
	ok !-e 'hacked' && sql("SELECT to_regclass('victim')") eq 'victim', "$name: comments are comments";
	forget_all();
	sql($company);
}
is decode_json((run_client('rules', '--json'))[1])->[1]{evidence}, $evil, 'rules --json: the evidence as it is';
is ((run_client('rules', '--json', '--accept', 'confident'))[0], 2, 'rules --json --accept: one or the other');

propose(
	["SELECT public.set_column_rule('public.item', 'foo_id', 'data');",  'confident', 'a'],
	["SELECT public.set_column_rule('public.item', 'gone_id', 'data');", 'confident', 'b'],
	["SELECT public.set_column_rule('public.item', 'bar_id', 'data');",  'confident', 'c'],
);
spew('rules.sql', (run_client('rules'))[1]);
for my $options ('-v ON_ERROR_STOP=1', '', '-1') {
	my (undef, $answer) = psql_file('rules.sql', $options);
	like $answer, qr/column "gone_id" .* does not exist/, "psql $options: a statement fails";
	is rules(), 'company:company', "psql $options: then none is applied";
}
sql('TRUNCATE fake.proposal');
like ((run_client('rules'))[1], qr/^-- No statement settles what is undecided: see "company-backup check"\.$/m, 'rules: nothing is proposed');
forget_all();
($code, $out, $err) = run_client('rules');
is $code, 1, 'rules: no company table, and no candidate';
like $err, qr/^ERROR:  no company table has been set\nHINT:  /, '... says so';

# init without questions -------------------------------------------------------------------------------

($code, $out, $err) = run_client('init');
is $code, 2, 'init without a terminal: wrong usage';
like $err, qr/no terminal.*--accept confident/s, '... says what to do';

my $foo = ["SELECT public.set_column_rule('public.item', 'foo_id', 'data');", 'confident', 'no value is a key', no_column_rule('foo_id')];
my $bar = ["SELECT public.set_column_rule('public.item', 'bar_id', 'data');", 'confident', 'settled second',
	"NOT (${\ no_column_rule('foo_id')}) AND ${\ no_column_rule('bar_id')}"];
my $baz = ["SELECT public.set_column_rule('public.item', 'baz_id', 'data');", 'likely', 'values', no_column_rule('baz_id')];
my $gone   = ["SELECT public.set_column_rule('public.item', 'gone_id', 'data');", 'confident', 'the server refuses it'];
my $users  = ["SELECT public.set_table_rule('public.users', 'people', match_columns => '{email}');", 'likely', 'a name', no_table_rule('users')];
my $outbox = ["SELECT public.set_table_rule('public.outbox', 'excluded', 'queue');", 'confident', 'a name', no_table_rule('outbox')];
my $size   = ["SELECT public.set_column_rule('public.item', 'größe_id', 'data');", 'guess', 'größe', no_column_rule('größe_id')];

sql($company);
propose($foo, $baz, $size);
is_deeply [(run_client('rules', '--accept', 'likely'))[1] =~ /^SELECT .*'(\w+_id)'/mg], [qw(foo_id baz_id)], 'rules --accept likely: no guesses are active';
propose($size);
($code, $out, $err) = run_client('init', '--accept', 'likely');
is $code, 1, 'init --accept likely: a guess is left';
like $out, qr/^Nothing was applied: no proposal is likely\.$/m, '... says so';
# What follows from the confident ones answers what was likely before.
propose($foo, $bar, ["SELECT public.set_table_rule('public.users', 'global');", 'likely', 'before', "${\ no_column_rule('bar_id')} AND ${\ no_table_rule('users')}"], $baz);
($code, $out, $err) = run_client('init', '--accept', 'likely', '-o', 'likely.sql');
is rules(), 'company:company item.bar_id:data item.baz_id:data item.foo_id:data', 'init --accept likely: first what is confident, in all rounds' or diag $out, $err;
forget_all();

propose([$company, 'guess', 'a name', $no_company]);
($code, $out, $err) = run_client('init', '--accept', 'confident');
is $code, 1, 'init --accept without a sure company table';
like $out, qr/^No company table has been chosen\.$/m, '... says so';
like $out, qr/^SELECT public\.set_company_table\('public\.company'.*  -- guess$/m, '... and what is proposed';
ok !-e $default, '... no file';

propose([$company, 'confident', 'a name', $no_company], ["SELECT public.set_company_table('public.users', name_column => 'email');", 'confident', 'b', $no_company],
	map { [@$_[0 .. 2], "NOT ($no_company) AND " . ($_->[3] // 'true')] } $foo, $bar, $baz, $gone, $outbox, $users);
spew($default, "-- mine\n");
($code, $out, $err) = run_client('init', '--accept', 'confident');
is $code, 1, 'init --accept: the file exists';
like $err, qr/already exists\nHINT:  .*-o.*--yes/, '... says so';
is slurp($default), "-- mine\n", '... and stays as it is';
is rules(), '', '... nothing is applied';

{
	local $ENV{PGOPTIONS} = "$ENV{PGOPTIONS} -c default_transaction_isolation=serializable";
	($code, $out, $err) = run_client('init', '--accept', 'confident', '-o', 'sure.sql');
}
is $code, 1, 'init --accept: errors are left';
is rules(), 'company:company item.bar_id:data item.foo_id:data outbox:excluded', '... round after round is applied';
like $err, qr/refuses a statement, which stays open:\n.*gone_id.*\nERROR:  column/, '... what the server refuses is told';
like $out, qr/^error  public\.users: /m, '... what is left open';
like $out, qr/^SELECT public\.set_table_rule\('public\.users'.*  -- likely$/m, '... with its statements';
like $out, qr/^Applied 4 statements; they are in sure\.sql\.$/m, '... what was done';
my $sure = slurp('sure.sql');
unlike $sure, qr/gone_id|baz_id|users/, '... the file has what was accepted, and nothing else';
like $sure, qr/^-- confident: settled second\nSELECT public\.set_column_rule\('public\.item', 'bar_id'/m, '... with its evidence';
forget_all();
spew('sure.sql', $sure);
is +(psql_file('sure.sql', '-v ON_ERROR_STOP=1'))[0], 0, '... it can be run';
is rules(), 'company:company item.bar_id:data item.foo_id:data outbox:excluded', '... and does the same';

propose($foo, ["SELECT public.set_table_rule('public.users', 'people', match_columns => '{email}');", 'confident', 'a', no_table_rule('users')],
	map { [@$_[0], 'confident', @$_[2, 3]] } $baz, $size);
spew($default, "-- mine\n");
($code, $out, $err) = run_client('init', '--accept', 'confident', '--yes');
is $code, 0, 'init --accept: settled' or diag $out, $err;
like $out, qr/^The scope is settled/m, '... says so';
like slurp($default), qr/^-- Rules of company_backup.*^BEGIN;\nSET LOCAL client_encoding = 'UTF8';\n/ms, '--yes overwrites the file';
my $before = slurp($default);
($code, $out, $err) = run_client('init', '--accept', 'confident');
is $code, 0, 'init --accept once more: nothing to do';
is $out, "The scope is settled: every table and column has been decided.\n", '... says so';
is slurp($default), $before, '... the file stays';

forget_all();
sql($company);
propose($foo, $outbox);
($code, $out, $err) = run_client('init', '--accept', 'confident', '-o', '-');
like $out, qr/\A-- Rules.*BEGIN;.*foo_id.*COMMIT;\n\z/s, '-o -: only the statements on stdout';
like $err, qr/^Applied 2 statements/m, '... the rest on stderr';

# All or nothing: the second time that a rule is written, it fails.

forget_all();
sql($company);
sql(<<'SQL');
CREATE SEQUENCE fake.attempts;
CREATE FUNCTION fake.fail() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF nextval('fake.attempts') > current_setting('fake.good', true)::int THEN RAISE 'not now'; END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER fail BEFORE INSERT OR UPDATE ON company_backup.table_rule FOR EACH ROW EXECUTE FUNCTION fake.fail();
SQL
propose($foo, $outbox);
{
	local $ENV{PGOPTIONS} = "$ENV{PGOPTIONS} -c fake.good=2";    # it is tried twice
	($code, $out, $err) = run_client('init', '--accept', 'confident');
}
is $code, 1, 'a statement fails when it is applied';
like $err, qr/^Nothing was applied\.\nERROR:  not now\nSTATEMENT:  SELECT public\.set_table_rule\('public\.outbox'/m, '... says which';
is rules(), 'company:company', '... none is applied';
is_deeply [glob "$dir/{,.}*.sql*"], [], '... no file';
sql('DROP FUNCTION fake.fail() CASCADE');

# init with questions ----------------------------------------------------------------------------------

forget_all();
propose(
	["SELECT public.set_company_table('public.users', name_column => 'email');", 'likely', 'wrong', $no_company],
	[$company, 'guess', "a\nname\e[2J", $no_company],
	map { [@$_[0 .. 2], "NOT ($no_company) AND " . ($_->[3] // 'true')] } $outbox, $users, $baz, [@$foo[0], 'likely', @$foo[2, 3]], $bar, $size);

at_terminal("q\n");
is $code, 1, 'init: given up at once';
like $shown, qr/^No company table has been chosen\.$/m, '... says what is missing';
like $shown, qr/^  1  SELECT public\.set_company_table\('public\.users'.*^     likely: wrong\n  2  SELECT public\.set_company_table\('public\.company'/ms,
  '... candidates for the company table, with their evidence';
like $shown, qr/guess: a\\nname\\x1b\[2J$/m, '... which is nothing but text';
is rules(), '', '... nothing is applied';

at_terminal(join "\n", '9', 'nothing_there', 'SELECT 1', '2', 'l', 'y', 'y', 'a', 'y', '', 'x', 'no', 'maybe', 'no', '');
like $shown, qr/relation "nothing_there" does not exist\n.* key_column => /, 'init: a table that is not there';
like $shown, qr/^\d+ tables: .*\b2 travel with their company/m, '... what belongs to companies';
like $shown, qr/^Columns that are only data \(likely\): 2 questions$/m, '... questions are grouped';
like $shown, qr/^1\/2  SELECT public\.set_column_rule\('public\.item', 'baz_id', 'data'\);\n     likely: values$/m, '... with their evidence';
unlike $shown, qr{^2/2 }m, '... all of a group at once';
like $shown, qr/Tables that stay behind.*People.*Columns that are only data/s, '... in the order of the proposals';
like $shown, qr/Looking at what is open now.*'bar_id'/s, '... a second round asks what the first one has brought up';
like $shown, qr/  e  edit/, '... help';
is $code, 1, '... not applied: exit code';
like $shown, qr/Nothing was changed\.$/m, '... says so';
is rules(), '', '... nothing is applied';
is_deeply [glob "$dir/*.sql*"], [], '... no file';

my @answers = ('2', 'n', 'e', q{SELECT set_table_rule('users',}, q{'gone');}, 'e', 'DROP TABLE victim;', 'e', 'SELECT (1); DROP TABLE victim; SELECT (1);',
	'e', q{SELECT set_table_rule('users',}, q{'people', 'by hand', match_columns => '{email}');}, 's', 'y', 'n', 's', 'y', 'y', 'y');
at_terminal(join("\n", @answers, 'file', ''));
is $code, 1, 'init, only the file: exit code';
is rules(), '', '... nothing is applied';
is sql("SELECT to_regclass('victim')"), 'victim', '... nor what is no rule';
like $shown, qr/Only one call of a function that sets rules/, '... says why';
like $shown, qr/1 question was skipped\. Ask again\?/, '... skipped questions come again';
my $file = slurp($default);
like $file, qr/^-- by hand\nSELECT set_table_rule\('users',\n'people', 'by hand', match_columns => '\{email\}'\);$/m, '... a statement of the user';
like $file, qr/baz_id.*foo_id|foo_id.*baz_id/s, '... what was accepted at once and later';
unlike decode('UTF-8', $file), qr/outbox|größe|gone/, '... nothing else';
is +(psql_file($default, '-v ON_ERROR_STOP=1'))[0], 0, '... which can be run';
is rules(), 'company:company item.bar_id:data item.baz_id:data item.foo_id:data users:people', '... and sets them';

at_terminal("y\ny\nyes\nadd\n");
is $code, 0, 'init once more, all answered: settled' or diag $shown, $err;
like $shown, qr/The scope is settled.*Applied 2 statements/s, '... says so';
like slurp($default), qr/\A\Q$file\E\n-- Rules of/, '... added to the file';
is rules(), bytes('company:company item.bar_id:data item.baz_id:data item.foo_id:data item.größe_id:data outbox:excluded users:people'), '... applied';
at_terminal('');
is $code, 0, 'init of a settled scope: nothing to ask';

forget_all();
sql($company);
spew('old.sql', "-- old\n");
mkdir 'folder' or die $!;
at_terminal("y\ny\ny\ny\ny\ny\nyes\nno\nmissing/new.sql\nfolder/new.sql\n", '-o', 'old.sql');
is $code, 0, 'init with -o' or diag $shown;
is slurp('old.sql'), "-- old\n", '... overwrites nothing without asking';
like $shown, qr/could not create file "missing\/new\.sql"/, '... asks again where it cannot write';
like slurp('folder/new.sql'), qr/COMMIT;\n\z/, '... writes where it was told';
forget_all();
sql($company);
at_terminal("y\ny\ny\ny\ny\ny\nyes\nyes\n", '-o', 'folder/new.sql');
is $code, 0, 'init overwrites when it is told to';
unlike slurp('folder/new.sql'), qr/set_company_table/, '... all of it';
forget_all();
sql($company);
at_terminal("y\ny\ny\ny\ny\ny\n", '-o', 'folder/new.sql', '--yes');
is $code, 0, 'init --yes asks no more than the questions';
like rules(), qr/users:people/, '... and applies';

# A name that commands a terminal, and ends a line.

forget_all();
sql($company);
my $name = "odd\e[2J\n\x{2028}'; DROP TABLE victim; --";
sql(bytes(qq(CREATE TABLE "$name" (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company))));
my $quoted = $name =~ s/'/''/gr;
propose([qq(SELECT public.set_table_rule('public."$quoted"', 'excluded', '$quoted')), 'likely', $name, no_table_rule($quoted)]);
at_terminal("l\ny\nyes\n");
unlike decode('UTF-8', $shown), qr/[\x00-\x09\x0b-\x1f\x7f-\x9f\x{2028}]/, 'a strange name: nothing but text on the terminal';
like rules(), qr/odd/, '... its rule is applied';
like slurp($default), qr/^SELECT public\.set_table_rule\(U&'public\."odd\\001b\[2J/m, '... and can be applied again';
sql("DELETE FROM company_backup.table_rule");
is +(psql_file($default, '-v ON_ERROR_STOP=1'))[0], 0, '... by psql';
like rules(), qr/odd/, '... to the same table';
is sql("SELECT to_regclass('victim')"), 'victim', '... and nothing else happens';
sql(bytes(qq(DROP TABLE "$name"; DELETE FROM company_backup.table_rule)));
propose($outbox, $users, $baz, [@$foo[0], 'likely', @$foo[2, 3]], $bar, $size);

# Interrupted, or alone --------------------------------------------------------------------------------

# Types the answers one by one, each when the terminal shows what is waited for; then `then` happens. The end of the input
# is not the end of the answers. Gives the exit code and what was shown.
sub step_by_step {
	my ($then, @steps) = @_;
	local $SIG{INT} = 'DEFAULT';    # where the tests run in the background it is ignored, also by what they start
	spew('command', "trap : INT\n'${\ client_path()}' init 2>stderr\necho ended \$?\n");
	open my $keys, '|-', 'script', '-qfc', 'sh command', 'typescript' or die $!;
	$keys->autoflush(1);
	my $seen = 0;
	my $screen = sub { return -e 'typescript' ? substr slurp('typescript'), $seen : '' };
	while (my ($wanted, $answer) = splice @steps, 0, 2) {
		wait_for("\"$wanted\" on the terminal", sub { $screen->() =~ /$wanted/ });
		$seen += length $screen->();
		if (defined $answer) { print {$keys} $answer } else { $then->() }
	}
	wait_for('the end of init', sub { $screen->() =~ /ended \d/ });
	close $keys;
	my $all = slurp('typescript') =~ s/\r//gr;
	unlink 'typescript';
	my ($status) = $all =~ /^ended (\d+)$/m;
	return ($status, $all);
}

my $of_client = q(FROM pg_stat_activity WHERE application_name = 'company-backup' AND datname = current_database());
my ($status, $all);
forget_all();
sql($company);
open my $devnull, '>&', \*STDOUT or die $!;
open STDOUT, '>', '/dev/null' or die $!;    # what script repeats
my $thinking = '';
($status, $all) = step_by_step(sub { $thinking = sql("SELECT state, xact_start $of_client"); sql("SELECT pg_terminate_backend(pid) $of_client") },
	'help: ' => "y\n", 'help: ' => "y\n", 'help: ' => undef, '(?:)' => "a\n", 'help: ' => "y\n");
my $kept = "$default.answers";
# What is there after it, and then no longer.
sub left_behind {
	my %left = (status => $status, err => slurp('stderr'), rules => rules(), files => [glob "$dir/{,.}*.sql*"], answers => slurp($kept));
	unlink $kept;
	return %left;
}
my %lost = left_behind();
spew('kept.answers', $lost{answers});
($status, $all) = step_by_step(sub {}, 'help: ' => "y\n", 'help: ' => "\x03");
my %stopped = left_behind();
($status, $all) = step_by_step(sub {}, 'help: ' => "y\n", 'help: ' => "q\n", 'Apply 1 statement\?' => "\x03");
my %late = left_behind();
# Others set rules while somebody thinks: one that is answered here, too, one that is not, and one that is gone.
sql("SELECT set_column_rule('public.item', 'bar_id', 'data')");
($status, $all) = step_by_step(
	sub { sql("SELECT set_table_rule('public.users', 'company', 'as Ann says'), set_column_rule('public.item', 'foo_id', 'data'), set_column_rule('public.item', 'bar_id', 'auto')") },
	'help: ' => "y\n", 'help: ' => "y\n", 'help: ' => "q\n", 'Apply 2 statements\?' => undef, '(?:)' => "yes\n");
my %overtaken = left_behind();
sql("DELETE FROM company_backup.table_rule; DELETE FROM company_backup.column_rule");
open STDOUT, '>&', $devnull or die $!;

is $overtaken{status}, 1, 'rules that others have set meanwhile: exit code';
like $overtaken{err}, qr/nothing was applied: somebody else has set rules meanwhile/, '... says so';
like $overtaken{err}, qr/^DETAIL:  no longer: public\.item\.bar_id: data\nnew: public\.item\.foo_id: data\nnew: public\.users: company, reason 'as Ann says'$/m, '... which ones';
is $overtaken{rules}, 'company:company item.foo_id:data users:company', '... and they stay';
like $overtaken{answers}, qr/public\.users/, '... the answers are kept';

is $thinking, 'idle|', 'while somebody thinks, nothing is held';
is $lost{status}, 1, 'a lost connection: exit code';
like $lost{err}, qr/the connection to the server was lost|terminating connection/, '... says so';
is $_->{rules}, 'company:company', "$_->{err} nothing is applied" for \%lost, \%stopped, \%late;
is_deeply $_->{files}, ["$dir/company_backup_rules.sql.answers"], "$_->{err} but what was answered is kept" for \%lost, \%stopped, \%late;
like $_->{err}, qr/answers are in file "company_backup_rules\.sql\.answers"/, '... which is said' for \%lost, \%stopped, \%late;
is scalar(() = $lost{answers} =~ /^SELECT /mg), 5, '... all of it';
is $_->{status}, 1, 'Ctrl-C: exit code' for \%stopped, \%late;
like $_->{err}, qr/interrupted/, 'Ctrl-C: says so' for \%stopped, \%late;

# What was answered is taken up by the next one, or can be run.

is +(psql_file('kept.answers', '-v ON_ERROR_STOP=1'))[0], 0, 'the answers kept: psql runs them';
like rules(), qr/outbox:excluded users:people/, '... and they are applied';
forget_all();
sql($company);
copy('kept.answers', $kept) or die $!;
at_terminal("maybe\nyes\nq\nyes\n");
like $shown, qr/has 5 answers of an init that did not come to its end/, 'init finds them';
unlike $shown, qr/set_table_rule/, '... and asks none of that again';
like rules(), qr/outbox:excluded users:people/, '... applies them in the end';
ok !-e $kept, '... and keeps them no longer';
like slurp($default), qr/^-- likely: a name\nSELECT public\.set_table_rule\('public\.users'/m, '... with their evidence';
forget_all();
sql($company);
copy('kept.answers', $kept) or die $!;
at_terminal("no\ny\nq\nno\n");
like $shown, qr/set_table_rule/, 'or begins anew';
ok !-e $kept, '... without them';

# check --ci -------------------------------------------------------------------------------------------

($code, $out) = run_client('check', '--ci');
is $code, 1, 'check --ci: errors';
like $out, qr/^error  public\.item\.foo_id: /m, '... each on a line';
like $out, qr/^SELECT public\.set_column_rule\('public\.item', 'foo_id', 'data'\);  -- likely$/m, '... the statements';
like $out, qr/^Undecided: \d+ errors\b/m, '... how many';
is_deeply [sort keys %{ decode_json((run_client('check', '--ci', '--json'))[1]) }], ['scope', 'statements'], 'check --ci --json';
is ((run_client('check', '--ci', 'acme'))[0], 2, 'check --ci of a company: wrong usage');

# What the extension itself proposes, on an empty database, as after a migration.

new_database('init_migrated');
my $schema = <<'SQL';
CREATE TABLE company (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE customer (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company, name text);
CREATE TABLE users (id int PRIMARY KEY, email text UNIQUE NOT NULL);
CREATE TABLE member (company_id int NOT NULL REFERENCES company, user_id int NOT NULL REFERENCES users, PRIMARY KEY (company_id, user_id));
CREATE TABLE outbox (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company);
CREATE TABLE invoice (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customer, sent_by_user_id int);
SQL
sql($schema);
($code, $out, $err) = run_client('check', '--ci');
is $code, 1, 'check --ci: no company table';
like $out, qr/set_company_table\('public\.company'/, '... what is proposed';
like $err, qr/no company table has been set/, '... says so';
at_terminal("1\n" . "a\n" x 30 . "yes\nyes\n");
is $code, 0, 'init, all accepted: settled' or diag $shown, $err;
like $shown, qr/set_company_table\('public\.company'/, '... began with the company table';
($code, $out) = run_client('check', '--ci');
is $code, 0, 'check --ci: settled' or diag $out;
like $out, qr/^The scope is settled/, '... says so';
sql('CREATE TABLE order_note (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company, author_id int)');
($code, $out) = run_client('check', '--ci');
is $code, 1, 'check --ci after a migration: an error';
like $out, qr/^error  public\.order_note\.author_id: .*\nSELECT .*'author_id'.*  -- \w+\nUndecided: 1 error\b.*\n\z/m, '... what it has added, and what settles it';
at_terminal("n\n");
is $code, 1, 'init, not accepted: errors are left';
my $rules_file = slurp($default);
new_database('init_other');
sql($schema);
is +(psql_file($default, '-v ON_ERROR_STOP=1'))[0], 0, 'the file, in another database';
($code, $out) = run_client('check', '--ci');
is $code, 0, '... settles it there' or diag $out;

chdir '/';
done_testing;
