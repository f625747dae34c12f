/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every rule by itself: one row per case, must match and must not match. The rows of a rule are counted: at least four,
 * of both kinds. Beside that, what holds of every row of the catalogue.
 */
#include <stdarg.h>
#include <stdio.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "evidence_builder.h"
#include "rule.h"

static const struct {
    const char *rule;
    enum answer hit; /* YES, or what is not */
    const char *line;
} cases[] = {
    /* syntax */
    {"helo_missing", YES, "helo="},
    {"helo_missing", YES, "helo= client=2a00:1::1"},
    {"helo_missing", NO, "helo=x"},
    {"helo_missing", NO, "helo=mail.blau.com"},
    {"helo_bad_syntax", YES, "helo=mail?blau.com"},
    {"helo_bad_syntax", YES, "helo=mail..blau.com"},
    {"helo_bad_syntax", YES, "helo=-mail.blau.com"},
    {"helo_bad_syntax", YES, "helo=user@blau.com client=2a00:1::1"},
    {"helo_bad_syntax", NO, "helo=mail.blau.com"},
    {"helo_bad_syntax", NO, "helo=mail_1.blau.com"},
    {"helo_bad_syntax", NO, "helo=[25.1.2.3]"},
    {"helo_bad_syntax", NO, "helo=mail.blau.com."},
    {"helo_bad_syntax", NO, "helo="},
    {"helo_non_ascii", YES, "helo=m\xc3\xbcller.de"},
    {"helo_non_ascii", YES, "helo=\xff"},
    {"helo_non_ascii", NO, "helo=xn--mller-kva.de"},
    {"helo_non_ascii", NO, "helo=mueller.de"},
    {"helo_too_long", YES, "helo=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.blau.com"},
    {"helo_too_long", YES, "helo=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
    {"helo_too_long", NO, "helo=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.blau.com"},
    {"helo_too_long", NO, "helo=blau.com"},
    {"helo_not_fqdn", YES, "helo=mail"},
    {"helo_not_fqdn", YES, "helo=com client=2a00:1::1"},
    {"helo_not_fqdn", NO, "helo=blau.com"},
    {"helo_not_fqdn", NO, "helo=25.1.2.3"},
    {"helo_not_fqdn", NO, "helo=[25.1.2.3]"},
    {"helo_underscore", YES, "helo=mail_1.blau.com"},
    {"helo_underscore", YES, "helo=blau_1.com client=2a00:1::1"},
    {"helo_underscore", NO, "helo=my_pc"},
    {"helo_underscore", NO, "helo=mail-1.blau.com"},
    {"helo_underscore", NO, "helo=mail_1..blau.com"},
    {"helo_trailing_dot", YES, "helo=mail.blau.com."},
    {"helo_trailing_dot", YES, "helo=blau.com. client=2a00:1::1"},
    {"helo_trailing_dot", NO, "helo=mail."},
    {"helo_trailing_dot", NO, "helo=mail.blau.com"},
    {"helo_trailing_dot", NO, "helo=mail.blau.com.."},
    {"helo_bad_alabel", YES, "helo=xn--a.de"},
    {"helo_bad_alabel", YES, "helo=mail.xn--a.de"},
    {"helo_bad_alabel", NO, "helo=xn--mller-kva.de"},
    {"helo_bad_alabel", NO, "helo=r4---sn.blau.com"},
    {"helo_unknown_tld", YES, "helo=mail.blau.notatld"},
    {"helo_unknown_tld", YES, "helo=foo.0x7f"},
    {"helo_unknown_tld", NO, "helo=mail.blau.com"},
    {"helo_unknown_tld", NO, "helo=mail.blau.co.za"},
    {"helo_unknown_tld", NO, "helo=mail.blau.local"},
    {"helo_unknown_tld", NO, "helo=mail.blau.123"},
    {"helo_unknown_tld", NO, "helo=mail"},
    {"helo_numeric_tld", YES, "helo=foo.123"},
    {"helo_numeric_tld", YES, "helo=1.2.3"},
    {"helo_numeric_tld", YES, "helo=1.2.3.400"},
    {"helo_numeric_tld", NO, "helo=1.2.3.4"},
    {"helo_numeric_tld", NO, "helo=123.de"},
    {"helo_public_suffix", YES, "helo=co.uk"},
    {"helo_public_suffix", YES, "helo=foo.ck"},
    {"helo_public_suffix", NO, "helo=blau.co.uk"},
    {"helo_public_suffix", NO, "helo=dyndns.org"},
    {"helo_public_suffix", NO, "helo=www.ck"},

    /* special */
    {"helo_localhost", YES, "helo=localhost"},
    {"helo_localhost", YES, "helo=localhost.localdomain client=2a00:1::1"},
    {"helo_localhost", NO, "helo=localhost client=127.0.0.1"},
    {"helo_localhost", NO, "helo=localhost client=::1"},
    {"helo_localhost", NO, "helo=localhost local"},
    {"helo_localhost", NO, "helo=localhost.blau.com"},
    {"helo_special_use", YES, "helo=server.blau.local"},
    {"helo_special_use", YES, "helo=host.test"},
    {"helo_special_use", YES, "helo=3.2.1.25.in-addr.arpa"},
    {"helo_special_use", NO, "helo=local.blau.com"},
    {"helo_special_use", NO, "helo=mail.locale.com"},
    {"helo_private_tld", YES, "helo=pc.lan"},
    {"helo_private_tld", YES, "helo=exchange.firma.internal"},
    {"helo_private_tld", NO, "helo=lan.blau.com"},
    {"helo_private_tld", NO, "helo=mail.milan.com"},
    {"helo_placeholder", YES, "helo=mail.example.com"},
    {"helo_placeholder", YES, "helo=hostname.domain.tld"},
    {"helo_placeholder", NO, "helo=mail.beispiel.com"},
    {"helo_placeholder", NO, "helo=example.blau.com"},
    {"helo_factory", YES, "helo=ylmf-pc"},
    {"helo_factory", YES, "helo=WIN-ABCDEFGHIJK"},
    {"helo_factory", NO, "helo=winston"},
    {"helo_factory", NO, "helo=win.blau.com"},

    /* literal */
    {"helo_bare_ip", YES, "helo=25.1.2.3"},
    {"helo_bare_ip", YES, "helo=2a00:1::1 client=2a00:1::1"},
    {"helo_bare_ip", NO, "helo=[25.1.2.3]"},
    {"helo_bare_ip", NO, "helo=25.1.2.3.blau.com"},
    {"helo_literal", YES, "helo=[25.1.2.3]"},
    {"helo_literal", YES, "helo=[IPv6:2a00:1::1] client=2a00:1::1"},
    {"helo_literal", NO, "helo=25.1.2.3"},
    {"helo_literal", NO, "helo=[blau]"},
    {"helo_literal_mismatch", YES, "helo=[26.1.2.3]"},
    {"helo_literal_mismatch", YES, "helo=26.1.2.3"},
    {"helo_literal_mismatch", YES, "helo=[IPv6:2a00:2::1] client=2a00:1::1"},
    {"helo_literal_mismatch", NO, "helo=[25.1.2.3]"},
    {"helo_literal_mismatch", NO, "helo=[25.1.2.200]"},
    {"helo_literal_mismatch", NO, "helo=[IPv6:2a00:1::99] client=2a00:1::1"},
    {"helo_literal_mismatch", NO, "helo=[IPv6:2a00:1::1]"},
    {"helo_literal_mismatch", NO, "helo=[192.168.1.5]"},
    {"helo_literal_mismatch", NO, "helo=[IPv6:::ffff:25.1.2.3]"},
    {"helo_literal_private", YES, "helo=[192.168.1.5]"},
    {"helo_literal_private", YES, "helo=127.0.0.1"},
    {"helo_literal_private", YES, "helo=[IPv6:fd00::1] client=2a00:1::1"},
    {"helo_literal_private", NO, "helo=[26.1.2.3]"},
    {"helo_literal_private", NO, "helo=[10.0.0.5] client=10.0.0.5"},
    {"helo_literal_private", NO, "helo=[100.6.1.1]"},
    {"helo_literal_untagged", YES, "helo=[2a00:1::1] client=2a00:1::1"},
    {"helo_literal_untagged", YES, "helo=[fd00::1] client=2a00:1::1"},
    {"helo_literal_untagged", NO, "helo=[IPv6:2a00:1::1] client=2a00:1::1"},
    {"helo_literal_untagged", NO, "helo=[25.1.2.3]"},
    {"helo_literal_malformed", YES, "helo=[25.1.2]"},
    {"helo_literal_malformed", YES, "helo=[blau.com]"},
    {"helo_literal_malformed", YES, "helo=[25.1.2.3"},
    {"helo_literal_malformed", YES, "helo=[] client=2a00:1::1"},
    {"helo_literal_malformed", NO, "helo=[IPv6:2a00:1::1] client=2a00:1::1"},
    {"helo_literal_malformed", NO, "helo=[2a00:1::1] client=2a00:1::1"},
    {"helo_literal_malformed", NO, "helo=[025.001.002.003]"},
    {"helo_literal_malformed", NO, "helo=[25.1.2.3]?mail"},

    /* dns */
    {"rdns_missing", YES, "helo=mail.blau.com rdns=none"},
    {"rdns_missing", YES, "helo=mail rdns=none"},
    {"rdns_missing", NO, "helo=mail.blau.com rdns=none client=2a00:1::1"},
    {"rdns_missing", NO, "helo=mail.blau.com rdns=temperror"},
    {"rdns_missing", NO, "helo=mail.blau.com"},
    {"rdns_missing", NO, "helo=mail.blau.com rdns=a.blau.com:fail"},
    {"rdns_missing_ipv6", YES, "helo=mail.blau.com rdns=none client=2a00:1::1"},
    {"rdns_missing_ipv6", YES, "helo=mail rdns=none client=2a00:1::1"},
    {"rdns_missing_ipv6", NO, "helo=mail.blau.com rdns=none"},
    {"rdns_missing_ipv6", NO, "helo=mail.blau.com rdns=temperror client=2a00:1::1"},
    {"rdns_missing_ipv6", NO, "helo=mail.blau.com rdns=a.blau.com:fail client=2a00:1::1"},
    {"rdns_unconfirmed", YES, "helo=mail.blau.com rdns=mail.blau.com:fail"},
    {"rdns_unconfirmed", YES, "helo=mail.blau.com rdns=a.rot.com:noaddr,b.rot.com:fail client=2a00:1::1"},
    {"rdns_unconfirmed", NO, "helo=mail.blau.com rdns=a.rot.com:fail,b.rot.com:pass"},
    {"rdns_unconfirmed", NO, "helo=mail.blau.com rdns=a.rot.com:fail,b.rot.com:temp"},
    {"rdns_unconfirmed", NO, "helo=mail.blau.com rdns=a.rot.com"},
    {"rdns_unconfirmed", NO, "helo=mail.blau.com rdns=none"},
    {"rdns_unconfirmed", NO, "helo=mail.blau.com rdns=a.rot.com:fail partial"},
    {"rdns_unconfirmed", NO, "helo=mail.blau.com rdns=a.rot.com:fail leftout"},
    {"rdns_unconfirmed", YES, "helo=mail.blau.com rdns=a.blau.com:fail leftout"},
    {"rdns_reserved", YES, "helo=mail.blau.com rdns=localhost"},
    {"rdns_reserved", YES, "helo=mail.blau.com rdns=3.2.1.25.in-addr.arpa,pc.lan client=2a00:1::1"},
    {"rdns_reserved", NO, "helo=mail.blau.com rdns=localhost,mail.blau.com"},
    {"rdns_reserved", NO, "helo=mail.blau.com rdns=none"},
    {"rdns_reserved", NO, "helo=mail.blau.com rdns=localhost partial"},
    {"rdns_temperror", YES, "helo=mail.blau.com rdns=temperror"},
    {"rdns_temperror", YES, "helo=mail.blau.com rdns=a.rot.com:temp"},
    {"rdns_temperror", NO, "helo=mail.blau.com rdns=none"},
    {"rdns_temperror", NO, "helo=mail.blau.com rdns=a.rot.com:temp,b.rot.com:pass"},
    {"rdns_temperror", NO, "helo=mail.blau.com"},
    {"rdns_unanswered", YES, "helo=mail.blau.com rdns=silent addr=25.9.9.9 spf=none"},
    {"rdns_unanswered", YES, "helo=localhost rdns=silent"},
    {"rdns_unanswered", OPEN, "helo=mail.blau.com rdns=silent"},
    {"rdns_unanswered", OPEN, "helo=mail.blau.com rdns=silent addr=25.9.9.9 spf=temperror"},
    {"rdns_unanswered", NO, "helo=mail.blau.com rdns=silent addr=25.1.2.3"},
    {"rdns_unanswered", NO, "helo=mail.blau.com rdns=silent addr=25.9.9.9 spf=pass"},
    {"rdns_unanswered", NO, "helo=[25.1.2.3] rdns=silent"},
    {"rdns_unanswered", NO, "helo=localhost rdns=temperror"},
    {"rdns_unanswered", OPEN, "helo=localhost"},
    {"nothing_proved", YES, "helo=mail.blau.com rdns=none addr=26.1.1.1 spf=none"},
    {"nothing_proved", YES, "helo=localhost rdns=a-1.rot.com:pass/dynamic"},
    {"nothing_proved", YES, "helo=mail.blau.com rdns=a.rot.com:fail addr=26.1.1.1 spf=passall"},
    {"nothing_proved", NO, "helo=mail.blau.com rdns=none addr=25.1.2.3"},
    {"nothing_proved", NO, "helo=mail.blau.com rdns=none addr=26.1.1.1 spf=pass"},
    {"nothing_proved", NO, "helo=mail.blau.com rdns=a.rot.com:pass addr=26.1.1.1 spf=none"},
    {"nothing_proved", NO, "helo=[25.1.2.3] rdns=none"},
    {"nothing_proved", OPEN, "helo=mail.blau.com rdns=none addr=temperror spf=none"},
    {"nothing_proved", OPEN, "helo=localhost rdns=temperror"},
    {"nothing_proved_no_host", YES, "helo=server1.local rdns=none"},
    {"nothing_proved_no_host", YES, "helo=localhost rdns=a-1.rot.com:pass/dynamic"},
    {"nothing_proved_no_host", YES, "helo=user rdns=a.rot.com:noaddr"},
    {"nothing_proved_no_host", YES, "helo=mail.blau.notatld rdns=none addr=none spf=none"},
    {"nothing_proved_no_host", NO, "helo=mail.blau.com rdns=none addr=nxdomain spf=none"},
    {"nothing_proved_no_host", NO, "helo=mail.blau.com rdns=none addr=26.1.1.1 spf=none"},
    {"nothing_proved_no_host", NO, "helo=localhost rdns=a.rot.com:pass"},
    {"nothing_proved_no_host", OPEN, "helo=server1.local rdns=temperror"},
    {"nothing_proved_nowhere", YES, "helo=mail.blau.com rdns=none addr=nxdomain spf=none"},
    {"nothing_proved_nowhere", YES, "helo=mail.blau.com rdns=a-1.rot.com:pass/dynamic addr=nxdomain spf=none"},
    {"nothing_proved_nowhere", YES, "helo=blau.com rdns=a-1.rot.com:noaddr/dynamic addr=nxdomain spf=none"},
    {"nothing_proved_nowhere", NO, "helo=mail.blau.com rdns=a.rot.com:pass addr=nxdomain spf=none"},
    {"nothing_proved_nowhere", NO, "helo=mail.blau.com rdns=none addr=none spf=none"},
    {"nothing_proved_nowhere", NO, "helo=mail.blau.com rdns=none addr=26.1.1.1 spf=none"},
    {"nothing_proved_nowhere", NO, "helo=server1.local rdns=none"},
    {"nothing_proved_nowhere", NO, "helo=mail.blau.com rdns=a.blau.com:noaddr addr=nxdomain spf=none"},
    {"nothing_proved_nowhere", OPEN, "helo=mail.blau.com rdns=none addr=temperror spf=none"},
    {"nothing_proved_nowhere", OPEN, "helo=mail.blau.com rdns=temperror addr=nxdomain spf=none"},
    {"helo_unresolvable", YES, "helo=mail.blau.com addr=nxdomain rdns=none"},
    {"helo_unresolvable", YES, "helo=mail.blau.com addr=none mx=none rdns=a.rot.com client=2a00:1::1"},
    {"helo_unresolvable", NO, "helo=mail.blau.com addr=nxdomain rdns=a.blau.com"},
    {"helo_unresolvable", NO, "helo=mail.blau.com addr=nxdomain rdns=temperror"},
    {"helo_unresolvable", NO, "helo=mail.blau.com addr=nxdomain"},
    {"helo_unresolvable", NO, "helo=mail.blau.com addr=none mx=yes rdns=none"},
    {"helo_unresolvable", NO, "helo=mail.blau.com addr=none mx=temperror rdns=none"},
    {"helo_unresolvable", NO, "helo=mail.blau.com addr=none rdns=none"},
    {"helo_unresolvable", NO, "helo=mail.blau.com addr=temperror rdns=none"},
    {"helo_unresolvable", NO, "helo=mail.blau.com addr=2a00:1::1 rdns=none"},
    {"helo_unresolvable", NO, "helo=mail.blau.local addr=nxdomain rdns=none"},
    {"helo_resolves_bogon", YES, "helo=mail.blau.com addr=127.0.0.1 rdns=none"},
    {"helo_resolves_bogon", YES, "helo=mail.blau.com addr=10.1.1.1,192.168.1.1 rdns=a.rot.com"},
    {"helo_resolves_bogon", YES, "helo=mail.blau.com addr=fd00::1 rdns=none client=2a00:1::1"},
    {"helo_resolves_bogon", NO, "helo=mail.blau.com addr=127.0.0.1 rdns=a.blau.com:pass"},
    {"helo_resolves_bogon", NO, "helo=mail.blau.com addr=127.0.0.1 rdns=temperror"},
    {"helo_resolves_bogon", NO, "helo=mail.blau.com addr=127.0.0.1,26.1.1.1 rdns=none"},
    {"helo_resolves_bogon", NO, "helo=mail.blau.com addr=10.1.1.1 rdns=none client=10.1.1.1"},

    /* alignment */
    {"helo_forward_mismatch", YES, "helo=mail.blau.com addr=26.1.1.1 rdns=none"},
    {"helo_forward_mismatch", YES, "helo=mail.blau.com addr=2a00:2::1 rdns=a.rot.com client=2a00:1::1"},
    {"helo_forward_mismatch", NO, "helo=mail.blau.com addr=26.1.1.1,25.1.2.3 rdns=none"},
    {"helo_forward_mismatch", NO, "helo=mail.blau.com addr=25.1.2.77 rdns=none"},
    {"helo_forward_mismatch", NO, "helo=mail.blau.com addr=26.1.1.1 rdns=a.blau.com:pass"},
    {"helo_forward_mismatch", NO, "helo=mail.blau.com addr=26.1.1.1 rdns=temperror"},
    {"helo_forward_mismatch", NO, "helo=mail.blau.com addr=26.1.1.1"},
    {"helo_forward_mismatch", NO, "helo=mail.blau.com addr=2a00:1::1 rdns=none"},
    {"helo_forward_mismatch", NO, "helo=mail.blau.com addr=26.1.1.1 addr4temp rdns=none"},
    {"helo_forward_mismatch", NO, "helo=mail.blau.com addr=26.1.1.1 rdns=a.rot.com:pass partial"},
    {"helo_points_elsewhere", YES, "helo=out.blau.com addr=26.1.1.1 rdns=out7.blau.com:pass"},
    {"helo_points_elsewhere", YES, "helo=out.blau.com addr=26.1.1.1 rdns=out7.blau.com:temp"},
    {"helo_points_elsewhere", NO, "helo=out.blau.com addr=26.1.1.1 rdns=out7.rot.com:pass"},
    {"helo_points_elsewhere", NO, "helo=out.blau.com addr=25.1.2.99 rdns=out7.blau.com:pass"},
    {"helo_points_elsewhere", NO, "helo=out.blau.com addr=none rdns=out7.blau.com:pass"},
    {"helo_points_elsewhere", OPEN, "helo=out.blau.com addr=temperror rdns=out7.blau.com:pass"},
    {"helo_not_rdns", YES, "helo=mail.blau.com rdns=a.blau.com"},
    {"helo_not_rdns", YES, "helo=mail.blau.com rdns=a.rot.com,b.rot.com client=2a00:1::1"},
    {"helo_not_rdns", NO, "helo=mail.blau.com rdns=a.rot.com,mail.blau.com"},
    {"helo_not_rdns", NO, "helo=mail.blau.com rdns=a.rot.com partial"},
    {"helo_not_rdns", NO, "helo=mail.blau.com rdns=temperror"},
    {"helo_not_rdns", NO, "helo=MAIL.Blau.Com. rdns=mail.blau.com"},
    {"helo_other_domain", YES, "helo=mail.blau.com rdns=a.rot.com"},
    {"helo_other_domain", YES, "helo=mail.blau.co.uk rdns=mail.rot.co.uk client=2a00:1::1"},
    {"helo_other_domain", YES, "helo=mail.blau.com rdns=a.rot.com leftout"},
    {"helo_other_domain", NO, "helo=mail.blau.com rdns=a.rot.com,b.blau.com"},
    {"helo_other_domain", NO, "helo=mail.blau.com rdns=none"},
    {"helo_other_domain", NO, "helo=mail.blau.com rdns=temperror"},
    {"helo_other_domain", NO, "helo=mail rdns=a.rot.com"},
    {"helo_other_domain", NO, "helo=mail.blau.com rdns=a.rot.com:pass partial"},
    {"helo_bare_domain", YES, "helo=blau.com rdns=a.rot.com:pass"},
    {"helo_bare_domain", YES, "helo=blau.co.uk rdns=none client=2a00:1::1"},
    {"helo_bare_domain", YES, "helo=blau.com rdns=mail.blau.com:pass"},
    {"helo_bare_domain", NO, "helo=mail.blau.com rdns=a.rot.com:pass"},
    {"helo_bare_domain", NO, "helo=blau.com rdns=blau.com:pass"},
    {"helo_bare_domain", NO, "helo=blau.com rdns=a.rot.com:pass partial"},
    {"helo_bare_domain", NO, "helo=blau.com rdns=temperror"},
    {"helo_verified", YES, "helo=mail.blau.com rdns=mail.blau.com:pass"},
    {"helo_verified", YES, "helo=mail.blau.com rdns=a.rot.com:pass,mail.blau.com:pass client=2a00:1::1"},
    {"helo_verified", NO, "helo=dsl-7.rot.com naming=dynamic rdns=dsl-7.rot.com:pass/dynamic"},
    {"helo_verified", NO, "helo=25-1-2-3.rot.com naming=address rdns=25-1-2-3.rot.com:pass/address"},
    {"helo_verified", YES, "helo=s25-1-2-3.rot.com naming=address+server rdns=s25-1-2-3.rot.com:pass/address+server"},
    {"helo_verified", NO, "helo=mail.blau.com rdns=mail.blau.com:fail"},
    {"helo_verified", NO, "helo=mail.blau.com rdns=mail.blau.com:temp"},
    {"helo_verified", NO, "helo=mail.blau.com rdns=mail.blau.com"},
    {"helo_verified", NO, "helo=mail.blau.com rdns=a.blau.com:pass"},
    {"helo_same_domain", YES, "helo=mail.blau.com rdns=a.blau.com:pass"},
    {"helo_same_domain", YES, "helo=mail.blau.co.uk rdns=a.rot.com:fail,b.c.blau.co.uk:pass client=2a00:1::1"},
    {"helo_same_domain", NO, "helo=pc.rot.com rdns=dsl-7.rot.com:pass/dynamic"},
    {"helo_same_domain", YES, "helo=pc.rot.com rdns=dsl-7.rot.com:pass/dynamic,www.rot.com:pass"},
    {"helo_same_domain", NO, "helo=mail.blau.com rdns=a.blau.com:fail"},
    {"helo_same_domain", NO, "helo=mail.blau.com rdns=a.rot.com:pass"},
    {"helo_same_domain", NO, "helo=mail.blau.co.uk rdns=mail.rot.co.uk:pass"},
    {"helo_same_domain", NO, "helo=mail.blau.com rdns=mail.rotblau.com:pass"},
    {"helo_resolves_to_client", YES, "helo=mail.blau.com addr=25.1.2.3"},
    {"helo_resolves_to_client", YES, "helo=mail.blau.com addr=2a00:2::1,2a00:1::1 client=2a00:1::1"},
    {"helo_resolves_to_client", NO, "helo=dsl-7.rot.com naming=dynamic addr=25.1.2.3"},
    {"helo_resolves_to_client", NO, "helo=mail.blau.com addr=25.1.2.4"},
    {"helo_resolves_to_client", NO, "helo=mail.blau.com addr=temperror"},
    {"helo_resolves_to_client", NO, "helo=mail.blau.com"},
    {"helo_same_network", YES, "helo=mail.blau.com addr=25.1.2.99"},
    {"helo_same_network", YES, "helo=mail.blau.com addr=2a00:1:0:7::1 client=2a00:1::1"},
    {"helo_same_network", NO, "helo=mail.blau.com addr=25.1.3.3"},
    {"helo_same_network", NO, "helo=mail.blau.com addr=none"},
    {"helo_same_network", NO, "helo=mail.blau.com addr=2a00:2::1 client=2a00:1::1"},

    /* naming */
    {"rdns_dynamic", YES, "helo=mail rdns=dsl-25-1-2-3.rot.com/dynamic+address"},
    {"rdns_dynamic", YES, "helo=blau.com rdns=dsl-7.rot.com/dynamic"},
    {"rdns_dynamic", YES, "helo=mail.rot.com rdns=dsl-7.rot.com/dynamic"},
    {"rdns_dynamic", YES, "helo=[25.1.2.3] rdns=dsl-7.rot.com/dynamic"},
    {"rdns_dynamic", YES, "helo=ppp-7.blau.com naming=dynamic rdns=dsl-7.rot.com/dynamic"},
    {"rdns_dynamic", YES, "helo=m1.gross.com provider=gross.com rdns=dsl-7.rot.com/dynamic"},
    {"rdns_dynamic", NO, "helo=mail.blau.com rdns=dsl-7.rot.com:pass/dynamic"},
    {"rdns_dynamic", NO, "helo=heim.blau.com rdns=dsl-7.rot.com:fail/dynamic client=2a00:1::1"},
    {"rdns_dynamic", YES, "helo=x rdns=dyn-7.rot.com:pass/dynamic,host-7.rot.com/generic client=2a00:1::1"},
    {"rdns_dynamic", NO, "helo=mail rdns=dsl-7.rot.com/dynamic,mail.blau.com"},
    {"rdns_dynamic", NO, "helo=mail rdns=static.dsl-7.rot.com/dynamic+server"},
    {"rdns_dynamic", NO, "helo=mail rdns=dsl-7.rot.com/dynamic partial"},
    {"rdns_dynamic", NO, "helo=mail rdns=dsl-7.rot.com/dynamic leftout"},
    {"rdns_dynamic", NO, "helo=mail rdns=none"},
    {"rdns_dynamic", NO, "helo=mail rdns=temperror"},
    {"rdns_generic", YES, "helo=mail.blau.com rdns=25-1-2-3.rot.com/address"},
    {"rdns_generic", YES, "helo=mail.blau.com rdns=vps-7.rot.com:pass/generic client=2a00:1::1"},
    {"rdns_generic", NO, "helo=mail.blau.com rdns=dsl-25-1-2-3.rot.com/dynamic+address"},
    {"rdns_generic", NO, "helo=25-1-2-3.rot.com naming=address rdns=25-1-2-3.rot.com:pass/address"},
    {"rdns_generic", NO, "helo=mail.blau.com rdns=static.3.2.1.25.rot.com/address+server"},
    {"rdns_generic", NO, "helo=mail.blau.com rdns=vps-7.rot.com/generic,www.blau.com"},
    {"rdns_generic", NO, "helo=mail.blau.com rdns=mail.blau.com"},
    {"helo_dynamic", YES, "helo=dsl-25-1-2-3.rot.com naming=dynamic+address"},
    {"helo_dynamic", YES, "helo=ppp-7.rot.com naming=dynamic client=2a00:1::1"},
    {"helo_dynamic", NO, "helo=ppp-7 naming=dynamic"},
    {"helo_dynamic", NO, "helo=mail.dyni.net"},
    {"helo_dynamic", NO, "helo=host-7.rot.com naming=generic"},
    {"helo_generic", YES, "helo=25-1-2-3.rot.com naming=address"},
    {"helo_generic", YES, "helo=vps-1-2.rot.com naming=generic+partial client=2a00:1::1"},
    {"helo_generic", NO, "helo=vps-7.rot.com naming=generic"},
    {"helo_generic", NO, "helo=smtp-25-1-2-3.rot.com naming=address+server"},
    {"helo_generic", NO, "helo=mail.blau.com naming=role+server"},
    {"helo_generic", NO, "helo=a-1-2.rot.com naming=generic+partial rdns=a-1-2.rot.com:pass encrypted"},
    {"helo_generic", YES, "helo=a-1-2.rot.com naming=generic+partial rdns=a-1-2.rot.com:pass"},
    {"helo_generic", YES, "helo=a-1-2.rot.com naming=generic+partial rdns=a-1-2.rot.com:fail encrypted"},
    {"helo_generic", OPEN, "helo=a-1-2.rot.com naming=generic+partial rdns=temperror encrypted"},
    {"helo_generic", YES, "helo=a-25-1-2-3.rot.com naming=address rdns=a-25-1-2-3.rot.com:pass encrypted"},
    {"helo_generic", NO,
     "helo=a-25-1-2-3.rot.com naming=address rdns=a-25-1-2-3.rot.com:pass encrypted sender=x@n.rot.com"},
    {"helo_serial", YES, "helo=vps-7001.rot.com naming=generic"},
    {"helo_serial", NO, "helo=vps-7001.rot.com naming=generic rdns=vps-7001.rot.com:pass encrypted sender=x@rot.com"},
    {"helo_serial", YES, "helo=vps-7001.rot.com naming=generic rdns=vps-7001.rot.com:pass sender=x@rot.com"},
    {"helo_serial", YES, "helo=vps-7001.rot.com naming=generic rdns=vps-7001.rot.com:pass encrypted sender=x@blau.com"},
    {"helo_serial", YES,
     "helo=vps-7001.rot.com naming=generic rdns=vps-7001.rot.com:pass encrypted sender=x@vps-7001.rot.com"},
    {"helo_serial", YES, "helo=vps-7001.rot.com naming=generic rdns=vps-7001.rot.com:pass/generic client=2a00:1::1"},
    {"helo_serial", NO, "helo=host-25-1-2-3.rot.com naming=generic+address"},
    {"helo_serial", NO, "helo=host-1-2.rot.com naming=generic+partial"},
    {"helo_generic", NO, "helo=host-26-1-2-3.rot.com naming=generic+foreign"},
    {"helo_generic", YES, "helo=static.25.1.2.3.rot.com naming=address+server+fixed"},
    {"helo_generic", NO, "helo=ip-25-1-2-3.ec2.internal naming=address+generic"},
    {"helo_serial", NO, "helo=15b0717dc4c2 naming=generic"},
    {"helo_dynamic", NO, "helo=adsl-7.home naming=dynamic"},
    {"helo_serial", NO, "helo=mail-7001.rot.com naming=generic+server"},
    {"helo_serial", NO, "helo=mail.blau.com"},
    {"helo_foreign_address", YES, "helo=26-1-2-3.rot.com naming=foreign rdns=none"},
    {"helo_foreign_address", YES, "helo=26-1-2-3.rot.com naming=foreign rdns=a.blau.com client=2a00:1::1"},
    {"helo_foreign_address", NO, "helo=26-1-2-3.rot.com naming=foreign rdns=b.rot.com:pass"},
    {"helo_foreign_address", NO, "helo=26-1-2-3.rot.com naming=foreign rdns=temperror"},
    {"helo_foreign_address", NO, "helo=26-1-2-3.rot.com naming=foreign"},
    {"helo_foreign_address", NO, "helo=26-1-2-3.rot.com naming=foreign+server rdns=none"},
    {"helo_random", YES, "helo=xkqzvbw.rot.com naming=random"},
    {"helo_random", YES, "helo=xkqzvbw naming=random"},
    {"helo_random", NO, "helo=mail.rot.com"},
    {"helo_random", NO, "helo=[25.1.2.3]"},
    {"helo_bulk_name", YES, "helo=a1.news.rot.xyz naming=bulk"},
    {"helo_bulk_name", YES, "helo=a1.news.rot.xyz naming=bulk+role client=2a00:1::1"},
    {"helo_bulk_name", NO, "helo=mail.blau.com naming=role"},
    {"helo_bulk_name", NO, "helo=mail.blau.com"},
    {"helo_long_domain", YES, "helo=mail.thebestdealsoftheyear.com naming=long+role"},
    {"helo_long_domain", YES, "helo=thebestdealsoftheyear.com naming=long client=2a00:1::1"},
    {"helo_long_domain", NO, "helo=a1.news.rot.xyz naming=bulk"},
    {"helo_long_domain", NO, "helo=mail.blau.com"},
    {"helo_stock_name", YES, "helo=server.blau.com naming=stock rdns=a.rot.com:pass"},
    {"helo_stock_name", YES, "helo=vps3.blau.com naming=stock rdns=none client=2a00:1::1"},
    {"helo_stock_name", NO, "helo=server.blau.com naming=stock rdns=a.rot.com,server.blau.com"},
    {"helo_stock_name", NO, "helo=server.blau.com naming=stock rdns=temperror"},
    {"helo_stock_name", NO, "helo=mail.blau.com naming=role rdns=a.rot.com:pass"},
    {"helo_stock_own", YES, "helo=server.blau.com rdns=server.blau.com:pass naming=stock"},
    {"helo_stock_own", YES, "helo=vps3.blau.com rdns=a.rot.com,vps3.blau.com naming=stock"},
    {"helo_stock_own", NO, "helo=server.blau.com rdns=a.blau.com:pass naming=stock"},
    {"helo_stock_own", NO, "helo=mail.blau.com rdns=mail.blau.com:pass"},
    {"helo_stock_own", OPEN, "helo=server.blau.com rdns=temperror naming=stock"},
    {"helo_mass_mailer", YES, "helo=bulk-mailer-01.blau.com naming=server+mass"},
    {"helo_mass_mailer", YES, "helo=spam-cannon.blau.com naming=mass"},
    {"helo_mass_mailer", NO, "helo=mail.blau.com naming=server+role"},
    {"helo_mass_mailer", NO, "helo=promo.local naming=mass"},
    {"helo_mail_role", YES, "helo=mail.blau.com naming=role+server rdns=mail.blau.com:pass"},
    {"helo_mail_role", YES, "helo=mx1.blau.de naming=role client=2a00:1::1 rdns=a.rot.com:pass"},
    {"helo_mail_role", YES, "helo=mail.blau.com naming=role+server rdns=none addr=25.1.2.3"},
    {"helo_mail_role", NO, "helo=mail.blau.com naming=role+server rdns=none addr=none spf=none"},
    {"helo_mail_role", OPEN, "helo=mail.blau.com naming=role+server rdns=none"},
    {"helo_mail_role", NO, "helo=mail.blau.com naming=role+server rdns=a.rot.com:fail addr=25.9.9.9 spf=none"},
    {"helo_mail_role", OPEN, "helo=mail.blau.com naming=role+server rdns=temperror"},
    {"helo_mail_role", NO, "helo=mail-25-1-2-3.blau.com naming=role+address rdns=mail.blau.com:pass"},
    {"helo_mail_role", NO, "helo=www.blau.com"},
    {"helo_mail_role", NO, "helo=mail naming=role"},

    /* impersonation */
    {"helo_is_ours", YES, "helo=mx.blau.com ours"},
    {"helo_is_ours", YES, "helo=mx.blau.com ours client=2a00:1::1"},
    {"helo_is_ours", NO, "helo=mx.blau.com ours local"},
    {"helo_is_ours", NO, "helo=mx.blau.com"},
    {"helo_is_our_address", YES, "helo=[26.1.2.3] ouraddr"},
    {"helo_is_our_address", YES, "helo=[IPv6:2a00:2::1] ouraddr client=2a00:1::1"},
    {"helo_is_our_address", NO, "helo=[26.1.2.3] ouraddr local"},
    {"helo_is_our_address", NO, "helo=[26.1.2.3]"},
    {"helo_forges_provider", YES,
     "helo=mail-1.gross.com provider=gross.com rdns=a.rot.com:pass addr=26.1.1.1 spf=none"},
    {"helo_forges_provider", NO, "helo=mail-1.gross.com provider=gross.com rdns=none"},
    {"helo_forges_provider", YES,
     "helo=gross.com provider=gross.com rdns=a.rot.com:pass client=2a00:1::1 addr=none spf=none"},
    {"helo_forges_provider", YES, "helo=gross.com provider=gross.com rdns=a.gross.com:fail addr=none spf=none"},
    {"helo_forges_provider", YES, "helo=gross.com provider=gross.com rdns=a.evilgross.com:pass addr=none spf=none"},
    {"helo_forges_provider", YES, "helo=gross.com provider=gross.com rdns=a.rot.com:pass leftout addr=none spf=none"},
    {"helo_forges_provider", NO, "helo=mail-1.gross.com provider=gross.com rdns=mail-2.gross.com:pass"},
    {"helo_forges_provider", NO, "helo=mail-1.gross.com provider=gross.com rdns=mail-2.gross.com:temp"},
    {"helo_forges_provider", NO, "helo=mail-1.gross.com provider=gross.com rdns=temperror"},
    {"helo_forges_provider", NO, "helo=mail-1.gross.com provider=gross.com rdns=a.rot.com:pass partial"},
    {"helo_forges_provider", NO, "helo=mail-1.gross.com rdns=none"},
    {"helo_forges_provider", OPEN, "helo=mail-1.gross.com provider=gross.com rdns=a.rot.com:pass addr=temperror"},
    {"helo_forges_provider", NO, "helo=mail-1.gross.com provider=gross.com rdns=a.rot.com:pass addr=25.1.2.3"},
    {"helo_forges_provider", NO, "helo=mail-1.gross.com provider=gross.com rdns=a.rot.com:pass addr=none spf=pass"},
    {"helo_forges_provider", YES, "helo=mail-1.gross.com provider=gross.com rdns=a.rot.com:pass addr=none spf=passall"},
    {"helo_forges_provider", YES,
     "helo=gross.com provider=gross.com rdns=c-25-1-2-3.gross.com:pass/address addr=none spf=none"},
    {"helo_forges_provider", YES, "helo=gross.com provider=gross.com rdns=temperror addr=26.1.1.1 spf=softfail"},
    {"helo_forges_provider", OPEN, "helo=mail.gross.com provider=gross.com rdns=temperror addr=26.1.1.1 spf=softfail"},
    {"helo_forges_provider", NO,
     "helo=m.gross.com provider=gross.com rdns=a.rot.com:pass addr=none spf=none owner=pass"},
    {"helo_forges_provider", NO,
     "helo=m.gross.com provider=gross.com rdns=a.rot.com:pass addr=none spf=none owner=address"},
    {"helo_forges_provider", OPEN,
     "helo=m.gross.com provider=gross.com rdns=a.rot.com:pass addr=none spf=none owner=temperror"},
    {"helo_forges_provider", OPEN, "helo=gross.com provider=gross.com rdns=temperror addr=temperror spf=softfail"},
    {"helo_unproved_provider", YES, "helo=gross.com provider=gross.com rdns=none"},
    {"helo_unproved_provider", NO, "helo=mail-1.gross.com provider=gross.com rdns=none"},
    {"helo_unproved_provider", YES, "helo=gross.com provider=gross.com rdns=none client=2a00:1::1"},
    {"helo_unproved_provider", NO, "helo=gross.com provider=gross.com rdns=temperror"},
    {"helo_unproved_provider", NO, "helo=gross.com provider=gross.com rdns=a.rot.com:pass"},
    {"helo_unproved_provider", NO, "helo=mail.blau.com rdns=none"},
    {"helo_is_recipient_domain", YES, "helo=blau.com rcpt=a@blau.com rdns=none addr=26.1.1.1 spf=none"},
    {"helo_is_recipient_domain", YES, "helo=mx.blau.com rcpt=a@blau.com rdns=a.rot.com:pass addr=nxdomain spf=none"},
    {"helo_is_recipient_domain", YES, "helo=blau.com rcpt=a@blau.com rdns=mx.blau.com:fail addr=26.1.1.1 spf=none"},
    {"helo_is_recipient_domain", NO, "helo=blau.com rcpt=a@blau.com rdns=none addr=26.1.1.1 spf=pass"},
    {"helo_is_recipient_domain", YES, "helo=blau.com rcpt=a@blau.com rdns=none addr=26.1.1.1 spf=passall"},
    {"helo_is_recipient_domain", NO, "helo=blau.com rcpt=a@blau.com rdns=mx.blau.com:temp addr=26.1.1.1"},
    {"helo_is_recipient_domain", NO, "helo=blau.com rcpt=a@blau.com rdns=mx.blau.com addr=26.1.1.1"},
    {"helo_is_recipient_domain", NO, "helo=www.blau.com rcpt=a@blau.com rdns=vps.rot.com:pass addr=25.1.2.3"},
    {"helo_is_recipient_domain", NO, "helo=www.blau.com rcpt=a@blau.com rdns=www.blau.com:pass addr=26.1.1.1"},
    {"helo_is_recipient_domain", NO, "helo=www.blau.com rcpt=a@blau.com rdns=none addr=temperror"},
    {"helo_is_recipient_domain", NO, "helo=www.blau.com rcpt=a@blau.com rdns=none"},
    {"helo_is_recipient_domain", NO, "helo=www.blau.com rcpt=a@blau.com rdns=none addr=26.1.1.1 spf=none owner=pass"},
    {"helo_is_recipient_domain", NO,
     "helo=www.blau.com rcpt=a@blau.com rdns=none addr=26.1.1.1 spf=none owner=address"},
    {"helo_is_recipient_domain", YES,
     "helo=www.blau.com rcpt=a@blau.com rdns=none addr=26.1.1.1 spf=none owner=passall"},
    {"helo_is_recipient_domain", YES,
     "helo=www.blau.com rcpt=a@blau.com rdns=none addr=26.1.1.1 spf=none owner=softfail"},
    {"helo_is_recipient_domain", OPEN,
     "helo=www.blau.com rcpt=a@blau.com rdns=none addr=26.1.1.1 spf=none owner=temperror"},
    {"helo_is_recipient_domain", OPEN,
     "helo=www.blau.com rcpt=a@blau.com rdns=none addr=26.1.1.1 spf=none owner=unasked"},
    {"helo_is_recipient_domain", YES, "helo=blau.com rcpt=a@blau.com rdns=none addr=26.1.1.1 spf=none owner=pass"},
    {"helo_is_recipient_domain", NO, "helo=mx.rotblau.com rcpt=a@blau.com rdns=none addr=nxdomain spf=none"},
    {"helo_is_recipient_domain", NO, "helo=blau.com rcpt=a@blau.com rdns=none addr=26.1.1.1 spf=none local"},

    /* spf */
    {"helo_spf_pass", NO, "helo=mail.blau.com spf=passall"},
    {"helo_spf_deny_all", YES, "helo=mail.blau.com spf=denyall rdns=temperror addr=26.1.1.1"},
    {"helo_spf_fail", OPEN, "helo=mail.blau.com spf=fail rdns=temperror addr=temperror"},
    {"helo_spf_pass", YES, "helo=mail.blau.com spf=pass"},
    {"helo_spf_pass", YES, "helo=mail.blau.com spf=pass client=2a00:1::1"},
    {"helo_spf_pass", NO, "helo=mail.blau.com rdns=none addr=26.1.1.1 spf=passall"},
    {"helo_spf_pass", NO, "helo=mail.blau.com spf=neutral"},
    {"helo_spf_pass", NO, "helo=mail.blau.com spf=temperror"},
    {"helo_spf_pass", NO, "helo=mail.blau.com"},
    {"helo_spf_fail", YES, "helo=mail.blau.com spf=fail rdns=a.rot.com:pass"},
    {"helo_spf_fail", YES, "helo=mail.blau.com spf=denyall rdns=a.rot.com:pass"},
    {"helo_spf_fail", YES, "helo=mail.blau.com spf=fail rdns=mail.blau.com:fail"},
    {"helo_spf_fail", NO, "helo=mail.blau.com spf=fail rdns=mail.blau.com:temp"},
    {"helo_spf_fail", NO, "helo=mail.blau.com spf=fail rdns=temperror"},
    {"helo_spf_fail", NO, "helo=mail.blau.com spf=temperror rdns=none"},
    {"helo_spf_fail", NO, "helo=mail.blau.com spf=softfail"},
    {"sender_spf", YES, "helo=mail.blau.com spf=fail rdns=a.rot.com:pass sender="},
    {"sender_spf", YES, "helo=mail.blau.com spf=denyall rdns=a.rot.com:pass sender= client=2a00:1::1"},
    {"sender_spf", NO, "helo=mail.blau.com spf=fail rdns=a.rot.com:pass sender=x@blau.com"},
    {"sender_spf", NO, "helo=mail.blau.com spf=temperror rdns=a.rot.com:pass sender="},
    {"sender_spf", NO, "helo=mail.blau.com spf=softfail rdns=a.rot.com:pass sender="},
    {"helo_spf_deny_all", YES, "helo=mail.blau.com spf=denyall rdns=a.rot.com:pass"},
    {"helo_spf_deny_all", YES, "helo=mail.blau.com spf=denyall rdns=a.rot.com:pass client=2a00:1::1"},
    {"helo_spf_deny_all", NO, "helo=mail.blau.com spf=fail"},
    {"helo_spf_deny_all", NO, "helo=mail.blau.com spf=pass"},
    {"helo_spf_softfail", YES, "helo=mail.blau.com spf=softfail rdns=a.rot.com:pass"},
    {"helo_spf_softfail", YES, "helo=mail.blau.com spf=softfail rdns=a.rot.com:pass client=2a00:1::1"},
    {"helo_spf_softfail", NO, "helo=mail.blau.com spf=fail"},
    {"helo_spf_softfail", NO, "helo=mail.blau.com spf=temperror"},
    {"helo_spf_permerror", YES, "helo=mail.blau.com spf=permerror rdns=a.rot.com:pass"},
    {"helo_spf_permerror", YES, "helo=mail.blau.com spf=permerror rdns=a.rot.com:pass client=2a00:1::1"},
    {"helo_spf_permerror", NO, "helo=mail.blau.com spf=temperror"},
    {"helo_spf_permerror", NO, "helo=mail.blau.com"},
    {"helo_spf_none", YES, "helo=mail.blau.com spf=none rdns=a.rot.com:pass"},
    {"helo_spf_none", YES, "helo=mail.blau.com spf=none rdns=a.rot.com:pass client=2a00:1::1"},
    {"helo_spf_none", NO, "helo=[25.1.2.3] spf=none"},
    {"helo_spf_none", NO, "helo=mail.blau.com"},

    /* behaviour */
    {"greeting_helo", YES, "helo=mail.blau.com proto=SMTP"},
    {"greeting_helo", YES, "helo=mail proto=SMTP client=2a00:1::1"},
    {"greeting_helo", NO, "helo=mail.blau.com proto=ESMTP"},
    {"greeting_helo", NO, "helo=mail.blau.com proto="},
    {"greeting_no_host", YES, "helo=mail proto=SMTP"},
    {"greeting_no_host", YES, "helo=25.1.2.3 proto=SMTP"},
    {"greeting_no_host", YES, "helo=localhost.localdomain proto=SMTP"},
    {"greeting_no_host", YES, "helo=blau.com proto=SMTP rdns=none"},
    {"greeting_no_host", YES, "helo=blau.com proto=SMTP rdns=a.rot.com:pass client=2a00:1::1"},
    {"greeting_no_host", YES, "helo=dsl-7.rot.com naming=dynamic proto=SMTP"},
    {"greeting_no_host", NO, "helo=blau.com proto=SMTP rdns=mail.blau.com:pass"},
    {"greeting_no_host", NO, "helo=blau.com proto=SMTP rdns=temperror"},
    {"greeting_no_host", NO, "helo=blau.com proto=SMTP rdns=a.rot.com:pass partial"},
    {"greeting_no_host", NO, "helo=mail.blau.com proto=SMTP rdns=none"},
    {"greeting_no_host", NO, "helo=[25.1.2.3] proto=SMTP"},
    {"greeting_no_host", NO, "helo= proto=SMTP"},
    {"greeting_no_host", NO, "helo=mail proto=ESMTP"},
    {"greeting_no_host", NO, "helo=mail proto="},
    {"greeting_plaintext", YES, "helo=mail.blau.com starttls=yes"},
    {"greeting_plaintext", YES, "helo=mail.blau.com starttls=yes state=MAIL"},
    {"greeting_plaintext", NO, "helo=mail.blau.com starttls=yes encrypted"},
    {"greeting_plaintext", NO, "helo=mail.blau.com starttls=no"},
    {"greeting_plaintext", NO, "helo=mail.blau.com starttls=yes state=HELO"},
    {"greeting_plaintext", OPEN, "helo=mail.blau.com starttls=open"},
    {"helo_churn", YES, "helo=mail.blau.com history=domains:8 rdns=none addr=nxdomain spf=none"},
    {"helo_churn", YES, "helo=mail.blau.com history=domains:99 client=2a00:1::1 rdns=none addr=nxdomain spf=none"},
    {"helo_churn", NO, "helo=mail.blau.com history=domains:7 rdns=none addr=nxdomain spf=none"},
    {"helo_churn", NO, "helo=mail.blau.com history=down rdns=none addr=nxdomain spf=none"},
    {"helo_churn", YES, "helo=mail.blau.com history=domains:8 rdns=a.rot.com:pass addr=26.1.1.1 spf=none"},
    {"helo_churn", NO, "helo=mail.blau.com history=domains:8 rdns=a.rot.com:pass addr=26.1.1.1 spf=pass"},
    {"helo_churn", NO, "helo=mail.blau.com history=domains:8 rdns=a.rot.com:pass addr=26.1.1.1 spf=temperror"},
    {"helo_churn", NO, "helo=mail.blau.com history=domains:8 rdns=a.rot.com:pass addr=26.1.1.1"},
    {"helo_churn", NO, "helo=mail.blau.com history=domains:8 rdns=a.blau.com:fail addr=26.1.1.1 spf=none"},
    {"helo_churn", NO, "helo=mail.blau.com history=domains:8 rdns=none addr=25.1.2.3 spf=none"},
    {"helo_churn", NO, "helo=mail.blau.com history=domains:8 rdns=none addr=25.1.2.9 spf=none"},
    {"helo_churn", NO, "helo=mail.blau.com history=domains:8 rdns=temperror addr=nxdomain spf=none"},
    {"helo_churn", NO, "helo=mail.blau.com history=domains:8 rdns=none addr=temperror spf=none"},
    {"helo_churn", NO, "helo=[25.1.2.3] history=domains:8 rdns=none"},
    {"helo_churn", NO, "helo=mail.blau.com rdns=none addr=nxdomain spf=none"},
    {"helo_shared", YES, "helo=mail.blau.com history=networks:20 rdns=none addr=nxdomain spf=none"},
    {"helo_shared", YES, "helo=mail history=networks:500 client=2a00:1::1"},
    {"helo_shared", NO, "helo=mail.blau.com history=networks:19 rdns=none addr=nxdomain spf=none"},
    {"helo_shared", NO, "helo=mail.blau.com history=down rdns=none addr=nxdomain spf=none"},
    {"helo_shared", OPEN, "helo=localhost history=namedown"},
    {"helo_shared", YES, "helo=localhost history=clientdown,networks:20"},
    {"helo_shared", NO, "helo=mail.blau.com history=networks:20 rdns=mail.blau.com:pass"},
    {"helo_shared", NO, "helo=mail.blau.com history=networks:20 rdns=none addr=25.1.2.3"},
    {"helo_shared", NO, "helo=mail.blau.com history=networks:20"},
    {"helo_changed", NO, "helo=mail.blau.com history=other rdns=none addr=25.1.2.3"},
    {"helo_changed", YES, "helo=mail.blau.com history=other rdns=none addr=nxdomain spf=none"},
    {"helo_changed", YES, "helo=mail.blau.com history=other,good:9 client=2a00:1::1 rdns=none addr=nxdomain spf=none"},
    {"helo_changed", NO, "helo=mail.blau.com history=good:9 rdns=none addr=nxdomain spf=none"},
    {"helo_changed", NO, "helo=mail.blau.com history=down rdns=none addr=nxdomain spf=none"},
    {"helo_persistent_misfit", YES, "helo=localhost history=misfits:5,misfitdays:3"},
    {"helo_persistent_misfit", YES,
     "helo=mail.blau.com addr=26.1.1.1 rdns=a.rot.com:pass spf=none history=misfits:9,misfitdays:4"},
    {"helo_persistent_misfit", NO, "helo=localhost history=misfits:4,misfitdays:3"},
    {"helo_persistent_misfit", NO, "helo=localhost history=misfits:10,misfitdays:2"},
    {"helo_persistent_misfit", NO, "helo=mail.blau.com addr=25.1.2.3 history=misfits:9,misfitdays:4"},
    {"helo_persistent_misfit", OPEN, "helo=localhost history=down"},
    {"helo_persistent_misfit", OPEN, "helo=localhost history=clientdown,misfits:5,misfitdays:3"},
    {"helo_persistent_misfit", YES, "helo=localhost history=namedown,misfits:5,misfitdays:3"},
    {"identity_known", YES, "helo=mail.blau.com history=good:5,days:3"},
    {"identity_known", YES, "helo=mail.blau.com history=good:50,days:30 client=2a00:1::1"},
    {"identity_known", NO, "helo=mail.blau.com history=good:50,days:2"},
    {"identity_known", NO, "helo=mail.blau.com history=good:4,days:30"},
    {"identity_known", NO, "helo=mail.blau.com history=down"},
    {"identity_known", NO, "helo=mail history=good:50,days:30"},
    {"sender_other_domain", YES, "helo=mail.blau.com rdns=a.rot.com sender=x@gelb.com"},
    {"sender_other_domain", YES, "helo=mail.blau.com rdns=a.rot.com:pass sender=x@gelb.com client=2a00:1::1"},
    {"sender_other_domain", NO, "helo=mail.blau.com rdns=a.blau.com sender=x@gelb.com"},
    {"sender_other_domain", NO, "helo=mail.blau.com rdns=a.rot.com sender=x@rot.com"},
    {"sender_other_domain", NO, "helo=mail.blau.com rdns=a.rot.com"},
    {"sender_other_domain", NO, "helo=mail.blau.com rdns=temperror sender=x@gelb.com"},
    {"sender_other_domain", YES, "helo=mail.blau.com rdns=none sender=x@gelb.com"},
    {"sender_is_helo", YES, "helo=blau.com sender=info@blau.com"},
    {"sender_is_helo", YES, "helo=srv7.blau.com sender=root@srv7.blau.com"},
    {"sender_is_helo", NO, "helo=mail.blau.com sender=info@blau.com"},
    {"sender_is_helo", NO, "helo=blau.com sender="},
    {"sender_other_provider", YES, "helo=mail.blau.com rdns=a.blau.com:pass sender=x@gross.de senderprovider=gross.de"},
    {"sender_other_provider", YES, "helo=mail rdns=none sender=x@gross.com senderprovider=gross.com client=2a00:1::1"},
    {"sender_other_provider", NO, "helo=m1.gross.com rdns=none sender=x@gross.com senderprovider=gross.com"},
    {"sender_other_provider", NO, "helo=a.rot.com rdns=m1.gross.com sender=x@gross.com senderprovider=gross.com"},
    {"sender_other_provider", NO, "helo=m.klein.com provider=klein.com rdns=none senderprovider=gross.com"},
    {"sender_other_provider", NO, "helo=mail.blau.com rdns=temperror sender=x@gross.com senderprovider=gross.com"},
    {"sender_other_provider", NO, "helo=mail.blau.com rdns=none sender=x@gelb.com"},
    {"one_organisation", NO, "helo=pc.rot.com rdns=dsl-7.rot.com:pass/dynamic sender=x@rot.com"},
    {"one_organisation", YES, "helo=mail.blau.com rdns=a.blau.com:pass sender=x@blau.com"},
    {"one_organisation", YES, "helo=mail.blau.com rdns=mail.blau.com:pass sender=x@news.blau.com client=2a00:1::1"},
    {"one_organisation", NO, "helo=mail.blau.com rdns=a.blau.com:fail sender=x@blau.com"},
    {"one_organisation", NO, "helo=mail.blau.com rdns=a.blau.com:pass sender=x@gelb.com"},
    {"one_organisation", NO, "helo=mail.blau.com rdns=a.blau.com:pass"},
};
enum { CASES = sizeof(cases) / sizeof(cases[0]) };

static void case_table(void **state)
{
    struct region *r = region_new(1 << 20);
    unsigned wrong = 0;

    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        int rule = rules_find(cases[i].rule, strlen(cases[i].rule));
        const struct evidence *e;
        bool hit;

        region_reset(r);
        if (rule < 0) {
            print_error("no rule %s\n", cases[i].rule);
            wrong++;
            continue;
        }
        e = builder_evidence(cases[i].line, r);
        hit = rules[rule]->test(e) == YES;
        if (hit == (cases[i].hit == YES) && (!hit || !rules[rule]->detail || rules[rule]->detail(e, r)))
            continue;
        print_error("%s %s: %s\n", cases[i].rule, hit ? "hits" : "does not hit", cases[i].line);
        wrong++;
    }
    region_free(r);
    assert_int_equal(wrong, 0);
}

