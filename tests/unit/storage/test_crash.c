/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a store looks like after the machine lost its power. Calls that change directories or write files to
 * disk are wrapped by the linker (--wrap). What a file held, and a directory listed, when it was last written
 * to disk is kept aside; before every such call two stores are laid out as a disk may have them if the power
 * went just then:
 *
 *   late   of a directory only what was there when it was synced last; of a file likewise
 *   early  directories as they are, whether synced or not; of a file only what was synced: else it is empty
 *
 * Every one of them must verify clean once what is no image was collected, and the work that was interrupted
 * must succeed on it.
 */
#include "scratch.h"
#include "storage/catalog.h"
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define N_FILES_MAX 4096
#define N_PROCESSES 50

/* --- what is on disk --- */

/* An entry of a directory when it was synced. */
struct name {
    char text[256];
    ino_t ino;
    bool is_dir;
};

/* A file or directory that was synced; a file's contents are in scratch_dir/disk/INO. */
struct synced {
    ino_t ino;
    struct name *names;
    size_t n;
};

static struct synced synced[N_FILES_MAX];
static size_t n_synced;
static bool records;
static int n_crashes;

static struct synced *find_synced(ino_t ino)
{
    for (size_t i = 0; i < n_synced; i++)
        if (synced[i].ino == ino)
            return &synced[i];
    return NULL;
}

static void copy_file(int from, const char *to)
{
    struct stat st;
    int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fstat(from, &st), 0);
    for (off_t at = 0; at < st.st_size;)
        ck_assert_int_gt(sendfile(fd, from, &at, (size_t)(st.st_size - at)), 0);
    close(fd);
}

/* The names in a directory as they are. */
static void list(int fd, struct synced *out)
{
    DIR *dir = fdopendir(openat(fd, ".", O_RDONLY | O_DIRECTORY));
    ck_assert_ptr_nonnull(dir);
    out->n = 0;
    for (const struct dirent *e; (e = readdir(dir)) != NULL;) {
        struct stat st;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
            fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        out->names = reallocarray(out->names, out->n + 1, sizeof(*out->names));
        struct name *name = &out->names[out->n++];
        *name = (struct name){.ino = st.st_ino, .is_dir = S_ISDIR(st.st_mode)};
        snprintf(name->text, sizeof(name->text), "%s", e->d_name);
    }
    closedir(dir);
}

static void note_sync(int fd)
{
    struct stat st;
    char path[160];
    if (!records || fstat(fd, &st) != 0)
        return;
    records = false;
    struct synced *s = find_synced(st.st_ino);
    if (s == NULL) {
        ck_assert_uint_lt(n_synced, N_FILES_MAX);
        s = &synced[n_synced++];
        *s = (struct synced){.ino = st.st_ino};
    }
    if (S_ISDIR(st.st_mode)) {
        list(fd, s);
    } else {
        char self[64];
        snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
        snprintf(path, sizeof(path), "%s/disk/%lu", scratch_dir, (unsigned long)st.st_ino);
        int from = open(self, O_RDONLY);
        ck_assert_int_ge(from, 0);
        copy_file(from, path);
        close(from);
    }
    records = true;
}

/* --- laying out what a crash leaves --- */

/* Where an inode was laid out first: further names are links. */
struct placed {
    ino_t ino;
    char path[700];
};
static struct placed placed[N_FILES_MAX];
static size_t n_placed;

static void place_file(ino_t ino, const char *path)
{
    char from[160];
    for (size_t i = 0; i < n_placed; i++) {
        if (placed[i].ino == ino) {
            ck_assert_int_eq(link(placed[i].path, path), 0);
            return;
        }
    }
    snprintf(from, sizeof(from), "%s/disk/%lu", scratch_dir, (unsigned long)ino);
    int fd = open(from, O_RDONLY);
    if (fd >= 0) {
        copy_file(fd, path);
        close(fd);
    } else {
        close(open(path, O_WRONLY | O_CREAT, 0600));
    }
    placed[n_placed].ino = ino;
    snprintf(placed[n_placed++].path, sizeof(placed[0].path), "%s", path);
}

