# What the tests with random schemas share: a database with such a schema, what is in it in plain SQL,
# and running one subtest a seed.
package PropertyTest;

use strict;
use warnings;

use Encode ();
use Exporter qw(import);
use File::Spec;
use FindBin;
use Test::More;

use ClientTest qw(slurp spew);
use Database;
use SchemaGenerator;

our @EXPORT_OK = qw(build build_oracle build_checker names_here digests digests_after check_whole set_sequences each_seed);

sub everybody { return map { $_ => 1 } 0 .. SchemaGenerator::COMPANIES - 1 }

# Rows of every foreign key whose target is missing; checked by comparing, not by PostgreSQL's own
# triggers, which a load does not fire.
my $ORPHANS = <<'SQL';
DO $$
DECLARE key record; found bigint;
BEGIN
  FOR key IN
    SELECT c.conname, c.conrelid::regclass::text AS source, c.confrelid::regclass::text AS target,
           CASE WHEN s.relkind = 'r' THEN 'ONLY ' ELSE '' END AS source_only,
           CASE WHEN t.relkind = 'r' THEN 'ONLY ' ELSE '' END AS target_only,
           (SELECT string_agg(format('s.%I IS NOT NULL', a.attname), ' AND ')
              FROM pg_attribute a WHERE a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)) AS given,
           (SELECT string_agg(format('s.%I = t.%I', a.attname, b.attname), ' AND ')
              FROM unnest(c.conkey, c.confkey) k(s, t)
              JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.s
              JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = k.t) AS equal
    FROM pg_constraint c JOIN pg_class s ON s.oid = c.conrelid JOIN pg_class t ON t.oid = c.confrelid
    WHERE c.contype = 'f' AND c.conparentid = 0
  LOOP
    EXECUTE format('SELECT count(*) FROM %s%s s WHERE %s AND NOT EXISTS (SELECT FROM %s%s t WHERE %s)',
      key.source_only, key.source, key.given, key.target_only, key.target, key.equal) INTO found;
    IF found > 0 THEN RAISE EXCEPTION '% rows of % have no target in %', found, key.source, key.target; END IF;
  END LOOP;
END $$;
SQL

# For every column with a sequence: `$action` with %1$s table, %2$s column, %3$s sequence, %4$s max or
# min, whichever is further, %5$s the comparison.
sub each_sequence {
	my ($action) = @_;
	return <<"SQL";
DO \$\$
DECLARE fed record;
BEGIN
  FOR fed IN
    SELECT c.oid::regclass::text AS source, quote_ident(a.attname) AS name, d.objid::regclass::text AS sequence,
           CASE WHEN s.seqincrement > 0 THEN 'max' ELSE 'min' END AS furthest,
           CASE WHEN s.seqincrement > 0 THEN '<=' ELSE '>=' END AS not_beyond
    FROM pg_depend d JOIN pg_sequence s ON s.seqrelid = d.objid JOIN pg_class c ON c.oid = d.refobjid
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid
    WHERE d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i') AND c.relnamespace <> ALL (SELECT oid FROM pg_namespace WHERE nspname = 'company_backup')
  LOOP
    $action
  END LOOP;
END \$\$;
SQL
}

my $SET_SEQUENCES = each_sequence(<<'SQL');
    EXECUTE format('SELECT setval(%L, %s(%s)) FROM ONLY %s', fed.sequence, fed.furthest, fed.name, fed.source);
SQL
my $NEXT_VALUES = each_sequence(<<'SQL');
    DECLARE used boolean;
    BEGIN
      EXECUTE format('SELECT nextval(%L) %s %s(%s) FROM ONLY %s', fed.sequence, fed.not_beyond, fed.furthest, fed.name, fed.source)
        INTO used;
      IF used THEN RAISE EXCEPTION 'the next value of % was used already', fed.sequence; END IF;
    END;
SQL

# Proposals until there are none, as a reviewer would run them.
sub settle {
	my ($database) = @_;
	for (1 .. 6) {
		my @statements = map { $_->[0] } $database->rows('SELECT statement FROM propose_company_rules()');
		return if !@statements;
		$database->run(join "\n", @statements);
	}
	return;
}

# The schema with the rows of all companies, its rules and every proposal; with `away`, as another
# database: without that company, and with other IDs of the shared rows; with `plain`, without the extension.
sub build {
	my ($database, $generator, %how) = @_;
	my %there = map { $_ => !defined $how{away} || $_ != $how{away} } 0 .. SchemaGenerator::COMPANIES - 1;
	my $sql = $generator->schema_sql . $generator->rows_sql(defined $how{away}, %there) . $SET_SEQUENCES . $generator->constraints_sql;
	return $database->run($sql) if $how{plain};
	$database->run("CREATE EXTENSION company_backup;\n" . $sql . $generator->rules_sql);
	return settle($database);
}

