# The plain restore of test/oracle on random schemas: a company is taken, damaged and restored; what
# the generator knows of whose row each row is tells whether all is as it was.
#
# PROPERTY_SEEDS: how many schemas (6); PROPERTY_FIRST_SEED: where to begin (1).
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;

use Damage;
use Database;
use PropertyTest qw(build build_oracle digests each_seed);
use RandomValues;

my ($applied, $not) = (0, 0);

sub check_seed {
	my ($generator) = @_;
	my $database = Database->create("company_backup_oracle_$$");
	build($database, $generator, plain => 1);
	build_oracle($database, $generator);
	my $company = RandomValues::literal($database->value('SELECT (' . $generator->company_value(0) . ')::text'));
	my $before  = digests($database, $generator, kept => 0);
	my $others  = digests($database, $generator, others => 1, adopted => 0);
	$database->run("SELECT oracle.take($company)");
	my @damage = Damage::do_damage($database, $generator, statements => 30);
	cmp_ok scalar(grep { $_->{rows} } @damage), '>', 3, 'damage was done' or diag Damage::described(@damage);
	my $damaged = digests($database, $generator, kept => 0);
	my $kept    = digests($database, $generator, kept => 1)->{ $generator->company_name };
	isnt join("\n", sort values %{$damaged}), join("\n", sort values %{$before}), 'it can be seen';
	is_deeply digests($database, $generator, others => 1, adopted => 0), $others, 'it is the company\'s alone' or diag Damage::described(@damage);
	my ($ok, undef, $error) = $database->try("SELECT oracle.restore($company)");
	if (!$ok && $error =~ /ERROR:  OR001: (.*)/) {
		$not++;
		is_deeply digests($database, $generator, kept => 0), $damaged, "not applicable: $1";
		return;
	}
	$applied++;
	ok $ok, 'restored' or diag $error, Damage::described(@damage);
	is_deeply digests($database, $generator, kept => 0), $before, 'as it was';
	is digests($database, $generator, kept => 1)->{ $generator->company_name }, $kept, 'but for what is kept of the company\'s own row';
	is_deeply digests($database, $generator, others => 1, adopted => 0), $others, 'nobody else has changed';
	return;
}

subtest 'where it does not apply' => sub {
	my $database = Database->create("company_backup_oracle_$$");
	build_oracle($database);
	$database->run(<<'SQL');
CREATE TABLE hen (id integer PRIMARY KEY, company integer NOT NULL, egg integer NOT NULL);
CREATE TABLE egg (id integer PRIMARY KEY, hen integer NOT NULL REFERENCES hen);
INSERT INTO hen VALUES (1, 1, 1);
INSERT INTO egg VALUES (1, 1);
ALTER TABLE hen ADD FOREIGN KEY (egg) REFERENCES egg;
INSERT INTO oracle.scoped (relation, belongs) VALUES ('hen', 't.company = %1$L'),
  ('egg', 'EXISTS (SELECT FROM hen h WHERE h.id = t.hen AND h.company = %1$L)');
SELECT oracle.take('1');
SQL
	is $database->sqlstate(q{SELECT oracle.restore('1')}), 'OR001', 'it says so';
	is $database->value('SELECT count(*) FROM hen, egg'), 1, 'and leaves the rows alone';
};

each_seed(6, \&check_seed, after => sub { cmp_ok $not, '<=', $applied, "it applied $applied times, $not times not" });
