#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# spamassassin.pl: what SpamAssassin's HELO and reverse name rules say of labelled greetings.
#
#     spamassassin.pl GREETINGS.tsv HOME     (columns as in accuracy.py; HOME is a folder for its own files)
#
# One line for each row: the sum of the points of the rules hit, tab, their names. Local tests only, no DNS, no user's
# files; the message says nothing but whence it came, as a Postfix with the row's knowledge would have written it.
# Rules that tell what was never recorded (a reverse name of "-") do not count. Exit 77: not installed.
use strict;
use warnings;

eval { require Mail::SpamAssassin; 1 } or exit 77;

my $FAMILY = qr/HELO|RDNS|DYN/;     # by SpamAssassin's own naming

my $judge = Mail::SpamAssassin->new({
    local_tests_only => 1, dont_copy_prefs => 1, userprefs_filename => '/dev/null', site_rules_filename => '/dev/null',
    require_rules => 1, userstate_dir => $ARGV[1], home_dir_for_helpers => $ARGV[1],
    pre_config_text => join('', map { "loadplugin Mail::SpamAssassin::Plugin::$_\n" } qw(Check HeaderEval RelayEval)),
    post_config_text => "clear_trusted_networks\nclear_internal_networks\ntrusted_networks 192.0.2.77\n"
        . "internal_networks 192.0.2.77\ndns_available no\nuse_bayes 0\n",
});
$judge->init(0);

# Only what these rules rest on is run: half the time.
my ($conf, %kept) = $judge->{conf};
my @todo = grep { /$FAMILY/ } keys %{ $conf->{meta_tests} };
while (defined(my $rule = pop @todo)) {
    push @todo, @{ $conf->{meta_dependencies}{$rule} // [] } if !$kept{$rule}++;
}
for my $kind (qw(head_tests body_tests rawbody_tests uri_tests full_tests)) {
    for my $rules (values %{ $conf->{$kind} }) {
        delete @$rules{ grep { !/$FAMILY/ && !$kept{$_} } keys %$rules };
    }
}

my $fields = "From: Someone <someone\@sender.example>\nTo: Other <other\@recipient.example>\n"
    . "Subject: hello, as agreed\nMessage-ID: <20200102.0304\@sender.example>\nDate: Thu, 02 Jan 2020 03:04:05 +0000\n"
    . "MIME-Version: 1.0\nContent-Type: text/plain; charset=us-ascii\n\nSee you on Thursday, then.\n";

open my $rows, '<', $ARGV[0] or die "$ARGV[0]: $!\n";
$| = 1;
while (my $line = <$rows>) {
    next unless $line =~ /^(?:ham|spam)\t/;
    chomp $line;
    my ($ip, $name, $helo, $confirmed, $protocol) = (split /\t/, $line, -1)[1 .. 5];
    my $named = $name ne '-' && $name ne 'unknown';
    my $client = $named && $confirmed ne 'fail' ? $name : 'unknown';
    my $address = $ip =~ /:/ ? "IPv6:$ip" : $ip;
    my $with = $protocol eq 'SMTP' ? 'SMTP' : 'ESMTP';
    my $mail = $judge->parse("Received: from $helo ($client [$address])\n\tby mx.recipient.example (Postfix) with $with"
        . " id 4A1B2C3D\n\tfor <other\@recipient.example>; Thu, 02 Jan 2020 03:04:06 +0000 (UTC)\n$fields", 0);
    my $status = $judge->check($mail);
    my @hit = grep { /$FAMILY/ && ($name ne '-' || !/RDNS/) } split /,/, $status->get_names_of_tests_hit();
    my $sum = 0;
    $sum += $status->{conf}{scores}{$_} // 0 for @hit;
    printf "%.3f\t%s\n", $sum, join ',', sort @hit;
    $status->finish();
    $mail->finish();
}
