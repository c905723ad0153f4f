/* What both layouts of tables share (registers.inc, rows.inc): working memory, the groups of sites, rounded weights.
 *
 * A layout says before: GROUP, the two-valued sites of a group; CHAINS, how many a thread moves together; and `symbol`,
 * the type of a group's joint value. It supplies after: add_sums() and the kernels that make its tables, up() and
 * down().
 */
#ifndef SHORTRUN_TABLES_H
#define SHORTRUN_TABLES_H

#include "draws.h"
#include "lookup.h"
#include "platform.h"

#define PER_CHUNK 64 /* two-valued columns drawn together: the sites of one block of the noise */

/* Working memory of the thread, kept from call to call: new pages cost more than the work that is done in them. */
enum slot {
    SYMBOLS,
    KEPT = SYMBOLS + MOST_LAYERS,
    HIDDEN = KEPT + MOST_LAYERS,
    HELD, FIELD, UNIFORM, HIGH, LOW, MADE, ADDED, SLOTS
};

static void *buffer(int slot, int64_t bytes) {
    static __thread struct {
        void *memory;
        int64_t bytes;
    } kept[SLOTS];
    if (bytes > kept[slot].bytes) {
        free_aligned(kept[slot].memory);
        kept[slot].bytes = (bytes + 63) / 64 * 64;
        kept[slot].memory = aligned_memory(kept[slot].bytes);
    }
    return kept[slot].memory;
}

/* Where there are tiles (tiles.inc) they take the place of groups of two-valued sites. */
#if defined(TILES)
#define IF_TILES(colours, call) \
    if (!(colours)) return call;
#else
#define IF_TILES(colours, call)
#endif

static int64_t smaller_of(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t divided(int64_t a, int64_t b) { return (a + b - 1) / b; }

/* ------------------------------------------------------------------------------------------------ groups of sites */

/* What the table of a group is made from; `colours` is 0 for two-valued sites. */
enum coding {
    BITS,   /* GROUP two-valued sites: six have the 64 values of two registers, four those of 16 rows */
    FEW,    /* three sites of two or three colours, two of four or five: their values fit one register, of 32 */
    COLOURS /* one site of more: the weights are the table */
};

static enum coding coding_of(int64_t colours) { return !colours ? BITS : colours <= 5 ? FEW : COLOURS; }
static int64_t group_of(int64_t colours) { return !colours ? GROUP : colours <= 3 ? 3 : colours <= 5 ? 2 : 1; }

/* Groups of a block, whose last one of two-valued sites may be smaller; the first site of a group; the groups of a layer;
 * the group and the bit of a two-valued site. */
static int64_t block_of(int64_t colours) { return colours ? BLOCK : divided(BLOCK_BITS, GROUP); }
static int64_t first_site(int64_t colours, int64_t group) {
    int64_t block = block_of(colours);
    return colours ? group * group_of(colours) : group / block * BLOCK_BITS + group % block * GROUP;
}
static int64_t group_at(int64_t site) {
    return site / BLOCK_BITS * block_of(0) + site % BLOCK_BITS / GROUP;
}
static unsigned bit_at(int64_t site) { return (unsigned)(site % BLOCK_BITS % GROUP); }
static int64_t groups_of(int64_t colours, int64_t sites) {
    return colours ? divided(sites, group_of(colours)) : group_at(sites - 1) + 1;
}
static int64_t radix_of(int64_t colours) { return colours ? colours : 2; }
static int64_t width_of(int64_t colours) { return colours ? colours : 1; } /* features of a site */

/* Columns of a layer that are drawn together. */
static int64_t chunk_of(int64_t colours) {
    return colours > PER_CHUNK ? colours : PER_CHUNK / width_of(colours) * width_of(colours);
}

/* Where the sums of a layer's groups are looked up for each of some columns, which lie in chunks. */
struct tables {
    const int16_t *entries;
    int64_t sites, colours; /* of the layer */
    int64_t columns, chunk;
};

/* ------------------------------------------------------------------------------------------------ rounded weights */

/* round(x) << shift for |x| < 2^22, and if wanted 256 times what the rounding left. */
INLINE vword rounded(vfloat x, unsigned shift, vword *rest) {
    const vfloat magic = broadcast(0x1.8p23f);
    vfloat shifted = x + magic;
    if (rest) *rest = ((vword)((x - (shifted - magic)) * 256.0f + magic) - (vword)magic) << shift;
    return ((vword)shifted - (vword)magic) << shift;
}

/* The same of n numbers in a row times `scale`. Both outputs are written in whole vectors. */
INLINE void quantise(const float *w, int64_t n, float scale, unsigned shift, int16_t *high, int16_t *low) {
    for (int64_t j = 0; j < n; j += LANES) {
        vword rest;
        vfloat x = (n - j >= LANES ? load(w + j) : load_part(w + j, n - j)) * scale;
        store_halves(high + j, rounded(x, shift, low ? &rest : NULL));
        if (low) store_halves(low + j, rest);
    }
}

#endif
