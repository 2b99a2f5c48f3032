/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory. Emission walks the nodes in their order and takes generated blocks from a cursor, in the way that
 * ext2_plan.c has counted them; that both agree is checked at the end. Blocks of a pack that no visible file
 * has (what an upper layer hides) are free blocks of the image, and the image has no extent there: they read
 * as zeros.
 */
#include "ext2_emit.h"

#include "base/bug.h"
#include "base/cleanup.h"
#include "base/digest.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define SECTORS_PER_BLOCK (EXT2_BLOCK_SIZE / 512)

struct emit {
    const struct ext2_plan *plan;
    struct ext2_meta meta;
    uint64_t *group_at; /* of each group: the offset of its own blocks in meta */
    struct ext2_group *groups;
    uint64_t next_generated;
    uint32_t node;          /* at work */
    uint64_t n_node_blocks; /* that it has so far, of all kinds */
    uint64_t dir_first;     /* of a directory: its first block in the data space */
    uint64_t n_dir;         /* of a directory: its blocks; else 0 */
};

static void emit_release(struct emit *emit)
{
    free(emit->group_at);
    free(emit->groups);
    ext2_meta_release(&emit->meta);
}

/* Block number n of a group's own blocks. */
static uint8_t *group_block(const struct emit *emit, uint32_t group, uint32_t n)
{
    return emit->meta.bytes + emit->group_at[group] + (uint64_t)n * EXT2_BLOCK_SIZE;
}

/* How many blocks of a group stand before its bitmaps. */
static uint32_t n_super(const struct emit *emit, uint32_t group)
{
    return ext2_plan_has_super(group) ? 1 + emit->plan->n_group_table : 0;
}

static uint8_t *generated_block(const struct emit *emit, uint64_t n)
{
    return group_block(emit, 0, ext2_plan_overhead(emit->plan, 0)) + n * EXT2_BLOCK_SIZE;
}

static struct ext2_inode *inode_of(const struct emit *emit, uint32_t inode)
{
    uint32_t group = (inode - 1) / emit->plan->inodes_per_group;
    uint32_t index = (inode - 1) % emit->plan->inodes_per_group;
    return (struct ext2_inode *)(void *)group_block(emit, group, n_super(emit, group) + 2) + index;
}

static void set_bits(uint8_t *bitmap, uint64_t first, uint64_t n)
{
    for (; n > 0 && first % 8 != 0; n--, first++)
        bitmap[first / 8] |= (uint8_t)(1u << first % 8);
    memset(bitmap + first / 8, 0xff, n / 8);
    for (first += n / 8 * 8, n %= 8; n > 0; n--, first++)
        bitmap[first / 8] |= (uint8_t)(1u << first % 8);
}

/* Marks blocks of the image, all in one group, as used. */
static void use_blocks(struct emit *emit, uint64_t block, uint64_t n)
{
    uint32_t group = (uint32_t)(block / EXT2_BLOCKS_PER_GROUP);
    set_bits(group_block(emit, group, n_super(emit, group)), block % EXT2_BLOCKS_PER_GROUP, n);
    emit->groups[group].free_blocks_count = (uint16_t)(emit->groups[group].free_blocks_count - n);
}

/* Marks blocks of the data space as used. */
static void use_data(struct emit *emit, uint64_t data_block, uint64_t n)
{
    while (n > 0) {
        uint64_t run;
        uint64_t block = ext2_plan_block(emit->plan, data_block, &run);
        if (run > n)
            run = n;
        use_blocks(emit, block, run);
        data_block += run;
        n -= run;
    }
}

static uint32_t image_block(const struct emit *emit, uint64_t data_block)
{
    uint64_t run;
    return (uint32_t)ext2_plan_block(emit->plan, data_block, &run);
}

static uint64_t take_generated(struct emit *emit)
{
    BUG_ON(emit->next_generated >= emit->plan->n_generated);
    return emit->next_generated++;
}

/* The image's block for a block of the node at work; 0: a hole. */
static uint32_t node_block(struct emit *emit, uint64_t n)
{
    uint64_t data_block;
    if (emit->n_dir > 0) {
        if (n >= emit->n_dir)
            return 0;
        data_block = emit->dir_first + n;
    } else if (!ext2_plan_file_block(emit->plan, emit->node, n, &data_block)) {
        return 0;
    }
    emit->n_node_blocks++;
    return image_block(emit, data_block);
}

