/* A witness: a second client, which shares nothing with the generator. What does it get?
 *
 *     cc -O2 -o witness witness.c -lm
 *     ./witness tcp 127.0.0.1 9000 connections=50 seconds=0.5 </dev/null
 *
 * TRANSPORT (tcp, tcp6, unix, udp), a numeric HOST or a path, and PORT; then any of `options`. It
 * says {"connected": true}, reads the instant to start at (seconds of the monotonic clock; none is
 * now), and ends with {"replies": N, "seconds": s, "wrong": n}, of its window alone.
 *
 * The first bytes of a request are its number on its connection and the connection's. A reply is
 * right if it is as long and begins so. Each is answered at once, and nothing kept but counts. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK = 256 * 1024, BATCH = 64 * 1024, EVENTS = 512, SOURCES = 250, BURST = 64, MARK = 8 };
enum { RECEIVE_BUFFER = 4 * 1024 * 1024, PORT_ATTEMPTS = 64 };
#define FIRST_SOURCE 0x7f000101u /* 127.0.1.1 */
#define LOST_S 0.2               /* a datagram without a reply for so long is asked for again */

static struct { const char *name; double value; } options[] = {
    {"connections", 1}, {"idle", 0}, {"payload", 64}, {"depth", 1}, {"seconds", 1}, {"warmup", 0.1},
    {"requests", 0}, /* of a connection, until it is renewed; 0 keeps it */
    {"rate", 0},     /* requests per second, exponential gaps, drawn connections; 0: closed loop */
    {"sleep", 0}, {"cpu", -1}, {"seed", 1},
    {"source", 0}, {"stride", 1},       /* of the addresses, or ports, to dial from */
    {"port_low", 0}, {"port_high", 0}}; /* to dial from in turn, over ::1 */

/* asked, sent: requests wanted, and out; heard: replies that came whole; bad: the one that comes is
 * wrong; offset, received: bytes of the request that goes, of the reply that comes; owed: datagrams
 * without a reply, a bit each of the last 64; since: the last sign of life */
struct place {
    int fd, id, bad, blocked;
    uint32_t asked, sent, heard;
    size_t offset, received;
    uint64_t owed;
    double since;
};

static union {
    struct sockaddr any; struct sockaddr_in in; struct sockaddr_in6 in6; struct sockaddr_un un;
} server;
static socklen_t server_length;
static int epoll, udp, rotates, connections, requests, depth, stride, port_low, port_high;
static unsigned turn;
static size_t payload, marked, batch;
static double rate, moment, due;
static long replies, wrong;
static char *out;
static struct place *all;

static void die(const char *what) { perror(what); exit(1); }
static void end(const char *what) { fprintf(stderr, "%s\n", what); exit(1); }

static double option(const char *name) {
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (!strcmp(options[i].name, name)) return options[i].value;
    abort();
}

static double now(void) {
    struct timespec clock;
    clock_gettime(CLOCK_MONOTONIC, &clock);
    return clock.tv_sec + clock.tv_nsec / 1e9;
}

static void bind_source(int fd) {
    int on = 1;
    if (port_high) { /* one that is named may be one that waits: SO_REUSEADDR lets it be taken */
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        for (int attempt = 0; attempt < PORT_ATTEMPTS; attempt++, turn += stride) {
            int port = port_low + turn % (port_high - port_low + 1);
            struct sockaddr_in6 mine = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
            mine.sin6_addr = in6addr_loopback;
            if (mine.sin6_port == server.in6.sin6_port) continue;
            if (!bind(fd, (struct sockaddr *)&mine, sizeof mine)) { turn += stride; return; }
        }
        die("bind");
    } else if (rotates) {
        struct sockaddr_in mine = {.sin_family = AF_INET};
        mine.sin_addr.s_addr = htonl(FIRST_SOURCE + turn % SOURCES);
        turn += stride;
        setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        if (bind(fd, (struct sockaddr *)&mine, sizeof mine)) die("bind");
    }
}

/* On the terms of the generator's sockets (loadgen/sockets.py). */
static int dial(int blocking) {
    int on = 1, room = RECEIVE_BUFFER, type = (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC;
    int fd = socket(server.any.sa_family, type | (blocking ? 0 : SOCK_NONBLOCK), 0);
    if (fd < 0) die("socket");
    if (udp) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    else if (server.any.sa_family != AF_UNIX) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5))
            setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
    }
    bind_source(fd);
    if (connect(fd, &server.any, server_length) && errno != EINPROGRESS) die("connect");
    if (blocking) fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static void watch(struct place *place, int operation, unsigned events) {
    struct epoll_event event = {.events = events, .data.ptr = place};
    if (epoll_ctl(epoll, operation, place->fd, &event)) die("epoll_ctl");
}

