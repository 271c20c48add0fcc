# What the tests against a real server share: scratch databases, sessions that can wait, be
# cancelled and be looked at from outside, and archives opened with other people's tools.
package ServerTest;

use strict;
use warnings;

use Exporter qw(import);
use File::Temp qw(tempdir);
use POSIX ();
use IO::Handle;
use IPC::Open3 qw(open3);
use Time::HiRes qw(sleep time);

our @EXPORT_OK = qw(new_database drop_database sql failure session faulty_session write_archive read_archive
  archive_tables digests wait_for process_status stopwatch);

my @databases;

END {
	local ($?, $@);
	eval { drop_database($_) } for @databases;
}

# A database with the extension; the environment names it from now on. Dropped at the end.
sub new_database {
	my ($name, %options) = @_;
	$name = "cb_${name}_$$";
	sql("CREATE DATABASE $name TEMPLATE template0 ENCODING 'UTF8'", 'postgres');
	push @databases, $name;
	$ENV{PGDATABASE} = $name;
	sql('CREATE EXTENSION company_backup') if !$options{empty};
	return $name;
}

sub drop_database {
	my ($name) = @_;
	sql("DROP DATABASE IF EXISTS $name WITH (FORCE)", 'postgres');
	@databases = grep { $_ ne $name } @databases;
	return;
}

sub psql {
	my ($statements, $database) = @_;
	my @command = ('psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-v', 'VERBOSITY=verbose');
	push @command, '-d', $database if defined $database;
	my $pid = open3(my $in, my $out, undef, @command);
	print {$in} $statements;
	close $in;
	my $text = do { local $/; readline $out };
	waitpid $pid, 0;
	return ($? == 0, $text =~ s/\n\z//r);
}

# Runs SQL text; gives what psql prints, dies when it fails.
sub sql {
	my ($ok, $text) = psql(@_);
	die "psql failed: $text\n" if !$ok;
	return $text;
}

# Runs SQL that should fail; gives psql's messages, with SQLSTATEs, or ''.
sub failure {
	my ($ok, $text) = psql(@_);
	return $ok ? '' : $text;
}

sub session { return ServerTest::Session->new(@_) }

# One with the faults and pauses of test/faults.
sub faulty_session {
	my $session = session(@_);
	my $answer  = $session->run("LOAD '$ENV{COMPANY_BACKUP_FAULTS}'");
	die "$answer\n" if $answer ne '';
	return $session;
}

sub write_archive {
	my ($query, $path) = @_;
	open my $file, '>:raw', $path or die "$path: $!";
	open my $psql, '-|', 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-c',
	  "SELECT encode(data, 'hex') FROM $query" or die "psql: $!";
	while (my $line = readline $psql) {
		chomp $line;
		print {$file} pack 'H*', $line;
	}
	close $psql or die "psql failed: $query\n";
	close $file or die "$path: $!";
	return $path;
}

# The files of an archive as tar unpacks them: name => bytes.
sub read_archive {
	my ($path) = @_;
	my $dir = tempdir(CLEANUP => 1);
	system('tar', '-xzf', $path, '-C', $dir) == 0 or die "tar could not read $path\n";
	my %content;
	for my $file (glob "$dir/* $dir/*/* $dir/files/*/*/*") {
		next if -d $file;
		open my $handle, '<:raw', $file or die "$file: $!";
		local $/;
		$content{ substr $file, length($dir) + 1 } = readline $handle;
	}
	system 'rm', '-rf', $dir;
	return \%content;
}

# The lines of a small archive's tables, as hashes: table => [row, ...]. For values that need no
# escapes; quicker than a JSON parser in Perl.
sub archive_tables {
	my ($content) = @_;
	my %tables;
	for my $name (grep { m{^tables/} } keys %$content) {
		my ($table) = $name =~ m{^tables/(.*)\.ndjson$};
		$tables{$table} = [];
		for my $line (split /\n/, $content->{$name}) {
			die "not a simple line: $line\n" if $line =~ /\\/;
			push @{ $tables{$table} }, { $line =~ /"(\w+)":"?([^",}]*)"?[,}]/g };
		}
	}
	return \%tables;
}

# What a backup holds, as one text: table, rows, digest.
sub digests {
	my ($backup) = @_;
	return sql("SELECT table_name, row_count, sha256 FROM backup_contents($backup) ORDER BY 1");
}

