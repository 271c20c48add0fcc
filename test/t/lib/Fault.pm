# Single faults in the rows of a company, such as a bad restore might make: to show that a comparison
# finds them.
package Fault;

use strict;
use warnings;
use utf8;

use Encode qw(encode);

my %KINDS = (delete => \&delete_row, change => \&change_value, swap => \&swap_references, repeat => \&repeat_row, move => \&move_row);

# A fault in some table: what it is, and statements that make it and fail if they cannot. They work
# behind the back of triggers and foreign keys. Nothing if no table has room for such a fault.
sub some {
	my ($generator, $company, $random) = @_;
	my $kind   = $random->pick(sort keys %KINDS);
	my @tables = grep { !$_->{stays} && $_ != $generator->{company} } $generator->owned_tables;
	my ($table, $sql);
	while (@tables && !$sql) {
		$table = splice @tables, $random->below(scalar @tables), 1;
		$sql   = $KINDS{$kind}->($generator, $table, $company, $random);
	}
	return unless $sql;
	my $rows  = $kind eq 'swap' ? 2 : 1;
	return (encode('UTF-8', "$kind $table->{sql}"), encode('UTF-8', <<"SQL"));
SET LOCAL session_replication_role = replica;
DO \$\$
DECLARE done bigint;
BEGIN
  $sql;
  GET DIAGNOSTICS done = ROW_COUNT;
  ASSERT done = $rows, 'there is no such row';
END \$\$;
SQL
}

# A condition for `t`: one row of the company, the same in every call, that meets `condition`.
sub one_row {
	my ($generator, $table, $company, $condition) = @_;
	my $belongs = $generator->belongs_sql($table, 't', $company);
	return "(t.tableoid, t.ctid) = (SELECT t.tableoid, t.ctid FROM $table->{only}$table->{sql} AS t WHERE $belongs AND $condition LIMIT 1)";
}

sub delete_row {
	my ($generator, $table, $company) = @_;
	return "DELETE FROM $table->{only}$table->{sql} AS t WHERE " . one_row($generator, $table, $company, 'true');
}

sub change_value {
	my ($generator, $table, $company, $random) = @_;
	my @columns = grep { $_->{make} && !$_->{dropped} } @{ $table->{columns} } or return;
	my $column = $random->pick(@columns);
	my $value  = $column->{null} && $random->chance(30) ? 'NULL' : $column->{make}->($random, {number => 999});
	my $differs = "t.$column->{sql}::text IS DISTINCT FROM (($value)::$column->{type})::text" =~ s/ GENERATED \w+ AS IDENTITY//r;
	return "UPDATE $table->{only}$table->{sql} AS t SET $column->{sql} = $value WHERE " . one_row($generator, $table, $company, $differs);
}

# Two rows of a table with a key refer to each other's targets.
sub swap_references {
	my ($generator, $table, $company, $random) = @_;
	return unless grep { /^PRIMARY/ } @{ $table->{constraints} };
	my @links = grep { !$_->{columns}[0]{outside} } @{ $table->{links} // [] } or return;
	my @names = map { $_->{sql} } @{ $random->pick(@links)->{columns} };
	my $row   = sub { my ($alias) = @_; return 'ROW(' . join(', ', map { "$alias.$_" } @names) . ')::text' };
	my $from  = "$table->{only}$table->{sql}";
	my $pair  = "SELECT t.tableoid AS t_table, t.ctid AS t_at, u.tableoid AS u_table, u.ctid AS u_at FROM $from AS t, $from AS u WHERE "
	  . $generator->belongs_sql($table, 't', $company) . ' AND ' . $generator->belongs_sql($table, 'u', $company)
	  . ' AND ' . $row->('t') . ' <> ' . $row->('u') . ' LIMIT 1';
	return "WITH pair AS MATERIALIZED ($pair) UPDATE $from AS t SET " . join(', ', map { "$_ = o.$_" } @names)
	  . " FROM $from AS o, pair WHERE (t.tableoid, t.ctid, o.tableoid, o.ctid) IN ((t_table, t_at, u_table, u_at), (u_table, u_at, t_table, t_at))";
}

sub repeat_row {
	my ($generator, $table, $company) = @_;
	return if grep { /^(?:PRIMARY|UNIQUE|EXCLUDE)/ } @{ $table->{constraints} };
	my $columns = join ', ', map { $_->{sql} } grep { !$_->{dropped} && !$_->{generated} } @{ $table->{columns} };
	return "INSERT INTO $table->{sql} ($columns) OVERRIDING SYSTEM VALUE SELECT $columns FROM $table->{only}$table->{sql} AS t WHERE "
	  . one_row($generator, $table, $company, 'true');
}

sub move_row {
	my ($generator, $table, $company) = @_;
	my ($owner) = grep { $_->{company} && !$_->{outside} } @{ $table->{columns} } or return;
	return "UPDATE $table->{only}$table->{sql} AS t SET $owner->{sql} = " . $generator->company_value($company + 1) . ' WHERE '
	  . one_row($generator, $table, $company, 'true');
}

1;
