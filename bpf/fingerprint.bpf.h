/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * SipHash-1-3 (Aumasson and Bernstein, 2012) over 64-bit words, keyed at load
 * time. It stands for an identity or a context, so it must not be possible to make
 * two of them meet on purpose.
 */
#pragma once

struct fingerprint {
	__u64 v0, v1, v2, v3;
};

static __always_inline __u64 rotate(__u64 value, int bits)
{
	return value << bits | value >> (64 - bits);
}

static __always_inline void fingerprint_round(struct fingerprint *f)
{
	f->v0 += f->v1;
	f->v1 = rotate(f->v1, 13) ^ f->v0;
	f->v0 = rotate(f->v0, 32);
	f->v2 += f->v3;
	f->v3 = rotate(f->v3, 16) ^ f->v2;
	f->v0 += f->v3;
	f->v3 = rotate(f->v3, 21) ^ f->v0;
	f->v2 += f->v1;
	f->v1 = rotate(f->v1, 17) ^ f->v2;
	f->v2 = rotate(f->v2, 32);
}

static __always_inline void fingerprint_begin(struct fingerprint *f)
{
	f->v0 = 0x736f6d6570736575ull ^ config.key[0];
	f->v1 = 0x646f72616e646f6dull ^ config.key[1];
	f->v2 = 0x6c7967656e657261ull ^ config.key[0];
	f->v3 = 0x7465646279746573ull ^ config.key[1];
}

static __always_inline void fingerprint_add(struct fingerprint *f, __u64 word)
{
	f->v3 ^= word;
	fingerprint_round(f);
	f->v0 ^= word;
}

static __always_inline __u64 fingerprint_end(struct fingerprint *f)
{
	f->v2 ^= 0xff;
	fingerprint_round(f);
	fingerprint_round(f);
	fingerprint_round(f);
	return f->v0 ^ f->v1 ^ f->v2 ^ f->v3;
}
