/* SPDX-License-Identifier: Apache-2.0 */
/* Layers that come as archives: their images, their packs, and what is refused. */
#include "base/digest.h"
#include "scratch.h"
#include "storage/catalog.h"
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A tree with all that archives hold. */
#define MAKE_TREE(dir)                                                                                    \
    "umask 022 && mkdir -p " dir "/etc " dir "/d/e && cd " dir " && chmod 711 . && chown 5:6 . && "       \
    "printf hello > etc/hosts && head -c 9000 /dev/urandom > d/e/big && ln d/e/big d/again && "           \
    "ln -s e/big d/link && ln d/link d/link2 && mknod d/null c 1 3 && mkfifo d/pipe && : > d/empty && "   \
    "chown 3:70000 etc/hosts && chmod 4755 etc/hosts && printf x > \"d/$(printf 'a\\nb\\377')\" && "      \
    "printf y > d/" NAME_100 NAME_100 " && mkdir -p d/" NAME_100 "/" NAME_100 "/" NAME_100 " && "         \
    "printf z > d/" NAME_100 "/" NAME_100 "/" NAME_100 "/f && touch -d 1999-01-01T00:00:01.7 d/empty && " \
    "touch -h -d 1960-01-01T00:00:00.5 d/link && "
#define WITH_ATTRIBUTES "--xattrs --xattrs-include=*"
#define ADD_ATTRIBUTES                                                        \
    "python3 -c \"import os; os.setxattr('d/e/big', 'user.x', b'a=b\\\\n'); " \
    "os.setxattr('d', 'trusted.y', b''); os.setxattr('d/null', 'trusted.z', b'1')\" && "
#define NAME_10  "abcdefghij"
#define NAME_100 NAME_10 NAME_10 NAME_10 NAME_10 NAME_10 NAME_10 NAME_10 NAME_10 NAME_10 NAME_10

/* What a test prepares: files in scratch_dir. */
struct part {
    const char *file;
    enum image_compression compression;
    const char *diff_of; /* the uncompressed archive; NULL: file */
};

static void digest_file(const char *name, uint64_t *out_size, char text[DIGEST_TEXT_SIZE])
{
    struct error err = {0};
    uint8_t digest[DIGEST_SIZE];
    struct stat st;
    char path[160];
    snprintf(path, sizeof(path), "%s/%s", scratch_dir, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fstat(fd, &st), 0);
    ck_assert_ok(digest_of_file(fd, (uint64_t)st.st_size, path, digest, &err), err);
    close(fd);
    digest_format(digest, text);
    *out_size = (uint64_t)st.st_size;
}

/* A stack of archives, with texts that can be changed before it is prepared. */
struct fixture {
    char paths[4][160], digests[4][DIGEST_TEXT_SIZE], diff_ids[4][DIGEST_TEXT_SIZE];
    struct image_archive archives[4];
    struct image_stack stack;
    struct image_request request;
};

static void fixture_init(struct fixture *f, const struct part *parts, size_t n)
{
    *f = (struct fixture){.stack = {.archives = f->archives, .n_archives = n}};
    f->request = (struct image_request){.rootfs = "it", .format = IMAGE_EXT2, .stack = &f->stack};
    for (size_t i = 0; i < n; i++) {
        uint64_t size, ignored;
        snprintf(f->paths[i], sizeof(f->paths[i]), "%s/%s", scratch_dir, parts[i].file);
        digest_file(parts[i].file, &size, f->digests[i]);
        digest_file(parts[i].diff_of != NULL ? parts[i].diff_of : parts[i].file, &ignored, f->diff_ids[i]);
        f->archives[i] = (struct image_archive){.name = parts[i].file,
                                                .path = f->paths[i],
                                                .size = size,
                                                .digest = f->digests[i],
                                                .diff_id = f->diff_ids[i],
                                                .compression = parts[i].compression};
    }
}

static int prepare(const struct fixture *f, char key[STORE_KEY_SIZE], struct error *err)
{
    struct image image = IMAGE_NONE;
    int failed = image_prepare(scratch_store, &f->request, &image, err);
    memcpy(key, image.key, STORE_KEY_SIZE);
    if (failed == 0)
        scratch_copy_image(&image, "image");
    image_release(&image);
    return failed;
}

