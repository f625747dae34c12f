/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reserved: names that no host on the Internet can have. Pure tables. None of them is in the ICANN section of
 * the public suffix list, unless a registry has reserved it. The first row that matches a name decides.
 *
 * A pattern is matched against a whole label: '#' is a digit, '@' a letter or digit, '%' a hexadecimal digit, '*' at
 * the end anything, any other character itself.
 */
#include <string.h>

#include "name_data.h"

/* The name itself, or any name below. */
static const struct {
    const char *suffix;
    enum name_reserved class;
} suffixes[] = {
    {"localhost", NAME_RESERVED_LOCALHOST},
    {"localhost.localdomain", NAME_RESERVED_LOCALHOST},
    {"localhost4", NAME_RESERVED_LOCALHOST},
    {"localhost4.localdomain4", NAME_RESERVED_LOCALHOST},
    {"localhost6", NAME_RESERVED_LOCALHOST},
    {"localhost6.localdomain6", NAME_RESERVED_LOCALHOST},
    {"ip6-localhost", NAME_RESERVED_LOCALHOST},

    /* IANA special-use domain names. Everything under arpa is infrastructure, whatever its parent. */
    {"alt", NAME_RESERVED_SPECIAL},
    {"arpa", NAME_RESERVED_SPECIAL},
    {"invalid", NAME_RESERVED_SPECIAL},
    {"local", NAME_RESERVED_SPECIAL},
    {"onion", NAME_RESERVED_SPECIAL},
    {"test", NAME_RESERVED_SPECIAL},

    /*
     * Never delegated: ICANN's .internal, RFC 6762 appendix G, and names that installers and routers give their
     * network.
     */
    {"belkin", NAME_RESERVED_PRIVATE},
    {"bogon", NAME_RESERVED_PRIVATE},
    {"corp", NAME_RESERVED_PRIVATE},
    {"cloudapp.internal", NAME_RESERVED_PRIVATE},
    {"docker", NAME_RESERVED_PRIVATE},
    {"dom", NAME_RESERVED_PRIVATE},
    {"domain", NAME_RESERVED_PRIVATE},
    {"gateway", NAME_RESERVED_PRIVATE},
    {"home", NAME_RESERVED_PRIVATE},
    {"intern", NAME_RESERVED_PRIVATE},
    {"internal", NAME_RESERVED_PRIVATE},
    {"intra", NAME_RESERVED_PRIVATE},
    {"intranet", NAME_RESERVED_PRIVATE},
    {"lan", NAME_RESERVED_PRIVATE},
    {"loc", NAME_RESERVED_PRIVATE},
    {"localdomain", NAME_RESERVED_PRIVATE},
    {"localdomain4", NAME_RESERVED_PRIVATE},
    {"localdomain6", NAME_RESERVED_PRIVATE},
    {"localnet", NAME_RESERVED_PRIVATE},
    {"lokal", NAME_RESERVED_PRIVATE},
    {"mail", NAME_RESERVED_PRIVATE},
    {"novalocal", NAME_RESERVED_PRIVATE},
    {"openstacklocal", NAME_RESERVED_PRIVATE},
    {"priv", NAME_RESERVED_PRIVATE},
    {"private", NAME_RESERVED_PRIVATE},
    {"router", NAME_RESERVED_PRIVATE},
    {"server", NAME_RESERVED_PRIVATE},
    {"workgroup", NAME_RESERVED_PRIVATE},

    /* Names from manuals and sample files, copied without change. */
    {"default-fqdn.com", NAME_RESERVED_PLACEHOLDER},
    {"domain.com", NAME_RESERVED_PLACEHOLDER},
    {"domain.net", NAME_RESERVED_PLACEHOLDER},
    {"domain.org", NAME_RESERVED_PLACEHOLDER},
    {"example", NAME_RESERVED_PLACEHOLDER},
    {"example.com", NAME_RESERVED_PLACEHOLDER},
    {"example.net", NAME_RESERVED_PLACEHOLDER},
    {"example.org", NAME_RESERVED_PLACEHOLDER},
    {"my-domain.com", NAME_RESERVED_PLACEHOLDER},
    {"mydomain.com", NAME_RESERVED_PLACEHOLDER},
    {"mydomain.net", NAME_RESERVED_PLACEHOLDER},
    {"mydomain.org", NAME_RESERVED_PLACEHOLDER},
    {"tld", NAME_RESERVED_PLACEHOLDER},
    {"your-domain.com", NAME_RESERVED_PLACEHOLDER},
    {"your-server.com", NAME_RESERVED_PLACEHOLDER},
    {"yourcompany.com", NAME_RESERVED_PLACEHOLDER},
    {"yourdomain.com", NAME_RESERVED_PLACEHOLDER},
    {"yourdomain.net", NAME_RESERVED_PLACEHOLDER},
    {"yourdomain.org", NAME_RESERVED_PLACEHOLDER},
    {"yourdomainname.com", NAME_RESERVED_PLACEHOLDER},
    {"yourhost.com", NAME_RESERVED_PLACEHOLDER},
    {"yourserver.com", NAME_RESERVED_PLACEHOLDER},
};

