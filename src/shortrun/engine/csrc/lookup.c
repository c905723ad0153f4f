/* The lookup kernels (lookup.h) for processors with AVX-512 BW. Empty elsewhere. */
#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
#define PATH_AVX512
#include "lookup.h"

#include <stdlib.h>

#include "draws.h"

#define AHEAD 4          /* columns that are fetched ahead */
#define ENTRY 8          /* numbers from which a table of five bits is made */
#define PER_CHUNK 64     /* two-valued columns drawn together: the sites of one block of the noise */
#define POTTS_SITES 4    /* Potts sites drawn together: one counter of the noise makes four uniforms */
#define MOST_COLUMNS (POTTS_SITES * MOST_TABLED)

/* Working memory of the thread, kept from call to call: new pages cost more than the work that is done in them. */
enum slot { SYMBOLS, KEPT = SYMBOLS + MOST_LAYERS, HIDDEN = KEPT + MOST_LAYERS, HELD, FIELD, HIGH, LOW, SLOTS };

static void *buffer(int slot, int64_t bytes) {
    static __thread struct {
        void *memory;
        int64_t bytes;
    } kept[SLOTS];
    if (bytes > kept[slot].bytes) {
        free(kept[slot].memory);
        kept[slot].bytes = (bytes + 63) / 64 * 64;
        kept[slot].memory = aligned_alloc(64, (size_t)kept[slot].bytes);
    }
    return kept[slot].memory;
}
static int64_t smaller_of(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t divided(int64_t a, int64_t b) { return (a + b - 1) / b; }

/* ------------------------------------------------------------------------------------------------ symbols */

static int64_t group_of(int64_t coding, int64_t colours) {
    return coding == BITS ? 5 : coding == COLOURS ? 1 : colours <= 3 ? 3 : 2;
}
static int64_t entry_of(int64_t coding, int64_t colours) {
    return coding == BITS ? ENTRY : coding == COLOURS ? colours : 16;
}
static int64_t radix_of(const struct layer *a) { return a->colours ? a->colours : 2; }

/* The lanes of an entry that each symbol adds up: three numbers for each of the 32 symbols. */
static void parts_of(int64_t coding, int64_t colours, __m512i part[3]) {
    uint16_t lanes[3][32];
    static const uint8_t low[4] = {7, 0, 1, 2}, high[4] = {7, 3, 4, 5};
    for (int64_t symbol = 0; symbol < 32; symbol++) {
        if (coding == BITS) {
            lanes[0][symbol] = low[symbol & 3], lanes[1][symbol] = high[symbol >> 2 & 3];
            lanes[2][symbol] = symbol >> 4 ? 6 : 7;
            continue;
        }
        int64_t rest = symbol, group = group_of(coding, colours);
        for (int64_t p = 0; p < 3; p++, rest /= colours ? colours : 2)
            lanes[p][symbol] = p < group ? (uint16_t)(p * colours + rest % (colours ? colours : 2)) : 15;
    }
    for (int p = 0; p < 3; p++) part[p] = _mm512_loadu_si512(lanes[p]);
}

/* The bits of five bytes that are 0 or 1, side by side: the factor brings bit i of byte i from 8 i to 28 + i. */
INLINE uint16_t five_bits(const uint8_t *code) {
    uint64_t bytes;
    memcpy(&bytes, code, 8);
    bytes = (bytes & 0x0101010101) * (1u << 28 | 1 << 21 | 1 << 14 | 1 << 7 | 1);
    return (uint16_t)(bytes >> 28 & 31);
}

/* Codes of some chains, by rows, to symbols (groups, CHAINS); only those of the `kept` sites if there is such a mask. */
static void read_symbols(const struct layer *a, int64_t first, int64_t chains, const uint8_t *kept, uint16_t *symbols) {
    int64_t radix = radix_of(a), group = group_of(a->coding, a->colours);
    int64_t plain = a->coding == BITS && !kept && a->sites >= 8 ? (a->sites - 8) / 5 : 0; /* eight bytes can be read */
    memset(symbols, 0, (size_t)(divided(a->sites, group) * CHAINS) * sizeof *symbols);
    for (int64_t row = 0; row < chains; row += 32)
        for (int64_t site = 0, g = 0; site < a->sites; site += group, g++)
            for (int64_t r = row; r < smaller_of(row + 32, chains); r++) {
                const uint8_t *code = a->codes + (first + r) * a->codes_stride;
                if (group == 1 && !kept) {
                    symbols[g * CHAINS + r] = code[site];
                    continue;
                }
                if (g < plain) {
                    symbols[g * CHAINS + r] = five_bits(code + site);
                    continue;
                }
                int64_t symbol = 0, factor = 1;
                for (int64_t s = site; s < smaller_of(site + group, a->sites); s++, factor *= radix)
                    if (!kept || kept[s]) symbol += code[s] * factor;
                symbols[g * CHAINS + r] = (uint16_t)symbol;
            }
}

/* Symbols (groups, CHAINS) back to codes by rows. */
static void write_codes(const uint16_t *symbols, int64_t sites, int64_t radix, int64_t group, uint8_t *codes,
                        int64_t stride, int64_t chains) {
    uint8_t digit[32][8] = {{0}};
    for (int64_t symbol = 0; symbol < 32; symbol++)
        for (int64_t p = 0, rest = symbol; p < group; p++, rest /= radix) digit[symbol][p] = (uint8_t)(rest % radix);
    int64_t whole = sites >= 8 ? (sites - 8) / group : 0; /* groups where eight bytes can be written */
    for (int64_t row = 0; row < chains; row += 32)
        for (int64_t r = row; r < smaller_of(row + 32, chains); r++) {
            uint8_t *out = codes + r * stride;
            int64_t g = 0;
            for (; g < whole; g++) memcpy(out + g * group, digit[symbols[g * CHAINS + r]], 8);
            for (; g * group < sites; g++)
                memcpy(out + g * group, digit[symbols[g * CHAINS + r]], (size_t)smaller_of(group, sites - g * group));
        }
}

/* ------------------------------------------------------------------------------------------------ fields */

INLINE __m512i table_of(const int16_t *entry, const int coding, const __m512i part[3]) {
    if (coding == COLOURS) return _mm512_loadu_si512(entry);
    __m512i x = coding == BITS ? _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)entry))
                               : _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)entry));
    x = _mm512_add_epi16(_mm512_add_epi16(_mm512_permutexvar_epi16(part[0], x), _mm512_permutexvar_epi16(part[1], x)),
                         _mm512_permutexvar_epi16(part[2], x));
    return x;
}