/* Nothing but what a store always has. */
static void check_empty(void)
{
    scratch_run("[ -z \"$(find store/data store/img store/archive -mindepth 1)\" ] && "
                "[ -z \"$(find store/lock -type f ! -name collect)\" ]");
}

static void check_refused(const struct fixture *f, enum error_kind kind, const char *part)
{
    struct error err = {0};
    char key[STORE_KEY_SIZE];
    ck_assert_fails(prepare(f, key, &err), err, kind, part);
    check_empty();
}

/* Writes an archive by a few words: "f NAME TEXT", "d NAME", "s NAME TARGET", "l NAME TARGET", "c NAME". */
static void make_archive(const char *name, const char *entries)
{
    scratch_run("cat > made.py <<'END'\n"
                "import io, sys, tarfile\n"
                "t = tarfile.open(sys.argv[1], 'w', format=tarfile.PAX_FORMAT)\n"
                "types = dict(f=tarfile.REGTYPE, d=tarfile.DIRTYPE, s=tarfile.SYMTYPE, l=tarfile.LNKTYPE, "
                "c=tarfile.CHRTYPE)\n"
                "for line in sys.argv[2].split(';'):\n"
                "    words = line.split()\n"
                "    i = tarfile.TarInfo(words[1]); i.type = types[words[0]]; i.mode = 0o755; i.mtime = 7\n"
                "    rest = words[2] if len(words) > 2 else ''\n"
                "    if words[0] == 'f': i.size = len(rest)\n"
                "    i.linkname = rest if words[0] in 'sl' else ''\n"
                "    t.addfile(i, io.BytesIO(rest.encode()))\n"
                "t.close()\n"
                "END\n"
                "python3 made.py %s '%s'",
                name, entries);
}

static void check_made_refused(const char *entries, enum error_kind kind, const char *part)
{
    struct fixture f;
    make_archive("made", entries);
    fixture_init(&f, &(struct part){.file = "made"}, 1);
    check_refused(&f, kind, part);
}

/* The same tree from a directory of an engine's. */
static void prepare_dir(const char *dir, char key[STORE_KEY_SIZE])
{
    struct error err = {0};
    struct image image = IMAGE_NONE;
    char path[160];
    snprintf(path, sizeof(path), "%s/%s", scratch_dir, dir);
    const char *const dirs[] = {path};
    const struct image_stack stack = {.dirs = dirs, .n_dirs = 1};
    const struct image_request request = {.rootfs = "a directory", .format = IMAGE_EXT2, .stack = &stack};
    ck_assert_ok(image_prepare(scratch_store, &request, &image, &err), err);
    memcpy(key, image.key, STORE_KEY_SIZE);
    image_release(&image);
}

static void check_same_pack(const char *tar_options, const char *compress, enum image_compression compression)
{
    struct error err = {0};
    struct fixture f;
    char key[STORE_KEY_SIZE], other[STORE_KEY_SIZE];
    scratch_run("tar %s -C graph/overlay/a/diff -cf a.tar . && %s a.tar > a", tar_options, compress);
    fixture_init(&f, &(struct part){.file = "a", .compression = compression, .diff_of = "a.tar"}, 1);
    ck_assert_ok(prepare(&f, key, &err), err);
    scratch_run("mkdir first && cp store/data/* first && cp image first.image");
    prepare_dir("graph/overlay/a/diff", other);
    ck_assert_str_ne(key, other);
    scratch_run("[ $(ls store/data | wc -l) = 2 ] && for f in store/data/*; do cmp $f first/*; done && "
                "e2fsck -fn first.image > log 2>&1");
}

START_TEST(the_pack_is_that_of_the_directory)
{
    scratch_run(MAKE_TREE("graph/overlay/a/diff") ADD_ATTRIBUTES "true");
    check_same_pack("--format=pax " WITH_ATTRIBUTES, "cat", IMAGE_UNCOMPRESSED);
}
END_TEST

/* Which has no room for attributes. */
START_TEST(from_gnus_format_and_gzip_too)
{
    scratch_run(MAKE_TREE("graph/overlay/a/diff") "true");
    check_same_pack("--format=gnu", "gzip -c", IMAGE_GZIP);
}
END_TEST

START_TEST(and_from_zstd)
{
    scratch_run(MAKE_TREE("graph/overlay/a/diff") ADD_ATTRIBUTES "true");
    check_same_pack("--format=pax " WITH_ATTRIBUTES, "zstd -qc", IMAGE_ZSTD);
}
END_TEST

