// System calls by number, as a job makes them that runs code of its own.
#pragma once
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// The kernel's answer, or -1 with errno.
static inline long raw_system_call(long number, const long arguments[6]) {
    return syscall(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
}
