// Calls of Linux that Swift's Glibc module does not offer.
#pragma once
#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// A new event counter, non-blocking and closed on exec, or -1.
static inline int firn_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

// A file in memory without a name, empty and closed on exec, or -1.
static inline int firn_memory_file(void) { return (int)syscall(SYS_memfd_create, "firn", 1u /* MFD_CLOEXEC */); }

// The kernel's id of the calling thread. pthread_self() is not a substitute: a compiler may keep it across a suspension.
static inline int firn_gettid(void) { return (int)syscall(SYS_gettid); }

// Names the calling thread for debuggers and `top`; Linux keeps 15 bytes.
static inline void firn_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

// Makes the kernel kill this process when the thread that started it ends.
static inline void firn_die_with_parent(void) { prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); }

// A file in a directory without a name, open for writing, or -1 with errno.
static inline int firn_nameless_file(const char *directory, mode_t mode) {
    return open(directory, __O_TMPFILE | O_DIRECTORY | O_WRONLY | O_CLOEXEC, mode);
}

// A file in a directory without a name, open for reading and writing and for nobody else, or -1 with errno.
static inline int firn_scratch_file(const char *directory) {
    return open(directory, __O_TMPFILE | O_DIRECTORY | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
}

// Writes everything that a file system holds back to its device; 0, or -1 with errno.
static inline int firn_syncfs(int descriptor) { return (int)syscall(SYS_syncfs, descriptor); }

// The program's build id, as the linker has put it into a note.
struct firn_build_id {
    unsigned char bytes[64];
    size_t count;
};

static inline struct firn_build_id firn_own_build_id(void) {
    struct firn_build_id id = {{0}, 0};
    // The kernel tells where the program's own headers lie. They say where they were meant to lie.
    const Elf64_Phdr *headers = (const Elf64_Phdr *)getauxval(AT_PHDR);
    const unsigned long count = getauxval(AT_PHNUM);
    unsigned long shift = 0;
    for (unsigned long index = 0; headers && index < count; index++) {
        if (headers[index].p_type == PT_PHDR) shift = (unsigned long)headers - headers[index].p_vaddr;
    }
    for (unsigned long index = 0; headers && index < count; index++) {
        if (headers[index].p_type != PT_NOTE) continue;
        const char *note = (const char *)(shift + headers[index].p_vaddr);
        const char *end = note + headers[index].p_memsz;
        while (end - note >= (long)sizeof(Elf64_Nhdr)) {
            const Elf64_Nhdr *head = (const Elf64_Nhdr *)note;
            const char *name = note + sizeof *head;
            const char *contents = name + ((head->n_namesz + 3u) & ~3u);
            if (head->n_type == NT_GNU_BUILD_ID && head->n_namesz == 4 && memcmp(name, "GNU", 4) == 0 &&
                head->n_descsz <= sizeof id.bytes) {
                memcpy(id.bytes, contents, head->n_descsz);
                id.count = head->n_descsz;
                return id;
            }
            note = contents + ((head->n_descsz + 3u) & ~3u);
        }
    }
    return id;
}
