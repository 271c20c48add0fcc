# The command line itself: help, version, wrong usage, exit codes. No server is needed.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use ClientTest qw(run_client work_dir spew);

my @SERVER_COMMANDS =
  qw(check rules contents backup list export import compare-schema preview restore restores keep revert create clone plan template delete delete-company
  find-in-backups erase-record jobs cancel-job);
my @FILE_COMMANDS = qw(inspect verify);

delete $ENV{$_} for grep { /^PG/ } keys %ENV;
$ENV{PGHOST} = work_dir();    # an empty folder: no server answers there

sub usage_error {
	my ($name, $pattern, @arguments) = @_;
	my ($code, $out, $err) = run_client(@arguments);
	is $code, 2, "$name: exit code 2";
	is $out, '', "$name: nothing on stdout";
	like $err, $pattern, "$name: says what is wrong";
	like $err, qr/^Try "company-backup .*--help"\.$/m, "$name: says where to read more";
}

my ($code, $out, $err) = run_client('--version');
is $code, 0, '--version: exit code';
like $out, qr/^company-backup \d+\.\d+(\.\d+)?\n\z/, '--version: name and number';

($code, $out, $err) = run_client('--help');
is $code, 0, '--help: exit code';
is $err, '', '--help: nothing on stderr';
like $out, qr/^  \Q$_\E {2,}\w/m, "--help names $_" for @SERVER_COMMANDS, @FILE_COMMANDS;

for my $command (@SERVER_COMMANDS, @FILE_COMMANDS) {
	($code, $out, $err) = run_client($command, '--help');
	is $code, 0, "$command --help: exit code";
	like $out, qr/^Usage: company-backup $command\b/m, "$command --help: usage";
	my @examples = $out =~ /^Example: company-backup $command\b/mg;
	is scalar @examples, 1, "$command --help: one example";
	is_deeply [grep { length > 100 } split /\n/, $out], [], "$command --help: lines are short";
}
for my $command (@SERVER_COMMANDS) {
	($code, $out) = run_client($command, '--help');
	like $out, qr/-h,--host HOST/, "$command --help: connection options";
}
for my $command (@FILE_COMMANDS) {
	($code, $out) = run_client($command, '--help');
	unlike $out, qr/--host/, "$command --help: no connection options";
}

usage_error('no command', qr/a command is required/);
usage_error('unknown command', qr/unknown command or option "fly"/, 'fly');
usage_error('unknown option', qr/--fly/, 'list', '--fly');
usage_error('missing company', qr/COMPANY is required/, 'backup');
usage_error('argument too many', qr/\bb\b/, 'contents', 'a', 'b');
usage_error('backup that is no number', qr/"x" is not the ID of a backup/, 'delete', 'x');
usage_error('backup zero', qr/"0" is not the ID of a backup/, 'export', '0');
usage_error('backup with a fraction', qr/"1.5" is not the ID/, 'export', '1.5');
usage_error('backup beyond bigint', qr/is not the ID/, 'export', '9223372036854775808');
usage_error("unknown mode of $_", qr/sideways/, $_, 'acme', '1', '--mode', 'sideways') for qw(preview restore);
usage_error("$_ without a backup", qr/BACKUP is required/, $_, 'acme') for qw(preview restore);
usage_error("$_ without a restore", qr/RESTORE is required/, $_) for qw(keep revert);
usage_error("$_ of no number", qr/"x" is not the ID of a restore/, $_, 'x') for qw(keep revert);
usage_error('restores of two companies', qr/\bzeta\b/, 'restores', 'acme', 'zeta');
usage_error('unknown on-error', qr/maybe/, 'backup', 'acme', '--on-error', 'maybe');
usage_error('unknown ids', qr/none/, 'create', '1', '--ids', 'none');
usage_error('attribute without value', qr/has the form column=value, not "name"/,
	'create', '1', '--set', 'name');
usage_error('attribute without name', qr/has the form column=value/, 'create', '1', '--set', '=x');
usage_error('export of nothing', qr/BACKUP, --company or --token is required/, 'export');
usage_error('export of two things', qr/excludes/, 'export', '1', '--company', 'acme');
usage_error('files of a stored backup', qr/requires --company/, 'export', '1', '--include-files');
usage_error('unknown confidence', qr/guess/, 'init', '--accept', 'guess');
usage_error('-w and -W', qr/excludes/, 'list', '-w', '-W');
usage_error('verify without a file', qr/FILE is required/, 'verify');

for my $arguments (
	['check'], ['check', '--ci'], ['rules'], ['init', '--accept', 'confident'], ['contents', 'acme'], ['backup', 'acme'], ['list'], ['export', '1'],
	['preview', 'acme', '1'], ['restore', 'acme', '1', '--yes'], ['restores'], ['keep', '1'], ['revert', '1'],
	['create', '1'], ['create', '--template', 'shop'], ['clone', 'acme'], ['plan', 'acme', '1'], ['plan', '--new', '1'],
	['template', 'list'], ['template', 'publish', '1', 'shop'], ['template', 'drop', 'shop'], ['delete', '1'],
	['delete-company', 'acme', '--confirm-name', 'Acme'], ['find-in-backups', 'item', '1'], ['erase-record', 'item', '1'], ['jobs'], ['cancel-job', '1'])
{
	($code, $out, $err) = run_client(@$arguments);
	is $code, 1, "@$arguments: exit code 1 without a server";
	is $out, '', "@$arguments: nothing on stdout";
	like $err, qr/^company-backup: error: connection to server .* failed: /, "@$arguments: says why";
}

($code, $out, $err) = run_client('restore', 'acme', '1');
is $code, 1, 'restore without a terminal and without --yes: exit code';
is $err, "company-backup: error: nothing was restored: there is no terminal to ask on\n"
  . "HINT:  Give --yes to restore without being asked.\n", '... says so, before it connects';

usage_error('delete without a company', qr/COMPANY is required/, 'delete-company');
usage_error('delete that erases what it keeps', qr/excludes/, 'delete-company', 'acme', '--erase', '--final-backup');
usage_error('delete with two proofs', qr/excludes/, 'delete-company', 'acme', '--proof', '--proof-file', '-');
usage_error('a proof on the command line', qr/s3cret/, 'delete-company', 'acme', '--proof', 's3cret');
usage_error('job that is no number', qr/"x" is not the ID of a job/, 'cancel-job', 'x');
usage_error("$_ without a key", qr/KEY is required/, $_, 'item') for qw(find-in-backups erase-record);
($code, $out, $err) = run_client('delete-company', '1');
is $code, 1, 'delete-company without a terminal and without --confirm-name: exit code';
is $err, "company-backup: error: nothing was deleted: there is no terminal to ask on\n"
  . "HINT:  Give --confirm-name to delete a company without being asked.\n",
  '... says so, before it connects';

my ($before) = (run_client('-h', work_dir(), 'list'))[2];
like $before, qr/connection to server/, 'connection options may stand before the command';

my $dir = work_dir();
($code, $out, $err) = run_client('export', '1', '-o', "$dir/new.tar.gz");
is $code, 1, 'export without a server: exit code';
opendir my $handle, $dir or die $!;
is_deeply [grep { !/^\.\.?$/ } readdir $handle], [], 'export without a server leaves nothing behind';

($code, $out, $err) = run_client('import', "$dir/missing.tar.gz");
is $code, 1, 'import of a missing file: exit code';
like $err, qr/could not open file "\Q$dir\E\/missing.tar.gz": /, 'import of a missing file: says so';

done_testing();
