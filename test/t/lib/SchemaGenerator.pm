# A random schema of several companies, with its rows, its rules, and its own knowledge of which row
# belongs to whom. Everything follows from the seed.
#
# A table is a hash: schema, name, sql (its quoted name), columns, constraints, rows, keys (lists of
# columns that foreign keys may refer to), owned (makes the condition "row belongs to the company",
# from an alias and the company's key as SQL; absent for tables that belong to nobody).
package SchemaGenerator;

use strict;
use warnings;
use utf8;

use Encode qw(encode);

use RandomValues qw(ident literal);

use constant COMPANIES => 3;

my @SHAPES = qw(children composite several_keys self_reference cycle_of_two cycle_of_three six_levels
  any_of null_only one_to_one shared people second_company scope_column no_key by_range by_list
  by_hash two_levels inheritance exclusion deferrable generated soft);

sub new {
	my ($class, $seed) = @_;
	my $random = RandomValues->new($seed);
	my $self   = bless {
		seed => $seed, random => $random, tables => [], later => [], rules => [], first => [], aliases => 0,
		company_key => $random->pick(qw(always default uuid text plain small)),
	}, $class;
	$self->{schemas} = [map { ident($random->name('schemas', 'area')) } 1 .. $random->between(1, 4)];
	$self->company;
	$self->direct for 1 .. 2;
	for my $shape (@SHAPES) {
		$self->$shape if $random->chance(55);
	}
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
		constraints => [], rows => [], keys => [], options => '', only => 'ONLY ', %more
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
	$key //= $self->{random}->pick($self->{random}->key_types);
	my $column = $self->column($table, 'key', $self->{random}->key_sql($key), key => $key, null => 0);
	push @{ $table->{constraints} }, "PRIMARY KEY ($column->{sql})";
	push @{ $table->{keys} }, [$column];
	return $column;
}

