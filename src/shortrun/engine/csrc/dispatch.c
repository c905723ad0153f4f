/* The library's exported functions: choose a path, share the rows among threads, call the kernel. */
#include <stddef.h>

#include "kernels.h"
#include "network.h"
#include "platform.h"

/* Of the exported functions: native.py refuses a library with another number. */
EXPORT int shortrun_version(void) { return 9; }

enum { PORTABLE = 0, AVX2 = 1, AVX512 = 2, AMX = 3 };

/* How tables lie, as numbered in lookup.py. */
enum { BY_ROWS, IN_REGISTERS, IN_TILES };

static int chosen = -1;

#if defined(HAVE_X86_PATHS)
#include <cpuid.h>

#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>

/* Linux saves the 8 KiB of tiles for processes that ask for it, now and in threads to come. */
static int may_use_tiles(void) {
    const long request = 0x1023, tile_data = 18; /* ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA */
    return syscall(SYS_arch_prctl, request, tile_data) == 0;
}
#else
static int may_use_tiles(void) { return 0; }
#endif

/* What the processor has and the system saves: asked here, since the libraries of some compilers do not say. */
static int best(void) {
    const unsigned fma = 1u << 12, xsave = 1u << 27, avx2 = 1u << 5, f = 1u << 16, dq = 1u << 17, bw = 1u << 30;
    const unsigned avx512 = avx2 | f | dq | bw | 1u << 31, wide = 0x06, widest = 0xe6;
    const unsigned vbmi = 1u << 1, tiles = 1u << 24 | 1u << 25, tile_state = 3u << 17;
    unsigned a, b, c, d, saved, rest;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & fma) || !(c & xsave)) return PORTABLE;
    __asm__ volatile("xgetbv" : "=a"(saved), "=d"(rest) : "c"(0));
    if ((saved & wide) != wide || !__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(b & avx2)) return PORTABLE;
    if ((b & avx512) != avx512 || (saved & widest) != widest) return AVX2;
    return shortrun_tiles && (c & vbmi) && (d & tiles) == tiles && (saved & tile_state) == tile_state && may_use_tiles()
               ? AMX
               : AVX512;
}

/* Whether it has one more of the instructions beyond AVX-512 F, BW, DQ and VL, by its bit. */
static int has(unsigned extension) {
    unsigned a, b, c, d;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (c & extension);
}

static const unsigned vnni = 1u << 11, vpopcntdq = 1u << 14;
#else
static int best(void) { return PORTABLE; }
#endif

/* Take the best path of the processor that is not above `limit`; returns the path taken. */
EXPORT int shortrun_select(int limit) {
    int path = best();
    return chosen = path < limit ? path : limit;
}

EXPORT int shortrun_path(void) { return chosen < 0 ? shortrun_select(AMX) : chosen; }

static const struct kernels *kernels(void) {
    switch (shortrun_path()) {
#if defined(HAVE_X86_PATHS)
    case AMX:
    case AVX512: return &shortrun_avx512;
    case AVX2: return &shortrun_avx2;
#endif
    default: return &shortrun_portable;
    }
}

/* ---------------------------------------------------------------------------------------------- threads
 *
 * torch brings its own OpenMP runtime. A second one would bring a second pool of spinning threads, and on few cores the
 * two ruin each other. So this library links none: the caller hands over the GOMP_parallel of the runtime that is
 * already loaded (a stable entry point of libgomp, also offered by LLVM's and Intel's runtimes on Linux). Without it
 * everything runs in the calling thread.
 */
typedef void (*parallel_fn)(void (*)(void *), void *, unsigned threads, unsigned flags);
static parallel_fn parallel = NULL;

EXPORT void shortrun_set_parallel(void *gomp_parallel) { *(void **)&parallel = gomp_parallel; }

struct job {
    kernel_fn kernel;
    const void *arguments;
    int64_t count, chunk, next;
};

static void work(void *shared) {
    struct job *job = shared;
    for (;;) {
        int64_t begin = __atomic_fetch_add(&job->next, job->chunk, __ATOMIC_RELAXED);
        if (begin >= job->count) return;
        int64_t end = begin + job->chunk;
        job->kernel(job->arguments, begin, end < job->count ? end : job->count);
    }
}

/* Below this many elements waking a thread costs more than it saves (some microseconds each). */
#define SERIAL_BELOW 8192

/* kernel(arguments, begin, end) over [0, count) in chunks that the threads fetch as they become free: other programs
 * may hold a core, and a fixed division would wait for it. */
static void spread(kernel_fn kernel, const void *arguments, int64_t count, int64_t elements, int threads) {
    if (count <= 0) return;
    if (threads > count) threads = (int)count;
    if (!parallel || threads < 2 || elements < SERIAL_BELOW) {
        kernel(arguments, 0, count);
        return;
    }
    int64_t chunk = count / (4 * (int64_t)threads);
    struct job job = {kernel, arguments, count, chunk < 1 ? 1 : chunk, 0};
    parallel(work, &job, (unsigned)threads, 0);
}

/* ---------------------------------------------------------------------------------------------- entry points */