static const struct {
    const char *identity, *line;
} identities[] = {
    {"verified", "helo=mail.blau.com addr=25.1.2.3"},
    {"verified", "helo=mail.blau.com rdns=mail.blau.com:pass"},
    {"verified", "helo=mail.blau.com addr=26.1.1.1 rdns=none spf=pass"},
    {"aligned", "helo=pool.blau.com addr=26.1.1.1 rdns=o1.blau.com:pass spf=none"},
    {"aligned", "helo=pool.blau.com rdns=o1.blau.com:pass"}, /* it may yet turn out verified */
    {"named", "helo=mail.blau.com addr=26.1.1.1 rdns=mail.rot.com:pass spf=none"},
    {"named", "helo=localhost rdns=mail.rot.com:pass"},
    {"nothing", "helo=mail.blau.com addr=26.1.1.1 rdns=none spf=none"},
    {"nothing", "helo=mail.blau.com addr=26.1.1.1 rdns=none spf=passall"},
    {"nothing", "helo=mail.blau.com addr=nxdomain rdns=dsl-7.rot.com:pass/dynamic spf=none"},
    {"nothing", "helo=mail.blau.com addr=nxdomain rdns=mail.rot.com:fail spf=none"},
    {"nothing", "helo=localhost rdns=none"},
    {"open", "helo=mail.blau.com addr=26.1.1.1 rdns=none spf=temperror"},
    {"open", "helo=mail.blau.com addr=26.1.1.1 rdns=temperror spf=none"},
    {"open", "helo=mail.blau.com addr=temperror rdns=none spf=none"},
    {"open", "helo=mail.blau.com"},
};

