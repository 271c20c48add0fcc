# Random schemas in which tables begin to refuse some rows of a backup: on_error => 'skip' leaves out these rows and what
# needs them, no more and no less, whatever became of the company meanwhile; it can be taken back, and nobody else's row
# changes. What needs what is found once more here, in plain SQL over the catalog.
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
use PropertyTest qw(build build_oracle digests check_whole each_seed);
use RandomValues;
use SchemaGenerator;

my %EVERYTHING = (all => 1, exact => 1);
my ($checked, $left_out, $cleared) = (0, 0, 0);

# Rows that are gone, foreign keys that lead to them, and what these can be without. take_away() says why it does not
# apply, or nothing.
my $CLOSURE = <<'SQL';
CREATE SCHEMA skip;
CREATE TABLE skip.owned (relation regclass PRIMARY KEY, belongs text NOT NULL, rows_of text NOT NULL);
CREATE TABLE skip.needed (relation regclass, name name);
CREATE TABLE skip.gone (relation regclass, part oid, place tid, UNIQUE (part, place));
CREATE TABLE skip.way (id oid, source regclass, target regclass, given text, joined text, needed boolean, cleared name[]);

CREATE FUNCTION skip.find_ways() RETURNS void LANGUAGE sql AS $$
  INSERT INTO skip.way
  WITH part AS (
    SELECT c.oid, c.conrelid, c.conname, a.attname, a.attnotnull OR t.typnotnull AS not_null,
      EXISTS (SELECT FROM pg_constraint o WHERE o.contype = 'f' AND o.conparentid = 0 AND o.conrelid = c.conrelid
        AND o.oid <> c.oid AND k.s = ANY (o.conkey)) AS serves_others,
      EXISTS (SELECT FROM pg_constraint o JOIN skip.needed n ON n.relation = o.conrelid AND n.name = o.conname
        WHERE o.oid <> c.oid AND k.s = ANY (o.conkey)) AS is_way
    FROM pg_constraint c, unnest(c.conkey) k(s) JOIN pg_attribute a ON a.attnum = k.s JOIN pg_type t ON t.oid = a.atttypid
    WHERE c.contype = 'f' AND c.conparentid = 0 AND a.attrelid = c.conrelid),
  clearable AS (
    SELECT oid, coalesce(array_agg(attname) FILTER (WHERE NOT not_null AND NOT is_way AND NOT serves_others),
      array_agg(attname) FILTER (WHERE NOT not_null AND NOT is_way)) AS columns, count(*) AS width
    FROM part GROUP BY oid)
  SELECT c.oid, c.conrelid, c.confrelid,
    (SELECT string_agg(format('s.%I IS NOT NULL', attname), ' AND ') FROM part WHERE part.oid = c.oid),
    (SELECT string_agg(format('s.%I = t.%I', a.attname, b.attname), ' AND ') FROM unnest(c.conkey, c.confkey) k(s, t)
      JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.s
      JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = k.t),
    l.columns IS NULL OR c.confdeltype = 'c' OR (c.confmatchtype = 'f' AND cardinality(l.columns) < l.width)
      OR EXISTS (SELECT FROM skip.needed n WHERE n.relation = c.conrelid AND n.name = c.conname), l.columns
  FROM pg_constraint c JOIN clearable l USING (oid)
  WHERE c.conrelid IN (SELECT relation FROM skip.owned) AND c.confrelid IN (SELECT relation FROM skip.owned)
$$;

