/* The kernels for x86 processors with AVX2 and FMA; the build passes -mavx2 -mfma. Empty elsewhere. */
#if defined(__AVX2__) && defined(__FMA__)
#define PATH_AVX2
#include "kernels.inc"
#include "rows.inc"
#include "lookup.inc"
#define TABLE shortrun_avx2
#include "table.inc"
#endif