/* live: the directory as it is; NULL: as it was synced. */
static void place_dir(ino_t ino, const char *live, const char *path)
{
    struct synced current = {.n = 0}, *s = find_synced(ino);
    ck_assert(mkdir(path, 0700) == 0 || errno == EEXIST);
    if (live != NULL) {
        int fd = open(live, O_RDONLY | O_DIRECTORY);
        if (fd < 0)
            return;
        list(fd, &current);
        close(fd);
        s = &current;
    }
    for (size_t i = 0; s != NULL && i < s->n; i++) {
        char to[700], deeper[700];
        snprintf(to, sizeof(to), "%s/%s", path, s->names[i].text);
        snprintf(deeper, sizeof(deeper), "%s/%s", live != NULL ? live : "", s->names[i].text);
        if (s->names[i].is_dir)
            place_dir(s->names[i].ino, live != NULL ? deeper : NULL, to);
        else
            place_file(s->names[i].ino, to);
    }
    free(current.names);
}

/* Lays out both stores. That the store's own four directories are there is nothing that it relies on. */
static void crash(void)
{
    static const char *const dirs[] = {"data", "img"};
    if (!records)
        return;
    records = false;
    for (int late = 0; late < 2; late++) {
        char path[160];
        n_placed = 0;
        snprintf(path, sizeof(path), "%s/crash%d", scratch_dir, n_crashes++);
        ck_assert_int_eq(mkdir(path, 0700), 0);
        for (int i = 0; i < 2; i++) {
            char live[200], to[200];
            struct stat st;
            snprintf(live, sizeof(live), "%s/lost/%s", scratch_dir, dirs[i]);
            snprintf(to, sizeof(to), "%s/%s", path, dirs[i]);
            if (stat(live, &st) == 0)
                place_dir(st.st_ino, late == 1 ? NULL : live, to);
        }
    }
    records = true;
}

int __real_fdatasync(int fd);
int __real_fsync(int fd);
int __real_linkat(int a, const char *from, int b, const char *to, int flags);
int __real_renameat2(int a, const char *from, int b, const char *to, unsigned int flags);
int __real_mkdirat(int dirfd, const char *path, mode_t mode);
int __real_unlinkat(int dirfd, const char *path, int flags);
int __wrap_fdatasync(int fd);
int __wrap_fsync(int fd);
int __wrap_linkat(int a, const char *from, int b, const char *to, int flags);
int __wrap_renameat2(int a, const char *from, int b, const char *to, unsigned int flags);
int __wrap_mkdirat(int dirfd, const char *path, mode_t mode);
int __wrap_unlinkat(int dirfd, const char *path, int flags);

int __wrap_fdatasync(int fd)
{
    crash();
    int result = __real_fdatasync(fd);
    note_sync(fd);
    return result;
}

int __wrap_fsync(int fd)
{
    crash();
    int result = __real_fsync(fd);
    note_sync(fd);
    return result;
}

int __wrap_linkat(int a, const char *from, int b, const char *to, int flags)
{
    crash();
    return __real_linkat(a, from, b, to, flags);
}

int __wrap_renameat2(int a, const char *from, int b, const char *to, unsigned int flags)
{
    crash();
    return __real_renameat2(a, from, b, to, flags);
}

int __wrap_mkdirat(int dirfd, const char *path, mode_t mode)
{
    crash();
    return __real_mkdirat(dirfd, path, mode);
}

int __wrap_unlinkat(int dirfd, const char *path, int flags)
{
    crash();
    return __real_unlinkat(dirfd, path, flags);
}

/* --- the work --- */

static const struct image_top_entry entries[] = {
    {.path = "/etc/mtab", .mode = S_IFLNK | 0777, .target = "/proc/mounts"}};
static const struct image_top top = {.entries = entries, .n_entries = 1, .takes_owner_below = true};

