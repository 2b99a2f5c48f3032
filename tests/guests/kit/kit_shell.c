/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What others' suites ask of a container's program, as far as one program can do it that has no second
 * process:
 *
 *     shell PROGRAM ARGUMENT...   one command
 *     shell sh -c SCRIPT          lists of commands: a; b && c || d, while a; do b; done, if a; then b; else
 * c; fi shell sh                    stays, like a shell that waits at a terminal
 *
 * A command is a builtin of the table below; others are "not found", 127. Words have '...', "..." and $NAME.
 * What else a shell knows is refused before anything is run, with status 2. Files are those of the image, on
 * the device "root".
 *
 * The script is cut into tokens once; lists run over them from left to right, and a part whose turn it is not
 * is gone through in the same way without effect.
 */
#include "kit/fs.h"
#include "kit/manifest.h"
#include "solo5.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

MANIFEST(MANIFEST_DEVICE_BLOCK("root"));

#define TOKENS_MAX    256
#define TEXT_MAX      8192
#define STATUS_SYNTAX 2
#define STATUS_NONE   127

enum token_kind { TOKEN_WORD, TOKEN_NEXT, TOKEN_AND, TOKEN_OR, TOKEN_END };

struct token {
    enum token_kind kind;
    const char *text;
};

static struct token tokens[TOKENS_MAX];
static size_t n_tokens;
static char text[TEXT_MAX];
static struct fs *root;

/* --- builtins --- */

static int do_true(int argc, char **argv)
{
    (void)argc, (void)argv;
    return 0;
}

static int do_false(int argc, char **argv)
{
    (void)argc, (void)argv;
    return 1;
}

static int do_echo(int argc, char **argv)
{
    bool ends_line = argc < 2 || strcmp(argv[1], "-n") != 0;
    for (int i = ends_line ? 1 : 2; i < argc; i++)
        printf("%s%s", argv[i], i + 1 < argc ? " " : "");
    if (ends_line)
        putchar('\n');
    fflush(stdout);
    return 0;
}

static void wait_until(solo5_time_t end)
{
    while (solo5_clock_monotonic() < end)
        solo5_yield(end, NULL);
}

static int do_stay(int argc, char **argv)
{
    (void)argc, (void)argv;
    wait_until(UINT64_MAX);
    return 0;
}

/* Seconds with a fraction, and what they are multiplied with: "0.5", "2m", "inf". */
static int do_sleep(int argc, char **argv)
{
    if (argc < 2)
        return 1;
    if (strncmp(argv[1], "inf", 3) == 0)
        return do_stay(argc, argv);
    char *end;
    solo5_time_t ms = strtoul(argv[1], &end, 10) * 1000u;
    for (solo5_time_t digit = 100; *end == '.' || isdigit((unsigned char)*end); end++)
        if (*end != '.')
            ms += (solo5_time_t)(*end - '0') * digit, digit /= 10;
    ms *= *end == 'd' ? 86400u : *end == 'h' ? 3600u : *end == 'm' ? 60u : 1u;
    wait_until(solo5_clock_monotonic() + ms * 1000000u);
    return 0;
}

static int do_exit(int argc, char **argv)
{
    exit(argc > 1 ? atoi(argv[1]) : 0);
}

static int do_date(int argc, char **argv)
{
    (void)argc, (void)argv;
    printf("%lld\n", (long long)time(NULL));
    return 0;
}

static int do_printenv(int argc, char **argv)
{
    const char *value = argc > 1 ? getenv(argv[1]) : NULL;
    if (value == NULL)
        return 1;
    puts(value);
    return 0;
}

static int open_file(const char *path, struct fs_file *out)
{
    if (root == NULL && fs_mount_device("root", &root) < 0)
        return -ENODEV;
    return fs_open(root, path, out);
}

static int do_cat(int argc, char **argv)
{
    char buf[512];
    for (int i = 1; i < argc; i++) {
        struct fs_file file;
        int64_t n = open_file(argv[i], &file), off = 0;
        while (n >= 0 && (n = fs_read(&file, (uint64_t)off, buf, sizeof(buf))) > 0) {
            fwrite(buf, 1, (size_t)n, stdout);
            off += n;
        }
        if (n < 0) {
            printf("cat: can't open '%s': %s\n", argv[i], strerror((int)-n));
            return 1;
        }
    }
    fflush(stdout);
    return 0;
}