EXPORT void shortrun_uniform(float *out, int64_t rows, int64_t sites, int64_t stride, int64_t first_block,
                             uint64_t seed, uint32_t update, uint32_t place, uint32_t first_chain, int threads) {
    struct uniform a = {out, sites, stride, first_block, {seed, update, place, first_chain}};
    spread(kernels()->uniform, &a, rows, rows * sites, threads);
}

EXPORT void shortrun_draw_binary(const float *field, int64_t field_stride, const float *bias, float *features,
                                 int64_t features_stride, uint8_t *codes, int64_t codes_stride, int64_t rows,
                                 int64_t sites, float gain, float low, uint64_t seed, uint32_t update, uint32_t place,
                                 uint32_t first_chain, int threads) {
    struct binary a = {field,           bias,         features, codes, sites, field_stride,
                       features_stride, codes_stride, gain,     low,   {seed, update, place, first_chain}};
    spread(kernels()->draw_binary, &a, rows, rows * sites, threads);
}

EXPORT void shortrun_mean_binary(const float *field, int64_t field_stride, const float *bias, float *out,
                                 int64_t out_stride, int64_t rows, int64_t sites, float gain, float low, int threads) {
    struct binary a = {field, bias, out, NULL, sites, field_stride, out_stride, 0, gain, low, {0, 0, 0, 0}};
    spread(kernels()->mean_binary, &a, rows, rows * sites, threads);
}

EXPORT void shortrun_draw_potts(const float *field, int64_t field_stride, const float *bias, float *features,
                                int64_t features_stride, uint8_t *codes, int64_t codes_stride, int64_t rows,
                                int64_t sites, int64_t q, uint64_t seed, uint32_t update, uint32_t place,
                                uint32_t first_chain, int threads) {
    struct potts a = {field, bias,         features,        codes,        sites,
                      q,     field_stride, features_stride, codes_stride, {seed, update, place, first_chain}};
    spread(kernels()->draw_potts, &a, rows, rows * sites * q, threads);
}

EXPORT void shortrun_gather_potts(const uint8_t *codes, int64_t codes_stride, const float *weight, const float *init,
                                  int64_t init_stride, float *out, int64_t out_stride, int64_t rows, int64_t sites,
                                  int64_t q, int64_t columns, int threads) {
    /* One task a block of columns: the threads then read different weights. Where that leaves threads without work,
     * the rows are split too; the order of each sum stays the same. */
    int64_t width = kernels()->gather_columns, blocks = (columns + width - 1) / width;
    int64_t parts = threads > 1 && blocks % threads ? threads : 1;
    if (parts > rows) parts = rows;
    if (rows * sites * columns < SERIAL_BELOW || parts < 1) parts = 1;
    struct gather a = {codes, weight, init, out, rows, sites, q, columns, codes_stride, init_stride, out_stride, parts};
    spread(kernels()->gather, &a, blocks * parts, rows * sites * columns, threads);
}

EXPORT void shortrun_mismatches(const uint64_t *a, const uint64_t *b, float *out, int64_t rows, int64_t columns,
                                int64_t words, int64_t bits, int threads) {
    struct mismatches arguments = {a, b, out, columns, words, bits};
    kernel_fn kernel = kernels()->mismatches;
#if defined(HAVE_X86_PATHS)
    static int counts = -1; /* asked once: under a hypervisor the question takes as long as many distances */
    if (counts < 0) counts = has(vpopcntdq);
    if (shortrun_path() >= AVX512 && counts) kernel = shortrun_mismatches_of_eight;
#endif
    spread(kernel, &arguments, rows, rows * columns * words * bits, threads);
}

EXPORT void shortrun_ascend(const struct ascent *arguments, int threads) {
    int64_t tasks = (arguments->sites + arguments->part - 1) / arguments->part;
    spread(kernels()->ascend, arguments, tasks, INT64_MAX, threads);
}

/* A lookup kernel (lookup.h) over its tasks, with tables by rows or, on AVX-512, in registers or, with AMX, in tiles. */
EXPORT void shortrun_run_lookup(int layout, int kernel, const void *arguments, int64_t tasks, int threads) {
    const kernel_fn *path = kernels()->lookup;
#if defined(HAVE_X86_PATHS)
    if (layout == BY_ROWS && path == shortrun_avx512.lookup) path = shortrun_avx2.lookup;
    if (layout == IN_TILES) path = shortrun_tiles;
#else
    (void)layout;
#endif
    spread(path[kernel], arguments, tasks, INT64_MAX, threads);
}

/* How many rates the fastest kernel multiplies in one instruction: how weights are to be packed (network.h). */
EXPORT int shortrun_network_group(void) {
#if defined(HAVE_X86_PATHS)
    if (shortrun_path() >= AVX512 && has(vnni)) return 4;
#endif
    return 2;
}

EXPORT void shortrun_run_network(int group, const struct euler *arguments, int threads) {
    kernel_fn kernel = kernels()->run_network;
#if defined(HAVE_X86_PATHS)
    if (group == 4) kernel = shortrun_run_network_of_bytes;
#else
    (void)group;
#endif
    int64_t tasks = (arguments->chains + arguments->part - 1) / arguments->part;
    spread(kernel, arguments, tasks, INT64_MAX, threads);
}
