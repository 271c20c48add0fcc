# The README's quick start, guard and wrapper, run as they are written there: every command succeeds, and
# where an answer is shown, it is the answer.
use strict;
use warnings;

use File::Basename qw(dirname);
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use ClientTest qw(client_path slurp spew work_dir);

my $readme = slurp("$FindBin::Bin/../../README.md");
my ($text) = $readme =~ /^(## Quick start.*?)^## Reference/ms or die 'no quick start in the README';

# The code blocks, as [language, text].
my @blocks;
push @blocks, [$1, $2] while $text =~ /^```(\w*)\n(.*?)^```$/gms;

chdir work_dir() or die $!;
$ENV{PATH} = dirname(client_path()) . ":$ENV{PATH}";
delete @ENV{qw(PGDATABASE PGOPTIONS)};    # notices are shown, too

# What a shell or psql says, without psql's empty lines and blanks at ends of lines.
sub output_of {
	my ($command) = @_;
	spew('command', "exec 2>&1\n$command\n");
	my $output = qx(bash command);
	$output =~ s/[ \t]+$//mg;
	$output =~ s/\n\n+/\n/g;
	return ($? >> 8, $output);
}

# On a terminal, where somebody types the word that is asked for; its echo may come at any time.
sub typed_output_of {
	my ($command) = @_;
	spew('command', "$command\n");
	spew('typed',   "RESTORE\n");
	my $output = qx(script -qec 'bash command' /dev/null <typed);
	$output =~ s/\r//g;
	$output =~ s/RESTORE\n//g;
	return $output;
}

sub run_as_written {
	my ($command, $shown) = @_;
	if ($command =~ /^export (\w+)=(\w+)$/) {
		$ENV{$1} = $2;
		return;
	}
	if ($shown =~ s/^(Type RESTORE .*: )RESTORE\n/$1/m) {
		is typed_output_of($command), $shown, $command;
		return;
	}
	my ($code, $output) = output_of($command);
	if ($shown eq '') {
		is $code, 0, $command or diag $output;
	} else {
		is $output, $shown, $command;
	}
}

# What the text tells a person to do with the proposed rules.
sub edit_rules {
	my ($reference) = $text =~ /^`(SELECT set_reference\(.*\);)`$/m   or die 'no better rule in the README';
	my ($company)   = $text =~ /"(SELECT set_company_table\('company'.*\))"/ or die 'no step 1 in the README';
	my $rules = slurp('rules.sql');
	$rules =~ s/^.*'sent_by_user_id', 'data'.*$/$reference/m or die "what is proposed:\n$rules";
	spew('rules.sql', "$company;\n$rules");
}

# Statements of the application's role, and what psql answers.
sub as_application {
	my ($statements) = @_;
	spew('statements.sql', $statements);
	my (undef, $output) = output_of("PGOPTIONS='-c role=shop_app' psql -Xq < statements.sql");
	return $output;
}

my $refusal;
for my $block (@blocks) {
	my ($language, $body) = @$block;
	if ($body =~ /^CREATE TABLE unit /) {
		spew('schema.sql', $body);
	} elsif ($body =~ /^INSERT INTO unit /) {
		spew('data.sql', $body);
	} elsif ($language eq 'sql') {
		output_of('createuser shop_app') if $body =~ /TO shop_app;/;
		spew('statements.sql', $body);
		my ($code, $output) = output_of('psql -Xq -v ON_ERROR_STOP=1 -f statements.sql');
		is $code, 0, (split /\n/, $body)[0] or diag $output;
	} elsif ($body =~ /^\$ /) {
		while ($body =~ /^\$ (.*)\n((?:(?!\$ ).*\n)*)/gm) {
			my ($command, $shown) = ($1, $2);
			run_as_written($command, $shown);
			edit_rules() if $command =~ /> rules\.sql/;
		}
	} elsif ($body =~ /^SET app/) {
		my $statements = join "\n", $body =~ /^((?:SET|SELECT) .*;)$/mg;
		(my $answers = $body) =~ s/^(?:SET|SELECT) .*;\n|^\n//mg;
		is as_application($statements), $answers, 'the wrapper, called by the application';
	} else {
		# What the wrapper is for; from here on, every backup is made under row-level security.
		$refusal = $body;
		output_of('psql -c "ALTER TABLE customer ENABLE ROW LEVEL SECURITY"');
	}
}

# After the wrapper, so that the backups have the numbers that a reader sees.
output_of('createuser reader; psql -c "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader"'
	  . q( -c "SELECT grant_company_backup('reader')"));
my (undef, $output) = output_of(q(PGOPTIONS='-c role=reader' psql -Xc "SELECT backup_company('1', actor => '1')"));
is $output, $refusal, 'a role under row-level security is refused';

output_of('dropdb shop; dropdb other; dropuser shop_app; dropuser shop_backup; dropuser reader');
cmp_ok scalar(@blocks), '>=', 12, 'all blocks were there';
done_testing;
