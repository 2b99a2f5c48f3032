/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory. Emission walks the nodes in their order; each writes its inode and takes its generated blocks from
 * its slot on. Blocks that no node takes (of files and directories that an upper layer hides, and what slots
 * have too much) are free blocks of the image, and the image has no extent there: they read as zeros.
 */
#include "ext2_emit.h"

#include "base/cleanup.h"
#include "ext2_xattr.h"

#include <string.h>
#include <sys/stat.h>

#define SECTORS_PER_BLOCK (EXT2_BLOCK_SIZE / 512)

struct emit {
    const struct ext2_plan *plan;
    struct ext2_meta meta;
    struct ext2_group *groups;
    uint32_t node;           /* at work */
    uint64_t next_generated; /* the next block of its slot, in the data space */
    uint64_t n_node_blocks;  /* that it has so far, of all kinds */
    uint64_t dir_first;      /* of a directory: its first block in the data space */
    uint64_t n_dir;          /* of a directory: its blocks; else 0 */
    bool has_xattrs;         /* some file has attributes */
};

static void emit_release(struct emit *emit)
{
    free(emit->groups);
    ext2_meta_release(&emit->meta);
}

/* Block number n of a group's own blocks. */
static uint8_t *group_block(struct emit *emit, uint32_t group, uint32_t n)
{
    return ext2_meta_block(&emit->meta, (uint64_t)group * EXT2_BLOCKS_PER_GROUP + n);
}

/* How many blocks of a group stand before its bitmaps. */
static uint32_t n_super(const struct emit *emit, uint32_t group)
{
    return ext2_plan_has_super(group) ? 1 + emit->plan->n_group_table : 0;
}

