// Lets one call that changes files below a folder fail, and with WO_FAIL_ALL all calls after it too, as a disk does that is
// full or broken. For the tests, through LD_PRELOAD. What failed is told in the file WO_FAIL_TOLD.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static atomic_int n_calls;

static ssize_t path_of(int fd, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, PATH_MAX - 1);
    path[n < 0 ? 0 : n] = 0;
    return n;
}

static int fails_at(const char *call, const char *path) {
    const char *below = getenv("WO_FAIL_BELOW"), *at = getenv("WO_FAIL_AT"), *told = getenv("WO_FAIL_TOLD");
    if (!below || !at || !told || strncmp(path, below, strlen(below)) != 0) return 0;
    int n = atomic_fetch_add(&n_calls, 1) + 1;
    if (n != atoi(at) && (n < atoi(at) || !getenv("WO_FAIL_ALL"))) return 0;
    int fd = open(told, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (fd >= 0) {
        dprintf(fd, "%s %s\n", call, path + strlen(below));
        close(fd);
    }
    errno = ENOSPC;
    return 1;
}

static int fails_on(const char *call, int fd) {
    char path[PATH_MAX];
    return path_of(fd, path) > 0 && fails_at(call, path);
}

static int fails_in(const char *call, int dir, const char *name) {
    char path[2 * PATH_MAX];
    if (name[0] == '/' || dir == AT_FDCWD || path_of(dir, path) <= 0) return fails_at(call, name);
    size_t n = strlen(path);
    snprintf(path + n, sizeof path - n, "/%s", name);
    return fails_at(call, path);
}

// Half of it is written before the disk is full.
ssize_t write(int fd, const void *bytes, size_t n) {
    if (!fails_on("write", fd)) return NEXT(write)(fd, bytes, n);
    NEXT(write)(fd, bytes, n / 2);
    errno = ENOSPC;
    return -1;
}

int fsync(int fd) { return fails_on("fsync", fd) ? -1 : NEXT(fsync)(fd); }
int fdatasync(int fd) { return fails_on("fdatasync", fd) ? -1 : NEXT(fdatasync)(fd); }
int ftruncate64(int fd, off64_t n) { return fails_on("ftruncate", fd) ? -1 : NEXT(ftruncate64)(fd, n); }
int ftruncate(int fd, off_t n) { return fails_on("ftruncate", fd) ? -1 : NEXT(ftruncate)(fd, n); }
int mkdir(const char *path, mode_t mode) { return fails_at("mkdir", path) ? -1 : NEXT(mkdir)(path, mode); }
int unlink(const char *path) { return fails_at("unlink", path) ? -1 : NEXT(unlink)(path); }
int rename(const char *from, const char *to) { return fails_at("rename", to) ? -1 : NEXT(rename)(from, to); }

int renameat(int from_dir, const char *from, int to_dir, const char *to) {
    return fails_in("rename", to_dir, to) ? -1 : NEXT(renameat)(from_dir, from, to_dir, to);
}

int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags) {
    return fails_in("link", to_dir, to) ? -1 : NEXT(linkat)(from_dir, from, to_dir, to, flags);
}