static bool node_has_data(const struct emit *emit, uint64_t from, uint64_t to)
{
    return emit->n_dir > 0 ? from < emit->n_dir : ext2_plan_has_data(emit->plan, emit->node, from, to);
}

/* Writes the indirect block of one level that covers the node's blocks from `from` on; 0: there are none. */
static uint32_t emit_indirect(struct emit *emit, uint64_t from, unsigned int level)
{
    uint64_t below = 1;
    for (unsigned int i = 1; i < level; i++)
        below *= EXT2_POINTERS;
    if (!node_has_data(emit, from, from + below * EXT2_POINTERS))
        return 0;

    uint64_t generated = take_generated(emit);
    uint32_t *pointers = (uint32_t *)(void *)generated_block(emit, generated);
    emit->n_node_blocks++;
    for (uint64_t i = 0; i < EXT2_POINTERS; i++, from += below)
        pointers[i] = level == 1 ? node_block(emit, from) : emit_indirect(emit, from, level - 1);
    return image_block(emit, generated);
}

/* Fills in an inode's pointers and its count of blocks. */
static void emit_pointers(struct emit *emit, struct ext2_inode *inode, uint64_t n_blocks)
{
    emit->n_node_blocks = 0;
    for (uint32_t i = 0; i < EXT2_DIRECT; i++)
        inode->block[i] = node_block(emit, i);
    uint64_t from = EXT2_DIRECT, span = EXT2_POINTERS;
    for (unsigned int level = 1; level <= 3 && from < n_blocks; level++, from += span, span *= EXT2_POINTERS)
        inode->block[EXT2_DIRECT + level - 1] = emit_indirect(emit, from, level);
    inode->blocks = (uint32_t)(emit->n_node_blocks * SECTORS_PER_BLOCK);
}

static uint8_t file_type(uint32_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFDIR:
        return EXT2_FT_DIR;
    case S_IFCHR:
        return EXT2_FT_CHAR;
    case S_IFBLK:
        return EXT2_FT_BLOCK;
    case S_IFIFO:
        return EXT2_FT_FIFO;
    case S_IFSOCK:
        return EXT2_FT_SOCKET;
    case S_IFLNK:
        return EXT2_FT_SYMLINK;
    default:
        return EXT2_FT_FILE;
    }
}

/* A directory's blocks while they are written. */
struct dir_writer {
    uint8_t *block;
    struct ext2_dirent *last; /* in the block */
    uint32_t used;
};

static void add_dirent(struct dir_writer *writer, uint32_t inode, const char *name, uint32_t name_len,
                       uint8_t type)
{
    uint32_t size = ext2_dirent_size(name_len);
    if (writer->used + size > EXT2_BLOCK_SIZE) {
        writer->block += EXT2_BLOCK_SIZE;
        writer->used = 0;
    }
    struct ext2_dirent *dirent = (struct ext2_dirent *)(void *)(writer->block + writer->used);
    /* The last entry reaches to the end of the block; whoever comes after it makes it shorter. */
    if (writer->used > 0)
        writer->last->rec_len = (uint16_t)((uint8_t *)dirent - (uint8_t *)writer->last);
    *dirent = (struct ext2_dirent){.inode = inode,
                                   .rec_len = (uint16_t)(EXT2_BLOCK_SIZE - writer->used),
                                   .name_len = (uint8_t)name_len,
                                   .file_type = type};
    memcpy(dirent + 1, name, name_len);
    writer->last = dirent;
    writer->used += size;
}