START_TEST(several_streams_are_one)
{
    struct error err = {0};
    struct fixture f;
    char key[STORE_KEY_SIZE];
    make_archive("made", "f a hello;f b world");
    scratch_run("head -c 700 made | gzip -c > two && tail -c +701 made | gzip -c >> two");
    fixture_init(&f, &(struct part){.file = "two", .compression = IMAGE_GZIP, .diff_of = "made"}, 1);
    ck_assert_ok(prepare(&f, key, &err), err);
    scratch_run("[ \"$(debugfs -R 'cat /b' image 2> /dev/null)\" = world ]");
}
END_TEST

START_TEST(whiteouts_hide_and_come_back)
{
    struct error err = {0};
    struct fixture f;
    char key[STORE_KEY_SIZE];
    make_archive("low", "d dir;f dir/a 1;f dir/b 2;f file 3;d gone;f gone/x 4;d both;f both/old 5;f late 6");
    make_archive("high", "f dir/.wh.a;f .wh.file;f .wh.gone;f gone/.wh..wh..opq;f gone/new 7;f .wh.both;"
                         "d both;f both/new 8;f late 9;f .wh.late;f .wh..wh.plnk/x 1;c odd");
    /* A path through what only aufs knows. */
    fixture_init(&f, (struct part[]){{.file = "low"}, {.file = "high"}}, 2);
    ck_assert_fails(prepare(&f, key, &err), err, ERROR_REFUSED, "kept for whiteouts");
    make_archive("high", "f dir/.wh.a;f .wh.file;f .wh.gone;f gone/.wh..wh..opq;f gone/new 7;f .wh.both;"
                         "d both;f both/new 8;f late 9;f .wh.late;f .wh..wh.aufs 1;c odd");
    fixture_init(&f, (struct part[]){{.file = "low"}, {.file = "high"}}, 2);
    ck_assert_ok(prepare(&f, key, &err), err);
    scratch_run("e2fsck -fn image > log 2>&1 && mkdir out && debugfs -R 'rdump / out' image 2> /dev/null && "
                "cd out && "
                "[ \"$(find . -mindepth 1 | sort | xargs)\" = './both ./both/new ./dir ./dir/b ./gone "
                "./gone/new ./late' ]");
}
END_TEST

START_TEST(later_entries_replace_earlier_ones)
{
    struct error err = {0};
    struct fixture f;
    char key[STORE_KEY_SIZE];
    make_archive("made", "f a one;l b a;f a two;d c;f c/x 1;s c b;d d/e;f ./d//e/./f 1;f /abs 2;d d");
    fixture_init(&f, &(struct part){.file = "made"}, 1);
    ck_assert_ok(prepare(&f, key, &err), err);
    scratch_run("mkdir out && debugfs -R 'rdump / out' image 2> /dev/null && cd out && [ $(cat a) = two ] && "
                "[ $(cat b) = one ] && [ $(readlink c) = b ] && [ $(cat d/e/f) = 1 ] && [ $(cat abs) = 2 ]");
}
END_TEST

/* Of a hard link's entry too, and of each entry of a directory: as engines unpack them. */
START_TEST(attributes_of_all_entries_are_the_files)
{
    struct error err = {0};
    struct fixture f;
    char key[STORE_KEY_SIZE];
    scratch_run("cat > made2.py <<'END'\n"
                "import io, tarfile\n"
                "t = tarfile.open('made', 'w', format=tarfile.PAX_FORMAT)\n"
                "def add(name, type, **attributes):\n"
                "    i = tarfile.TarInfo(name); i.type = type; i.linkname = 'f' if type == b'1' else ''\n"
                "    i.pax_headers = {'SCHILY.xattr.user.' + k: v for k, v in attributes.items()}\n"
                "    t.addfile(i)\n"
                "add('f', b'0', a='1', b='2')\n"
                "add('l', b'1', b='3', c='4')\n"
                "add('d', b'5', a='5', b='6')\n"
                "add('d', b'5', b='7')\n"
                "add('none', b'0')\n"
                "t.close()\n"
                "END\n"
                "python3 made2.py");
    fixture_init(&f, &(struct part){.file = "made"}, 1);
    ck_assert_ok(prepare(&f, key, &err), err);
    scratch_run("e2fsck -fn image > log 2>&1 && for p in l d none; do debugfs -R \"ea_list /$p\" image 2> "
                "/dev/null | sed -n 's/^ *user/user/p'; done | xargs > got; "
                "[ \"$(cat got)\" = 'user.a (1) = 1 user.b (1) = 3 user.c (1) = 4 user.a (1) = 5 user.b (1) "
                "= 7' ] || "
                "{ cat got; exit 1; }");
}
END_TEST

