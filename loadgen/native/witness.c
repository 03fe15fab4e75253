/* An independent client: how much does a program that shares nothing with the generator get?
 *
 *     cc -O2 -o witness witness.c
 *     ./witness TRANSPORT ADDRESS PORT CPU CONNECTIONS IDLE PAYLOAD DEPTH REQUESTS RATE WARMUP SECONDS WAIT SOURCE
 *
 * TRANSPORT: tcp, tcp6, unix or udp; ADDRESS: a numeric one, or a path; CPU: -1 for any. REQUESTS: a
 * connection is renewed after so many, 0 keeps it. RATE: requests/s whatever the server does, at
 * exponential gaps, on connections drawn at random; 0 is a closed loop. WAIT: spin or sleep. SOURCE:
 * of 250 loopback addresses the one to dial from first.
 *
 * Of each reply the length and the first eight bytes are verified, which are its connection and its
 * number. It records counts alone, and prints
 *
 *     {"replies": N, "wrong": N, "seconds": s}
 *
 * with what came after the warm-up. Its whole use is to be another, faster, program. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK = 64 * 1024, EVENTS = 512, SOURCES = 250, MARK = 8 };
#define FIRST_SOURCE 0x7f000101u /* 127.0.1.1 */
#define LOST_S 0.1               /* a datagram without a reply for so long is sent anew */

/* asked, sent, answered: requests of this connection; left: replies until it is renewed
 * offset: bytes of the request that is being sent; received: bytes of the reply that is coming */
struct place { int fd; uint32_t number, asked, sent, answered, left; size_t offset, received; double heard; };

static union { struct sockaddr any; struct sockaddr_in in; struct sockaddr_in6 in6; struct sockaddr_un un; } server;
static socklen_t server_length;
static int epoll, kind = SOCK_STREAM, depth, requests, datagrams, rotates;
static size_t payload;
static unsigned turn;
static long replies, wrong;
static char *request;

static void die(const char *what) { perror(what); exit(1); }

static double now(void) {
    struct timespec clock;
    clock_gettime(CLOCK_MONOTONIC, &clock);
    return clock.tv_sec + clock.tv_nsec / 1e9;
}

static double uniform(void) { /* xorshift64*, in (0, 1] */
    static uint64_t state = 0x9e3779b97f4a7c15u;
    state ^= state >> 12, state ^= state << 25, state ^= state >> 27;
    return ((state * 0x2545f4914f6cdd1du >> 11) + 1) / 9007199254740993.0;
}

static int dial(void) {
    int fd = socket(server.any.sa_family, kind | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1, buffer = 4 << 20;
    if (fd < 0) die("socket");
    if (kind == SOCK_DGRAM) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    else if (server.any.sa_family != AF_UNIX) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5))
            setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
    }
    if (rotates) {
        struct sockaddr_in source = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(FIRST_SOURCE + turn++ % SOURCES)};
        setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        if (bind(fd, (struct sockaddr *)&source, sizeof source)) die("bind");
    }
    if (connect(fd, &server.any, server_length) && errno != EINPROGRESS) die("connect");
    return fd;
}

/* Edge-triggered for both ways at once: one epoll_ctl serves the whole life of a connection. */
static void open_place(struct place *place) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = place};
    *place = (struct place){.fd = dial(), .number = place->number, .left = requests, .heard = now()};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, place->fd, &event)) die("epoll_ctl");
}

static void mark(char *bytes, uint32_t connection, uint32_t number) {
    uint32_t words[2] = {connection, number};
    memcpy(bytes, words, payload < MARK ? payload : MARK);
}

/* Send what was asked for and is not out yet, as far as the socket takes it. */
static void flush_place(struct place *place) {
    while (place->sent != place->asked) {
        mark(request, place->number, place->sent);
        ssize_t sent = send(place->fd, request + place->offset, payload - place->offset, MSG_NOSIGNAL);
        if (sent < 0 && (errno == EAGAIN || errno == ENOTCONN)) return;
        if (sent < 0) die("send");
        if ((place->offset += sent) < payload) return;
        place->offset = 0;
        place->sent++;
    }
}

static void ask(struct place *place) { place->asked++; flush_place(place); }

static void answered(struct place *place, int closed_loop) {
    replies++;
    place->answered++;
    place->received = 0;
    if (requests && --place->left == 0) {
        if (shutdown(place->fd, SHUT_WR)) die("shutdown");
    } else if (closed_loop) ask(place);
}

/* Take the bytes of replies one after the other; returns whether all of them are what they must be. */
static void take(struct place *place, const char *bytes, size_t count, int closed_loop) {
    char expected[MARK];
    while (count) {
        size_t at = place->received, part = payload - at < count ? payload - at : count;
        size_t marked = payload < MARK ? payload : MARK;
        if (at < marked) {
            size_t compared = marked - at < part ? marked - at : part;
            mark(expected, place->number, place->answered);
            wrong += memcmp(expected + at, bytes, compared) != 0;
        }
        /* Surplus: more than was sent, of which the last request may be on its way still. */
        if (place->answered == place->sent && at + part > place->offset) wrong++;
        bytes += part, count -= part;
        if ((place->received += part) == payload) answered(place, closed_loop);
    }
}