static int emit_dir(struct emit *emit, struct ext2_inode *inode, struct error *err)
{
    const struct tree *tree = emit->plan->tree;
    const struct tree_node *dir = &tree->nodes[emit->node];
    uint32_t number = emit->plan->inodes[emit->node];
    uint32_t links = 2;

    emit->n_dir = ext2_plan_dir_blocks(tree, emit->node);
    emit->dir_first = emit->next_generated;
    emit->next_generated += emit->n_dir;
    struct dir_writer writer = {.block = generated_block(emit, emit->dir_first)};
    add_dirent(&writer, number, ".", 1, EXT2_FT_DIR);
    add_dirent(&writer, emit->plan->inodes[dir->parent], "..", 2, EXT2_FT_DIR);
    for (uint32_t i = dir->first; i < dir->first + dir->n; i++) {
        const struct tree_node *child = &tree->nodes[i];
        add_dirent(&writer, emit->plan->inodes[i], child->name, child->entry->name_size,
                   file_type(child->entry->mode));
        links += S_ISDIR(child->entry->mode);
    }
    if (links > EXT2_LINKS_MAX)
        return error_set(err, ERROR_REFUSED,
                         "the directory '%.*s' has more subdirectories than ext2 can count",
                         (int)dir->entry->name_size, dir->name);
    emit_pointers(emit, inode, emit->n_dir);
    inode->size = (uint32_t)(emit->n_dir * EXT2_BLOCK_SIZE);
    inode->links_count = (uint16_t)links;
    emit->groups[(number - 1) / emit->plan->inodes_per_group].used_dirs_count++;
    return 0;
}

static void emit_symlink(struct emit *emit, struct ext2_inode *inode)
{
    const struct tree_node *node = &emit->plan->tree->nodes[emit->node];
    const char *target = emit->plan->tree->layers[node->layer].strings + node->entry->target;
    size_t size = node->entry->target_size;
    inode->size = (uint32_t)size;
    if (size < EXT2_FAST_SYMLINK) {
        memcpy(inode->block, target, size);
        return;
    }
    uint64_t generated = take_generated(emit);
    memcpy(generated_block(emit, generated), target, size);
    inode->block[0] = image_block(emit, generated);
    inode->blocks = SECTORS_PER_BLOCK;
}

static void emit_file(struct emit *emit, struct ext2_inode *inode)
{
    const struct tree *tree = emit->plan->tree;
    uint32_t layer = tree->nodes[emit->node].layer;
    const struct layer_entry *e = ext2_plan_contents(emit->plan, emit->node);

    inode->size = (uint32_t)e->size;
    inode->size_high = (uint32_t)(e->size >> 32);
    emit_pointers(emit, inode, e->size / EXT2_BLOCK_SIZE + 1);
    if ((e->flags & LAYER_SPARSE) == 0)
        use_data(emit, emit->plan->bases[layer] + e->block,
                 layer_entry_blocks(&tree->layers[layer], tree->nodes[emit->node].entry->link));
    for (uint32_t i = 0; (e->flags & LAYER_SPARSE) != 0 && i < e->n; i++) {
        const struct layer_segment *s = &tree->layers[layer].segments[e->first + i];
        use_data(emit, emit->plan->bases[layer] + s->pack_block, s->n_blocks);
    }
}

/* As the kernel does it: old numbers in the first word, all others in the second (new_encode_dev). */
static void emit_device(struct ext2_inode *inode, const struct layer_entry *e)
{
    if (e->major < 256 && e->minor < 256)
        inode->block[0] = e->major << 8 | e->minor;
    else
        inode->block[1] = (e->minor & 0xff) | e->major << 8 | (e->minor & ~0xffu) << 12;
}

static uint32_t clamp_time(int64_t seconds)
{
    return seconds < 0 ? 0 : seconds > INT32_MAX ? INT32_MAX : (uint32_t)seconds;
}

static int emit_node(struct emit *emit, uint32_t number, struct error *err)
{
    const struct tree_node *node = &emit->plan->tree->nodes[number];
    const struct layer_entry *e = node->entry;
    struct ext2_inode *inode = inode_of(emit, emit->plan->inodes[number]);

    if (node->n_links > EXT2_LINKS_MAX)
        return error_set(err, ERROR_REFUSED, "'%.*s' has more names than ext2 can count", (int)e->name_size,
                         node->name);
    emit->node = number;
    emit->n_dir = 0;
    inode->mode = (uint16_t)e->mode;
    inode->uid = (uint16_t)e->uid;
    inode->uid_high = (uint16_t)(e->uid >> 16);
    inode->gid = (uint16_t)e->gid;
    inode->gid_high = (uint16_t)(e->gid >> 16);
    inode->atime = inode->ctime = inode->mtime = clamp_time(node->mtime);
    inode->links_count = (uint16_t)node->n_links;
    if (S_ISDIR(e->mode))
        return emit_dir(emit, inode, err);
    if (S_ISREG(e->mode))
        emit_file(emit, inode);
    else if (S_ISLNK(e->mode))
        emit_symlink(emit, inode);
    else if (S_ISCHR(e->mode) || S_ISBLK(e->mode))
        emit_device(inode, e);
    return 0;
}

