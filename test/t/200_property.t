# Random schemas: a company is backed up, created in another database, emptied and restored in its
# own. What must come back is told by the generator, which knows whose row each row is, in plain SQL.
#
# PROPERTY_SEEDS: how many schemas (6); PROPERTY_FIRST_SEED: where to begin (1). PROPERTY_FAULTS: how
# many faults the comparison must find in what each of them gave (4).
use strict;
use warnings;

use Encode ();
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Database;
use Fault;
use PropertyTest qw(build names_here digests digests_after check_whole each_seed);
use RandomValues;

# What a backup holds of each table; without the tables that refer to rows with other IDs elsewhere.
sub contents {
	my ($database, $backup, @without) = @_;
	my %sums = $database->map_of("SELECT table_name, sha256 FROM backup_contents($backup)");
	delete @sums{@without};
	return \%sums;
}

# Deletes the company's rows, without triggers and cascades, the way the generator sees ownership.
sub empty_company {
	my ($database, $generator) = @_;
	my @owned = grep { !$_->{stays} && $_ != $generator->{company} } $generator->owned_tables;
	my $sql   = "BEGIN; SET LOCAL session_replication_role = replica;\n";
	for my $n (0 .. $#owned) {
		$sql .= "CREATE TEMP TABLE gone_$n ON COMMIT DROP AS SELECT tableoid AS relation, ctid AS at FROM $owned[$n]{only}$owned[$n]{sql} t WHERE "
		  . $generator->belongs_sql($owned[$n], 't', 0) . ";\n";
	}
	for my $n (0 .. $#owned) {
		$sql .= "DELETE FROM $owned[$n]{only}$owned[$n]{sql} t USING gone_$n g WHERE t.tableoid = g.relation AND t.ctid = g.at;\n";
	}
	$database->run(Encode::encode('UTF-8', "${sql}COMMIT;"));
	return;
}

# The comparisons above would find a single wrong row.
sub check_comparison {
	my ($database, $generator, $all, $mine) = @_;
	my $random = RandomValues->new($generator->{seed});
	my $wanted = $ENV{PROPERTY_FAULTS} // 4;
	my $tried  = 0;
	while ($wanted && $tried++ < 200) {
		my ($what, $statements) = Fault::some($generator, 0, $random) or next;
		my $now = digests_after($database, $generator, $statements, all => 1);
		next unless ref $now;
		isnt join("\n", map { $now->{$_} } sort keys %{$now}), join("\n", map { $all->{$_} } sort keys %{$all}), "found: $what";
		$now = digests_after($database, $generator, $statements, meaning => 1);
		isnt join("\n", map { $now->{$_} } sort keys %{$now}), join("\n", map { $mine->{$_} } sort keys %{$mine}), "found by meaning: $what";
		$wanted--;
	}
	is $wanted, 0, 'faults could be made';
	return;
}

sub check_seed {
	my ($generator) = @_;
	my $seed   = $generator->{seed};
	my $source = Database->create("company_backup_property_${$}_source");
	my $copy   = Database->create("company_backup_property_${$}_copy");
	my $a      = Encode::encode('UTF-8', $generator->company_value(0));
	build($source, $generator);
	build($copy, $generator, away => 0);
	$copy->run($generator->harm_sql);
	$copy->trust($source);

	is_deeply [$source->rows(q{SELECT object, problem FROM check_company_scope() WHERE severity = 'error'})],
	  [], 'nothing is undecided';
	my ($key) = $source->value("SELECT ($a)::text");
	my $quoted = RandomValues::literal($key);
	my $backup = $source->value("SELECT backup_company($quoted)");
	my $all    = digests($source, $generator, all => 1);
	my %ours   = map { my $t = $_; (Encode::encode('UTF-8', $t->{sql}) => scalar grep { defined $_->{company} && $_->{company} == 0 } @{ $t->{rows} }) }
	  grep { $_->{owned} && !$_->{stays} } $generator->tables;
	my $counts = { $source->map_of("SELECT table_name, row_count FROM backup_contents($backup)") };
	my %name_of = names_here($source, keys %ours);
	is_deeply $counts, { map { $name_of{$_} => $ours{$_} } keys %ours }, 'the backup holds the rows that the company has';
	my $mine = digests($source, $generator, meaning => 1);
	is_deeply { map { $_ => (split / /, $mine->{$_})[0] } keys %ours }, \%ours, 'the generator knows its rows';

	# In another database.
	my $others = digests($copy, $generator, others => 1);
	my $upload = $copy->take_backup($source, $backup);
	is $copy->value("SELECT create_company_from_backup($upload, ids => 'keep')"), $key, 'created elsewhere';
	is_deeply digests($copy, $generator, meaning => 1), $mine, 'elsewhere: every row is as it was';
	is_deeply digests($copy, $generator, others => 1), $others, 'elsewhere: nobody else\'s row has changed';
	# But for IDs of this database, and for references to other companies, which are null there.
	my @foreign = map { $name_of{ Encode::encode('UTF-8', $_->{sql}) } }
	  grep { !$_->{stays} && ((grep { $_->{target}{foreign_ids} } @{ $_->{links} // [] }) || (grep { $_->{outside} } @{ $_->{columns} })) } $generator->owned_tables;
	my $again   = $copy->value("SELECT backup_company($quoted)");
	is_deeply contents($copy, $again, @foreign), contents($source, $backup, @foreign), 'elsewhere: a backup is the same';
	check_whole($copy, $generator, 'elsewhere');

	# In the company itself, emptied.
	empty_company($source, $generator);
	$source->run($generator->harm_sql);
	$source->run("SELECT restore_company($quoted, $backup)");
	is_deeply digests($source, $generator, all => 1), $all, 'restored: the whole database is as it was';
	my $last = $source->value("SELECT backup_company($quoted)");
	is_deeply contents($source, $last), contents($source, $backup), 'restored: a backup is the same';
	check_whole($source, $generator, 'restored');
	check_comparison($source, $generator, $all, $mine);
	return;
}

each_seed(6, \&check_seed);
