/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include "base/bug.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/num.h"
#include "settings.h"

#include <limits.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_CANNOT_SET_UP 125
#define EXIT_CANNOT_LOAD   126
#define EXIT_NOT_THERE     127
#define EXIT_NO_EXEC       255

static const struct cli_option global_options[] = {
    {"root", 0, CLI_TEXT, offsetof(struct cli_global, root), "DIR", "where the state of containers is kept"},
    {"log", 0, CLI_TEXT, offsetof(struct cli_global, log), "FILE", "append the log to FILE (standard error)"},
    {"log-format", 0, CLI_TEXT, offsetof(struct cli_global, log_format), "FORMAT", "text or json (text)"},
    {"debug", 0, CLI_FLAG, offsetof(struct cli_global, is_debug), NULL, "log what is done, too"},
    {"systemd-cgroup", 0, CLI_FLAG, offsetof(struct cli_global, uses_systemd_cgroup), NULL,
     "cgroupsPath is slice:prefix:name, and systemd makes the cgroup"},
    {"cgroup-manager", 0, CLI_TEXT, offsetof(struct cli_global, cgroup_manager), "NAME",
     "cgroupfs, systemd or disabled (cgroupfs)"},
    {"settings", 0, CLI_TEXT, offsetof(struct cli_global, settings), "FILE",
     "the host's settings (" SETTINGS_PATH_DEFAULT ")"},
    {"rootless", 0, CLI_IGNORED, 0, "WHEN", "accepted, without effect"},
    {"criu", 0, CLI_IGNORED, 0, "PATH", "accepted, without effect"},
    {"help", 'h', CLI_FLAG, offsetof(struct cli_global, wants_help), NULL, "show this help"},
    {"version", 'v', CLI_FLAG, offsetof(struct cli_global, wants_version), NULL, "show the version"},
    CLI_END,
};

static const struct cli_option *find_option(const struct cli_option *options, const char *name, size_t size)
{
    for (; options->name != NULL; options++)
        if (strlen(options->name) == size && strncmp(options->name, name, size) == 0)
            return options;
    return NULL;
}

static const struct cli_option *find_letter(const struct cli_option *options, char letter)
{
    for (; options->name != NULL; options++)
        if (options->letter == letter && letter != '\0')
            return options;
    return NULL;
}

static int store_flag(bool *flag, const char *name, const char *value, struct error *err)
{
    if (value == NULL || strcmp(value, "true") == 0 || strcmp(value, "1") == 0)
        *flag = true;
    else if (strcmp(value, "false") == 0 || strcmp(value, "0") == 0)
        *flag = false;
    else
        return error_set(err, ERROR_USAGE, "option \"--%s\": \"%s\" is neither true nor false", name, value);
    return 0;
}

static int store_value(const struct cli_option *option, void *base, const char *value, struct error *err)
{
    void *place = (char *)base + option->offset;
    switch (option->type) {
    case CLI_FLAG:
        return store_flag(place, option->name, value, err);
    case CLI_TEXT:
        *(const char **)place = value;
        return 0;
    case CLI_NUMBER:
        if (num_parse_u64(value, UINT64_MAX, place, "value", err) < 0)
            return error_wrap_as(err, ERROR_USAGE, "option \"--%s\"", option->name);
        return 0;
    case CLI_IGNORED:
    case CLI_FLAG_IGNORED:
        return 0;
    }
    return 0;
}

/*
 * Finds the option that the word at argv[*position] starts, and its value: attached, the next word, or NULL.
 * Returns NULL with an error if there is none.
 */