/* Group descriptors and bitmaps as they are without any node. */
static void start_groups(struct emit *emit)
{
    const struct ext2_plan *plan = emit->plan;
    for (uint32_t group = 0; group < plan->n_groups; group++) {
        uint64_t first = (uint64_t)group * EXT2_BLOCKS_PER_GROUP;
        uint64_t size = plan->n_blocks - first;
        if (size > EXT2_BLOCKS_PER_GROUP)
            size = EXT2_BLOCKS_PER_GROUP;
        uint32_t bitmap = n_super(emit, group);
        struct ext2_group *g = &emit->groups[group];
        g->block_bitmap = (uint32_t)(first + bitmap);
        g->inode_bitmap = g->block_bitmap + 1;
        g->inode_table = g->block_bitmap + 2;
        g->free_blocks_count = (uint16_t)size;
        use_blocks(emit, first, ext2_plan_overhead(plan, group));
        /* Bits beyond the end of the group count as used. */
        set_bits(group_block(emit, group, bitmap), size, EXT2_BLOCKS_PER_GROUP - size);

        uint64_t first_inode = (uint64_t)group * plan->inodes_per_group;
        uint64_t used = plan->n_inodes_used > first_inode ? plan->n_inodes_used - first_inode : 0;
        if (used > plan->inodes_per_group)
            used = plan->inodes_per_group;
        uint8_t *inode_bitmap = group_block(emit, group, bitmap + 1);
        set_bits(inode_bitmap, 0, used);
        set_bits(inode_bitmap, plan->inodes_per_group, EXT2_BLOCKS_PER_GROUP - plan->inodes_per_group);
        g->free_inodes_count = (uint16_t)(plan->inodes_per_group - used);
    }
}

/* What names the file system: the same for the same tree, whatever its files contain. */
static void derive_uuid(const struct ext2_plan *plan, uint8_t uuid[16])
{
    struct digest digest;
    uint8_t raw[DIGEST_SIZE];
    digest_init(&digest);
    for (uint32_t i = 0; i < plan->tree->n_nodes; i++) {
        const struct tree_node *node = &plan->tree->nodes[i];
        const uint64_t fields[] = {node->parent,     node->entry->mode, node->entry->uid,
                                   node->entry->gid, node->entry->size, (uint64_t)node->mtime};
        digest_add(&digest, fields, sizeof(fields));
        digest_add_field(&digest, node->name, node->entry->name_size);
    }
    digest_finish(&digest, raw);
    memcpy(uuid, raw, 16);
    uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x80); /* version 8: custom, RFC 9562 */
    uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
}

static void emit_supers(struct emit *emit)
{
    const struct ext2_plan *plan = emit->plan;
    struct ext2_super super = {.inodes_count = plan->inodes_per_group * plan->n_groups,
                               .blocks_count = (uint32_t)plan->n_blocks,
                               .log_block_size = 2,
                               .log_frag_size = 2,
                               .blocks_per_group = EXT2_BLOCKS_PER_GROUP,
                               .frags_per_group = EXT2_BLOCKS_PER_GROUP,
                               .inodes_per_group = plan->inodes_per_group,
                               .wtime = clamp_time(plan->newest),
                               .max_mnt_count = UINT16_MAX,
                               .magic = EXT2_MAGIC,
                               .state = 1,
                               .errors = 1,
                               .lastcheck = clamp_time(plan->newest),
                               .rev_level = 1,
                               .first_ino = EXT2_FIRST_INODE,
                               .inode_size = EXT2_INODE_SIZE,
                               .feature_incompat = EXT2_INCOMPAT_FILETYPE,
                               .feature_ro_compat = EXT2_RO_COMPAT_SPARSE_SUPER | EXT2_RO_COMPAT_LARGE_FILE};
    derive_uuid(plan, super.uuid);
    for (uint32_t group = 0; group < plan->n_groups; group++) {
        super.free_blocks_count += emit->groups[group].free_blocks_count;
        super.free_inodes_count += emit->groups[group].free_inodes_count;
    }
    for (uint32_t group = 0; group < plan->n_groups; group++) {
        if (!ext2_plan_has_super(group))
            continue;
        super.block_group_nr = (uint16_t)group;
        memcpy(group_block(emit, group, 0) + (group == 0 ? EXT2_SUPER_OFFSET : 0), &super, sizeof(super));
        memcpy(group_block(emit, group, 1), emit->groups, plan->n_groups * sizeof(*emit->groups));
    }
}