START_TEST(too_many_attributes_are_refused)
{
    struct fixture f;
    scratch_run("cat > made3.py <<'END'\n"
                "import tarfile\n"
                "t = tarfile.open('made', 'w', format=tarfile.PAX_FORMAT)\n"
                "i = tarfile.TarInfo('f')\n"
                "i.pax_headers = {'SCHILY.xattr.user.%%05d' %% k: '' for k in range(10000)}\n"
                "t.addfile(i); t.close()\n"
                "END\n"
                "python3 made3.py");
    fixture_init(&f, &(struct part){.file = "made"}, 1);
    check_refused(&f, ERROR_REFUSED, "the names of its attributes have more than 65536 bytes");
}
END_TEST

START_TEST(names_that_lead_out_are_refused)
{
    check_made_refused("f ../evil x", ERROR_REFUSED, "the path '../evil' has \"..\" in it");
    check_made_refused("d a;f a/../../evil x", ERROR_REFUSED, "has \"..\" in it");
    check_made_refused("s a /tmp;f a/evil x", ERROR_REFUSED,
                       "the path 'a/evil' leads through 'a', which is no directory");
    check_made_refused("f a x;f a/b x", ERROR_REFUSED, "which is no directory");
    check_made_refused("l a /etc/passwd", ERROR_REFUSED, "'/etc/passwd' is not in the archive");
    check_made_refused("l a ../x", ERROR_REFUSED, "has \"..\" in it");
    check_made_refused("d d;l a d", ERROR_REFUSED, "'d', which is no file of the archive");
    check_made_refused("f x 1;f .wh.y 1;l a y", ERROR_REFUSED, "'y', which is no file of the archive");
    check_made_refused("f .wh. 1", ERROR_REFUSED, "is a whiteout of no file");
    check_made_refused("f .wh... 1", ERROR_REFUSED, "is a whiteout of no file");
    check_made_refused("f . 1", ERROR_REFUSED, "stands for the root and is no directory");
    check_made_refused("f " NAME_100 NAME_100 NAME_100 " 1", ERROR_REFUSED, "has a name of 300 bytes");
    scratch_run("[ ! -e /tmp/evil ] && [ ! -e ../evil ]");
}
END_TEST

START_TEST(archives_that_are_damaged_are_refused)
{
    struct fixture f;
    make_archive("made", "f a hello;f b world");
    scratch_run("head -c 700 made > cut && head -c 1200 made > cut2 && cp made sum && "
                "printf X | dd of=sum bs=1 seek=100 conv=notrunc status=none && gzip -c made > gz && "
                "head -c $(($(stat -c %%s gz) - 9)) gz > gzcut && zstd -qc made > zst && "
                "head -c $(($(stat -c %%s zst) - 5)) zst > zstcut && tar --sparse -cf plain made && "
                "truncate -s 1M holes && tar --sparse --format=gnu -cf sparse holes && "
                "tar --sparse --format=pax -cf sparsepax holes");
    fixture_init(&f, &(struct part){.file = "cut"}, 1);
    check_refused(&f, ERROR_INPUT, "the archive ends in the middle of an entry");
    fixture_init(&f, &(struct part){.file = "cut2"}, 1);
    check_refused(&f, ERROR_INPUT, "the archive ends in the middle of a header");
    fixture_init(&f, &(struct part){.file = "sum"}, 1);
    check_refused(&f, ERROR_INPUT, "check sum is wrong");
    fixture_init(&f, &(struct part){.file = "gzcut", .compression = IMAGE_GZIP, .diff_of = "made"}, 1);
    check_refused(&f, ERROR_INPUT, "decompress it: ");
    fixture_init(&f, &(struct part){.file = "zstcut", .compression = IMAGE_ZSTD, .diff_of = "made"}, 1);
    check_refused(&f, ERROR_INPUT, "decompress it: ");
    fixture_init(&f, &(struct part){.file = "zst", .compression = IMAGE_GZIP, .diff_of = "made"}, 1);
    check_refused(&f, ERROR_INPUT, "it");
    fixture_init(&f, &(struct part){.file = "sparse"}, 1);
    check_refused(&f, ERROR_REFUSED, "is of the type 'S'");
    fixture_init(&f, &(struct part){.file = "sparsepax"}, 1);
    check_refused(&f, ERROR_REFUSED, "form for sparse files");
}
END_TEST

