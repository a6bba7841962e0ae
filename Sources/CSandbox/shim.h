// What a sandbox needs of Linux and of libseccomp that Swift cannot call by itself.
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static const uint32_t FIRN_KILL_PROCESS = SCMP_ACT_KILL_PROCESS;
static const uint32_t FIRN_ALLOW = SCMP_ACT_ALLOW;
static inline uint32_t firn_errno_action(int number) { return SCMP_ACT_ERRNO((uint32_t)number); }

// prctl takes a variable number of arguments, of which the kernel wants five.
static inline int firn_prctl(int option, unsigned long argument) { return prctl(option, argument, 0UL, 0UL, 0UL); }

// Closes all descriptors from one on; 0, or -1 with errno.
static inline int firn_close_from(unsigned first) { return (int)syscall(436 /* SYS_close_range */, first, ~0u, 0u); }

// A limit of the calling process, as the soft and the hard one; 0, or -1 with errno. The parameter of setrlimit has
// another type in each C library.
static inline int firn_limit(int resource, uint64_t value) {
    struct rlimit limit = {(rlim_t)value, (rlim_t)value};
    return setrlimit(resource, &limit);
}
static inline uint64_t firn_hard_limit(int resource) {
    struct rlimit limit;
    return getrlimit(resource, &limit) == 0 ? (uint64_t)limit.rlim_max : 0;
}
static const int FIRN_LIMIT_PROCESSES = RLIMIT_NPROC;
static const uint64_t FIRN_CLONE_THREAD = 0x00010000;
static const uint64_t FIRN_NO_LIMIT = (uint64_t)RLIM_INFINITY;

// Gives up all capabilities, also those that a program that is executed would get; 0, or -1 with errno.
static inline int firn_drop_capabilities(void) {
    for (unsigned long capability = 0; capability < 64; capability++) {
        // An error says that there is no such capability, or that the process has none to give up.
        (void)prctl(PR_CAPBSET_DROP, capability, 0UL, 0UL, 0UL);
    }
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0UL, 0UL, 0UL);
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{0, 0, 0}, {0, 0, 0}};
    return (int)syscall(SYS_capset, &header, data);
}

// Landlock. The headers of a system may be older than its kernel, so what is needed of them is written down here; the
// numbers are the same on all processors.
struct firn_landlock_rules {
    uint64_t files;
    uint64_t network;
    uint64_t scopes;
};
struct firn_landlock_path {
    uint64_t allowed;
    int32_t descriptor;
} __attribute__((packed));

// The version of Landlock's interface, or -1 with errno if the kernel has none or does without it.
static inline int firn_landlock_version(void) { return (int)syscall(444, NULL, 0UL, 1u); }
// A descriptor of a new set of rules, or -1 with errno.
static inline int firn_landlock_create(const struct firn_landlock_rules *rules, size_t size) {
    return (int)syscall(444, rules, size, 0u);
}
static inline int firn_landlock_allow(int set, const struct firn_landlock_path *path) {
    return (int)syscall(445, set, 1 /* LANDLOCK_RULE_PATH_BENEATH */, path, 0u);
}
static inline int firn_landlock_restrict(int set) { return (int)syscall(446, set, 0u); }

static inline int firn_unshare_mounts(int with_user) {
    // CLONE_NEWNS and CLONE_NEWUSER, which the headers only give to GNU's dialect of C.
    return (int)syscall(SYS_unshare, 0x00020000UL | (with_user ? 0x10000000UL : 0UL));
}
static inline int firn_make_mounts_private(void) { return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL); }
static inline int firn_mount_memory(const char *directory) {
    return mount("none", directory, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=1m,mode=755");
}
static inline int firn_bind(const char *source, const char *target) {
    return mount(source, target, NULL, MS_BIND | MS_REC, NULL);
}
static inline int firn_restrict_mount(const char *target, int writable, int executable) {
    unsigned long flags = MS_BIND | MS_REMOUNT | MS_NOSUID | MS_NODEV;
    return mount(NULL, target, NULL, flags | (writable ? 0 : MS_RDONLY) | (executable ? 0 : MS_NOEXEC), NULL);
}
// Makes a directory the root of all paths and removes what was there; 0, or -1 with errno.
static inline int firn_change_root(const char *directory) {
    if (chdir(directory) != 0 || syscall(SYS_pivot_root, ".", ".") != 0) return -1;
    if (umount2(".", MNT_DETACH) != 0) return -1;
    return chdir("/");
}
