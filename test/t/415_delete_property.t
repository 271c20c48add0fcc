# Random schemas: a deletion leaves exactly what a plain one leaves, which is told by the generator whose row each row
# is, and which follows foreign keys in plain SQL; where rows of others stand in the way of the one, they do of the
# other. Nobody else's row changes that no foreign key says so of. With a final backup the company can be made again.
#
# PROPERTY_SEEDS: how many schemas (3); PROPERTY_FIRST_SEED: where to begin (1).
use strict;
use warnings;

use Encode qw(encode);
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Database;
use PropertyTest qw(build digests digests_after check_whole each_seed names_here);
use RandomValues;
use SchemaGenerator;

my %EVERYTHING = (all => 1, exact => 1);
my ($refused, $deleted) = (0, 0);

# Foreign keys are followed by comparing, for those rows that refer to what is not there.
my $FOLLOW = <<'SQL';
DO $$
DECLARE key record; touched bigint; any_touched boolean := true;
BEGIN
  WHILE any_touched LOOP
    any_touched := false;
    FOR key IN
      SELECT c.confdeltype AS action, c.conrelid::regclass::text AS source, c.confrelid::regclass::text AS target,
             CASE WHEN s.relkind = 'r' THEN 'ONLY ' ELSE '' END AS source_only,
             CASE WHEN t.relkind = 'r' THEN 'ONLY ' ELSE '' END AS target_only,
             (SELECT string_agg(format('s.%I IS NOT NULL', a.attname), ' AND ')
                FROM pg_attribute a WHERE a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)) AS given,
             (SELECT string_agg(format('s.%I = t.%I', a.attname, b.attname), ' AND ')
                FROM unnest(c.conkey, c.confkey) k(s, t)
                JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.s
                JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = k.t) AS equal,
             (SELECT string_agg(format('%I = %s', a.attname, c.confdeltype_value), ', ')
                FROM pg_attribute a WHERE a.attrelid = c.conrelid AND a.attnum = ANY (coalesce(c.confdelsetcols, c.conkey))) AS settings
      FROM (SELECT *, CASE confdeltype WHEN 'd' THEN 'DEFAULT' ELSE 'NULL' END AS confdeltype_value FROM pg_constraint) c
      JOIN pg_class s ON s.oid = c.conrelid JOIN pg_class t ON t.oid = c.confrelid
      WHERE c.contype = 'f' AND c.conparentid = 0
    LOOP
      EXECUTE CASE
        WHEN key.action = 'c' THEN format('DELETE FROM %s%s s', key.source_only, key.source)
        WHEN key.action IN ('n', 'd') THEN format('UPDATE %s%s s SET %s', key.source_only, key.source, key.settings)
        ELSE format('SELECT 1/(0 * length(s.tableoid::text)) FROM %s%s s', key.source_only, key.source)
      END || format(' WHERE %s AND NOT EXISTS (SELECT FROM %s%s t WHERE %s)', key.given, key.target_only, key.target, key.equal);
      GET DIAGNOSTICS touched = ROW_COUNT;
      any_touched := any_touched OR touched > 0;
    END LOOP;
  END LOOP;
END $$;
SQL

# The plain deletion: rows are found before any of them goes.
sub plain_deletion {
	my ($generator) = @_;
	my @sql = ('CREATE TEMP TABLE gone (place oid, at tid) ON COMMIT DROP');
	for my $table ($generator->owned_tables) {
		my $belongs = $table->{owned}->('t', $generator->company_value(0));
		push @sql, "INSERT INTO gone SELECT t.tableoid, t.ctid FROM $table->{only}$table->{sql} AS t WHERE $belongs";
	}
	push @sql, 'SET LOCAL session_replication_role = replica';
	push @sql, "DELETE FROM $_->{only}$_->{sql} AS t WHERE (t.tableoid, t.ctid) IN (SELECT place, at FROM gone)" for $generator->owned_tables;
	return encode('UTF-8', join '', map { "$_;\n" } @sql) . $FOLLOW;
}

