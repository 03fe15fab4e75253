/* The yardstick of the load generator in churn: connect, ask N times, hang up, connect again, in C.
 *
 *     cc -O2 -o churn_client churn_client.c
 *     ./churn_client HOST PORT CONNECTIONS PAYLOAD SECONDS REQUESTS
 *
 * A cycle is the generator's: the next of 250 source addresses, a connect that does not block, one
 * request after the other, a shutdown, the server's own end, a close. It spins, checks nothing but
 * the count of bytes, and prints what it did and used within the span:
 *
 *     {"connections": N, "replies": N, "seconds": s, "cpu_s": s, "idle_s": s}
 *
 * connections: cycles completed; idle_s: the part of cpu_s that went into polls that found nothing,
 * which is no cost of a cycle. The server must be on the loopback device: 127.0.1.* are sources. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK = 64 * 1024, EVENTS = 512, SOURCES = 250 };
#define FIRST_SOURCE 0x7f000101u /* 127.0.1.1 */
#define WARMUP_S 0.2             /* not counted: the first connections all come at once */

/* left: requests to be answered until it hangs up */
struct place { int fd, asked, left; size_t received; };
struct counts { long connections, replies; double idle_s; };

static struct sockaddr_in server = {.sin_family = AF_INET};
static size_t payload;
static int epoll, requests;
static char *request;

static void die(const char *what) { perror(what); exit(1); }

static double now(void) {
    struct timespec clock;
    clock_gettime(CLOCK_MONOTONIC, &clock);
    return clock.tv_sec + clock.tv_nsec / 1e9;
}

static double cpu_s(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return used.ru_utime.tv_sec + used.ru_stime.tv_sec +
           (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

/* Edge-triggered for both ways at once: one epoll_ctl serves the whole life of a connection. */
static void dial(struct place *place) {
    static unsigned turn;
    struct sockaddr_in source = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(FIRST_SOURCE + turn++ % SOURCES)};
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = place};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP), on = 1;
    if (fd < 0) die("socket");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5);
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&source, sizeof source)) die("bind");
    int failed = connect(fd, (struct sockaddr *)&server, sizeof server);
    if (failed && errno != EINPROGRESS) die("connect");
    *place = (struct place){.fd = fd, .left = requests};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event)) die("epoll_ctl");
}

static void ask(struct place *place) {
    place->asked = 1;
    place->received = 0;
    if (send(place->fd, request, payload, MSG_NOSIGNAL) != (ssize_t)payload) die("send");
}

/* Take what has come: a part of a reply, or after the last one the server's end. */
static void hear(struct place *place, struct counts *counts) {
    static char chunk[CHUNK];
    ssize_t received = recv(place->fd, chunk, CHUNK, 0);
    if (received < 0 || (received == 0) != (place->left == 0)) die("recv");
    if (place->left == 0) {
        close(place->fd);
        counts->connections++;
        dial(place);
    } else if ((place->received += received) == payload) {
        counts->replies++;
        if (--place->left) ask(place);
        else if (shutdown(place->fd, SHUT_WR)) die("shutdown");
    }
}

/* Writable for the first time is connected; it is told again when the server has our shutdown. */
static void attend(struct epoll_event *event, struct counts *counts) {
    struct place *place = event->data.ptr;
    if (event->events & (EPOLLIN | EPOLLERR | EPOLLHUP)) hear(place, counts);
    else if (!place->asked) ask(place);
}

static struct counts run(double until) {
    struct counts counts = {0};
    struct epoll_event events[EVENTS];
    for (double before = now(), moment; before < until; before = moment) {
        int ready = epoll_wait(epoll, events, EVENTS, 0);
        for (int i = 0; i < ready; i++) attend(&events[i], &counts);
        moment = now();
        if (ready <= 0) counts.idle_s += moment - before;
    }
    return counts;
}

int main(int count, char **words) {
    const char *usage = "usage: churn_client HOST PORT CONNECTIONS PAYLOAD SECONDS REQUESTS\n";
    if (count != 7) return fputs(usage, stderr), 2;
    int connections = atoi(words[3]);
    double seconds = atof(words[5]);
    payload = atoi(words[4]);
    requests = atoi(words[6]);
    server.sin_port = htons(atoi(words[2]));
    if (inet_pton(AF_INET, words[1], &server.sin_addr) != 1) die("host");
    /* An edge is told once, so that one receive must take all there is. */
    if (connections < 1 || requests < 1 || payload < 1 || payload > CHUNK)
        return fputs("at least 1 of everything, and payloads of at most 64 KiB\n", stderr), 2;
    struct rlimit files;
    if (!getrlimit(RLIMIT_NOFILE, &files)) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    struct place *all = calloc(connections, sizeof *all);
    request = malloc(payload);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!request || !all || epoll < 0) die("start");
    memset(request, 'x', payload);
    for (int i = 0; i < connections; i++) dial(&all[i]);
    run(now() + WARMUP_S);
    double begun = now(), cpu_before = cpu_s();
    struct counts counts = run(begun + seconds);
    double cpu = cpu_s() - cpu_before, span = now() - begun;
    printf("{\"connections\": %ld, \"replies\": %ld, ", counts.connections, counts.replies);
    printf("\"seconds\": %.6f, \"cpu_s\": %.6f, \"idle_s\": %.6f}\n", span, cpu, counts.idle_s);
}
