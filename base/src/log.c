/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include "base/clock.h"
#include "base/fd.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Every byte of a message can become six in JSON ("\u001f"), and the frame around it takes less than 128. */
#define LOG_MESSAGE_SIZE ERROR_TEXT_SIZE
#define LOG_LINE_SIZE    (6 * LOG_MESSAGE_SIZE + 128)
#define LOG_HELD_SIZE    (4 * LOG_LINE_SIZE)

static struct {
    int fd; /* of the file; -1: standard error */
    enum log_format format;
    enum log_level least;
    const char *program;
    size_t held; /* bytes of held_back that count */
    char held_back[LOG_HELD_SIZE];
} log_state = {.fd = -1, .least = LOG_LEVEL_INFO, .program = "wherry"};

static const char *const level_names[] = {"debug", "info", "warning", "error"};

int log_open(const char *path, enum log_format format, enum log_level least, const char *program,
             struct error *err)
{
    log_state.format = format;
    log_state.least = least;
    log_state.program = program;
    if (path == NULL || path[0] == '\0')
        return 0;
    if (fd_open(AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT, 0644, &log_state.fd, err) < 0)
        return error_wrap(err, "open the log");
    return 0;
}

int log_fd(void)
{
    return log_state.fd;
}

/* The length of the UTF-8 sequence at s, 0 if there is no valid one (RFC 3629). */
static size_t utf8_length(const unsigned char *s)
{
    size_t n = s[0] < 0x80 ? 1 : (s[0] >> 5) == 6 ? 2 : (s[0] >> 4) == 14 ? 3 : (s[0] >> 3) == 30 ? 4 : 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    bool is_overlong = (n == 2 && s[0] < 0xc2) || (n == 3 && s[0] == 0xe0 && s[1] < 0xa0) ||
                       (n == 4 && s[0] == 0xf0 && s[1] < 0x90);
    bool is_surrogate = n == 3 && s[0] == 0xed && s[1] >= 0xa0;
    bool is_too_high = n == 4 && (s[0] > 0xf4 || (s[0] == 0xf4 && s[1] >= 0x90));
    return is_overlong || is_surrogate || is_too_high ? 0 : n;
}

/* Appends message as the inside of a JSON string. line has room for it. */
static size_t escape_json(char *line, const char *message)
{
    size_t n = 0;
    for (const unsigned char *s = (const unsigned char *)message; *s != '\0';) {
        size_t length = utf8_length(s);
        if (length == 0)
            n += (size_t)sprintf(line + n, "\\ufffd");
        else if (*s == '"' || *s == '\\')
            n += (size_t)sprintf(line + n, "\\%c", *s);
        else if (*s < 0x20 || *s == 0x7f)
            n += (size_t)sprintf(line + n, "\\u%04x", *s);
        else
            memcpy(line + n, s, length), n += length;
        s += length == 0 ? 1 : length;
    }
    return n;
}

static size_t copy_plain(char *line, const char *message)
{
    size_t n = 0;
    for (; message[n] != '\0'; n++)
        line[n] = (unsigned char)message[n] < 0x20 || message[n] == 0x7f ? ' ' : message[n];
    return n;
}

static size_t format_line(char line[LOG_LINE_SIZE], enum log_level level, const char *message)
{
    char now[CLOCK_TEXT_SIZE];
    size_t n;

    clock_format_time(now);
    if (log_state.format == LOG_FORMAT_JSON) {
        n = (size_t)sprintf(line, "{\"level\":\"%s\",\"msg\":\"", level_names[level]);
        n += escape_json(line + n, message);
        n += (size_t)sprintf(line + n, "\",\"time\":\"%s\"}\n", now);
    } else {
        n = (size_t)sprintf(line, "time=\"%s\" level=%s msg=\"", now, level_names[level]);
        n += copy_plain(line + n, message);
        n += (size_t)sprintf(line + n, "\"\n");
    }
    return n;
}

/* A log that cannot be written has nobody left to tell. */
static void write_line(int fd, const char *line, size_t size)
{
    struct error ignored;
    (void)fd_write_all(fd, line, size, "log", &ignored);
}

static void print_on_stderr(const char *message)
{
    char line[LOG_LINE_SIZE];
    size_t n = (size_t)snprintf(line, 64, "%.32s: ", log_state.program);
    n += copy_plain(line + n, message);
    line[n++] = '\n';
    write_line(STDERR_FILENO, line, n);
}

void log_line(enum log_level level, const char *fmt, ...)
{
    char message[LOG_MESSAGE_SIZE], line[LOG_LINE_SIZE];
    va_list args;

    if (level < log_state.least)
        return;
    va_start(args, fmt);
    vsnprintf(message, sizeof(message), fmt, args);
    va_end(args);

    if (log_state.fd < 0) {
        print_on_stderr(message);
        return;
    }
    size_t n = format_line(line, level, message);
    bool can_wait = log_state.format == LOG_FORMAT_JSON && level != LOG_LEVEL_DEBUG;
    if (!can_wait) {
        write_line(log_state.fd, line, n);
    } else if (log_state.held + n <= sizeof(log_state.held_back)) {
        memcpy(log_state.held_back + log_state.held, line, n);
        log_state.held += n;
    }
}

void log_failure(const struct error *err)
{
    log_state.held = 0;
    if (log_state.fd >= 0) {
        char line[LOG_LINE_SIZE];
        write_line(log_state.fd, line, format_line(line, LOG_LEVEL_ERROR, err->text));
    }
    print_on_stderr(err->text);
}

void log_commit(void)
{
    if (log_state.fd >= 0 && log_state.held > 0)
        write_line(log_state.fd, log_state.held_back, log_state.held);
    log_state.held = 0;
}
