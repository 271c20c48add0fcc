# What tests of several sessions at once share: one session that looks, one that holds the gate at which a third waits in
# the midst of its work, and what those answers mean. For the database that ServerTest::new_database() made.
package TwoSessions;

use strict;
use warnings;

use Exporter qw(import);

use ServerTest qw(session wait_for);

our @EXPORT_OK = qw(@LEVELS ask in_level is_waiting_for is_blocked pause resume state_of);
our @LEVELS = ('read committed', 'repeatable read', 'serializable');

my ($observer, $gate);

# Asks in a session of its own; an error dies.
sub ask {
	my ($statement) = @_;
	$observer //= session();
	my $answer = $observer->run($statement);
	die "$statement: $answer\n" if $answer =~ /^(?:ERROR|WARNING)/m;
	return $answer;
}

sub in_level {
	my ($session, $level) = @_;
	$session->run("SET default_transaction_isolation = '$level'");
	return $session;
}

sub is_waiting_for {
	my ($session, $type) = @_;
	my $pid = $session->pid;
	return wait_for("a session to wait for $type", sub {
			die 'it does not wait: ' . $session->finish . "\n" if $session->is_over;
			return ask("SELECT coalesce(wait_event, '') FROM pg_stat_activity WHERE pid = $pid") =~ /^(?:$type)$/;
		});
}

# Waits for another transaction, or for a lock on a table or of ours.
sub is_blocked { return is_waiting_for($_[0], 'transactionid|tuple|relation|object') }

# The session, one of ServerTest::faulty_session(), begins a statement and waits at this point of test/faults, until
# resume(), which gives the answer.
sub pause {
	my ($session, $at, $statement) = @_;
	$gate //= session();
	$gate->run('SELECT pg_advisory_lock(1)');
	$session->run("SET faults.action = wait; SET faults.at = '$at'");
	$session->start($statement);
	is_waiting_for($session, 'advisory');
	return;
}

sub resume {
	my ($session) = @_;
	$gate->run('SELECT pg_advisory_unlock(1)');
	return $session->finish;
}

# The SQLSTATE of an answer, or ''.
sub state_of { return $_[0] =~ /^(?:ERROR|FATAL):  (\w{5}):/m ? $1 : '' }

1;