INLINE void widen(__m512i sum, float *out, int add) {
    __m512 low = _mm512_cvtepi32_ps(_mm512_cvtepi16_epi32(_mm512_castsi512_si256(sum)));
    __m512 high = _mm512_cvtepi32_ps(_mm512_cvtepi16_epi32(_mm512_extracti64x4_epi64(sum, 1)));
    if (add) low = _mm512_add_ps(low, _mm512_loadu_ps(out)), high = _mm512_add_ps(high, _mm512_loadu_ps(out + 16));
    _mm512_storeu_ps(out, low);
    _mm512_storeu_ps(out + 16, high);
}

/* Two columns (or one, twice) of `vectors` registers of chains over at most BLOCK groups. What the next two will want is
 * fetched meanwhile: large tables come from memory. */
INLINE void block_sums(const int coding, const int vectors, const __m512i part[3], const uint16_t *symbols,
                       const int16_t *a, const int16_t *b, int64_t entry, int64_t groups, float *out_a, float *out_b,
                       int add) {
    const int16_t *next_a = a + AHEAD * groups * entry, *next_b = b + AHEAD * groups * entry;
    __m512i sum_a[8], sum_b[8];
    for (int v = 0; v < vectors; v++) sum_a[v] = sum_b[v] = _mm512_setzero_si512();
    for (int64_t g = 0; g < groups; g++) {
        __m512i table_a = table_of(a + g * entry, coding, part), table_b = table_of(b + g * entry, coding, part);
        if (coding == COLOURS || g % 4 == 0) {
            _mm_prefetch((const char *)(next_a + g * entry), _MM_HINT_T0);
            _mm_prefetch((const char *)(next_b + g * entry), _MM_HINT_T0);
        }
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++) {
            __m512i x = _mm512_load_si512(symbols + g * CHAINS + 32 * v);
            sum_a[v] = _mm512_add_epi16(sum_a[v], _mm512_permutexvar_epi16(x, table_a));
            sum_b[v] = _mm512_add_epi16(sum_b[v], _mm512_permutexvar_epi16(x, table_b));
        }
    }
    for (int v = 0; v < vectors; v++) {
        widen(sum_a[v], out_a + 32 * v, add);
        if (out_b != out_a) widen(sum_b[v], out_b + 32 * v, add);
    }
}

INLINE void coded_sums(const int coding, const __m512i part[3], int64_t vectors, const uint16_t *symbols,
                       const int16_t *a, const int16_t *b, int64_t entry, int64_t groups, float *out_a, float *out_b,
                       int add) {
    switch (vectors) {
#define VECTORS(n) \
    case n: block_sums(coding, n, part, symbols, a, b, entry, groups, out_a, out_b, add); break;
        VECTORS(1) VECTORS(2) VECTORS(3) VECTORS(4) VECTORS(5) VECTORS(6) VECTORS(7) VECTORS(8)
#undef VECTORS
    }
}

/* Where the entries of a column begin in the block of groups from `first` on. Tables lie block by block, in a block
 * column by column: what is read one after the other lies side by side. */
INLINE int64_t entries_at(int64_t columns, int64_t column, int64_t first, int64_t groups, int64_t entry) {
    return (columns * first + column * smaller_of(BLOCK, groups - first)) * entry;
}

/* Tables of a layer (or of the rows of a minibatch) for `columns` columns. */
struct tables {
    const int16_t *entries;
    int64_t coding, colours, groups, columns;
};