static void hear(struct place *place, int closed_loop, double moment) {
    static char chunk[CHUNK];
    ssize_t received;
    do {
        received = recv(place->fd, chunk, CHUNK, 0);
        if (received < 0 && errno != EAGAIN) die("recv");
        if (received == 0 && !datagrams) {
            if (!requests || place->left) { fputs("closed early\n", stderr); exit(1); }
            close(place->fd);
            open_place(place);
            if (closed_loop) place->asked = 1; /* sent when it is connected */
            return;
        }
        if (received > 0 && datagrams && (size_t)received != payload) wrong++;
        else if (received > 0) take(place, chunk, received, closed_loop);
        place->heard = moment;
    } while (received == CHUNK || (datagrams && received > 0));
}

static void again(struct place *all, int connections, double moment) {
    for (struct place *place = all; place < all + connections; place++)
        if (place->answered != place->asked && moment - place->heard > LOST_S) {
            place->answered = place->asked; /* what is late is then counted as wrong: it is lost */
            place->heard = moment;
            for (int i = 0; i < depth; i++) ask(place);
        }
}

static void resolve(char **words) {
    const char *transport = words[1];
    int family = !strcmp(transport, "unix") ? AF_UNIX : !strcmp(transport, "tcp6") ? AF_INET6 : AF_INET;
    datagrams = !strcmp(transport, "udp");
    kind = datagrams ? SOCK_DGRAM : SOCK_STREAM;
    server.any.sa_family = family;
    if (family == AF_UNIX) {
        if (strlen(words[2]) >= sizeof server.un.sun_path) { fputs("path too long\n", stderr); exit(2); }
        strcpy(server.un.sun_path, words[2]);
        server_length = sizeof server.un;
        return;
    }
    void *address = family == AF_INET ? (void *)&server.in.sin_addr : (void *)&server.in6.sin6_addr;
    if (inet_pton(family, words[2], address) != 1) { fputs("no address\n", stderr); exit(2); }
    server.in.sin_port = htons(atoi(words[3])); /* at the same place in both */
    server_length = family == AF_INET ? sizeof server.in : sizeof server.in6;
    rotates = family == AF_INET && (ntohl(server.in.sin_addr.s_addr) >> 24) == 127;
}

int main(int count, char **words) {
    if (count != 15) return fputs("usage: see the head of witness.c\n", stderr), 2;
    resolve(words);
    int cpu = atoi(words[4]), connections = atoi(words[5]), idle = atoi(words[6]), sleeps = !strcmp(words[13], "sleep");
    payload = atoi(words[7]), depth = atoi(words[8]), requests = atoi(words[9]), turn = atoi(words[14]);
    double rate = atof(words[10]), warmup_s = atof(words[11]), seconds = atof(words[12]);
    if (connections < 1 || payload < 1 || depth < 1) return fputs("at least 1 of everything\n", stderr), 2;
    cpu_set_t set;
    CPU_ZERO(&set);
    if (cpu >= 0) { CPU_SET(cpu, &set); sched_setaffinity(0, sizeof set, &set); }
    struct rlimit files;
    if (!getrlimit(RLIMIT_NOFILE, &files)) { files.rlim_cur = files.rlim_max; setrlimit(RLIMIT_NOFILE, &files); }
    struct place *all = calloc(connections, sizeof *all);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!(request = malloc(payload)) || !all || epoll < 0) die("start");
    memset(request, 'x', payload);
    for (int i = 0; i < idle; i++) dial();
    for (int i = 0; i < connections; i++) { all[i].number = i; open_place(&all[i]); }
    int closed_loop = rate <= 0;
    for (int i = 0; i < connections && closed_loop; i++)
        for (int j = 0; j < (requests ? 1 : depth); j++) ask(&all[i]);
    double begun = now() + warmup_s, end = begun + seconds, moment = now(), looked = moment, due = moment;
    long before = 0, wrong_before = 0;
    for (int open = 0; moment < end; ) {
        struct epoll_event events[EVENTS];
        int ready = epoll_wait(epoll, events, EVENTS, sleeps && closed_loop ? 10 : 0);
        if (ready < 0 && errno != EINTR) die("epoll_wait");
        for (int i = 0; i < ready; i++) {
            struct place *place = events[i].data.ptr;
            if (events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP)) hear(place, closed_loop, moment);
            if (events[i].events & EPOLLOUT) flush_place(place);
        }
        moment = now();
        for (; !closed_loop && due <= moment; due -= log(uniform()) / rate)
            ask(&all[(int)(uniform() * connections) % connections]);
        if (datagrams && closed_loop && moment - looked > LOST_S / 2) again(all, connections, looked = moment);
        if (!open && moment >= begun) open = 1, before = replies, wrong_before = wrong, begun = moment;
    }
    if (datagrams) wrong_before = wrong; /* late ones look wrong, and may be */
    printf("{\"replies\": %ld, \"wrong\": %ld, \"seconds\": %.6f}\n", replies - before, wrong - wrong_before, moment - begun);
}
