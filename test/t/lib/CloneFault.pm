# Single faults in a good clone or beside it, such as a bad clone might have: to show that the checker of
# test/oracle rejects each. For schemas with `markers`: there no fault gives a company that is a clone all the same.
package CloneFault;

use strict;
use warnings;
use utf8;

use Encode qw(encode);

use Fault;
use RandomValues qw(literal);
use SchemaGenerator;

use constant {SOURCE => 0, OTHER => 1, CLONE => SchemaGenerator->COMPANIES};

my %KINDS = (
	row_missing => \&Fault::delete_row, value_changed => \&Fault::change_value, row_doubled => \&Fault::repeat_row,
	row_of_another => \&Fault::move_row, references_swapped => \&swapped_references, row_added => \&row_added, values_swapped => \&swapped_values,
	led_astray => \&led_astray, led_back => \&led_back, led_nowhere => \&led_nowhere, old_id => \&old_id, old_id_inside => \&old_id_inside,
	key_changed => \&key_changed, company_changed => \&company_changed, excluded_row => \&excluded_row,
	source_changed => sub { return Fault::change_value($_[0], $_[1], SOURCE, $_[3]) }, source_row_missing => sub { return Fault::delete_row($_[0], $_[1], SOURCE) },
	other_changed => sub { return Fault::change_value($_[0], $_[1], OTHER, $_[3]) }, other_row_missing => sub { return Fault::delete_row($_[0], $_[1], OTHER) },
	shared_row_missing => \&shared_row_missing,
);

sub kinds { return sort keys %KINDS }

# A statement that makes a fault in some table, or nothing if none has room for it. It may fail or meet no row; the
# caller sees to it that neither triggers nor foreign keys act.
sub some {
	my ($generator, $kind, $random) = @_;
	my @tables = grep { !$_->{stays} && $_ != $generator->{company} } $generator->owned_tables;
	my $sql;
	while (@tables && !$sql) {
		my $table = splice @tables, $random->below(scalar @tables), 1;
		$sql = $KINDS{$kind}->($generator, $table, CLONE, $random);
	}
	return $sql && encode('UTF-8', $sql);
}

# Which row, other than `Fault` chooses: any one.
sub one_row {
	my ($generator, $table, $random, $condition) = @_;
	my $belongs = $generator->belongs_sql($table, 't', CLONE);
	return "(t.tableoid, t.ctid) = (SELECT t.tableoid, t.ctid FROM $table->{only}$table->{sql} AS t WHERE $belongs AND $condition "
	  . "ORDER BY md5(t::text || ${\ $random->below(1000)}) LIMIT 1)";
}

sub marked { my ($table) = @_; return grep { $_->{name} =~ /marker/ } @{ $table->{columns} } }

sub swapped_references { return marked($_[1]) ? Fault::swap_references(@_) : undef }

sub swapped_values {
	my ($generator, $table, $company, $random) = @_;
	my @columns = grep { $_->{make} && !$_->{dropped} && $_->{name} !~ /marker/ && $_->{type} !~ /ALWAYS/ } @{ $table->{columns} } or return;
	return unless marked($table);
	my $name = $random->pick(@columns)->{sql};
	my $from = "$table->{only}$table->{sql}";
	my $pair = "SELECT t.tableoid AS t_table, t.ctid AS t_at, u.tableoid AS u_table, u.ctid AS u_at FROM $from AS t, $from AS u WHERE "
	  . $generator->belongs_sql($table, 't', $company) . ' AND ' . $generator->belongs_sql($table, 'u', $company)
	  . " AND t.$name\::text IS DISTINCT FROM u.$name\::text LIMIT 1";
	return "WITH pair AS MATERIALIZED ($pair) UPDATE $from AS t SET $name = o.$name "
	  . "FROM $from AS o, pair WHERE (t.tableoid, t.ctid, o.tableoid, o.ctid) IN ((t_table, t_at, u_table, u_at), (u_table, u_at, t_table, t_at))";
}

# Another row with everything but the key.
sub row_added {
	my ($generator, $table, $company, $random) = @_;
	my @columns = grep { !$_->{dropped} && !$_->{generated} } @{ $table->{columns} };
	my @values  = map { $_->{key} && !$_->{company} && !$_->{link} ? $random->key_value($_->{key}, 6001) : "t.$_->{sql}" } @columns;
	return "INSERT INTO $table->{sql} (" . join(', ', map { $_->{sql} } @columns) . ') OVERRIDING SYSTEM VALUE SELECT ' . join(', ', @values)
	  . " FROM $table->{only}$table->{sql} AS t WHERE " . one_row($generator, $table, $random, 'true');
}