CREATE FUNCTION skip.take_away(OUT rows bigint, OUT cleared bigint) LANGUAGE plpgsql AS $$
DECLARE way record; owned record; found bigint; more boolean := true;
BEGIN
  WHILE more LOOP
    more := false;
    FOR way IN SELECT w.*, s.rows_of AS source_rows, s.belongs, t.rows_of AS target_rows FROM skip.way w
      JOIN skip.owned s ON s.relation = w.source JOIN skip.owned t ON t.relation = w.target WHERE needed
    LOOP
      EXECUTE format('INSERT INTO skip.gone SELECT %L, s.tableoid, s.ctid FROM %s s JOIN %s t ON %s JOIN skip.gone g ON '
        'g.part = t.tableoid AND g.place = t.ctid WHERE %s AND %s ON CONFLICT DO NOTHING', way.source::oid, way.source_rows, way.target_rows,
        way.joined, way.given, way.belongs);
      GET DIAGNOSTICS found = ROW_COUNT;
      more := more OR found > 0;
    END LOOP;
  END LOOP;
  SELECT count(*) INTO rows FROM skip.gone;
  FOR owned IN SELECT * FROM skip.owned LOOP
    EXECUTE format('DELETE FROM %s t USING skip.gone g WHERE g.part = t.tableoid AND g.place = t.ctid', owned.rows_of);
  END LOOP;
  cleared := 0;
  FOR way IN SELECT w.*, s.rows_of AS source_rows, t.rows_of AS target_rows FROM skip.way w
    JOIN skip.owned s ON s.relation = w.source JOIN skip.owned t ON t.relation = w.target WHERE NOT needed
  LOOP
    EXECUTE format('UPDATE %s s SET %s WHERE %s AND NOT EXISTS (SELECT FROM %s t WHERE %s)', way.source_rows,
      (SELECT string_agg(format('%I = NULL', c), ', ') FROM unnest(way.cleared) c), way.given, way.target_rows, way.joined);
    GET DIAGNOSTICS found = ROW_COUNT;
    cleared := cleared + found;
  END LOOP;
END $$;
SQL

# What soft references lead to: nothing here knows what becomes of these.
sub soft_targets { return map { $_->{target}{sql} => 1 } @{ $_[0]{soft} } }

# Some rows of the company, each by its key, that their tables refuse from now on. Gives the statements.
sub refuse_rows {
	my ($generator, $random) = @_;
	my %soft   = soft_targets($generator);
	my @tables = grep { !$soft{ $_->{sql} } && !$_->{stays} && !$_->{inherits} && $_ != $generator->{company} && @{ $_->{keys} } == 1 && @{ $_->{keys}[0] } == 1 } $generator->owned_tables;
	my (@mark, %refused);
	for my $table (map { $random->pick(@tables) } 1 .. 2) {
		my ($column) = @{ $table->{keys}[0] };
		my @rows = grep { defined $_->{company} && $_->{company} == 0 && !ref $_->{v}{ $column->{name} } } @{ $table->{rows} } or next;
		for my $row (map { $random->pick(@rows) } 1 .. 2) {
			my $is_it = "$column->{sql} = $row->{v}{ $column->{name} }";
			push @mark, "INSERT INTO skip.gone SELECT ${\ RandomValues::literal($table->{sql})}::regclass, t.tableoid, t.ctid FROM $table->{only}$table->{sql} t WHERE t.$is_it ON CONFLICT DO NOTHING";
			push @{ $refused{ $table->{sql} } }, $is_it;
		}
	}
	my @refuse = map {
		my $holds = 'NOT (' . join(' OR ', @{ $refused{$_} }) . ')';
		$random->chance(50) ? "ALTER TABLE $_ ADD CHECK ($holds) NOT VALID" : "SELECT set_row_check(${\ RandomValues::literal($_)}, ${\ RandomValues::literal($holds)})";
	} sort keys %refused;
	return (\@mark, \@refuse);
}

