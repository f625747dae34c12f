/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * name_naming(): one row per case, against a public suffix list of our own and the built-in tokens.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "names.h"
#include "names_group.h"

enum {
    ADDRESS = NAMING_ADDRESS,
    FOREIGN = NAMING_FOREIGN,
    DYNAMIC = NAMING_DYNAMIC,
    GENERIC = NAMING_GENERIC,
    SERVER = NAMING_SERVER,
    RANDOM = NAMING_RANDOM,
    BULK = NAMING_BULK,
    LONG = NAMING_LONG,
    MAIL_ROLE = NAMING_MAIL_ROLE,
    STOCK = NAMING_STOCK,
    PARTIAL = NAMING_PARTIAL,
    FIXED = NAMING_FIXED,
    MASS = NAMING_MASS,
};

static const struct {
    const char *name;
    const char *client; /* "": not known */
    unsigned flags;
} cases[] = {
    /* the client's address, four octets */
    {"host-203-0-113-9.company.net", "203.0.113.9", ADDRESS | GENERIC},
    {"203-0-113-9.company.net", "203.0.113.9", ADDRESS},
    {"203.0.113.9.company.net", "203.0.113.9", ADDRESS},
    {"203_0_113_9.company.net", "203.0.113.9", ADDRESS},
    {"203x0x113x9.company.jp", "203.0.113.9", ADDRESS},
    {"9-113-0-203.company.net", "203.0.113.9", ADDRESS},
    {"9.113.0.203.company.net", "203.0.113.9", ADDRESS},
    {"113.9.203.0.company.net", "203.0.113.9", ADDRESS},
    {"host9.113.0.203.company.net", "203.0.113.9", ADDRESS | GENERIC},
    {"h9.s203-0-113.company.net", "203.0.113.9", ADDRESS},
    {"203-000-113-009.company.net", "203.0.113.9", ADDRESS},
    {"ppp-9.0-203-113.company.net", "203.0.113.9", ADDRESS | DYNAMIC},
    {"s9.n113.n0.n203.company.net", "203.0.113.9", ADDRESS},
    {"dynamic-198-051-100-007.198.51.pool.company.de", "198.51.100.7", ADDRESS | DYNAMIC},

    /* three */
    {"p-0-113-9.company.net", "203.0.113.9", ADDRESS},
    {"sw51-100-7.adsl.company.net", "198.51.100.7", ADDRESS | DYNAMIC},
    {"7.red-198-51-100.company.net", "198.51.100.7", ADDRESS | DYNAMIC},
    {"100.51.198-rdns.company.net", "198.51.100.7", ADDRESS | GENERIC},
    {"203-0-113.company.net", "203.0.113.9", ADDRESS},

    /* two */
    {"m12-18.company.cn", "10.1.12.18", PARTIAL},
    {"m18-12.company.cn", "10.1.12.18", PARTIAL},
    {"smtp153-141.company.cn", "10.1.153.141", SERVER | MAIL_ROLE | PARTIAL},
    {"h191x43.company.jp", "10.1.191.43", PARTIAL},
    {"dsl-175-112.company.com", "10.1.175.112", DYNAMIC | PARTIAL},
    {"h1-2.company.com", "9.9.1.2", 0},
    {"h11-2.company.com", "9.9.11.2", PARTIAL},
    {"net-203-0.company.com", "203.0.113.9", GENERIC},
    {"net-203-45.company.com", "203.45.113.9", GENERIC | PARTIAL},
    {"net-203-118.company.com", "203.118.7.9", GENERIC | PARTIAL},
    {"n17-42.company.com", "203.0.113.9", 0},

    /* hexadecimal */
    {"cb007109.company.net", "203.0.113.9", ADDRESS},
    {"0xcb007109.company.net", "203.0.113.9", ADDRESS},
    {"CB007109.company.net", "203.0.113.9", ADDRESS},
    {"097100cb.company.net", "203.0.113.9", ADDRESS},
    {"pcb007109.dip0.company.de", "203.0.113.9", ADDRESS | DYNAMIC},
    {"c-cb-00-71-09.company.net", "203.0.113.9", ADDRESS},
    {"cb.00.71.09.company.net", "203.0.113.9", ADDRESS},
    {"cb007108.company.net", "203.0.113.9", 0},
    {"deadbeef.company.net", "203.0.113.9", 0},
    {"a1b2c3d4e5f6.company.net", "203.0.113.9", 0},
    {"vps-1abc2047.company.net", "192.0.2.7", GENERIC},

    /* in one piece */
    {"203011309.company.net", "203.0.113.9", GENERIC},
    {"host20301139.company.net", "203.0.113.9", ADDRESS | GENERIC | STOCK},
    {"203000113009.company.net", "203.0.113.9", ADDRESS},
    {"h009113000203.company.net", "203.0.113.9", ADDRESS},
    {"3405803785.company.net", "203.0.113.9", ADDRESS},
    {"3405803785.company.net", "203.0.113.8", GENERIC},
    {"1234.company.net", "1.2.3.4", 0},
    {"12345678.company.net", "203.0.113.9", GENERIC},

    /* right of the registrable domain's dot is the owner's business */
    {"mail.203-0-113-9.com", "203.0.113.9", SERVER | MAIL_ROLE},
    {"203-0-113-9.com", "203.0.113.9", 0},
    {"mail.cb007109.net", "203.0.113.9", SERVER | MAIL_ROLE},

    /* IPv6 */
    {"2001-db8-0-0-a5b4-c3d2-e1f0-1.company.net", "2001:db8::a5b4:c3d2:e1f0:1", ADDRESS},
    {"2001-db8--a5b4-c3d2-e1f0-1.company.net", "2001:db8::a5b4:c3d2:e1f0:1", ADDRESS},
    {"2001-0db8-0000-0000-a5b4-c3d2-e1f0-0001.company.net", "2001:db8::a5b4:c3d2:e1f0:1", ADDRESS},
    {"a5b4-c3d2.pool6.company.net", "2001:db8::a5b4:c3d2:e1f0:1", ADDRESS | DYNAMIC},
    {"e1f0-c3d2-a5b4.company.net", "2001:db8::a5b4:c3d2:e1f0:1", ADDRESS},
    {"h20010db800000000a5b4c3d2e1f00001.company.net", "2001:db8::a5b4:c3d2:e1f0:1", ADDRESS},
    {"a5b4c3d2e1f00001.company.net", "2001:db8::a5b4:c3d2:e1f0:1", ADDRESS},
    {"1.0.0.0.0.f.1.e.2.d.3.c.4.b.5.a.company.net", "2001:db8::a5b4:c3d2:e1f0:1", ADDRESS},
    {"a.5.b.4.c.3.d.2.e.1.f.0.company.net", "2001:db8::a5b4:c3d2:e1f0:1", ADDRESS},
    {"2001-db8--1.company.net", "2001:db8::1", ADDRESS},
    {"mail-1.company.net", "2001:db8::1", SERVER | MAIL_ROLE},
    {"mx1.company.net", "2001:db8:0:1::1", SERVER | MAIL_ROLE},
    {"0-0-0-0.company.net", "2001:db8::1", 0},
    {"node-1-0-0.company.net", "2001:db8::1", 0},
    {"203-0-113-9.company.net", "2001:db8::1", FOREIGN},
    {"a5b4.company.net", "2001:db8::a5b4:c3d2:e1f0:1", 0},
    {"b5a4-c3d2.company.net", "2001:db8::a5b4:c3d2:e1f0:1", 0},

    /* mapped is IPv4 */
    {"203-0-113-9.company.net", "::ffff:203.0.113.9", ADDRESS},
    {"cb007109.company.net", "::ffff:203.0.113.9", ADDRESS},

    /* another address */
    {"host-198-51-100-7.company.net", "203.0.113.9", FOREIGN | GENERIC},
    {"198-51-100-7.company.net", "203.0.113.9", FOREIGN},
    {"198x51x100x7.company.jp", "203.0.113.9", FOREIGN},
    {"7-100-51-198.company.net", "203.0.113.9", FOREIGN},
    {"ec2-198-51-100-7.compute.company.com", "203.0.113.9", FOREIGN | GENERIC},
    {"ec2-198-51-100-7.compute.company.com", "198.51.100.7", ADDRESS | GENERIC},
    {"s3-198.51.100.7.company.com", "203.0.113.9", FOREIGN},
    {"h2x198x51x100x7.company.jp", "203.0.113.9", FOREIGN},
    {"198-51-100-7.company.net", "", 0},
    {"198-51-100-7-3.company.net", "203.0.113.9", 0},
    {"198-51-100-300.company.net", "203.0.113.9", 0},
    {"mx07-005a3e01.company.com", "203.0.113.9", SERVER | MAIL_ROLE},
    {"v1.2.3.company.com", "203.0.113.9", 0},
    {"0-51-100-7.company.com", "203.0.113.9", 0},

    /* access lines */
    {"adsl-34.company.net", "", DYNAMIC},
    {"dsl34.company.net", "", DYNAMIC},
    {"34.adsl.company.net", "", DYNAMIC},
    {"adsl.company.net", "", 0},
    {"dhcp.company.net", "", 0},
    {"dhcp-17.company.net", "", DYNAMIC},
    {"ppp7.company.net", "", DYNAMIC},
    {"pppoe-203-0-113-9.company.net", "203.0.113.9", ADDRESS | DYNAMIC},
    {"pool-203-0-113-9.company.net", "203.0.113.9", ADDRESS | DYNAMIC},
    {"cpe-203-0-113-9.res.company.com", "203.0.113.9", ADDRESS | DYNAMIC},
    {"dyndsl-7.company.net", "", DYNAMIC},
    {"adslpool12.company.net", "", DYNAMIC},
    {"dialup-12.company.net", "", DYNAMIC},
    {"dinamic-12.company.net", "", DYNAMIC},
    {"kabel-12.company.de", "", DYNAMIC},
    {"catv-12.company.net", "", DYNAMIC},
    {"gprs12.company.net", "", DYNAMIC},
    {"bb-203-0-113-9.company.net", "203.0.113.9", ADDRESS | DYNAMIC},
    {"bb12.company.net", "", 0},
    {"home12.company.net", "", 0},
    {"edge05.company.com", "", SERVER | MAIL_ROLE},
    {"cm22.company.net", "", 0},
    {"adslx-34.company.net", "", 0},
    {"padsl-34.company.net", "", 0},
    {"adsl-x-34.company.net", "", 0},
    {"adsl-x-y-34.company.net", "", 0},

    /* customers of a provider */
    {"vps43117.company.com", "", GENERIC | STOCK},
    {"hwsrv-117044.company.com", "", GENERIC | STOCK},
    {"customer-4711.company.com", "", GENERIC},
    {"client-203-0-113-9.company.com", "203.0.113.9", ADDRESS | GENERIC},
    {"clients.company.com", "", 0},
    {"user7.company.com", "", 0},
    {"cloudserver077001.company.com", "", GENERIC},
    {"web10044.mail.company.com", "", GENERIC | SERVER},
    {"ip-203-0-113-9.company.com", "203.0.113.9", ADDRESS | GENERIC},
    {"48213.company.com", "", GENERIC},
    {"48213-7.company.com", "", GENERIC},
    {"163.company.com", "", 0},
    {"48213a.company.com", "", 0},
    {"mail.48213.company.com", "", SERVER | MAIL_ROLE},
    {"48213", "", 0},

    /* what cancels */
    {"static-203-0-113-9.company.net", "203.0.113.9", ADDRESS | SERVER | FIXED},
    {"static.203.0.113.9.company-net.com", "203.0.113.9", ADDRESS | SERVER | FIXED},
    {"203-0-113-9.dedicated.company.net", "203.0.113.9", ADDRESS | SERVER | FIXED},
    {"customer-203-0-113-9.fixed.company.net", "203.0.113.9", ADDRESS | GENERIC | SERVER | FIXED},
    {"static-203-0-113-9.mail.company.net", "203.0.113.9", ADDRESS | SERVER},
    {"ns1-203-0-113-9.static.company.net", "203.0.113.9", ADDRESS | SERVER},
    {"host7-100-static.51-198-b.business.company.it", "198.51.100.7", ADDRESS | GENERIC | SERVER | FIXED},
    {"mail.dyn-12.company.net", "", DYNAMIC | SERVER},
    {"smtp2bb.company.net", "", SERVER | MAIL_ROLE},
    {"out203-0-113-9.mail.company.cn", "203.0.113.9", ADDRESS | SERVER},
    {"staticrdns-12.company.net", "", SERVER | FIXED},

    /* mail roles */
    {"mail.company.com", "", SERVER | MAIL_ROLE},
    {"mail7.company.com", "", SERVER | MAIL_ROLE},
    {"mx.company.com", "", SERVER | MAIL_ROLE},
    {"mx1.eu.company.com", "", SERVER | MAIL_ROLE},
    {"smtp-out-3.company.com", "", SERVER | MAIL_ROLE},
    {"mailrelay.company.com", "", SERVER | MAIL_ROLE},
    {"smtpout02.company.com", "", SERVER | MAIL_ROLE},
    {"mail-ed1-f49.company.com", "", SERVER | MAIL_ROLE},
    {"mta.company.com", "", SERVER | MAIL_ROLE},
    {"relay-7.company.com", "", SERVER | MAIL_ROLE},
    {"out.company.com", "", SERVER | MAIL_ROLE},
    {"correo.company.com", "", SERVER | MAIL_ROLE},
    {"poczta.company.com", "", SERVER | MAIL_ROLE},
    {"a27-57.smtp-out.us-west-2.company.com", "10.1.27.57", SERVER | PARTIAL},
    {"www.mail.company.com", "", SERVER},
    {"mail", "", SERVER},
    {"company.com", "", 0},
    {"mailman.company.com", "", SERVER | MAIL_ROLE},
    {"gmail.company.com", "", 0},

    /* advertising */
    {"bulk-mailer-01.company.com", "", SERVER | MASS},
    {"spam-cannon.company.com", "", MASS},
    {"promo.company.com", "", MASS},
    {"newsletter7.company.com", "", MASS},
    {"mta3.marketing.company.com", "", SERVER | MASS},
    {"massmailing.company.com", "", MASS},
    {"bulkmail.company.com", "", MASS},
    {"rassylka2.company.com", "", MASS},
    {"spam01.company.com", "", 0}, /* filters are called so, too */
    {"spamfilter.company.com", "", SERVER | MAIL_ROLE},
    {"bulky.company.com", "", 0},
    {"mail.bulk.com", "", SERVER | MAIL_ROLE},

    /* "static" beside any address makes a default name */
    {"static-113-9.company.com", "203.0.113.9", PARTIAL | GENERIC | SERVER | FIXED},
    {"static-4-9.company.com", "203.0.113.9", SERVER | FIXED},
    /* stock names */
    {"server.company.com", "", STOCK},
    {"server1.company.com", "", STOCK},
    {"host.company.com", "", STOCK},
    {"vps3.company.com", "", STOCK},
    {"web170.company.com", "", STOCK}, /* the hosting company's own machine, not a customer's */
    {"server-999.company.com", "", STOCK},
    {"web1704.company.com", "", GENERIC | STOCK},
    {"web170.eu.company.com", "", GENERIC},
    {"cpanel.company.com", "", STOCK},
    {"plesk.company.com", "", STOCK},
    {"srv01.company.com", "", STOCK},
    {"server.eu.company.com", "", 0},
    {"server-eu.company.com", "", 0},
    {"myserver.company.com", "", 0},
    {"mail.server.com", "", SERVER | MAIL_ROLE},
    {"server.co.uk", "", 0},
    {"server", "", 0},
    {"mail0.company.com", "", SERVER | STOCK},
    {"slot0.company.com", "", STOCK},
    {"mta-0.company.com", "", SERVER | STOCK},
    {"mail1.company.com", "", SERVER | MAIL_ROLE},
    {"mail00.company.com", "", SERVER | MAIL_ROLE},
    {"mail10.company.com", "", SERVER | MAIL_ROLE},
    {"m0.company.com", "", 0},
    {"mail0.eu.company.com", "", SERVER | MAIL_ROLE},
    {"out-mail0.company.com", "", SERVER | MAIL_ROLE},
    {"mail0a.company.com", "", SERVER | MAIL_ROLE},
    {"0mail.company.com", "", SERVER | MAIL_ROLE},
    {"slot0", "", 0},

    /* throw-away */
    {"mail.company.icu", "", SERVER | BULK | MAIL_ROLE},
    {"mail.company.online", "", SERVER | BULK | MAIL_ROLE},
    {"company.online", "", BULK},
    {"online.company.com", "", 0},
    {"mail.online.com", "", SERVER | MAIL_ROLE},
    {"mail.thebestdealsoftheyear.com", "", SERVER | LONG | MAIL_ROLE},
    {"mail.seventeenletters.com", "", SERVER | MAIL_ROLE},

    /* random */
    {"ofcxgdqm.company.com", "", RANDOM},
    {"wqvxzkqh.company.com", "", RANDOM},
    {"xqtjwr.com", "", RANDOM},
    {"xqtjw.company.com", "", 0},
    {"mail.xqtjwrkz.net", "", SERVER | RANDOM | MAIL_ROLE},
    {"administrator.company.com", "", 0},
    {"internationalization.company.com", "", 0},
    {"strasse.company.de", "", 0},
    {"schlumpf.company.de", "", 0},
    {"szczecin.company.de", "", 0},
    {"kubernetes-node.company.com", "", 0},
    {"xn--mller-kva.de", "", 0},
    {"tsukuyomi.company.jp", "", 0},

    /* the false positives that others ran into */
    {"out198-51-100-7.mail.qq.com", "198.51.100.7", ADDRESS | SERVER},
    {"out203-0-113-9.mail.qq.com", "203.0.113.9", ADDRESS | SERVER},
    {"dyni.net", "", 0},
    {"mail.dyni.net", "", SERVER | MAIL_ROLE},
    {"mx1.dyni.net", "", SERVER | MAIL_ROLE},
    {"mail.company.online", "", SERVER | BULK | MAIL_ROLE},
    {"mail4.company.online", "", SERVER | BULK | MAIL_ROLE},
    {"vps-12ab34cd.vps.ovh.net", "192.0.2.7", 0},
    {"vps1.company.com", "", STOCK},
    {"mail.dsl7.com", "", SERVER | MAIL_ROLE},
    {"smtp.pool24.net", "", SERVER | MAIL_ROLE},
    {"mx.broadband12.co.uk", "", SERVER | MAIL_ROLE},
    {"adsl24.com", "", 0},
    {"static-9.company.net", "203.0.113.9", SERVER | FIXED},
    {"business-203-0-113-9.static.company.net", "203.0.113.9", ADDRESS | SERVER | FIXED},
    {"3e5f7a9b.company.net", "203.0.113.9", 0},
    {"mail-3e5f7a9b.company.net", "203.0.113.9", SERVER | MAIL_ROLE},
    {"eur11-xy1-obe.outbound.protection.outlook.com", "192.0.2.7", SERVER},
    {"mail-xy1eur11hn2001.outbound.protection.outlook.com", "192.0.2.7", SERVER | MAIL_ROLE},
    {"mail-xy1-f123.google.com", "192.0.2.7", SERVER | MAIL_ROLE},
    {"o1.ptr4711.company.net", "192.0.2.7", GENERIC},
    {"a4-14.smtp-out.eu-west-1.company.com", "10.1.4.14", SERVER | PARTIAL},
    {"mx0a-002c3e02.company.com", "192.0.2.7", SERVER | MAIL_ROLE},
    {"esa2.company.iphmx.com", "192.0.2.7", 0},
    {"mta-70-12-34.company.com", "10.9.8.7", SERVER | MAIL_ROLE},

    /* no host names */
    {"[203.0.113.9]", "203.0.113.9", 0},
    {"203.0.113.9", "203.0.113.9", 0},
    {"ma?il.company.com", "", 0},

    /* names nobody owns */
    {"host-192-168-3-84.localdomain", "203.0.113.9", FOREIGN | GENERIC},
    {"adsl-7.home", "", DYNAMIC},
    {"dhcp12", "", DYNAMIC},
    {"203-0-113-9", "203.0.113.9", ADDRESS},
};

