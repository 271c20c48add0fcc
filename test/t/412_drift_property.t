# Random tables, random damage, random migrations: a restore with schema_drift => 'adapt' of a backup from before gives what
# the migration in plain SQL makes of the undamaged rows, and lists each value that this loses. It can be taken back.
#
# PROPERTY_SEEDS: how many schemas (8); PROPERTY_FIRST_SEED: where to begin (1).
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use ServerTest qw(new_database drop_database sql);

# What values of a type are made of, for row n, and how a column of it may be retyped: the new type, how plain SQL reads a
# value of column %1$s, and which values that loses.
my %TYPES = (
	integer  => [q(n * 7 % 1000 - 300), ['bigint', '%1$s', 'false'], ['text', '%1$s::text', 'false'], ['boolean', 'CASE WHEN %1$s IN (0, 1) THEN %1$s = 1 END', '%1$s NOT IN (0, 1)']],
	bigint   => [q(n * 10000000007), ['integer', 'CASE WHEN abs(%1$s) < 2147483648 THEN %1$s::integer END', 'abs(%1$s) >= 2147483648'], ['numeric', '%1$s', 'false']],
	text     => [q((ARRAY['7', '12', 'x' || n, '', 'long ' || repeat('y', n), '-3', 'ü"\\']::text[])[1 + n % 7]),
		['integer', q(CASE WHEN %1$s ~ '^-?[0-9]+$' THEN %1$s::integer END), q(%1$s !~ '^-?[0-9]+$')],
		['varchar(8)', 'CASE WHEN length(%1$s) <= 8 THEN %1$s END', 'length(%1$s) > 8']],
	numeric  => [q((n * 31 % 500) / 8.0), ['numeric(8,2)', '%1$s', '%1$s <> round(%1$s, 2)'], ['text', '%1$s::text', 'false']],
	timestamp => [q(timestamp '2024-02-03' + n % 3 * interval '1 day' + n % 2 * interval '90 minutes'), ['date', '%1$s', '%1$s <> %1$s::date'],
		['timestamp(0)', '%1$s', 'false'], ['text', '%1$s::text', 'false']],
	date     => [q(date '1999-12-30' + n), ['timestamp', '%1$s', 'false'], ['text', '%1$s::text', 'false']],
	jsonb    => [q(jsonb_build_object('a', n, 'b', ARRAY['x', NULL])), ['text', '%1$s::text', 'false'], ['json', '%1$s', 'false']],
	bytea    => [q(decode(lpad(to_hex(n), 4, '0'), 'hex')), ['text', q('\\x' || encode(%1$s, 'hex')), 'false']],
	boolean  => [q(n % 2 = 0), ['text', q(CASE %1$s WHEN true THEN 'true' WHEN false THEN 'false' END), 'false']],
	uuid     => [q(md5(n::text)::uuid), ['text', '%1$s::text', 'false']],
	'double precision' => [q(n / 7.0::float8), ['real', '%1$s', '%1$s::numeric <> %1$s::real::numeric']],
	'varchar(12)' => [q('v' || n), ['varchar(20)', '%1$s', 'false'], ['text', '%1$s', 'false']],
);
my @TYPES = sort keys %TYPES;

sub one_of { return $_[rand @_] }

sub make_tables {
	my @tables;
	for my $t (1 .. 3 + int rand 3) {
		my @columns = map { {name => (rand() < 0.2 ? "\"C $_\"" : "c$_"), type => one_of(@TYPES), nulls => rand() < 0.7} } 1 .. 3 + int rand 5;
		push @tables, {name => rand() < 0.2 ? "app.\"T $t\"" : "app.t$t", key => one_of('int PRIMARY KEY', 'int PRIMARY KEY', 'bigint PRIMARY KEY', 'text PRIMARY KEY', 'int'),
			columns => \@columns, above => $t > 1 && rand() < 0.6 ? one_of(grep { $_->{key} =~ /PRIMARY/ } @tables) : undef};
	}
	return @tables;
}

