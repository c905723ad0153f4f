/* What operating systems do differently: names that a library shows, and memory that begins at whole registers. */
#ifndef SHORTRUN_PLATFORM_H
#define SHORTRUN_PLATFORM_H

#include <stdint.h>
#include <stdlib.h>

#if defined(_WIN32)
#include <malloc.h>
#define EXPORT __declspec(dllexport)
static inline void *aligned_memory(int64_t bytes) { return _aligned_malloc((size_t)bytes, 64); }
static inline void free_aligned(void *memory) { _aligned_free(memory); }
#else
#define EXPORT __attribute__((visibility("default")))
static inline void *aligned_memory(int64_t bytes) { return aligned_alloc(64, (size_t)bytes); }
static inline void free_aligned(void *memory) { free(memory); }
#endif

#endif
