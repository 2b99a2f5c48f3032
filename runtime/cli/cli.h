/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line: what commands and options there are is written in tables, from which parsing and help
 * follow.
 *
 *     wherry [global options] COMMAND [options] arguments
 *
 * Options are "--name value", "--name=value", "-n value" and "-nvalue"; flags are "--name", "--name=true" and
 * "--name=false". "--" ends them. They may stand before and after arguments, unless a command takes the rest
 * as it is.
 */
#ifndef CLI_H
#define CLI_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum cli_type {
    CLI_FLAG,        /* bool */
    CLI_TEXT,        /* const char *, borrowed from argv; the last one counts */
    CLI_NUMBER,      /* uint64_t, decimal */
    CLI_IGNORED,     /* takes a value; accepted for the sake of engines, without effect */
    CLI_FLAG_IGNORED /* a flag, likewise */
};

struct cli_option {
    const char *name; /* without dashes */
    char letter;      /* 0: no short form */
    enum cli_type type;
    size_t offset;        /* where in the options struct the value goes; not if it is ignored */
    const char *argument; /* in the help: "PATH"; NULL for flags */
    const char *help;
};

#define CLI_END      \
    {                \
        .name = NULL \
    }

/* What stands in front of the command. */
struct cli_global {
    const char *root; /* never NULL once a command runs */
    const char *log;
    const char *log_format;
    const char *settings;
    const char *cgroup_manager;
    bool has_root; /* it was given */
    bool is_debug;
    bool uses_systemd_cgroup;
    bool wants_help;
    bool wants_version;
};

/* One run of a command: everything it is given. */
struct cli_invocation {
    const struct cli_global *global;
    const void *options; /* the command's options struct */
    char *const *args;   /* the arguments, n_args of them */
    int n_args;
    char *const *argv; /* the whole command line, NULL-terminated: for handing it over */
};

enum cli_failure {
    CLI_FAILURE_PLAIN,    /* exit status 1 for every failure */
    CLI_FAILURE_CONTRACT, /* 125 could not set up, 126 cannot be loaded, 127 is not there */
    CLI_FAILURE_EXEC      /* 255, as runc's exec has */
};

struct cli_command {
    const char *name;
    const char *arguments;            /* in the help: "ID [SIGNAL]" */
    const char *summary;              /* one line */
    const struct cli_option *options; /* ends with CLI_END */
    size_t options_size; /* of the options struct, which starts as zeros; at most CLI_OPTIONS_MAX */
    int min_args, max_args;
    bool takes_rest; /* what follows the first argument belongs to it, though it looks like options */
    enum cli_failure failure;
    /* Returns the exit status, or -1 with an error. */
    int (*run)(const struct cli_invocation *invocation, struct error *err);
};

#define CLI_OPTIONS_MAX 512

/*
 * Reads the options at argv[*position...] until the first argument, or a request for help that the table does
 * not have, and fills base by the table. *position is then the index of that.
 */
int cli_parse_options(const struct cli_option *options, void *base, char *const *argv, int *position,
                      struct error *err);

/*
 * Runs the program: parses, opens the log, runs one of the commands (a list that ends with NULL), reports its
 * error. Returns the exit status.
 */
int cli_main(const struct cli_command *const *commands, int argc, char **argv);

#endif