static void make_trees(void)
{
    scratch_run("mkdir -p disk g/overlay/a/diff/etc g/overlay/b/diff g/overlay/c/diff && cd g/overlay && "
                "head -c 30000 /dev/urandom > a/diff/data && echo b > b/diff/b && echo c > c/diff/c && "
                "python3 -c \"import os; os.setxattr('a/diff/data', 'user.x', b'1'); "
                "os.setxattr('a/diff/etc', 'user.y', b'2')\" 2> /dev/null; sleep 0.05");
}

/* Prepares an image of the base and one more layer, as of an engine's storage. */
static int prepare(struct store *store, char second, enum image_format format, char key[STORE_KEY_SIZE],
                   struct error *err)
{
    struct image image = IMAGE_NONE;
    char base[128], other[128];
    snprintf(base, sizeof(base), "%s/g/overlay/a/diff", scratch_dir);
    snprintf(other, sizeof(other), "%s/g/overlay/%c/diff", scratch_dir, second);
    const char *const dirs[] = {base, other};
    const struct image_stack stack = {.dirs = dirs, .n_dirs = 2, .tops = &top, .n_tops = 1};
    const struct image_request request = {.rootfs = "a stack", .format = format, .stack = &stack};
    int failed = image_prepare(store, &request, &image, err);
    if (key != NULL)
        memcpy(key, image.key, STORE_KEY_SIZE);
    image_release(&image);
    return failed;
}

/* Prepares two images, removes one, collects. */
static int work(const char *path, struct error *err)
{
    static const struct catalog_limits all = {.min_age = 0};
    struct store *store = NULL;
    struct catalog_collected collected;
    char key[STORE_KEY_SIZE];
    int failed = store_open(path, &store, err);
    if (failed == 0)
        failed = prepare(store, 'b', IMAGE_EXT2, key, err) != 0 ||
                 prepare(store, 'c', IMAGE_EXT2, NULL, err) != 0 ||
                 prepare(store, 'b', IMAGE_TAR, NULL, err) != 0 || catalog_remove(store, key, err) != 0 ||
                 catalog_collect(store, &all, &collected, err) != 0;
    store_close(store);
    return failed != 0 ? -1 : 0;
}

static void report(void *context, const char *kind, const char *key, const struct error *err)
{
    if (err != NULL)
        printf("%s: %s %s: %s\n", (const char *)context, kind, key, err->text);
}

static void assert_sound(struct store *store, char *what)
{
    struct error err = {0};
    size_t n_damaged = 1;
    ck_assert_ok(catalog_verify(store, report, what, &n_damaged, &err), err);
    ck_assert_msg(n_damaged == 0, "%s: %zu objects are damaged", what, n_damaged);
}

static void assert_recovers(char *path)
{
    static const struct catalog_limits all = {.min_age = 0};
    struct error err = {0};
    struct store *store = NULL;
    struct catalog_collected collected;
    ck_assert_ok(store_open(path, &store, &err), err);
    assert_sound(store, path);
    ck_assert_ok(prepare(store, 'b', IMAGE_EXT2, NULL, &err), err);
    ck_assert_ok(prepare(store, 'c', IMAGE_EXT2, NULL, &err), err);
    assert_sound(store, path);
    ck_assert_ok(catalog_collect(store, &all, &collected, &err), err);
    ck_assert_uint_ge(collected.n_images, 2);
    ck_assert(!collected.is_partial);
    store_close(store);
    scratch_run("[ -z \"$(ls -A %s/img %s/data | grep -v :)\" ] || { ls -lA %s/img %s/data; exit 1; }", path,
                path, path, path);
}

START_TEST(a_store_outlives_a_power_failure_at_any_moment)
{
    struct error err = {0};
    char path[128];
    make_trees();
    snprintf(path, sizeof(path), "%s/lost", scratch_dir);
    records = true;
    int failed = work(path, &err);
    records = false;
    ck_assert_msg(failed == 0, "%s", err.text);
    ck_assert_int_gt(n_crashes, 100);
    for (int i = 0; i < n_crashes; i++) {
        snprintf(path, sizeof(path), "%s/crash%d", scratch_dir, i);
        assert_recovers(path);
        scratch_run("rm -rf crash%d", i);
    }
}
END_TEST

