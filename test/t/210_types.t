# Every built-in type, through backup, archive and load into another database: nothing is lost.
# Compared are the text forms and the bytes of the binary form.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Database;

my @TYPES = map { [split /\s*=>\s*/, $_, 2] } grep { /\S/ } split /\n/, <<'LIST';
boolean => true | false
smallint => 0 | -32768 | 32767
integer => 0 | -2147483648 | 2147483647
bigint => 0 | -9223372036854775808 | 9223372036854775807 | 9007199254740993
real => 0 | '-0' | 'NaN' | 'Infinity' | '-Infinity' | 1e-45 | 1.1754942e-38 | 3.4028235e38 | 0.1 | 16777217 | 1e15 | 1e-7
float8 => 0 | '-0' | 'NaN' | 'Infinity' | '-Infinity' | 5e-324 | 2.2250738585072011e-308 | 1.7976931348623157e308 | 0.1 | 1e16 | 9007199254740993 | 1e-7 | 123456789012345.678
numeric => 0 | 'NaN' | 'Infinity' | '-Infinity' | 0.10 | 1.000 | -0.0000001 | 1e-16000 | repeat('9', 131072) | ('0.' || repeat('3', 16383)) | 12345678901234567890.123456789012345678901234567890
numeric(20,5) => 123456789012345.12345 | -0.00001 | 'NaN'
numeric(5,-2) => 12300
money => 0 | '-92233720368547758.08' | '92233720368547758.07' | '1,234.56'
text => '' | 'null' | 'NULL' | 'true' | ' ' | E'\n' | E'\\' | E'\\N' | '"' | '/' | '{"a":1}' | '{"$jsonb":1}' | E'\t\r\n\b\f' | E'\u2028\u2029' | E'\ufeff' | 'ÿ' | '漢字' | '👩‍👩‍👧‍👦' | U&'\+010FFFF' | U&'\FFFF' | U&'\FFFE' | U&'\FDD0' | U&'\E000' | U&'\0301' | U&'\200F' | U&'\007F' | U&'\0080' | U&'\D7FF'
text => (SELECT string_agg(chr(i), '') FROM generate_series(1, 127) i) | (SELECT string_agg(chr(i), '') FROM generate_series(128, 12287) i) | (SELECT string_agg(chr(i), '') FROM generate_series(65536, 1114111, 997) i) | repeat('x', 70000) | repeat('é', 300000)
varchar => '' | 'null' | 'a  '
varchar(5) => '' | 'ab ' | 'ééééé'
char(6) => '' | 'ab' | 'ab   ' | 'ééé' | E'a\tb'
"char" => '' | 'a' | '"'
name => '' | 'Mixed Case' | 'ärger' | repeat('n', 63)
bytea => '' | '\x00' | '\x5c' | decode(string_agg_bytes(), 'hex') | '\xff00ff' | sha512('x')
uuid => '00000000-0000-0000-0000-000000000000' | 'ffffffff-ffff-ffff-ffff-ffffffffffff' | '0198c0de-0000-7000-8000-00000000abcd'
date => '4713-01-01 BC' | '5874897-12-31' | 'infinity' | '-infinity' | '2024-02-29' | '0001-01-01' | '0044-03-15 BC' | '10000-01-01'
time => '00:00' | '23:59:59.999999' | '24:00:00' | '12:00:00.000001'
time(3) => '12:00:00.123'
timetz => '00:00+00' | '23:59:59.999999-15:59' | '24:00:00+15:59:59' | '12:00:00.1+05:30'
timestamp => '4713-01-01 00:00:00 BC' | '294276-12-31 23:59:59.999999' | 'infinity' | '-infinity' | '2024-02-29 12:34:56.789012' | '0001-12-31 23:59:59.000001 BC' | '1999-12-31 23:59:59.1'
timestamptz => '4713-01-01 00:00:00 BC' | '294276-12-31 23:59:59.999999+00' | 'infinity' | '-infinity' | '2024-03-31 02:30:00.000001+01' | '1883-11-18 12:03:57-07:52:58' | '0044-03-15 12:00+00 BC' | '2024-10-27 02:30:00.5 Europe/Berlin'
timestamptz(2) => '2024-01-01 00:00:00.99+00'
interval => '0' | '1 year -2 mons 3 days -04:05:06.000007' | '-178000000 years' | '178000000 years' | '-1 mon +1 day' | '00:00:00.000001' | '-00:00:01' | '1 day -24:00' | '999999:59:59.999999'
interval day to second(3) => '3 04:05:06.789'
bit(3) => B'101' | B'000'
bit varying => B'' | B'1' | repeat('10', 500)::bit varying
inet => '10.1.2.3' | '10.1.2.3/8' | '::1' | 'fe80::1/64' | '0.0.0.0/0' | '::ffff:1.2.3.4'
cidr => '10.0.0.0/8' | '::/0' | '192.168.1.0/24'
macaddr => '08:00:2b:01:02:03'
macaddr8 => '08:00:2b:ff:fe:01:02:03'
json => '{"b":1, "a" : 2,"b":  3 }' | ' 1 ' | 'null' | '"\u0000"' | '"\ud83d\ude00"' | '{"$jsonb":1}' | E'[\n\t1.0,\n 1e400]' | '""' | '{}' | '12345678901234567890.1234567890' | ('"x' || repeat('y', 100000) || '"')
jsonb => 'null' | '{"$jsonb":1}' | '{"$jsonb":{"$jsonb":null}}' | '1e400' | '1.000' | '0.10000000000000000000000000001' | '123456789012345678901234567890' | '""' | '{"":{"":[]}}' | '[]' | 'true' | '"null"' | '"\u2028\u007f\u0001\\\"/"' | '{"a":[1,{"b":null}],"é":"👍"}' | ('[' || repeat('[', 500) || repeat(']', 500) || ']') | '-0' | '1E-5' | '{"b":1,"aa":2}'
jsonpath => '$.a[*] ? (@.b > 1)' | 'strict $'
xml => '<a>1</a>' | '<a/><b/>' | 'text only' | '<!DOCTYPE a [<!ENTITY e "x">]><a>&amp;</a>' | '<?xml version="1.0" standalone="yes"?><a/>' | '<?xml version="1.0" encoding="ISO-8859-1"?><a>é</a>' | '<?xml version="1.0" encoding="UTF-8"?><a>é</a>' | ''
oid => 0 | 4294967295
regclass => 'pg_class' | 0
regtype => 'integer' | 'double precision' | 0
regproc => 'boolin'
regprocedure => 'lower(text)'
regoper => 'pg_catalog.||/'
regoperator => '+(integer,integer)'
regnamespace => 'pg_catalog'
regrole => 'pg_monitor'
regcollation => '"C"'
regconfig => 'english'
regdictionary => 'simple'
xid => '4294967295'
xid8 => '18446744073709551615'
cid => '7'
tid => '(4294967295,65535)'
pg_lsn => '0/0' | 'FFFFFFFF/FFFFFFFF'
pg_snapshot => '10:20:10,14,15'
txid_snapshot => '10:20:10,14,15'
tsvector => '' | 'a:1A fat:2,3B cat' | '''it''''s'' ''a b'':5'
tsquery => '' | 'fat & !rat:AB|''super''''x'':*' | 'a <2> b'
point => '(0,0)' | '(-0,NaN)' | '(1e-300,Infinity)' | '(0.1,0.2)'
line => '{1,-1,0}'
lseg => '[(0,0),(1,0.1)]'
box => '(2,2),(0,0)'
path => '((0,0),(1,1),(2,0))' | '[(0,0),(1,1)]'
polygon => '((0,0),(1,1),(2,0))'
circle => '<(0.1,0.2),3>'
int4range => 'empty' | '[1,10)' | '(,)' | '[5,)'
int8range => '[-9223372036854775808,9223372036854775807)'
numrange => '[1.10,2.200]' | '(NaN,)' | '[1,1]'
tsrange => '[2024-01-01 00:00:00.000001,infinity]' | '[,2024-01-01)'
tstzrange => '["2024-01-01 12:00:00+05:30","infinity")' | 'empty'
daterange => '[2024-01-01,2024-02-01)' | '[,infinity]'
int4multirange => '{}' | '{[1,3),[7,9)}' | '{(,)}'
nummultirange => '{[1.0,2.00],(3,4)}'
tstzmultirange => '{["2024-01-01 00:00:00+00","2024-01-02 00:00:00+00")}'
datemultirange => '{[2024-01-01,2024-01-02)}'
integer[] => '{}' | '{1,NULL,3}' | '[-2:0]={1,2,3}' | '{{1,2},{3,4}}' | '[5:5][2:3]={{1,2}}'
text[] => '{}' | '{"",NULL,"NULL","null"}' | ARRAY['a,b', '{', '}', '"', E'\\', ' ', E'\n', E'\t', 'é', E'''']
bytea[] => ARRAY['\x00ff'::bytea, '', NULL]
numeric[] => '{1.10,NaN,Infinity,-0.000}'
float8[] => '{-0,NaN,5e-324,-Infinity,0.1}'
timestamptz[] => '{infinity,"2024-01-01 00:00:00.000001+00","0044-03-15 00:00:00+00 BC"}'
interval[] => '{"1 mon -1 days","-00:00:00.000001"}'
date[] => '{-infinity,"0044-03-15 BC"}'
money[] => '{"$1,234.56",-0.01}'
jsonb[] => ARRAY['null', '{"$jsonb":1}', '"\""', NULL]::jsonb[]
json[] => ARRAY[' { "a" : 1, "a":2 } ', NULL]::json[]
char(4)[] => '{"a","bc  "}'
xml[] => ARRAY['<a b="c"/>'::xml]
point[] => '{"(1,2)","(-0,0.1)"}'
box[] => '{(2,2),(0,0);(4,4),(1,1)}'
uuid[] => '{00000000-0000-0000-0000-000000000000,NULL}'
boolean[] => '{t,f,NULL}'
tsvector[] => ARRAY['a:1 ''b c'':2'::tsvector]
daterange[] => ARRAY['[2024-01-01,2024-02-01)'::daterange, 'empty']
types.mood => 'fine' | 'it''s "so, so"' | ' blank ' | 'NULL' | '' | '漢字'
types.mood[] => ARRAY['it''s "so, so"', NULL, '', 'NULL', ' blank ']::types.mood[]
types.pair => ROW(NULL, NULL) | ROW(1, '') | ROW(-1, 'a,b "c" (d) \ e') | ROW(0, NULL)
types.pair[] => ARRAY[ROW(1, 'a,"b"'), ROW(NULL, NULL), NULL]::types.pair[]
types.nest => ROW(ROW(1, '"'), ARRAY[ROW(2, E'\\')::types.pair], 'fine', '{"$jsonb":1}', '\x00', 'infinity', -0.0, 0.1)
types.nest[] => ARRAY[ROW(ROW(1, '"'), ARRAY[ROW(2, E'\\')::types.pair, NULL], 'fine', 'null', '\x5c', NULL, 1.10, 'NaN')]::types.nest[]
types.positive => 1 | 12345678901234567890.10
types.label => 'ab'
types.labels => '{}' | ARRAY['a', NULL, '"']
types.label[] => ARRAY['a', 'b']::types.label[]
types.document => '{"$jsonb":null}' | 'null' | '[1.0]'
types.raw_json => '{"b":1, "b" : 2}'
types.flag => true | false
types.moment => '2024-01-01 00:00:00.000001+00' | 'infinity'
types.small => 7
types.bytes => '\x0001ff'
types.key_pair => ROW(1, 'x')
types.inner_label => 'ab'
types.textrange => '[a,"b,"")")' | '("",)' | 'empty'
types.textmultirange => '{[a,b),["c d",e]}'
types.moneyrange => '[1.00,2.50)'
public.citext => '' | 'MiXeD' | 'null' | 'É'
public.citext[] => '{A,"b,c",NULL}'
public.hstore => '' | 'a=>NULL, b=>"", "c d"=>"e\"f\\"' | '"=>"=>"NULL"'
public.hstore[] => ARRAY['a=>1'::public.hstore, NULL]
public.ltree => '' | 'Top.Science'
public.lquery => '*{1,2}.a|b@*'
public.ltree[] => '{a.b,c}'
LIST

