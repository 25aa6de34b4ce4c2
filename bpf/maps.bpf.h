/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The maps. Each says who writes, reads and deletes. */
#pragma once

/* Probe writes, user space consumes. Its size is set before load. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 22);
} events SEC(".maps");

/* The port filter, a bit a port. User space writes, also while running. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64[PROBE_PORT_WORDS]);
} ports SEC(".maps");

struct followed {
	__u64 connection;
	__u64 established_ns;
};

/*
 * Connections between connect and TCP_CLOSE, by the address of their sock. The
 * connect hook inserts, the life hook deletes; user space reads it after a
 * loss, to learn which of its connections are still there.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, PROBE_SOCKETS);
	__type(key, __u64);
	__type(value, struct followed);
} sockets SEC(".maps");

/* How many: no look-up where there is none. */
__u64 sockets_count = 0;

/*
 * The identities that user space holds. The connect hook inserts; user space
 * deletes what it forgets; the kernel drops the oldest, which then is described
 * once more.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, PROBE_IDENTITIES);
	__type(key, __u64);
	__type(value, __u8);
} identities SEC(".maps");

/* Probe adds, user space reads. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct probe_losses);
} losses SEC(".maps");

/*
 * Where a connect record is put together: it is too large for the stack, and
 * 5.10 passes no pointers to global functions, so each function looks it up. A
 * program does not run twice at a time on one CPU (the kernel counts what it
 * skips for that as missed), and only one connect hook is attached.
 */
struct scratch {
	struct probe_connect connect;
	struct probe_identity identity;
	char strings[PROBE_STRINGS + PROBE_NAME];
	__u64 connections;	/* begun on this CPU */
	__u32 used;		/* bytes in strings */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

static __always_inline struct scratch *scratch(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&scratches, &zero);
}

static __always_inline struct probe_losses *count_losses(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&losses, &zero);
}

static __always_inline bool watched(__be16 dport)
{
	__u32 zero = 0;
	__u16 port = bpf_ntohs(dport);
	__u64 *words = bpf_map_lookup_elem(&ports, &zero);

	return words && words[port >> 6] & 1ull << (port & 63);
}