static int do_hostname(int argc, char **argv)
{
    (void)argc, (void)argv;
    char name[65] = "";
    struct fs_file file;
    if (open_file("/etc/hostname", &file) < 0 || fs_read(&file, 0, name, sizeof(name) - 1) < 0)
        return 1;
    name[strcspn(name, "\n")] = '\0';
    puts(name);
    return 0;
}

static int do_ls(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[argc - 1] : "/";
    struct fs_file file;
    int failed = open_file(path, &file);
    if (failed < 0) {
        printf("ls: %s: %s\n", path, strerror(-failed));
        return 1;
    }
    if (file.type != FS_DIRECTORY) {
        puts(path);
        return 0;
    }
    struct fs_entry entry;
    for (uint64_t position = 0; fs_read_directory(&file, &position, &entry) > 0;)
        if (entry.name[0] != '.')
            puts(entry.name);
    return 0;
}

static int do_test(int argc, char **argv)
{
    struct fs_file file;
    if (argc < 3 || argv[1][0] != '-' || open_file(argv[2], &file) < 0)
        return 1;
    switch (argv[1][1]) {
    case 'e':
        return 0;
    case 'd':
        return file.type == FS_DIRECTORY ? 0 : 1;
    case 'f':
        return file.type == FS_FILE ? 0 : 1;
    case 's':
        return file.size > 0 ? 0 : 1;
    default:
        return STATUS_SYNTAX;
    }
}

static int run_shell(int argc, char **argv);

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} builtins[] = {
    {":", do_true},      {"[", do_test},
    {"cat", do_cat},     {"date", do_date},
    {"echo", do_echo},   {"exit", do_exit},
    {"false", do_false}, {"hostname", do_hostname},
    {"ls", do_ls},       {"printenv", do_printenv},
    {"sh", run_shell},   {"sleep", do_sleep},
    {"test", do_test},   {"top", do_stay},
    {"true", do_true},
};

static int run_command(int argc, char **argv)
{
    const char *slash = strrchr(argv[0], '/'), *name = slash != NULL ? slash + 1 : argv[0];
    for (size_t i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++)
        if (strcmp(builtins[i].name, name) == 0)
            return builtins[i].run(argc, argv);
    printf("sh: %s: not found\n", argv[0]);
    return STATUS_NONE;
}

/* --- tokens --- */

static size_t expand(const char **at, char *to, size_t room)
{
    char name[64];
    size_t n = 0;
    for (++*at; (isalnum((unsigned char)**at) || **at == '_') && n + 1 < sizeof(name); ++*at)
        name[n++] = **at;
    name[n] = '\0';
    const char *value = getenv(name);
    return value == NULL ? 0 : strlcpy(to, value, room);
}

/* One word from *at on; returns what it takes of to, with its NUL, or 0 for what is not known here. */
static size_t cut_word(const char **at, char *to, size_t room)
{
    size_t n = 0;
    char quote = '\0';
    while (**at != '\0' && (quote != '\0' || strchr(" \t\n;&|", **at) == NULL)) {
        bool is_quote = **at == quote || (quote == '\0' && (**at == '\'' || **at == '"'));
        if (n + 1 >= room || (quote != '\'' && strchr("\\`", **at) != NULL) ||
            (quote == '\0' && strchr("<>()#*", **at) != NULL))
            return 0;
        if (is_quote) {
            quote = quote == '\0' ? **at : '\0';
            ++*at;
        } else if (**at == '$' && quote != '\'') {
            if (!isalpha((unsigned char)(*at)[1]) && (*at)[1] != '_')
                return 0;
            n += expand(at, to + n, room - n - 1);
        } else {
            to[n++] = *(*at)++;
        }
    }
    if (quote != '\0' || n + 1 > room)
        return 0;
    to[n] = '\0';
    return n + 1;
}