# Settings that change how PostgreSQL prints and reads: a backup must not depend on them.
my $SETTINGS = <<'SQL';
SET datestyle = 'German, DMY'; SET intervalstyle = 'sql_standard'; SET timezone = 'Asia/Kathmandu';
SET extra_float_digits = -5; SET bytea_output = 'escape'; SET xmloption = 'document';
SQL

sub quote_type { return $_[0] =~ s/[^a-z0-9]+/_/gr }

my $template = Database->create("company_backup_types_template_$$");
my %missing;
for my $contrib (qw(citext hstore ltree)) {
	my ($ok) = $template->try("CREATE EXTENSION $contrib SCHEMA public");
	$missing{$contrib} = 1 unless $ok;
}
@TYPES = grep { my $type = $_->[0]; !grep { $type =~ /\b$_/ } keys %missing } @TYPES;
my $schema = <<'SQL';
CREATE SCHEMA types;
CREATE TYPE types.mood AS ENUM ('fine', 'it''s "so, so"', ' blank ', 'NULL', '', '漢字');
CREATE TYPE types.pair AS (a integer, b text);
CREATE TYPE types.nest AS (p types.pair, ps types.pair[], m types.mood, j jsonb, b bytea, t timestamptz, n numeric, f float8);
CREATE DOMAIN types.positive AS numeric CHECK (VALUE > 0);
CREATE DOMAIN types.label AS varchar(10) NOT NULL CHECK (VALUE ~ '^[a-z]+$');
CREATE DOMAIN types.inner_label AS types.label CHECK (length(VALUE) = 2);
CREATE DOMAIN types.labels AS text[];
CREATE DOMAIN types.document AS jsonb;
CREATE DOMAIN types.raw_json AS json;
CREATE DOMAIN types.flag AS boolean;
CREATE DOMAIN types.moment AS timestamptz;
CREATE DOMAIN types.small AS smallint;
CREATE DOMAIN types.bytes AS bytea;
CREATE DOMAIN types.key_pair AS types.pair CHECK ((VALUE).a > 0);
CREATE TYPE types.textrange AS RANGE (subtype = text, collation = "C", multirange_type_name = types.textmultirange);
CREATE FUNCTION types.money_gap(money, money) RETURNS float8 IMMUTABLE LANGUAGE sql RETURN ($1 - $2) / 1::money;
CREATE TYPE types.moneyrange AS RANGE (subtype = money, subtype_diff = types.money_gap);
CREATE FUNCTION string_agg_bytes() RETURNS text LANGUAGE sql AS
  $$ SELECT string_agg(lpad(to_hex(i), 2, '0'), '') FROM generate_series(0, 255) i $$;