static int emit_init(struct emit *emit, const struct ext2_plan *plan, struct error *err)
{
    emit->plan = plan;
    emit->group_at = calloc(plan->n_groups, sizeof(*emit->group_at));
    emit->groups = calloc(plan->n_groups, sizeof(*emit->groups));
    if (emit->group_at == NULL || emit->groups == NULL)
        return error_errno(err, "write an image");

    uint64_t n_blocks = ext2_plan_overhead(plan, 0) + plan->n_generated;
    for (uint32_t group = 1; group < plan->n_groups; group++) {
        emit->group_at[group] = n_blocks * EXT2_BLOCK_SIZE;
        n_blocks += ext2_plan_overhead(plan, group);
    }
    size_t size = n_blocks * EXT2_BLOCK_SIZE;
    /* Fresh pages are zeros, as most of the metadata is. */
    void *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (bytes == MAP_FAILED)
        return error_errno(err, "write an image");
    emit->meta = (struct ext2_meta){.bytes = bytes, .size = size};
    return 0;
}

int ext2_emit(const struct ext2_plan *plan, struct ext2_meta *out, struct error *err)
{
    _cleanup_(emit_release) struct emit emit = {0};
    if (emit_init(&emit, plan, err) != 0)
        return -1;
    start_groups(&emit);
    for (uint32_t i = 0; i < plan->tree->n_nodes; i++)
        if (plan->tree->nodes[i].link == i && emit_node(&emit, i, err) != 0)
            return -1;
    BUG_ON(emit.next_generated != plan->n_generated);
    use_data(&emit, 0, plan->n_generated);
    emit_supers(&emit);

    *out = emit.meta;
    emit.meta = EXT2_META_NONE;
    return 0;
}

int ext2_emit_meta_extents(const struct ext2_plan *plan, uint32_t file, struct extent_list *list,
                           struct error *err)
{
    uint64_t file_block = 0;
    for (uint32_t group = 0; group < plan->n_groups; group++) {
        uint32_t overhead = ext2_plan_overhead(plan, group);
        if (extent_list_add(list, (uint64_t)group * EXT2_BLOCKS_PER_GROUP, overhead, file, file_block, err) !=
            0)
            return -1;
        file_block += overhead + (group == 0 ? plan->n_generated : 0);
    }
    file_block = ext2_plan_overhead(plan, 0);
    for (uint64_t done = 0, run; done < plan->n_generated; done += run) {
        uint64_t block = ext2_plan_block(plan, done, &run);
        if (run > plan->n_generated - done)
            run = plan->n_generated - done;
        if (extent_list_add(list, block, run, file, file_block + done, err) != 0)
            return -1;
    }
    return 0;
}

int ext2_emit_pack_extents(const struct ext2_plan *plan, uint32_t layer, uint64_t pack_block,
                           uint64_t n_blocks, uint32_t file, uint64_t file_block, struct extent_list *list,
                           struct error *err)
{
    for (uint64_t done = 0, run; done < n_blocks; done += run) {
        uint64_t block = ext2_plan_block(plan, plan->bases[layer] + pack_block + done, &run);
        if (run > n_blocks - done)
            run = n_blocks - done;
        if (extent_list_add(list, block, run, file, file_block + done, err) != 0)
            return -1;
    }
    return 0;
}

void ext2_meta_release(struct ext2_meta *meta)
{
    if (meta->bytes != NULL)
        munmap(meta->bytes, meta->size);
    *meta = EXT2_META_NONE;
}
