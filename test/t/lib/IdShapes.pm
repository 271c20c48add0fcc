# Shapes of random schemas: where IDs stand, and what makes them unique. Methods of SchemaGenerator.
package IdShapes;

use strict;
use warnings;
use utf8;

use RandomValues qw(ident literal);

sub unquoted { my ($value) = @_; return $value =~ s/^'(.*)'\z/$1/r }

# Rows that have their parent's key, and rows below them.
sub one_to_one_key {
	my ($self) = @_;
	my $parent = $self->direct(hint => 'order');
	my $table  = $self->child($parent, hint => 'terms', no_key => 1, empty => 1);
	my @key    = @{ $table->{links}[0]{columns} };
	$_->{key}  = $_->{of}{key} for @key;
	push @{ $table->{constraints} }, 'PRIMARY KEY (' . join(', ', map { $_->{sql} } @key) . ')';
	$table->{keys} = [\@key];
	for my $above (grep { $_->{number} % 3 } @{ $parent->{rows} }) {
		$self->add_row($table, $above->{company}, sub { $self->follow($_[0], $table->{links}[0], $above) });
	}
	$self->child($table, hint => 'clause');
	return;
}

# Nothing but references.
sub join_table {
	my ($self) = @_;
	my ($one, $two) = map { $self->direct(hint => 'tag') } 1 .. 2;
	my $table = $self->child($one, hint => 'tagged', no_key => 1, empty => 1);
	$table->{columns} = [@{ $table->{links}[0]{columns} }];
	$self->reference($table, $two, null => 0);
	push @{ $table->{constraints} }, 'PRIMARY KEY (' . join(', ', map { $_->{sql} } map { @{ $_->{columns} } } @{ $table->{links} }) . ')';
	for my $first (grep { $_->{number} % 2 } @{ $one->{rows} }) {
		for my $second (grep { $_->{company} == $first->{company} && $_->{number} % 3 } @{ $two->{rows} }) {
			$self->add_row($table, $first->{company}, sub {
				$self->follow($_[0], $table->{links}[0], $first);
				$self->follow($_[0], $table->{links}[1], $second);
			});
		}
	}
	return;
}

# IDs anywhere in documents, as names of members too; in arrays; in text.
sub documents {
	my ($self) = @_;
	my $random = $self->{random};
	my ($plain, $text) = ($self->direct(hint => 'sheet', key => $random->pick(qw(default small))), $self->direct(hint => 'block', key => $random->pick(qw(ulid nanoid uuid7 prefixed))));
	my $table = $self->direct(hint => 'layout', empty => 1);
	my $many  = $self->column($table, 'many', $random->reference_sql($text->{keys}[0][0]{key}) =~ s/ COLLATE.*//r . '[]');
	my $alone = $self->column($table, 'alone', 'text');
	my $kept  = $self->column($table, 'kept', 'jsonb');
	my $names = $self->column($table, 'names', 'jsonb', null => 0);
	my $deep  = $self->column($table, 'deep', 'jsonb');
	$self->fill($table, fill => sub {
		my ($row) = @_;
		my $v  = $row->{v};
		my $id = sub { return unquoted($self->some_key($row, $_[0])) };
		$v->{ $many->{name} }  = literal('{' . join(',', map { $id->($text) } 1 .. $random->below(4)) . '}');
		$v->{ $alone->{name} } = literal($id->($plain));
		my $looks = $id->($plain);
		$v->{ $kept->{name} }  = literal(qq({"id": $looks, "$looks": "$looks"}));    # looks like one, is none
		my %blocks = map { $id->($text) => $id->($plain) } 1 .. 3;
		my $at = join ', ', map { qq("$_": {"in": [$blocks{$_}, null], "n": 1.50, "$looks": [$looks]}) } sort keys %blocks;
		$v->{ $names->{name} } = literal("{\"at\": {$at}, \"at.home\": [\"" . $id->($text) . '"]}');
		my $nested = qq({"to": "${\ $id->($text)}", "a": {"b'": [[{"to": "${\ $id->($text)}"}], {"to": null}, 1e400]}, "n": $looks});
		$v->{ $deep->{name} } = $random->chance(20) ? 'NULL' : literal($nested);
	});
	# Values that are keys of other rows would be asked about; what the references name they still are.
	push @{ $self->{rules} }, map { 'SELECT set_column_rule(' . literal($table->{sql}) . ', ' . literal($_->{name}) . q{, 'data')} } $kept, $names, $deep;
	$self->soft_reference($table, $many, $text);
	$self->soft_reference($table, $alone, $plain);
	$self->soft_reference($table, $names, $text, path => '$.at.keys()');
	$self->soft_reference($table, $names, $plain, path => '$.at.*.in[*]');
	$self->soft_reference($table, $names, $text, path => '$."at.home"[*]');
	$self->soft_reference($table, $deep, $text, path => '$.**.to');
	return;
}

