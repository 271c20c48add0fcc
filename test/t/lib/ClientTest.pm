# What the tests of the client share: running it, and writing a small archive by hand, from the
# description of the format alone.
package ClientTest;

use strict;
use warnings;

use Digest::SHA qw(hmac_sha256_hex sha256_hex);
use Exporter qw(import);
use File::Temp qw(tempdir);
use IO::Compress::Gzip qw(gzip $GzipError);
use POSIX ();
use Test::More;
use Time::Local qw(timegm);

our @EXPORT_OK =
  qw(run_client run_on_terminal works fails misused $code $out $err slurp spew client_path small_archive archive_bytes work_dir);

# What the last of works(), fails() and misused() gave.
our ($code, $out, $err);

our $KEY      = '0123456789abcdef0123456789abcdef';
our $IDENTITY = '6f1b2a30-1111-4222-8333-444455556666';

sub client_path {
	return $ENV{COMPANY_BACKUP_CLIENT}
	  // die "COMPANY_BACKUP_CLIENT must name the program to test\n";
}

sub work_dir { return tempdir(CLEANUP => 1) }

sub slurp {
	my ($path) = @_;
	open my $file, '<:raw', $path or die "$path: $!";
	local $/;
	return scalar readline $file;
}

sub spew {
	my ($path, $bytes) = @_;
	open my $file, '>:raw', $path or die "$path: $!";
	print {$file} $bytes;
	close $file or die "$path: $!";
	return $path;
}

# Runs the client without a shell and without a terminal; gives exit code (or minus the signal),
# stdout, stderr.
sub run_client {
	my @arguments = @_;
	my $dir = work_dir();
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		POSIX::setsid();
		open STDIN,  '<', '/dev/null'   or die $!;
		open STDOUT, '>', "$dir/stdout" or die $!;
		open STDERR, '>', "$dir/stderr" or die $!;
		exec client_path(), @arguments or exit 127;
	}
	waitpid $pid, 0;
	my $code = $? & 127 ? -($? & 127) : $? >> 8;
	return ($code, slurp("$dir/stdout"), slurp("$dir/stderr"));
}

sub works {
	my ($name, @arguments) = @_;
	($code, $out, $err) = run_client(@arguments);
	is $code, 0, "$name: done" or diag $err;
	return $out;
}

sub stops {
	my ($exit, $name, $message, @arguments) = @_;
	($code, $out, $err) = run_client(@arguments);
	is $code, $exit, "$name: exit code";
	is $out,  '',    "$name: nothing on stdout";
	like $err, $message, "$name: says so";
	return;
}
sub fails   { return stops(1, @_) }
sub misused { return stops(2, @_) }

# Runs the client on a pseudo terminal where somebody types `answer`; gives exit code, stdout, stderr,
# and what the terminal showed.
sub run_on_terminal {
	my ($answer, @arguments) = @_;
	my $dir = work_dir();
	my $command = join ' ', map { "'" . s/'/'\\''/gr . "'" } client_path(), @arguments;
	spew("$dir/answer",  $answer);
	spew("$dir/command", "$command >$dir/stdout 2>$dir/stderr\n");
	my $shown = `script -qec 'sh $dir/command' /dev/null <$dir/answer`;
	my $code = $? >> 8;
	return ($code, slurp("$dir/stdout"), slurp("$dir/stderr"), $shown);
}

sub tar_entry {
	my ($name, $content) = @_;
	my $header = pack 'a100 a8 a8 a8 a12 a12 A8 a1 a100 a6 a2 a32 a32 a8 a8 a155 x12',
	  $name, '0000600', '0000000', '0000000', sprintf('%011o', length $content),
	  sprintf('%011o', timegm(3, 2, 1, 22, 10, 2026)), '', '0', '', "ustar", '00', '', '', '0000000',
	  '0000000', '';
	substr $header, 148, 8, sprintf("%06o\0 ", unpack '%32C*', $header);
	return $header . $content . "\0" x (-length($content) % 512);
}

sub manifest {
	my ($lines) = @_;
	my ($rows, $bytes, $sha256) = (($lines =~ tr/\n//), length $lines, sha256_hex($lines));
	return <<"JSON";
{
  "format": "company_backup",
  "format_version": 1,
  "extension_version": "1.0",
  "server_version": "15.20",
  "server_encoding": "UTF8",
  "database": {"identity": "$IDENTITY", "name": "shop"},
  "company": {"table": "public.company", "key_column": "id", "key": "acme", "name": "Acme Ltd"},
  "label": "before the import",
  "created_at": "2026-11-22T01:02:03.123456Z",
  "created_by": "alice",
  "actor": null,
  "include_files": false,
  "schema_fingerprint": "${\ sha256_hex('schema')}",
  "tables": [
    {
      "name": "public.invoice",
      "area": "sales",
      "treatment": "company",
      "route": "invoice_company_fk",
      "rows": $rows,
      "bytes": $bytes,
      "sha256": "$sha256",
      "columns": [
        {"name": "id", "type": "bigint", "treatment": "data"},
        {"name": "note", "type": "text", "treatment": "data"}
      ],
      "key": [{"column": "id", "order": "integer"}],
      "omitted": []
    }
  ],
  "shared": [],
  "excluded": [{"name": "public.session", "treatment": "excluded", "reason": "logins"}],
  "references": [],
  "problems": []
}
JSON
}

# The bytes of an archive with one table; `edit` may change the manifest and the lines after the
# digests were taken, `unsigned` leaves the signature out.
sub archive_bytes {
	my (%options) = @_;
	my $lines = join '', map { qq({"id":"$_","note":"line $_"}\n) } 1 .. ($options{rows} // 1000);
	my $manifest = manifest($lines);
	my %content = ('manifest.json' => $manifest, 'tables/public.invoice.ndjson' => $lines);
	my @names = ('manifest.json', 'tables/public.invoice.ndjson');
	my $sums  = join '', map { sha256_hex($content{$_}) . "  $_\n" } @names;
	$options{edit}->(\%content) if $options{edit};
	my $tar = join '', map { tar_entry($_, $content{$_}) } @names;
	$tar .= tar_entry('SHA256SUMS', $sums);
	$tar .= tar_entry('signature', "hmac-sha256 $IDENTITY " . hmac_sha256_hex($sums, $KEY) . "\n")
	  unless $options{unsigned};
	$tar .= "\0" x 1024;
	my $bytes = '';
	while (length $tar) {    # several members, cut anywhere, as gzip allows
		my $piece = substr $tar, 0, 10_000, '';
		gzip \$piece => \my $member, -Minimal => 1 or die $GzipError;
		$bytes .= $member;
	}
	return $bytes;
}

sub small_archive {
	my ($path, %options) = @_;
	return spew($path, archive_bytes(%options));
}

1;
