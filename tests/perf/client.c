/* The yardstick of the load generator: a closed loop in C, one request in flight per connection.
 *
 *     cc -O2 -o client client.c && ./client HOST PORT CONNECTIONS PAYLOAD SECONDS [spin|sleep]
 *
 * It spins unless told to sleep: a client that sleeps measures its own waking. It checks nothing
 * but the count of bytes, and prints {"replies": N, "seconds": s}. Payloads must fit the socket's
 * buffer: a short write ends it. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>

enum { CHUNK = 64 * 1024, EVENTS = 512 };
#define WARMUP_S 0.2 /* not counted: the first requests of thousands of connections come at once */

struct connection { int fd; size_t received; };

static void die(const char *what) { perror(what); exit(1); }

static double now(void) {
    struct timespec clock;
    clock_gettime(CLOCK_MONOTONIC, &clock);
    return clock.tv_sec + clock.tv_nsec / 1e9;
}

static int connect_to(const char *host, int port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP), on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    if (fd < 0) die("socket");
    if (inet_pton(AF_INET, host, &address.sin_addr) != 1) die("host");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5);
    if (connect(fd, (struct sockaddr *)&address, sizeof address)) die("connect");
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

int main(int count, char **words) {
    int sleeps = count == 7 && !strcmp(words[6], "sleep");
    const char *usage = "usage: client HOST PORT CONNECTIONS PAYLOAD SECONDS [spin|sleep]\n";
    if (count != 6 && !(count == 7 && (sleeps || !strcmp(words[6], "spin"))))
        return fputs(usage, stderr), 2;
    struct rlimit files;
    if (!getrlimit(RLIMIT_NOFILE, &files)) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    int connections = atoi(words[3]), epoll = epoll_create1(EPOLL_CLOEXEC);
    size_t payload = atoi(words[4]);
    char *request = malloc(payload), chunk[CHUNK];
    struct connection *all = calloc(connections, sizeof *all);
    if (!request || !all) die("malloc");
    memset(request, 'x', payload);
    for (int i = 0; i < connections; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &all[i]};
        all[i].fd = connect_to(words[1], atoi(words[2]));
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, all[i].fd, &event)) die("epoll_ctl");
    }
    long replies = 0;
    double begun = now() + WARMUP_S, end = begun + atof(words[5]), moment;
    for (int i = 0; i < connections; i++)
        if (send(all[i].fd, request, payload, MSG_NOSIGNAL) != (ssize_t)payload) die("send");
    while ((moment = now()) < end) {
        struct epoll_event events[EVENTS];
        int left_ms = (int)((end - moment) * 1000) + 1;
        int ready = epoll_wait(epoll, events, EVENTS, sleeps ? left_ms : 0);
        for (int i = 0; i < ready; i++) {
            struct connection *from = events[i].data.ptr;
            ssize_t received = recv(from->fd, chunk, CHUNK, 0);
            if (received <= 0) die("recv");
            if ((from->received += received) < payload) continue;
            from->received -= payload;
            replies += moment >= begun;
            if (send(from->fd, request, payload, MSG_NOSIGNAL) != (ssize_t)payload) die("send");
        }
    }
    printf("{\"replies\": %ld, \"seconds\": %.6f}\n", replies, moment - begun);
}
