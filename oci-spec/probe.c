/* SPDX-License-Identifier: Apache-2.0 */
#include "oci-spec/probe.h"

#include "base/num.h"

#include <stdio.h>
#include <string.h>

#define BLANKS    " \t\n"
#define WORDS_MAX 6

static bool is_named(const char *word, size_t length, const char *name)
{
    size_t n = strlen(name);
    return length >= n && strncmp(word + length - n, name, n) == 0 &&
           (length == n || word[length - n - 1] == '/');
}

static bool is_shell(const struct config_strings *args)
{
    return args->n == 3 && is_named(args->items[0], strlen(args->items[0]), "sh") &&
           strcmp(args->items[1], "-c") == 0;
}

static int join(const struct config_strings *args, char text[PROBE_TEXT_SIZE], struct error *err)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 1; i < args->n; i++) {
        int n = snprintf(text + used, PROBE_TEXT_SIZE - used, "%s%s", i > 1 ? " " : "", args->items[i]);
        if ((size_t)n >= PROBE_TEXT_SIZE - used)
            return error_set(err, ERROR_INPUT, PROBE_COMMAND ": more than %d bytes of arguments",
                             PROBE_TEXT_SIZE - 1);
        used += (size_t)n;
    }
    return 0;
}

int probe_find(const struct config_strings *args, char text[PROBE_TEXT_SIZE], bool *out_is_probe,
               struct error *err)
{
    *out_is_probe = false;
    if (args->n == 0)
        return 0;
    if (!is_shell(args)) {
        *out_is_probe = is_named(args->items[0], strlen(args->items[0]), PROBE_COMMAND);
        return *out_is_probe ? join(args, text, err) : 0;
    }

    const char *script = args->items[2] + strspn(args->items[2], BLANKS);
    size_t name = strcspn(script, BLANKS);
    *out_is_probe = is_named(script, name, PROBE_COMMAND);
    const struct config_strings words = {.items = (const char *const[]){script, script + name}, .n = 2};
    return *out_is_probe ? join(&words, text, err) : 0;
}

static int parse_path(const char *word, struct probe *probe, struct error *err)
{
    if (word[0] != '/')
        return error_set(err, ERROR_INPUT, "'%s' is not a path that starts with '/'", word);
    if (strlen(word) >= sizeof(probe->path))
        return error_set(err, ERROR_INPUT, "the path is longer than %zu bytes", sizeof(probe->path) - 1);
    for (const char *at = word; *at != '\0'; at++) {
        if (*at <= ' ' || *at > '~')
            return error_set(err, ERROR_INPUT, "the path has a character that is not printable ASCII");
    }
    strcpy(probe->path, word);
    return 0;
}

/* tcp PORT, http PORT [PATH] */
static int parse_target(char *const *words, size_t n, struct probe *probe, struct error *err)
{
    uint64_t port;

    if (n > 0 && strcmp(words[0], "tcp") == 0)
        probe->kind = PROBE_TCP;
    else if (n > 0 && strcmp(words[0], "http") == 0)
        probe->kind = PROBE_HTTP;
    else
        return error_set(err, ERROR_INPUT, "'%s' is neither tcp nor http", n > 0 ? words[0] : "");
    if (n < 2)
        return error_set(err, ERROR_INPUT, "no port is given");
    if (num_parse_u64(words[1], UINT16_MAX, &port, "the port", err) < 0)
        return -1;
    if (port == 0)
        return error_set(err, ERROR_INPUT, "the port is 0");
    probe->port = (uint16_t)port;

    size_t n_known = probe->kind == PROBE_HTTP ? 3 : 2;
    if (n > n_known)
        return error_set(err, ERROR_INPUT, "'%s' is one word too many", words[n_known]);
    return n == 3 ? parse_path(words[2], probe, err) : 0;
}

static int parse_words(char *const *words, size_t n, struct probe *probe, struct error *err)
{
    uint64_t seconds = PROBE_TIMEOUT_DEFAULT_S;

    if (n > 0 && strcmp(words[0], "--timeout") == 0) {
        if (n < 2)
            return error_set(err, ERROR_INPUT, "--timeout is not followed by seconds");
        if (num_parse_u64(words[1], PROBE_TIMEOUT_MAX_S, &seconds, "--timeout", err) < 0)
            return -1;
        if (seconds == 0)
            return error_set(err, ERROR_INPUT, "--timeout is 0");
        words += 2;
        n -= 2;
    }
    probe->timeout_s = (uint32_t)seconds;
    return parse_target(words, n, probe, err);
}

int probe_parse(const char *text, struct probe *out, struct error *err)
{
    char copy[PROBE_TEXT_SIZE], *words[WORDS_MAX], *rest = NULL;
    size_t n = 0;

    *out = (struct probe){.path = "/"};
    if (strlen(text) >= sizeof(copy))
        return error_set(err, ERROR_INPUT, "more than %zu bytes", sizeof(copy) - 1);
    strcpy(copy, text);
    for (char *word = strtok_r(copy, BLANKS, &rest); word != NULL; word = strtok_r(NULL, BLANKS, &rest)) {
        if (n == WORDS_MAX)
            return error_set(err, ERROR_INPUT, "'%s' is one word too many", word);
        words[n++] = word;
    }
    return parse_words(words, n, out, err);
}