START_TEST(a_full_disk_is_an_error_and_no_more)
{
    struct error err = {0};
    char path[128], options[64];
    bool succeeded = false;
    make_trees();
    snprintf(path, sizeof(path), "%s/small", scratch_dir);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    if (mount("tmpfs", path, "tmpfs", 0, "size=64k,nr_inodes=1000") != 0) {
        puts("a file system of its own needs root");
        return;
    }
    for (int size = 64; !succeeded && size <= 8192; size += size < 512 ? 12 : 128) {
        struct store *store = NULL;
        snprintf(options, sizeof(options), "size=%dk", size);
        ck_assert_int_eq(mount("tmpfs", path, "tmpfs", MS_REMOUNT, options), 0);
        ck_assert_ok(store_open(path, &store, &err), err);
        succeeded = prepare(store, 'b', IMAGE_EXT2, NULL, &err) == 0;
        ck_assert_msg(succeeded || strstr(err.text, "No space left") != NULL, "%s", err.text);
        assert_sound(store, path);
        store_close(store);
    }
    ck_assert(succeeded);
    ck_assert_int_eq(umount(path), 0);
}
END_TEST

/* --- processes that die --- */

static void live(unsigned int seed)
{
    static const struct catalog_limits all = {.min_age = 0};
    char path[128];
    snprintf(path, sizeof(path), "%s/store", scratch_dir);
    for (;;) {
        struct error err = {0};
        struct store *store = NULL;
        struct catalog_collected collected;
        char key[STORE_KEY_SIZE] = "";
        if (store_open(path, &store, &err) != 0)
            _exit(1);
        switch (rand_r(&seed) % 6) {
        case 0:
            if (catalog_collect(store, &all, &collected, &err) != 0)
                _exit(2);
            break;
        case 1:
            if (prepare(store, 'b', IMAGE_EXT2, key, &err) == 0 && catalog_remove(store, key, &err) != 0 &&
                err.kind != ERROR_STATE && err.kind != ERROR_NOT_FOUND)
                _exit(3);
            break;
        default:
            if (prepare(store, rand_r(&seed) % 2 != 0 ? 'b' : 'c', IMAGE_EXT2, key, &err) != 0 &&
                err.kind != ERROR_STATE) {
                printf("%s\n", err.text);
                fflush(stdout);
                _exit(4);
            }
        }
        store_close(store);
    }
}

static pid_t start(unsigned int seed)
{
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0)
        live(seed);
    return pid;
}

static void end(pid_t pid)
{
    int status;
    kill(pid, SIGKILL);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "a process has ended with status %x",
                  status);
}

START_TEST(processes_may_die_at_any_moment)
{
    pid_t pids[N_PROCESSES];
    unsigned int seed = 1;
    char path[128];
    make_trees();
    for (int i = 0; i < N_PROCESSES; i++)
        pids[i] = start((unsigned int)i);
    for (int i = 0; i < 400; i++) {
        int victim = rand_r(&seed) % N_PROCESSES;
        nanosleep(&(struct timespec){.tv_nsec = rand_r(&seed) % 10000000}, NULL);
        end(pids[victim]);
        pids[victim] = start((unsigned int)(N_PROCESSES + i));
    }
    for (int i = 0; i < N_PROCESSES; i++)
        end(pids[i]);
    snprintf(path, sizeof(path), "%s/store", scratch_dir);
    assert_recovers(path);
}
END_TEST

int main(void)
{
    if (geteuid() != 0) {
        puts("layers of an engine need root");
        return 77;
    }
    Suite *suite = suite_create("crash");
    TCase *tcase = unit_case(suite, "crash");
    tcase_set_timeout(tcase, 250);
    tcase_add_checked_fixture(tcase, scratch_set_up, scratch_tear_down);
    tcase_add_test(tcase, a_store_outlives_a_power_failure_at_any_moment);
    tcase_add_test(tcase, a_full_disk_is_an_error_and_no_more);
    tcase_add_test(tcase, processes_may_die_at_any_moment);
    return unit_run(suite);
}
