# Shapes of random schemas that the catalog does not explain: they come with their rules. Methods of
# SchemaGenerator.
package RuleShapes;

use strict;
use warnings;
use utf8;

use RandomValues qw(ident literal);

sub any_of {
	my ($self) = @_;
	my $table = $self->table('paper');
	$self->key_column($table);
	my @links = map { $self->reference($table, $self->parent, clause => $self->{random}->pick('', ' ON DELETE CASCADE', ' DEFERRABLE')) } 1 .. 2;
	$self->data_columns($table);
	$table->{owned} = $self->by_link(@links);
	$self->table_rule($table, 'company', route => [map { $_->{constraint} } @links]);
	my $set = sub {    # one of them, both, or for rows of nobody none
		my ($row) = @_;
		my $way = defined $row->{company} ? $self->{random}->below(3) : 3;
		for my $i (0 .. 1) {
			my ($link) = $links[$i];
			my @targets = grep { defined $_->{company} && defined $row->{company} && $_->{company} == $row->{company} } @{ $link->{target}{rows} };
			$row->{v}{ $_->{name} } = 'NULL' for @{ $link->{columns} };
			$self->follow($row, $link, $self->{random}->pick(@targets)) if $way == $i || $way == 2;
		}
	};
	$self->fill($table, fill => $set);
	$self->add_row($table, undef, $set) for 1 .. 4;
	return;
}

sub null_only {
	my ($self) = @_;
	my $table = $self->table('rate');
	my $owner = $self->column($table, 'company', $self->{random}->reference_sql($self->{company_key}), null => 1, company => 1);
	my $name  = $self->foreign_key($table, [$owner], $self->{company}, $self->{company}{keys}[0]);
	$self->key_column($table);
	$self->data_columns($table);
	$table->{owned} = $self->by_column($owner);
	$self->table_rule($table, 'company', route => [$name]);
	my $set = sub {
		my ($row) = @_;
		$row->{v}{ $owner->{name} } = defined $row->{company} ? $self->company_value($row->{company}) : 'NULL';
	};
	$self->fill($table, fill => $set);
	$self->add_row($table, undef, $set) for 1 .. 4;
	return;
}

# Rows that one row of a company must refer to belong to that company.
sub one_to_one {
	my ($self) = @_;
	my $upper = $self->table('body');
	$self->key_column($upper);
	$self->data_columns($upper);
	my $lower = $self->direct(hint => 'letter', empty => 1);
	my $link  = $self->reference($lower, $upper, null => 0, clause => '');
	push @{ $lower->{constraints} }, 'UNIQUE (' . $link->{columns}[0]{sql} . ')';
	my $back = {target => $lower, columns => $link->{of}, of => $link->{columns}};
	$self->table_rule($upper, 'company', route => [$link->{constraint}]);
	for my $company (0 .. $self->COMPANIES - 1) {
		for (1 .. $self->{random}->between(3, 8)) {
			my $body = $self->add_row($upper, $company);
			$self->add_row($lower, $company, sub { $self->follow($_[0], $link, $body) });
		}
	}
	$self->add_row($upper, undef);    # nobody refers to it
	$upper->{owned} = $self->by_link($back);
	($upper->{above}, $lower->{below}) = (1, $link);
	# With oracle.sql: rows that no row refers to, and that were among the company's.
	$upper->{orphan} = sub {
		my ($alias) = @_;
		my ($of, $by) = ($back->{columns}[0]{sql}, $back->{of}[0]{sql});
		return "(NOT EXISTS (SELECT FROM $lower->{sql} AS l WHERE l.$by = $alias.$of) AND $alias.$of IN (SELECT (line::$upper->{sql}).$of "
		  . "FROM oracle.saved_row JOIN oracle.scoped ON n = scoped WHERE relation = ${\ literal($upper->{sql})}::regclass))";
	};
	$self->child($upper, hint => 'passage');
	return;
}

# Reference data with other IDs in the other database, found again by what it means.
sub shared {
	my ($self) = @_;
	my $table = $self->table('currency', foreign_ids => 1);
	$self->key_column($table, $self->{random}->pick(qw(default small uuid)));
	my @match = map { $self->column($table, 'code', 'text', null => 0, make => sub { literal('C' . $_[1]{number} . 'é') }) } 1 .. $self->{random}->between(1, 2);
	push @{ $table->{constraints} }, 'UNIQUE (' . join(', ', map { $_->{sql} } @match) . ')';
	$self->column($table, 'c', 'text', make => sub { literal('x') });
	$table->{means} = sub { my ($alias) = @_; return join " || '/' || ", map { "$alias.$_->{sql}" } @match };
	$self->table_rule($table, 'shared', match => [map { $_->{name} } @match]);
	$self->add_row($table, undef) for 1 .. 7;
	for (1 .. 2) {
		my $user = $self->direct(hint => 'price', empty => 1);
		$self->reference($user, $table, null => $self->{random}->chance(50));
		$self->fill($user);
	}
	return;
}

sub people {
	my ($self) = @_;
	my $table = $self->table('human', foreign_ids => 1);
	$self->key_column($table, $self->{random}->pick(qw(default uuid)));
	my $email = $self->column($table, 'email', 'text', null => 0, make => sub { literal("p$_[1]{number}\@example.org") });
	push @{ $table->{constraints} }, "UNIQUE ($email->{sql})";
	$table->{means} = sub { return "$_[0].$email->{sql}" };
	$self->table_rule($table, 'people', match => [$email->{name}]);
	$self->add_row($table, undef) for 1 .. 6;
	my $belongs = $self->direct(hint => 'staff', empty => 1);
	$self->reference($belongs, $table, null => 0, clause => '');
	$self->fill($belongs);
	push @{ $self->{rules} }, 'SELECT set_membership(' . literal($belongs->{sql}) . ', ' . literal($belongs->{links}[0]{columns}[0]{name}) . ')';
	$belongs->{stays} = 1;
	$belongs->{keys}  = [];    # nobody may need rows that stay
	my $user = $self->child($self->parent, hint => 'note', empty => 1);
	$self->reference($user, $table, hint => 'author') for 1 .. 2;
	$self->fill($user);
	return;
}

