# An archive is an ordinary .tar.gz: everybody's tools open it, and find the same in it.
use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use ClientTest qw(run_client slurp spew work_dir);
use ServerTest qw(new_database sql digests read_archive);

my $dir = work_dir();

my $long = 'l' . 'o' x 40 . 'ng';
my $schema = qq("Odd schema/with ""quotes"" and ünïcödé");
my $odd = qq($schema."$long.. table\nof ü");
my $fill = <<"SQL";
CREATE SCHEMA $schema;
CREATE TABLE company (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE item (id bigint PRIMARY KEY, company_id bigint NOT NULL REFERENCES company, unit text, words text, data jsonb,
    photo bytea, price numeric, made timestamptz);
CREATE TABLE unit (code text PRIMARY KEY, label text);
ALTER TABLE item ADD FOREIGN KEY (unit) REFERENCES unit;
CREATE TABLE nothing (id bigint PRIMARY KEY, company_id bigint NOT NULL REFERENCES company);
CREATE TABLE $odd (company_id bigint PRIMARY KEY REFERENCES company, words text);
INSERT INTO company VALUES (1, 'Acme'), (2, 'Zeta');
INSERT INTO unit VALUES ('kg', 'Kilo'), ('m', 'Meter'), ('unused', '');
INSERT INTO item SELECT n, 1, CASE WHEN n % 2 = 0 THEN 'kg' ELSE 'm' END, E'"\\\\\\t\\u20ac' || repeat(md5(n::text), 20),
    jsonb_build_object('n', n), decode(md5(n::text), 'hex'), n / 7.0, '2024-01-01 00:00:00.123456+00'::timestamptz + n * interval '1 s'
    FROM generate_series(1, 3000) n ORDER BY md5(n::text);
INSERT INTO $odd VALUES (1, 'odd');
SELECT set_company_table('company');
SELECT set_table_rule('unit', 'shared', 'the same for all', match_columns => '{code}');
SQL

my $second = new_database('tools_second');
sql("SET timezone = 'Asia/Tokyo'; SET datestyle = 'german'; $fill");
my $second_digests = digests(sql(q(SELECT backup_company('1'))));
new_database('tools');
sql($fill);
my $backup = sql(q(SELECT backup_company('1')));
is digests($backup), $second_digests, 'two databases with the same data: the same digests';

my $file = "$dir/acme.tar.gz";
for my $target ($file, "$dir/again.tar.gz") {
	my ($code, undef, $err) = run_client('export', $backup, '-o', $target);
	is $code, 0, 'export' or diag $err;
}
ok slurp($file) eq slurp("$dir/again.tar.gz"), 'two exports of a backup: the same bytes';

# The session's settings leave no trace in the lines.
{
	local $ENV{PGOPTIONS} = '-c timezone=America/New_York -c datestyle=sql,dmy -c extra_float_digits=0 '
	  . '-c bytea_output=escape -c intervalstyle=iso_8601 -c search_path=pg_catalog,public';
	my ($code, undef, $err) = run_client('export', '--company', '1', '-o', "$dir/stream.tar.gz");
	is $code, 0, 'export --company' or diag $err;
	my ($stored, $streamed) = map { read_archive($_) } $file, "$dir/stream.tar.gz";
	is_deeply [map { [$_, sha256_hex($streamed->{$_})] } grep { m{/} } sort keys %$streamed],
	  [map { [$_, sha256_hex($stored->{$_})] } grep { m{/} } sort keys %$stored],
	  'a stream under other settings: the same lines';
}

# name => digest, as each tool sees the file

my $python = <<'PY';
import hashlib, sys, tarfile
with tarfile.open(sys.argv[1], 'r:gz') as tar:
    for entry in tar:
        print(hashlib.sha256(tar.extractfile(entry).read()).hexdigest(), entry.name)
PY

my $node = <<'JS';
const bytes = require('zlib').gunzipSync(require('fs').readFileSync(process.argv[2]));
const text = (at, size) => bytes.subarray(at, at + size).toString().split('\0')[0];
let longName = null;
for (let at = 0; bytes[at]; ) {
  const size = parseInt(text(at + 124, 12), 8), type = text(at + 156, 1);
  const content = bytes.subarray(at + 512, at + 512 + size);
  if (type === 'x') {
    longName = content.toString().match(/^\d+ path=(.*)$/m)[1];
  } else {
    const name = longName ?? [text(at + 345, 155), text(at, 100)].filter(Boolean).join('/');
    console.log(require('crypto').createHash('sha256').update(content).digest('hex'), name);
    longName = null;
  }
  at += 512 + Math.ceil(size / 512) * 512;
}
JS

sub seen_by {
	my @command = @_;
	open my $tool, '-|', @command or die "$command[0]: $!";
	my @lines = sort readline $tool;
	close $tool or diag "@command: exit $?";
	return join '', @lines;
}

sub unpacked_by {
	my (@command) = @_;
	my $to = work_dir();
	system(@command, $file, '-C', $to) == 0 or diag "@command: exit $?";
	my @lines = map { s{^(\w+) [ *]\./}{$1 }r } split /^/, `cd '$to' && find . -type f -print0 | xargs -0 sha256sum`;
	is system("cd '$to' && sha256sum --quiet --strict -c SHA256SUMS"), 0, "$command[0]: sha256sum -c agrees";
	return join '', sort @lines;
}

is system('gzip', '-t', $file), 0, 'gzip -t';
my $tar = unpacked_by('tar', '-xzf');
is scalar(() = $tar =~ /\n/g), 8, 'GNU tar: eight files' or diag $tar;
like $tar, qr/ manifest\.json$/m, 'GNU tar: the manifest';
like $tar, qr/ tables\/Odd%20schema%2F[^\n]+\.$long%2E%2E%20table%0Aof%20%C3%BC\.ndjson$/m, 'GNU tar: a long name';

my %tool = (
	bsdtar  => sub { unpacked_by('bsdtar', '-xzf') },
	python3 => sub { seen_by('python3', spew("$dir/list.py", $python), $file) },
	node    => sub { seen_by('node',    spew("$dir/list.js", $node),   $file) });
for my $name (sort keys %tool) {
  SKIP: {
		skip "$name is not here", 1 if system("command -v $name >/dev/null") != 0;
		is $tool{$name}->(), $tar, "$name: the same files, the same contents";
	}
}

# Every line is one JSON value; the manifest counts them.
my $content = read_archive($file);
for my $name (sort grep { /ndjson$/ } keys %$content) {
	my $lines = () = $content->{$name} =~ /\n/g;
	my $values = `jq -c . '${\ spew("$dir/lines", $content->{$name}) }' | wc -l`;
	is $values + 0, $lines, "jq reads each line of $name";
}
spew("$dir/manifest", $content->{'manifest.json'});
is `jq -r '.tables[] | select(.name == "public.item") | "\\(.rows) \\(.sha256)"' '$dir/manifest'`,
  '3000 ' . sha256_hex($content->{'tables/public.item.ndjson'}) . "\n", 'jq reads the manifest';
spew("$dir/lines", $content->{'tables/public.item.ndjson'});
is `jq -r 'select(.id == "7") | .words[0:4], .price, .made, .data.n, .photo' '$dir/lines'`,
  qq("\\\t€\n1.00000000000000000000\n2024-01-01 00:00:07.123456+00\n7\n) . sql(q(SELECT encode(decode(md5('7'), 'hex'), 'base64'))) . "\n",
  'jq reads the values';
is $content->{'tables/public.nothing.ndjson'}, '', 'a table without rows is an empty file';
is $content->{'shared/public.unit.ndjson'} =~ tr/\n//, 2, 'only shared rows that are referred to';

done_testing();
