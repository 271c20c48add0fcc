# Random damage to one company, as a user of an application might do it: plain statements, with
# constraints and triggers as they are, each on its own. Statements that break a constraint are skipped.
# Everything follows from the seed and the rows.
package Damage;

use strict;
use warnings;
use utf8;

use Encode qw(encode);

use Database;
use RandomValues qw(literal);

my @KINDS = (qw(change change change remove remove remove_all add add new_key lead_nowhere lead_elsewhere orphan company));

# Runs one statement: prints its number of rows, or the SQLSTATE it failed with.
my $ATTEMPT = <<'SQL';
CREATE FUNCTION pg_temp.attempt(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE done bigint;
BEGIN
  EXECUTE statement;
  GET DIAGNOSTICS done = ROW_COUNT;
  SET CONSTRAINTS ALL IMMEDIATE;
  RETURN done;
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE || ' ' || split_part(SQLERRM, E'\n', 1);
END $$;
SQL

# Does some damage. `company` (0), `statements` (20) of which so many are tried, `seed`; `orphans`: also such that leaves
# rows to nobody (yes); `moves`: kinds
# of those (give, take, let_go) by which rows also go to another company, come from it, or become nobody's.
# Gives what was done, each a hash: kind, table, sql, rows (undef if it was skipped), error.
sub do_damage {
	my ($database, $generator, %how) = @_;
	my $self = bless {
		generator => $generator, company => $how{company} // 0, random => RandomValues->new($how{seed} // $generator->{seed}), fresh => 7000
	}, 'Damage';
	my @done;
	my @moves = @{ $how{moves} // [] };
	my @tables = grep { !$_->{stays} && $_ != $generator->{company} } $generator->owned_tables;
	my @owners = grep { $_->{below} } @tables;
	while (@done < ($how{statements} // 20)) {
		my $kind  = @moves && $self->{random}->chance(30) ? $self->{random}->pick(@moves) : $self->{random}->pick(@KINDS);
		next if $kind eq 'orphan' && !($how{orphans} // 1);
		my $table = $kind eq 'company' ? $generator->{company} : $self->{random}->pick($kind eq 'orphan' && @owners ? @owners : @tables);
		my $sql   = $self->$kind($table) or next;
		push @done, {kind => $kind, table => encode('UTF-8', $table->{sql}), sql => encode('UTF-8', $sql)};
	}
	my $script = join '', map { 'SELECT pg_temp.attempt(' . Database::quote($_->{sql}) . ");\n" } @done;
	my @results = split /\n/, $database->run($ATTEMPT . $script);
	for my $i (0 .. $#done) {
		$done[$i]{ $results[$i] =~ /^\d+\z/ ? 'rows' : 'error' } = $results[$i];
	}
	return @done;
}

# The damage as text, to be shown with a failure.
sub described {
	return join '', map { "$_->{kind} $_->{table}: " . (defined $_->{rows} ? "$_->{rows} rows" : $_->{error}) . "\n    $_->{sql}\n" } @_;
}

# --- which rows --------------------------------------------------------------------------------

# A query for the places of some rows of a company; of all with `all`.
sub places {
	my ($self, $table, %how) = @_;
	my $belongs = $self->{generator}->belongs_sql($table, 't', $how{company} // $self->{company});
	my $from = $self->{random}->below(1000);
	my $count = $how{count} // $self->{random}->between(1, 3);
	return "SELECT place, part FROM (SELECT t.ctid AS place, t.tableoid AS part, row_number() OVER (ORDER BY t::text COLLATE \"C\") AS n, "
	  . "count(*) OVER () AS total FROM $table->{only}$table->{sql} AS t WHERE $belongs) AS p WHERE ${\ ($how{all} ? 'true' : qq{(n + $from) % total < $count})}";
}

sub at { my ($places) = @_; return "(t.ctid, t.tableoid) IN ($places)" }

sub update {
	my ($self, $table, $assignments, %how) = @_;
	return "UPDATE $table->{only}$table->{sql} AS t SET $assignments WHERE " . at($self->places($table, %how));
}

# Assigns to the columns of a reference what leads to some row of a company.
sub to_row {
	my ($self, $link, $company) = @_;
	my $key = join ', ', map { "x.$_->{sql}" } @{ $link->{of} };
	my $target = $link->{target};
	my $belongs = $target->{owned} ? $target->{owned}->('x', $self->{generator}->company_value($company)) : 'true';
	return '(' . join(', ', map { $_->{sql} } @{ $link->{columns} }) . ") = (SELECT $key FROM $target->{only}$target->{sql} AS x WHERE $belongs "
	  . "ORDER BY md5(x::text || ${\ $self->{random}->below(1000)}) LIMIT 1)";
}

# --- kinds of damage ---------------------------------------------------------------------------

sub value { my ($self, $column) = @_; return $column->{make}->($self->{random}, {number => $self->{fresh}++}) }

sub change {
	my ($self, $table) = @_;
	my @columns = grep { $_->{make} && !$_->{dropped} && $_->{type} !~ /IDENTITY/ } @{ $table->{columns} } or return;
	my $column = $self->{random}->pick(@columns);
	return $self->update($table, "$column->{sql} = " . ($column->{null} && $self->{random}->chance(30) ? 'NULL' : $self->value($column)));
}

# The company's own row.
sub company {
	my ($self, $table) = @_;
	my ($partner) = grep { $_->{outside} } @{ $table->{columns} };
	return $self->change($table) if !$partner || $self->{random}->chance(70);
	return $self->update($table, "$partner->{sql} = " . $self->{generator}->company_value($self->{company} + 1));
}

sub remove {
	my ($self, $table, %how) = @_;
	return if $table->{above};
	my $delete = "DELETE FROM $table->{only}$table->{sql} AS t WHERE " . at($self->places($table, %how));
	my $link = $table->{below} or return $delete;
	# With it goes what only it referred to.
	my ($column, $of) = ($link->{columns}[0]{sql}, $link->{of}[0]{sql});
	return "WITH gone AS ($delete RETURNING t.$column AS key) DELETE FROM $link->{target}{sql} AS u USING gone WHERE u.$of = gone.key";
}

# Rows whose going leaves what only they referred to, and what is below that, to nobody.
sub orphan {
	my ($self, $table) = @_;
	return unless $table->{below};
	return "DELETE FROM $table->{only}$table->{sql} AS t WHERE " . at($self->places($table));
}

sub remove_all { my ($self, $table) = @_; return $self->{random}->chance(40) ? $self->remove($table, all => 1) : undef }

# A row like another one, with other keys and data.
sub add {
	my ($self, $table) = @_;
	return if $table->{above};
	my @columns = grep { !$_->{dropped} && !$_->{generated} } @{ $table->{columns} };
	my $n = $self->{fresh}++;
	my @values = map {
		    $_->{company} ? "t.$_->{sql}"
		  : $_->{key}     ? $self->{random}->key_value($_->{key}, $n)
		  : $_->{make}    ? '(' . $_->{make}->($self->{random}, {number => $n}) . ')::' . $_->{type} =~ s/ GENERATED.*//r
		  :                 "t.$_->{sql}";
	} @columns;
	return "INSERT INTO $table->{sql} (" . join(', ', map { $_->{sql} } @columns) . ') OVERRIDING SYSTEM VALUE SELECT ' . join(', ', @values)
	  . " FROM $table->{only}$table->{sql} AS t WHERE " . at($self->places($table, count => 1));
}

sub new_key {
	my ($self, $table) = @_;
	my @columns = grep { $_->{key} && !$_->{company} && $_->{type} !~ /ALWAYS/ } @{ $table->{columns} } or return;
	my $column = $self->{random}->pick(@columns);
	return $self->update($table, "$column->{sql} = " . $self->{random}->key_value($column->{key}, $self->{fresh}++), count => 1);
}

sub lead_nowhere {
	my ($self, $table) = @_;
	my @columns = grep { $_->{null} && $_->{link} && !$_->{link}{owns} } @{ $table->{columns} } or return;
	my $link = $self->{random}->pick(@columns)->{link};
	return $self->update($table, join ', ', map { "$_->{sql} = NULL" } @{ $link->{columns} });
}

sub lead_elsewhere {
	my ($self, $table) = @_;
	my @links = @{ $table->{links} // [] } or return;
	return $self->update($table, $self->to_row($self->{random}->pick(@links), $self->{company}));
}

sub moved {
	my ($self, $table, $from, $to) = @_;
	my ($owner) = grep { $_->{company} && !$_->{outside} } @{ $table->{columns} };
	return $self->update($table, "$owner->{sql} = " . $self->{generator}->company_value($to), company => $from) if $owner;
	my @links = grep { $_->{target}{owned} } @{ $table->{links} // [] } or return;
	return $self->update($table, $self->to_row($self->{random}->pick(@links), $to), company => $from);
}

sub give { my ($self, $table) = @_; return $self->moved($table, $self->{company}, $self->{company} + 1) }
sub take { my ($self, $table) = @_; return $self->moved($table, $self->{company} + 1, $self->{company}) }

# To nobody.
sub let_go {
	my ($self, $table) = @_;
	return $self->orphan($table) if $table->{below};
	my @columns = grep { $_->{null} && ($_->{link} && $_->{link}{owns} || $_->{company} && !$_->{outside}) } @{ $table->{columns} } or return;
	return $self->update($table, join(', ', map { "$_->{sql} = NULL" } @columns), count => 1);
}

1;
