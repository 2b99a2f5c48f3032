/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What went wrong, in words, with a class that decides the exit status.
 *
 * Every function that can fail takes a `struct error *err` as its last parameter, returns 0 or -1 and fills
 * err on failure only. errno is converted on the line that failed. A caller adds the one piece of context
 * that it alone knows with error_wrap() and returns -1. Only a program's main prints, once.
 *
 * The struct is the caller's, has a fixed size and holds no pointer: making an error never allocates, and one
 * can be written to a pipe or a socket as it is.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#define ERROR_TEXT_SIZE 1024

/* The class of a failure; it says whose it is, and a program derives its exit status from it. */
enum error_kind {
    ERROR_NONE = 0,
    ERROR_SYSTEM,    /* the system refused: a system call failed, a resource ran out */
    ERROR_USAGE,     /* the command line is wrong */
    ERROR_INPUT,     /* a document or message that was handed in is wrong */
    ERROR_REFUSED,   /* understood, but this program cannot honour it */
    ERROR_STATE,     /* not possible in the present state of the object */
    ERROR_NOT_FOUND, /* the named object does not exist */
    ERROR_NOT_EXEC,  /* the unikernel is there but cannot be loaded */
    ERROR_NO_EXEC,   /* the unikernel is not there */
    ERROR_BUG,       /* this program is wrong */
    ERROR_KIND_COUNT
};

struct error {
    enum error_kind kind;
    int errnum; /* the errno behind it, or 0 */
    char
        text[ERROR_TEXT_SIZE]; /* starts in lower case, ends without a period; cut at the end when too long */
};

/* Fills err with kind and text. Always returns -1, so that a failing line can return it. */
int error_set(struct error *err, enum error_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* As error_set with ERROR_SYSTEM and the calling thread's errno, whose message is appended after ": ". */
int error_errno(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* As error_errno, for calls that return the error number (posix_spawn, pthread_*, -errno interfaces). */
int error_number(struct error *err, int errnum, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Puts context and ": " in front of an error that is already there. The class stays. Always returns -1. */
int error_wrap(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The same, and the class becomes kind: for a border at which a failure changes its meaning. */
int error_wrap_as(struct error *err, enum error_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