static bool cut(const char *script)
{
    size_t used = 0;
    n_tokens = 0;
    for (const char *at = script; n_tokens + 1 < TOKENS_MAX;) {
        struct token *token = &tokens[n_tokens++];
        at += strspn(at, " \t");
        if (*at == '\0') {
            token->kind = TOKEN_END;
            return true;
        }
        if (strncmp(at, "&&", 2) == 0 || strncmp(at, "||", 2) == 0) {
            token->kind = *at == '&' ? TOKEN_AND : TOKEN_OR;
            at += 2;
        } else if (*at == ';' || *at == '\n') {
            token->kind = TOKEN_NEXT;
            at++;
        } else {
            token->kind = TOKEN_WORD;
            token->text = text + used;
            size_t n = strchr("&|", *at) != NULL ? 0 : cut_word(&at, text + used, sizeof(text) - used);
            if (n == 0)
                return false;
            used += n;
        }
    }
    return false;
}

/* --- lists --- */

static int run_list(size_t *at, bool runs, const char *const *stops);

static bool is_word(size_t at, const char *word)
{
    return tokens[at].kind == TOKEN_WORD && strcmp(tokens[at].text, word) == 0;
}

static bool is_one_of(size_t at, const char *const *words)
{
    for (; *words != NULL; words++)
        if (is_word(at, *words))
            return true;
    return false;
}

/* Over a word that a list stopped at; a script that ends early stays at its end. */
static void step(size_t *at)
{
    if (tokens[*at].kind != TOKEN_END)
        ++*at;
}

static int run_while(size_t *at, bool runs)
{
    static const char *const until_do[] = {"do", NULL}, *const until_done[] = {"done", NULL};
    size_t start = *at + 1;
    for (;;) {
        *at = start;
        bool goes_on = run_list(at, runs, until_do) == 0 && runs;
        step(at);
        (void)run_list(at, goes_on, until_done);
        step(at);
        if (!goes_on)
            return 0;
    }
}

static int run_if(size_t *at, bool runs)
{
    static const char *const until_then[] = {"then", NULL}, *const until_else[] = {"else", "fi", NULL};
    step(at);
    bool is_true = run_list(at, runs, until_then) == 0;
    step(at);
    int status = run_list(at, runs && is_true, until_else);
    if (is_word(*at, "else")) {
        step(at);
        int other = run_list(at, runs && !is_true, until_else);
        status = is_true ? status : other;
    }
    step(at);
    return status;
}

static int run_one(size_t *at, bool runs)
{
    char *argv[TOKENS_MAX];
    int argc = 0;

    if (is_word(*at, "while"))
        return run_while(at, runs);
    if (is_word(*at, "if"))
        return run_if(at, runs);
    bool is_negated = is_word(*at, "!");
    for (*at += is_negated; tokens[*at].kind == TOKEN_WORD; ++*at)
        argv[argc++] = (char *)(uintptr_t)tokens[*at].text;
    argv[argc] = NULL;
    if (!runs || argc == 0)
        return 0;
    int status = run_command(argc, argv);
    return is_negated ? status == 0 : status;
}

static int run_list(size_t *at, bool runs, const char *const *stops)
{
    int status = 0;
    bool is_due = runs;
    while (tokens[*at].kind != TOKEN_END && !is_one_of(*at, stops)) {
        if (tokens[*at].kind == TOKEN_WORD) {
            int result = run_one(at, is_due);
            status = is_due ? result : status;
            continue;
        }
        enum token_kind kind = tokens[(*at)++].kind;
        is_due = runs && (kind == TOKEN_NEXT || (kind == TOKEN_AND) == (status == 0));
    }
    return status;
}

static int run_shell(int argc, char **argv)
{
    static const char *const to_the_end[] = {NULL};
    size_t at = 0;

    if (argc == 1)
        return do_stay(argc, argv);
    if (argc < 3 || strcmp(argv[1], "-c") != 0 || !cut(argv[2])) {
        puts("sh: this needs a whole shell");
        return STATUS_SYNTAX;
    }
    return run_list(&at, true, to_the_end);
}

int main(int argc, char **argv)
{
    return argc < 2 ? 0 : run_command(argc - 1, argv + 1);
}
