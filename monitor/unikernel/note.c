/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory: every PT_NOTE is a sequence of notes, each three words, a name and a description, both padded to 4
 * bytes. Solo5's linker scripts give each of its notes a PT_NOTE of its own, so what follows a first note is
 * not always well-formed: the walk through one PT_NOTE ends, without an error, at the first note that does
 * not fit, unless it is the note that is looked for.
 */
#include "note.h"

#include <string.h>

/* Three words in front of the name (ELF's Elf64_Nhdr). */
#define NOTE_WORDS_SIZE 12u

/* The most notes that are looked at. Solo5's files have three; a file can claim billions. */
#define NOTES_MAX 4096u

/* Longer than any owner that is looked for. */
#define NOTE_NAME_MAX 16u

static uint64_t pad4(uint64_t n)
{
    return (n + 3) & ~(uint64_t)3;
}

static bool note_matches(const char *name, const Elf64_Nhdr *words, const struct note_query *query)
{
    return words->n_namesz == query->name_size && words->n_type == query->type &&
           memcmp(name, query->name, query->name_size) == 0;
}

/* The notes of one program header, and how many more may be looked at in all. */
struct note_walk {
    uint32_t program; /* its number, for messages */
    uint64_t off;     /* in the file */
    uint64_t left;    /* bytes; all of them lie inside the file */
    uint32_t budget;
};

static int size_check(const Elf64_Nhdr *words, uint64_t desc_end, const struct note_walk *walk,
                      const struct note_query *query, struct error *err)
{
    if (words->n_descsz >= query->desc_min && words->n_descsz <= query->desc_max && desc_end <= walk->left)
        return 0;
    return error_set(err, ERROR_NOT_EXEC,
                     "program header %u: note does not fall within valid size: a description of %u bytes, "
                     "expected %u to %u, in a segment of %llu",
                     walk->program, words->n_descsz, query->desc_min, query->desc_max,
                     (unsigned long long)walk->left);
}

static int walk_find(const char *bytes, struct note_walk *walk, const struct note_query *query,
                     struct note *out, struct error *err)
{
    while (walk->left >= NOTE_WORDS_SIZE + pad4(query->name_size)) {
        Elf64_Nhdr words;
        char name[NOTE_NAME_MAX];
        if (walk->budget-- == 0)
            return error_set(err, ERROR_NOT_EXEC, "program header %u: more than %u notes", walk->program,
                             NOTES_MAX);
        memcpy(&words, bytes + walk->off, sizeof(words));
        memcpy(name, bytes + walk->off + sizeof(words), query->name_size);

        uint64_t desc_off = NOTE_WORDS_SIZE + pad4(words.n_namesz);
        uint64_t desc_end = desc_off + words.n_descsz;
        if (note_matches(name, &words, query)) {
            *out = (struct note){.desc_off = walk->off + desc_off, .desc_size = words.n_descsz};
            return size_check(&words, desc_end, walk, query, err);
        }
        if (pad4(desc_end) > walk->left)
            break;
        walk->off += pad4(desc_end);
        walk->left -= pad4(desc_end);
    }
    return 0;
}

int note_find(const void *bytes, size_t size, const struct elf_header *header, const struct note_query *query,
              struct note *out, struct error *err)
{
    struct note found = {0};
    struct note_walk walk = {.budget = NOTES_MAX};

    if (query->name_size > NOTE_NAME_MAX)
        return error_set(err, ERROR_BUG, "look for a note of owner '%s': name too long", query->name);
    for (uint32_t i = 0; i < header->n_programs && found.desc_size == 0; i++) {
        Elf64_Phdr program;
        elf_file_get_program(bytes, header, i, &program);
        if (program.p_type != PT_NOTE)
            continue;
        if (program.p_offset > size || size - program.p_offset < program.p_filesz)
            return error_set(err, ERROR_NOT_EXEC, "program header %u: the file ends before its notes do", i);
        walk.program = i;
        walk.off = program.p_offset;
        walk.left = program.p_filesz;
        if (walk_find(bytes, &walk, query, &found, err) < 0)
            return -1;
    }
    *out = found;
    return 0;
}

/* Copies the start of a description of at least size bytes. */
static int note_read(const void *bytes, size_t size, const struct elf_header *header,
                     const struct note_query *query, void *desc, bool *out_found, struct error *err)
{
    struct note note;

    if (note_find(bytes, size, header, query, &note, err) < 0)
        return -1;
    if (note.desc_size > 0)
        memcpy(desc, (const char *)bytes + note.desc_off, query->desc_min);
    *out_found = note.desc_size > 0;
    return 0;
}

int note_read_abi(const void *bytes, size_t size, const struct elf_header *header, struct abi1 *out,
                  bool *out_found, struct error *err)
{
    const struct note_query query = {
        .name = NOTE_NAME,
        .name_size = NOTE_NAME_SIZE,
        .type = NOTE_TYPE_ABI1,
        .desc_min = sizeof(*out),
        .desc_max = 2 * sizeof(*out), /* as far as Solo5's own reader goes */
    };

    if (note_read(bytes, size, header, &query, out, out_found, err) < 0)
        return error_wrap(err, "read note ABI1");
    return 0;
}

const char *note_target_name(uint32_t target)
{
    static const char *const names[] = {
        [ABI_TARGET_HVT] = "hvt",   [ABI_TARGET_SPT] = "spt",       [ABI_TARGET_VIRTIO] = "virtio",
        [ABI_TARGET_MUEN] = "muen", [ABI_TARGET_GENODE] = "genode", [ABI_TARGET_XEN] = "xen",
    };

    if (target >= sizeof(names) / sizeof(names[0]) || names[target] == NULL)
        return "unknown";
    return names[target];
}

int note_check_abi(const struct abi1 *abi, struct error *err)
{
    if (abi->target != ABI_TARGET_HVT)
        return error_set(err, ERROR_NOT_EXEC,
                         "built for Solo5 target '%s' (%u), this monitor runs target 'hvt'",
                         note_target_name(abi->target), abi->target);
    if (abi->version != ABI_HVT_VERSION)
        return error_set(err, ERROR_NOT_EXEC,
                         "built for version %u of Solo5's hvt interface, this monitor implements version %u",
                         abi->version, ABI_HVT_VERSION);
    return 0;
}

int note_read_kit(const void *bytes, size_t size, const struct elf_header *header, struct kit1 *out,
                  bool *out_found, struct error *err)
{
    const struct note_query query = {
        .name = NOTE_NAME_KIT,
        .name_size = NOTE_NAME_KIT_SIZE,
        .type = NOTE_TYPE_KIT,
        .desc_min = sizeof(*out),
        .desc_max = 4096, /* later versions append */
    };

    if (note_read(bytes, size, header, &query, out, out_found, err) < 0)
        return error_wrap(err, "read note WKT1");
    if (*out_found && out->version == 0)
        return error_set(err, ERROR_NOT_EXEC, "read note WKT1: version 0 is unknown");
    return 0;
}