static void identity_table(void **state)
{
    unsigned wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(identities) / sizeof(identities[0]); i++) {
        const char *name = identity_name(builder_evidence(identities[i].line, region));

        if (strcmp(name, identities[i].identity) == 0)
            continue;
        print_error("%s: %s\n", identities[i].line, name);
        wrong++;
    }
    assert_int_equal(wrong, 0);
}

static void every_rule_has_cases(void **state)
{
    unsigned wrong = 0;

    (void)state;
    for (size_t rule = 0; rule < rules_count; rule++) {
        unsigned count[YES + 1] = {0};

        for (size_t i = 0; i < CASES; i++)
            if (strcmp(cases[i].rule, rules[rule]->name) == 0)
                count[cases[i].hit]++;
        if (count[YES] > 0 && count[NO] > 0 && count[YES] + count[NO] >= 4)
            continue;
        print_error("%s has %u cases that hit and %u that do not\n", rules[rule]->name, count[YES], count[NO]);
        wrong++;
    }
    assert_int_equal(wrong, 0);
}

static bool good_name(const char *name)
{
    return name[0] && name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

static bool printable(const char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s < ' ' || (unsigned char)*s > '~')
            return false;
    return true;
}

/* What is wrong with a row, or NULL. */
static const char *row_fault(const struct rule *rule)
{
    if (!good_name(rule->name) || !rule->summary[0] || !rule->test || !rule->advice[0])
        return "not complete";
    if (!printable(rule->advice) || strlen(rule->advice) > 240)
        return "advice that fits no reply";
    if (rule->points > 1000 || rule->points < -100 || rule->adds > 100)
        return "points out of range";
    if (rule->code / 100 != rule->enhanced[0] - '0' || (rule->code >= 500) != (rule->enhanced[0] == '5'))
        return "codes of two classes";
    if (strncmp(rule->enhanced + 1, ".1.", 3) == 0)
        return "an X.1.x code, which Postfix rewrites";
    if (rule->certain && rule->points < 100)
        return "certain and yet no rejection";
    if (rule->certain && rule->needs)
        return "certain by evidence that may fail";
    return NULL;
}