/* out (count, CHAINS) = or += sums of the symbols' table entries in these columns, in steps. */
static void add_sums(const struct tables *a, int64_t vectors, const uint16_t *symbols, const int64_t *column,
                     int64_t count, float *out, int add) {
    __m512i part[3] = {{0}, {0}, {0}};
    int64_t entry = entry_of(a->coding, a->colours);
    if (a->coding != COLOURS) parts_of(a->coding, a->colours, part);
    for (int64_t first = 0; first < a->groups; first += BLOCK, add = 1) {
        int64_t n = smaller_of(BLOCK, a->groups - first);
        const uint16_t *x = symbols + first * CHAINS;
        for (int64_t c = 0; c < count; c += 2) {
            int64_t d = c + 1 < count ? c + 1 : c;
            const int16_t *one = a->entries + entries_at(a->columns, column[c], first, a->groups, entry);
            const int16_t *two = a->entries + entries_at(a->columns, column[d], first, a->groups, entry);
            float *out_one = out + c * CHAINS, *out_two = out + d * CHAINS;
            if (a->coding == BITS) coded_sums(BITS, part, vectors, x, one, two, ENTRY, n, out_one, out_two, add);
            else if (a->coding == FEW) coded_sums(FEW, part, vectors, x, one, two, 16, n, out_one, out_two, add);
            else coded_sums(COLOURS, part, vectors, x, one, two, entry, n, out_one, out_two, add);
        }
    }
}

static int64_t groups_of(const struct layer *a) { return divided(a->sites, group_of(a->coding, a->colours)); }

static void count_from(int64_t first, int64_t count, int64_t *column) {
    for (int64_t c = 0; c < count; c++) column[c] = first + c;
}

static void add_layer(const struct layer *a, int64_t hidden, const uint16_t *symbols, int64_t vectors, int64_t first,
                      int64_t count, float *out, int add) {
    int64_t column[PER_CHUNK];
    struct tables tables = {a->up, a->coding, a->colours, groups_of(a), hidden};
    count_from(first, count, column);
    add_sums(&tables, vectors, symbols, column, count, out, add);
}

/* ------------------------------------------------------------------------------------------------ draws */

/* philox() with one counter word c0 and LANES chains: here the halves that do not change belong to the sites. */
INLINE void philox_chains(const struct stream *s, uint32_t c0, vword chain, vword word[4]) {
    uint64_t product = (uint64_t)M0 * c0;
    vword a0 = chain ^ (s->update_high ^ s->key0[0]);
    uint32_t a2 = (uint32_t)(product >> 32) ^ s->place ^ s->key1[0], a3 = (uint32_t)product;
    product = (uint64_t)M1 * a2;
    vword high, low, high2, low2;
    multiply(a0, M0, &high, &low);
    word[0] = broadcast_word((uint32_t)(product >> 32) ^ s->update_low ^ s->key0[1]);
    word[1] = broadcast_word((uint32_t)product);
    word[2] = high ^ (a3 ^ s->key1[1]);
    word[3] = low;
#pragma GCC unroll 8
    for (int r = 2; r < ROUNDS; r++) {
        multiply(word[0], M0, &high, &low);
        multiply(word[2], M1, &high2, &low2);
        word[0] = xor3(high2, word[1], broadcast_word(s->key0[r]));
        word[1] = low2;
        word[2] = xor3(high, word[3], broadcast_word(s->key1[r]));
        word[3] = low;
    }
}

/* Draw the 64 sites from `first` on of two-valued units from their fields (64, CHAINS), and add them to the symbols. */
static void draw_bits(const struct stream *s, vword chain, int64_t first, int64_t sites, const float *field,
                      const float *bias, float step, float gain, const uint8_t *kept, int64_t vectors,
                      uint16_t *symbols) {
    for (int64_t i = 0; i < 16; i++) {
        if (first + i >= sites) break;
        for (int64_t v = 0; v < vectors; v++) {
            vword word[2][4];
            uint32_t c0 = (uint32_t)(first / 4 + i);
            philox_chains(s, c0, chain + (uint32_t)(32 * v), word[0]);
            philox_chains(s, c0, chain + (uint32_t)(32 * v + 16), word[1]);
            for (int w = 0; w < 4; w++) {
                int64_t column = i + 16 * w, site = first + column;
                if (site >= sites) break;
                if (kept && kept[site]) continue;
                uint32_t drawn = 0;
                for (int half = 0; half < 2; half++) {
                    vfloat x = load(field + column * CHAINS + 32 * v + 16 * half) * step + bias[site];
                    vfloat product = to_uniform(word[half][w]) * (exponential(x * -gain) + 1.0f);
                    drawn |= (uint32_t)_mm512_cmp_ps_mask(product, broadcast(1.0f), _CMP_LT_OQ) << (16 * half);
                }
                uint16_t *symbol = symbols + site / 5 * CHAINS + 32 * v;
                __m512i old = _mm512_load_si512(symbol), bit = _mm512_set1_epi16((int16_t)(1 << site % 5));
                _mm512_store_si512(symbol, _mm512_or_si512(old, _mm512_maskz_mov_epi16(drawn, bit)));
            }
        }
    }
}

