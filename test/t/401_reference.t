# docs/REFERENCE.md has every function of the extension, with its arguments, their defaults and its result, every
# setting, and every command of the client with its arguments and options; and nothing that does not exist. Every
# object of the extension has a comment. docs/ERRORS.md has the SQLSTATEs of the source, and the pages name no others.
# Links between the pages lead somewhere.
use strict;
use warnings;

use File::Basename qw(basename dirname);
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use ClientTest qw(run_client slurp);

my $root      = "$FindBin::Bin/../..";
my $reference = slurp("$root/docs/REFERENCE.md");
my @pages     = map { "$root/$_" } 'README.md', map { "docs/$_.md" } qw(REFERENCE APPLICATION SECURITY ERRORS ARCHIVE RELIABILITY);

# The sections "### HEADING" of functions and of commands, as [heading, text up to the next heading].
my ($of_functions, $of_client) = $reference =~ /^(## Set-up\n.*)^## Settings\n.*^(## The client\n.*?)^## Whose/ms
  or die 'the reference has other parts';

sub sections_of {
	my ($part) = @_;
	my @sections;
	push @sections, [$1, $2] while $part =~ /^### (.+?)\n(.*?)(?=^##|\z)/gms;
	return @sections;
}

# What a section begins with: a block, on one line.
sub block_of {
	my ($text) = @_;
	my ($block) = $text =~ /\A\n```\n(.*?)^```$/ms or return '';
	return $block =~ s/\s+/ /gr =~ s/ $//r;
}

sub compare {
	my ($what, $documented, $existing) = @_;
	for my $name (sort keys %{ { %$documented, %$existing } }) {
		is $documented->{$name} // 'nothing', $existing->{$name} // 'nothing', "$what $name";
	}
	return;
}

# Functions -------------------------------------------------------------------------------------------

system('createdb', 'reference') == 0 or die 'createdb';

sub rows_of {
	my ($sql) = @_;
	local $ENV{PGDATABASE} = 'reference';
	open my $psql, '-|', 'psql', '-XqAt', '-F', "\t", '-v', 'ON_ERROR_STOP=1', '-c', $sql or die $!;
	my @rows = map { chomp; [split /\t/, $_, -1] } <$psql>;
	close $psql or die "psql: $sql";
	return @rows;
}

rows_of('CREATE EXTENSION company_backup');

# As the reference writes types and defaults.
sub plainly {
	my ($text) = @_;
	$text =~ s/ DEFAULT / = /g;
	$text =~ s/(= (?:NULL|'[^']*'))::\w+(?:\[\])?/$1/g;
	$text =~ s/timestamp with time zone/timestamptz/g;
	$text =~ s/^TABLE\(/table (/;
	return $text;
}

my (%existing, %overloads, %of_lists);
for (rows_of(<<'SQL')) {
SELECT CASE WHEN n.nspname = 'company_backup' THEN 'company_backup.' ELSE '' END || p.proname,
	pg_get_function_arguments(p.oid), pg_get_function_result(p.oid)
FROM pg_depend d JOIN pg_proc p ON p.oid = d.objid JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE d.classid = 'pg_proc'::regclass AND d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass
	AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'company_backup')
	AND (n.nspname <> 'company_backup' OR p.prorettype = 'trigger'::regtype)
SQL
	my ($name, $arguments, $result) = @$_;
	my $signature = "$name(" . plainly($arguments) . ') → ' . plainly($result);
	if ($arguments =~ /^(?:action text, )?(?:company|source) (?:bigint|uuid)\b/) {
		push @{ $overloads{$name} }, $signature;
	} elsif ($arguments =~ /^target regclass, columns name\[\]/) {
		$of_lists{$name} = $signature;
	} else {
		ok !exists $existing{$name}, "$name has no other overloads";
		$existing{$name} = $signature;
	}
}
is_deeply [keys %of_lists], ['set_column_rule'], 'what takes one column or several';
$existing{$_} .= " $of_lists{$_}" for keys %of_lists;
cmp_ok scalar(keys %existing), '>', 40, 'the functions of the extension';
my @of_companies = grep { $existing{$_} =~ /\((?:action text, )?(?:company|source) text/ } keys %existing;
is_deeply [sort keys %overloads], [sort @of_companies], 'keys of companies may be numbers and UUIDs everywhere';
for my $name (sort keys %overloads) {
	my $expected = $existing{$name} =~ s/\((\w+) text = NULL/($1 text/r;
	is_deeply [sort @{ $overloads{$name} }],
	  [map { my $type = $_; $expected =~ s/\((?:action text, )?\w+ \Ktext/$type/r } qw(bigint uuid)], "$name: the same function for both";
}

my @functions = sections_of($of_functions);
compare('function', { map { $_->[0] => block_of($_->[1]) } @functions }, \%existing);

# Nor does any other page speak of what does not exist.
my %callable = map { $_->[0] => 1 } rows_of('SELECT DISTINCT proname FROM pg_proc');
for my $page (@pages) {
	my @named = slurp($page) =~ /`(\w+_\w+)\(/g;
	is_deeply [grep { !$callable{$_} } @named], [], basename($page) . ": no function that does not exist";
}

# Each argument is explained: in its function's section, or once for all.
my ($common) = $reference =~ /^## How to read this page\n(.*?)^## /ms;
my %explained = map { $_ => 1 } map { /`(\w+)`/g } $common =~ /^- ((?:`\w+`(?:, )?)+):/mg;
my %of_restores = map { $_ => 1 } map { block_of($_->[1]) =~ /(\w+) (?:text|boolean|jsonb)/g } grep { $_->[0] eq 'restore_company' } @functions;
for my $section (@functions) {
	my ($name, $text) = @$section;
	my $arguments = join ', ', block_of($text) =~ /\((.*?)\) →/g;
	for my $argument ($arguments =~ /(?:^|, )(\w+) /g) {
		next if $explained{$argument} || $name =~ /^preview_r/ && $of_restores{$argument};
		like $text, qr/^- [^:]*`$argument`[^:]*:|^\| `$argument` \|/m, "$name: argument $argument is explained";
	}
}

is_deeply [rows_of(<<'SQL')], [], 'every object of the extension has a comment';
SELECT pg_describe_object(d.classid, d.objid, 0)
FROM pg_depend d
WHERE d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass
	AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'company_backup')
	AND coalesce(obj_description(d.objid, d.classid::regclass::name), '') = ''
	AND (d.classid <> 'pg_class'::regclass OR (SELECT relkind FROM pg_class WHERE oid = d.objid) = 'r')
	AND (d.classid <> 'pg_type'::regclass)
SQL

# Settings --------------------------------------------------------------------------------------------

my ($settings) = $reference =~ /^## Settings\n(.*?)^## /ms;
compare(
	'setting',
	{ $settings =~ /^\| `([\w.]+)` \| `(\w*)` \|/mg },
	{ map { @$_ } rows_of(<<'SQL') }
LOAD 'company_backup';
SELECT name, boot_val FROM pg_settings WHERE name LIKE 'company\_backup.%';
SQL
);

system('dropdb', 'reference');

# Commands --------------------------------------------------------------------------------------------

sub help_of {
	my (undef, $out) = run_client(@_, '--help');
	return $out;
}

# The names of arguments, options or commands in the part of a help text under this heading.
sub listed {
	my ($help, $heading) = @_;
	my ($part) = $help =~ /^$heading:\n((?:  .*\n)*)/m or return;
	return $part =~ /^  (\S.*?)(?:  .*)?$/mg;
}

sub usage_of { return $_[0] =~ /^Usage: (.*)$/m ? $1 : 'no usage' }

# Of a section: what stands at the beginning of its points.
sub points_of {
	my ($text) = @_;
	return map { s/, /,/r } map { /`([^`]+)`/g } $text =~ /^- (`[^`]+`(?:, `[^`]+`)*)(?::| prints| is |$)/mg;
}

sub all_commands {
	my @path = @_;
	return map { my $name = $_; ([@path, $name], all_commands(@path, $name)) } listed(help_of(@path), 'Commands');
}

my %commands = map { ("company-backup @$_" => $_) } all_commands();
cmp_ok scalar(keys %commands), '>=', 22, 'the commands of the client';
my %documented = map { @$_ } sections_of($of_client);
my $of_all     = delete $documented{'Options of all commands'};
is_deeply [sort keys %documented], [sort keys %commands], 'the commands of the reference are those of --help';

my $program    = help_of();
my @everywhere = (listed($program, 'Options'), listed($program, 'Connection'));
my ($unlisted) = $of_all =~ /^(.*?)^Two more /ms or die 'no options of all commands in the reference';
is_deeply [sort(points_of($unlisted))], [sort @everywhere], 'options of all commands';

my %of_all = map { $_ => 1 } @everywhere;
for my $name (sort keys %commands) {
	my $help = help_of(@{ $commands{$name} });
	my $text = $documented{$name} // next;
	is block_of($text), usage_of($help), "$name: usage";
	my @points = grep { !$of_all{$_} } listed($help, 'Arguments'), listed($help, 'Options');
	is_deeply [sort(points_of($text))], [sort @points], "$name: arguments and options";
}

# Errors ----------------------------------------------------------------------------------------------

my $errors = slurp("$root/docs/ERRORS.md");
my %listed = map { $_ => 1 } $errors =~ /^\| (KB\d{3}) \|/mg;
my %known  = map { $_ => 1 } slurp("$root/extension/core/text/error.hpp") =~ /"(KB\d{3})"/g;
is_deeply [sort keys %listed], [sort keys %known], 'docs/ERRORS.md has the SQLSTATEs of the source';
for my $page (@pages) {
	is_deeply [grep { !$listed{$_} } slurp($page) =~ /\b(KB\d{3})\b/g], [], basename($page) . ": no SQLSTATE that is not there";
}

# Links -----------------------------------------------------------------------------------------------

# The places of a page that a link can name.
sub anchors_of {
	my ($page) = @_;
	my $text = slurp($page) =~ s/^```.*?^```$//gmsr;
	return map { lc s/[^\w -]//gr =~ tr/ /-/r } $text =~ /^#+ (.*)$/mg;
}

for my $page (@pages, map { "$root/$_" } 'CONTRIBUTING.md', map { "docs/$_.md" } qw(ARCHITECTURE PERFORMANCE)) {
	my @dead;
	for my $link (slurp($page) =~ /\]\(([^)\s]+)\)/g) {
		next if $link =~ /^\w+:/;
		my ($path, $anchor) = $link =~ /^([^#]*)#?(.*)$/;
		my $target = $path eq '' ? $page : dirname($page) . "/$path";
		push @dead, $link if !-e $target || ($anchor ne '' && !grep { $_ eq $anchor } anchors_of($target));
	}
	is_deeply \@dead, [], basename($page) . ': its links lead somewhere';
}

done_testing;
