/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_seccomp: behind the filter, what a break-in would do next is dead and what helod does works. Each row runs in a
 * child of its own, which is really filtered. In a sanitizer build there is no filter, and nothing to test.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "config.h"
#include "sanitizer.h"
#include "seccomp.h"

enum { WORKS, REFUSED, DEADLY, CHILD_ABSENT = 77, CHILD_FAILED = 78 };

static bool run_program(void)
{
    char *const arguments[] = {(char *)"true", NULL};

    return execve("/bin/true", arguments, NULL) == 0;
}

static bool run_descriptor(void)
{
    return syscall(SYS_execveat, 0, "", NULL, NULL, 0x1000) == 0;
}

static bool trace(void)
{
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0;
}

static bool look_into_parent(void)
{
    return syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0) == 0;
}

static bool leave_namespace(void)
{
    return syscall(SYS_unshare, 0x10000000) == 0;
}

static bool new_root(void)
{
    return syscall(SYS_chroot, "/") == 0;
}

static bool fork_off(void)
{
    pid_t child = fork();

    if (child == 0)
        _exit(0);
    return child > 0;
}

static bool fork_into_namespace(void)
{
    long child = syscall(SYS_clone, 0x10000000 | SIGCHLD, NULL, NULL, NULL, NULL); /* CLONE_NEWUSER */

    if (child == 0)
        _exit(0);
    return child > 0;
}

static bool signal_parent(void)
{
    return kill(getppid(), 0) == 0;
}

static bool write_and_run(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static bool run_what_was_written(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return page != MAP_FAILED && mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0;
}

static bool raw_packets(void)
{
    return socket(AF_PACKET, SOCK_RAW, 0) >= 0 || errno != ENOSYS;
}

static bool become_root(void)
{
    return setuid(getuid()) == 0;
}

static bool type_into_terminal(void)
{
    return ioctl(STDIN_FILENO, TIOCSTI, "x") == 0 || errno != ENOSYS;
}

static bool read_files(void)
{
    FILE *file = fopen("/etc/passwd", "re");
    bool read = file != NULL && fgetc(file) != EOF;

    return read && fclose(file) == 0 && getpwuid(0) != NULL;
}

static bool write_files(void)
{
    char path[] = "/tmp/test_seccomp.XXXXXX";
    int fd = mkstemp(path);

    return fd >= 0 && write(fd, "x", 1) == 1 && fsync(fd) == 0 && rename(path, path) == 0 && unlink(path) == 0;
}

static bool use_sockets(void)
{
    static const int families[] = {AF_INET, AF_INET6, AF_UNIX, AF_NETLINK};

    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
        if (socket(families[i], SOCK_DGRAM | SOCK_CLOEXEC, 0) < 0 && errno != EAFNOSUPPORT)
            return false;
    return true;
}

static bool take_memory(void)
{
    char *bytes = malloc(64 << 20);

    if (bytes == NULL)
        return false;
    bytes[12345] = 1;
    free(bytes);
    return true;
}

static const struct {
    const char *name;
    bool (*act)(void);
    int wanted;
} rows[] = {
    {"execve", run_program, DEADLY},
    {"execveat", run_descriptor, DEADLY},
    {"ptrace", trace, DEADLY},
    {"reading another process", look_into_parent, DEADLY},
    {"a new namespace", leave_namespace, DEADLY},
    {"a new root", new_root, DEADLY},
    {"fork into a namespace", fork_into_namespace, REFUSED},
    {"a signal to another process", signal_parent, REFUSED},
    {"memory to write and run", write_and_run, REFUSED},
    {"running what was written", run_what_was_written, REFUSED},
    {"raw packets", raw_packets, REFUSED},
    {"another user", become_root, REFUSED},
    {"typing into a terminal", type_into_terminal, REFUSED},
    {"reading files, and the user database", read_files, WORKS},
    {"writing files", write_files, WORKS},
    {"sockets", use_sockets, WORKS},
    {"memory", take_memory, WORKS},
    {"a fork, for the history's snapshot", fork_off, WORKS},
};

static int in_child(bool (*act)(void))
{
    pid_t child = fork();
    char error[128] = "";
    int status = 0;

    if (child == 0) {
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
            _exit(CHILD_FAILED);
        switch (seccomp_start(error, sizeof(error))) {
        case SECCOMP_ON:
            _exit(act() ? 0 : 1);
        case SECCOMP_ABSENT:
            _exit(CHILD_ABSENT);
        case SECCOMP_FAILED:
            break;
        }
        print_message("%s\n", error);
        _exit(CHILD_FAILED);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void run_row(void **state)
{
    size_t i = (size_t)(uintptr_t)*state;
    int status = in_child(rows[i].act);

#if defined(HAVE_SECCOMP) && !WITH_SANITIZER
    switch (rows[i].wanted) {
    case DEADLY:
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGSYS);
        break;
    default:
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), rows[i].wanted == WORKS ? 0 : 1);
    }
#else
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), CHILD_ABSENT);
#endif
}

int main(void)
{
    enum { COUNT = sizeof(rows) / sizeof(rows[0]) };
    struct CMUnitTest tests[COUNT];

    for (size_t i = 0; i < COUNT; i++)
        tests[i] =
            (struct CMUnitTest){.name = rows[i].name, .test_func = run_row, .initial_state = (void *)(uintptr_t)i};
    return cmocka_run_group_tests_name("seccomp", tests, NULL, NULL);
}
