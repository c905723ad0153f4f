/* The kernels for any processor. */
#include "kernels.inc"
#define TABLE shortrun_portable
#include "table.inc"