static const struct cli_option *take_option(const struct cli_option *options, char *const *argv,
                                            int *position, const char **out_value, struct error *err)
{
    const char *word = argv[*position], *value = NULL;
    const struct cli_option *option;

    if (word[1] == '-') {
        size_t size = strcspn(word + 2, "=");
        option = find_option(options, word + 2, size);
        value = word[2 + size] == '=' ? word + 3 + size : NULL;
    } else {
        option = find_letter(options, word[1]);
        value = word[2] == '\0' ? NULL : word[2] == '=' ? word + 3 : word + 2;
    }
    if (option == NULL) {
        error_set(err, ERROR_USAGE, "unknown option \"%s\"", word);
        return NULL;
    }
    if (value == NULL && option->type != CLI_FLAG && option->type != CLI_FLAG_IGNORED) {
        value = argv[*position + 1];
        if (value == NULL) {
            error_set(err, ERROR_USAGE, "option \"%s\" needs a value", word);
            return NULL;
        }
        (*position)++;
    }
    (*position)++;
    *out_value = value;
    return option;
}

static bool is_option(const char *word)
{
    return word != NULL && word[0] == '-' && word[1] != '\0';
}

/* A table that has "help" itself gives it a meaning of its own. */
static bool asks_for_help(const struct cli_option *options, const char *word)
{
    bool is_help = strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
    return is_help && find_option(options, "help", 4) == NULL;
}

int cli_parse_options(const struct cli_option *options, void *base, char *const *argv, int *position,
                      struct error *err)
{
    while (is_option(argv[*position]) && !asks_for_help(options, argv[*position])) {
        const char *value = NULL;
        if (strcmp(argv[*position], "--") == 0) {
            (*position)++;
            return 0;
        }
        const struct cli_option *option = take_option(options, argv, position, &value, err);
        if (option == NULL)
            return -1;
        if (store_value(option, base, value, err) < 0)
            return -1;
    }
    return 0;
}

static void print_options(const struct cli_option *options)
{
    for (; options->name != NULL; options++) {
        char left[64];
        const char *argument = options->argument != NULL ? options->argument : "";
        snprintf(left, sizeof(left), "%c%c%s --%s%s%s", options->letter ? '-' : ' ',
                 options->letter ? options->letter : ' ', options->letter ? "," : " ", options->name,
                 options->argument != NULL ? " " : "", argument);
        printf("  %-32s %s\n", left, options->help);
    }
}

static void print_help(const struct cli_command *const *commands)
{
    printf("wherry boots unikernels as OCI containers\n\nusage: wherry [global options] COMMAND [options] "
           "...\n\n"
           "commands:\n");
    for (size_t i = 0; commands[i] != NULL; i++)
        printf("  %-12s %s\n", commands[i]->name, commands[i]->summary);
    printf("\nglobal options:\n");
    print_options(global_options);
    printf("\n\"wherry COMMAND --help\" shows a command's options.\n");
}

static void print_command_help(const struct cli_command *command)
{
    printf("%s\n\nusage: wherry %s [options] %s\n\noptions:\n", command->summary, command->name,
           command->arguments);
    print_options(command->options);
    printf("  %-32s %s\n", "-h, --help", "show this help");
}

/* runc's shape, which `podman info` and containerd show; the second line is the newest specification known.
 */
static void print_version(void)
{
    printf("wherry version %s\nspec: 1.3.0\n", WHERRY_VERSION);
}

