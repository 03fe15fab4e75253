/* A yardstick, not a model: one thread, epoll, no Python. What a server in C leaves the client to do.
 *
 *     cc -O2 -o echo echo.c && ./echo 127.0.0.1 9000
 *
 * TCP over IPv4. It ends by SIGTERM's default action. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

enum { CHUNK = 64 * 1024, EVENTS = 512, BACKLOG = 4096 };

/* unsent: the rest of a reply that the client has not taken yet, or NULL */
struct client { int fd; char *unsent; size_t start, end; };

static void die(const char *what) { perror(what); exit(1); }

static void watch(int epoll, int operation, struct client *client, unsigned events) {
    struct epoll_event event = {.events = events, .data.ptr = client};
    if (epoll_ctl(epoll, operation, client->fd, &event)) die("epoll_ctl");
}

static void hang_up(struct client *client) {
    close(client->fd);
    free(client->unsent);
    free(client);
}

static void take_clients(int epoll, int listener) {
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct client *client = calloc(1, sizeof *client);
        if (!client) die("calloc");
        client->fd = fd;
        watch(epoll, EPOLL_CTL_ADD, client, EPOLLIN);
    }
}

/* Read and send back; a reply that does not fit is kept, and nothing more is read until it is out. */
static int echo(int epoll, struct client *client) {
    static char chunk[CHUNK];
    ssize_t received = recv(client->fd, chunk, CHUNK, 0);
    if (received <= 0) return received < 0 && errno == EAGAIN;
    ssize_t sent = send(client->fd, chunk, received, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return 0;
    if (sent == received) return 1;
    client->start = 0;
    client->end = received - (sent < 0 ? 0 : sent);
    if (!(client->unsent = malloc(client->end))) die("malloc");
    memcpy(client->unsent, chunk + received - client->end, client->end);
    watch(epoll, EPOLL_CTL_MOD, client, EPOLLOUT);
    return 1;
}

static int send_rest(int epoll, struct client *client) {
    size_t left = client->end - client->start;
    ssize_t sent = send(client->fd, client->unsent + client->start, left, MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN;
    client->start += sent;
    if (client->start < client->end) return 1;
    free(client->unsent);
    client->unsent = NULL;
    watch(epoll, EPOLL_CTL_MOD, client, EPOLLIN);
    return 1;
}

static int listen_on(const char *host, int port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP), on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    if (fd < 0) die("socket");
    if (inet_pton(AF_INET, host, &address.sin_addr) != 1) die("host");
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5); /* as the house does, where permitted */
    if (bind(fd, (struct sockaddr *)&address, sizeof address)) die("bind");
    if (listen(fd, BACKLOG)) die("listen");
    return fd;
}

int main(int count, char **words) {
    if (count != 3) return fprintf(stderr, "usage: echo HOST PORT\n"), 2;
    struct rlimit files;
    if (!getrlimit(RLIMIT_NOFILE, &files)) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    struct client listener = {.fd = listen_on(words[1], atoi(words[2]))};
    struct epoll_event events[EVENTS];
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    watch(epoll, EPOLL_CTL_ADD, &listener, EPOLLIN);
    for (;;) {
        int ready = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < ready; i++) {
            struct client *client = events[i].data.ptr;
            if (client == &listener) take_clients(epoll, listener.fd);
            else if (!(client->unsent ? send_rest : echo)(epoll, client)) hang_up(client);
        }
    }
}
