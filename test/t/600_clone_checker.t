# The checker of clones in test/oracle: accepts the plain clone of random schemas, and rejects every single
# fault in it or beside it. Knows nothing of the extension.
#
# PROPERTY_SEEDS: how many schemas (4); PROPERTY_FIRST_SEED: where to begin (1). PROPERTY_FAULTS: how many faults
# it must find in each schema where no two rows look alike (55), which is every other one.
use strict;
use warnings;

use Encode ();
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use CloneFault;
use Database;
use PropertyTest qw(build build_checker check_whole set_sequences each_seed);
use RandomValues;
use SchemaGenerator;

# Makes a fault, asks the checker, takes it back: what the checker says, or why the fault could not be made.
my $VERDICT = <<'SQL';
CREATE FUNCTION pg_temp.verdict(key text, fault text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    done bigint;
    verdict text := 'accepted';
BEGIN
    SET LOCAL session_replication_role = replica;
    BEGIN
        EXECUTE fault;
        GET DIAGNOSTICS done = ROW_COUNT;
    EXCEPTION WHEN OTHERS THEN
        RETURN 'not made: ' || SQLSTATE;
    END;
    IF done = 0 THEN RETURN 'not made: no such row'; END IF;
    BEGIN
        SELECT 'rejected: ' || relation || ': ' || problem INTO verdict FROM clone_check.problems(key) LIMIT 1;
        RAISE EXCEPTION USING ERRCODE = 'UN000';
    EXCEPTION WHEN SQLSTATE 'UN000' THEN
        NULL;
    END;
    RETURN regexp_replace(coalesce(verdict, 'accepted'), '\s+', ' ', 'g');
END $$;
SQL

my $found = 0;
my %of_kind = map { $_ => 0 } CloneFault::kinds();

sub check_faults {
	my ($database, $generator, $key) = @_;
	my $random = RandomValues->new($generator->{seed});
	my $wanted = $ENV{PROPERTY_FAULTS} // 55;
	my @kinds  = CloneFault::kinds();
	my @faults;
	for my $n (0 .. 10 * $wanted) {
		my $kind = $kinds[$n % @kinds];
		my $sql  = CloneFault::some($generator, $kind, $random) or next;
		push @faults, [$kind, $sql];
	}
	while ($wanted > 0 && @faults) {
		my @some = splice @faults, 0, $wanted;
		my @verdicts = split /\n/, $database->run($VERDICT . join '', map { "BEGIN; SELECT pg_temp.verdict($key, ${\ Database::quote($_->[1])}); ROLLBACK;\n" } @some);
		for my $n (0 .. $#some) {
			my ($kind, $sql) = @{ $some[$n] };
			next if $verdicts[$n] =~ /^not made/;
			like $verdicts[$n], qr/^rejected/, $kind or diag $sql;
			$wanted--;
			$found++;
			$of_kind{$kind}++;
		}
	}
	is $wanted, 0, 'so many faults could be made';
	return;
}

sub check_seed {
	my ($generator) = @_;
	my $database = Database->create("company_backup_checker_$$");
	build($database, $generator, plain => 1);
	build_checker($database, $generator);
	my ($source, $clone) = map { RandomValues::literal($database->value('SELECT (' . $generator->company_value($_) . ')::text')) } CloneFault::SOURCE, CloneFault::CLONE;
	$database->run("SELECT clone_check.take($source); SELECT clone_check.watch(); SELECT oracle.clone($source, $clone)");
	is_deeply [$database->rows("SELECT * FROM clone_check.problems($clone)")], [], 'the plain clone is one';
	set_sequences($database);
	check_whole($database, $generator, 'the plain clone');
	check_faults($database, $generator, $clone) if $generator->{markers};
	return;
}

each_seed(4, \&check_seed,
	make  => sub { SchemaGenerator->new($_[0], clone => 1, markers => $_[0] % 2, always => ['documents'], outside => $_[0] % 3 ? 'null' : 'keep') },
	after => sub {
		return if $ENV{PROPERTY_SEEDS} || $ENV{PROPERTY_FAULTS};
		cmp_ok $found, '>=', 100, 'faults enough';
		is_deeply [grep { !$of_kind{$_} } sort keys %of_kind], [], 'of every kind';
	});
