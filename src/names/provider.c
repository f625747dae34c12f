/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * provider: large mail providers that send only from names of their own, and where those names lie. A greeting with
 * such a name from an address without a reverse name there is a forgery. Only providers whose every outgoing host has
 * a confirmed reverse name belong here; one whose customers greet with its name from elsewhere does not.
 */
#include "name_data.h"

enum { NAMES_MAX = 10 };

static const struct {
    const char *names[NAMES_MAX];   /* a greeting below one of these is the provider's */
    const char *reverse[NAMES_MAX]; /* its reverse name lies below one of these */
} providers[] = {
    {{"google.com", "gmail.com", "googlemail.com"},
     {"google.com", "googlemail.com", "1e100.net", "googleusercontent.com"}},
    {{"outlook.com", "hotmail.com", "live.com", "msn.com", "office365.com", "microsoft.com"},
     {"outlook.com", "hotmail.com", "live.com", "msn.com", "office365.com", "microsoft.com", "outlook.de"}},
    {{"yahoo.com", "ymail.com", "rocketmail.com", "yahoodns.net", "yahoo.co.uk", "yahoo.de", "yahoo.fr"},
     {"yahoo.com", "yahoodns.net", "bullet.mail.yahoo.com", "aol.com", "yahoo.co.uk", "yahoo.net"}},
    {{"yahoo.co.jp"}, {"yahoo.co.jp", "yahoo.com", "yahoo.ne.jp"}},
    {{"aol.com", "aim.com", "mx.aol.com"}, {"aol.com", "yahoo.com", "aol.net", "yahoodns.net"}},
    {{"icloud.com", "me.com", "mac.com", "apple.com"}, {"icloud.com", "me.com", "mac.com", "apple.com"}},
    {{"gmx.net", "gmx.de", "gmx.com", "gmx.at", "gmx.ch"},
     {"gmx.net", "gmx.de", "gmx.com", "kundenserver.de", "web.de", "1and1.com", "ionos.com"}},
    {{"web.de"}, {"web.de", "gmx.net", "kundenserver.de"}},
    {{"qq.com", "foxmail.com"}, {"qq.com", "foxmail.com", "tencent.com", "qcloudmail.com", "exmail.qq.com"}},
    {{"163.com", "126.com", "yeah.net", "netease.com"}, {"163.com", "126.com", "yeah.net", "netease.com", "163.net"}},
    {{"sina.com", "sina.cn", "sina.com.cn", "sohu.com"}, {"sina.com", "sina.cn", "sina.com.cn", "sohu.com"}},
    {{"mail.ru", "inbox.ru", "list.ru", "bk.ru"}, {"mail.ru", "list.ru", "smailru.net", "vk.com"}},
    {{"yandex.ru", "yandex.net", "yandex.com", "ya.ru"}, {"yandex.ru", "yandex.net", "yandex.com"}},
    {{"rambler.ru"}, {"rambler.ru"}},
    {{"proton.me", "protonmail.com", "protonmail.ch"}, {"proton.me", "protonmail.com", "protonmail.ch", "proton.ch"}},
    {{"fastmail.com", "messagingengine.com"}, {"fastmail.com", "messagingengine.com"}},
    {{"zoho.com", "zohomail.com", "zoho.eu"}, {"zoho.com", "zohomail.com", "zoho.eu", "zohocorp.com"}},
    {{"amazonses.com"}, {"amazonses.com", "amazon.com"}},
    {{"facebook.com", "facebookmail.com"}, {"facebook.com", "facebookmail.com", "tfbnw.net"}},
    {{"linkedin.com"}, {"linkedin.com"}},
    {{"paypal.com"}, {"paypal.com", "postdirect.com", "ebay.com"}},
    {{"ebay.com"}, {"ebay.com", "postdirect.com"}},
};

const char *const *name_provider(const struct name *name, const struct name_data *data)
{
    (void)data;
    if (name->kind != NAME_HOST)
        return NULL;
    for (size_t i = 0; i < sizeof providers / sizeof providers[0]; i++)
        for (const char *const *domain = providers[i].names; *domain != NULL; domain++)
            if (name_under(name->text, *domain))
                return providers[i].reverse;
    return NULL;
}
