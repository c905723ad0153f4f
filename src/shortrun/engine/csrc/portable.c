/* The kernels for any processor. */
#include "kernels.inc"
#include "rows.inc"
#include "lookup.inc"
#define TABLE shortrun_portable
#include "table.inc"
