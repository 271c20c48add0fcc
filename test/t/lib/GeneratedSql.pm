# A random schema as SQL: tables, rows, constraints, rules, and digests of the rows of a company. Methods
# of SchemaGenerator.
package GeneratedSql;

use strict;
use warnings;
use utf8;

use Encode qw(encode);

use RandomValues qw(ident literal);

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
	my %absent = map { $self->company_value($_) => 1 } grep { !$companies{$_} } 0 .. $self->COMPANIES - 1;
	my @sql;
	for my $table ($self->tables) {
		my @columns = grep { !$_->{dropped} && !$_->{generated} } @{ $table->{columns} };
		my $into    = "INSERT INTO $table->{sql} (" . join(', ', map { $_->{sql} } @columns) . ') OVERRIDING SYSTEM VALUE VALUES ';
		for my $row (@{ $table->{rows} }) {
			next if defined $row->{company} && !$companies{ $row->{company} };
			push @sql, $into . '(' . join(', ', map { $_->{outside} && $absent{ $row->{v}{ $_->{name} } } ? 'NULL' : $self->value($table, $row, $_, $other) } @columns) . ')';
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

# Foreign keys; row security that lets nobody through who is not above it; triggers that write what
# happens into a journal.
sub constraints_sql {
	my ($self) = @_;
	my $schema = $self->{schemas}[0];
	my @sql = (@{ $self->{later} }, "CREATE TABLE $schema.journal (said text)",
		"CREATE FUNCTION $schema.note() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN INSERT INTO $schema.journal VALUES (TG_OP); RETURN NULL; END \$\$");
	for my $table ($self->owned_tables) {
		push @sql, "CREATE TRIGGER journal AFTER INSERT OR UPDATE OR DELETE ON $table->{sql} FOR EACH ROW EXECUTE FUNCTION $schema.note()"
		  if $table->{number} % 2;
		push @sql, "ALTER TABLE $table->{sql} ENABLE ROW LEVEL SECURITY", "ALTER TABLE $table->{sql} FORCE ROW LEVEL SECURITY",
		  "CREATE POLICY nobody ON $table->{sql} USING (false)" if $table->{number} % 3 == 0;
	}
	return statements(@sql);
}

# The journal's number of lines.
sub journal_sql { my ($self) = @_; return encode('UTF-8', "SELECT count(*) FROM $self->{schemas}[0].journal") }

# Triggers and rules that would do harm if a load fired them; the same ones in every call.
sub harm_sql {
	my ($self) = @_;
	my $random = RandomValues->new($self->{seed} + 1000);
	my $schema = $self->{schemas}[0];
	my @sql = ("CREATE FUNCTION $schema.refuse() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN RAISE EXCEPTION 'a trigger fired'; END \$\$",
	  "CREATE FUNCTION $schema.swallow() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN RETURN NULL; END \$\$");
	for my $table ($self->owned_tables) {
		next unless $random->chance(50);
		my $event   = $random->pick('INSERT', 'UPDATE', 'DELETE', 'INSERT OR UPDATE OR DELETE');
		my $trigger = $random->pick("BEFORE $event ON $table->{sql} FOR EACH ROW EXECUTE FUNCTION $schema.refuse()",
			"AFTER $event ON $table->{sql} FOR EACH STATEMENT EXECUTE FUNCTION $schema.refuse()",
			"BEFORE $event ON $table->{sql} FOR EACH ROW EXECUTE FUNCTION $schema.swallow()");
		push @sql, "CREATE TRIGGER harm $trigger";
		push @sql, "ALTER TABLE $table->{sql} ENABLE ALWAYS TRIGGER harm" if $random->chance(30);
		push @sql, "CREATE RULE harm AS ON ${\ $random->pick(qw(INSERT DELETE))} TO $table->{sql} DO INSTEAD NOTHING" if $random->chance(20);
	}
	return statements(@sql);
}

sub rules_sql { my ($self) = @_; return statements(@{ $self->{first} }, @{ $self->{rules} }) }

sub belongs_sql {
	my ($self, $table, $alias, $company) = @_;
	return $table->{owned} ? $table->{owned}->($alias, $self->company_value($company)) : 'false';
}

# The condition for rows that belong to nobody because the row they belong through, or below, has been removed
# alone: with the company they come back. Undef: the table has none.
sub orphan_sql {
	my ($self, $table, $alias) = @_;
	return $table->{orphan}->($alias) if $table->{orphan};
	my @ways;
	for my $link (grep { $_->{owns} } @{ $table->{links} // [] }) {
		my $of = $self->alias;
		my $orphan = $self->orphan_sql($link->{target}, $of) // next;
		my @join = map { "$of.$link->{of}[$_]{sql} = $alias.$link->{columns}[$_]{sql}" } 0 .. $#{ $link->{columns} };
		push @ways, "EXISTS (SELECT FROM $link->{target}{only}$link->{target}{sql} AS $of WHERE " . join(' AND ', @join, $orphan) . ')';
	}
	return @ways ? '(' . join(' OR ', @ways) . ')' : undef;
}

# The company table, as it stands among the digests.
sub company_name { my ($self) = @_; return encode('UTF-8', $self->{company}{sql}) }

# Columns of the company's row that no restore changes.
sub kept_columns {
	my ($self) = @_;
	return grep { !$_->{dropped} } @{ $self->{company}{kept} // $self->{company}{columns} };
}

# Tells test/oracle which rows are whose.
sub oracle_sql {
	my ($self) = @_;
	return statements(map {
		my $company = $_ == $self->{company};
		my $belongs = $_->{owned}->('t', "\0") =~ s/%/%%/gr =~ s/\0/%1\$L/gr;
		my $orphan = $self->orphan_sql($_, 't');
		'INSERT INTO oracle.scoped (relation, belongs, orphan, company_row, kept) VALUES (' . join(', ', literal($_->{sql}), literal($belongs), $orphan ? literal($orphan =~ s/%/%%/gr) : 'NULL',
			$company ? 'true' : 'false', "ARRAY[${\ join ', ', map { literal($_->{name}) } $company ? $self->kept_columns : ()}]::name[]") . ')'
	} grep { !$_->{stays} } $self->owned_tables);
}

# Tells test/oracle/id_columns.sql what no catalog says.
sub ids_sql {
	my ($self) = @_;
	my @sql;
	for my $table ($self->owned_tables) {
		my $belongs = $table->{owned}->('t', "\0") =~ s/%/%%/gr =~ s/\0/%1\$L/gr;
		my @outside = $self->{outside} eq 'null' ? map { literal($_->{name}) } grep { $_->{outside} } @{ $table->{columns} } : ();
		push @sql, 'INSERT INTO ids.relation (relation, belongs, company_key, travels, nulled) VALUES (' . join(', ', literal($table->{sql}), literal($belongs),
			$table == $self->{company} ? literal($table->{keys}[0][0]{name}) : 'NULL', $table->{stays} ? 'false' : 'true', "ARRAY[${\ join ', ', @outside}]::name[]") . ')';
	}
	for my $soft (@{ $self->{soft} }) {
		push @sql, 'INSERT INTO ids.reference VALUES (' . join(', ', literal($soft->{table}{sql}), literal($soft->{column}{name}),
			literal($soft->{target}{sql}), literal($soft->{of}{name}), literal($soft->{path}),
			$soft->{when} ? (literal($soft->{when}[0]{name}), literal($soft->{when}[1])) : ('NULL', 'NULL')) . ')';
	}
	push @sql, map { 'INSERT INTO ids.shared VALUES (' . literal($_->{sql}) . ', ' . literal($_->{means}->('t')) . ')' } grep { $_->{means} } $self->tables;
	push @sql, 'INSERT INTO ids.meaningful VALUES (' . literal($self->{natural_table}{sql}) . ', ' . literal($self->{natural_column}{name}) . ')' if $self->{natural};
	return statements(@sql, 'SELECT FROM ids.understand()');
}

sub columns_to_digest {
	my ($self, $table, $kept) = @_;
	return @{ $table->{columns} } unless defined $kept && $table == $self->{company};
	my %is_kept = map { $_ => 1 } $self->kept_columns;
	return grep { $kept == ($is_kept{$_} // 0) } @{ $table->{columns} };
}

# A query: number and digest of the rows of a table that belong to a company; or, with `others`, of
# all the other rows, but for those that a restore adopts (only with oracle.sql: `adopted` => 0). With `meaning`, references to shared rows count as what they mean. References to
# other companies do not count, but for `exact`: they do not travel. `kept`: of the company's row only the columns that no
# restore changes (1), or only the others (0).
sub digest_sql {
	my ($self, $table, $company, %how) = @_;
	my @values = map {
		my $link = $_->{link};
		my $means = $how{meaning} && $link && $link->{target}{means};
		my $alias = $self->alias;
		!$how{others} && !$how{exact} && $_->{outside} ? "nullif(t.$_->{sql} = ${\ $self->company_value($company)}, false)" : $means ? "(SELECT ${\ $means->($alias)} FROM $link->{target}{sql} AS $alias WHERE $alias.$link->{of}[0]{sql} = t.$_->{sql})" : "t.$_->{sql}";
	} grep { !$_->{dropped} } $self->columns_to_digest($table, $how{kept});
	my $belongs = $self->belongs_sql($table, 't', $company);
	my $which = $how{all} ? 'true' : $how{others} ? "($belongs) IS NOT TRUE" : $belongs;
	my $orphan = ($how{adopted} // 1) ? undef : $self->orphan_sql($table, 't');
	$which .= " AND NOT $orphan" if $orphan;
	return encode('UTF-8', "SELECT count(*) || ' ' || coalesce(md5(string_agg(r, E'\\n' ORDER BY r COLLATE \"C\")), '') "
		  . "FROM (SELECT ROW(" . join(', ', @values) . ")::text AS r FROM $table->{only}$table->{sql} AS t WHERE $which) d");
}

1;
