# Random schemas: a company is cloned, its clone is cloned, and its backup becomes a new company with new IDs, in its
# own database and in another one. What a clone is, the checker of test/oracle says; new IDs are of the old ones' kind
# and in their order. The backup also comes over another company's rows, and goes again. In every fourth schema is a key
# that is unique everywhere and that nobody can make up: there cloning is refused.
#
# PROPERTY_SEEDS: how many schemas (6); PROPERTY_FIRST_SEED: where to begin (1).
use strict;
use warnings;

use Encode qw(decode encode);
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Database;
use PropertyTest qw(build build_checker check_whole each_seed);
use RandomValues;
use SchemaGenerator;

# What a new company has to be told: its key, where no default makes one up.
sub attributes {
	my ($database, $generator, $n) = @_;
	my $key = $generator->{company}{keys}[0][0];
	return "'{}'" unless $key->{key} =~ /^(?:text|plain)\z/;
	my $name  = Database::quote(encode('UTF-8', $key->{name}));
	my $value = encode('UTF-8', $generator->company_value(SchemaGenerator->COMPANIES + $n));
	return "jsonb_build_object($name, $value)";
}

my %LOOKS = (
	uuid7 => '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab]', uuid => '^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab]',
	uuidtext => '^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$', ulid => '^[0-7][0-9A-HJKMNP-TV-Z]{25}$',
	nanoid => '^[A-Za-z0-9_-]{21}$', cuid => '^c[0-9a-z]{24}$', prefixed => '^inv_[0-7][0-9A-HJKMNP-TV-Z]{25}$', random => '^[0-9a-f]{32}$',
);

# Keys in which other IDs would be seen at once.
sub odd_keys {
	my ($database, $generator, $key) = @_;
	my @queries;
	for my $table (grep { !$_->{stays} && $_ != $generator->{company} } $generator->owned_tables) {
		for my $column (grep { $_->{key} && $LOOKS{ $_->{key} } && !$_->{link} && !$_->{company} } @{ $table->{columns} }) {
			push @queries, "SELECT $column->{sql}::text FROM $table->{only}$table->{sql} AS t WHERE ${\ $table->{owned}->('t', RandomValues::literal($key))} "
			  . "AND $column->{sql}::text !~ ${\ RandomValues::literal($LOOKS{ $column->{key} })}";
		}
	}
	return @queries ? map { $_->[0] } $database->rows(encode('UTF-8', join ' UNION ALL ', @queries)) : ();
}

# The plan, against a second one that only reads the catalog.
sub check_plan {
	my ($database, $backup, $source) = @_;
	my $ours   = "SELECT table_name::regclass, columns, decision FROM plan_ids(NULL::text, $backup)";
	my $theirs = "SELECT * FROM ids.plan($source)";
	my @differences = $database->rows("SELECT 'plan_ids', * FROM ($ours EXCEPT ALL $theirs) a UNION ALL SELECT 'oracle', * FROM ($theirs EXCEPT ALL $ours) b ORDER BY 2, 3, 1");
	is_deeply [map { join ' ', @{$_} } @differences], [], 'the plan: every key, kept, renewed or refused';
	my %decided = map { $_->[0] => $_->[1] } $database->rows("SELECT decision, count(*) FROM ($ours) p GROUP BY 1");
	note join ', ', map { "$decided{$_} $_" } sort keys %decided;
	return;
}

sub is_clone {
	my ($database, $generator, $key, $what) = @_;
	my @problems = $database->rows('SELECT relation, problem FROM clone_check.problems(' . RandomValues::literal($key) . ')');
	is_deeply [map { join ': ', map { substr $_, 0, 1000 } @{$_} } @problems], [], "$what: a clone, and nothing else has changed";
	is_deeply [map { join ', ', @{$_} } $database->rows('SELECT * FROM clone_check.disorder()')], [], "$what: keys keep their order" if $generator->{markers};
	is_deeply [odd_keys($database, $generator, $key)], [], "$what: keys are of the same kind";
	check_whole($database, $generator, $what);
	return;
}

