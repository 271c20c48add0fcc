# Files of a company are files of its archive: everybody can open them and check them.
use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use ClientTest qw(run_client slurp work_dir);
use ServerTest qw(new_database sql read_archive);

my $dir = work_dir();
my $long = 'l' . 'o' x 50 . 'ng';
my $fill = <<"SQL";
CREATE SCHEMA "Büro";
CREATE TABLE company (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE "Büro"."$long" (id bigint PRIMARY KEY, company_id bigint NOT NULL REFERENCES company, "the file" bytea, preview bytea);
CREATE TABLE scan (id bigint PRIMARY KEY, company_id bigint NOT NULL REFERENCES company, image bytea);
INSERT INTO company VALUES (1, 'Acme');
INSERT INTO "Büro"."$long" SELECT n, 1, CASE WHEN n % 5 > 0 THEN sha256((n % 40)::text::bytea) END, convert_to(repeat('x', n * 3000), 'UTF8')
    FROM generate_series(1, 300) n ORDER BY md5(n::text);
INSERT INTO scan VALUES (1, 1, ''), (2, 1, sha256('1')), (3, 1, NULL),
    (4, 1, (SELECT string_agg(sha256(n::text::bytea), '' ORDER BY n) FROM generate_series(1, 655360) n));
SELECT set_company_table('company');
SELECT set_column_rule('"Büro"."$long"', 'the file', 'file');
SELECT set_column_rule('"Büro"."$long"', 'preview', 'file');
SELECT set_column_rule('scan', 'image', 'file');
SQL
new_database('files');
sql($fill);

my ($code, $out, $err) = run_client('backup', 1, '--include-files');
is $code, 0, 'backup --include-files' or diag $err;
my ($backup) = $out =~ /(\d+)/;
my $file = "$dir/acme.tar.gz";
($code, undef, $err) = run_client('export', $backup, '-o', $file);
is $code, 0, 'export' or diag $err;

my $content = read_archive($file);
my @files = sort grep { m{^files/} } keys %$content;
is scalar @files, 32 + 300 + 3, 'one file for each distinct content of a column';
is scalar(grep { m{^files/B%C3%BCro\.$long/the%20file/[0-9a-f]{64}\z} } @files), 32, 'in folders by table and column';
is scalar(grep { m{/([^/]*)\z} && sha256_hex($content->{$_}) ne $1 } @files), 0, 'named by their SHA-256';
my %image = map { length $content->{$_} => $_ } grep { m{^files/public\.scan/image/} } @files;
is_deeply [sort { $a <=> $b } keys %image], [0, 32, 20971520], 'an empty one, a small one, a large one';
is sql(q(SELECT encode(sha256(image), 'hex') FROM scan WHERE id = 4)), sha256_hex($content->{ $image{20971520} }), 'the very bytes';
my $digest = sha256_hex('');
like $content->{'tables/public.scan.ndjson'}, qr/^\{"id":"1","company_id":"1","image":"$digest"\}\n/, 'rows have the SHA-256';
like $content->{'tables/public.scan.ndjson'}, qr/"id":"3","company_id":"1","image":null\}/, 'or null';

my @listed = split /\n/, `tar -tzf '$file'`;
is $listed[0], 'manifest.json', 'first the manifest';
my @order = grep { $listed[$_] =~ m{^files/} } 0 .. $#listed;
is "@order", join(' ', $#listed - 1 - @files .. $#listed - 2), 'files stand after all tables, before the sums';
is_deeply [map { m{^(.*)/}; $1 } @listed[@order]],
  [("files/B%C3%BCro.$long/the%20file") x 32, ("files/B%C3%BCro.$long/preview") x 300, ('files/public.scan/image') x 3],
  'tables and columns in the order of the manifest';
is_deeply [@listed[@order[0 .. 31]]], [sort @listed[@order[0 .. 31]]], 'files ascend by their digest';

for my $tool ('tar', 'bsdtar') {
  SKIP: {
		skip "$tool is not here", 1 if system("command -v $tool >/dev/null") != 0;
		my $to = work_dir();
		is system("cd '$to' && $tool -xzf '$file' && sha256sum --quiet --strict -c SHA256SUMS"), 0, "$tool unpacks it, sha256sum -c agrees";
	}
}

# The same without storing anything
($code, undef, $err) = run_client('export', '--company', '1', '--include-files', '-o', "$dir/stream.tar.gz");
is $code, 0, 'export --company --include-files' or diag $err;
my $streamed = read_archive("$dir/stream.tar.gz");
is_deeply [map { [$_, sha256_hex($streamed->{$_})] } grep { m{/} } sort keys %$streamed],
  [map { [$_, sha256_hex($content->{$_})] } grep { m{/} } sort keys %$content], 'a stream: the same entries';

# The client tells of them.
($code, $out, $err) = run_client('verify', $file);
is $code, 0, 'verify' or diag $err;
like $out, qr/^OK: company 1, 3 tables, 305 rows, 335 files, /m, 'verify counts them';
($code, $out) = run_client('inspect', $file);
like $out, qr/^files +public\.scan\.image +file +3 +20971552$/m, 'inspect lists them';
($code, $out) = run_client('contents', '1');
like $out, qr/^files +public\.scan\.image +3 +20971552$/m, 'contents lists them';

# Into another database
new_database('files_second');
sql($fill);
sql(q(DELETE FROM scan; DELETE FROM "Büro".") . $long . q("));
local $ENV{PGOPTIONS} = '-c company_backup.require_signature=off';
($code, $out, $err) = run_client('import', $file, '--company', '1');
is $code, 0, 'import' or diag $err;
my ($imported) = $out =~ /(\d+)/;
($code, $out, $err) = run_client('restore', '1', $imported, '--include-files');
is $code, 0, 'restore --include-files' or diag $err;
my $again = read_archive(ServerTest::write_archive(q(stream_backup('1', include_files => true)), "$dir/again.tar.gz"));
is_deeply [map { [$_, sha256_hex($again->{$_})] } grep { m{/} } sort keys %$again],
  [map { [$_, sha256_hex($content->{$_})] } grep { m{/} } sort keys %$content], 'what was restored is what was exported';

# A damaged file is found.
my $bytes = slurp($file);
substr($bytes, length($bytes) / 2, 1) ^= "\x01";
ClientTest::spew("$dir/damaged.tar.gz", $bytes);
($code, undef, $err) = run_client('verify', "$dir/damaged.tar.gz");
is $code, 1, 'verify finds a damaged file';
like $err, qr{files/public\.scan/image/}, 'and names it';

done_testing();
