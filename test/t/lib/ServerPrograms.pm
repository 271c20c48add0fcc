# Running the programs of the server, which refuse to run as root: by whoever runs the tests, or as user postgres.
package ServerPrograms;

use strict;
use warnings;

use Exporter qw(import);
use File::Temp qw(tempdir);
use Test::More;

use ServerTest qw(sql);

our @EXPORT_OK = qw(as_server_user program run_program server_dir own_to_server);

# What stands before such a command.
sub as_server_user { return $> == 0 ? ('runuser', '-u', 'postgres', '--') : () }

sub program {
	my ($name) = @_;
	return sql(q(SELECT setting FROM pg_config WHERE name = 'BINDIR'), 'postgres') . "/$name";
}

# Gives him a folder with what is in it; else there is nothing to test.
sub own_to_server {
	my ($dir) = @_;
	$> != 0 || system('chown', '-R', 'postgres:', $dir) == 0 or plan skip_all => 'there is no user postgres';
	return $dir;
}

# A folder of his own, removed at the end.
sub server_dir {
	my $dir = own_to_server(tempdir(DIR => '/tmp', CLEANUP => 1));
	chmod 0700, $dir;
	return $dir;
}

# Runs a command as he does, and tells whether it succeeds; what it says is appended to the file.
sub run_program {
	my ($output, @command) = @_;
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		chdir '/';
		open STDIN,  '<',  '/dev/null' or die $!;
		open STDOUT, '>>', $output     or die $!;
		open STDERR, '>&', \*STDOUT    or die $!;
		exec as_server_user(), @command or exit 127;
	}
	waitpid $pid, 0;
	return $? == 0;
}

1;
