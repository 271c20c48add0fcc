# Random schemas, random damage: a merge brings back what is missing and leaves all else as it is, as its preview says
# and as the plain merge of test/oracle does it; it can be taken back, and a second one finds nothing to do. What is right is
# told by the generator, which knows whose row each row is, in plain SQL.
#
# PROPERTY_SEEDS: how many schemas (8); PROPERTY_FIRST_SEED: where to begin (1).
use strict;
use warnings;

use Encode qw(encode);
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Damage;
use Database;
use PropertyTest qw(build build_oracle names_here digests digests_after check_whole each_seed);
use RandomValues;
use SchemaGenerator;

my %EVERYTHING = (all => 1, exact => 1);
my ($merged, $refused, $plain_ones) = (0, 0, 0);

# How many rows a merge would add to each table, change and remove, says its preview.
sub preview {
	my ($database, $key, $backup) = @_;
	return { map { $_->[0] => "@{$_}[1 .. 3]" } $database->rows(
			"SELECT table_name, added, changed, removed FROM preview_restore($key, $backup, mode => 'merge') WHERE added + changed + removed > 0") };
}

# The same by comparing rows in SQL.
sub compared {
	my ($database, $key) = @_;
	my @rows = $database->rows("SELECT relation, added FROM oracle.compare($key) WHERE added > 0");
	my %name_of = names_here($database, map { $_->[0] } @rows);
	return { map { $name_of{ $_->[0] } => "$_->[1] 0 0" } @rows };
}

sub check_seed {
	my ($generator) = @_;
	my $database = Database->create("company_backup_merge_$$");
	build($database, $generator);
	build_oracle($database, $generator);
	my ($text) = $database->value('SELECT (' . $generator->company_value(0) . ')::text');
	my $key    = RandomValues::literal($text);
	my $backup = $database->value("SELECT backup_company($key)");
	$database->run("SELECT oracle.take($key)");
	my @damage = Damage::do_damage($database, $generator, statements => 30, orphans => 0);
	PropertyTest::set_sequences($database);  # the rows that the damage has made stay
	my $others  = digests($database, $generator, others => 1, adopted => 0);
	my $damaged = digests($database, $generator, %EVERYTHING);
	my $plain = digests_after($database, $generator, "DO \$\$ BEGIN PERFORM oracle.merge($key); END \$\$;", %EVERYTHING);
	my $compared = compared($database, $key);
	$database->run("SELECT oracle.add_missing($key); CREATE TABLE oracle.wanted AS SELECT scoped, line FROM oracle.saved_row");
	$database->run($generator->harm_sql) if $generator->{seed} % 3;

	my $preview = preview($database, $key, $backup);
	is_deeply $preview, $compared, 'the preview counts what a comparison of rows counts';
	my ($ok, $restore, $error) = $database->try("SELECT restore_company($key, $backup, mode => 'merge')");
	if ($ok) {
		chomp $restore;
		check_merged($database, $generator, {key => $key, backup => $backup, plain => $plain, others => $others, damaged => $damaged}, $restore);
	} else {
		$refused++;
		like $error, qr/ERROR:  KB047: /, 'refused, for a reason';
		is_deeply digests($database, $generator, %EVERYTHING), $damaged, 'refused: nothing has changed';
		like $plain, qr/^(?:23|OR)/, 'the plain merge does not work either';
	}
	diag Damage::described(@damage) unless Test::More->builder->is_passing;
	return;
}

sub is_merged {
	my ($database, $generator, $was, $what) = @_;
	is_deeply digests($database, $generator, others => 1, adopted => 0), $was->{others}, "$what: nobody else's row has changed";
	$database->run("SELECT oracle.take($was->{key})");
	is $database->value(<<'SQL'), 0, "$what: the company has the rows that it had, and those that were missing";
WITH now AS (SELECT scoped, line FROM oracle.saved_row)
SELECT count(*) FROM ((TABLE now EXCEPT ALL TABLE oracle.wanted) UNION ALL (TABLE oracle.wanted EXCEPT ALL TABLE now)) d
SQL
	check_whole($database, $generator, $what);
	return if $was->{plain} eq 'OR001';
	is_deeply digests($database, $generator, %EVERYTHING), $was->{plain}, "$what: the plain merge gives the same";
	return;
}

sub check_merged {
	my ($database, $generator, $was, $restore) = @_;
	my ($key, $backup) = @{$was}{qw(key backup)};
	$merged++;
	$plain_ones++ if ref $was->{plain};
	is_merged($database, $generator, $was, 'merged');
	$database->run("SELECT revert_restore($restore)");
	is_deeply digests($database, $generator, %EVERYTHING), $was->{damaged}, 'reverted: the whole database is as it was before';

	$restore = $database->value("SELECT restore_company($key, $backup, mode => 'merge')");
	is_merged($database, $generator, $was, 'merged again');
	$database->run("SELECT keep_restore($restore)");
	is_deeply preview($database, $key, $backup), {}, 'then there is nothing left to add';
	$restore = $database->value("SELECT restore_company($key, $backup, mode => 'merge')");
	is_merged($database, $generator, $was, 'a second merge');
	is $database->value("SELECT added + changed + removed FROM company_restores($key) WHERE id = $restore"), 0, 'a second merge does nothing';
	return;
}

each_seed(8, \&check_seed,
	make  => sub { SchemaGenerator->new($_[0], outside => $_[0] % 2 ? 'keep' : 'null') },
	after => sub {
		return if $merged + $refused < 8;
		ok $merged && $refused, "$merged were merged, $refused refused";
		ok $plain_ones, "the plain merge applied to $plain_ones of them";
	});
