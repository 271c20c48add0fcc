# A database of a test's own on the running server, reached through psql.
package Database;

use strict;
use warnings;

use File::Temp qw(tempfile);
use IPC::Open3 qw(open3);

use ClientTest qw(run_client spew work_dir);

# Creates the database; with `template`, as a copy of that one; with `encoding`, in that one. It is dropped with the object.
sub create {
	my ($class, $name, %options) = @_;
	my $self = bless {name => $name}, $class;
	my $template = $options{template} ? "TEMPLATE $options{template}{name}" : 'TEMPLATE template0';
	$self->_maintain("DROP DATABASE IF EXISTS $name");
	my $encoding = $options{encoding} ? "'$options{encoding}' LOCALE 'C'" : "'UTF8'";
	$self->_maintain("CREATE DATABASE $name $template ENCODING $encoding");
	return $self;
}

sub name { return $_[0]{name} }

sub DESTROY {
	my ($self) = @_;
	local ($@, $?, $!);
	eval { $self->_maintain("DROP DATABASE IF EXISTS $self->{name} WITH (FORCE)") };
	return;
}

sub _maintain {
	my ($self, $sql) = @_;
	my ($ok, $out, $err) = _psql('postgres', $sql);
	die "$sql\n$err" unless $ok;
	return;
}

sub _psql {
	my ($database, $sql, @more) = @_;
	my ($file, $path) = tempfile(UNLINK => 1);
	binmode $file;
	print {$file} "\\set VERBOSITY verbose\n$sql\n" or die $!;
	close $file or die $!;
	open my $in, '<', '/dev/null' or die $!;
	my ($errors, $errors_path) = tempfile(UNLINK => 1);
	my $pid = open3('<&' . fileno($in), my $out, '>&' . fileno($errors),
		qw(psql -XqAt -v ON_ERROR_STOP=1), @more, '-d', $database, '-f', $path);
	binmode $out;
	my $text = do { local $/; <$out> };
	waitpid $pid, 0;
	my $ok = $? == 0;
	open my $read, '<:raw', $errors_path or die $!;
	my $error = do { local $/; <$read> };
	unlink $path, $errors_path;
	return ($ok, $text // '', $error // '');
}

# Runs SQL; gives success, stdout, stderr. Bytes, no characters.
sub try {
	my ($self, $sql, @more) = @_;
	return _psql($self->{name}, $sql, @more);
}

# Runs SQL and gives what it printed; dies of errors.
sub run {
	my ($self, $sql, @more) = @_;
	my ($ok, $out, $err) = $self->try($sql, @more);
	die "$err\nin database $self->{name}: " . substr($sql, 0, 300) . "\n" unless $ok;
	chomp $out;
	return $out;
}

# The SQLSTATE a statement fails with; empty if it does not.
sub sqlstate {
	my ($self, $sql) = @_;
	my ($ok, $out, $err) = $self->try($sql);
	return '' if $ok;
	return $err =~ /(?:ERROR|FATAL):  (\w{5}): / ? $1 : "unknown: $err";
}

# Rows of one query, each a list; NULL is undef.
sub rows {
	my ($self, $sql) = @_;
	my $out = $self->run($sql, '-F', "\x1f", '-R', "\x1e", '-P', "null=\x1d");
	return map {
		[map { $_ eq "\x1d" ? undef : $_ } split /\x1f/, $_, -1]
	} split /\x1e/, $out;
}

# The one value of a query.
sub value {
	my ($self, $sql) = @_;
	my @rows = $self->rows($sql);
	return @rows ? $rows[0][0] : undef;
}

# A map from the first column to the second.
sub map_of {
	my ($self, $sql) = @_;
	return map { $_->[0] => $_->[1] } $self->rows($sql);
}

# Accepts the archives of another database.
sub trust {
	my ($self, $other) = @_;
	my $key = $other->value('SELECT archive_key()');
	$self->run("SELECT trust_origin('$other->{name}', '$key')");
	return;
}

# Writes a backup to an archive file, lets the client check it, and brings it here; gives its ID here.
sub take_backup {
	my ($self, $other, $backup, $path) = @_;
	my $file = $path // work_dir() . '/backup.tar.gz';
	my $key  = spew(work_dir() . '/key', $other->value('SELECT archive_key()'));
	my $id   = '';
	for ([qw(export -d), $other->{name}, '-o', $file, $backup], ['verify', '--key-file', $key, $file],
		[qw(import -d), $self->{name}, $file])
	{
		my ($code, $out, $err) = run_client(@{$_});
		die "company-backup @{$_}: $err\n" if $code != 0;
		$id = $out;
	}
	chomp $id;
	return $id;
}

sub quote {
	my ($text) = @_;
	return 'NULL' unless defined $text;
	$text =~ s/'/''/g;
	return $text =~ s/\\/\\\\/g ? "E'$text'" : "'$text'";
}

1;
