# Kind of object x its owner x caller x operation: whoever owns what a company's rows are made of gains
# nothing when somebody else works on a company. His code runs as he, or not at all because the
# operation refuses, and no setting that it makes outlives the operation.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Database;

my @roles = qw(cb_super cb_mallory cb_caller);
my $db = Database->create('hostile_matrix');
my ($user, $host, $port) = map { $db->value($_) }
	'SELECT current_user', q{SELECT split_part(current_setting('unix_socket_directories'), ',', 1)},
	q{SELECT current_setting('port')};
$db->try("DROP ROLE IF EXISTS $_") for @roles;
$db->run(<<"SQL");
CREATE SCHEMA cb;
CREATE EXTENSION company_backup SCHEMA cb;
CREATE EXTENSION postgres_fdw;
CREATE ROLE cb_super SUPERUSER;
CREATE ROLE cb_mallory;
CREATE ROLE cb_caller BYPASSRLS;
GRANT USAGE ON SCHEMA cb TO cb_caller;
SELECT cb.grant_company_backup('cb_caller');
CREATE FUNCTION public.guard(text, text, text, jsonb) RETURNS boolean LANGUAGE sql AS 'SELECT true';
SELECT cb.set_company_guard('public.guard');
CREATE TABLE public.ran (whose name, who name, what text);
GRANT INSERT ON public.ran TO PUBLIC;
CREATE TABLE public.done (operation text, answer text, path text, left_behind text);
GRANT ALL ON public.done TO PUBLIC;
CREATE SERVER here FOREIGN DATA WRAPPER postgres_fdw OPTIONS (dbname 'hostile_matrix', host '$host', port '$port');
CREATE USER MAPPING FOR cb_super SERVER here OPTIONS (user '$user');
CREATE USER MAPPING FOR cb_caller SERVER here OPTIONS (user '$user', password_required 'false');
GRANT USAGE ON FOREIGN SERVER here TO cb_mallory, cb_caller;

-- One operation, and what stands afterwards.
CREATE FUNCTION public.attempt(operation text, call text) RETURNS void LANGUAGE plpgsql AS \$\$
DECLARE answer text := 'done'; path text := pg_catalog.current_setting('search_path');
BEGIN
  PERFORM pg_catalog.set_config('hostile.left', '', false);
  BEGIN
    EXECUTE call;
  EXCEPTION WHEN OTHERS THEN answer := SQLSTATE OPERATOR(pg_catalog.||) ' ' OPERATOR(pg_catalog.||) SQLERRM;
  END;
  INSERT INTO public.done SELECT operation, answer, NULLIF(pg_catalog.current_setting('search_path'), path),
    NULLIF(pg_catalog.current_setting('hostile.left'), '');
  PERFORM pg_catalog.set_config('search_path', path, false);
END \$\$;
SQL

# Every owner's traps: they tell as whom they run, and leave settings behind.
$db->run(<<"SQL" =~ s/WHO/$_/gr) for @roles;
CREATE SCHEMA WHO AUTHORIZATION WHO;
GRANT USAGE ON SCHEMA WHO TO PUBLIC;
SET ROLE WHO;
CREATE FUNCTION WHO.spring(what text) RETURNS int LANGUAGE plpgsql VOLATILE AS \$f\$
BEGIN
  INSERT INTO public.ran SELECT 'WHO', current_user, what;
  PERFORM pg_catalog.set_config('search_path', 'WHO, pg_catalog', false);
  PERFORM pg_catalog.set_config('hostile.left', what, false);
  RETURN 1;
END \$f\$;
CREATE FUNCTION WHO.trap(what text) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
  \$f\$ BEGIN RETURN WHO.spring(what); END \$f\$;
CREATE FUNCTION WHO.each(n int, what text) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
  \$f\$ BEGIN PERFORM WHO.spring(what); RETURN n; END \$f\$;