sub wait_for {
	my ($what, $condition, $seconds) = @_;
	my $end = time + ($seconds // 60);
	while (time < $end) {
		return 1 if $condition->();
		sleep 0.02;
	}
	die "waited too long for $what\n";
}

# Fields of /proc/PID/status: VmHWM and the like in KiB; nothing when the process is gone.
sub process_status {
	my ($pid) = @_;
	open my $file, '<', "/proc/$pid/status" or return {};
	local $/;
	return { (readline($file) // '') =~ /^(\w+):\s+(\d+)/mg };
}

# What a process has worked, in seconds.
sub worked {
	my ($pid) = @_;
	open my $file, '<', "/proc/$pid/stat" or return;
	my @ticks = (split ' ', readline($file) =~ s/.*\)//r)[11, 12];
	return ($ticks[0] + $ticks[1]) / POSIX::sysconf(POSIX::_SC_CLK_TCK());
}

# Gives a function that says how long the process took since then: as long as it worked, where it had to
# wait for a machine that does other things, too; half a minute of nothing is never prompt.
sub stopwatch {
	my ($pid) = @_;
	my ($begin, $before) = (Time::HiRes::time(), worked($pid));
	return sub {
		my $seconds = Time::HiRes::time() - $begin;
		my $after   = worked($pid);
		return $seconds if !defined $before || !defined $after || $seconds > 30;
		return $after - $before < $seconds ? $after - $before : $seconds;
	};
}

# A psql that stays: statements one after the other, also without waiting for their end.
package ServerTest::Session;

use Time::HiRes qw(time);

sub new {
	my ($class, $database) = @_;
	my @command = ('psql', '-XAtq', '-v', 'VERBOSITY=verbose');
	push @command, '-d', $database if defined $database;
	my $self = bless { count => 0, buffer => '' }, $class;
	$self->{psql} = IPC::Open3::open3($self->{in}, $self->{out}, undef, @command);
	$self->{in}->autoflush(1);
	$self->{pid} = $self->run('SELECT pg_backend_pid()');
	return $self;
}

# The process ID of the backend.
sub pid { return $_[0]{pid} }

sub start {
	my ($self, $statement) = @_;
	local $SIG{PIPE} = 'IGNORE';
	print { $self->{in} } "$statement;\n\\echo done-" . ++$self->{count} . "\n";
	$self->{started} = time;
	return $self;
}

# Waits for the end of what start() began; gives what psql printed, errors too. `seconds` is then
# how long it took since start().
sub finish {
	my ($self, $seconds) = @_;
	my $end = time + ($seconds // 120);
	while (!$self->is_over) {
		my $left = $end - time;
		die "a statement did not end\n" if $left <= 0 || !$self->_can_read($left);
	}
	$self->{seconds} = time - $self->{started};
	my $marker = "done-$self->{count}\n";
	my $at     = index $self->{buffer}, $marker;
	if ($at < 0) {    # psql ended
		$self->{is_lost} = 1;
		$at = length $self->{buffer};
	}
	my $text = substr $self->{buffer}, 0, $at;
	substr $self->{buffer}, 0, $at + length $marker, '';
	return $text =~ s/\n\z//r;
}

# Has the connection been lost? Nothing answers any more then.
sub is_lost { return $_[0]{is_lost} }

# Has what start() began come to its end? Does not wait.
sub is_over {
	my ($self) = @_;
	while (index($self->{buffer}, "done-$self->{count}\n") < 0) {
		return 0 if !$self->_can_read(0);
		return 1 if !sysread $self->{out}, $self->{buffer}, 65536, length $self->{buffer};
	}
	return 1;
}

sub _can_read {
	my ($self, $seconds) = @_;
	my $ready = '';
	vec($ready, fileno $self->{out}, 1) = 1;
	return select $ready, undef, undef, $seconds;
}

sub seconds { return $_[0]{seconds} }

sub run {
	my ($self, $statement) = @_;
	return $self->start($statement)->finish;
}

sub close {
	my ($self) = @_;
	return if !$self->{psql};
	CORE::close $self->{in};
	CORE::close $self->{out};
	waitpid delete $self->{psql}, 0;
	return;
}

sub DESTROY {
	local ($?, $@, $!);
	$_[0]->close;
	return;
}

1;