static void mark(char *bytes, uint32_t number, uint32_t id) {
    uint32_t words[2] = {number, id};
    memcpy(bytes, words, marked);
}

/* Send what is asked for and not out yet, several requests at once, while the socket takes them. */
static void flush_out(struct place *place) {
    while (place->sent != place->asked) {
        size_t count = place->asked - place->sent;
        if (count > batch) count = batch;
        for (size_t i = 0; i < count; i++) mark(out + i * payload, place->sent + i, place->id);
        size_t left = count * payload - place->offset;
        ssize_t sent = send(place->fd, out + place->offset, left, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != ENOBUFS) die("send");
        if (udp) place->owed |= 1ull << place->sent % 64; /* what is not taken is lost */
        size_t gone = udp ? payload : place->offset + (sent < 0 ? 0 : sent);
        place->sent += gone / payload;
        place->offset = gone % payload;
        if (!udp && sent != (ssize_t)left) break;
    }
    /* In churn both ways are watched from the dial on: one epoll_ctl a connection. */
    int blocked = place->sent != place->asked;
    if (blocked != place->blocked && !requests)
        watch(place, EPOLL_CTL_MOD, blocked ? EPOLLIN | EPOLLOUT : EPOLLIN);
    place->blocked = blocked;
}

static void begin(struct place *place) {
    *place = (struct place){.fd = dial(0), .id = place->id, .asked = 1};
    watch(place, EPOLL_CTL_ADD, EPOLLIN | EPOLLOUT | EPOLLET);
    flush_out(place);
}

static void ended(struct place *place) {
    if (!requests || place->heard != (uint32_t)requests) end("the server closed a connection");
    close(place->fd);
    begin(place);
}

static void answered(struct place *place) {
    if (place->bad) wrong++; else replies++;
    place->bad = 0;
    place->received = 0;
    place->heard++;
    if (requests && place->heard == (uint32_t)requests) {
        if (shutdown(place->fd, SHUT_WR)) die("shutdown");
    } else if (!rate) place->asked++;
}

static void take(struct place *place, const char *bytes, size_t count) {
    while (count) {
        if (place->heard == place->sent && !place->offset) { wrong++; return; } /* not asked for */
        size_t part = payload - place->received < count ? payload - place->received : count;
        if (place->received < marked) {
            char expected[MARK];
            size_t at = place->received, compared = marked - at < part ? marked - at : part;
            mark(expected, place->heard, place->id);
            place->bad |= memcmp(expected + at, bytes, compared) != 0;
        }
        bytes += part, count -= part;
        if ((place->received += part) == payload) answered(place);
    }
}

/* Which of the last 64 it answers, by its number modulo what fits its first bytes; a copy, or one
 * that was given up, answers none. */
static void take_datagram(struct place *place, const char *bytes, size_t count) {
    uint32_t words[2] = {0, place->id}, modulus = marked < 4 ? (1u << 8 * marked) - 1 : ~0u;
    memcpy(words, bytes, count < marked ? count : marked);
    uint32_t back = (place->sent - 1 - words[0]) & modulus, number = place->sent - 1 - back;
    if (count != payload || words[1] != (uint32_t)place->id) { wrong++; return; }
    if (back > 63 || !(place->owed >> number % 64 & 1)) return;
    place->owed &= ~(1ull << number % 64);
    replies++;
    if (!rate) place->asked++;
}

static void hear(struct place *place) {
    static char chunk[CHUNK];
    ssize_t received;
    do { /* an edge is told once; a level again */
        received = recv(place->fd, chunk, CHUNK, 0);
        if (received < 0 && errno == EAGAIN) return;
        if (received < 0) die("recv");
        place->since = moment;
        if (udp) take_datagram(place, chunk, received);
        else if (received) take(place, chunk, received);
        else { ended(place); return; }
        flush_out(place);
    } while (requests && received == CHUNK);
}

/* In closed loop a lost datagram must not end its connection's part in the load. */
static void revive(void) {
    for (struct place *place = all; place < all + connections; place++) {
        if (moment - place->since < LOST_S) continue;
        place->owed = 0;
        place->since = moment;
        place->asked += depth;
        flush_out(place);
    }
}

static double uniform(void) { /* xorshift64*, above 0 and at most 1 */
    static uint64_t state;
    if (!state) state = 0x9e3779b97f4a7c15u * (uint64_t)(option("seed") + 1);
    state ^= state >> 12, state ^= state << 25, state ^= state >> 27;
    return ((state * 0x2545f4914f6cdd1du >> 11) + 1) / 9007199254740992.0;
}

static void offer(void) {
    for (int burst = BURST; due <= moment && burst; burst--) {
        struct place *place = &all[(unsigned)(uniform() * connections) % connections];
        due -= log(uniform()) / rate;
        place->asked++;
        flush_out(place);
    }
}

