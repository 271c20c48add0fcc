# Memory does not grow with the company: neither the server's nor the client's.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use List::Util qw(max);
use POSIX qw(WNOHANG);
use Test::More;
use Time::HiRes qw(sleep);

use ClientTest qw(client_path work_dir);
use ServerTest qw(new_database sql session process_status);

plan skip_all => 'no /proc' if !-e "/proc/$$/status";

my $dir = work_dir();
new_database('memory');

# Company 1 has 20,000 invoices and lines, company 2 ten times as many. Lines refer to rows within
# the company and to shared rows; events have no key, so that they must be sorted. Company 3 has few
# rows that are long, companies 4 and 5 have files of 8 MB: 2 and 20.
sql(<<'SQL');
CREATE TABLE company (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE unit (code text PRIMARY KEY);
CREATE TABLE invoice (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), number bigint NOT NULL UNIQUE,
    company_id bigint NOT NULL REFERENCES company, note text);
CREATE TABLE line (id bigint PRIMARY KEY, company_id bigint NOT NULL REFERENCES company,
    invoice bigint NOT NULL REFERENCES invoice (number), unit text REFERENCES unit, amount numeric, note text);
CREATE TABLE event (company_id bigint NOT NULL REFERENCES company, words text);
CREATE TABLE page (id bigint PRIMARY KEY, company_id bigint NOT NULL REFERENCES company, words text);
INSERT INTO company VALUES (1, 'small'), (2, 'ten times as large'), (3, 'long rows');
INSERT INTO unit SELECT 'unit ' || n FROM generate_series(1, 50) n;
INSERT INTO invoice (number, company_id, note) SELECT n, CASE WHEN n <= 20000 THEN 1 ELSE 2 END, md5(n::text) FROM generate_series(1, 220000) n;
INSERT INTO line SELECT number, company_id, number, 'unit ' || 1 + number % 50, number / 7.0, md5(number::text) || note FROM invoice;
INSERT INTO event SELECT company_id, note FROM invoice;
INSERT INTO page SELECT n, 3, (SELECT string_agg(md5(n || '.' || i), ' ') FROM generate_series(1, 4000) i) FROM generate_series(1, 900) n;
INSERT INTO company VALUES (4, 'files'), (5, 'ten times as many files');
CREATE TABLE scan (id bigint PRIMARY KEY, company_id bigint NOT NULL REFERENCES company, image bytea);
INSERT INTO scan SELECT n, CASE WHEN n <= 2 THEN 4 ELSE 5 END, (SELECT string_agg(sha256((n * 262144 + i)::text::bytea), '') FROM generate_series(1, 262144) i)
    FROM generate_series(1, 22) n;
SELECT set_column_rule('scan', 'image', 'file');
CREATE INDEX ON invoice (company_id);
CREATE INDEX ON line (company_id);
CREATE INDEX ON line (invoice);
CREATE INDEX ON event (company_id);
SELECT set_company_table('company');
SELECT set_table_rule('unit', 'shared', 'the same for all', match_columns => '{code}');
SQL
sql('ANALYZE');

use constant MB => 1024;

# The most private memory of a backend while it runs a statement, beyond what it had, in KiB.
# Shared buffers are not its own.
sub growth {
	my ($statement) = @_;
	my $session = session();
	my $warm = $session->run(q(SELECT count(*) FROM company_scope()));
	my $idle = process_status($session->pid)->{RssAnon};
	my $peak = $idle;
	$session->start($statement);
	my $ready = '';
	vec($ready, fileno $session->{out}, 1) = 1;
	until (select my $now = $ready, undef, undef, 0.003) {
		$peak = max($peak, process_status($session->pid)->{RssAnon} // 0);
	}
	my $answer = $session->finish;
	die "$answer\n" if $answer =~ /ERROR/;
	note sprintf '%s: %.1f MB above idle', $statement, ($peak - $idle) / MB;
	return ($peak - $idle, $answer);
}

my ($small, $small_backup) = growth(q(SELECT backup_company('1')));
my ($large, $large_backup) = growth(q(SELECT backup_company('2')));
cmp_ok $large - $small, '<', 64 * MB, 'a backup of ten times the rows takes little more memory';
cmp_ok $large, '<', 96 * MB, '... and not much at all';
($small) = growth(q(SELECT sum(length(data)) FROM stream_backup('1')));
($large) = growth(q(SELECT sum(length(data)) FROM stream_backup('2')));
cmp_ok $large - $small, '<', 64 * MB, 'a stream of ten times the rows takes little more memory';
for my $backup ($small_backup, $large_backup) {
	sql("SELECT append_upload(begin_upload(), 0, string_agg(data, '' ORDER BY seq)) FROM read_backup($backup)");
}
my ($first, $second) = split /\n/, sql('SELECT id FROM company_backup.upload ORDER BY id');
($small) = growth("SELECT finish_upload($first)");
($large) = growth("SELECT finish_upload($second)");
cmp_ok $large - $small, '<', 64 * MB, 'finishing an upload of ten times the rows takes little more memory';

# Files: a few copies of one at a time.
my %backup_of;
for my $company (4, 5) {
	($large, $backup_of{$company}) = growth("SELECT backup_company('$company', include_files => true)");
	cmp_ok $large, '<', 64 * MB, "a backup of the files of company $company takes little memory";
	($large) = growth("SELECT sum(length(data)) FROM stream_backup('$company', include_files => true)");
	cmp_ok $large, '<', 64 * MB, '... and so does a stream';
	($large) = growth("SELECT sum(length(data)) FROM read_backup($backup_of{$company})");
	cmp_ok $large, '<', 64 * MB, '... and an export';
	sql("DELETE FROM scan WHERE company_id = $company");
	($large) = growth("SELECT restore_company('$company', $backup_of{$company}, include_files => true)");
	cmp_ok $large, '<', 64 * MB, '... and a restore';
}
is sql('SELECT count(DISTINCT image) FROM scan WHERE length(image) = 8388608'), 22, 'all files are back';

# The client: all of it, at its peak, in KiB.
sub client_peak {
	my ($stdout, @arguments) = @_;
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		open STDOUT, '>', $stdout or die $!;
		exec client_path(), @arguments or exit 127;
	}
	my $peak = 0;
	until (waitpid $pid, WNOHANG) {
		my $status = process_status($pid);
		$peak = max($peak, $status->{VmHWM} // 0) if ($status->{VmRSS} // 0) && readlink("/proc/$pid/exe") =~ /company-backup/;
		sleep 0.003;
	}
	is $?, 0, "$arguments[0]: exit code";
	note sprintf '%s: %.1f MB', "@arguments", $peak / MB;
	return $peak;
}

my $file   = "$dir/archive";
my $backup = sql(q(SELECT backup_company('3')));
cmp_ok sql("SELECT sum(byte_count) FROM backup_contents($backup)"), '>', 100e6, 'an archive of more than 100 MB';
cmp_ok client_peak('/dev/null', 'export', $backup, '-o', $file), '<', 32 * MB, 'export needs little memory';
cmp_ok client_peak('/dev/null', 'export', $backup), '<', 32 * MB, 'export to stdout needs little memory';
cmp_ok client_peak('/dev/null', 'export', '--company', 3), '<', 32 * MB, 'export --company needs little memory';
cmp_ok client_peak('/dev/null', 'verify', $file), '<', 32 * MB, 'verify needs little memory';
cmp_ok client_peak('/dev/null', 'import', $file), '<', 32 * MB, 'import needs little memory';

done_testing();
