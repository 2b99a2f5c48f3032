/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory. Watches are set first and the storages looked at then, so that nothing falls between; what changes
 * while they are looked at is in the queue. Watches are set anew each time: a storage that was removed and
 * made again is another directory. After a change there is a pause, because an engine writes its records
 * several times for one image. What was prepared, or could not be, is remembered, so that only what is new is
 * looked at again.
 *
 * Each image is prepared in a process of its own: the watcher can end at once, what one image makes go wrong
 * is gone with its process, and the store needs no more than that a process may die at any moment.
 */
#include "engine_watch.h"
#include "image_command.h"
#include "image_engine.h"

#include "base/cleanup.h"
#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* So long nothing must change before the storages are looked at, and so long at most that is waited for. */
#define QUIET_MS     300
#define QUIET_ROUNDS 20
/* A look without a reason: for what is mounted over a directory, and for events that were lost. */
#define LOOK_MS 60000

/* An image that needs no second look. */
struct known {
    char *name; /* with its engine's directory and its id */
    char *problem;
};

struct watcher {
    const struct image_call *call;
    enum image_format format;
    char **dirs;
    size_t n_dirs;
    bool *is_there; /* of each directory: it was a storage when it was looked at last */
    struct known *known;
    size_t n_known;
    int signal_fd;
    bool is_stopping;
};

static void watcher_release(struct watcher *w)
{
    for (size_t i = 0; i < w->n_dirs; i++)
        free(w->dirs[i]);
    for (size_t i = 0; i < w->n_known; i++) {
        free(w->known[i].name);
        free(w->known[i].problem);
    }
    free(w->dirs);
    free(w->is_there);
    free(w->known);
    cleanup_close(&w->signal_fd);
}

static int add_dir(struct watcher *w, const char *text, struct error *err)
{
    char *dir = NULL;
    enum engine_kind kind;
    if (engine_kind_find(text, &kind) && (dir = engine_usual_dir(kind, err)) == NULL)
        return -1;
    if (dir == NULL && text[0] != '/')
        return error_set(err, ERROR_USAGE,
                         "\"%s\" is neither podman, containerd or docker nor an absolute path", text);
    if (dir == NULL && (dir = strdup(text)) == NULL)
        return error_errno(err, "watch '%s'", text);
    w->dirs[w->n_dirs++] = dir;
    return 0;
}

static int add_dirs(struct watcher *w, struct error *err)
{
    const struct image_call *call = w->call;
    size_t room = (size_t)call->n_args + ENGINE_COUNT;
    w->dirs = calloc(room, sizeof(*w->dirs));
    w->is_there = calloc(room, sizeof(*w->is_there));
    if (w->dirs == NULL || w->is_there == NULL)
        return error_errno(err, "watch");
    for (int i = 0; i < call->n_args; i++)
        if (add_dir(w, call->args[i], err) < 0)
            return -1;
    for (int i = 0; call->n_args == 0 && i < ENGINE_COUNT; i++)
        if (add_dir(w, engine_name((enum engine_kind)i), err) < 0)
            return -1;
    return 0;
}

/* Tells that a storage has come or gone. */
static int report_storage(const struct watcher *w, const char *event, const char *dir, const char *engine,
                          struct error *err)
{
    if (!w->call->is_json) {
        printf("%s: %s%s%s\n", dir, event, engine != NULL ? " the images of " : "",
               engine != NULL ? engine : "");
        fflush(stdout);
        return 0;
    }
    struct json_writer *out = json_write_begin(false, err);
    if (out == NULL)
        return -1;
    json_write_object(out);
    json_write_member(out, "event", event);
    json_write_member(out, "directory", dir);
    json_write_member(out, "engine", engine);
    json_write_object_end(out);
    return image_print_json(out, err);
}

/* --- signals --- */

static int block_signals(int *out_fd, struct error *err)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return error_errno(err, "block signals");
    *out_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return *out_fd < 0 ? error_errno(err, "wait for signals") : 0;
}

