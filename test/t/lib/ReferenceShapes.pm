# Shapes of random schemas: foreign keys that lead from table to table. Methods of SchemaGenerator.
package ReferenceShapes;

use strict;
use warnings;
use utf8;

use RandomValues qw(ident literal);

sub children { my ($self) = @_; $self->child($self->parent) for 1 .. 3; return }

# Keys that contain the company; foreign keys over all their columns.
sub composite {
	my ($self) = @_;
	my $table = $self->table('account');
	my $owner = $self->company_column($table, key => $self->{company_key});
	my $code  = $self->column($table, 'code', 'text', key => 'text', null => 0);
	my $above = $self->column($table, 'above', 'text', make => sub { 'NULL' });
	$self->foreign_key($table, [$owner, $above], $table, [$owner, $code]);
	push @{ $table->{constraints} }, "PRIMARY KEY ($owner->{sql}, $code->{sql})";
	push @{ $table->{keys} }, [$owner, $code];
	$self->data_columns($table);
	$table->{owned} = $self->by_column($owner);
	for my $company (0 .. $self->COMPANIES - 1) {    # the same codes in every company
		for my $n (1 .. 8) {
			my $row = $self->add_row($table, $company, sub {
				$_[0]{v}{ $owner->{name} } = $self->company_value($company);
				$_[0]{v}{ $code->{name} } = $self->{random}->key_value('text', $n);
			});
			$row->{v}{ $above->{name} } = $self->{random}->key_value('text', $self->{random}->between(1, $n)) if $n % 3;
		}
	}
	my $line = $self->child($table, hint => 'line', no_key => 1, empty => 1);
	my $no   = $self->column($line, 'no', 'smallint', null => 0, make => sub { $_[1]{number} });
	my @key  = (@{ $line->{links}[0]{columns} }, $no);
	push @{ $line->{constraints} }, 'PRIMARY KEY (' . join(', ', map { $_->{sql} } @key) . ')';
	$self->fill($line);
	return;
}

sub several_keys {
	my ($self) = @_;
	my $parent = $self->parent;
	my $table  = $self->child($parent, empty => 1);
	$self->reference($table, $parent) for 1 .. 2;
	$self->reference($table, $self->parent, null => $self->{random}->chance(50));
	$self->fill($table);
	return;
}

sub self_reference {
	my ($self) = @_;
	my $table = $self->direct(hint => 'node', empty => 1);
	$self->reference($table, $table, hint => 'above') for 1 .. 2;
	$self->fill($table);
	$self->follow($_, $table->{links}[0], $_) for grep { $_->{number} % 4 == 0 } @{ $table->{rows} };    # its own parent
	return;
}

sub cycle_of_two {
	my ($self) = @_;
	my $table = $self->direct(hint => 'plan', empty => 1);
	my $child = $self->child($table, hint => 'version', empty => 1);
	my $back  = $self->reference($table, $child, hint => 'latest');
	$self->fill($_) for $table, $child;
	$self->follow($_, $back) for @{ $table->{rows} };
	return;
}

# No order in which these could be inserted one table after the other.
sub cycle_of_three {
	my ($self) = @_;
	my $one   = $self->direct(hint => 'egg', empty => 1, key => 'default');
	my $three = $self->child($one,   hint => 'hen', empty => 1);
	my $two   = $self->child($three, hint => 'yolk', empty => 1);
	my $close = $self->reference($one, $two, null => 0, clause => ' DEFERRABLE INITIALLY DEFERRED');
	$self->fill($_) for $one, $three, $two;
	$self->follow($_, $close) for @{ $one->{rows} };
	return;
}

sub six_levels {
	my ($self) = @_;
	my $table = $self->direct(hint => 'level');
	$table = $self->child($table, hint => 'level') for 2 .. 6;
	return;
}

# Three columns that are given all or not at all.
sub match_full {
	my ($self) = @_;
	my $table = $self->direct(hint => 'shelf', empty => 1);
	my $owner = $table->{columns}[0];
	$owner->{key} = $self->{company_key};
	my $code  = $self->column($table, 'code', 'text', key => 'text', null => 0);
	my $no    = $self->column($table, 'no', 'integer', key => 'serial', null => 0);
	my @key   = ($owner, $code, $no);
	push @{ $table->{constraints} }, 'UNIQUE (' . join(', ', map { $_->{sql} } @key) . ')';
	push @{ $table->{keys} }, \@key;
	$self->fill($table);
	my $user = $self->direct(hint => 'box', empty => 1);
	$self->reference($user, $table, key => \@key, clause => " MATCH FULL$_") for '', ' ON UPDATE CASCADE', ' ON DELETE SET NULL';
	$self->fill($user);
	$self->child($table, hint => 'tray');
	return;
}

# Deleting the target empties some columns of a foreign key; the company's column stays.
sub set_null {
	my ($self) = @_;
	my $table = $self->direct(hint => 'ground', empty => 1);
	my $owner = $table->{columns}[0];
	my $code  = $self->column($table, 'code', 'text', key => 'text', null => 0);
	push @{ $table->{constraints} }, "UNIQUE ($owner->{sql}, $code->{sql})";
	$self->fill($table);
	my $user   = $self->direct(hint => 'house', empty => 1);
	my $ground = $self->column($user, 'ground', 'text', make => sub { 'NULL' });
	$self->foreign_key($user, [$user->{columns}[0], $ground], $table, [$owner, $code], clause => " ON DELETE SET NULL ($ground->{sql})");
	$self->fill($user, fill => sub {
		my ($row) = @_;
		my @grounds = grep { $_->{company} == $row->{company} } @{ $table->{rows} };
		$row->{v}{ $ground->{name} } = $self->{random}->chance(30) ? 'NULL' : $self->{random}->pick(@grounds)->{v}{ $code->{name} };
	});
	return;
}

1;
