# A random schema of several companies, with its rows, its rules, and its own knowledge of which row
# belongs to whom. Everything follows from the seed.
#
# A table is a hash: schema, name, sql (its quoted name), columns, constraints, rows, keys (lists of
# columns that foreign keys may refer to), owned (makes the condition "row belongs to the company",
# from an alias and the company's key as SQL; absent for tables that belong to nobody).
# The shapes are in modules of their own, and so is what all this is as SQL.
package SchemaGenerator;

use strict;
use warnings;
use utf8;

use parent qw(IdShapes ReferenceShapes RuleShapes TableShapes GeneratedSql);

use RandomValues qw(ident literal);

use constant COMPANIES => 3;

my @SHAPES = qw(children composite several_keys self_reference cycle_of_two cycle_of_three six_levels
  any_of null_only one_to_one shared people second_company scope_column no_key by_range by_list
  by_hash two_levels inheritance exclusion deferrable generated soft match_full set_null parent_company
  nobodys_children some_unique one_to_one_key join_table documents unique_topic unique_elsewhere odd_unique
  spans);

# `outside`: what becomes of references to other companies (null). `clone`: no key is unique beyond the company of
# which no new value can be made up; with `natural`, one is.
# `markers`: no two rows of a table look alike. `always`: shapes that are not left to chance.
sub new {
	my ($class, $seed, %how) = @_;
	my $random = RandomValues->new($seed);
	my $self   = bless {
		seed => $seed, outside => 'null', %how, random => $random, tables => [], later => [], rules => [], soft => [], first => [], aliases => 0,
		company_key => $random->pick(qw(always default uuid text plain small)),
	}, $class;
	$self->{schemas} = [map { ident($random->name('schemas', 'area')) } 1 .. $random->between(1, 4)];
	$self->company;
	$self->direct for 1 .. 2;
	for my $shape (@SHAPES) {
		my $wanted = $random->chance(55);
		$self->$shape if $wanted || grep { $_ eq $shape } @{ $how{always} // [] };
	}
	$self->natural_key if $how{natural};
	return $self;
}

sub tables { return @{ $_[0]{tables} } }
sub owned_tables { return grep { $_->{owned} } $_[0]->tables }

# --- building blocks ---------------------------------------------------------------------------

sub table {
	my ($self, $hint, %more) = @_;
	my $random = $self->{random};
	my $schema = $random->pick(@{ $self->{schemas} });
	# Now and then the name of a table in another schema.
	my @elsewhere = grep { my $t = $_; $t->{schema} ne $schema && !grep { $_->{schema} eq $schema && $_->{name} eq $t->{name} } $self->tables } $self->tables;
	my $name = @elsewhere && $random->chance(15) ? $random->pick(@elsewhere)->{name} : $random->name("tables $schema", $hint);
	$random->{names}{"tables $schema"}{$name}++;
	my $table = {
		schema => $schema, name => $name, sql => "$schema." . ident($name), columns => [],
		constraints => [], rows => [], keys => [], options => '', only => 'ONLY ',
		number => scalar($self->tables) + 1, %more
	};
	push @{ $self->{tables} }, $table;
	return $table;
}

sub column {
	my ($self, $table, $hint, $type, %more) = @_;
	my $name = $more{name} // $self->{random}->name("columns $table->{sql}", $hint);
	my $column = {name => $name, sql => ident($name), type => $type, null => 1, %more};
	push @{ $table->{columns} }, $column;
	return $column;
}

sub key_column {
	my ($self, $table, $key) = @_;
	$key //= $self->{random}->pick($self->{clone} ? $self->{random}->made_up_keys : $self->{random}->key_types);
	my $column = $self->column($table, 'key', $self->{random}->key_sql($key), key => $key, null => 0);
	push @{ $table->{constraints} }, "PRIMARY KEY ($column->{sql})";
	push @{ $table->{keys} }, [$column];
	return $column;
}

sub data_columns {
	my ($self, $table) = @_;
	$self->column($table, 'marker', 'text', null => 0, make => sub { literal("row $_[1]{number}") }) if $self->{markers};
	for (1 .. $self->{random}->between(1, 4)) {
		my ($type, $make) = $self->{random}->data;
		$self->column($table, 'c', $type =~ s/\$/$self->{schemas}[0]./r, make => $make, null => $self->{random}->chance(70));
	}
	$self->column($table, 'gone', 'text', dropped => 1) if $self->{random}->chance(30);
	return;
}

# A column of the company's key; with a foreign key unless `free`.
sub company_column {
	my ($self, $table, %more) = @_;
	my $column = $self->column($table, $more{hint} // 'company', $self->{random}->reference_sql($self->{company_key}), company => 1, null => 0, %more);
	$self->foreign_key($table, [$column], $self->{company}, $self->{company}{keys}[0], %more) unless $more{free};
	return $column;
}

# Added when all rows are there. Gives the constraint's name; a rule of the table, or of the target, may route by it.
sub foreign_key {
	my ($self, $table, $columns, $target, $key, %more) = @_;
	my $name;
	do { $name = $self->{random}->name("constraints $table->{sql}", 'fk') } while $self->{referring}{ $target->{sql} }{$name}++;
	my $list = sub { join ', ', map { $_->{sql} } @_ };
	push @{ $self->{later} }, "ALTER TABLE $table->{sql} ADD CONSTRAINT ${\ ident($name)} FOREIGN KEY ("
	  . $list->(@{$columns}) . ") REFERENCES $target->{sql} (" . $list->(@{$key}) . ')' . ($more{clause} // '');
	return $name;
}

# Columns that refer to a key of a table, with their foreign key. Values follow the row they refer to.
sub reference {
	my ($self, $table, $target, %more) = @_;
	my $key  = delete $more{key} // $self->{random}->pick(@{ $target->{keys} });
	my $link = {};
	my @columns = map {
		$self->column($table, $more{hint} // 'ref', $self->{random}->reference_sql($_->{key}), link => $link, of => $_, null => 1, %more)
	} @{$key};
	@{$link}{qw(target columns of table)} = ($target, \@columns, $key, $table);
	$link->{constraint} = $self->foreign_key($table, \@columns, $target, $key, clause =>
		  $more{clause} // $self->{random}->pick('', '', ' ON DELETE CASCADE', ' DEFERRABLE INITIALLY DEFERRED', ' MATCH FULL',
			' ON UPDATE CASCADE', ' DEFERRABLE', ' ON DELETE RESTRICT', $columns[0]{null} ? ' ON DELETE SET NULL' : ' MATCH FULL ON DELETE CASCADE'))
	  unless $more{soft};
	push @{ $table->{links} }, $link;
	return $link;
}

# --- who owns what -----------------------------------------------------------------------------

sub alias { return 'a' . ++$_[0]{aliases} }

sub by_column {
	my ($self, $column) = @_;
	return sub { my ($alias, $company) = @_; return "$alias.$column->{sql} = $company" };
}

sub by_link {
	my ($self, @links) = @_;
	$_->{owns} = 1 for @links;
	return sub {
		my ($alias, $company) = @_;
		return '(' . join(' OR ', map {
			my ($link, $target) = ($_, $self->alias);
			my $join = join ' AND ', map { "$target.$link->{of}[$_]{sql} = $alias.$link->{columns}[$_]{sql}" } 0 .. $#{ $link->{columns} };
			"EXISTS (SELECT FROM $link->{target}{only}$link->{target}{sql} AS $target WHERE $join AND "
			  . $link->{target}{owned}->($target, $company) . ')';
		} @links) . ')';
	};
}

# --- rows --------------------------------------------------------------------------------------

# Adds rows for every company. `fill` may set values of a row by column name; what it leaves out is
# made up.
sub fill {
	my ($self, $table, %more) = @_;
	my @companies = map { ($_) x ($more{count} // $self->{random}->between(4, 10)) } 0 .. COMPANIES - 1;
	$self->add_row($table, $_, $more{fill}) for $more{shuffle} ? () : @companies;
	return;
}

sub add_row {
	my ($self, $table, $company, $fill) = @_;
	my $row = {company => $company, table => $table, number => scalar(@{ $table->{rows} }) + 1, v => {}};
	$fill->($row) if $fill;
	for my $column (grep { !$_->{dropped} && !$_->{link} } @{ $table->{columns} }) {
		next if exists $row->{v}{ $column->{name} } || $column->{generated};
		$row->{v}{ $column->{name} } = $self->made_up($column, $row);
	}
	for my $link (@{ $table->{links} // [] }) {
		$self->follow($row, $link) unless exists $row->{v}{ $link->{columns}[-1]{name} };
	}
	push @{ $table->{rows} }, $row;
	return $row;
}

sub made_up {
	my ($self, $column, $row) = @_;
	return $self->company_value($row->{company}) if $column->{company} && !$column->{null};
	return $self->{random}->key_value($column->{key}, $self->number_for($column, $row)) if $column->{key};
	return 'NULL' if $column->{null} && $self->{random}->chance(30);
	return $self->company_value($row->{company}) if $column->{company};
	return $column->{make}->($self->{random}, $row);
}

# What is made up by a generator of IDs is never made up twice, in whatever table. (Companies: see company_value.)
sub number_for {
	my ($self, $column, $row) = @_;
	return $row->{number} if $row->{table} == $self->{company} || !$self->{random}->is_generated($column->{key});
	my $place = $self->{places}{"$row->{table}{sql}.$column->{name}"} //= 10 + keys %{ $self->{places} };
	return 1000 * $place + $row->{number};
}

# Lets a row refer to some row that it may refer to; `target` chooses it.
sub follow {
	my ($self, $row, $link, $target) = @_;
	my $shared = !$link->{target}{owned};
	my @possible = grep { $shared || defined $_->{company} && $_->{company} == ($row->{company} // -1) } @{ $link->{target}{rows} };
	$target //= $self->{random}->pick(@possible) if @possible && !($link->{columns}[0]{null} && $self->{random}->chance(30));
	for my $i (0 .. $#{ $link->{columns} }) {
		my $of = $link->{of}[$i];
		$row->{v}{ $link->{columns}[$i]{name} } = !$target ? 'NULL'
		  : $link->{target}{foreign_ids} ? {row => $target, column => $of->{name}}
		  :                                $target->{v}{ $of->{name} };
	}
	return;
}

sub company_value { my ($self, $company) = @_; return $self->{random}->key_value($self->{company_key}, $company + 1) }

# --- the company table and the plain case --------------------------------------------------------

sub company {
	my ($self) = @_;
	my $random = $self->{random};
	my $table = $self->{company} = $self->table('firm');
	my $key   = $self->key_column($table, $self->{company_key});
	my $name  = $self->column($table, 'title', 'text', null => 0, make => sub { literal("Firm $_[1]{number} é") });
	$self->data_columns($table);
	$table->{owned} = $self->by_column($key);
	$self->{tenant_name} = $self->{random}->name('scope columns', 'tenant');
	$table->{kept} = [$name] if $random->chance(60);    # without: all columns are
	$self->{first} = ["SELECT set_company_table(${\ literal($table->{sql})}, ${\ literal($key->{name})}, ${\ literal($name->{name})}, "
		  . ($table->{kept} ? "identity_columns => ARRAY[${\ literal($name->{name})}]::name[], " : '')
		  . "scope_columns => ARRAY[${\ literal($self->{tenant_name})}]::name[])"];
	$self->add_row($table, $_) for 0 .. COMPANIES - 1;
	return;
}

sub direct {
	my ($self, %more) = @_;
	my $table = $self->table($more{hint} // 'item');
	my $owner = $self->company_column($table);
	$self->key_column($table, $more{key});
	if ($self->{random}->chance(60)) {    # a unique key beside the primary one
		my $kind = $self->{random}->pick(qw(bigserial uuid ulid prefixed), $self->{clone} ? () : qw(plain text numeric date));
		my $code = $self->column($table, 'code', $self->{random}->key_sql($kind) =~ s/ DEFAULT.*//r, key => $kind, null => 0);
		push @{ $table->{constraints} }, "UNIQUE ($code->{sql})";
		push @{ $table->{keys} }, [$code];
	}
	$self->data_columns($table);
	$table->{owned} = $self->by_column($owner);
	$self->fill($table) unless $more{empty};
	return $table;
}

# Some table whose rows may have children.
sub parent {
	my ($self) = @_;
	return $self->{random}->pick(grep { $_->{owned} && $_ != $self->{company} && @{ $_->{keys} } && @{ $_->{rows} } } $self->tables);
}

sub child {
	my ($self, $parent, %more) = @_;
	my $table = $self->table($more{hint} // 'part', %{ $more{table} // {} });
	my $link  = $self->reference($table, $parent, null => 0);
	$self->key_column($table) unless $more{no_key};
	$self->data_columns($table);
	$table->{owned} = $self->by_link($link);
	$self->fill($table) unless $more{empty};
	return $table;
}

sub table_rule {
	my ($self, $table, $treatment, %more) = @_;
	my $list = sub { 'ARRAY[' . join(', ', map { literal($_) } @_) . ']::name[]' };
	push @{ $self->{rules} }, 'SELECT set_table_rule(' . literal($table->{sql}) . ", '$treatment', 'of the test'"
	  . ($more{route} ? ', route => ' . $list->(@{ $more{route} }) : '')
	  . ($more{match} ? ', match_columns => ' . $list->(@{ $more{match} }) : '') . ')';
	return;
}

1;
