/* The lookup kernels for x86 processors with AMX; the build passes the flags where the compiler knows them. */
#include "kernels.h"
#if defined(__AMX_INT8__) && defined(__AVX512VBMI__)
#define PATH_AVX512
#define TILES
#include "registers.inc"
#include "lookup.inc"
const kernel_fn *const shortrun_tiles = lookup;
#else
const kernel_fn *const shortrun_tiles = 0;
#endif
