# inspect and verify: what they say of good, damaged and edited archives. No server is needed.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP qw(decode_json);
use Test::More;

use ClientTest qw(run_client small_archive archive_bytes spew work_dir);

my $dir  = work_dir();
my $good = small_archive("$dir/good.tar.gz");
my $key  = spew("$dir/key", $ClientTest::KEY);

# inspect

my ($code, $out, $err) = run_client('inspect', $good);
is $code, 0, 'inspect: exit code';
is $err, '', 'inspect: nothing on stderr';
like $out, qr/^Company: +acme \(Acme Ltd\)$/m, 'inspect: company';
like $out, qr/^Label: +before the import$/m, 'inspect: label';
like $out, qr/^Made at: +2026-11-22T01:02:03\.123456Z$/m, 'inspect: date';
like $out, qr/^Database ID: +\Q$ClientTest::IDENTITY\E$/m, 'inspect: origin';
like $out, qr/^sales +public\.invoice +company +1000 +\d+$/m, 'inspect: the table';

($code, $out, $err) = run_client('inspect', $good, '--json');
is $code, 0, 'inspect --json: exit code';
is decode_json($out)->{tables}[0]{rows}, 1000, 'inspect --json: the manifest';

my $evil = small_archive(
	"$dir/evil.tar.gz",
	edit => sub { $_[0]{'manifest.json'} =~ s/Acme Ltd/\\u001b[2JAcme\\nLtd/ });
($code, $out) = run_client('inspect', $evil);
like $out, qr/\(\\x1b\[2JAcme\\nLtd\)$/m, 'inspect: control characters do not reach the terminal';

spew("$dir/text", "just text\n");
for my $file ("$dir/text", '/dev/null', "$dir/missing", $dir) {
	for my $command (qw(inspect verify)) {
		($code, $out, $err) = run_client($command, $file);
		is $code, 1, "$command $file: exit code 1";
		is $out, '', "$command $file: nothing on stdout";
		like $err, qr/^company-backup: error: /, "$command $file: an error message";
	}
}

# verify

($code, $out, $err) = run_client('verify', $good);
is $code, 0, 'verify: exit code';
like $out, qr/^OK: company acme, 1 table, 1000 rows, \d+ bytes$/m, 'verify: totals';
like $out, qr/signature was not checked/, 'verify: says that the signature was not checked';

($code, $out, $err) = run_client('verify', $good, '--key-file', $key);
is $code, 0, 'verify with the key: exit code';
like $out, qr/^The signature is right/m, 'verify with the key: says so';

spew("$dir/key.hex", '\x' . unpack('H*', $ClientTest::KEY) . "\n");
($code, $out, $err) = run_client('verify', $good, '--key-file', "$dir/key.hex");
is $code, 0, 'verify with the key as psql prints it: exit code';
like $out, qr/^The signature is right/m, 'verify with the key as psql prints it: says so';

spew("$dir/key.other", 'x' x 32);
($code, $out, $err) = run_client('verify', $good, '--key-file', "$dir/key.other");
is $code, 1, 'verify with another key: exit code';
unlike $out, qr/OK/, 'verify with another key: no OK';
like $err, qr/not signed with this key/, 'verify with another key: says so';

spew("$dir/key.empty", '');
($code, $out, $err) = run_client('verify', $good, '--key-file', "$dir/key.empty");
is $code, 1, 'verify with an empty key file: exit code';
like $err, qr/does not hold a key/, 'verify with an empty key file: says so';

my $unsigned = small_archive("$dir/unsigned.tar.gz", unsigned => 1);
($code, $out) = run_client('verify', $unsigned);
is $code, 0, 'verify of an unsigned archive without a key: exit code';
($code, $out, $err) = run_client('verify', $unsigned, '--key-file', $key);
is $code, 1, 'verify of an unsigned archive with a key: exit code';
like $err, qr/is not signed/, 'verify of an unsigned archive with a key: says so';

sub damaged {
	my ($name, $bytes) = @_;
	my ($exit, $stdout, $stderr) = run_client('verify', spew("$dir/damaged", $bytes));
	my $right = $exit == 1 && $stdout eq '' && $stderr =~ /^company-backup: error: /;
	ok $right, $name or diag "exit $exit, stdout: $stdout, stderr: $stderr";
}

my $bytes = archive_bytes();
damaged("truncated to $_ bytes", substr $bytes, 0, $_)
  for 1, 17, 100, int(length($bytes) / 2), length($bytes) - 1;

# But for the fields of gzip headers that mean nothing (time, system), any flipped bit is found.
my @offsets = map { 10 + $_ * int((length($bytes) - 20) / 40) } 0 .. 39;
my @headers;
while ($bytes =~ /\x1f\x8b\x08/g) { push @headers, pos($bytes) - 3 }
for my $offset (grep { my $o = $_; !grep { $o >= $_ + 3 && $o < $_ + 10 } @headers } @offsets) {
	my $flipped = $bytes;
	substr($flipped, $offset, 1) ^= "\x10";
	damaged("bit flipped at byte $offset", $flipped);
}

damaged('a changed value', archive_bytes(
		edit => sub { $_[0]{'tables/public.invoice.ndjson'} =~ s/line 500/line 501/ }));
damaged('a changed manifest', archive_bytes(edit => sub { $_[0]{'manifest.json'} =~ s/alice/bobby/ }));
damaged('a row less', archive_bytes(
		edit => sub { $_[0]{'tables/public.invoice.ndjson'} =~ s/[^\n]*\n// }));
damaged('bytes after the end', $bytes . 'more');

# Who changes an archive and all its digests is found by the signature only.
my $forged = "$dir/forged.tar.gz";
{
	local $ClientTest::KEY = 'f' x 32;
	small_archive($forged, rows => 999);
}
($code) = run_client('verify', $forged);
is $code, 0, 'a forged archive is undamaged';
($code, $out, $err) = run_client('verify', $forged, '--key-file', $key);
is $code, 1, 'a forged archive: the signature tells';

done_testing();
