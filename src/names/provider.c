/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * provider: large mail providers that send only from hosts with names of their own, and the domains of those names.
 * A greeting with such a name from a client without a reverse name in these domains is a forgery. A provider belongs
 * here only if every outgoing host has a confirmed reverse name and its customers never greet with its name from
 * elsewhere. The second list must not contain a domain in which customers have reverse names, such as broadband
 * addresses or rented machines. It then has only the part of the domain that the mail servers use.
 */
#include <string.h>

#include "name_data.h"

enum { NAMES_MAX = 16 };

static const struct {
    const char *names[NAMES_MAX];   /* a greeting or a sender below one of these is the provider's */
    const char *reverse[NAMES_MAX]; /* its reverse name is below one of these */
} providers[] = {
    {{"google.com", "gmail.com", "googlemail.com"}, {"google.com", "googlemail.com", "1e100.net"}},
    {{"outlook.com", "hotmail.com", "live.com", "msn.com", "office365.com", "microsoft.com", "hotmail.co.uk",
      "hotmail.fr", "hotmail.de", "hotmail.it", "live.co.uk", "live.nl", "outlook.de", "outlook.fr"},
     {"outlook.com", "hotmail.com", "live.com", "msn.com", "office365.com", "microsoft.com"}},
    {{"yahoo.com", "ymail.com", "rocketmail.com", "yahoodns.net", "yahoo.co.uk", "yahoo.de", "yahoo.fr", "yahoo.it",
      "yahoo.es", "yahoo.ca", "yahoo.com.br", "yahoo.co.in"},
     {"yahoo.com", "yahoodns.net", "yahoo.net", "mx.aol.com", "mail.aol.com"}},
    {{"yahoo.co.jp"}, {"yahoo.co.jp", "yahoo.ne.jp", "yahoo.com"}},
    {{"aol.com", "aim.com", "verizon.net"}, {"mx.aol.com", "mail.aol.com", "yahoo.com", "yahoodns.net"}},
    {{"att.net", "sbcglobal.net", "bellsouth.net"},
     {"mail.bellsouth.net", "mx.aol.com", "mail.aol.com", "yahoo.com", "yahoodns.net"}},
    {{"comcast.net"}, {"mail.comcast.net", "sys.comcast.net", "email.comcast.net"}},
    {{"icloud.com", "me.com", "mac.com", "apple.com"}, {"icloud.com", "me.com", "mac.com", "apple.com"}},
    {{"gmx.net", "gmx.de", "gmx.com", "gmx.at", "gmx.ch"},
     {"gmx.net", "gmx.de", "gmx.com", "mail.com", "web.de", "kundenserver.de"}},
    {{"web.de"}, {"web.de", "gmx.net", "kundenserver.de"}},
    {{"mail.com", "email.com", "usa.com", "consultant.com", "engineer.com", "europe.com", "post.com", "dr.com"},
     {"mail.com", "gmx.com", "gmx.net", "web.de", "kundenserver.de"}},
    {{"t-online.de", "magenta.de"}, {"t-online.de"}},
    {{"freenet.de"}, {"freenet.de"}},
    {{"orange.fr", "wanadoo.fr"}, {"orange.fr"}},
    {{"free.fr"}, {"free.fr"}},
    {{"laposte.net"}, {"laposte.net"}},
    {{"libero.it"}, {"libero.it", "italiaonline.it"}},
    {{"qq.com", "foxmail.com"}, {"qq.com", "foxmail.com", "qcloudmail.com"}},
    {{"163.com", "126.com", "yeah.net", "netease.com"}, {"163.com", "126.com", "yeah.net", "netease.com"}},
    {{"sina.com", "sina.cn", "sina.com.cn"}, {"sina.com", "sina.cn", "sina.com.cn"}},
    {{"sohu.com"}, {"sohu.com"}},
    {{"aliyun.com"}, {"aliyun.com", "alibaba.com"}},
    {{"naver.com"}, {"naver.com"}},
    {{"daum.net", "hanmail.net"}, {"daum.net", "hanmail.net", "kakao.com"}},
    {{"rediffmail.com"}, {"rediffmail.com", "rediffmailpro.com", "rediff.com"}},
    {{"mail.ru", "inbox.ru", "list.ru", "bk.ru"}, {"mail.ru", "list.ru", "smailru.net"}},
    {{"yandex.ru", "yandex.net", "yandex.com", "ya.ru"}, {"yandex.ru", "yandex.net", "yandex.com"}},
    {{"rambler.ru"}, {"rambler.ru"}},
    {{"ukr.net"}, {"ukr.net"}},
    {{"seznam.cz", "email.cz"}, {"seznam.cz"}},
    {{"wp.pl", "o2.pl", "tlen.pl"}, {"wp.pl", "o2.pl", "tlen.pl"}},
    {{"onet.pl"}, {"onet.pl"}},
    {{"interia.pl"}, {"interia.pl"}},
    {{"proton.me", "protonmail.com", "protonmail.ch"},
     {"proton.me", "protonmail.com", "protonmail.ch", "proton.ch", "mail-europe.com"}},
    {{"fastmail.com", "messagingengine.com"}, {"fastmail.com", "messagingengine.com"}},
    {{"zoho.com", "zohomail.com", "zoho.eu"}, {"zoho.com", "zohomail.com", "zoho.eu", "zohocorp.com"}},
    {{"amazonses.com"}, {"amazonses.com", "amazon.com"}},
    {{"facebook.com", "facebookmail.com"}, {"facebook.com", "facebookmail.com", "tfbnw.net"}},
    {{"linkedin.com"}, {"linkedin.com"}},
};

/* The provider that this domain belongs to. */
static const char *const *find(const char *name)
{
    for (size_t i = 0; i < sizeof providers / sizeof providers[0]; i++)
        for (const char *const *domain = providers[i].names; *domain != NULL; domain++)
            if (**domain == *name && strcmp(*domain, name) == 0)
                return providers[i].reverse;
    return NULL;
}

static const char *const *find_above(const char *name)
{
    const char *const *reverse = NULL;

    for (const char *dot; reverse == NULL && (dot = strchr(name, '.')) != NULL; name = dot + 1)
        reverse = find(name);
    return reverse;
}

const char *const *name_provider(const struct name *name, const struct name_data *data)
{
    const char *const *provider;

    if (name->kind != NAME_HOST)
        return NULL;
    if (name_memory_recall_provider(data->memory, name, &provider))
        return provider;
    provider = find_above(name->text);
    name_memory_keep_provider(data->memory, name, provider);
    return provider;
}
