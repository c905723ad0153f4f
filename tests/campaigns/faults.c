/* Calls of the C library that fail, or do half of what they should: loaded before it, and armed by campaigns/disk.py.
 *
 * Only files beyond descriptor 2 count; `after` calls of the chosen kinds pass, the next `many` fail with `error`, or
 * write half where that is 0.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/types.h>
#include <unistd.h>

enum { WRITE = 1, SYNC = 2, RENAME = 4, OPEN = 8, UNLINK = 16 };

static int kinds, after, many, error, calls;

void faults_arm(int which, int passing, int failing, int with) {
    kinds = which, after = passing, many = failing, error = with, calls = 0;
}
int faults_calls(void) { return calls; }

/* Whether this call is to fail. */
static int fails(int kind) {
    if (!(kinds & kind)) return 0;
    int number = calls++;
    return number >= after && number < after + many;
}
static int failed(void) { return errno = error, -1; }

#define REAL(name, result, ...) \
    static result (*real)(__VA_ARGS__); \
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, #name)

ssize_t write(int file, const void *bytes, size_t count) {
    REAL(write, ssize_t, int, const void *, size_t);
    if (file > 2 && fails(WRITE)) return error ? failed() : real(file, bytes, count > 1 ? count / 2 : count);
    return real(file, bytes, count);
}
int fsync(int file) {
    REAL(fsync, int, int);
    return fails(SYNC) ? failed() : real(file);
}
int rename(const char *old, const char *new) {
    REAL(rename, int, const char *, const char *);
    return fails(RENAME) ? failed() : real(old, new);
}
int renameat(int at, const char *old, int to, const char *new) {
    REAL(renameat, int, int, const char *, int, const char *);
    return fails(RENAME) ? failed() : real(at, old, to, new);
}
int unlinkat(int at, const char *name, int flags) {
    REAL(unlinkat, int, int, const char *, int);
    return fails(UNLINK) ? failed() : real(at, name, flags);
}
static int opened(int at, const char *name, int flags, mode_t mode, int (*real)(int, const char *, int, ...)) {
    return flags & (O_WRONLY | O_RDWR | O_CREAT) && fails(OPEN) ? failed() : real(at, name, flags, mode);
}
int openat(int at, const char *name, int flags, ...) {
    REAL(openat, int, int, const char *, int, ...);
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return opened(at, name, flags, mode, real);
}
int openat64(int, const char *, int, ...) __attribute__((alias("openat")));
int open(const char *name, int flags, ...) {
    REAL(openat, int, int, const char *, int, ...);
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return opened(AT_FDCWD, name, flags, mode, real);
}
int open64(const char *, int, ...) __attribute__((alias("open")));