# Rows of the company by the extension's names of tables.
sub counts {
	my ($database, $generator) = @_;
	my @tables  = $generator->owned_tables;
	my %name_of = names_here($database, map { encode('UTF-8', $_->{sql}) } @tables);
	my %counts;
	for my $table (@tables) {
		my $sql     = encode('UTF-8', $table->{sql});
		my $belongs = $table->{owned}->('t', $generator->company_value(0));
		$counts{ $name_of{$sql} } = $database->value(encode('UTF-8', "SELECT count(*) FROM $table->{only}$table->{sql} AS t WHERE $belongs"));
	}
	return \%counts;
}

sub check_seed {
	my ($generator) = @_;
	my $database = Database->create("company_backup_delete_$$");
	build($database, $generator);
	my ($key)    = $database->value('SELECT (' . $generator->company_value(0) . ')::text');
	my $quoted   = RandomValues::literal($key);
	my $name     = encode('UTF-8', $generator->{company}{columns}[1]{sql});
	my $call     = "SELECT delete_company($quoted, (SELECT $name FROM ${\ $generator->company_name} LIMIT 1)";
	my $key_name = encode('UTF-8', $generator->{company}{columns}[0]{sql});
	$call =~ s/ LIMIT 1/ WHERE ($key_name)::text = $quoted/;
	my $before = digests($database, $generator, %EVERYTHING);
	my $own    = digests($database, $generator);
	my $counts = counts($database, $generator);
	my $plain  = digests_after($database, $generator, plain_deletion($generator), %EVERYTHING);
	$database->run($generator->harm_sql);
	my $journal = $database->value($generator->journal_sql);
	my %preview = map { $_->[0] => $_ } $database->rows("SELECT table_name, removed, coalesce(in_the_way, '') FROM preview_delete($quoted)");
	is_deeply digests($database, $generator, %EVERYTHING), $before, 'a preview changes nothing';
	my $final = $generator->{seed} % 2;
	my ($ok, $deletion, $error) = $database->try($call . ($final ? ', final_backup => true' : '') . ')');
	if (!$ok) {
		$refused++;
		like $error, qr/ERROR:  KB034: rows outside the company refer/, 'refused, because of rows of others' or return;
		is_deeply digests($database, $generator, %EVERYTHING), $before, 'refused: nothing has changed';
		ok((scalar grep { $_->[2] ne '' } values %preview), 'the preview says so');
		ok !ref $plain || $error =~ /as rules say/, 'the plain deletion does not work either' or diag $error;
		return;
	}
	$deleted++;
	chomp $deletion;
	is_deeply digests($database, $generator, %EVERYTHING), $plain, 'what is left is what a plain deletion leaves';
	is_deeply { map { $_ => $preview{$_} && $preview{$_}[1] >= $counts->{$_} } keys %$counts }, { map { $_ => 1 } keys %$counts }, 'the preview counted all rows';
	is $database->value("SELECT sum(row_count) FROM deletion_report($deletion) WHERE what = 'removed' AND note = 'rows of the company'"),
	  eval { my $sum = 0; $sum += $_ for values %$counts; $sum }, 'the report counts the rows of the company';
	is $database->value("SELECT count(*) FROM deletion_report($deletion) WHERE what = 'left' AND row_count > 0 AND note NOT LIKE '%kept by its rule'"), 0, 'nothing is left';
	is $database->value($generator->journal_sql), $journal, 'no trigger fired';
	check_whole($database, $generator, 'deleted');
	is $database->value("SELECT count(*) FROM company_backups()"), $final, 'no backup is left but a final one';
	return if !$final;
	my $backup = $database->value("SELECT final_backup FROM company_deletions() WHERE id = $deletion");
	($ok, my $made, $error) = $database->try("SELECT create_company_from_backup($backup)");
	ok $ok, 'the company can be made again' or diag $error;
	is_deeply digests($database, $generator), $own, '... with all its rows' if $ok;
	return;
}

each_seed(3, \&check_seed,
	make  => sub { SchemaGenerator->new($_[0], outside => $_[0] % 2 ? 'keep' : 'null') },
	after => sub { ok $deleted > $refused, 'most companies can be deleted' if $deleted + $refused > 8 });
