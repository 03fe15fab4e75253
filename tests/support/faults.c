/* Preloaded by tests: makes a call of the C library fail, as a full disk or a full table would.
 *
 * FAULT="CALL ERRNO WHO WHERE AFTER TIMES", with tabs between: the call by name; the error number; a part of the
 * command line of the processes that it fails in; a part of the path of the file that it is about
 * (`*`: any); how many such calls go well first; how many fail then (0: all).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

static char call_[32], who[128], where[256];
static int number, after, times, passed, failed, mine = -1;

static ssize_t raw_read(int fd, void *to, size_t size) {
    static ssize_t (*next)(int, void *, size_t);
    if (!next) next = dlsym(RTLD_NEXT, "read");
    return next(fd, to, size);
}

static int raw_open(const char *path) {
    int (*next)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
    return next(path, O_RDONLY | O_CLOEXEC);
}

/* Whether this process is one of those: asked once, and again after a fork and exec by itself. */
static int is_mine(void) {
    if (mine >= 0) return mine;
    const char *fault = getenv("FAULT");
    mine = 0;
    if (!fault || sscanf(fault, "%31[^\t]\t%d\t%127[^\t]\t%255[^\t]\t%d\t%d", call_, &number, who, where, &after,
                         &times) != 6)
        return 0;
    char line[8192];
    int fd = raw_open("/proc/self/cmdline");
    ssize_t size = fd < 0 ? 0 : raw_read(fd, line, sizeof line - 1);
    if (fd >= 0) close(fd);
    for (ssize_t at = 0; at < size; at++)
        if (!line[at]) line[at] = ' ';
    line[size > 0 ? size : 0] = 0;
    return mine = strstr(line, who) != NULL;
}

static int fails(const char *name, const char *path) {
    int before = errno;
    if (!is_mine() || strcmp(name, call_) || (strcmp(where, "*") && !strstr(path, where))) {
        errno = before;
        return 0;
    }
    if (passed < after) {
        passed++;
        errno = before;
        return 0;
    }
    if (times && failed >= times) {
        errno = before;
        return 0;
    }
    failed++;
    errno = number;
    return 1;
}

static int fails_fd(const char *name, int fd) {
    int before = errno;
    char link[64], path[4096];
    if (!is_mine() || strcmp(name, call_)) {
        errno = before;
        return 0;
    }
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof path - 1);
    path[size > 0 ? size : 0] = 0;
    errno = before;
    return fails(name, path);
}

#define NEXT(type, name, ...) type (*next)(__VA_ARGS__) = dlsym(RTLD_NEXT, name)

ssize_t write(int fd, const void *data, size_t size) {
    static ssize_t (*next)(int, const void *, size_t);
    if (!next) next = dlsym(RTLD_NEXT, "write");
    return fails_fd("write", fd) ? -1 : next(fd, data, size);
}

ssize_t read(int fd, void *to, size_t size) {
    return fails_fd("read", fd) ? -1 : raw_read(fd, to, size);
}

ssize_t recv(int fd, void *to, size_t size, int flags) {
    NEXT(ssize_t, "recv", int, void *, size_t, int);
    return fails_fd("recv", fd) ? -1 : next(fd, to, size, flags);
}

int fsync(int fd) {
    NEXT(int, "fsync", int);
    return fails_fd("fsync", fd) ? -1 : next(fd);
}

int rename(const char *from, const char *to) {
    NEXT(int, "rename", const char *, const char *);
    return fails("rename", to) ? -1 : next(from, to);
}

static int opened(const char *name, const char *path, int flags, mode_t mode) {
    int (*next)(const char *, int, ...) = dlsym(RTLD_NEXT, name);
    if ((flags & O_ACCMODE) != O_RDONLY && fails("open", path)) return -1;
    return next(path, flags, mode);
}

#define OPEN(name)                                \
    int name(const char *path, int flags, ...) {  \
        va_list rest;                             \
        va_start(rest, flags);                    \
        mode_t mode = va_arg(rest, mode_t);       \
        va_end(rest);                             \
        return opened(#name, path, flags, mode);  \
    }
OPEN(open)
OPEN(open64)

/* A path below an open folder, which is how files of a run are opened. */
static int fails_at(const char *name, int folder, const char *path) {
    int before = errno;
    char link[64], whole[8192];
    if (!is_mine() || strcmp(name, call_)) {
        errno = before;
        return 0;
    }
    ssize_t size = 0;
    if (folder != AT_FDCWD && path[0] != '/') {
        snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
        size = readlink(link, whole, sizeof whole / 2);
        size = size > 0 ? size : 0;
        whole[size++] = '/';
    }
    snprintf(whole + size, sizeof whole - size, "%s", path);
    errno = before;
    return fails(name, whole);
}

static int opened_at(const char *name, int folder, const char *path, int flags, mode_t mode) {
    int (*next)(int, const char *, int, ...) = dlsym(RTLD_NEXT, name);
    if ((flags & O_ACCMODE) != O_RDONLY && fails_at("open", folder, path)) return -1;
    return next(folder, path, flags, mode);
}

#define OPEN_AT(name)                                        \
    int name(int folder, const char *path, int flags, ...) { \
        va_list rest;                                        \
        va_start(rest, flags);                               \
        mode_t mode = va_arg(rest, mode_t);                  \
        va_end(rest);                                        \
        return opened_at(#name, folder, path, flags, mode);  \
    }
OPEN_AT(openat)
OPEN_AT(openat64)

int renameat(int from_folder, const char *from, int to_folder, const char *to) {
    NEXT(int, "renameat", int, const char *, int, const char *);
    return fails_at("rename", to_folder, to) ? -1 : next(from_folder, from, to_folder, to);
}

pid_t fork(void) {
    NEXT(pid_t, "fork", void);
    return fails("fork", "") ? -1 : next();
}

/* A function cannot return twice from another one's frame: where it succeeds it is a fork. */
pid_t vfork(void) { return fork(); }

int execve(const char *path, char *const words[], char *const environment[]) {
    NEXT(int, "execve", const char *, char *const[], char *const[]);
    return fails("exec", path) ? -1 : next(path, words, environment);
}

int execv(const char *path, char *const words[]) {
    NEXT(int, "execv", const char *, char *const[]);
    return fails("exec", path) ? -1 : next(path, words);
}

int bind(int fd, const struct sockaddr *address, socklen_t size) {
    NEXT(int, "bind", int, const struct sockaddr *, socklen_t);
    return fails("bind", "") ? -1 : next(fd, address, size);
}

int connect(int fd, const struct sockaddr *address, socklen_t size) {
    NEXT(int, "connect", int, const struct sockaddr *, socklen_t);
    return fails("connect", "") ? -1 : next(fd, address, size);
}
