# Random schemas: a company is backed up, created in another database, emptied and restored in its
# own. What must come back is told by the generator, which knows whose row each row is, in plain SQL.
#
# PROPERTY_SEEDS: how many schemas (12); PROPERTY_FIRST_SEED: where to begin (1).
use strict;
use warnings;

use Encode ();
use File::Spec;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use ClientTest qw(spew);
use Database;
use SchemaGenerator;

my @EVERYBODY = map { $_ => 1 } 0 .. SchemaGenerator::COMPANIES - 1;

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
    WHERE d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i') AND c.relnamespace <> 'company_backup'::regnamespace
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

sub digests {
	my ($database, $generator, %how) = @_;
	my @tables = grep { $how{all} || $_->{owned} && !$_->{stays} } $generator->tables;
	@tables = $generator->tables if $how{others};
	my @lines = split /\n/, $database->run(join '', map { $generator->digest_sql($_, 0, %how) . ";\n" } @tables);
	return { map { (Encode::encode('UTF-8', $tables[$_]{sql}) => $lines[$_]) } 0 .. $#tables };
}

# What a backup holds of each table; without the tables that refer to rows with other IDs elsewhere.
sub contents {
	my ($database, $backup, @without) = @_;
	my %sums = $database->map_of("SELECT table_name, sha256 FROM backup_contents($backup)");
	delete @sums{@without};
	return \%sums;
}

# From the generator's names to the extension's.
sub names_here {
	my ($database, @tables) = @_;
	my $list = join ', ', map { Database::quote($_) } @tables;
	return $database->map_of("SELECT t, s.table_name FROM unnest(ARRAY[$list]::text[]) t "
		  . 'JOIN company_scope() s ON s.table_name::regclass = t::regclass');
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

sub check_seed {
	my ($generator) = @_;
	my $seed   = $generator->{seed};
	my $source = Database->create("company_backup_property_${$}_source");
	my $copy   = Database->create("company_backup_property_${$}_copy");
	my $a      = Encode::encode('UTF-8', $generator->company_value(0));
	my @setup  = ("CREATE EXTENSION company_backup;\n" . $generator->schema_sql,
		$SET_SEQUENCES . $generator->constraints_sql . $generator->rules_sql);
	$source->run($setup[0] . $generator->rows_sql(0, @EVERYBODY) . $setup[1]);
	$copy->run($setup[0] . $generator->rows_sql(1, @EVERYBODY, 0 => 0) . $setup[1] . $generator->harm_sql);
	settle($_) for $source, $copy;
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
	my @foreign = map { $name_of{ Encode::encode('UTF-8', $_->{sql}) } }
	  grep { !$_->{stays} && grep { $_->{target}{foreign_ids} } @{ $_->{links} // [] } } $generator->owned_tables;
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
	return;
}

my $first = $ENV{PROPERTY_FIRST_SEED} // 1;
my $seeds = $ENV{PROPERTY_SEEDS} // 12;
for my $seed ($first .. $first + $seeds - 1) {
	my $generator = SchemaGenerator->new($seed);
	my $passed = subtest "seed $seed" => sub {
		plan tests => 15;
		eval { check_seed($generator); 1 } or fail("seed $seed: $@");
	};
	next if $passed;
	my $path = File::Spec->catfile(File::Spec->tmpdir, "company_backup_property_$seed.sql");
	spew($path, $generator->schema_sql . $generator->rows_sql(0, @EVERYBODY) . $generator->constraints_sql . $generator->harm_sql . $generator->rules_sql);
	diag "seed $seed failed; its schema is in $path (PROPERTY_FIRST_SEED=$seed PROPERTY_SEEDS=1 runs it again)";
	last;
}

done_testing;
