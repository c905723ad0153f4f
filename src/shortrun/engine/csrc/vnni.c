/* Chaotic networks for x86 processors that also multiply bytes (AVX-512 VNNI); the build passes those flags. Empty elsewhere. */
#if defined(__AVX512VNNI__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
#define PATH_AVX512
#include "kernels.h"
#include "network.inc"
const kernel_fn shortrun_run_network_of_bytes = run_network;
#endif