/* What is less than a millisecond away is spun for. */
static int pause_ms(double until) {
    double left_s = (rate && due < until ? due : until) - moment, most_s = udp ? LOST_S / 4 : 1;
    return left_s <= 0 ? 0 : 1000 * (left_s < most_s ? left_s : most_s);
}

static void run(double until) {
    struct epoll_event events[EVENTS];
    int sleeps = option("sleep") > 0;
    double looked = now();
    while ((moment = now()) < until) {
        if (rate) offer();
        int ready = epoll_wait(epoll, events, EVENTS, sleeps ? pause_ms(until) : 0);
        if (ready < 0 && errno != EINTR) die("epoll_wait");
        for (int i = 0; i < ready; i++) {
            struct place *place = events[i].data.ptr;
            if (events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP)) hear(place);
            else if (place->blocked) flush_out(place);
        }
        if (udp && !rate && moment - looked > LOST_S / 4) looked = moment, revive();
    }
}

static void find(char **words) {
    int v6 = !strcmp(words[1], "tcp6"), local = !strcmp(words[1], "unix");
    udp = !strcmp(words[1], "udp");
    server.any.sa_family = local ? AF_UNIX : v6 ? AF_INET6 : AF_INET;
    server_length = local ? sizeof server.un : v6 ? sizeof server.in6 : sizeof server.in;
    if (local) {
        if (strlen(words[2]) >= sizeof server.un.sun_path) end("the path is too long");
        strcpy(server.un.sun_path, words[2]);
        return;
    }
    void *address = v6 ? (void *)&server.in6.sin6_addr : (void *)&server.in.sin_addr;
    if (inet_pton(server.any.sa_family, words[2], address) != 1) end("give a numeric address");
    server.in.sin_port = htons(atoi(words[3])); /* at the same place in both */
    rotates = !v6 && ntohl(server.in.sin_addr.s_addr) >> 24 == 127;
}

static void read_options(int count, char **words) {
    if (count < 4) end("usage: witness TRANSPORT HOST PORT [name=value ...]");
    find(words);
    for (int i = 4; i < count; i++) {
        size_t at = 0, length = strcspn(words[i], "=");
        while (at < sizeof options / sizeof *options &&
               (strncmp(options[at].name, words[i], length) || options[at].name[length])) at++;
        if (at == sizeof options / sizeof *options || !words[i][length]) end(words[i]);
        options[at].value = atof(words[i] + length + 1);
    }
    connections = option("connections"), payload = option("payload"), depth = option("depth");
    requests = option("requests"), rate = option("rate"), turn = option("source");
    stride = option("stride"), port_low = option("port_low"), port_high = option("port_high");
    if (connections < 1 || payload < 1 || depth < 1) end("at least 1 of everything");
    if (requests && (udp || rate || depth > 1)) end("churn is a closed loop of one request");
    if (udp && depth > 64) end("at most 64 datagrams in flight on a socket");
    marked = payload < MARK ? payload : MARK;
    batch = udp || payload * depth > BATCH ? 1 : depth;
}

static void prepare(void) {
    struct rlimit files;
    cpu_set_t set;
    CPU_ZERO(&set);
    if (option("cpu") >= 0) {
        CPU_SET((int)option("cpu"), &set);
        if (sched_setaffinity(0, sizeof set, &set)) die("cpu");
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* no witness outlives its house */
    if (!getrlimit(RLIMIT_NOFILE, &files)) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    all = calloc(connections, sizeof *all);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!(out = malloc(batch * payload)) || !all || epoll < 0) die("start");
    memset(out, 'x', batch * payload);
    for (int i = 0; i < option("idle"); i++) dial(1);
    for (int i = 0; i < connections; i++) {
        all[i].id = i;
        if (requests) continue;
        all[i].fd = dial(1);
        watch(&all[i], EPOLL_CTL_ADD, EPOLLIN);
    }
}

int main(int count, char **words) {
    double start, seconds;
    read_options(count, words);
    prepare();
    printf("{\"connected\": true}\n");
    fflush(stdout);
    if (scanf("%lf", &start) != 1) start = now();
    while ((moment = now()) < start) usleep((start - moment) * 1e6);
    due = moment;
    if (rate) due -= log(uniform()) / rate;
    for (int i = 0; !rate && i < connections; i++) {
        if (requests) begin(&all[i]);
        else all[i].since = moment, all[i].asked = depth, flush_out(&all[i]);
    }
    run(start + option("warmup"));
    double opened = now();
    replies = wrong = 0;
    run(opened + option("seconds")); /* in full, also if it was stopped meanwhile */
    seconds = now() - opened;
    printf("{\"replies\": %ld, \"seconds\": %.6f, \"wrong\": %ld}\n", replies, seconds, wrong);
}
