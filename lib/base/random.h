/*
 * random.h - random bytes from the kernel, and codes made of them.
 */
#ifndef MUSTER_RANDOM_H
#define MUSTER_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Never fails; without a random source the process ends. */
void random_bytes(void *out, size_t n);

/* Uniform below `bound` (> 0). */
uint32_t random_below(uint32_t bound);

/* `n` random characters of a-z0-9 and a NUL into `out` (n + 1 bytes). */
void random_name(char *out, size_t n);

/* 256 random bits as 64 hexadecimal digits and a NUL. */
void random_token(char out[static 65]);

#endif
