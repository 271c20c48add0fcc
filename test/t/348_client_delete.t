# Deletions with the client: a company with its report, a row, where a row is stored; and the jobs that do such things.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use IPC::Open2 qw(open2);
use JSON::PP qw(decode_json);
use Test::More;

use ClientTest qw(works fails $code $out $err run_client client_path spew slurp work_dir);
use ServerTest qw(new_database sql session wait_for);

new_database('client_delete');
sql(<<'SQL');
CREATE TABLE company (id text PRIMARY KEY, name text NOT NULL);
CREATE TABLE item (id int PRIMARY KEY, company_id text NOT NULL REFERENCES company, name text NOT NULL);
CREATE TABLE review (id int PRIMARY KEY, company_id text NOT NULL REFERENCES company, item_id int REFERENCES item);
INSERT INTO company SELECT 'c' || n, 'Company ' || n FROM generate_series(1, 10) n;
INSERT INTO item SELECT n, 'c' || 1 + n % 10, 'item ' || n FROM generate_series(1, 100) n;
SELECT set_company_table('company', identity_columns => '{}');
SQL
my $dir = work_dir();
# The client at a terminal, where a person waits for each question before answering; gives the exit code and what the
# terminal showed.
sub dialog {
	my ($answers, @arguments) = @_;
	my $command = join ' ', map { "'" . s/'/'\\''/gr . "'" } client_path(), @arguments;
	spew("$dir/command", "$command >$dir/stdout 2>$dir/stderr\n");
	local $SIG{INT} = 'DEFAULT';    # where the tests run in the background it is ignored, also by what they start
	my $pid = open2(my $screen, my $keys, 'script', '-qec', "sh $dir/command", '/dev/null');
	my $shown = '';
	for (@$answers) {
		my ($question, $answer) = @$_;
		while ($shown !~ $question) { last unless sysread $screen, $shown, 4096, length $shown }
		syswrite $keys, $answer;
	}
	while (sysread $screen, $shown, 4096, length $shown) { }
	waitpid $pid, 0;
	return ($? >> 8, $shown =~ s/\r//gr);
}
sub companies { return sql(q(SELECT string_agg(id, ' ' ORDER BY id) FROM company)) }

# delete

my $all = companies();
fails('delete of a company that is none', qr/^ERROR:  company "c99" does not exist\n/, 'delete-company', 'c99', '--confirm-name', 'x');
fails('delete with another name', qr/^ERROR:  confirm_name is not the name of the company\n/, 'delete-company', 'c1', '--confirm-name', 'company 1');
is companies(), $all, '... deletes nothing';
is works('delete', 'delete-company', 'c1', '--confirm-name', 'Company 1', '--actor', 'ann'), <<'TEXT', 'delete: the report';
what     object                    row_count  note
-------  ------------------------  ---------  -----------------------------------------------------------
removed  public.company                    1  rows of the company
removed  public.item                      10  rows of the company
removed  public.review                     0  rows of the company
left     public.company                    0  by its route: id
left     public.item                       0  by its route: item_company_id_fkey
left     public.review                     0  by its route: review_company_id_fkey
left     public.item.company_id            0  holds the company's key: foreign key item_company_id_fkey
left     public.review.company_id          0  holds the company's key: foreign key review_company_id_fkey
TEXT
is $err, "Company c1 was deleted. Report of deletion 1:\n", '... and which one it is of';
is sql('SELECT company, actor FROM company_deletions()'), 'c1|ann', '... on record';
is companies(), $all =~ s/c1 //r, '... the company is gone';
my $json = decode_json(works('delete --json', 'delete-company', 'c2', '--confirm-name', 'Company 2', '--final-backup', '--json'));
is $json->{deletion}, 2, 'delete --json: its number';
is_deeply [grep { $_->{what} eq 'removed' && $_->{object} eq 'public.item' } @{ $json->{report} }],
  [{what => 'removed', object => 'public.item', row_count => 10, note => 'rows of the company'}], '... and its report';
is sql(q(SELECT origin FROM company_backups('c2'))), 'final', '... --final-backup: it has a backup';
# A guard that lets the company be deleted, and does not show the report.
sql(q(SELECT set_company_guard_query($$SELECT NOT ($4 ? 'deletion')$$)));
fails('delete without its report', qr/^Company c9 was deleted\. Report of deletion 3:\nERROR:  /, 'delete-company', 'c9', '--confirm-name', 'Company 9');
unlike companies(), qr/c9/, '... the company is gone';
sql('SELECT set_company_guard(NULL)');
chomp(my $kept = works('backup', 'backup', 'c3'));
works('delete --erase', 'delete-company', 'c3', '--confirm-name', 'Company 3', '--erase');
is sql("SELECT count(*) FROM company_backup.tombstone"), 1, '... --erase: it is erased';

# delete: at a terminal

SKIP: {
	skip 'no script(1)', 14 unless grep { -x "$_/script" } split /:/, $ENV{PATH};
	my $ask = qr/Type the company's name, exactly as it is, to delete company c4: /;
	my ($exit, $shown) = dialog([[$ask => "Company 5\n"]], 'delete-company', 'c4');
	is $exit, 1, 'delete with another name at the terminal: exit code';
	like slurp("$dir/stderr"), qr/^ERROR:  confirm_name is not the name/, '... says so';
	($exit, $shown) = dialog([[$ask => "\n"]], 'delete-company', 'c4');
	like slurp("$dir/stderr"), qr/nothing was deleted: no name was typed/, 'delete with no name';
	($exit, $shown) = dialog([[$ask => "\x03"]], 'delete-company', 'c4');
	like slurp("$dir/stderr"), qr/interrupted/, '... says so';
	like companies(), qr/c4/, '... the company is there';
	($exit, $shown) = dialog([[$ask => "Company 4\n"]], 'delete-company', 'c4', '--erase');
	is $exit, 0, 'delete at the terminal: done';
	like $shown, qr/^area +table_name +removed +changed +kept\n.*^public +public\.item +10 +0 +0\n.*No backup brings anything of it back\. Type/ms, '... after a preview';
	like slurp("$dir/stdout"), qr/^removed +public\.item +10/m, '... with a report';
	unlike companies(), qr/c4/, '... the company is gone';

	sql(q(INSERT INTO review SELECT 1, 'c6', min(id) FROM item WHERE company_id = 'c5'));
	($exit, $shown) = dialog([], 'delete-company', 'c5');
	is $exit, 1, 'delete with something in the way: does not ask';
	like $shown, qr/in_the_way/, '... but shows what';
	like slurp("$dir/stderr"), qr/nothing was deleted: something stands in the way/, '... and says so';
	sql('DELETE FROM review');
}

# delete: a proof

sql(<<'SQL');
CREATE FUNCTION knows(company text, actor text, proof text) RETURNS boolean LANGUAGE sql AS $$ SELECT proof = 's3cret word ' $$;
SELECT set_reauthentication('public.knows');
SQL
fails('delete without a proof', qr/^ERROR:  .*\n/, 'delete-company', 'c5', '--confirm-name', 'Company 5');
fails('delete with an empty proof', qr/^ERROR:  /, 'delete-company', 'c5', '--confirm-name', 'Company 5', '--proof-file', spew("$dir/proof", ''));
fails('delete with a proof that nobody can type', qr/nothing was deleted: there is no terminal to ask for the proof on\nHINT: /,
	'delete-company', 'c5', '--confirm-name', 'Company 5', '--proof');
works('delete --proof-file', 'delete-company', 'c5', '--confirm-name', 'Company 5', '--proof-file', spew("$dir/proof", "s3cret word \n"));
unlike companies(), qr/c5/, '... the company is gone';
is system("printf 's3cret word ' | '" . client_path() . "' delete-company c6 --confirm-name 'Company 6' --proof-file - >/dev/null 2>&1"), 0, 'delete with a proof from standard input';
SKIP: {
	skip 'no script(1)', 4 unless grep { -x "$_/script" } split /:/, $ENV{PATH};
	my ($exit, $shown) = dialog([[qr/Proof: / => "wrong\n"]], 'delete-company', 'c7', '--confirm-name', 'Company 7', '--proof');
	is $exit, 1, 'delete with a wrong proof: exit code';
	($exit, $shown) = dialog([[qr/to delete company c7: / => "Company 7\n"], [qr/Proof: / => "s3cret word \n"]], 'delete-company', 'c7', '--proof');
	is $exit, 0, 'delete with a typed proof: done' or diag slurp("$dir/stderr");
	unlike $shown, qr/s3cret/, '... it is not shown';
	unlike companies(), qr/c7/, '... the company is gone';
}
sql('SELECT set_reauthentication(NULL)');

# erase-record, find-in-backups

my $item = sql(q(SELECT min(id) FROM item WHERE company_id = 'c8'));
is works('find-in-backups of nothing', 'find-in-backups', 'item', $item), "No backup holds the row.\n", 'find-in-backups of nothing: says so';
chomp(my $backup = works('backup', 'backup', 'c8', '--label', 'before'));
is works('erase-record', 'erase-record', 'public.item', $item, '--reason', 'asked', '--actor', 'ann'), "The row is erased.\n", 'erase-record: says so';
is sql("SELECT count(*) FROM item WHERE id = $item"), 0, '... the row is gone';
is sql('SELECT reason, actor FROM company_backup.tombstone ORDER BY id DESC LIMIT 1'), 'asked|ann', '... with why and who';
is works('erase-record again', 'erase-record', 'item', $item), "The row was not there. It is erased: no backup brings it back.\n", 'erase-record again: says so';
is_deeply decode_json(works('erase-record --json', 'erase-record', 'item', $item, '--json')), {target => 'item', key => "$item", was_there => JSON::PP::false}, 'erase-record --json';
like works('find-in-backups', 'find-in-backups', 'item', $item), qr/\Abackup +company +label +origin +created_at *\n[- ]+\n *$backup +c8 +before +manual +\S.*\n\z/, 'find-in-backups: a table';
is decode_json(works('find-in-backups --json', 'find-in-backups', 'item', $item, '--json'))->[0]{backup}, $backup, 'find-in-backups --json';
fails('erase-record of a table that is none', qr/^ERROR:  relation "nothing" does not exist/, 'erase-record', 'nothing', '1');
fails('find-in-backups with a key that is none', qr/^ERROR:  invalid input syntax for type integer/, 'find-in-backups', 'item', 'x');

# jobs, cancel-job

is works('jobs of nothing', 'jobs'), "There are no jobs.\n", 'jobs of nothing: says so';
my $blocker = session();
$blocker->run('BEGIN; LOCK TABLE item');
my $job = sql(q(SELECT start_job('backup', 'c8')));
wait_for('it to wait', sub { sql("SELECT phase FROM company_jobs() WHERE id = $job") eq 'waiting' });
like works('jobs', 'jobs', 'c8'), qr/\Aid +action +company +state +phase +.*\n[- ]+\n *$job +backup +c8 +running +waiting +/, 'jobs: a table';
is works('jobs of another company', 'jobs', 'c10'), "There are no jobs.\n", 'jobs of another company: none';
is works('cancel-job', 'cancel-job', $job), '', 'cancel-job: silent';
sql("SELECT wait_for_job($job)");
$blocker->run('ROLLBACK');
my ($cancelled) = @{ decode_json(works('jobs --json', 'jobs', '--json')) };
is_deeply [@$cancelled{qw(id state sqlstate hint)}], [$job, 'cancelled', '57014', undef], 'jobs --json: all of it';
($code, $out, $err) = run_client('cancel-job', $job);
is "$code $out$err", "1 Job $job has ended already.\n", 'cancel-job of one that has ended: says so';
($code, $out) = run_client('cancel-job', $job, '--json');
is_deeply [$code, decode_json($out)], [1, {job => $job + 0, cancelled => JSON::PP::false}], 'cancel-job --json';
fails('cancel-job of none', qr/^ERROR:  job 12345 does not exist\n/, 'cancel-job', '12345');

done_testing();
