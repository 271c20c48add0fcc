# Shapes of random schemas: kinds of tables, of constraints and of columns. Methods of SchemaGenerator.
package TableShapes;

use strict;
use warnings;
use utf8;

use RandomValues qw(ident literal);

sub no_key {
	my ($self) = @_;
	my $table = $self->child($self->parent, hint => 'bag', no_key => 1);
	for my $row (grep { $_->{number} % 2 } @{ $table->{rows} }) {    # the same line twice, or three times
		push @{ $table->{rows} }, ({%{$row}}) x $self->{random}->between(1, 2);
	}
	return;
}

# A partitioned table: `by` columns belong to its key; `parts` creates the partitions.
sub partitioned {
	my ($self, $how, $type, $make, $parts) = @_;
	my $table = $self->direct(hint => 'ledger', empty => 1, key => 'default');
	my $by    = $self->column($table, 'by', $type, key => 'text', null => 0, make => $make);
	delete $by->{key};
	$table->{constraints} = ["PRIMARY KEY ($table->{keys}[0][0]{sql}, $by->{sql})"];
	$table->{keys} = [];
	$table->{only} = '';
	$table->{options} = " PARTITION BY $how ($by->{sql})";
	my $n = 0;
	my $name = sub { return "$table->{schema}." . ident($self->{random}->name("tables $table->{schema}", 'piece')) };
	$table->{after} = [$parts->($table, $name)];
	$self->reference($table, $self->parent);
	$self->fill($table);
	my $child = $self->table('entry');    # a foreign key to a partitioned table
	my $id    = $table->{columns}[1];
	my $link  = {target => $table, of => [$id, $by], table => $child, columns => [
		$self->column($child, 'ref', 'bigint', null => 0), $self->column($child, 'ref', $type, null => 0)]};
	$_->{link} = $link for @{ $link->{columns} };
	$self->foreign_key($child, $link->{columns}, $table, $link->{of});
	$child->{links} = [$link];
	$self->key_column($child);
	$self->data_columns($child);
	$child->{owned} = $self->by_link($link);
	$self->fill($child);
	return $table;
}

sub by_range {
	my ($self) = @_;
	$self->partitioned('RANGE', 'date', sub { "date '2024-01-01' + " . $_[0]->below(700) }, sub {
		my ($table, $name) = @_;
		return ("CREATE TABLE ${\ $name->()} PARTITION OF $table->{sql} FOR VALUES FROM (MINVALUE) TO ('2024-06-01')",
			"CREATE TABLE ${\ $name->()} PARTITION OF $table->{sql} FOR VALUES FROM ('2024-06-01') TO ('2025-01-01')",
			"CREATE TABLE ${\ $name->()} PARTITION OF $table->{sql} DEFAULT");
	});
	return;
}

sub by_list {
	my ($self) = @_;
	$self->partitioned('LIST', 'text', sub { literal($_[0]->pick('a', 'b', "it's", '')) }, sub {
		my ($table, $name) = @_;
		return ("CREATE TABLE ${\ $name->()} PARTITION OF $table->{sql} FOR VALUES IN ('a', 'it''s')",
			"CREATE TABLE ${\ $name->()} PARTITION OF $table->{sql} DEFAULT");
	});
	return;
}

sub by_hash {
	my ($self) = @_;
	$self->partitioned('HASH', 'integer', sub { $_[0]->between(-9, 9) }, sub {
		my ($table, $name) = @_;
		return map { "CREATE TABLE ${\ $name->()} PARTITION OF $table->{sql} FOR VALUES WITH (MODULUS 3, REMAINDER $_)" } 0 .. 2;
	});
	return;
}