/* Draw up to four Potts sites, 16 apart from `first` on, from their fields (sites * colours, CHAINS). */
static void draw_colours(const struct stream *s, vword chain, int64_t first, const struct layer *a, const float *field,
                         float step, int64_t vectors, uint16_t *symbols) {
    const int64_t q = a->colours, group = group_of(a->coding, q);
    for (int64_t half = 0; half < 2 * vectors; half++) {
        vword word[4];
        philox_chains(s, (uint32_t)(first / 64 * 16 + first % 64), chain + (uint32_t)(16 * half), word);
        for (int64_t w = 0; w < 4; w++) {
            int64_t site = first + 16 * w, factor = 1;
            if (site >= a->sites) break;
            if (a->kept && a->kept[site]) continue;
            vfloat colour[MOST_TABLED];
            for (int64_t c = 0; c < q; c++)
                colour[c] = load(field + (w * q + c) * CHAINS + 16 * half) * step + a->bias[site * q + c];
            vword drawn = draw_colour(colour, q, to_uniform(word[w]));
            for (int64_t p = 0; p < site % group; p++) factor *= q;
            __m256i *symbol = (__m256i *)(symbols + site / group * CHAINS + 16 * half);
            __m256i digit = _mm512_cvtepi32_epi16((__m512i)(drawn * (uint32_t)factor));
            _mm256_store_si256(symbol, _mm256_add_epi16(_mm256_load_si256(symbol), digit));
        }
    }
}

/* ------------------------------------------------------------------------------------------------ sweeps */

/* A thread's share of a run: its chains' symbols, and the field that the clamped layers put on the hidden one. */
struct share {
    const struct sweeps *run;
    int64_t first, chains, vectors;
    vword chain;
    uint16_t *symbols[MOST_LAYERS], *kept[MOST_LAYERS], *hidden;
    float *held, *field; /* (hidden, CHAINS) or NULL; (chunk, CHAINS) */
    struct stream stream;
};

static void add_held(struct share *s, const struct layer *a, const uint16_t *symbols, int add) {
    int64_t hidden = s->run->hidden;
    for (int64_t first = 0; first < hidden; first += PER_CHUNK) {
        float *out = s->held + first * CHAINS;
        int64_t n = smaller_of(PER_CHUNK, hidden - first);
        if (!a->sums) {
            add_layer(a, hidden, symbols, s->vectors, first, n, out, add);
            continue;
        }
        for (int64_t j = 0; j < n; j++)
            for (int64_t r = 0; r < 32 * s->vectors; r++) {
                float sum = a->sums[(first + j) * s->run->padded + s->first + r];
                out[j * CHAINS + r] = add ? out[j * CHAINS + r] + sum : sum;
            }
    }
}

static void move_hidden(struct share *s, uint32_t sweep) {
    const struct sweeps *run = s->run;
    s->stream.place = run->hidden_place + sweep;
    memset(s->hidden, 0, (size_t)(divided(run->hidden, 5) * CHAINS) * sizeof *s->hidden);
    for (int64_t first = 0; first < run->hidden; first += PER_CHUNK) {
        int64_t n = smaller_of(PER_CHUNK, run->hidden - first);
        int add = s->held != NULL;
        if (add) memcpy(s->field, s->held + first * CHAINS, (size_t)(n * CHAINS) * sizeof *s->field);
        for (int64_t i = 0; i < run->layers; i++)
            if (!run->layer[i].clamped)
                add_layer(&run->layer[i], run->hidden, s->symbols[i], s->vectors, first, n, s->field, add), add = 1;
        draw_bits(&s->stream, s->chain, first, run->hidden, s->field, run->hidden_bias, run->step, run->hidden_gain,
                  NULL, s->vectors, s->hidden);
    }
}

static void move_layer(struct share *s, int64_t index, uint32_t sweep) {
    const struct sweeps *run = s->run;
    const struct layer *a = &run->layer[index];
    int64_t column[MOST_COLUMNS], width = a->colours ? a->colours : 1;
    struct tables tables = {a->down, BITS, 0, divided(run->hidden, 5), a->sites * width};
    uint16_t *symbols = s->symbols[index];
    size_t bytes = (size_t)(groups_of(a) * CHAINS) * sizeof *symbols;
    if (a->kept) memcpy(symbols, s->kept[index], bytes);
    else memset(symbols, 0, bytes);
    s->stream.place = a->place + sweep;
    for (int64_t first = 0; first < a->sites; first += PER_CHUNK) {
        if (!a->colours) {
            int64_t n = smaller_of(PER_CHUNK, a->sites - first);
            count_from(first, n, column);
            add_sums(&tables, s->vectors, s->hidden, column, n, s->field, 0);
            draw_bits(&s->stream, s->chain, first, a->sites, s->field, a->bias, run->step, a->gain, a->kept, s->vectors,
                      symbols);
            continue;
        }
        for (int64_t site = first; site < smaller_of(first + 16, a->sites); site++) {
            int64_t n = 0;
            for (int64_t w = 0; w < POTTS_SITES && site + 16 * w < a->sites; w++, n += a->colours)
                count_from((site + 16 * w) * a->colours, a->colours, column + n);
            add_sums(&tables, s->vectors, s->hidden, column, n, s->field, 0);
            draw_colours(&s->stream, s->chain, site, a, s->field, run->step, s->vectors, symbols);
        }
    }
}