static struct naming judge(struct name *name, const char *text, const char *client)
{
    struct address address = {.family = ADDRESS_NONE};

    if (client[0] != '\0')
        assert_true(address_parse(&address, client, strlen(client)));
    name_parse(name, text, strlen(text), data, region);
    return name_naming(name, &address, data, region);
}

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct name name;
        struct naming naming = judge(&name, cases[i].name, cases[i].client);

        if (naming.flags != cases[i].flags)
            fail_msg("'%s' of %s: flags %#x (%s), not %#x", cases[i].name, cases[i].client, naming.flags, naming.detail,
                     cases[i].flags);
        assert_int_equal(naming.detail[0] != '\0', naming.flags != 0);
    }
}

static const struct {
    const char *name, *client, *detail;
} details[] = {
    {"dsl-203-0-113-9.company.net", "203.0.113.9", "address, dsl"},
    {"9-113-0-203.company.net", "203.0.113.9", "address"},
    {"pcb007109.company.net", "203.0.113.9", "hexadecimal address"},
    {"203000113009.company.net", "203.0.113.9", "padded address"},
    {"3405803785.company.net", "203.0.113.9", "address as one number"},
    {"c-0-113-9.company.net", "203.0.113.9", "three octets of the address"},
    {"m113-9.company.net", "203.0.113.9", "two octets of the address"},
    {"a5b4-c3d2.company.net", "2001:db8::a5b4:c3d2:0:1", "hextets of the address"},
    {"a5b4c3d200000001.company.net", "2001:db8::a5b4:c3d2:0:1", "nibbles of the address"},
    {"198-51-100-7.company.net", "203.0.113.9", "another address"},
    {"customer-4711.company.net", "203.0.113.9", "customer"},
    {"company.icu", "203.0.113.9", ".icu"},
    {"company.net", "203.0.113.9", ""},
};

static void test_details(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof details / sizeof details[0]; i++) {
        struct name name;

        assert_string_equal(judge(&name, details[i].name, details[i].client).detail, details[i].detail);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_details),
    };

    return cmocka_run_group_tests_name("naming", tests, names_start, names_stop);
}
