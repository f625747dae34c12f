/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * seccomp: the system call filter. Promises that an attacker who runs code in this process cannot start a program,
 * trace a process, mount anything, load code or open an unusual socket.
 *
 * A call that no row allows fails with ENOSYS, as on an older kernel, so libraries use their fallback. Calls that
 * only an attacker would make end the process instead, and the service manager restarts it.
 */
#include "seccomp.h"

#include "config.h"
#include "sanitizer.h"
#include "text.h"

#if defined(HAVE_SECCOMP) && !WITH_SANITIZER

#include <errno.h>
#include <linux/netlink.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { NAME_SIZE = 32, FORK_FLAGS = CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID };

/* Names separated by blanks. Names are resolved at run time, because some calls do not exist on every architecture. */
struct group {
    const char *what_for;
    const char *names;
};

static const struct group allowed[] = {
    {"memory", "brk munmap mremap madvise"},
    {"bytes", "read write readv writev pread64 pwrite64 lseek _llseek close close_range dup dup2 dup3 pipe pipe2"},
    {"files", "open openat access faccessat faccessat2 readlink readlinkat stat stat64 lstat lstat64 fstat fstat64 "
              "newfstatat fstatat64 statx statfs fstatfs statfs64 fstatfs64 getdents getdents64 getcwd chdir umask"},
    {"files of ours", "unlink unlinkat rename renameat renameat2 mkdir mkdirat chmod fchmod fchmodat chown fchown "
                      "fchownat lchown ftruncate ftruncate64 fallocate fsync fdatasync flock utimensat link linkat"},
    {"descriptors", "fcntl fcntl64 poll ppoll select pselect6 _newselect"},
    {"sockets", "socketpair bind listen accept accept4 connect shutdown getsockname getpeername getsockopt setsockopt "
                "send sendto sendmsg sendmmsg recv recvfrom recvmsg recvmmsg"},
    {"events", "epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 eventfd eventfd2 "
               "timerfd_create timerfd_settime timerfd_gettime inotify_init1 inotify_add_watch inotify_rm_watch"},
    {"time", "clock_gettime clock_gettime64 clock_getres gettimeofday time nanosleep clock_nanosleep"},
    {"signals", "rt_sigaction rt_sigprocmask rt_sigreturn sigreturn rt_sigtimedwait sigaltstack restart_syscall"},
    {"who we are", "getpid getppid gettid getuid geteuid getgid getegid getresuid getresgid getgroups getpgrp getsid "
                   "uname sysinfo getrusage times"},
    {"limits", "getrlimit ugetrlimit setrlimit prlimit64 sched_yield sched_getaffinity setpriority"},
    {"libraries", "futex futex_time64 getrandom memfd_create arch_prctl set_robust_list rseq membarrier"},
    {"the end", "exit exit_group wait4 waitid"},
};

/* helod and its libraries never make these calls. */
static const struct group deadly[] = {
    {"programs", "execve execveat"},
    {"other processes", "ptrace process_vm_readv process_vm_writev pidfd_getfd kcmp"},
    {"the kernel", "bpf perf_event_open init_module finit_module delete_module kexec_load kexec_file_load "
                   "io_uring_setup userfaultfd"},
    {"the machine", "mount umount2 move_mount pivot_root chroot unshare setns reboot swapon swapoff settimeofday "
                    "clock_settime sethostname"},
    {"keys", "add_key request_key keyctl"},
};

static int add_group(scmp_filter_ctx filter, uint32_t action, const struct group *group)
{
    char name[NAME_SIZE];
    size_t n;

    for (const char *at = group->names; *at != '\0'; at += n + strspn(at + n, " ")) {
        int number, result;

        n = strcspn(at, " ");
        if (n >= sizeof(name))
            return -ENAMETOOLONG;
        memcpy(name, at, n);
        name[n] = '\0';
        number = seccomp_syscall_resolve_name(name);
        if (number == __NR_SCMP_ERROR)
            continue; /* newer than this libseccomp: then it is not allowed */
        result = seccomp_rule_add(filter, action, number, 0);
        if (result != 0 && result != -EDOM) /* EDOM: not on this architecture */
            return result;
    }
    return 0;
}