static const struct cli_command *find_command(const struct cli_command *const *commands, const char *name)
{
    for (size_t i = 0; commands[i] != NULL; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static int exit_status_of(enum cli_failure failure, enum error_kind kind)
{
    if (failure == CLI_FAILURE_EXEC)
        return EXIT_NO_EXEC;
    if (failure == CLI_FAILURE_PLAIN)
        return EXIT_FAILURE;
    if (kind == ERROR_NO_EXEC)
        return EXIT_NOT_THERE;
    return kind == ERROR_NOT_EXEC ? EXIT_CANNOT_LOAD : EXIT_CANNOT_SET_UP;
}

/* Of the user, if it is not root: XDG's directory for what lives as long as the user is logged in. */
static const char *default_root(void)
{
    static char path[PATH_MAX];
    const char *runtime_dir = getenv("XDG_RUNTIME_DIR");
    if (geteuid() == 0 || runtime_dir == NULL || runtime_dir[0] != '/')
        return "/run/wherry";
    snprintf(path, sizeof(path), "%s/wherry", runtime_dir);
    return path;
}

/* Without a log, a note goes to a person, not into what a program or a test collects of the container's
 * output. */
static enum log_level least_level(const struct cli_global *global)
{
    if (global->is_debug)
        return LOG_LEVEL_DEBUG;
    bool has_log = global->log != NULL && global->log[0] != '\0';
    return has_log || isatty(STDERR_FILENO) ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING;
}

static int open_log(const struct cli_global *global, struct error *err)
{
    enum log_format format = LOG_FORMAT_TEXT;
    if (global->log_format != NULL && strcmp(global->log_format, "json") == 0)
        format = LOG_FORMAT_JSON;
    else if (global->log_format != NULL && strcmp(global->log_format, "text") != 0)
        return error_set(err, ERROR_USAGE, "unknown log format \"%s\"", global->log_format);
    return log_open(global->log, format, least_level(global), "wherry", err);
}

/* Gathers the arguments from between and behind the options into args. */
static int parse_command_line(const struct cli_command *command, char **argv, int position, void *options,
                              char **args, int *out_n_args, bool *out_wants_help, struct error *err)
{
    int n = 0;
    while (argv[position] != NULL) {
        const int first = position;
        if (cli_parse_options(command->options, options, argv, &position, err) < 0)
            return -1;
        bool ends_options = position > first && strcmp(argv[position - 1], "--") == 0;
        if (!ends_options && argv[position] != NULL && asks_for_help(command->options, argv[position])) {
            *out_wants_help = true;
            return 0;
        }
        do
            if (argv[position] != NULL)
                args[n++] = argv[position++];
        while ((ends_options || command->takes_rest) && argv[position] != NULL);
    }
    if (n < command->min_args || n > command->max_args)
        return error_set(err, ERROR_USAGE, "\"wherry %s\" takes the arguments: %s", command->name,
                         command->max_args == 0 ? "none" : command->arguments);
    *out_n_args = n;
    return 0;
}

static int run_command(const struct cli_command *command, const struct cli_global *global, char **argv,
                       int position, int argc, struct error *err)
{
    alignas(max_align_t) unsigned char options[CLI_OPTIONS_MAX] = {0};
    _cleanup_free_ char **args = calloc((size_t)argc + 1, sizeof(*args));
    bool wants_help = false;
    int n_args = 0;

    BUG_ON(command->options_size > sizeof(options));
    if (args == NULL)
        return error_errno(err, "read the command line");
    if (parse_command_line(command, argv, position, options, args, &n_args, &wants_help, err) < 0)
        return -1;
    if (wants_help) {
        print_command_help(command);
        return EXIT_SUCCESS;
    }

    struct cli_invocation invocation = {
        .global = global, .options = options, .args = args, .n_args = n_args, .argv = argv};
    return command->run(&invocation, err);
}

int cli_main(const struct cli_command *const *commands, int argc, char **argv)
{
    struct error err = {0};
    struct cli_global global = {0};
    int position = 1, status = -1;
    enum cli_failure failure = CLI_FAILURE_PLAIN;

    bool is_parsed = cli_parse_options(global_options, &global, argv, &position, &err) == 0;
    if (is_parsed && global.wants_version) {
        print_version();
        return EXIT_SUCCESS;
    }
    if (is_parsed && (global.wants_help || argv[position] == NULL)) {
        print_help(commands);
        return EXIT_SUCCESS;
    }

    global.has_root = global.root != NULL;
    if (!global.has_root)
        global.root = default_root();
    if (is_parsed && open_log(&global, &err) == 0) {
        const struct cli_command *command = find_command(commands, argv[position]);
        if (command == NULL) {
            error_set(&err, ERROR_USAGE, "unknown command \"%s\"; \"wherry --help\" shows them all",
                      argv[position]);
        } else {
            failure = command->failure;
            status = run_command(command, &global, argv, position + 1, argc, &err);
        }
    }
    if (status < 0) {
        log_failure(&err);
        return exit_status_of(failure, err.kind);
    }
    log_commit();
    return status;
}