START_TEST(what_it_should_be_is_checked)
{
    struct fixture f;
    make_archive("made", "f a hello");
    scratch_run("gzip -c made > gz");
    fixture_init(&f, &(struct part){.file = "made"}, 1);
    f.archives[0].size--;
    check_refused(&f, ERROR_INPUT, "bytes instead of");
    fixture_init(&f, &(struct part){.file = "made"}, 1);
    memset(f.digests[0], '0', 8);
    check_refused(&f, ERROR_INPUT, "it has the digest sha256:");
    fixture_init(&f, &(struct part){.file = "gz", .compression = IMAGE_GZIP, .diff_of = "made"}, 1);
    memset(f.diff_ids[0], '0', 8);
    check_refused(&f, ERROR_INPUT, "what it contains has the digest sha256:");
    fixture_init(&f, &(struct part){.file = "made"}, 1);
    scratch_run("rm made && mkfifo made");
    check_refused(&f, ERROR_INPUT, "it is no regular file");
    scratch_run("rm made");
    check_refused(&f, ERROR_SYSTEM, "No such file or directory");
}
END_TEST

START_TEST(a_part_of_a_file_is_an_archive_too)
{
    struct error err = {0};
    struct fixture f;
    char key[STORE_KEY_SIZE];
    uint64_t size;
    make_archive("made", "f a hello");
    scratch_run("gzip -c made > gz && (printf 12345; cat gz; printf 678) > around");
    fixture_init(&f, &(struct part){.file = "gz", .compression = IMAGE_GZIP, .diff_of = "made"}, 1);
    snprintf(f.paths[0], sizeof(f.paths[0]), "%s/around", scratch_dir);
    f.archives[0].off = 5;
    ck_assert_ok(prepare(&f, key, &err), err);
    digest_file("image", &size, f.digests[1]);
    scratch_run("[ \"$(debugfs -R 'cat /a' image 2> /dev/null)\" = hello ]");
}
END_TEST

START_TEST(every_format_reads_the_pack)
{
    static const enum image_format formats[] = {IMAGE_TAR, IMAGE_CPIO, IMAGE_FAT, IMAGE_ISO9660};
    static const char *const readers[] = {"tar -xOf image a/b", "cpio -i --quiet --to-stdout a/b < image",
                                          "mcopy -i image ::a/b -", "bsdtar -xOf image a/b"};
    make_archive("made", "f a/b hello;f c world");
    for (size_t i = 0; i < 4; i++) {
        struct error err = {0};
        struct fixture f;
        char key[STORE_KEY_SIZE];
        fixture_init(&f, &(struct part){.file = "made"}, 1);
        f.request.format = formats[i];
        ck_assert_ok(prepare(&f, key, &err), err);
        scratch_run("[ \"$(%s 2> /dev/null)\" = hello ]", readers[i]);
    }
}
END_TEST

/* --- directories that were unpacked from archives --- */

static char known_diff_id[DIGEST_TEXT_SIZE];

static bool find_diff_id(void *context, const char *dir, char diff_id[STORE_KEY_SIZE])
{
    (void)context;
    memcpy(diff_id, known_diff_id, STORE_KEY_SIZE);
    return strstr(dir, "/overlay/a/diff") != NULL;
}

static const struct image_archives known = {.find = find_diff_id};

/* Prepares the directory; whether nothing had to be made. */
static bool is_adopted(void)
{
    struct error err = {0};
    struct image image = IMAGE_NONE;
    char path[160];
    snprintf(path, sizeof(path), "%s/graph/overlay/a/diff", scratch_dir);
    const char *const dirs[] = {path};
    const struct image_stack stack = {.dirs = dirs, .n_dirs = 1};
    const struct image_request request = {
        .rootfs = "a directory", .format = IMAGE_EXT2, .stack = &stack, .archives = &known};
    ck_assert_ok(image_prepare(scratch_store, &request, &image, &err), err);
    bool was_ready = image.was_ready;
    image_release(&image);
    return was_ready;
}