sub data_columns {
	my ($self, $table) = @_;
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

# Added when all rows are there. Gives the constraint's name.
sub foreign_key {
	my ($self, $table, $columns, $target, $key, %more) = @_;
	my $name = $self->{random}->name("constraints $table->{sql}", 'fk');
	my $list = sub { join ', ', map { $_->{sql} } @_ };
	push @{ $self->{later} }, "ALTER TABLE $table->{sql} ADD CONSTRAINT ${\ ident($name)} FOREIGN KEY ("
	  . $list->(@{$columns}) . ") REFERENCES $target->{sql} (" . $list->(@{$key}) . ')' . ($more{clause} // '');
	return $name;
}

# Columns that refer to a key of a table, with their foreign key. Values follow the row they refer to.
sub reference {
	my ($self, $table, $target, %more) = @_;
	my $key  = $more{key} // $self->{random}->pick(@{ $target->{keys} });
	my $link = {};
	my @columns = map {
		$self->column($table, $more{hint} // 'ref', $self->{random}->reference_sql($_->{key}), link => $link, of => $_, null => 1, %more)
	} @{$key};
	@{$link}{qw(target columns of table)} = ($target, \@columns, $key, $table);
	$link->{constraint} = $self->foreign_key($table, \@columns, $target, $key, clause =>
		  $more{clause} // $self->{random}->pick('', '', ' ON DELETE CASCADE', ' DEFERRABLE INITIALLY DEFERRED', ' MATCH FULL', ' ON UPDATE CASCADE'))
	  unless $more{soft};
	push @{ $table->{links} }, $link;
	return $link;
}

# --- who owns what -----------------------------------------------------------------------------

sub alias { return 'a' . ++$_[0]{aliases} }

sub by_column {
	my ($column) = @_;
	return sub { my ($alias, $company) = @_; return "$alias.$column->{sql} = $company" };
}

sub by_link {
	my ($self, @links) = @_;
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
	return $self->{random}->key_value($column->{key}, $row->{number}) if $column->{key};
	return 'NULL' if $column->{null} && $self->{random}->chance(30);
	return $self->company_value($row->{company}) if $column->{company};
	return $column->{make}->($self->{random}, $row);
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
	my $table = $self->{company} = $self->table('firm');
	my $key   = $self->key_column($table, $self->{company_key});
	my $name  = $self->column($table, 'title', 'text', null => 0, make => sub { literal("Firm $_[1]{number} é") });
	$self->data_columns($table);
	$table->{owned} = by_column($key);
	$self->{tenant_name} = $self->{random}->name('scope columns', 'tenant');
	$self->{first} = ["SELECT set_company_table(${\ literal($table->{sql})}, ${\ literal($key->{name})}, ${\ literal($name->{name})}, "
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
		my $kind = $self->{random}->pick(qw(plain uuid text numeric date));
		my $code = $self->column($table, 'code', $self->{random}->key_sql($kind) =~ s/ DEFAULT.*//r, key => $kind, null => 0);
		push @{ $table->{constraints} }, "UNIQUE ($code->{sql})";
		push @{ $table->{keys} }, [$code];
	}
	$self->data_columns($table);
	$table->{owned} = by_column($owner);
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

# --- shapes ------------------------------------------------------------------------------------

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
	$table->{owned} = by_column($owner);
	for my $company (0 .. COMPANIES - 1) {    # the same codes in every company
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

sub table_rule {
	my ($self, $table, $treatment, %more) = @_;
	my $list = sub { 'ARRAY[' . join(', ', map { literal($_) } @_) . ']::name[]' };
	push @{ $self->{rules} }, 'SELECT set_table_rule(' . literal($table->{sql}) . ", '$treatment', 'of the test'"
	  . ($more{route} ? ', route => ' . $list->(@{ $more{route} }) : '')
	  . ($more{match} ? ', match_columns => ' . $list->(@{ $more{match} }) : '') . ')';
	return;
}

sub any_of {
	my ($self) = @_;
	my $table = $self->table('paper');
	$self->key_column($table);
	my @links = map { $self->reference($table, $self->parent) } 1 .. 2;
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
	my $owner = $self->column($table, 'company', $self->{random}->reference_sql($self->{company_key}), null => 1);
	my $name  = $self->foreign_key($table, [$owner], $self->{company}, $self->{company}{keys}[0]);
	$self->key_column($table);
	$self->data_columns($table);
	$table->{owned} = by_column($owner);
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
	for my $company (0 .. COMPANIES - 1) {
		for (1 .. $self->{random}->between(3, 8)) {
			my $body = $self->add_row($upper, $company);
			$self->add_row($lower, $company, sub { $self->follow($_[0], $link, $body) });
		}
	}
	$self->add_row($upper, undef);    # nobody refers to it
	$upper->{owned} = $self->by_link($back);
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

sub second_company {
	my ($self) = @_;
	my $table = $self->direct(hint => 'deal', empty => 1);
	my $first = $table->{columns}[0];
	my ($constraint) = $self->{later}[-1] =~ /ADD CONSTRAINT "((?:[^"]|"")+)"/;
	my $partner = $self->company_column($table, hint => 'partner', null => $self->{random}->chance(50));
	$self->table_rule($table, 'company', route => [$constraint =~ s/""/"/gr]);
	$self->fill($table);
	return unless $partner->{null};
	# Partners of other companies do not travel.
	$partner->{outside} = 1;
	$_->{v}{ $partner->{name} } = $self->company_value($self->{random}->below(COMPANIES)) 
	  for grep { $_->{company} == 0 && $_->{number} % 3 } @{ $table->{rows} };
	push @{ $self->{rules} }, 'SELECT set_reference(' . literal($table->{sql}) . ", ARRAY[${\ literal($partner->{name})}]::name[], "
	  . literal($self->{company}{sql}) . ", ARRAY[${\ literal($self->{company}{keys}[0][0]{name})}]::name[], outside => 'null')";
	return;
}

sub scope_column {
	my ($self) = @_;
	for (1 .. 2) {
		my $table = $self->table('event');
		my $owner = $self->company_column($table, name => $self->{tenant_name}, free => 1);
		$self->key_column($table);
		$self->data_columns($table);
		$table->{owned} = by_column($owner);
		$self->fill($table);
	}
	return;
}

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
	push @{ $table->{constraints} }, "EXCLUDE USING gist ($span->{sql} WITH &&)";
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
	push @{ $table->{constraints} }, "UNIQUE ($twice->{sql})";
	$self->fill($table);
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
	my $some  = sub {
		my ($row, $target) = @_;
		my @rows = grep { $_->{company} == $row->{company} } @{ $target->{rows} };
		return $self->{random}->pick(@rows)->{v}{ $target->{keys}[0][0]{name} };
	};
	$self->fill($table, fill => sub {
		my ($row) = @_;
		my $v = $row->{v};
		my $choice = $self->{random}->below(3);
		$v->{ $kind->{name} }  = ("'one'", "'two'", 'NULL')[$choice];
		$v->{ $about->{name} } = $choice == 2 ? 'NULL' : $some->($row, $choice ? $two : $one);
		$v->{ $many->{name} }  = 'ARRAY[' . join(', ', 'NULL', map { $some->($row, $one) } 1 .. $choice) . ']::bigint[]';
		$v->{ $json->{name} }  = literal('{"items": [{"id": ' . $some->($row, $two) . '}, {"x": 1.0}]}');
	});
	my $source = literal($table->{sql});
	my $of = sub { my ($column, $target, $more) = @_; push @{ $self->{rules} },
		"SELECT set_reference($source, ARRAY[${\ literal($column->{name})}]::name[], ${\ literal($target->{sql})}, ARRAY[${\ literal($target->{keys}[0][0]{name})}]::name[]$more)" };
	$of->($about, $one, ", when_column => ${\ literal($kind->{name})}, when_value => 'one'");
	$of->($about, $two, ", when_column => ${\ literal($kind->{name})}, when_value => 'two'");
	$of->($many, $one, '');
	$of->($json, $two, ", json_path => '\$.items[*].id'");
	return;
}

# --- SQL ---------------------------------------------------------------------------------------

sub statements { return encode('UTF-8', join('', map { "$_;\n" } @_)) }

# Everything but rows and constraints between tables.
sub schema_sql {
	my ($self) = @_;
	my @sql = map { "CREATE SCHEMA $_" } @{ $self->{schemas} };
	push @sql, $self->{random}->types_sql($self->{schemas}[0]) =~ s/;\n\z//r;
	for my $table ($self->tables) {
		my %inherited = map { $_->{name} => 1 } $table->{inherits} ? @{ $table->{columns} }[0 .. $#{ $table->{columns} } - 1] : ();
		my @parts = map { "$_->{sql} $_->{type}" . ($_->{null} || $_->{generated} ? '' : ' NOT NULL') } grep { !$inherited{ $_->{name} } } @{ $table->{columns} };
		push @sql, "CREATE TABLE $table->{sql} (" . join(', ', @parts, @{ $table->{constraints} }) . ")$table->{options}";
		push @sql, @{ $table->{after} // [] };
		push @sql, "ALTER TABLE $table->{sql} DROP COLUMN $_->{sql}" for grep { $_->{dropped} } @{ $table->{columns} };
	}
	return statements(@sql);
}

# Rows of some companies (and of nobody). `other`: with other IDs of shared rows, as in another
# database.
sub rows_sql {
	my ($self, $other, %companies) = @_;
	my @sql;
	for my $table ($self->tables) {
		my @columns = grep { !$_->{dropped} && !$_->{generated} } @{ $table->{columns} };
		my $into    = "INSERT INTO $table->{sql} (" . join(', ', map { $_->{sql} } @columns) . ') OVERRIDING SYSTEM VALUE VALUES ';
		for my $row (@{ $table->{rows} }) {
			next if defined $row->{company} && !$companies{ $row->{company} };
			push @sql, $into . '(' . join(', ', map { $self->value($table, $row, $_, $other) } @columns) . ')';
		}
	}
	return statements(@sql);
}

sub value {
	my ($self, $table, $row, $column, $other) = @_;
	my $value = $row->{v}{ $column->{name} };
	if (ref $value) {
		my ($of) = grep { $_->{name} eq $value->{column} } @{ $value->{row}{table}{columns} };
		return $self->value($value->{row}{table}, $value->{row}, $of, $other);
	}
	return $self->{random}->key_value($column->{key}, 100 + 3 * (50 - $row->{number})) if $other && $table->{foreign_ids} && $column->{key};
	return $value;
}

# Foreign keys, and triggers and rules that would do harm while a backup is loaded.
sub constraints_sql {
	my ($self) = @_;
	my ($random, @sql) = ($self->{random}, @{ $self->{later} });
	my $schema = $self->{schemas}[0];
	push @sql, "CREATE FUNCTION $schema.refuse() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN RAISE EXCEPTION 'a trigger fired'; END \$\$",
	  "CREATE FUNCTION $schema.swallow() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN RETURN NULL; END \$\$";
	for my $table ($self->owned_tables) {
		next unless $random->chance(50);
		my $trigger = $random->pick("BEFORE INSERT ON $table->{sql} FOR EACH ROW EXECUTE FUNCTION $schema.refuse()",
			"AFTER INSERT ON $table->{sql} FOR EACH STATEMENT EXECUTE FUNCTION $schema.refuse()",
			"BEFORE INSERT ON $table->{sql} FOR EACH ROW EXECUTE FUNCTION $schema.swallow()");
		push @sql, "CREATE TRIGGER harm $trigger";
		push @sql, "ALTER TABLE $table->{sql} ENABLE ALWAYS TRIGGER harm" if $random->chance(30);
		push @sql, "CREATE RULE harm AS ON INSERT TO $table->{sql} DO INSTEAD NOTHING" if $random->chance(20);
	}
	return statements(@sql);
}

sub rules_sql { my ($self) = @_; return statements(@{ $self->{first} }, @{ $self->{rules} }) }

sub company_literal { my ($self, $company) = @_; return $self->company_value($company) }

sub belongs_sql {
	my ($self, $table, $alias, $company) = @_;
	return $table->{owned} ? $table->{owned}->($alias, $self->company_value($company)) : 'false';
}

# A query: number and digest of the rows of a table that belong to a company; or, with `others`, of
# all the other rows. With `meaning`, references to shared rows count as what they mean. References to
# other companies do not count: they do not travel.
sub digest_sql {
	my ($self, $table, $company, %how) = @_;
	my @values = map {
		my $link = $_->{link};
		my $means = $how{meaning} && $link && $link->{target}{means};
		my $alias = $self->alias;
		!$how{others} && $_->{outside} ? "nullif(t.$_->{sql} = ${\ $self->company_value($company)}, false)" : $means ? "(SELECT ${\ $means->($alias)} FROM $link->{target}{sql} AS $alias WHERE $alias.$link->{of}[0]{sql} = t.$_->{sql})" : "t.$_->{sql}";
	} grep { !$_->{dropped} } @{ $table->{columns} };
	my $belongs = $self->belongs_sql($table, 't', $company);
	my $which = $how{all} ? 'true' : $how{others} ? "($belongs) IS NOT TRUE" : $belongs;
	return encode('UTF-8', "SELECT count(*) || ' ' || coalesce(md5(string_agg(r, E'\\n' ORDER BY r COLLATE \"C\")), '') "
		  . "FROM (SELECT ROW(" . join(', ', @values) . ")::text AS r FROM $table->{only}$table->{sql} AS t WHERE $which) d");
}

1;