static void rows_are_whole(void **state)
{
    unsigned wrong = 0;

    (void)state;
    for (size_t i = 0; i < rules_count; i++) {
        const char *fault = row_fault(rules[i]);

        if (rules_find(rules[i]->name, strlen(rules[i]->name)) != (int)i)
            fault = "a name that is there twice";
        if (i > 0 && rules[i]->family < rules[i - 1]->family)
            fault = "not in its family's place";
        if (!fault)
            continue;
        print_error("%s: %s\n", rules[i]->name, fault);
        wrong++;
    }
    assert_int_equal(wrong, 0);
    assert_int_equal(rules_find("helo", 4), -1);
    assert_int_equal(rules_find("", 0), -1);
}

/* What is implied is of the same sign, and no two rules imply each other. */
static void implications(void **state)
{
    unsigned wrong = 0;

    (void)state;
    for (size_t i = 0; i < rules_count; i++) {
        EACH_RULE (other, &rules[i]->implies) {
            if (other < rules_count && other != i && (rules[other]->points < 0) == (rules[i]->points < 0) &&
                !rules_implies((int)other, (int)i) && rules_implies((int)i, (int)other))
                continue;
            print_error("%s implies %s\n", rules[i]->name, other < rules_count ? rules[other]->name : "nothing");
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
    assert_true(rules_implies(rules_find("helo_verified", 13), rules_find("helo_same_network", 17)));
    assert_false(rules_implies(rules_find("helo_same_network", 17), rules_find("helo_verified", 13)));
}

static void families_are_whole(void **state)
{
    (void)state;
    for (int i = 0; i < FAMILY_COUNT; i++) {
        assert_true(good_name(families[i].name));
        assert_true(families[i].summary[0] && families[i].cap > 0 && families[i].cap <= families[i].cap_limit);
    }
    /* RFC 5321 4.1.4: a mismatch of name and address alone is no rejection. */
    assert_true(families[FAMILY_ALIGNMENT].cap_limit < 100);
    assert_true(families[FAMILY_LITERAL].cap_limit < 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(case_table),     cmocka_unit_test(identity_table), cmocka_unit_test(every_rule_has_cases),
        cmocka_unit_test(rows_are_whole), cmocka_unit_test(implications),   cmocka_unit_test(families_are_whole),
    };
    return cmocka_run_group_tests_name("rules", tests, builder_start, builder_stop);
}