/* Default names that vendors and installers give a machine. */
static const struct {
    const char *pattern;
    bool leftmost; /* also as the leftmost label of a longer name; otherwise only as the whole name */
} factory[] = {
    {"win-@@@@@@@@@@@", true}, /* Windows Server */
    {"desktop-@@@@@@@", true}, /* Windows 10 and later */
    {"laptop-@@@@@@@@", true},
    {"windows-@@@@@@@", true},
    {"ylmf-pc", true}, /* a widely copied Windows image */
    {"oemcomputer", true},
    {"oem-@@@@@@@@@*", true},
    {"dsldevice", true}, /* modems */
    {"speedtouch", true},
    {"bthomehub", true},
    {"homegateway", true},
    {"wireless_broadband_router", true},
    {"iz@@@@@@@@@@*", false}, /* cloud images */
    {"ip-#*", false},
    {"vm-#*", false},
    {"vps-#*", false},
    {"instance-#*", false},
    {"instance-@@@@@@@@", false},
    {"ubuntu-s-#vcpu*", false},
    {"centos-s-#vcpu*", false},
    {"debian-s-#vcpu*", false},
    {"%%%%%%%%%%%%", false}, /* containers */
    {"pc-20#*", false},
    {"admin", false},
    {"administrator", false},
    {"admin-pc", false},
    {"android", false},
    {"centos", false},
    {"changeme", false},
    {"client", false},
    {"computer", false},
    {"debian", false},
    {"default", false},
    {"domain", false},
    {"email", false},
    {"friend", false},
    {"gateway", false},
    {"home", false},
    {"home-pc", false},
    {"host", false},
    {"hostname", false},
    {"iphone", false},
    {"kali", false},
    {"linux", false},
    {"lenovo-pc", false},
    {"localdomain", false},
    {"mailserver", false},
    {"modem", false},
    {"my-pc", false},
    {"mycomputer", false},
    {"mypc", false},
    {"none", false},
    {"null", false},
    {"openwrt", false},
    {"owner-pc", false},
    {"pc", false},
    {"raspberrypi", false},
    {"router", false},
    {"server", false},
    {"servidor", false},
    {"test", false},
    {"ubuntu", false},
    {"unknown", false},
    {"user", false},
    {"user-pc", false},
    {"windows", false},
    {"workgroup", false},
    {"workstation", false},
    {"www", false},
};

static bool is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

static bool fits(const char *pattern, const char *label, size_t n)
{
    size_t i = 0;

    for (; *pattern != '\0' && *pattern != '*'; pattern++, i++) {
        if (i >= n)
            return false;
        if (*pattern == '#' && !is_one_of(label[i], "0123456789"))
            return false;
        if (*pattern == '%' && !is_one_of(label[i], "0123456789abcdef"))
            return false;
        if (*pattern == '@' && !is_one_of(label[i], "0123456789abcdefghijklmnopqrstuvwxyz"))
            return false;
        if (!is_one_of(*pattern, "#%@") && *pattern != label[i])
            return false;
    }
    return *pattern == '*' || i == n;
}

bool name_under(const char *name, const char *suffix)
{
    size_t n = strlen(name), m = strlen(suffix);

    if (m == 0 || n < m || name[n - m] != suffix[0] || memcmp(name + n - m, suffix, m) != 0)
        return false;
    return n == m || name[n - m - 1] == '.';
}

enum name_reserved name_reserved_class(const char *name, unsigned labels)
{
    size_t first = strcspn(name, ".");

    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++)
        if ((labels > 1 || suffixes[i].class == NAME_RESERVED_LOCALHOST) && name_under(name, suffixes[i].suffix))
            return suffixes[i].class;
    for (size_t i = 0; i < sizeof factory / sizeof factory[0]; i++)
        if ((labels == 1 || factory[i].leftmost) && fits(factory[i].pattern, name, first))
            return NAME_RESERVED_FACTORY;
    return NAME_RESERVED_NONE;
}

bool name_reserved_has_owner(enum name_reserved class)
{
    return class != NAME_RESERVED_LOCALHOST && class != NAME_RESERVED_SPECIAL && class != NAME_RESERVED_PRIVATE;
}