CREATE TABLE company (id bigint PRIMARY KEY, name text);
SQL
my @tables;
for my $index (0 .. $#TYPES) {
	my $name = sprintf 'type_%03d_%s', $index, quote_type($TYPES[$index][0]);
	$name = substr $name, 0, 60;
	push @tables, [$name, @{ $TYPES[$index] }];
	my $maybe_null = $TYPES[$index][0] =~ /label$/ ? '' : ' ';
	$schema .= "CREATE TABLE $name (company_id bigint NOT NULL REFERENCES company, "
	  . "n integer, v $TYPES[$index][0], w text, PRIMARY KEY (company_id, n));\n";
}
$schema .= <<'SQL';
CREATE TABLE large (company_id bigint NOT NULL REFERENCES company, n integer, v text, PRIMARY KEY (company_id, n));
SQL
$template->run($schema);

# Object IDs of types are part of some binary forms: both databases are copies of one.
my $source = Database->create("company_backup_types_source_$$", template => $template);
my $copy   = Database->create("company_backup_types_copy_$$",   template => $template);
my $values = "INSERT INTO company VALUES (1, 'one'), (2, 'two');\n";
for (@tables) {
	my ($name, $type, $list) = @{$_};
	my $n = 0;
	for my $value (split / \| /, $list) {
		$n++;
		$values .= "INSERT INTO $name SELECT 1, $n, ($value)::$type, 'after';\n";
	}
	next if $type =~ /label$/;
	$values .= "INSERT INTO $name VALUES (1, 0, NULL, 'after');\n";
}
$source->run($values);
for my $database ($source, $copy) {
	$database->run(<<'SQL');
CREATE EXTENSION company_backup;
SELECT set_company_table('company');
SQL
}
$copy->trust($source);

