/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * privileges: changes permanently from root to an unprivileged user. Promises to verify that the change is complete and
 * cannot be reversed, and otherwise to report an error.
 */
#include "privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sanitizer.h"
#include "text.h"

bool privileges_user(const char *name, uid_t *out)
{
    const struct passwd *pw;

    *out = (uid_t)-1;
    if (name[0] == '\0')
        return true;
    pw = getpwnam(name);
    if (pw == NULL)
        return false;
    *out = pw->pw_uid;
    return true;
}

bool privileges_group(const char *name, gid_t *out)
{
    const struct group *gr;

    *out = (gid_t)-1;
    if (name[0] == '\0')
        return true;
    gr = getgrnam(name);
    if (gr == NULL)
        return false;
    *out = gr->gr_gid;
    return true;
}

bool privileges_find(const char *user, const char *group, struct identity *out, char *error, size_t error_size)
{
    const struct passwd *pw;
    gid_t gid;

    *out = (struct identity){.uid = geteuid(), .gid = getegid(), .user = user};
    if (user[0] == '\0' || geteuid() != 0)
        return true;
    pw = getpwnam(user);
    if (pw == NULL)
        return text_error(error, error_size, user,
                          "no such user; create it, or set user = \"\" to keep the current user");
    out->uid = pw->pw_uid;
    out->gid = pw->pw_gid;
    if (!privileges_group(group, &gid))
        return text_error(error, error_size, group, "no such group");
    if (gid != (gid_t)-1)
        out->gid = gid;
    out->change = out->uid != 0;
    return true;
}

/* Checks that nothing of the old identity is left, and that it cannot be regained. */
static bool is_irrevocable(const struct identity *identity)
{
    uid_t real_user, effective_user, saved_user;
    gid_t real_group, effective_group, saved_group;

    if (getresuid(&real_user, &effective_user, &saved_user) != 0 ||
        getresgid(&real_group, &effective_group, &saved_group) != 0)
        return false;
    if (real_user != identity->uid || effective_user != identity->uid || saved_user != identity->uid)
        return false;
    if (real_group != identity->gid || effective_group != identity->gid || saved_group != identity->gid)
        return false;
    if (setuid(0) == 0 || (identity->gid != 0 && setgid(0) == 0))
        return false;
    return true;
}

/*
 * helod.service passes one capability, CAP_CHOWN, so that sockets can get their owner and group while helod is never
 * root. Afterwards none is left. Clearing the permitted set clears the ambient one, too.
 */
static bool drop_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3];

    memset(none, 0, sizeof(none));
    return syscall(SYS_capset, &header, none) == 0;
}

bool privileges_drop(const struct identity *identity, char *error, size_t error_size)
{
    umask(S_IRWXG | S_IRWXO);
    if (identity->change) {
        if (initgroups(identity->user, identity->gid) != 0)
            return text_error(error, error_size, "initgroups", strerror(errno));
        if (setresgid(identity->gid, identity->gid, identity->gid) != 0)
            return text_error(error, error_size, "setresgid", strerror(errno));
        if (setresuid(identity->uid, identity->uid, identity->uid) != 0)
            return text_error(error, error_size, "setresuid", strerror(errno));
        if (!is_irrevocable(identity))
            return text_error(error, error_size, identity->user, "the change of user could be undone");
    }
    if (geteuid() != 0 && !drop_capabilities())
        return text_error(error, error_size, "capset", strerror(errno));
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return text_error(error, error_size, "no_new_privs", strerror(errno));
    /* The leak check of a sanitizer build attaches to its own process, which this would forbid. */
    if (!WITH_SANITIZER && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return text_error(error, error_size, "dumpable", strerror(errno));
    return true;
}