# One row for each thing that it may be about.
sub unique_topic {
	my ($self) = @_;
	my $key = $self->{random}->pick(qw(default uuid));
	my @targets = map { $self->direct(hint => 'topic', key => $key) } 1 .. 2;
	my $table = $self->direct(hint => 'thread', empty => 1);
	my $kind  = $self->column($table, 'kind', 'text', null => 0);
	my $about = $self->column($table, 'about', 'text', null => 0);
	push @{ $table->{constraints} }, "UNIQUE ($kind->{sql}, $about->{sql})";
	for my $n (0 .. 1) {
		for my $topic (grep { ($_->{number} + $n) % 3 } @{ $targets[$n]{rows} }) {
			$self->add_row($table, $topic->{company}, sub {
				$_[0]{v}{ $kind->{name} }  = literal("topic $n");
				$_[0]{v}{ $about->{name} } = literal(unquoted($topic->{v}{ $targets[$n]{keys}[0][0]{name} }));
			});
		}
		$self->soft_reference($table, $about, $targets[$n], when => [$kind, "topic $n"]);
	}
	return;
}

# A key that contains the company; but a row that refers to it is found by the rest of it alone.
sub unique_elsewhere {
	my ($self) = @_;
	my $table = $self->table('ticket');
	my $owner = $self->company_column($table, key => $self->{company_key});
	my $kind  = $self->{random}->pick(qw(bigserial uuid nanoid));
	my $no    = $self->column($table, 'no', $self->{random}->key_sql($kind) =~ s/ DEFAULT.*//r, key => $kind, null => 0);
	push @{ $table->{constraints} }, "PRIMARY KEY ($owner->{sql}, $no->{sql})";
	$table->{keys} = [[$owner, $no]];
	$self->data_columns($table);
	$table->{owned} = $self->by_column($owner);
	$self->fill($table);
	my $user = $self->child($table, hint => 'seat', empty => 1);
	push @{ $user->{constraints} }, "UNIQUE ($user->{links}[0]{columns}[1]{sql})";
	for my $row (grep { $_->{number} % 2 } @{ $table->{rows} }) {
		$self->add_row($user, $row->{company}, sub { $self->follow($_[0], $user->{links}[0], $row) });
	}
	return;
}

# Unique with NULLs, by expressions over IDs, and for rows that have one.
sub odd_unique {
	my ($self) = @_;
	my $table  = $self->direct(hint => 'ticket', empty => 1, key => $self->{random}->pick(qw(prefixed ulid nanoid)));
	my ($owner, $id) = map { $_->{sql} } @{ $table->{columns} }[0, 1];
	my $place  = $self->column($table, 'place', 'text', make => sub { literal("N$_[1]{number}") });
	my $floor  = $self->column($table, 'floor', 'integer');
	my $link   = $self->reference($table, $self->parent, null => 1, clause => '');
	my @target = map { $_->{sql} } @{ $link->{columns} };
	$self->fill($table, fill => sub {
		my ($row) = @_;
		$row->{v}{ $floor->{name} } = $row->{number} % 3 ? 'NULL' : $row->{number};
		$row->{v}{ $place->{name} } = $row->{number} % 3 ? literal("N$row->{number}") : 'NULL';
	});
	$table->{after} = ["CREATE UNIQUE INDEX ON $table->{sql} ($owner, $place->{sql}, $floor->{sql}) NULLS NOT DISTINCT",
		"CREATE UNIQUE INDEX ON $table->{sql} (lower($id), left($id, 3)) INCLUDE ($floor->{sql})",
		"CREATE UNIQUE INDEX ON $table->{sql} (" . join(', ', @target, $id) . ") WHERE $target[0] IS NOT NULL"];
	return;
}

# Exclusion constraints over IDs.
sub spans {
	my ($self) = @_;
	my $room  = $self->direct(hint => 'room', key => $self->{random}->pick(qw(default small serial)));
	my $table = $self->direct(hint => 'lease', empty => 1, key => 'uuid');
	my $link  = $self->reference($table, $room, key => $room->{keys}[0], null => 0, clause => '');
	my $at    = $self->column($table, 'at', 'int4range', null => 0, make => sub { "int4range($_[1]{number} * 10, $_[1]{number} * 10 + 9)" });
	my $id    = $link->{columns}[0]{sql};
	push @{ $table->{constraints} }, "EXCLUDE USING gist (int8range($id, $id, '[]') WITH &&, $at->{sql} WITH &&)",
	  "EXCLUDE USING hash ($table->{columns}[1]{sql} WITH =)";
	$self->fill($table);
	return;
}

# Unique over the whole database, and not made up: such a company cannot be cloned.
sub natural_key {
	my ($self) = @_;
	my $random = $self->{random};
	my $kind   = $random->pick(qw(text varchar numeric date));
	my $table  = $self->direct(hint => 'domain', empty => 1);
	my $name   = $self->column($table, 'natural', $random->key_sql($kind), key => $kind, null => 0);
	push @{ $table->{constraints} }, $random->chance(50) ? "UNIQUE ($name->{sql})" : "EXCLUDE USING btree ($name->{sql} WITH =)";
	$self->fill($table);
	$self->{natural_table}  = $table;
	$self->{natural_column} = $name;
	return;
}

1;
