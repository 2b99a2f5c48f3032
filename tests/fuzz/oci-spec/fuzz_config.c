/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as config.json, and as the process document of exec: accepted whole, or refused with a reason.
 * What was accepted can be printed again. */
#include "oci-spec/config.h"

#include "base/bug.h"
#include "oci-spec/state.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_strings(const struct config_strings *strings)
{
    for (size_t i = 0; i < strings->n; i++)
        BUG_ON(strings->items[i] == NULL);
    BUG_ON(strings->items[strings->n] != NULL);
}

static void check_process(const struct config_process *process)
{
    check_strings(&process->args);
    check_strings(&process->env);
    BUG_ON(process->cwd[0] != '/');
    for (size_t i = 0; i < process->n_rlimits; i++)
        BUG_ON(process->rlimits[i].soft > process->rlimits[i].hard);
}

static void check_round_trip(const struct config *config)
{
    struct error err = {0};
    struct state *again = NULL;
    char *text = NULL;
    const struct state state = {.oci_version = config->oci_version,
                                .id = "fuzz",
                                .status = STATE_CREATED,
                                .bundle = config->root.path,
                                .annotations = config->annotations};
    BUG_ON(state_format(&state, STATE_INDENTED, &text, &err) < 0);
    BUG_ON(state_parse(text, strlen(text), &again, &err) < 0);
    BUG_ON(again->annotations.n != config->annotations.n);
    for (size_t i = 0; i < again->annotations.n; i++) {
        const struct config_pair *pair = &again->annotations.pairs[i];
        BUG_ON(strcmp(pair->value, config_map_find(&config->annotations, pair->key)) != 0);
    }
    state_free(again);
    free(text);
}

static void check_config(const struct config *config)
{
    check_strings(&config->warnings);
    for (size_t i = 0; i < config->n_mounts; i++) {
        BUG_ON(config->mounts[i].destination[0] != '/');
        check_strings(&config->mounts[i].options);
    }
    for (int kind = 0; kind < CONFIG_HOOK_COUNT; kind++) {
        for (size_t i = 0; i < config->hooks[kind].n; i++)
            check_strings(&config->hooks[kind].items[i].args);
    }
    if (config->process != NULL)
        check_process(config->process);
    check_round_trip(config);
}

static void check_failure(const struct error *err)
{
    BUG_ON(err->kind != ERROR_INPUT && err->kind != ERROR_REFUSED);
    BUG_ON(err->text[0] == '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    struct config *config = NULL;
    if (config_parse((const char *)data, size, &config, &err) == 0)
        check_config(config);
    else
        check_failure(&err);
    config_free(config);

    config = NULL;
    if (config_parse_process((const char *)data, size, &config, &err) == 0)
        check_process(config->process);
    else
        check_failure(&err);
    config_free(config);
    return 0;
}
