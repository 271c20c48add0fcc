# The examples of the README, docs/REFERENCE.md and docs/APPLICATION.md, run as they are written there, in this order
# and in one database: every command succeeds, and where an answer is shown, it is the answer.
use strict;
use warnings;

use File::Basename qw(dirname);
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use ClientTest qw(client_path slurp spew work_dir);

my $root = "$FindBin::Bin/../..";
my $text = slurp("$root/README.md");

# The code blocks of a page, as [language, text].
sub blocks_of {
	my ($page) = @_;
	my @blocks;
	push @blocks, [$1, $2] while $page =~ /^```(\w*)\n(.*?)^```$/gms;
	return @blocks;
}

# The README has a picture, the reference the signatures of functions and commands.
my @readme      = grep { $_->[1] !~ /your tables/ } blocks_of($text);
my @reference   = grep { $_->[1] =~ /^\$ / } blocks_of(slurp("$root/docs/REFERENCE.md"));
my @application = blocks_of(slurp("$root/docs/APPLICATION.md"));

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

# What the text tells a person to do with the proposed rules, which are those that the check has shown.
sub edit_rules {
	my ($company)   = $text =~ /"(SELECT set_company_table\('company'.*\))"/ or die 'no company table in the README';
	my $rules = slurp('rules.sql');
	like $rules, qr/^\Q$_\E$/m, 'the file has what the check proposes' for $text =~ /^    (SELECT public\.set_.*;)$/mg;
	spew('rules.sql', "$company;\n$rules");
}

# Statements of the application's role, and what psql answers.
sub as_application {
	my ($statements) = @_;
	spew('statements.sql', $statements);
	my (undef, $output) = output_of("PGOPTIONS='-c role=shop_app' psql -Xq < statements.sql");
	return $output;
}

# The answers of a block of statements, without these.
sub answers_of {
	my ($block) = @_;
	$block =~ s/^(?:SET|LISTEN|SELECT) .*;\n|^\n//mg;
	return $block;
}

my $refusal;
for my $block (@readme, @reference, @application) {
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
		while ($body =~ /^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)/gm) {
			my ($command, $shown) = ($1, $2);
			run_as_written($command, $shown);
			edit_rules() if $command =~ /> rules\.sql/;
		}
	} elsif ($body =~ /^SET app/) {
		my $statements = join "\n", $body =~ /^((?:SET|SELECT) .*;)$/mg;
		is as_application($statements), answers_of($body), 'the wrapper, called by the application';
	} elsif ($body =~ /^LISTEN /) {
		spew('statements.sql', join "\n", $body =~ /^((?:LISTEN|SELECT) .*;)$/mg);
		my (undef, $output) = output_of('psql -Xq < statements.sql');
		s/(?<=with PID )\d+/0/, s/\s(?=received from )/ / for $output, $body;    # a page is not so wide
		is $output, answers_of($body), 'a hook and a notification';
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
cmp_ok scalar(@readme),    '>=', 11, 'all blocks of the README were there';
cmp_ok scalar(@reference), '>=', 5,  'all examples of the reference were there';
is scalar(@application),   15,        'all blocks of the page on applications were there';
done_testing;