sub check_seed {
	my ($generator) = @_;
	my $database = Database->create("company_backup_skip_$$");
	build($database, $generator);
	build_oracle($database, $generator);
	my ($text) = $database->value('SELECT (' . $generator->company_value(0) . ')::text');
	my $key    = RandomValues::literal($text);
	my $backup = $database->value("SELECT backup_company($key)");
	$database->run("SELECT oracle.take($key)");
	my $random = RandomValues->new($generator->{seed} + 77);
	my ($mark, $refuse) = refuse_rows($generator, $random);
	my $company = $generator->company_value(0);
	my @owned = map { "INSERT INTO skip.owned VALUES (${\ RandomValues::literal($_->{sql})}, ${\ RandomValues::literal($_->{owned}->('s', $company))}, ${\ RandomValues::literal(qq{$_->{only}$_->{sql}})})" } $generator->owned_tables;
	my @needed = map { my $table = $_; map { "INSERT INTO skip.needed VALUES (${\ RandomValues::literal($table->{sql})}, ${\ RandomValues::literal($_->{constraint})})" } grep { $_->{owns} && $_->{constraint} } @{ $table->{links} // [] } } $generator->owned_tables;
	$database->run($CLOSURE . encode('UTF-8', join ";\n", @owned, @needed, 'SELECT skip.find_ways()', ''));
	my $others = digests($database, $generator, others => 1, adopted => 0);
	my ($ok, $out, $error) = $database->try('SET session_replication_role = replica; ' . encode('UTF-8', join('; ', @{$mark})) . '; SELECT rows, cleared FROM skip.take_away();');
	die $error if !$ok;
	my ($rows, $nulls) = $out =~ /(\d+)\|(\d+)\s*\z/ or die $out;
	check_skipped($database, $generator, {key => $key, backup => $backup, refuse => $refuse, others => $others, rows => $rows, nulls => $nulls});
	return;
}

sub check_skipped {
	my ($database, $generator, $was) = @_;
	my ($key, $backup) = @{$was}{qw(key backup)};
	my ($whole) = $database->try(PropertyTest::orphans_sql());
	my $soft = $database->value('SELECT count(*) FROM skip.gone g WHERE g.relation::text IN (' . (join(', ', map { RandomValues::literal(encode('UTF-8', $_)) } sort keys %{ {soft_targets($generator)} }) || "''") . ')');
	if (!$whole || $soft || !is_same($was->{others}, digests($database, $generator, others => 1, adopted => 0))) {
		pass 'rows of others, or soft references, lead to such rows: nothing is known of these';
		return;
	}
	$checked++;
	$left_out += $was->{rows};
	$cleared  += $was->{nulls};
	$database->run(encode('UTF-8', join ";\n", @{ $was->{refuse} }, ''));
	my $wanted = digests($database, $generator, %EVERYTHING);
	restore_is($database, $generator, $was, $wanted, 'as it is');
	my @damage = Damage::do_damage($database, $generator, statements => 30, orphans => 0);
	PropertyTest::set_sequences($database);
	delete $wanted->{ encode('UTF-8', $generator->{company}{sql}) };  # its identity columns stay as the damage made them
	restore_is($database, $generator, $was, $wanted, 'damaged');
	diag Damage::described(@damage) unless Test::More->builder->is_passing;
	return;
}

sub is_same {
	my ($one, $other) = @_;
	return !grep { $one->{$_} ne ($other->{$_} // '') } keys %{$one};
}

sub restore_is {
	my ($database, $generator, $was, $wanted, $what) = @_;
	my $before = digests($database, $generator, %EVERYTHING);
	my ($foreseen, $preview, $why) = $database->try("SELECT sum(added), sum(changed), sum(removed) FROM preview_restore($was->{key}, $was->{backup}, on_error => 'skip')");
	my ($ok, $restore, $error) = $database->try("SELECT restore_company($was->{key}, $was->{backup}, on_error => 'skip')");
	if (!$ok && $error =~ /Rows of the archive that would belong to nobody/) {
		is_deeply digests($database, $generator, %EVERYTHING), $before, "$what: rows that nobody owns, and whose owner is refused, stop it";
		return;
	}
	ok $ok, "$what: restored" or return diag $error;
	chomp $restore;
	is $foreseen ? $preview : $why, $database->run("SELECT added, changed, removed FROM company_restores($was->{key}) WHERE id = $restore") . "\n", "$what: a preview foresees it";
	is $database->value("SELECT count(*) FROM restore_problems($restore) WHERE sqlstate <> 'KB048'"), $was->{rows}, "$what: so many rows are left out";
	my $after = digests($database, $generator, %EVERYTHING);
	is_deeply { map { $_ => $after->{$_} } keys %{$wanted} }, $wanted, "$what: all else is there, without references to them";
	check_whole($database, $generator, $what);
	$database->run("SELECT revert_restore($restore)");
	is_deeply digests($database, $generator, %EVERYTHING), $before, "$what: reverted";
	return;
}

each_seed(8, \&check_seed,
	make  => sub { SchemaGenerator->new($_[0], outside => 'null') },
	after => sub {
		return if $checked < 3;
		ok $left_out > $checked, "$checked schemas, $left_out rows left out, $cleared references cleared";
	});