sub two_levels {
	my ($self) = @_;
	$self->partitioned('RANGE', 'date', sub { "date '2024-01-01' + " . $_[0]->below(700) }, sub {
		my ($table, $name) = @_;
		my $middle = $name->();
		my ($low, $high, $rest) = ($name->(), $name->(), $name->());
		my $by = $table->{columns}[-2]{type} eq 'date' ? $table->{columns}[-2] : (grep { $_->{type} eq 'date' && !$_->{null} && !$_->{make} } @{ $table->{columns} })[0];
		my $id = $table->{columns}[1];
		return ("CREATE TABLE $middle PARTITION OF $table->{sql} FOR VALUES FROM ('2024-06-01') TO ('2025-01-01') PARTITION BY HASH ($id->{sql})",
			"CREATE TABLE $low PARTITION OF $middle FOR VALUES WITH (MODULUS 2, REMAINDER 0)",
			"CREATE TABLE $high PARTITION OF $middle FOR VALUES WITH (MODULUS 2, REMAINDER 1)",
			"CREATE TABLE $rest PARTITION OF $table->{sql} DEFAULT");
	});
	return;
}

# The heir has all columns of its parent, but no foreign key of it.
sub inheritance {
	my ($self) = @_;
	my $table = $self->direct(hint => 'vehicle');
	my $heir  = $self->table('truck');
	$heir->{columns} = [grep { !$_->{dropped} } @{ $table->{columns} }];
	$heir->{options} = " INHERITS ($table->{sql})";
	$heir->{inherits} = 1;
	$heir->{owned} = $table->{owned};
	push @{ $heir->{constraints} }, "PRIMARY KEY ($table->{keys}[0][0]{sql})";
	$heir->{keys} = [$table->{keys}[0]];
	$self->foreign_key($heir, [$table->{columns}[0]], $self->{company}, $self->{company}{keys}[0]);
	$self->column($heir, 'load', 'numeric', make => sub { '1.50' });
	$self->fill($heir);
	return;
}

sub exclusion {
	my ($self) = @_;
	my $table = $self->direct(hint => 'booking', empty => 1);
	my $span  = $self->column($table, 'span', 'int4range', make => sub { "int4range($_[1]{number} * 10, $_[1]{number} * 10 + 9)" });
	push @{ $table->{constraints} }, $self->{clone} ? "EXCLUDE USING btree ($table->{columns}[0]{sql} WITH =, $span->{sql} WITH =)" : "EXCLUDE USING gist ($span->{sql} WITH &&)";
	$self->fill($table);
	return;
}

sub deferrable {
	my ($self) = @_;
	my $table = $self->direct(hint => 'place', empty => 1);
	my $position = $self->column($table, 'position', 'integer', make => sub { -$_[1]{number} });
	push @{ $table->{constraints} }, "UNIQUE ($table->{columns}[0]{sql}, $position->{sql}) DEFERRABLE INITIALLY DEFERRED";
	$self->fill($table);
	return;
}

sub generated {
	my ($self) = @_;
	my $table = $self->direct(hint => 'sum', empty => 1);
	my $base  = $self->column($table, 'base', 'integer', null => 0, make => sub { $_[1]{number} });
	my $twice = $self->column($table, 'twice', "integer GENERATED ALWAYS AS ($base->{sql} * 2) STORED", generated => 1);
	push @{ $table->{constraints} }, 'UNIQUE (' . ($self->{clone} ? "$table->{columns}[0]{sql}, " : '') . "$twice->{sql})";
	$self->column($table, 'counted', 'bigint GENERATED ALWAYS AS IDENTITY', null => 0, make => sub { 1000 + 3 * $_[1]{number} });
	$self->fill($table);
	return;
}

# Unique for some rows only, and by an expression.
sub some_unique {
	my ($self) = @_;
	my $table = $self->direct(hint => 'desk', empty => 1);
	my $place = $self->column($table, 'place', 'text', make => sub { literal('P' . int($_[1]{number} / 2)) });
	my $used  = $self->column($table, 'used', 'boolean', null => 0, make => sub { $_[1]{number} % 2 ? 'true' : 'false' });
	my $mine  = $self->{clone} ? "$table->{columns}[0]{sql}, " : '';
	$table->{after} = ["CREATE UNIQUE INDEX ON $table->{sql} ($mine$place->{sql}) WHERE $used->{sql}",
		"CREATE UNIQUE INDEX ON $table->{sql} (${mine}lower($place->{sql}), $used->{sql})"];
	$self->fill($table);
	return;
}

1;