sub create_sql {
	my ($table) = @_;
	my $above = $table->{above};
	my @parts = ("id $table->{key}", 'company_id int NOT NULL REFERENCES app.company');
	push @parts, 'above ' . ($above->{key} =~ s/ .*//r) . " REFERENCES $above->{name} ON DELETE CASCADE" if $above;
	push @parts, map { "$_->{name} $_->{type}" . ($_->{nulls} ? '' : ' NOT NULL') } @{ $table->{columns} };
	my @values = map { my $made = $TYPES{ $_->{type} }[0]; $_->{nulls} ? "CASE WHEN n % 5 <> 0 THEN $made END" : $made } @{ $table->{columns} };
	return "CREATE TABLE $table->{name} (" . join(', ', @parts) . ");\n"
	  . "INSERT INTO $table->{name} SELECT " . join(', ', 'n', '1 + n % 2', $above ? 'n' : (), @values) . " FROM generate_series(1, 40) n;\n";
}

# Statements, and queries that count what is lost, over the tables before them.
sub make_migration {
	my (@tables) = @_;
	my (@statements, @rules, @lost);
	for my $table (@tables) {
		my $now = $table->{name};
		if (rand() < 0.3) {
			$now = $table->{name} =~ s/"?$/ new"/r =~ s/app\."?/app."/r;
			push @statements, "ALTER TABLE $table->{name} RENAME TO " . $now =~ s/^app\.//r;
			push @rules, "SELECT set_table_rename('$table->{name}', '$now')";
		}
		$table->{now} = $now;
		push @statements, "ALTER TABLE $now ALTER id TYPE bigint" if $table->{key} =~ /^int/ && rand() < 0.2;
		for my $column (@{ $table->{columns} }) {
			my ($name, $chance) = ($column->{name}, rand);
			if ($chance < 0.15) {
				push @lost, "SELECT count($name) FROM $table->{name} WHERE company_id = 1";
				push @statements, "ALTER TABLE $now DROP $name";
			} elsif ($chance < 0.3) {
				my $new = $name =~ s/"?$/_new"/r =~ s/^"?/"/r;
				push @statements, "ALTER TABLE $now RENAME $name TO $new";
				push @rules, "SELECT set_column_rename('$now', " . ($name =~ s/^"|"$//gr =~ s/(.*)/'$1'/r) . ', ' . ($new =~ s/^"|"$//gr =~ s/(.*)/'$1'/r) . ')';
			} elsif ($chance < 0.65) {
				my (undef, @ways) = @{ $TYPES{ $column->{type} } };
				my ($type, $read, $loses) = @{ one_of(@ways) };
				# Where a value is lost, there may have to be none.
				next if !$column->{nulls} && $read =~ /^CASE/ && $loses ne 'false';
				push @lost, sprintf "SELECT count(*) FROM %2\$s WHERE company_id = 1 AND ($loses)", $name, $table->{name};
				push @statements, sprintf "ALTER TABLE $now ALTER %1\$s TYPE $type USING $read", $name;
			} elsif ($chance < 0.75 && $column->{nulls} && $column->{type} =~ /int|numeric/) {
				push @statements, "UPDATE $now SET $name = 5 WHERE $name IS NULL", "ALTER TABLE $now ALTER $name SET NOT NULL";
				push @rules, "SELECT set_column_default('$now', " . ($name =~ s/^"|"$//gr =~ s/(.*)/'$1'/r) . ", '5')";
			}
		}
		push @statements, "ALTER TABLE $now ADD extra text" if rand() < 0.3;
		if (rand() < 0.3) {
			push @statements, "ALTER TABLE $now ADD needed int NOT NULL DEFAULT 7", "ALTER TABLE $now ALTER needed DROP DEFAULT";
			push @rules, "SELECT set_column_default('$now', 'needed', '7')";
		}
	}
	if (rand() < 0.3) {
		my ($gone) = grep { my $table = $_; !grep { $_->{above} && $_->{above} == $table } @tables } reverse @tables;
		push @lost, "SELECT count(*) FROM $gone->{name} WHERE company_id = 1";
		$gone->{gone} = 1;
		my $is_of_it = qr/\Q$gone->{now}\E(?![\w"])|\Q$gone->{name}\E(?![\w"])/;
		@statements = grep { $_ !~ $is_of_it } @statements;
		@rules      = grep { $_ !~ $is_of_it } @rules;
		@lost = ((grep { $_ !~ $is_of_it } @lost), $lost[-1]);
		push @statements, "DROP TABLE $gone->{name}";
	}
	return ([@statements, @rules], \@lost);
}

# Rows of a company, or of all others, whatever the order of their columns.
sub rows_sql {
	my ($company, @tables) = @_;
	return join(' UNION ALL ', map { my $of = $_->{now} // $_->{name}; "SELECT '$of' || to_jsonb(t)::text AS line FROM $of t WHERE (company_id = 1) = $company" } grep { !$_->{gone} } @tables) . ' ORDER BY 1';
}

sub damage_sql {
	my (@tables) = @_;
	return join ";\n", map {
		my $table = $_;
		my @set = map { $_->{nulls} ? "$_->{name} = NULL" : () } @{ $table->{columns} };
		(rand() < 0.8 ? "DELETE FROM $table->{name} WHERE company_id = 1 AND id::int % " . (2 + int rand 5) . ' = 0' : (),
			rand() < 0.8 && @set ? "UPDATE $table->{name} SET " . one_of(@set) . ' WHERE company_id = 1 AND id::int % 3 = 1' : ())
	} @tables;
}

# Which rows only one side has.
sub are_rows {
	my ($got, $expected, $name) = @_;
	my (%got, %expected);
	$got{$_}++      for split /\n/, $got;
	$expected{$_}++ for split /\n/, $expected;
	my @wrong = (map { "+ $_" } grep { $got{$_} != ($expected{$_} // 0) } sort keys %got);
	push @wrong, map { "- $_" } grep { !$got{$_} } sort keys %expected;
	return ok(1, $name) if !@wrong;
	diag join "\n", splice @wrong, 0, 6;
	return ok 0, $name;
}

sub check_seed {
	my ($seed) = @_;
	srand $seed;
	my $database = new_database("drift_property_$$");
	local $ENV{PGOPTIONS} = '-c company_backup.strict=off -c client_min_messages=error';    # random columns raise questions
	my @tables = make_tables();
	sql("CREATE SCHEMA app; CREATE TABLE app.company (id int PRIMARY KEY, name text); INSERT INTO app.company VALUES (1, 'one'), (2, 'two');\n"
		  . join('', map { create_sql($_) } @tables) . "SELECT set_company_table('app.company', identity_columns => '{}');");
	my $backup = sql('SELECT backup_company(1)');
	my ($migration, $lost) = make_migration(@tables);
	my $statements = join(";\n", @$migration) . ";\n";
	my $count    = @$lost ? sql('SELECT sum(n) FROM (' . join(' UNION ALL ', @$lost) . ') lost (n)') : 0;
	my $expected = sql("BEGIN; SET LOCAL timezone = 'UTC';\n" . ($statements =~ s/^(SELECT set_.*?);$/DO \$\$ BEGIN PERFORM 1; END \$\$;/gmr) . rows_sql('true', @tables) . '; ROLLBACK');
	sql(damage_sql(@tables));
	sql($statements =~ s/^SELECT (set_.*?);$/DO \$do\$ BEGIN PERFORM $1; END \$do\$;/gmr);
	my ($before, $others) = map { sql(rows_sql($_, @tables)) } qw(true false);
	my ($restore) = sql("SELECT restore_company(1, $backup, schema_drift => 'adapt')") =~ /(\d+)\z/;
	are_rows sql(rows_sql('true', @tables)), $expected, 'the rows are what the migration makes of them';
	is sql("SELECT count(*) FROM restore_problems($restore)"), $count, "each of $count lost values is listed";
	are_rows sql(rows_sql('false', @tables)), $others, 'nobody else\'s row has changed';
	is sql("SELECT count(*) FROM preview_restore(1, $backup, schema_drift => 'adapt') WHERE added + changed + removed > 0"), 0, 'nothing is left to do';
	sql("SELECT revert_restore($restore)");
	are_rows sql(rows_sql('true', @tables)), $before, 'and it is taken back';
	my $refused = sql("SELECT count(*) FROM compare_schema($backup) WHERE effect IN ('lost with adapt', 'refused')");
	my ($ok, $text) = ServerTest::psql("SELECT restore_company(1, $backup)");
	is $ok ? 'done' : 'refused', $refused ? 'refused' : 'done', "without adapt it is refused if something would be lost ($refused)" or diag $text;
	are_rows sql(rows_sql('true', @tables)), $ok ? $expected : $before, '... and changes nothing then';
	diag "seed $seed:\n$statements" unless Test::More->builder->is_passing;
	drop_database($database);
	return;
}

my $first = $ENV{PROPERTY_FIRST_SEED} // 1;
for my $seed ($first .. $first + ($ENV{PROPERTY_SEEDS} // 8) - 1) {
	subtest "seed $seed" => sub { check_seed($seed) };
}

done_testing;
