/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * logsink: takes what syslog(3) sends and throws it away, as fast as a syslog daemon would at best.
 *
 *     logsink PATH
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct sockaddr_un place = {.sun_family = AF_UNIX};
    char line[8192];
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

    if (argc != 2 || fd < 0 || strlen(argv[1]) >= sizeof(place.sun_path))
        return 64;
    memcpy(place.sun_path, argv[1], strlen(argv[1]) + 1);
    unlink(argv[1]);
    if (bind(fd, (struct sockaddr *)&place, sizeof(place)) != 0 || chmod(argv[1], 0666) != 0) {
        perror(argv[1]);
        return 1;
    }
    while (recv(fd, line, sizeof(line), 0) >= 0)
        ;
    return 1;
}
