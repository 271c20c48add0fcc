# A company's key that changes hands while an operation waits, for a lock or for the guard: what was allowed for the one
# that had it is not done to the one that has it now.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use ServerTest qw(new_database session sql);
use TwoSessions qw(ask in_level is_blocked is_waiting_for state_of);

new_database('key_changes_hands');
sql(<<'SQL');
CREATE TABLE company (slug text PRIMARY KEY, name text);
CREATE TABLE item (company text NOT NULL REFERENCES company ON UPDATE CASCADE ON DELETE CASCADE, id int, name text, PRIMARY KEY (company, id));
CREATE TABLE member (company text NOT NULL REFERENCES company ON UPDATE CASCADE ON DELETE CASCADE, person text NOT NULL);
SELECT set_company_table('company', 'slug');
SELECT set_table_rule('member', 'excluded', 'who may do what');
-- It waits where it is told to, then looks.
CREATE FUNCTION public.guard(action text, company text, actor text, detail jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF action = current_setting('app.wait', true) THEN PERFORM pg_advisory_xact_lock(7); END IF;
  RETURN coalesce(company, 'new') IN ('new', 'stays')
    OR EXISTS (SELECT FROM public.member m WHERE m.company = $2 AND m.person = current_setting('app.person', true));
END $$;
SELECT set_company_guard('public.guard');
INSERT INTO company VALUES ('stays', 'Stays');
INSERT INTO item VALUES ('stays', 1, 'of stays');
SQL
my ($caller, $gate) = (session(), session());
my $of_stays = sql(q(SELECT backup_company('stays')));

my $count = 0;
sub found {
	my ($key, $who) = @_;
	return "INSERT INTO company VALUES ('$key', 'Of $who'); INSERT INTO item VALUES ('$key', 1, 'secret of $who'); INSERT INTO member VALUES ('$key', '$who')";
}

my %handover = (
	DELETE   => sub { return "DELETE FROM company WHERE slug = '$_[0]'; " . found($_[0], 'eve') },
	UPDATE   => sub { return "UPDATE company SET slug = '$_[0]-inc' WHERE slug = '$_[0]'; " . found($_[0], 'eve') },
);

# A company of ann's; what is stored of it, if it is known.
sub begin {
	my ($known, $review) = @_;
	my %of = (key => 'c' . ++$count, stays => $of_stays);
	ask(found($of{key}, 'ann'));
	return \%of if !$known;
	ask(q(SET app.person = 'ann'));
	$of{backup} = ask("SELECT backup_company('$of{key}')");
	$of{upload} = ask("SELECT begin_upload('$of{key}')");
	ask("SELECT append_upload($of{upload}, seq, data) FROM read_backup($of{backup})");
	$of{template} = "t$count";
	ask("SELECT publish_template(backup_company('$of{key}'), 't$count')");
	ask("UPDATE item SET name = 'spoilt' WHERE company = '$of{key}'");
	$of{restore} = ask("SELECT restore_company('$of{key}', $of{backup})") if $review;
	return \%of;
}

sub call { my ($text, $of) = @_; return $text =~ s/\{(\w+)\}/$of->{$1}/gr }

# What eve has, after everything.
sub untouched {
	my ($of, $name) = @_;
	is ask("SELECT name FROM item WHERE company = '$of->{key}'"), 'secret of eve', "$name: the newcomer is as he was";
	is ask("SELECT count(*) FROM company_backup.backup b JOIN company_backup.company c ON c.id = b.owner WHERE c.key = '$of->{key}' AND c.gone_at IS NULL"), 0,
	  "$name: and nothing is stored of him";
	return;
}

# By the tables: the guard has answered for ann when the key changes hands.
my @live = (
	[q(SELECT backup_company('{key}'))],
	[q(SELECT count(*) FROM stream_backup('{key}'))],
	[q(SELECT count(*) FROM company_contents('{key}'))],
	[q(SELECT count(*) FROM check_company_data('{key}'))],
	[q(SELECT clone_company('{key}', '{"slug": "copy"}'))],
	[q(SELECT restore_company('{key}', {stays}))],
	[q(SELECT count(*) FROM preview_restore('{key}', {stays}))],
	[q(SELECT count(*) FROM plan_ids('{key}', {stays}))],
);
my @known = (
	[q(SELECT restore_company('{key}', {backup}))],
	[q(SELECT count(*) FROM preview_restore('{key}', {backup}))],
	[q(SELECT revert_restore({restore})), 'review'],
);
for my $how (sort keys %handover) {
	for my $case ((map { [@$_, 0] } @live), (map { [@$_, 1] } grep { $_->[0] !~ /plan|check/ } @live), map { [@$_, 1] } @known) {
		my ($text, $known) = ($case->[0], $case->[-1]);
		my $of = begin($known, @$case > 2);
		my $name = "$how, tables, " . ($known ? 'known, ' : '') . $text;
		$caller->run(q(SET app.person = 'ann'; SET app.wait = ''));
		$gate->run('BEGIN; LOCK TABLE item IN ACCESS EXCLUSIVE MODE');
		my $answer = $gate->run($handover{$how}->($of->{key}));
		die $answer if $answer =~ /ERROR/;
		$caller->start(call($text, $of));
		is_blocked($caller);
		$gate->run('COMMIT');
		$answer = $caller->finish;
		like state_of($answer), $text =~ /revert/ ? qr/^(40001|KB002)$/ : qr/^40001$/, $name or diag $answer;
		untouched($of, $name);
	}
}

# By the guard: it looks when eve is there.
my @asked = (
	['export', q(SELECT count(*) FROM read_backup({backup}))],
	['inspect', q(SELECT count(*) FROM backup_contents({backup}))],
	['inspect', q(SELECT backup_manifest({backup}))],
	['delete', q(SELECT delete_backup({backup}))],
	['use', q(SELECT restore_company('stays', {backup}))],
	['use', q(SELECT count(*) FROM preview_restore('stays', {backup}))],
	['use', q(SELECT count(*) FROM plan_ids('stays', {backup}))],
	['use', q(SELECT create_company_from_backup({backup}, '{"slug": "copy"}'))],
	['use', q(SELECT create_company_from_template('{template}', '{"slug": "copy"}'))],
	['publish', q(SELECT publish_template({backup}, 'mine'))],
	['unpublish', q(SELECT unpublish_template('{template}'))],
	['keep', q(SELECT keep_restore({restore})), 'review'],
	['revert', q(SELECT revert_restore({restore})), 'review'],
	['inspect', q(SELECT count(*) FROM restore_problems({restore})), 'review'],
	['inspect', q(SELECT count(*) FROM restore_id_map({restore})), 'review'],
	['upload', q(SELECT append_upload({upload}, 99, 'x'))],
	['upload', q(SELECT finish_upload({upload}))],
	['list', q(SELECT count(*) FROM company_backups('{key}'))],
	['list', q(SELECT count(*) FROM company_restores('{key}'))],
	['list', q(SELECT company_busy('{key}'))],
	['backup', q(SELECT backup_company('{key}'))],
	['export', q(SELECT count(*) FROM stream_backup('{key}'))],
	['contents', q(SELECT count(*) FROM company_contents('{key}'))],
	['check', q(SELECT count(*) FROM check_company_data('{key}'))],
	['clone', q(SELECT clone_company('{key}', '{"slug": "copy"}'))],
	['restore', q(SELECT restore_company('{key}', {backup}))],
	['preview', q(SELECT count(*) FROM preview_restore('{key}', {backup}))],
	['preview', q(SELECT count(*) FROM plan_ids('{key}', {backup}))],
	['upload', q(SELECT begin_upload('{key}'))],
);
# What only reads, also where nothing else may: there the guard's own look is no later one.
for my $how (sort keys %handover) {
	for my $case ((map { [0, @$_] } @asked), map { [1, @$_] } grep { $_->[0] =~ /^(export|inspect|list|contents|check)$/ } @asked) {
		my ($read_only, $action, $text, $review) = @$case;
		my $of = begin($text =~ /\{(?!key)/, $review);
		my $name = "$how, guard, " . ($read_only ? 'read only, ' : '') . $text;
		$gate->run('SELECT pg_advisory_lock(7)');
		$caller->run("SET default_transaction_read_only = $read_only; SET app.person = 'eve'; SET app.wait = '$action'");
		$caller->start(call($text, $of));
		is_waiting_for($caller, 'advisory');
		ask($handover{$how}->($of->{key}));
		$gate->run('SELECT pg_advisory_unlock(7)');
		my $answer = $caller->finish;
		is state_of($answer), '40001', $name or diag $answer;
		untouched($of, $name);
	}
}

# Nothing of the kind has happened: what else others do is in nobody's way.
$caller->run(q(SET default_transaction_read_only = off; SET app.person = 'ann'; SET app.wait = ''));
for my $level ('read committed', 'repeatable read') {
	for my $known (0, 1) {
		my $of = begin($known);
		$gate->run('BEGIN; LOCK TABLE item IN ACCESS EXCLUSIVE MODE');
		$gate->run("UPDATE company SET name = 'Other' WHERE slug = '$of->{key}'; DELETE FROM company WHERE slug = 'gone'; INSERT INTO company VALUES ('gone')");
		in_level($caller, $level)->start("SELECT backup_company('$of->{key}') > 0");
		is_blocked($caller);
		$gate->run('COMMIT');
		is $caller->finish, 't', "$level, " . ($known ? 'known' : 'new') . ': another name is no other company';
	}
}
done_testing;