/* Waits until fd is readable, at most timeout_ms; a signal sets is_stopping. *out_ready may be NULL. */
static int wait_for(struct watcher *w, int fd, int timeout_ms, bool *out_ready, struct error *err)
{
    struct pollfd fds[] = {{.fd = w->signal_fd, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    if (poll(fds, 2, timeout_ms) < 0 && errno != EINTR)
        return error_errno(err, "wait");
    w->is_stopping |= (fds[0].revents & POLLIN) != 0;
    if (out_ready != NULL)
        *out_ready = (fds[1].revents & POLLIN) != 0;
    return 0;
}

/* --- one image --- */

static char *name_of(const struct engine *engine, const struct engine_image *image)
{
    char *name = NULL;
    return asprintf(&name, "%s %s %s", engine->dir, image->id, image->name) < 0 ? NULL : name;
}

static struct known *find_known(const struct watcher *w, const char *name)
{
    for (size_t i = 0; i < w->n_known; i++)
        if (strcmp(w->known[i].name, name) == 0)
            return &w->known[i];
    return NULL;
}

/* Remembers an image, and what is wrong with it. Takes name over. */
static int remember(struct watcher *w, char *name, const char *problem, struct error *err)
{
    struct known *known = find_known(w, name);
    char *copy = strdup(problem);
    if (known == NULL && copy != NULL) {
        struct known *grown = reallocarray(w->known, w->n_known + 1, sizeof(*grown));
        if (grown != NULL) {
            w->known = grown;
            known = &grown[w->n_known++];
            *known = (struct known){.name = name};
            name = NULL;
        }
    }
    free(name);
    if (known == NULL || copy == NULL) {
        free(copy);
        return error_errno(err, "remember an image");
    }
    free(known->problem);
    known->problem = copy;
    return 0;
}

/* The child's part: its exit status says whether the image was prepared. */
static int prepare_in_child(const struct watcher *w, const struct engine *engine,
                            const struct engine_image *image)
{
    struct image_report report = {.is_json = w->call->is_json};
    struct error err = {.kind = ERROR_NONE};
    sigset_t none;
    bool failed;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    const struct image_engine_wish wish = {.format = w->format, .only_for = ENGINE_COUNT, .report = &report};
    if (image_engine_prepare(w->call->store, engine, image, &wish, &failed, &err) < 0) {
        log_failure(&err);
        return EXIT_FAILURE;
    }
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Waits for the child; when the watcher is to end, the child is ended first. */
static int await_child(struct watcher *w, pid_t pid, int *out_status, struct error *err)
{
    _cleanup_close_ int pid_fd = pidfd_open(pid, 0);
    bool ended = false;
    if (pid_fd < 0)
        return error_errno(err, "wait for the preparing process");
    while (!ended && !w->is_stopping)
        if (wait_for(w, pid_fd, -1, &ended, err) < 0)
            return -1;
    if (!ended)
        kill(pid, SIGTERM);
    while (waitpid(pid, out_status, 0) < 0)
        if (errno != EINTR)
            return error_errno(err, "wait for the preparing process");
    return 0;
}

static int prepare_image(struct watcher *w, const struct engine *engine, const struct engine_image *image,
                         struct error *err)
{
    int status = 0;
    char *name = name_of(engine, image);
    if (name == NULL)
        return error_errno(err, "remember '%s'", image->name);
    const struct known *known = find_known(w, name);
    /* What failed is tried again when there is another reason for it. */
    if (known != NULL && strcmp(known->problem, image->problem.text) == 0) {
        free(name);
        return 0;
    }
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        _exit(prepare_in_child(w, engine, image));
    if (pid < 0 || await_child(w, pid, &status, err) < 0) {
        free(name);
        return pid < 0 ? error_errno(err, "start a process") : -1;
    }
    if (w->is_stopping) {
        free(name);
        return 0;
    }
    return remember(w, name, image->problem.text, err);
}

/* --- all storages --- */

static int look_at(struct watcher *w, size_t number, struct error *err)
{
    _cleanup_(engine_images_release) struct engine_images images = ENGINE_IMAGES_NONE;
    struct engine engine = {.dir = w->dirs[number]};
    struct error failure;
    bool was_there = w->is_there[number];

    w->is_there[number] = engine_recognise(engine.dir, &engine.kind, &failure) == 0;
    if (!w->is_there[number])
        return was_there ? report_storage(w, "gone", engine.dir, NULL, err) : 0;
    if (!was_there && report_storage(w, "watching", engine.dir, engine_name(engine.kind), err) < 0)
        return -1;
    /* Records that are just being made, or unmade, are readable at the next change. */
    if (engine_list(&engine, &images, &failure) < 0) {
        log_line(LOG_LEVEL_WARNING, "%s", failure.text);
        return 0;
    }
    for (size_t i = 0; i < images.n && !w->is_stopping; i++) {
        if (images.items[i].is_named && prepare_image(w, &engine, &images.items[i], err) < 0)
            return -1;
        if (wait_for(w, -1, 0, NULL, err) < 0)
            return -1;
    }
    return 0;
}

/* Sleeps until something changes, and then until it is quiet again. */
static int await_change(struct watcher *w, int watch_fd, struct error *err)
{
    bool changed;
    if (wait_for(w, watch_fd, LOOK_MS, &changed, err) < 0)
        return -1;
    for (int i = 0; changed && !w->is_stopping && i < QUIET_ROUNDS; i++) {
        engine_watch_drain(watch_fd);
        if (wait_for(w, watch_fd, QUIET_MS, &changed, err) < 0)
            return -1;
    }
    return 0;
}

int image_watch_command(const struct image_call *call, struct error *err)
{
    _cleanup_(watcher_release) struct watcher w = {.call = call, .signal_fd = -1};
    if (image_format_find(call->options->as, &w.format, err) < 0 || add_dirs(&w, err) < 0 ||
        block_signals(&w.signal_fd, err) < 0)
        return -1;
    while (!w.is_stopping) {
        _cleanup_close_ int watch_fd = -1;
        if (engine_watch_open(w.dirs, w.n_dirs, &watch_fd, err) < 0)
            return -1;
        for (size_t i = 0; i < w.n_dirs && !w.is_stopping; i++)
            if (look_at(&w, i, err) < 0)
                return -1;
        if (!w.is_stopping && await_change(&w, watch_fd, err) < 0)
            return -1;
    }
    return EXIT_SUCCESS;
}