static struct ext2_inode *inode_of(struct emit *emit, uint32_t inode)
{
    uint32_t group = (inode - 1) / EXT2_INODES_PER_GROUP, index = (inode - 1) % EXT2_INODES_PER_GROUP;
    uint8_t *block = group_block(emit, group, n_super(emit, group) + 2 + index / EXT2_INODES_PER_BLOCK);
    return (struct ext2_inode *)(void *)block + index % EXT2_INODES_PER_BLOCK;
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

/* Marks an inode as used. */
static void use_inode(struct emit *emit, uint32_t inode)
{
    uint32_t group = (inode - 1) / EXT2_INODES_PER_GROUP;
    set_bits(group_block(emit, group, n_super(emit, group) + 1), (inode - 1) % EXT2_INODES_PER_GROUP, 1);
    emit->groups[group].free_inodes_count--;
}

static uint32_t image_block(const struct emit *emit, uint64_t data_block)
{
    uint64_t run;
    return (uint32_t)ext2_plan_block(emit->plan, data_block, &run);
}

/* Takes the next block of the node's slot. Returns its bytes; *out_block is its number in the image. */
static uint8_t *take_generated(struct emit *emit, uint32_t *out_block)
{
    *out_block = image_block(emit, emit->next_generated);
    use_blocks(emit, *out_block, 1);
    emit->next_generated++;
    emit->n_node_blocks++;
    return ext2_meta_block(&emit->meta, *out_block);
}

/* The image's block for a block of the node at work; 0: a hole. */
static uint32_t node_block(struct emit *emit, uint64_t n)
{
    uint64_t data_block;
    if (emit->n_dir > 0)
        return n < emit->n_dir ? image_block(emit, emit->dir_first + n) : 0;
    if (!ext2_plan_file_block(emit->plan, emit->node, n, &data_block))
        return 0;
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

    uint32_t block;
    uint32_t *pointers = (uint32_t *)(void *)take_generated(emit, &block);
    for (uint64_t i = 0; i < EXT2_POINTERS; i++, from += below)
        pointers[i] = level == 1 ? node_block(emit, from) : emit_indirect(emit, from, level - 1);
    return block;
}

/* Fills in an inode's pointers and its count of blocks. */
static void emit_pointers(struct emit *emit, struct ext2_inode *inode, uint64_t n_blocks)
{
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
    struct emit *emit;
    uint8_t *block;           /* NULL: there is none yet */
    struct ext2_dirent *last; /* in the block */
    uint32_t used;
};

static void add_dirent(struct dir_writer *writer, uint32_t inode, const char *name, uint32_t name_len,
                       uint8_t type)
{
    uint32_t size = ext2_dirent_size(name_len), number;
    if (writer->block == NULL || writer->used + size > EXT2_BLOCK_SIZE) {
        writer->block = take_generated(writer->emit, &number);
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

    emit->dir_first = emit->next_generated;
    struct dir_writer writer = {.emit = emit};
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
    emit->n_dir = emit->next_generated - emit->dir_first;
    emit_pointers(emit, inode, emit->n_dir);
    inode->size = (uint32_t)(emit->n_dir * EXT2_BLOCK_SIZE);
    inode->links_count = (uint16_t)links;
    emit->groups[(number - 1) / EXT2_INODES_PER_GROUP].used_dirs_count++;
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
    memcpy(take_generated(emit, &inode->block[0]), target, size);
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
        use_data(emit, emit->plan->layers[layer].pack + e->block,
                 layer_entry_blocks(&tree->layers[layer], tree->nodes[emit->node].entry->link));
    for (uint32_t i = 0; (e->flags & LAYER_SPARSE) != 0 && i < e->n; i++) {
        const struct layer_segment *s = &tree->layers[layer].segments[e->first + i];
        use_data(emit, emit->plan->layers[layer].pack + s->pack_block, s->n_blocks);
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

/* The attributes stand in a block of their own, which counts among the file's. */
static int emit_xattrs(struct emit *emit, struct ext2_inode *inode, struct error *err)
{
    uint8_t bytes[EXT2_BLOCK_SIZE] = {0};
    uint64_t data_block;
    bool has_any = false;
    if (!ext2_plan_xattrs(emit->plan, emit->node, &data_block))
        return 0;
    if (ext2_xattr_fill(emit->plan->tree, emit->node, bytes, &has_any, err) != 0)
        return -1;
    if (!has_any)
        return 0;
    uint32_t block = image_block(emit, data_block);
    use_blocks(emit, block, 1);
    memcpy(ext2_meta_block(&emit->meta, block), bytes, sizeof(bytes));
    inode->file_acl = block;
    inode->blocks += SECTORS_PER_BLOCK;
    emit->has_xattrs = true;
    return 0;
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
    emit->next_generated = ext2_plan_slot(emit->plan, number);
    emit->n_node_blocks = emit->n_dir = 0;
    use_inode(emit, emit->plan->inodes[number]);
    inode->mode = (uint16_t)e->mode;
    inode->uid = (uint16_t)node->uid;
    inode->uid_high = (uint16_t)(node->uid >> 16);
    inode->gid = (uint16_t)node->gid;
    inode->gid_high = (uint16_t)(node->gid >> 16);
    inode->atime = inode->ctime = inode->mtime = clamp_time(node->mtime);
    inode->links_count = (uint16_t)node->n_links;
    if (S_ISDIR(e->mode) && emit_dir(emit, inode, err) != 0)
        return -1;
    if (S_ISREG(e->mode))
        emit_file(emit, inode);
    else if (S_ISLNK(e->mode))
        emit_symlink(emit, inode);
    else if (S_ISCHR(e->mode) || S_ISBLK(e->mode))
        emit_device(inode, e);
    return emit_xattrs(emit, inode, err);
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

        set_bits(group_block(emit, group, bitmap + 1), EXT2_INODES_PER_GROUP,
                 EXT2_BLOCKS_PER_GROUP - EXT2_INODES_PER_GROUP);
        g->free_inodes_count = EXT2_INODES_PER_GROUP;
    }
    for (uint32_t inode = 1; inode < EXT2_FIRST_INODE; inode++)
        if (inode != EXT2_ROOT_INODE)
            use_inode(emit, inode);
}

/* What names the file system: the same for the same tree. */
static void derive_uuid(const struct ext2_plan *plan, uint8_t uuid[16])
{
    uint8_t raw[DIGEST_SIZE];
    tree_digest(plan->tree, raw);
    memcpy(uuid, raw, 16);
    uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x80); /* version 8: custom, RFC 9562 */
    uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
}

static void emit_supers(struct emit *emit)
{
    const struct ext2_plan *plan = emit->plan;
    struct ext2_super super = {.inodes_count = EXT2_INODES_PER_GROUP * plan->n_groups,
                               .blocks_count = (uint32_t)plan->n_blocks,
                               .log_block_size = 2,
                               .log_frag_size = 2,
                               .blocks_per_group = EXT2_BLOCKS_PER_GROUP,
                               .frags_per_group = EXT2_BLOCKS_PER_GROUP,
                               .inodes_per_group = EXT2_INODES_PER_GROUP,
                               .wtime = clamp_time(plan->newest),
                               .max_mnt_count = UINT16_MAX,
                               .magic = EXT2_MAGIC,
                               .state = 1,
                               .errors = 1,
                               .lastcheck = clamp_time(plan->newest),
                               .rev_level = 1,
                               .first_ino = EXT2_FIRST_INODE,
                               .inode_size = EXT2_INODE_SIZE,
                               .feature_compat = emit->has_xattrs ? EXT2_COMPAT_EXT_ATTR : 0,
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
        for (uint32_t i = 0; i < plan->n_group_table; i++) {
            uint32_t first = i * EXT2_GROUPS_PER_BLOCK, n = plan->n_groups - first;
            memcpy(group_block(emit, group, 1 + i), emit->groups + first,
                   (n < EXT2_GROUPS_PER_BLOCK ? n : EXT2_GROUPS_PER_BLOCK) * sizeof(*emit->groups));
        }
    }
}

static int emit_init(struct emit *emit, const struct ext2_plan *plan, struct error *err)
{
    emit->plan = plan;
    emit->groups = calloc(plan->n_groups, sizeof(*emit->groups));
    if (emit->groups == NULL)
        return error_errno(err, "write an image");
    return ext2_meta_init(&emit->meta, plan, err);
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
    emit_supers(&emit);
    if (ext2_meta_finish(&emit.meta, err) != 0)
        return -1;

    *out = emit.meta;
    emit.meta = EXT2_META_NONE;
    return 0;
}

int ext2_emit_pack_extents(const struct ext2_plan *plan, uint32_t layer, uint64_t pack_block,
                           uint64_t n_blocks, uint32_t file, uint64_t file_block, struct extent_list *list,
                           struct error *err)
{
    for (uint64_t done = 0, run; done < n_blocks; done += run) {
        uint64_t block = ext2_plan_block(plan, plan->layers[layer].pack + pack_block + done, &run);
        if (run > n_blocks - done)
            run = n_blocks - done;
        if (extent_list_add(list, block, run, file, file_block + done, err) != 0)
            return -1;
    }
    return 0;
}