# References to other companies.
sub leads_outside {
	my ($self, $table, $column) = @_;
	$column->{outside} = 1;
	$_->{v}{ $column->{name} } = $self->company_value($self->{random}->below($self->COMPANIES))
	  for grep { $_->{number} % 3 } @{ $table->{rows} };
	push @{ $self->{rules} }, 'SELECT set_reference(' . literal($table->{sql}) . ", ARRAY[${\ literal($column->{name})}]::name[], "
	  . literal($self->{company}{sql}) . ", ARRAY[${\ literal($self->{company}{keys}[0][0]{name})}]::name[], outside => '$self->{outside}')";
	return;
}

sub parent_company {
	my ($self) = @_;
	my $table  = $self->{company};
	my $parent = $self->company_column($table, hint => 'parent company', null => 1);
	$_->{v}{ $parent->{name} } = 'NULL' for @{ $table->{rows} };
	$self->leads_outside($table, $parent);
	return;
}

sub second_company {
	my ($self) = @_;
	my $table = $self->direct(hint => 'deal', empty => 1);
	my $first = $table->{columns}[0];
	my ($constraint) = $self->{later}[-1] =~ /ADD CONSTRAINT "((?:[^"]|"")+)"/;
	my $partner = $self->company_column($table, hint => 'partner', null => $self->{random}->chance(50));
	$self->table_rule($table, 'company', route => [$constraint =~ s/""/"/gr]);
	$self->fill($table);
	return unless $partner->{null};
	$self->leads_outside($table, $partner);
	return;
}

sub scope_column {
	my ($self) = @_;
	for (1 .. 2) {
		my $table = $self->table('event');
		my $owner = $self->company_column($table, name => $self->{tenant_name}, free => 1);
		push @{ $self->{soft} }, {table => $table, column => $owner, target => $self->{company}, of => $self->{company}{keys}[0][0]};
		$self->key_column($table);
		$self->data_columns($table);
		$table->{owned} = $self->by_column($owner);
		$self->fill($table);
	}
	return;
}

# References that no foreign key says: alone, by what another column says, in an array, in jsonb.
sub soft {
	my ($self) = @_;
	my ($one, $two) = map { $self->direct(hint => 'thing', key => 'default') } 1 .. 2;
	my $table = $self->direct(hint => 'remark', empty => 1);
	my $kind  = $self->column($table, 'kind', 'text');
	my $about = $self->column($table, 'about', 'bigint');
	my $many  = $self->column($table, 'many', 'bigint[]');
	my $json  = $self->column($table, 'json', 'jsonb');
	my $some  = sub { return $self->some_key(@_) };
	$self->fill($table, fill => sub {
		my ($row) = @_;
		my $v = $row->{v};
		my $choice = $self->{random}->below(3);
		$v->{ $kind->{name} }  = ("'one'", "'two'", 'NULL')[$choice];
		$v->{ $about->{name} } = $choice == 2 ? 'NULL' : $some->($row, $choice ? $two : $one);
		$v->{ $many->{name} }  = 'ARRAY[' . join(', ', 'NULL', map { $some->($row, $one) } 1 .. $choice) . ']::bigint[]';
		$v->{ $json->{name} }  = literal('{"items": [{"id": ' . $some->($row, $two) . '}, {"x": 1.0}]}');
	});
	$self->soft_reference($table, $about, $one, when => [$kind, 'one']);
	$self->soft_reference($table, $about, $two, when => [$kind, 'two']);
	$self->soft_reference($table, $many, $one);
	$self->soft_reference($table, $json, $two, path => '$.items[*].id');
	return;
}

# The first key of some row of the same company.
sub some_key {
	my ($self, $row, $target) = @_;
	my @rows = grep { defined $_->{company} && $_->{company} == $row->{company} } @{ $target->{rows} };
	return $self->{random}->pick(@rows)->{v}{ $target->{keys}[0][0]{name} };
}

# Declares that a column refers to the first key of a table: `path` into jsonb, `when` [column, value].
sub soft_reference {
	my ($self, $table, $column, $target, %more) = @_;
	my $of = $target->{keys}[0][0];
	push @{ $self->{soft} }, {table => $table, column => $column, target => $target, of => $of, %more};
	push @{ $self->{rules} }, 'SELECT set_reference(' . literal($table->{sql}) . ", ARRAY[${\ literal($column->{name})}]::name[], "
	  . literal($target->{sql}) . ", ARRAY[${\ literal($of->{name})}]::name[]"
	  . ($more{path} ? ', json_path => ' . literal($more{path}) : '')
	  . ($more{when} ? ', when_column => ' . literal($more{when}[0]{name}) . ', when_value => ' . literal($more{when}[1]) : '') . ')';
	return;
}

# Below the rows that belong to nobody are more of them.
sub nobodys_children {
	my ($self) = @_;
	my ($table) = grep { $_->{keys}[0] && grep { !defined $_->{company} } @{ $_->{rows} } } $self->owned_tables;
	return unless $table;
	my $child = $self->child($table, hint => 'detail');
	my ($link) = @{ $child->{links} };
	my @nobodys = grep { !defined $_->{company} } @{ $table->{rows} };
	$self->add_row($child, undef, sub { $self->follow($_[0], $link, $self->{random}->pick(@nobodys)) }) for 1 .. 3;
	return;
}

1;
