# Manifests of many small objects: whoever reads one needs time and memory in proportion to its size, before anything is proved
# about who wrote it, and can be cancelled.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Time::HiRes qw(time);

use ClientTest qw(client_path run_client small_archive slurp work_dir);
use ServerTest qw(new_database sql failure);

my $dir = work_dir();

my %many = (
	'empty objects'    => ['excluded',   '{}'],
	'empty tables'     => ['tables',     '{}'],
	'nested lists'     => ['problems',   '[[[[]]]]'],
	'tables left out'  => ['excluded',   '{"name":"a.b","treatment":"","reason":""}'],
	'problems'         => ['problems',   '{"table":"a.b","row_key":"","reference":"","problem":""}'],
	'names of columns' => ['references', '{"table":"a.b","columns":["' . join('","', 1 .. 1600) . '"]}'],
);

sub bomb {
	my ($name, $size) = @_;
	my ($list, $element) = @{ $many{$name} };
	return small_archive(
		"$dir/bomb.tar.gz",
		rows => 1,
		edit => sub {
			my ($content) = @_;
			my $elements = join ',', ($element) x ($size / (1 + length $element));
			$content->{'manifest.json'} =~ s/("$list": \[)[^\]]*(\])/$1$elements$2/;
			die 'no list' if length $content->{'manifest.json'} < $size / 2;
		});
}

new_database('manifests');
sql(<<'SQL');
CREATE TABLE company (id int PRIMARY KEY, name text);
CREATE TABLE item (id int PRIMARY KEY, company_id int NOT NULL REFERENCES company);
INSERT INTO company VALUES (1, 'A');
SELECT set_company_table('company', identity_columns => '{}');
SQL

for my $name (sort keys %many) {
	my $file = bomb($name, 8 << 20);
	for my $command ('inspect', 'verify') {
		my $start = time;
		my $said = `bash -c 'ulimit -v 600000; exec "\$@"' - ${\ client_path()} $command $file 2>&1 >/dev/null`;
		cmp_ok time - $start, '<', 30, "$command: $name: soon";
		unlike $said, qr/memory/, "$command: $name: in little memory";
	}
	my $upload = sql('SELECT begin_upload()');
	my $hex = unpack 'H*', slurp($file);
	sql("SELECT append_upload($upload, 0, '\\x$hex')");
	my $start = time;
	like failure("SELECT finish_upload($upload)"), qr/KB02\d/, "upload: $name: refused";
	cmp_ok time - $start, '<', 30, "upload: $name: soon";
}

# An entry that is longer than any manifest may be is not read at all.
my $long = bomb('empty objects', 34 << 20);
my (undef, undef, $err) = run_client('inspect', $long);
like $err, qr/"manifest\.json" has \d+ bytes; the limit is 33554432/, 'a manifest beyond the limit';

done_testing;
