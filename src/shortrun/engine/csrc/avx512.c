/* The kernels for x86 processors with AVX-512 F, BW, DQ and VL; the build passes those flags. Empty elsewhere. */
#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
#define PATH_AVX512
#include "kernels.inc"
#include "registers.inc"
#include "lookup.inc"
#define TABLE shortrun_avx512
#include "table.inc"
#endif
