/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The contract between the kernel side and the user side; both compile this file.
 *
 * One ring buffer carries two kinds of record. A probe_connect is written in
 * the context of the process that connects. A probe_life tells what became of
 * that connection and can come from softirq. Numbers are in host byte order,
 * addresses in network byte order, times in ns of CLOCK_BOOTTIME.
 *
 * A process is described once: the first connect of an identity carries a
 * probe_identity and its strings behind the probe_connect; later connects only
 * name the identity. As both are one record, they are lost together, and the
 * identity then counts as not yet described.
 */
#pragma once
#ifndef __bpf__
#include <linux/types.h>
#include <stddef.h>
#endif

enum {
	PROBE_COMM = 16,	/* TASK_COMM_LEN */
	PROBE_ANCESTORS = 6,
	PROBE_ARGV = 1023,	/* bytes of argv that are kept */
	PROBE_PATH = 1024,	/* bytes of exe and cwd that are kept */
	PROBE_CGROUP = 512,	/* bytes of the cgroup path that are kept */
	PROBE_NAME = 256,	/* NAME_MAX and the NUL */
	PROBE_SOCKETS = 32768,	/* connections followed at the same time */
	PROBE_IDENTITIES = 16384,	/* identities the kernel side remembers */
	PROBE_PORT_WORDS = 1024,	/* 65,536 ports, a bit each */
	PROBE_STRINGS = PROBE_ARGV + 1 + 2 * PROBE_PATH + PROBE_CGROUP,
};

enum probe_kind {
	PROBE_CONNECT = 1,
	PROBE_ESTABLISHED = 2,
	PROBE_CLOSED = 3,
};

enum probe_connect_flags {
	PROBE_DESCRIBED = 1 << 0,	/* a probe_identity follows */
	PROBE_UNFOLLOWED = 1 << 1,	/* no room to follow the connection: no life record will come */
};

enum probe_identity_flags {
	PROBE_ARGV_UNREADABLE = 1 << 0,
	PROBE_ARGV_TRUNCATED = 1 << 1,
	PROBE_EXE_DELETED = 1 << 2,
	PROBE_EXE_TRUNCATED = 1 << 3,
	PROBE_CWD_TRUNCATED = 1 << 4,
	PROBE_CGROUP_TRUNCATED = 1 << 5,
	PROBE_KERNEL_THREAD = 1 << 6,	/* no user memory: neither argv nor exe */
	PROBE_CWD_DELETED = 1 << 7,
};

struct probe_connect {
	__u8 kind;
	__u8 flags;
	__u16 family;		/* AF_INET, AF_INET6 */
	__u16 source_port;	/* 0: not yet chosen */
	__u16 destination_port;
	__u64 time_ns;
	__u64 connection;	/* names this connection, as long as the probe is loaded */
	__u64 identity;		/* fingerprint of what the identity holds */
	__u8 source[16];	/* IPv4 in the first four bytes */
	__u8 destination[16];
	__u32 tid;
	__u32 reserved;
	char comm[PROBE_COMM];	/* of the thread */
};
_Static_assert(sizeof(struct probe_connect) == 88, "probe_connect has padding");

struct probe_ancestor {
	__u64 start_ns;
	__u32 tgid;		/* 0 ends the list */
	__u32 uid;
	char comm[PROBE_COMM];
};
_Static_assert(sizeof(struct probe_ancestor) == 32, "probe_ancestor has padding");

/*
 * The strings follow in this order: argv as it lies in memory, then exe, cwd
 * and cgroup, each as path components from the leaf to the root, NUL after
 * each.
 */
struct probe_identity {
	__u64 start_ns;		/* task_struct.start_boottime of the thread group leader */
	__u64 cgroup_id;
	__u64 exe_inode;
	__u32 exe_device;	/* super_block.s_dev: major << 20 | minor */
	__u32 tgid;
	__u32 uid;
	__u32 gid;
	__u32 euid;
	__u32 egid;
	__u32 loginuid;		/* ~0: not set */
	__u32 network_namespace;	/* inode */
	__u16 argv_size;
	__u16 exe_size;
	__u16 cwd_size;
	__u16 cgroup_size;
	__u32 flags;
	__u32 reserved;
	char comm[PROBE_COMM];	/* of the thread group leader */
	struct probe_ancestor ancestors[PROBE_ANCESTORS];
};
_Static_assert(sizeof(struct probe_identity) == 280, "probe_identity has padding");

struct probe_life {
	__u8 kind;
	__u8 family;		/* AF_INET, AF_INET6 */
	__u16 source_port;
	__u32 error;		/* sk_err: an errno, 0 none */
	__u64 time_ns;
	__u64 connection;
	__u64 established_ns;	/* 0: never */
	__u64 bytes_sent;	/* payload, without what was sent again */
	__u64 bytes_received;
	__u64 cookie;		/* socket cookie; 0: this kernel cannot tell */
	__u8 source[16];
};
_Static_assert(sizeof(struct probe_life) == 72, "probe_life has padding");

/* What could not be handed over, each counted per CPU. */
struct probe_losses {
	__u64 connects;		/* ring full at a connect */
	__u64 established;	/* ring full when it was established: the end still tells it */
	__u64 closed;		/* ring full at the end */
	__u64 unfollowed;	/* more than PROBE_SOCKETS at a time */
};

/* Set before load, in .rodata. */
struct probe_config {
	__u64 key[2];		/* of the fingerprint: random, so that nobody can make two identities look alike */
};

#ifndef __bpf__
/* The compiled program, embedded by object.c. */
struct probe_object {
	const void *bytes;
	size_t size;
};
struct probe_object probe_object(void);
#endif