static void run_share(struct share *s) {
    const struct sweeps *run = s->run;
    int add = 0;
    for (int64_t i = 0; i < run->layers; i++) {
        const struct layer *a = &run->layer[i];
        if (!(a->clamped && a->sums)) read_symbols(a, s->first, s->chains, NULL, s->symbols[i]);
        if (a->kept && !a->clamped) read_symbols(a, s->first, s->chains, a->kept, s->kept[i]);
        if (a->clamped) add_held(s, a, s->symbols[i], add), add = 1;
    }
    for (int64_t sweep = 0; sweep < run->count; sweep++) {
        move_hidden(s, (uint32_t)sweep);
        for (int64_t i = 0; i < run->layers; i++)
            if (!run->layer[i].clamped) move_layer(s, i, (uint32_t)sweep);
    }
    write_codes(s->hidden, run->hidden, 2, 5, run->hidden_codes + s->first * run->hidden_codes_stride,
                run->hidden_codes_stride, s->chains);
    for (int64_t i = 0; i < run->layers; i++) {
        const struct layer *a = &run->layer[i];
        if (!a->clamped)
            write_codes(s->symbols[i], a->sites, radix_of(a), group_of(a->coding, a->colours),
                        a->codes + s->first * a->codes_stride, a->codes_stride, s->chains);
    }
}

static void sweeps(const void *arguments, int64_t begin, int64_t end) {
    const struct sweeps *run = arguments;
    struct share s = {.run = run, .stream = open_stream(&run->noise)};
    int any_clamped = 0;
    for (int64_t i = 0; i < run->layers; i++) {
        int64_t bytes = groups_of(&run->layer[i]) * CHAINS * (int64_t)sizeof(uint16_t);
        s.symbols[i] = buffer(SYMBOLS + (int)i, bytes);
        s.kept[i] = run->layer[i].kept ? buffer(KEPT + (int)i, bytes) : NULL;
        any_clamped |= run->layer[i].clamped;
    }
    s.hidden = buffer(HIDDEN, divided(run->hidden, 5) * CHAINS * (int64_t)sizeof(uint16_t));
    s.held = any_clamped ? buffer(HELD, run->hidden * CHAINS * (int64_t)sizeof(float)) : NULL;
    s.field = buffer(FIELD, MOST_COLUMNS * CHAINS * (int64_t)sizeof(float));
    for (int64_t task = begin; task < end; task++) {
        s.first = task * run->part;
        s.chains = smaller_of(run->part, run->chains - s.first);
        s.vectors = divided(s.chains, 32);
        s.chain = lane_numbers() + (run->noise.first_chain + (uint32_t)s.first);
        run_share(&s);
    }
}

/* ------------------------------------------------------------------------------------------------ sums and means */

static void sums(const void *arguments, int64_t begin, int64_t end) {
    const struct sums *a = arguments;
    uint16_t *symbols = buffer(SYMBOLS, groups_of(&a->layer) * CHAINS * (int64_t)sizeof *symbols);
    float *field = buffer(FIELD, PER_CHUNK * CHAINS * (int64_t)sizeof *field);
    for (int64_t task = begin; task < end; task++) {
        int64_t chain = task * a->part, chains = smaller_of(a->part, a->chains - chain), vectors = divided(chains, 32);
        read_symbols(&a->layer, chain, chains, NULL, symbols);
        for (int64_t first = 0; first < a->hidden; first += PER_CHUNK) {
            int64_t n = smaller_of(PER_CHUNK, a->hidden - first);
            add_layer(&a->layer, a->hidden, symbols, vectors, first, n, field, 0);
            for (int64_t j = 0; j < n; j++)
                memcpy(a->out + (first + j) * a->padded + chain, field + j * CHAINS,
                       (size_t)(32 * vectors) * sizeof *field);
        }
    }
}

/* The field of 16 chains on hidden unit j. */
INLINE vfloat summed(const float *const *sums, int64_t count, int64_t at, float step, float bias) {
    vfloat x = load(sums[0] + at);
    for (int64_t i = 1; i < count; i++) x += load(sums[i] + at);
    return x * step + bias;
}

static void means(const void *arguments, int64_t begin, int64_t end) {
    const struct means *a = arguments;
    for (int64_t j = begin; j < end; j++)
        for (int64_t r = 0; r < a->padded; r += LANES) {
            int64_t at = j * a->padded + r;
            vfloat x = summed(a->sums, a->count, at, a->step, a->bias[j]);
            vfloat mean = (1.0f - a->low) / (exponential(x * -a->gain) + 1.0f) + a->low;
            mean *= load(a->weight + r) * a->factor;
            store(a->out + at, a->add ? load(a->out + at) + mean : mean);
        }
}