static void set_up_unpacked(void)
{
    struct error err = {0};
    struct fixture f;
    char key[STORE_KEY_SIZE];
    scratch_set_up();
    scratch_run(MAKE_TREE("graph/overlay/a/diff") ADD_ATTRIBUTES "true");
    scratch_run("tar " WITH_ATTRIBUTES " --format=pax -C graph/overlay/a/diff -cf a.tar .");
    fixture_init(&f, &(struct part){.file = "a.tar"}, 1);
    memcpy(known_diff_id, f.diff_ids[0], sizeof(known_diff_id));
    ck_assert_ok(prepare(&f, key, &err), err);
}

static void ignore_object(void *context, const char *kind, const char *key, const struct error *err)
{
    (void)context, (void)kind, (void)key, (void)err;
}

START_TEST(what_was_unpacked_from_it_is_a_hit)
{
    size_t n_damaged = 1;
    struct error err = {0};
    struct catalog_collected collected;
    ck_assert(is_adopted());
    scratch_run("[ $(ls store/data | wc -l) = 1 ] && [ $(ls store/img | wc -l) = 2 ]");
    ck_assert_ok(catalog_verify(scratch_store, ignore_object, NULL, &n_damaged, &err), err);
    ck_assert_uint_eq(n_damaged, 0);
    ck_assert_ok(catalog_collect(scratch_store, &(struct catalog_limits){.min_age = 0}, &collected, &err),
                 err);
    ck_assert_uint_eq(collected.n_images, 2);
    ck_assert_uint_eq(collected.n_packs, 1);
    check_empty();
}
END_TEST

START_TEST(what_was_changed_since_is_not)
{
    scratch_run("chown 9 graph/overlay/a/diff/etc/hosts");
    ck_assert(!is_adopted());
    scratch_run("[ $(ls store/data | wc -l) = 2 ]");
}
END_TEST

START_TEST(what_has_another_attribute_is_not)
{
    scratch_run("python3 -c \"import os; os.setxattr('graph/overlay/a/diff/d/e/big', 'user.x', b'other')\"");
    ck_assert(!is_adopted());
}
END_TEST

START_TEST(what_has_more_is_not)
{
    scratch_run("cp -a graph/overlay/a/diff/d/empty graph/overlay/a/diff/d/more");
    ck_assert(!is_adopted());
}
END_TEST

int main(void)
{
    if (geteuid() != 0 || system("command -v python3 zstd > /dev/null") != 0) {
        puts("needs root, python3 and zstd");
        return 77;
    }
    Suite *suite = suite_create("layer archive");
    TCase *tcase = unit_case(suite, "archives");
    tcase_add_checked_fixture(tcase, scratch_set_up, scratch_tear_down);
    tcase_add_test(tcase, the_pack_is_that_of_the_directory);
    tcase_add_test(tcase, from_gnus_format_and_gzip_too);
    tcase_add_test(tcase, and_from_zstd);
    tcase_add_test(tcase, several_streams_are_one);
    tcase_add_test(tcase, whiteouts_hide_and_come_back);
    tcase_add_test(tcase, later_entries_replace_earlier_ones);
    tcase_add_test(tcase, attributes_of_all_entries_are_the_files);
    tcase_add_test(tcase, too_many_attributes_are_refused);
    tcase_add_test(tcase, names_that_lead_out_are_refused);
    tcase_add_test(tcase, archives_that_are_damaged_are_refused);
    tcase_add_test(tcase, what_it_should_be_is_checked);
    tcase_add_test(tcase, a_part_of_a_file_is_an_archive_too);
    tcase_add_test(tcase, every_format_reads_the_pack);
    tcase = unit_case(suite, "unpacked");
    tcase_add_checked_fixture(tcase, set_up_unpacked, scratch_tear_down);
    tcase_add_test(tcase, what_was_unpacked_from_it_is_a_hit);
    tcase_add_test(tcase, what_was_changed_since_is_not);
    tcase_add_test(tcase, what_has_another_attribute_is_not);
    tcase_add_test(tcase, what_has_more_is_not);
    return unit_run(suite);
}
