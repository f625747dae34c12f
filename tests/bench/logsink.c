/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * logsink: takes what syslog(3) sends and throws it away, in as few system calls as there can be: it waits for a line
 * and takes all that are there. A syslog daemon asks for the sender's credentials too, and has each line to parse.
 *
 *     logsink PATH
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { LINES = 64, LINE_SIZE = 8192 };

int main(int argc, char **argv)
{
    static char bytes[LINES][LINE_SIZE];
    static struct iovec parts[LINES];
    static struct mmsghdr lines[LINES];
    struct sockaddr_un place = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

    if (argc != 2 || fd < 0 || strlen(argv[1]) >= sizeof(place.sun_path))
        return 64;
    memcpy(place.sun_path, argv[1], strlen(argv[1]) + 1);
    unlink(argv[1]);
    if (bind(fd, (struct sockaddr *)&place, sizeof(place)) != 0 || chmod(argv[1], 0666) != 0) {
        perror(argv[1]);
        return 1;
    }
    for (size_t i = 0; i < LINES; i++) {
        parts[i] = (struct iovec){bytes[i], LINE_SIZE};
        lines[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
    }
    while (recvmmsg(fd, lines, LINES, MSG_WAITFORONE, NULL) >= 0)
        ;
    return 1;
}
