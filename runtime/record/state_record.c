/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text form of a state record (state_dir.h): a first line with the version, then "key value" lines. A
 * value has the bytes below 0x20, "%" and 0x7f as %XX. Unknown keys are refused with the version: a record is
 * only ever read by the program that wrote it, or by a later version that knows the earlier ones.
 */
#include "state_record.h"

#include "base/cleanup.h"
#include "base/num.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VERSION_LINE "wherry-state 1\n"

struct text_field {
    const char *key;
    size_t offset;
};

static const struct text_field text_fields[] = {
    {"bundle", offsetof(struct state_record, bundle)},   {"rootfs", offsetof(struct state_record, rootfs)},
    {"created", offsetof(struct state_record, created)}, {"cgroup", offsetof(struct state_record, cgroup)},
    {"cmdline", offsetof(struct state_record, cmdline)},
};

static const struct text_field number_fields[] = {
    {"guest_kind", offsetof(struct state_record, guest_kind)},
    {"memory_bytes", offsetof(struct state_record, memory_bytes)},
    {"start_time", offsetof(struct state_record, process.start_time)},
    {"is_created", offsetof(struct state_record, is_created)},
    {"is_paused", offsetof(struct state_record, is_paused)},
};

#define N_TEXT_FIELDS   (sizeof(text_fields) / sizeof(text_fields[0]))
#define N_NUMBER_FIELDS (sizeof(number_fields) / sizeof(number_fields[0]))

static char **text_of(struct state_record *record, size_t i)
{
    return (char **)(void *)((char *)record + text_fields[i].offset);
}

static uint64_t *number_of(struct state_record *record, size_t i)
{
    return (uint64_t *)(void *)((char *)record + number_fields[i].offset);
}

static void print_value(FILE *out, const char *key, const char *value)
{
    fprintf(out, "%s ", key);
    for (const unsigned char *s = (const unsigned char *)value; *s != '\0'; s++) {
        if (*s < 0x20 || *s == '%' || *s == 0x7f)
            fprintf(out, "%%%02X", *s);
        else
            fputc(*s, out);
    }
    fputc('\n', out);
}

int state_record_format(const struct state_record *record, char **out_text, size_t *out_size,
                        struct error *err)
{
    struct state_record copy = *record; /* only to take addresses in without a const cast */
    _cleanup_free_ char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL)
        return error_errno(err, "write the state record");

    fputs(VERSION_LINE, out);
    for (size_t i = 0; i < N_TEXT_FIELDS; i++)
        if (*text_of(&copy, i) != NULL)
            print_value(out, text_fields[i].key, *text_of(&copy, i));
    for (size_t i = 0; i < N_NUMBER_FIELDS; i++)
        fprintf(out, "%s %llu\n", number_fields[i].key, (unsigned long long)*number_of(&copy, i));
    fprintf(out, "pid %d\n", (int)record->process.pid);
    for (size_t i = 0; i < record->n_nets; i++)
        fprintf(out, "net %s %s\n", record->nets[i].device, record->nets[i].interface);
    if (fclose(out) != 0)
        return error_errno(err, "write the state record");
    *out_text = take_ptr(text);
    *out_size = size;
    return 0;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Undoes print_value in place. Returns -1 if an escape is none. */
static int unescape(char *value)
{
    char *to = value;
    for (const char *from = value; *from != '\0'; from++) {
        if (*from != '%') {
            *to++ = *from;
            continue;
        }
        int high = hex_digit(from[1]), low = high < 0 ? -1 : hex_digit(from[2]);
        if (low < 0 || high + low == 0)
            return -1;
        *to++ = (char)(high * 16 + low);
        from += 2;
    }
    *to = '\0';
    return 0;
}

static int parse_net(struct state_record *record, char *value)
{
    char *space = strchr(value, ' ');
    if (space == NULL || record->n_nets == LAUNCH_NETS_MAX)
        return -1;
    *space = '\0';
    struct state_net *net = &record->nets[record->n_nets];
    if (strlen(value) >= sizeof(net->device) || strlen(space + 1) >= sizeof(net->interface))
        return -1;
    strcpy(net->device, value);
    strcpy(net->interface, space + 1);
    record->n_nets++;
    return 0;
}

static int parse_number(const char *value, uint64_t max, uint64_t *out)
{
    struct error ignored;
    return num_parse_u64(value, max, out, "number", &ignored);
}

/* One "key value" line. Returns -1 if it is not in order. */
static int parse_field(struct state_record *record, const char *key, char *value)
{
    uint64_t pid;
    for (size_t i = 0; i < N_TEXT_FIELDS; i++) {
        if (strcmp(key, text_fields[i].key) != 0)
            continue;
        if (*text_of(record, i) != NULL || unescape(value) < 0)
            return -1;
        *text_of(record, i) = strdup(value);
        return *text_of(record, i) == NULL ? -1 : 0;
    }
    for (size_t i = 0; i < N_NUMBER_FIELDS; i++)
        if (strcmp(key, number_fields[i].key) == 0)
            return parse_number(value, UINT64_MAX, number_of(record, i));
    if (strcmp(key, "net") == 0)
        return parse_net(record, value);
    if (strcmp(key, "pid") != 0 || parse_number(value, INT32_MAX, &pid) < 0)
        return -1;
    record->process.pid = (pid_t)pid;
    return 0;
}

int state_record_parse(char *text, struct state_record *out_record, struct error *err)
{
    _cleanup_(state_record_release) struct state_record record = {0};
    char *next = NULL;

    if (strncmp(text, VERSION_LINE, strlen(VERSION_LINE)) != 0)
        return error_set(err, ERROR_INPUT, "the state record is not of a version that this program knows");
    for (char *line = text + strlen(VERSION_LINE); *line != '\0'; line = next) {
        char *end = strchr(line, '\n'), *space = strchr(line, ' ');
        if (end == NULL || space == NULL || space > end)
            return error_set(err, ERROR_INPUT, "the state record is cut off");
        *end = *space = '\0';
        next = end + 1;
        if (parse_field(&record, line, space + 1) < 0)
            return error_set(err, ERROR_INPUT, "the state record's \"%s\" is not in order", line);
    }
    *out_record = record;
    record = (struct state_record){0};
    return 0;
}

void state_record_release(struct state_record *record)
{
    for (size_t i = 0; i < N_TEXT_FIELDS; i++)
        free(*text_of(record, i));
    *record = (struct state_record){0};
}