static void posterior(const void *arguments, int64_t begin, int64_t end) {
    const struct posterior *a = arguments;
    vfloat product[MOST_COLOURS + 1], exponent[MOST_COLOURS + 1];
    for (int64_t task = begin; task < end; task++) {
        vfloat common = broadcast(0.0f);
        for (int64_t k = 0; k < a->classes; k++) product[k] = broadcast(1.0f), exponent[k] = broadcast(0.0f);
        for (int64_t j = 0; j < a->hidden; j++) {
            /* 1 + e^(x + d) = e^m (e^-m + e^(x - m) e^d) with m = max(x, 0): nothing overflows however large x is. */
            vfloat x = summed(a->sums, a->count, j * a->padded + 16 * task, a->step, a->bias[j]) * a->gain;
            vfloat zero = broadcast(0.0f), one = broadcast(1.0f), size = larger(x, -x), small = exponential(-size);
            vfloat alone = if_less(x, zero, one, small), with = if_less(x, zero, small, one);
            common += larger(x, zero);
            const float *factor = a->factor + j * a->classes;
            for (int64_t k = 0; k < a->classes; k++) {
                vfloat p = product[k] * fused(with, broadcast(factor[k]), alone);
                exponent[k] += _mm512_getexp_ps(p);
                product[k] = _mm512_getmant_ps(p, _MM_MANT_NORM_1_2, _MM_MANT_SIGN_src);
            }
        }
        store(a->common + 16 * task, common);
        for (int64_t k = 0; k < a->classes; k++) {
            store(a->mantissa + k * a->padded + 16 * task, product[k]);
            store(a->exponent + k * a->padded + 16 * task, exponent[k]);
        }
    }
}

/* ------------------------------------------------------------------------------------------------ tables */

