/* Makes the disk of a coordinator fail, or kills the coordinator at a chosen write: loaded by scripts/chaos with
 * LD_PRELOAD. It acts only on files below the directory that CHAOS_STORE names, and as the numbers in the file
 * CHAOS_CONTROL say, which the script changes while the process runs. Each number counts down, and 0 is off. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

struct control {
    atomic_int kill_before_sync; /* kills at the n-th flush, before it */
    atomic_int kill_after_sync;  /* kills at the n-th flush, when it is done */
    atomic_int kill_in_write;    /* kills at the n-th write, when half of it is done */
    atomic_int failing_syncs;    /* the next n flushes fail with EIO */
    atomic_int failing_writes;   /* the next n writes fail with ENOSPC */
    atomic_int short_writes;     /* the next n writes write half of their bytes */
    atomic_int done;             /* counts what was done */
};

static struct control *control;
static char store[PATH_MAX];

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("CHAOS_CONTROL"), *directory = getenv("CHAOS_STORE");
    if (!path || !directory) return;
    int file = open(path, O_RDWR | O_CLOEXEC);
    if (file < 0) return;
    void *memory = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (memory == MAP_FAILED) return;
    snprintf(store, sizeof store, "%s/", directory);
    control = memory;
}

static int is_store(int file) {
    if (!control) return 0;
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return strncmp(path, store, strlen(store)) == 0;
}

/* Whether this is the call at which the number reaches 0. */
static int is_due(atomic_int *number) { return atomic_load(number) > 0 && atomic_fetch_sub(number, 1) == 1; }

/* Whether this call is one of the next n. */
static int is_one(atomic_int *number) {
    if (atomic_load(number) <= 0 || atomic_fetch_sub(number, 1) <= 0) return 0;
    atomic_fetch_add(&control->done, 1);
    return 1;
}

static void end_now(void) {
    atomic_fetch_add(&control->done, 1);
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

static int flush(int file, const char *name) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    if (!is_store(file)) return real(file);
    if (is_due(&control->kill_before_sync)) end_now();
    if (is_one(&control->failing_syncs)) {
        errno = EIO;
        return -1;
    }
    int result = real(file);
    if (is_due(&control->kill_after_sync)) end_now();
    return result;
}

int fsync(int file) { return flush(file, "fsync"); }
int fdatasync(int file) { return flush(file, "fdatasync"); }

/* The number of bytes that a write may write; -1 if it fails. */
static ssize_t allowed(int file, size_t count) {
    if (!is_store(file)) return count;
    if (is_one(&control->failing_writes)) {
        errno = ENOSPC;
        return -1;
    }
    if (count > 1 && is_one(&control->short_writes)) return count / 2;
    return count;
}

ssize_t write(int file, const void *bytes, size_t count) {
    ssize_t (*real)(int, const void *, size_t) = (ssize_t(*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
    ssize_t most = allowed(file, count);
    if (most < 0) return -1;
    if (control && count > 1 && is_store(file) && is_due(&control->kill_in_write)) {
        real(file, bytes, count / 2);
        end_now();
    }
    return real(file, bytes, most);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) {
    ssize_t (*real)(int, const void *, size_t, off64_t) =
        (ssize_t(*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64");
    ssize_t most = allowed(file, count);
    if (most < 0) return -1;
    if (control && count > 1 && is_store(file) && is_due(&control->kill_in_write)) {
        real(file, bytes, count / 2, offset);
        end_now();
    }
    return real(file, bytes, most, offset);
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
    return pwrite64(file, bytes, count, offset);
}