# The plain restore; told which rows are whose, with a generator.
sub build_oracle {
	my ($database, $generator) = @_;
	$database->run(slurp("$FindBin::Bin/../oracle/oracle.sql") . ($generator ? $generator->oracle_sql : ''));
	return;
}

# What tells whether a company is a clone of another, and the plain clone; told what no catalog says.
sub build_checker {
	my ($database, $generator) = @_;
	$database->run(join '', (map { slurp("$FindBin::Bin/../oracle/$_.sql") } qw(oracle id_columns id_plan clone clone_check)), $generator->ids_sql);
	return;
}

# From the generator's names to the extension's.
sub names_here {
	my ($database, @tables) = @_;
	my $list = join ', ', map { Database::quote($_) } @tables;
	return $database->map_of("SELECT t, s.table_name FROM unnest(ARRAY[$list]::text[]) t "
		  . 'JOIN company_scope() s ON s.table_name::regclass = t::regclass');
}

# For each table the number of rows and their digest. `company` (0): whose rows; `all`: everybody's;
# `others`: all but the company's; `meaning`: see GeneratedSql.
sub digests {
	my ($database, $generator, %how) = @_;
	my ($tables, $sql) = digests_sql($generator, %how);
	return named($tables, split /\n/, $database->run($sql));
}

# What the digests would be after some statements that print nothing; the SQLSTATE if these fail.
sub digests_after {
	my ($database, $generator, $statements, %how) = @_;
	my ($tables, $sql) = digests_sql($generator, %how);
	my ($ok, $out, $error) = $database->try("BEGIN;\n$statements\n${sql}ROLLBACK;");
	return named($tables, split /\n/, $out) if $ok;
	return $error =~ /ERROR:  (\w{5}): / ? $1 : die $error;
}

sub digests_sql {
	my ($generator, %how) = @_;
	my @tables = grep { $how{all} || $how{others} || $_->{owned} && !$_->{stays} } $generator->tables;
	return (\@tables, join '', map { $generator->digest_sql($_, $how{company} // 0, %how) . ";\n" } @tables);
}

sub named {
	my ($tables, @lines) = @_;
	return { map { (Encode::encode('UTF-8', $tables->[$_]{sql}) => $lines[$_]) } 0 .. $#{$tables} };
}

# Sequences go on behind the rows that are there.
sub set_sequences { $_[0]->run($SET_SEQUENCES); return }

# Fails if a foreign key leads nowhere.
sub orphans_sql { return $ORPHANS }

sub check_whole {
	my ($database, $generator, $what) = @_;
	my ($ok, undef, $err) = $database->try($ORPHANS);
	ok $ok, "$what: every foreign key has its target" or diag $err;
	($ok, undef, $err) = $database->try($NEXT_VALUES);
	ok $ok, "$what: sequences go on behind the rows" or diag $err;
	($ok, undef, $err) = $database->try(Encode::encode('UTF-8', join '', map { "REINDEX SCHEMA $_;\n" } @{ $generator->{schemas} }));
	ok $ok, "$what: unique and exclusion constraints hold" or diag $err;
	return;
}

# A subtest for each seed, up to the first that fails. `make`: makes the schema of a seed; `after`: a
# last test. PROPERTY_SEEDS: how many; PROPERTY_FIRST_SEED: where to begin (1).
sub each_seed {
	my ($default, $check, %more) = @_;
	my $first = $ENV{PROPERTY_FIRST_SEED} // 1;
	for my $seed ($first .. $first + ($ENV{PROPERTY_SEEDS} // $default) - 1) {
		my $generator = $more{make} ? $more{make}->($seed) : SchemaGenerator->new($seed);
		my $passed = subtest "seed $seed" => sub {
			eval { $check->($generator); 1 } or fail("seed $seed: $@");
			done_testing;
		};
		next if $passed;
		my $path = File::Spec->catfile(File::Spec->tmpdir, "company_backup_property_$seed.sql");
		spew($path, $generator->schema_sql . $generator->rows_sql(0, everybody()) . $generator->constraints_sql . $generator->rules_sql);
		diag "seed $seed failed; its schema is in $path (PROPERTY_FIRST_SEED=$seed PROPERTY_SEEDS=1 runs it again)";
		last;
	}
	$more{after}->() if $more{after};
	done_testing;
	return;
}

1;
