# Random schemas: the backup of one company is merged into another one that has rows. Nothing that was there has changed,
# as many rows have come as the preview said and the merge tells, and all of them hang together; a revert takes them away, a
# second merge brings nothing, and neither do rows come back that were deleted, unless that is asked for. In every second
# schema rows become those that the company has already.
#
# PROPERTY_SEEDS: how many schemas (6); PROPERTY_FIRST_SEED: where to begin (1).
use strict;
use warnings;

use Encode qw(encode);
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Database;
use PropertyTest qw(build build_checker check_whole each_seed);
use RandomValues;
use SchemaGenerator;

my ($merged, $refused) = (0, 0);

sub digests {
	my ($database, $key) = @_;
	return scalar $database->run("SELECT relation, digest FROM clone_check.digests($key) ORDER BY relation COLLATE \"C\"");
}

# Every row of the database, but for the companies' own, whose counters rise.
sub take_rows {
	my ($database, $generator, $table) = @_;
	my $company = Database::quote($generator->company_name);
	$database->run(<<"SQL");
CREATE TABLE clone_check.$table (relation regclass, line text);
DO \$\$
DECLARE r record;
BEGIN
    FOR r IN SELECT c.oid::regclass AS relation FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't' AND c.oid <> $company\::regclass
            AND s.nspname NOT IN ('pg_catalog', 'information_schema', 'company_backup', 'oracle', 'ids', 'clone_check')
    LOOP
        EXECUTE format('INSERT INTO clone_check.$table SELECT %L::regclass, t::text FROM %s AS t', r.relation, ids.rows_of(r.relation));
    END LOOP;
END \$\$;
SQL
	return;
}

sub gone_rows {
	my ($database, $before, $after) = @_;
	return map { join ' ', @{$_} } $database->rows("(TABLE clone_check.$before EXCEPT ALL TABLE clone_check.$after) LIMIT 5");
}

# Rows that came, whatever can be deleted.
sub delete_some {
	my ($database, $generator, $key) = @_;
	for my $table (grep { !$_->{stays} && $_ != $generator->{company} } $generator->owned_tables) {
		my $sql = "DELETE FROM $table->{only}$table->{sql} AS t WHERE ${\ $table->{owned}->('t', $key)} AND hashtext(t::text) % 3 = 0 "
		  . "AND NOT EXISTS (SELECT FROM clone_check.before b WHERE b.relation = ${\ RandomValues::literal($table->{sql})}::regclass AND b.line = t::text)";
		$database->try(encode('UTF-8', $sql));
	}
	return;
}

sub check_seed {
	my ($generator) = @_;
	my $database = Database->create("company_backup_merge_other_$$");
	build($database, $generator);
	build_checker($database, $generator);
	my ($source, $target) = map { RandomValues::literal($database->value('SELECT (' . $generator->company_value($_) . ')::text')) } 0, 1;
	my $conflicts = $generator->{seed} % 2 ? 'keep_existing' : 'error';
	my $backup    = $database->value("SELECT backup_company($source)");
	my $arguments = "$target, $backup, mode => 'merge', on_conflict => '$conflicts'";
	$database->run($generator->harm_sql);
	take_rows($database, $generator, 'before');
	my ($everything, $others) = (digests($database, 'NULL'), digests($database, $target));
	my $preview = $database->value("SELECT sum(added) FROM preview_restore($arguments)");
	my ($ok, $restore, $error) = $database->try("SELECT restore_company($arguments)");
	if (!$ok) {
		$refused++;
		like $error, qr/ERROR:  KB\w{3}: /, 'refused, with an error of its own';
		isnt $database->value("SELECT count(*) FROM preview_restore($arguments) WHERE note LIKE '%refused%'"), 0, 'as the preview said' if $error =~ /KB047: \d/;
		return is digests($database, 'NULL'), $everything, 'nothing has changed';
	}
	$merged++;
	chomp $restore;
	my $added = $database->value("SELECT added FROM company_restores($target) WHERE id = $restore");
	is $preview, $added, "$added rows: as many as the preview said";
	is digests($database, $target), $others, "nobody else's row has changed";
	take_rows($database, $generator, 'after');
	is_deeply [gone_rows($database, 'before', 'after')], [], 'nothing that was there has changed';
	is $database->value('SELECT (SELECT count(*) FROM clone_check.after) - (SELECT count(*) FROM clone_check.before)'), $added, 'so many came';
	check_whole($database, $generator, 'merged');
	$database->run("SELECT revert_restore($restore)");
	is digests($database, 'NULL'), $everything, 'a revert takes them away';

	$restore = $database->value("SELECT restore_company($arguments)");
	$database->run("SELECT keep_restore($restore)");
	is $database->value("SELECT sum(added) FROM preview_restore($arguments)"), 0, 'a second preview adds nothing';
	$everything = digests($database, 'NULL');
	$restore = $database->value("SELECT restore_company($arguments)");
	is digests($database, 'NULL'), $everything, 'a second merge does nothing';
	$database->run("SELECT keep_restore($restore)");
	delete_some($database, $generator, $target);
	$everything = digests($database, 'NULL');
	($ok, $restore, $error) = $database->try("SELECT restore_company($arguments)");
	ok $ok, 'after rows were deleted' or return diag $error;
	is digests($database, 'NULL'), $everything, 'rows that were deleted stay away';
	chomp $restore;
	$database->run("SELECT keep_restore($restore)");
	$others = digests($database, $target);
	($ok, $restore, $error) = $database->try("SELECT restore_company($arguments, on_deleted => 'add')");
	return like $error, qr/ERROR:  KB\w{3}: /, 'on request: refused, with an error of its own' if !$ok;
	is digests($database, $target), $others, "on request: nobody else's row has changed";
	check_whole($database, $generator, 'on request');
	return;
}

each_seed(6, \&check_seed,
	make  => sub { SchemaGenerator->new($_[0], clone => 1, outside => $_[0] % 3 ? 'null' : 'keep') },
	after => sub {
		return if $merged + $refused < 8;
		ok $merged, "$merged were merged, $refused refused";
	});