CREATE FUNCTION WHO.fine(t text, what text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS
  \$f\$ BEGIN PERFORM WHO.spring(what); RETURN true; END \$f\$;
CREATE FUNCTION WHO.compare(a text, b text) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
  \$f\$ BEGIN PERFORM WHO.spring('operator class'); RETURN pg_catalog.bttextcmp(a, b); END \$f\$;
CREATE FUNCTION WHO.fire() RETURNS trigger LANGUAGE plpgsql AS
  \$f\$ BEGIN PERFORM WHO.spring('trigger'); RETURN NEW; END \$f\$;
CREATE FUNCTION WHO.ddl() RETURNS event_trigger LANGUAGE plpgsql AS
  \$f\$ BEGIN PERFORM WHO.spring('event trigger'); END \$f\$;
CREATE DOMAIN WHO.part AS text CHECK (WHO.fine(VALUE, 'domain'));
CREATE DOMAIN WHO.filled AS int DEFAULT WHO.spring('default of a domain');
-- PostgreSQL's own functions can run any SQL; no dependency tells of it.
CREATE DOMAIN WHO.covert AS text CHECK (query_to_xml('SELECT WHO.spring(''covert domain'')', true, true, '') IS NOT NULL);
CREATE TYPE WHO.pair AS (a int, b WHO.part);
CREATE TYPE WHO.span AS RANGE (SUBTYPE = WHO.part);
CREATE DOMAIN WHO.list AS WHO.part[];
CREATE DOMAIN WHO.pairs AS WHO.pair[];
CREATE TABLE WHO.trap_rows (id int, company text, v int, t text);
CREATE VIEW WHO.trap_view AS SELECT id, company AS company_id, v, t FROM WHO.trap_rows r WHERE WHO.fine(r.t, 'view');
SQL

# Table m.item belongs to the owner, unless `table` says how the superuser's is made. `sql` runs as the
# owner, `admin` as a superuser afterwards; `value`: of column x. `answers`: what operations on a
# stranger's object may say, `says`: on anybody's.
my $hidden = q{SELECT cb.set_column_rule('m.item', 'x', 'secret')};
my $foreign = q{FOREIGN TABLE WHO.leaf (id int NOT NULL, company_id text NOT NULL, v int, t text) SERVER here
	OPTIONS (schema_name 'WHO', table_name 'trap_view')};
my @kinds = (
	['nothing'],
	['default', column => q{int DEFAULT WHO.spring('default')}, admin => $hidden],
	['sequence default', column => q{bigint}, admin => $hidden,
		sql => q{CREATE SEQUENCE WHO.numbers; ALTER TABLE m.item ALTER x SET DEFAULT nextval('WHO.numbers') + WHO.spring('default')}],
	['default of a domain', column => 'WHO.filled', admin => $hidden],
	['check', column => q{int CHECK (WHO.each(x, 'check') IS NOT NULL)}, value => '1'],
	['covert check', column => q{int CHECK (query_to_xml('SELECT WHO.spring(''covert check'')', true, true, '') IS NOT NULL)}, value => '1'],
	['generated column', column => q{int GENERATED ALWAYS AS (WHO.each(id, 'generated column')) STORED}],
	['index expression', sql => q{CREATE INDEX ON m.item (WHO.each(id, 'index expression'));
		CREATE INDEX ON m.item ((WHO.trap('index expression') + id))}],
	['index predicate', sql => q{CREATE INDEX ON m.item (id) WHERE WHO.each(id, 'index predicate') > 0;
		CREATE INDEX ON m.item (id) WHERE WHO.trap('index predicate') > 0}],
	['statistics', sql => q{CREATE STATISTICS WHO.s ON (id + WHO.trap('statistics')), t FROM m.item}],
	['rule', sql => q{CREATE RULE r AS ON UPDATE TO m.item DO ALSO SELECT WHO.spring('rule');
		CREATE RULE s AS ON INSERT TO m.item DO ALSO SELECT WHO.spring('rule')}],
	['policy', sql => q{ALTER TABLE m.item ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON m.item USING (WHO.fine(t, 'policy'))}],
	['trigger', sql => q{CREATE TRIGGER t BEFORE INSERT OR UPDATE OR DELETE ON m.item FOR EACH ROW EXECUTE FUNCTION WHO.fire()}],
	['event trigger', admin => q{CREATE EVENT TRIGGER hostile ON ddl_command_start EXECUTE FUNCTION WHO.ddl()}],
	['domain', column => 'WHO.part', value => q{'d'}],
	['covert domain', column => 'WHO.covert', value => q{'d'}],
	['array of a domain', column => 'WHO.part[]', value => q{'{d}'}],
	['composite of a domain', column => 'WHO.pair', value => q{'(1,d)'}],
	['range of a domain', column => 'WHO.span', value => q{'[a,d]'}],
	['domain over an array', column => 'WHO.list', value => q{'{d}'}],
	['array of composites', column => 'WHO.pairs', value => q{'{"(1,d)"}'}],
	['type in a superuser\'s table', column => 'WHO.pair', value => q{'(1,d)'}, admin => 'ALTER TABLE m.item OWNER TO cb_super'],
	['domain in a superuser\'s key', column => 'WHO.part UNIQUE', value => q{'d' || n}, says => qr/^(KB037|KB002) /,
		admin => 'ALTER TABLE m.item OWNER TO cb_super'],
	['operator class', column => 'text', value => q{'d' || n}, says => qr/^(KB037|KB002) /, answers => qr/^(KB015|22023) /,
		admin => q{CREATE OPERATOR CLASS WHO.ops FOR TYPE text USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=,
			OPERATOR 5 >, FUNCTION 1 WHO.compare(text, text); CREATE UNIQUE INDEX ON m.item (x WHO.ops)}],
	['partition', table => 'PARTITION BY RANGE (id)', sql => q{CREATE TABLE WHO.leaf (LIKE m.item, CHECK (WHO.each(id, 'check of a partition') > 0));
		CREATE INDEX ON WHO.leaf (WHO.each(id, 'index of a partition')); CREATE INDEX ON WHO.leaf ((WHO.trap('index of a partition') + id))},
		admin => 'ALTER TABLE m.item ATTACH PARTITION WHO.leaf FOR VALUES FROM (0) TO (1000)'],
	['partitioned partition', table => 'PARTITION BY RANGE (id)', sql => q{CREATE TABLE WHO.branch (LIKE m.item) PARTITION BY RANGE (WHO.each(id, 'partition key'));
		CREATE TABLE WHO.leaf PARTITION OF WHO.branch DEFAULT}, admin => 'ALTER TABLE m.item ATTACH PARTITION WHO.branch FOR VALUES FROM (0) TO (1000)'],
	['foreign partition', unlinked => 1, says => qr/^(42703|22023|0A000|KB002) /, table => 'PARTITION BY RANGE (id)', rows => 'WHO.trap_rows', sql => "CREATE $foreign", answers => qr/^(KB015|0A000|22023) /,
		admin => 'ALTER TABLE m.item ATTACH PARTITION WHO.leaf FOR VALUES FROM (0) TO (1000)'],
	['inheritance child', sql => q{CREATE TABLE WHO.leaf (CHECK (WHO.each(id, 'check of a child') > 0)) INHERITS (m.item);
		CREATE INDEX ON WHO.leaf (WHO.each(id, 'index of a child'))}, admin => q{SELECT cb.set_table_rule('WHO.leaf', 'company')}],
	['view behind a foreign table', foreign => 1, rows => 'WHO.trap_rows', answers => qr/^(KB015|42704|22023) /, says => qr/^(KB037|KB002|KB031|22023) /,  # it has no key
		admin => q{SELECT cb.set_table_rule('m.item', 'company')}],
	['server of a superuser\'s foreign table', foreign => 1, rows => 'WHO.trap_rows', answers => qr/^(KB015|42704|22023) /,
		says => qr/^(KB037|KB002|KB031|22023) /, admin => q{SELECT cb.set_table_rule('m.item', 'company'); ALTER FOREIGN TABLE m.item OWNER TO cb_super; ALTER SERVER here OWNER TO WHO},
		undo => 'ALTER SERVER here OWNER TO CURRENT_USER; GRANT USAGE ON FOREIGN SERVER here TO cb_mallory, cb_caller'],
	['company key of a domain', admin => q{ALTER TABLE m.item DROP CONSTRAINT item_company_id_fkey; ALTER TABLE m.bystander DROP CONSTRAINT bystander_company_id_fkey;
		ALTER TABLE m.company ALTER id TYPE WHO.part; ALTER TABLE m.item ALTER company_id TYPE WHO.part; ALTER TABLE m.bystander ALTER company_id TYPE WHO.part;
		ALTER TABLE m.item ADD FOREIGN KEY (company_id) REFERENCES m.company;
		SELECT cb.set_company_table('m.company', identity_columns => '{}', scope_columns => '{company_id}')}],
	map {
		my ($name, $type) = @{$_};
		["company key: $name", key => '{%s}', answers => qr/^(KB015|22023) /, key_type => $type]
	} ['array of a domain', 'WHO.part[]'], ['domain over an array', 'WHO.list'], ['array of composites', 'WHO.pairs'],
);

my @operations = (
	check    => q{SELECT cb.check_company_data('KEY')},
	contents => q{SELECT cb.company_contents('KEY')},
	backup   => q{SELECT cb.backup_company('KEY')},
	edit     => '',
	preview  => q{SELECT cb.preview_restore('KEY', (SELECT min(id) FROM cb.company_backups()))},
	plan_ids => q{SELECT cb.plan_ids('KEY', (SELECT min(id) FROM cb.company_backups()))},
	restore  => q{SELECT cb.restore_company('KEY', (SELECT min(id) FROM cb.company_backups()))},
	revert   => q{SELECT cb.revert_restore((SELECT max(id) FROM cb.company_restores()))},
	clone    => q{SELECT cb.clone_company('KEY', '{"id": "NEW1"}')},
	create   => q{SELECT cb.create_company_from_backup((SELECT min(id) FROM cb.company_backups()), '{"id": "NEW2"}', ids => 'remap')},
	merge    => q{SELECT cb.restore_company('NEW1', (SELECT min(id) FROM cb.company_backups()), ids => 'remap')},
	unknown  => q{SELECT cb.company_contents('NEW3')},
);

sub build {
	my ($kind, $owner) = @_;
	my $item = 'id int ' . ($kind->{table} || $kind->{foreign} ? 'NOT NULL' : 'PRIMARY KEY') . ', company_id KEYTYPE NOT NULL'
		. ($kind->{foreign} || $kind->{unlinked} ? '' : ' REFERENCES m.company') . ', v int, t text';
	$item .= ", x $kind->{column}" if $kind->{column};
	my $made = $kind->{foreign}
		? "FOREIGN TABLE m.item ($item) SERVER here OPTIONS (schema_name 'WHO', table_name 'trap_view')"
		: "TABLE m.item ($item) " . ($kind->{table} // '');
	my $as = $kind->{table} ? 'cb_super' : 'WHO';
	my $type = $kind->{key_type} // 'text';
	my $sql = <<"SQL" . ($kind->{admin} // '') . ";\n";
SET client_min_messages = error;
CREATE SCHEMA m;
GRANT ALL ON SCHEMA m TO PUBLIC;
CREATE TABLE m.company (id KEYTYPE PRIMARY KEY, name text NOT NULL);
CREATE TABLE m.bystander (id int PRIMARY KEY, company_id KEYTYPE NOT NULL REFERENCES m.company);
GRANT ALL ON m.company, m.bystander TO PUBLIC;
SET ROLE $as;
CREATE $made;
GRANT SELECT ON m.item TO PUBLIC;
SET ROLE WHO;
@{[ $kind->{sql} // '' ]};
RESET ROLE;
GRANT ALL ON ALL TABLES IN SCHEMA m, WHO TO PUBLIC;
SELECT cb.set_company_table('m.company', identity_columns => '{}', scope_columns => '{company_id}');
SELECT cb.set_column_rule(NULL, 'company', 'data');  -- of the rows behind the views
SQL
	return $sql =~ s/KEYTYPE/$type/gr =~ s/WHO/$owner/gr;
}

sub fill {
	my ($kind, $owner) = @_;
	my $rows = ($kind->{rows} // 'm.item') =~ s/WHO/$owner/gr;
	my $key = sprintf $kind->{key} // '%s', $kind->{key_type} && $kind->{key_type} =~ /pairs/ ? '"(1,a)"' : 'a';
	my ($x, $value) = $kind->{value} ? (', x', ", $kind->{value}") : ('', '');
	return <<"SQL";
INSERT INTO m.company VALUES ('$key', 'Ant');
INSERT INTO m.bystander SELECT 1, id FROM m.company;
INSERT INTO $rows (id, @{[ $kind->{rows} ? 'company' : 'company_id' ]}, v, t$x) SELECT n, '$key', n, 't'$value FROM generate_series(1, 3) n;
SQL
}

sub edit {
	my ($kind, $owner) = @_;
	my $rows = ($kind->{rows} // 'm.item') =~ s/WHO/$owner/gr;
	return "SET session_replication_role = replica; DELETE FROM $rows WHERE id = 1; UPDATE $rows SET v = 7 WHERE id = 2; "
		. "RESET session_replication_role; TRUNCATE public.ran;\n";
}

sub operate {
	my ($kind, $owner, $caller) = @_;
	my $pairs = $kind->{key_type} && $kind->{key_type} =~ /pairs/;
	my %key = map { ($_->[0] => sprintf $kind->{key} // '%s', $pairs ? "\\\"(1,$_->[1])\\\"" : $_->[1]) } [KEY => 'a'], [NEW1 => 'b'], [NEW2 => 'c'], [NEW3 => 'z'];
	my $sql = "TRUNCATE public.ran; SET ROLE $caller;\n";
	my @list = @operations;
	while (my ($name, $call) = splice @list, 0, 2) {
		if ($name eq 'edit') {
			$sql .= "RESET ROLE;\n" . edit($kind, $owner) . "SET ROLE $caller;\n";
			next;
		}
		$call =~ s/(KEY|NEW\d)(?=(['"]))/$2 eq "'" ? $key{$1} =~ tr{\\}{}dr : $key{$1}/ge;
		$sql .= "SELECT public.attempt('$name', " . Database::quote($call) . ");\n";
	}
	return $sql . "RESET ROLE;\n";
}

sub demolish {
	my ($kind, $owner) = @_;
	return ('DROP EVENT TRIGGER IF EXISTS hostile;' . ($kind->{undo} // '') . <<'SQL') =~ s/WHO/$owner/gr;
;
SET client_min_messages = error;
DELETE FROM company_backup.restore;
DELETE FROM company_backup.backup;
DELETE FROM company_backup.column_rule;
DELETE FROM company_backup.table_rule;
DROP SCHEMA m CASCADE;
DROP TABLE IF EXISTS WHO.branch, WHO.leaf;
DROP OPERATOR CLASS IF EXISTS WHO.ops USING btree;
DROP SEQUENCE IF EXISTS WHO.numbers;
TRUNCATE WHO.trap_rows, public.ran, public.done;
SQL
}

my @meetings = (['cb_super', 'cb_mallory'], ['cb_caller', 'cb_mallory'], ['cb_caller', 'cb_caller'], ['cb_super', 'cb_super']);
@meetings = ($meetings[0]) if $ENV{HOSTILE_ONE};
for (@kinds) {
	my ($name, %kind) = @{$_};
	next if $ENV{HOSTILE_KIND} && $name !~ /$ENV{HOSTILE_KIND}/;
	for (@meetings) {
		my ($caller, $owner) = @{$_};
		my $title = "$name of $owner, $caller calls";
		$db->run(build(\%kind, $owner) . fill(\%kind, $owner));
		my ($ok, $out, $error) = $db->try(operate(\%kind, $owner, $caller));
		is($ok ? '' : $error, '', "$title: the server goes on");
		is($db->run("SELECT DISTINCT who, what FROM public.ran WHERE who NOT IN (whose, 'pg_checkpoint') "
			. "AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = whose) AND NOT (what = 'view' AND whose = '$caller')"), '',
			"$title: code runs as its owner");
		is($db->run('SELECT operation, path, left_behind FROM public.done WHERE path IS NOT NULL OR left_behind IS NOT NULL'), '',
			"$title: nothing is left behind");
		my @expected = grep {defined} $kind{says}, $owner ne 'cb_super' && $owner ne $caller ? $kind{answers} : undef;
		my @answers = grep { my $answer = $_; !(grep { $answer->[1] =~ $_ } @expected) && !($answer->[0] eq 'unknown' && $answer->[1] =~ /^KB002/) }
			$db->rows("SELECT operation, answer FROM public.done WHERE answer <> 'done'");
		is(join("\n", map { join ': ', @{$_} } @answers), '', "$title: what is to be done is done");
		$db->run(demolish(\%kind, $owner));
	}
}

$db->run("DROP OWNED BY $_ CASCADE; DROP ROLE $_") for @roles;
done_testing();