# By table: [text form, binary form] of all values, from one session.
sub forms_of {
	my ($database) = @_;
	my $sql = '';
	for my $name (map { $_->[0] } @tables) {
		my $from = "FROM $name WHERE company_id = 1 ORDER BY n";
		$sql .= "\\echo ==table $name\nSELECT n, v IS NULL, v::text, w $from;\n\\echo ==binary\n";
		$sql .= "COPY (SELECT n, v $from) TO STDOUT (FORMAT binary);\n\\echo\n";
	}
	my ($ok, $out, $err) = $database->try($sql);
	die $err unless $ok;
	return { map { my ($name, $forms) = split /\n/, $_, 2; $name => [split /==binary\n/, $forms, 2] }
		  grep { length } split /==table /, $out };
}

my @undecided = $source->rows(q{SELECT object, problem FROM check_company_scope() WHERE severity = 'error'});
is_deeply \@undecided, [], 'nothing is undecided';

my $backup = $source->value("$SETTINGS SELECT backup_company('1')");
$copy->run(q{ALTER DATABASE } . $copy->name . q{ SET lc_monetary = 'C'});
my $upload = $copy->take_backup($source, $backup);
is $copy->value("$SETTINGS SELECT create_company_from_backup($upload, ids => 'keep')"), '1',
  'the company is created under its key';