static void raise_to(uint32_t *largest, vfloat x) {
    float lanes[LANES], top = 0;
    store(lanes, x);
    for (int i = 0; i < LANES; i++)
        if (!(lanes[i] <= top)) top = lanes[i]; /* a NaN goes through */
    uint32_t bits, old = __atomic_load_n(largest, __ATOMIC_RELAXED); /* of positive floats: ordered like the floats */
    memcpy(&bits, &top, 4);
    bits &= 0x7FFFFFFFu;
    while (bits > old && !__atomic_compare_exchange_n(largest, &old, bits, 1, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
}

/* Over blocks of the observed layer's sites; a task is 16 hidden units. */
static void bound_up(const void *arguments, int64_t begin, int64_t end) {
    const struct bound *a = arguments;
    int64_t q = a->colours ? a->colours : 1;
    vfloat top = broadcast(0.0f), zero = top;
    for (int64_t task = begin; task < end; task++) {
        int64_t j = task * LANES, n = smaller_of(LANES, a->hidden - j);
        vfloat positive = zero, negative = zero;
        for (int64_t site = 0; site * q < a->features; site++) {
            if (site % a->block_sites == 0) positive = zero, negative = zero;
            vfloat most = zero, least = zero;
            for (int64_t c = 0; c < q; c++) {
                const float *row = a->weight + (site * q + c) * a->hidden + j;
                vfloat w = n == LANES ? load(row) : load_part(row, n);
                most = larger(w, most), least = smaller(w, least);
            }
            positive += most, negative -= least;
            top = larger(larger(positive, negative), top);
        }
    }
    raise_to(a->largest, top);
}

/* Over blocks of hidden units; a task is one feature. */
static void bound_down(const void *arguments, int64_t begin, int64_t end) {
    const struct bound *a = arguments;
    float top = 0;
    for (int64_t f = begin; f < end; f++)
        for (int64_t first = 0; first < a->hidden; first += 5 * BLOCK) {
            vfloat positive = broadcast(0.0f), negative = positive, zero = positive;
            int64_t last = smaller_of(first + 5 * BLOCK, a->hidden);
            for (int64_t j = first; j < last; j += LANES) {
                const float *row = a->weight + f * a->hidden + j;
                vfloat w = last - j >= LANES ? load(row) : load_part(row, last - j);
                positive += larger(w, zero), negative -= smaller(w, zero);
            }
            float p = _mm512_reduce_add_ps(positive), m = _mm512_reduce_add_ps(negative);
            if (!(p <= top)) top = p;
            if (!(m <= top)) top = m;
        }
    raise_to(a->largest, broadcast(top));
}

/* round(w * scale) << shift of n numbers, and if wanted 256 times what the rounding left. */
static void quantise(const float *w, int64_t n, float scale, unsigned shift, int16_t *high, int16_t *low) {
    for (int64_t j = 0; j < n; j += LANES) {
        vfloat x = (n - j >= LANES ? load(w + j) : load_part(w + j, n - j)) * scale;
        __m512i whole = _mm512_cvtps_epi32(x);
        _mm256_storeu_si256((__m256i *)(high + j), _mm512_cvtsepi32_epi16(_mm512_slli_epi32(whole, shift)));
        if (low) {
            __m512i rest = _mm512_cvtps_epi32((x - (vfloat)_mm512_cvtepi32_ps(whole)) * 256.0f);
            _mm256_storeu_si256((__m256i *)(low + j), _mm512_cvtsepi32_epi16(_mm512_slli_epi32(rest, shift)));
        }
    }
}

/* Entries of five bits from n weights in a row, which has zeros for at least 16 numbers behind it. */
static void pack_bits(const int16_t *w, int64_t n, int16_t *out) {
    const __m128i one = _mm_setr_epi8(0, 1, 2, 3, 0, 1, 4, 5, 6, 7, 4, 5, 8, 9, -1, -1);
    const __m128i two = _mm_setr_epi8(-1, -1, -1, -1, 2, 3, -1, -1, -1, -1, 6, 7, -1, -1, -1, -1);
    for (int64_t g = 0; 5 * g < n; g++) {
        __m128i x = _mm_loadu_si128((const __m128i *)(w + 5 * g));
        x = _mm_add_epi16(_mm_shuffle_epi8(x, one), _mm_shuffle_epi8(x, two));
        _mm_storeu_si128((__m128i *)(out + g * ENTRY), x);
    }
}

/* Tables of the n columns of a matrix, five a group, for each of its rows; a task is one row. */
static void down(const void *arguments, int64_t begin, int64_t end) {
    const struct tabulate *a = arguments;
    int64_t groups = divided(a->n, 5);
    int16_t *high = buffer(HIGH, (a->n + 64) * 2), *low = a->low ? buffer(LOW, (a->n + 64) * 2) : NULL;
    for (int64_t row = begin; row < end; row++) {
        quantise(a->weight + row * a->stride, a->n, a->scale, a->shift, high, low);
        memset(high + a->n, 0, 64);
        if (low) memset(low + a->n, 0, 64);
        for (int64_t g = 0; g < groups; g += BLOCK) {
            int64_t at = entries_at(a->rows, row, g, groups, ENTRY), n = smaller_of(5 * BLOCK, a->n - 5 * g);
            pack_bits(high + 5 * g, n, a->high + at);
            if (low) pack_bits(low + 5 * g, n, a->low + at);
        }
    }
}

/* Tables of the rows' layer for each of the n columns; a task is 16 columns, transposed block by block. */
static void up(const void *arguments, int64_t begin, int64_t end) {
    const struct tabulate *a = arguments;
    int64_t group = group_of(a->coding, a->colours), entry = entry_of(a->coding, a->colours);
    int64_t run = group * (a->colours ? a->colours : 1), groups = divided(a->sites, group), width = BLOCK * run + 64;
    int16_t *turned = buffer(HIGH, LANES * width * 2);
    for (int64_t task = begin; task < end; task++) {
        int64_t j = task * LANES, columns = smaller_of(LANES, a->n - j);
        for (int64_t g = 0; g < groups; g += BLOCK) {
            int64_t some = smaller_of(BLOCK, groups - g), first = g * run;
            int64_t features = smaller_of(some * run, a->rows - first);
            if (features < width) memset(turned, 0, (size_t)(LANES * width) * 2);
            for (int64_t f = 0; f < features; f++) {
                int16_t high[LANES], low[LANES], *w = a->rest ? low : high;
                quantise(a->weight + (first + f) * a->stride + j, columns, a->scale, a->shift, high, low);
                for (int64_t c = 0; c < columns; c++) turned[c * width + f] = w[c];
            }
            for (int64_t c = 0; c < columns; c++) {
                int16_t *out = a->up + entries_at(a->n, j + c, g, groups, entry);
                const int16_t *w = turned + c * width;
                if (a->coding == BITS) pack_bits(w, features, out);
                else if (a->coding == COLOURS) memcpy(out, w, (size_t)(some * run) * 2);
                else
                    for (int64_t i = 0; i < some; i++) {
                        memset(out + i * entry, 0, (size_t)entry * 2);
                        memcpy(out + i * entry, w + i * run, (size_t)run * 2);
                    }
            }
        }
    }
}

/* ------------------------------------------------------------------------------------------------ products */

/* Symbols (row groups, CHAINS) of the features from `first` on: bit b of group g is whether row 5 g + b shows it. */
static void read_features(const struct products *a, int64_t first, int64_t count, uint16_t *symbols) {
    int64_t q = a->colours ? a->colours : 1;
    memset(symbols, 0, (size_t)(divided(a->rows, 5) * CHAINS) * sizeof *symbols);
    for (int64_t row = 0; row < a->rows; row++) {
        uint16_t *out = symbols + row / 5 * CHAINS, bit = (uint16_t)(1 << row % 5);
        const uint8_t *codes = a->codes + row * a->codes_stride;
        if (q == 1)
            for (int64_t f = 0; f < count; f++) out[f] |= codes[first + f] ? bit : 0;
        else
            for (int64_t site = first / q; site * q < first + count; site++) {
                int64_t f = site * q + codes[site] - first;
                if (f >= 0 && f < count) out[f] |= bit;
            }
    }
}

static void store_turned(const struct products *a, int64_t first, int64_t count, int64_t column, int64_t columns,
                         const float *sums) {
    for (int64_t c = 0; c < columns; c += LANES)
        for (int64_t f = 0; f < count; f += LANES) {
            vfloat tile[LANES];
            for (int i = 0; i < LANES; i++)
                tile[i] = c + i < columns ? load(sums + (c + i) * CHAINS + f) * a->scale : broadcast(0.0f);
            transpose(tile);
            int64_t n = smaller_of(LANES, columns - c);
            for (int64_t i = 0; i < smaller_of(LANES, count - f); i++) {
                float *out = a->out + (first + f + i) * a->columns + column + c;
                if (a->add) tile[i] += n == LANES ? load(out) : load_part(out, n);
                if (n == LANES) store(out, tile[i]);
                else store_part(out, tile[i], n);
            }
        }
}

static void products(const void *arguments, int64_t begin, int64_t end) {
    const struct products *a = arguments;
    int64_t groups = divided(a->rows, 5), features = a->sites * (a->colours ? a->colours : 1);
    uint16_t *symbols = buffer(SYMBOLS, groups * CHAINS * (int64_t)sizeof *symbols);
    float *sums = buffer(FIELD, PER_CHUNK * CHAINS * (int64_t)sizeof *sums);
    int64_t at[PER_CHUNK];
    struct tables high = {a->high, BITS, 0, groups, a->columns}, low = {a->low, BITS, 0, groups, a->columns};
    for (int64_t task = begin; task < end; task++) {
        int64_t first = task * a->part, count = smaller_of(a->part, features - first), vectors = divided(count, 32);
        read_features(a, first, count, symbols);
        for (int64_t column = 0; column < a->columns; column += PER_CHUNK) {
            int64_t n = smaller_of(PER_CHUNK, a->columns - column);
            count_from(column, n, at);
            add_sums(&low, vectors, symbols, at, n, sums, 0);
            for (int64_t i = 0; i < n * CHAINS; i += LANES) store(sums + i, load(sums + i) * 0x1p-8f);
            add_sums(&high, vectors, symbols, at, n, sums, 1);
            store_turned(a, first, count, column, n, sums);
        }
    }
}

#define WIDE 64  /* columns that are added at a time, four registers */
#define TOGETHER 4 /* sites that share what is read of the moments */

static void scatter(const void *arguments, int64_t begin, int64_t end) {
    const struct scatter *a = arguments;
    int64_t site_sums = a->colours * WIDE, blocks = divided(a->columns, WIDE);
    float *sums = buffer(FIELD, TOGETHER * site_sums * (int64_t)sizeof *sums);
    for (int64_t task = begin; task < end; task++) {
        int64_t first = task / blocks * TOGETHER, block = task % blocks, sites = smaller_of(TOGETHER, a->sites - first);
        const float *moments = a->moments + block * a->rows * WIDE;
        memset(sums, 0, (size_t)(TOGETHER * site_sums) * sizeof *sums);
        for (int64_t row = 0; row < a->rows; row++) {
            const uint8_t *codes = a->codes + row * a->codes_stride + first;
            vfloat moment[WIDE / LANES];
            for (int v = 0; v < WIDE / LANES; v++) moment[v] = load(moments + row * WIDE + v * LANES);
            for (int64_t i = 0; i < sites; i++) {
                float *out = sums + i * site_sums + codes[i] * WIDE;
                for (int v = 0; v < WIDE / LANES; v++) store(out + v * LANES, load(out + v * LANES) + moment[v]);
            }
        }
        int64_t n = smaller_of(WIDE, a->columns - block * WIDE);
        for (int64_t f = 0; f < sites * a->colours; f++) {
            float *out = a->out + (first * a->colours + f) * a->columns + block * WIDE;
            const float *sum = sums + f * WIDE;
            for (int64_t j = 0; j < n; j++) out[j] = a->add ? out[j] + sum[j] : sum[j];
        }
    }
}

/* Weighted mean features: out (features) += sum over rows of weight [x = c]; a task is 64 sites. */
static void first_moments(const void *arguments, int64_t begin, int64_t end) {
    const struct first_moments *a = arguments;
    for (int64_t row = 0; row < a->rows; row++) {
        const uint8_t *codes = a->codes + row * a->codes_stride;
        float weight = a->weight[row];
        int64_t last = smaller_of(64 * end, a->sites);
        if (!a->colours)
            for (int64_t site = 64 * begin; site < last; site++) a->out[site] += weight * (float)codes[site];
        else
            for (int64_t site = 64 * begin; site < last; site++) a->out[site * a->colours + codes[site]] += weight;
    }
}

const lookup_kernel shortrun_lookup[] = {
    [SWEEPS] = sweeps,     [SUMS] = sums, [MEANS] = means,       [BOUND_UP] = bound_up, [BOUND_DOWN] = bound_down,
    [TABLES_DOWN] = down,  [TABLES_UP] = up, [PRODUCTS] = products, [SCATTER] = scatter,   [POSTERIOR] = posterior,
    [FIRST_MOMENTS] = first_moments,
};
#endif