# A reference leads to another row of a company.
sub leads_to {
	my ($generator, $table, $company, $random) = @_;
	my @links = @{ $table->{links} // [] } or return;
	my $link  = $random->pick(@links);
	my ($target, @names) = ($link->{target}, map { $_->{sql} } @{ $link->{columns} });
	return if !$target->{owned} && $company != CLONE;
	my $keys  = join ', ', map { "x.$_->{sql}" } @{ $link->{of} };
	my $belongs = $target->{owned} ? $target->{owned}->('x', $generator->company_value($company)) : 'true';
	my $other = "SELECT $keys FROM $target->{only}$target->{sql} AS x WHERE $belongs AND ROW($keys)::text <> ROW(" . join(', ', map { "t.$_" } @names) . ')::text';
	return "UPDATE $table->{only}$table->{sql} AS t SET (" . join(', ', @names) . ") = ($other ORDER BY md5(x::text) LIMIT 1) WHERE "
	  . one_row($generator, $table, $random, "t.$names[0] IS NOT NULL AND EXISTS ($other)");
}

sub led_astray { my ($generator, $table, undef, $random) = @_; return leads_to($generator, $table, CLONE, $random) }
sub led_back { my ($generator, $table, undef, $random) = @_; return leads_to($generator, $table, SOURCE, $random) }

sub soft_columns {
	my ($generator, $table) = @_;
	return map { $_->{column} } grep { $_->{table} == $table && !$_->{column}{company} } @{ $generator->{soft} };
}

sub led_nowhere {
	my ($generator, $table, undef, $random) = @_;
	my @columns = grep { $_->{null} } soft_columns($generator, $table), map { @{ $_->{columns} } } @{ $table->{links} // [] } or return;
	my $name = $random->pick(@columns)->{sql};
	return "UPDATE $table->{only}$table->{sql} AS t SET $name = NULL WHERE " . one_row($generator, $table, $random, "t.$name IS NOT NULL");
}

# One of the IDs in a column is the source's again; by the map of the plain clone.
sub becomes_old {
	my ($generator, $table, $random, @columns) = @_;
	return if !@columns;
	my $column = $random->pick(@columns);
	my $text   = "t.$column->{sql}::text";
	my $old    = "SELECT replace($text, m.new, m.old)::$column->{type} FROM oracle.id_map m JOIN ids.holder h USING (domain) "
	  . "WHERE h.relation = ${\ literal($table->{sql})}::regclass AND h.name = ${\ literal($column->{name})} "
	  . ($column->{link} ? "AND $text = m.new" : "AND strpos($text, m.new) > 0");
	return "UPDATE $table->{only}$table->{sql} AS t SET $column->{sql} = ($old LIMIT 1) WHERE " . one_row($generator, $table, $random, "EXISTS ($old)");
}

sub old_id {
	my ($generator, $table, undef, $random) = @_;
	return becomes_old($generator, $table, $random, map { @{ $_->{columns} } } grep { $_->{target}{owned} } @{ $table->{links} // [] });
}

# Inside a document or an array.
sub old_id_inside {
	my ($generator, $table, undef, $random) = @_;
	return becomes_old($generator, $table, $random, grep { $_->{type} =~ /json|\[\]/ } soft_columns($generator, $table));
}

# What others refer to has another key.
sub key_changed {
	my ($generator, $table, undef, $random) = @_;
	my @links = grep { $_->{target}{owned} } @{ $table->{links} // [] } or return;
	my $link  = $random->pick(@links);
	my ($column, $of) = ($link->{columns}[-1], $link->{of}[-1]);
	return if !$of->{key} || $of->{company} || $of->{link} || $of->{type} =~ /ALWAYS/;
	my $belongs = $generator->belongs_sql($table, 'u', CLONE);
	return "UPDATE $link->{target}{only}$link->{target}{sql} AS t SET $of->{sql} = ${\ $random->key_value($of->{key}, 6002)} WHERE "
	  . one_row($generator, $link->{target}, $random, "EXISTS (SELECT FROM $table->{only}$table->{sql} AS u WHERE u.$column->{sql} = t.$of->{sql} AND $belongs)");
}

sub company_changed { my ($generator, undef, undef, $random) = @_; return Fault::change_value($generator, $generator->{company}, CLONE, $random) }

# A row where the clone should have none.
sub excluded_row {
	my ($generator) = @_;
	my ($table) = grep { $_->{stays} } $generator->tables or return;
	my @columns = grep { !$_->{dropped} } @{ $table->{columns} };
	my @values  = map { $_->{company} ? $generator->company_value(CLONE) : $_->{key} ? $generator->{random}->key_value($_->{key}, 6003) : "t.$_->{sql}" } @columns;
	return "INSERT INTO $table->{sql} (" . join(', ', map { $_->{sql} } @columns) . ') OVERRIDING SYSTEM VALUE SELECT ' . join(', ', @values) . " FROM $table->{sql} AS t LIMIT 1";
}

sub shared_row_missing {
	my ($generator, undef, undef, $random) = @_;
	my @tables = grep { !$_->{owned} } $generator->tables or return;
	my $table = $random->pick(@tables);
	return "DELETE FROM $table->{sql} AS t WHERE t.ctid = (SELECT ctid FROM $table->{sql} LIMIT 1)";
}

1;