my ($before, $after) = (forms_of($source), forms_of($copy));
for (@tables) {
	my ($name, $type) = @{$_};
	is $after->{$name}[0], $before->{$name}[0], "$type: text form";
	ok $after->{$name}[1] eq $before->{$name}[1], "$type: binary form";
}

my %digests = $source->map_of("SELECT table_name, sha256 FROM backup_contents($backup)");
my $again   = $copy->value('SELECT backup_company(1)');
is_deeply { $copy->map_of("SELECT table_name, sha256 FROM backup_contents($again)") }, \%digests,
  'a backup of the copy has the same digests';

subtest 'very long rows' => sub {
	$source->run(<<'SQL');
INSERT INTO company VALUES (3, 'long');
INSERT INTO large VALUES (3, 3, 'short');
INSERT INTO large SELECT 3, size, string_agg(E'é\n"' || md5(i::text), '') FROM (VALUES (1, 550000), (2, 5500000)) s(size, n),
	generate_series(1, n) i GROUP BY size;
SQL
	my $id = $copy->take_backup($source, $source->value('SELECT backup_company(3)'));
	is $copy->value("SELECT create_company_from_backup($id, ids => 'keep')"), '3', 'loaded';
	my $sum = 'SELECT n, length(v), md5(v) FROM large WHERE company_id = 3 ORDER BY n';
	is $copy->run($sum), $source->run($sum), '20 MB and 200 MB come back';
};

subtest 'a row that could not be loaded again' => sub {
	$source->run(q{INSERT INTO company VALUES (4, 'too long');
		INSERT INTO large VALUES (4, 1, 'short'), (4, 77, repeat(chr(1), 200000000))});
	my ($ok, $out, $err) = $source->try('SELECT backup_company(4)');
	ok !$ok, 'fails';
	like $err, qr/KB011/, 'as a row too large';
	like $err, qr/4, ?77/, 'named by its key';
	is $source->value('SELECT count(*) FROM company_backups(4::bigint)'), '0', 'leaving no backup';
};

done_testing;