# A remapped restore over the rows of another company: the map of IDs says what the checker found out by comparing,
# a revert gives everything back, and what is kept needs no map any more. The company's own row stays that of its company.
sub check_over {
	my ($database, $generator, $backup, $source, $target) = @_;
	my $company = Database::quote($generator->company_name);
	$database->run("UPDATE ids.relation SET free = ARRAY(SELECT ids.columns(relation)) WHERE relation = $company\::regclass; SELECT clone_check.take($source)");
	my $everything = 'SELECT relation, digest FROM clone_check.digests(NULL) ORDER BY relation COLLATE "C"';
	my $before = $database->run($everything);
	my ($ok, $restore, $error) = $database->try("SELECT restore_company($target, $backup, ids => 'remap')");
	ok $ok, 'over rows: restored' or return diag $error;
	chomp $restore;
	$database->run("SELECT clone_check.read($target, true)");
	is_deeply [map { join ' | ', map { substr $_ // 'NULL', 0, 1500 } @{$_} } $database->rows('SELECT * FROM clone_check.compare()')], [], 'over rows: the same rows but for the IDs';
	is_deeply [map { join ', ', map { $_ // 'NULL' } @{$_} } $database->rows(map_differences($generator, $restore))], [], 'over rows: the map says what became of each ID'
	  if $generator->{markers};    # rows that look alike could stand for one another
	$database->run("SELECT revert_restore($restore)");
	is $database->run($everything), $before, 'over rows: a revert gives everything back';
	$restore = $database->value("SELECT restore_company($target, $backup, ids => 'remap')");
	isnt $database->value("SELECT count(*) FROM restore_id_map($restore)"), 0, 'over rows: there is a map';
	$database->run("SELECT keep_restore($restore)");
	is $database->value("SELECT count(*) FROM restore_id_map($restore)"), 0, 'over rows: none once it is kept';
	return;
}

# Keys of one column that the checker followed, and that the map has otherwise or not at all.
sub map_differences {
	my ($generator, $restore) = @_;
	my $company = Database::quote($generator->company_name);
	return <<"SQL";
WITH key AS (
    SELECT i.indrelid::regclass AS relation, a.attname AS name
    FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] WHERE i.indisprimary AND i.indnkeyatts = 1
), map AS (
    SELECT table_name::regclass AS relation, old_key, new_key FROM restore_id_map($restore)
)
SELECT r.relation, r.name, r.old, r.new, m.new_key FROM clone_check.renewed r JOIN key k USING (relation, name)
    LEFT JOIN map m ON m.relation = r.relation AND m.old_key = r.old
WHERE r.relation <> $company\::regclass AND m.new_key IS DISTINCT FROM r.new
LIMIT 20
SQL
}

sub check_refused {
	my ($database, $generator, $source) = @_;
	my ($ok, undef, $error) = $database->try("SELECT clone_company($source, ${\ attributes($database, $generator, 0)})");
	ok !$ok, 'refused';
	like $error, qr/ERROR:  KB\w{3}: /, 'with an error of its own';
	my ($said, $name) = map { tr/"//dr } decode('UTF-8', $error), $generator->{natural_table}{name};
	like $said, qr/\Q$name\E/, 'that names the table';
	is $database->value('SELECT count(*) FROM clone_check.digest d FULL JOIN clone_check.digests(NULL) n USING (relation) WHERE n.digest IS DISTINCT FROM d.digest'),
	  0, 'nothing has changed';
	return;
}

sub check_elsewhere {
	my ($database, $generator, $backup) = @_;
	my $other = Database->create("company_backup_clone_${$}_other");
	build($other, $generator, away => 2);
	build_checker($other, $generator);
	$other->trust($database);
	$other->run('COPY clone_check.line FROM stdin;' . "\n" . $database->run('COPY (SELECT * FROM clone_check.line WHERE NOT clone) TO stdout') . "\n\\.\n");
	$other->run('COPY clone_check.fact FROM stdin;' . "\n" . $database->run('COPY (SELECT * FROM clone_check.fact WHERE NOT clone) TO stdout') . "\n\\.\n");
	my $upload = $other->take_backup($database, $backup);
	$other->run($generator->harm_sql);
	$other->run('SELECT clone_check.watch()');
	my $key = $other->value("SELECT create_company_from_backup($upload, ${\ attributes($other, $generator, 0)}, ids => 'remap')");
	is_clone($other, $generator, $key, 'in another database');
	return;
}

sub check_seed {
	my ($generator) = @_;
	my $database = Database->create("company_backup_clone_$$");
	build($database, $generator);
	build_checker($database, $generator);
	my $source = RandomValues::literal($database->value('SELECT (' . $generator->company_value(0) . ')::text'));
	$database->run($generator->harm_sql);
	$database->run("SELECT clone_check.take($source); SELECT clone_check.watch()");
	is_deeply [odd_keys($database, $generator, $database->value("SELECT $source"))], [], 'these are the kinds';
	my $backup = $database->value("SELECT backup_company($source)");
	check_plan($database, $backup, $source);
	$database->run('SELECT clone_check.watch()');
	return check_refused($database, $generator, $source) if $generator->{natural};

	my $clone = $database->value("SELECT clone_company($source, ${\ attributes($database, $generator, 0)})");
	is_clone($database, $generator, $clone, 'cloned');
	$database->run('SELECT clone_check.watch()');
	my $made = $database->value("SELECT create_company_from_backup($backup, ${\ attributes($database, $generator, 1)}, ids => 'remap')");
	is_clone($database, $generator, $made, 'from a backup');
	check_elsewhere($database, $generator, $backup) if $generator->{outside} eq 'null';

	my $first = RandomValues::literal($clone);
	$database->run("SELECT clone_check.take($first); SELECT clone_check.watch()");
	my $second = $database->value("SELECT clone_company($first, ${\ attributes($database, $generator, 2)})");
	is_clone($database, $generator, $second, 'cloned again');
	# A reference to the target that is kept would look like one to the company itself: there, a target nobody refers to.
	my $over = $generator->{outside} eq 'keep' ? $second : $database->value('SELECT (' . $generator->company_value(1) . ')::text');
	check_over($database, $generator, $backup, $source, RandomValues::literal($over));
	return;
}

each_seed(6, \&check_seed, make => sub {
	my ($seed) = @_;
	return SchemaGenerator->new($seed, clone => 1, markers => $seed % 2, outside => $seed % 3 ? 'null' : 'keep', natural => $seed % 4 == 0);
});