static int allow_if(scmp_filter_ctx filter, int number, struct scmp_arg_cmp arg)
{
    int result = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, 1, &arg);

    return result == -EDOM ? 0 : result;
}

/*
 * No memory may be both writable and executable. A shared object that NSS loads on a reload is only read and
 * executed.
 */
static int add_memory(scmp_filter_ctx filter)
{
    static const int maps[] = {SCMP_SYS(mmap), SCMP_SYS(mmap2)};
    int result = allow_if(filter, SCMP_SYS(mprotect), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));

    for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]) && result == 0; i++) {
        result = allow_if(filter, maps[i], SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
        if (result == 0)
            result = allow_if(filter, maps[i], SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC | PROT_WRITE, PROT_EXEC));
    }
    return result;
}

/*
 * Calls that are allowed only with certain arguments: kinds of sockets, queries of a descriptor, signals to
 * ourselves.
 */
static int add_arguments(scmp_filter_ctx filter)
{
    const struct {
        int number;
        struct scmp_arg_cmp arg;
    } rows[] = {
        {SCMP_SYS(socket), SCMP_A0(SCMP_CMP_EQ, AF_INET, 0)},
        {SCMP_SYS(socket), SCMP_A0(SCMP_CMP_EQ, AF_INET6, 0)},
        {SCMP_SYS(socket), SCMP_A0(SCMP_CMP_EQ, AF_UNIX, 0)},
        {SCMP_SYS(socket), SCMP_A0(SCMP_CMP_EQ, AF_NETLINK, 0)}, /* our own addresses */
        {SCMP_SYS(ioctl), SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffff, FIONREAD)},
        {SCMP_SYS(ioctl), SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffff, FIONBIO)},
        {SCMP_SYS(ioctl), SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffff, TCGETS)},
        {SCMP_SYS(kill), SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0)},
        {SCMP_SYS(tgkill), SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0)},
        {SCMP_SYS(prctl), SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME, 0)},
        {SCMP_SYS(prctl), SCMP_A0(SCMP_CMP_EQ, PR_SET_PDEATHSIG, 0)},
        /* fork() for the history's snapshot: a plain copy, no thread and no namespace. */
        {SCMP_SYS(clone), SCMP_A0(SCMP_CMP_MASKED_EQ, ~(scmp_datum_t)FORK_FLAGS, SIGCHLD)},
    };
    int result = 0;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && result == 0; i++)
        result = allow_if(filter, rows[i].number, rows[i].arg);
    return result;
}

static int fill(scmp_filter_ctx filter)
{
    int result = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);

    for (size_t i = 0; i < sizeof(deadly) / sizeof(deadly[0]) && result == 0; i++)
        result = add_group(filter, SCMP_ACT_KILL_PROCESS, &deadly[i]);
    for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]) && result == 0; i++)
        result = add_group(filter, SCMP_ACT_ALLOW, &allowed[i]);
    if (result == 0)
        result = add_memory(filter);
    return result == 0 ? add_arguments(filter) : result;
}

enum seccomp_result seccomp_start(char *error, size_t error_size)
{
    scmp_filter_ctx filter;
    struct text t;
    int result;

    if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0) {
        text_error(error, error_size, "no system call filter", "this kernel has none");
        return SECCOMP_ABSENT;
    }
    filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    result = filter == NULL ? -ENOMEM : fill(filter);
    if (result == 0)
        result = seccomp_load(filter);
    seccomp_release(filter);
    if (result == 0)
        return SECCOMP_ON;
    text_init(&t, error, error_size);
    text_add(&t, "system call filter: ");
    text_add(&t, strerror(-result));
    return SECCOMP_FAILED;
}

#else

enum seccomp_result seccomp_start(char *error, size_t error_size)
{
    text_error(error, error_size, "no system call filter",
               WITH_SANITIZER ? "helod was built with a sanitizer" : "helod was built without libseccomp");
    return SECCOMP_ABSENT;
}

#endif
