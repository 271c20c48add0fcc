# Random schemas: rows are erased, one after the other, and what a restore of the backup from before brings back is what
# was there after each: the row stays away, with what went along with it. Nobody else's row changes.
#
# PROPERTY_SEEDS: how many schemas (1); PROPERTY_FIRST_SEED: where to begin (1).
use strict;
use warnings;

use Encode qw(encode);
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Database;
use PropertyTest qw(build digests each_seed);
use RandomValues;
use SchemaGenerator;

my %EVERYTHING = (all => 1, exact => 1);
my $ROWS = 5;    # tried of each schema
my ($refused, $erased) = (0, 0);

# The keys of some rows of the company, as erase_record() takes them.
sub some_keys {
	my ($database, $generator, $table) = @_;
	my $sql     = encode('UTF-8', $table->{sql});
	my $name    = RandomValues::literal($sql);
	my $columns = $database->value(<<"SQL");
SELECT string_agg(format('(t.%I)::text', a.attname), ', ' ORDER BY k.n) FROM pg_index i, unnest(i.indkey) WITH ORDINALITY k (number, n)
  JOIN pg_attribute a ON a.attnum = k.number WHERE i.indrelid = $name\::regclass AND i.indisprimary AND a.attrelid = i.indrelid
SQL
	return () if !defined $columns;
	my $key     = $columns =~ /, \(/ ? "json_build_array($columns)::text" : $columns;
	my $belongs = encode('UTF-8', $table->{owned}->('t', $generator->company_value(0)));
	return map { [$name, $_->[0]] } $database->rows("SELECT $key FROM $table->{only}$sql AS t WHERE $belongs ORDER BY md5(t::text) LIMIT 2");
}

sub check_seed {
	my ($generator) = @_;
	my $database = Database->create("company_backup_erase_$$");
	build($database, $generator);
	my $key     = RandomValues::literal($database->value('SELECT (' . $generator->company_value(0) . ')::text'));
	my $backup  = $database->value("SELECT backup_company($key)");
	my $company = encode('UTF-8', $generator->{company}{sql});
	my @rows    = map { some_keys($database, $generator, $_) } grep { encode('UTF-8', $_->{sql}) ne $company } $generator->owned_tables;
	$database->run($generator->harm_sql);
	my $journal = $database->value($generator->journal_sql);
	for my $row (splice @rows, 0, $ROWS) {
		my ($table, $row_key) = @$row;
		my $before = digests($database, $generator, %EVERYTHING);
		my ($ok, undef, $error) = $database->try("SELECT erase_record($table, " . RandomValues::literal($row_key) . ')');
		if (!$ok) {
			$refused++;
			like $error, qr/ERROR:  (?:KB034: rows outside|23\d\d\d:)/, "$table $row_key: refused, since others need it";
			is_deeply digests($database, $generator, %EVERYTHING), $before, '... and nothing has changed';
			next;
		}
		$erased++;
		my $after = digests($database, $generator, %EVERYTHING);
		($ok, my $restore, $error) = $database->try("SELECT restore_company($key, $backup)");
		ok $ok, "$table $row_key: restored without it" or do { diag $error; next };
		is_deeply digests($database, $generator, %EVERYTHING), $after, '... which brings nothing back';
		$database->run("SELECT keep_restore($restore)");
	}
	is $database->value($generator->journal_sql), $journal, 'no trigger fired';
	return;
}

each_seed(1, \&check_seed,
	make  => sub { SchemaGenerator->new($_[0], outside => 'null') },
	after => sub { ok $erased > 0, 'rows were erased' });
