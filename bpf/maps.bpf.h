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
	__u64 by_content;	/* to a port that is not watched */
	__u64 accounted;	/* bytes of the client that were harmless commands */
	__u64 talker;		/* who has connected: see current_program() */
	__u64 began_before;	/* it was there before the probe, and its dialogue has not gone on yet; 2: it is told */
};

/*
 * Connections between connect and TCP_CLOSE, by the address of their sock. The
 * connect hook and the iterator insert, the life hook deletes; user space reads
 * it after a loss, to learn which of its connections are still there, and
 * deletes the idle ones before it is full.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, PROBE_SOCKETS);
	__type(key, __u64);
	__type(value, struct followed);
} sockets SEC(".maps");

struct probe_counts counts SEC(".data.counts") = {};

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

/* How many records each user lost. Touched only when one is lost. Probe adds, user space reads. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, PROBE_LOSERS);
	__type(key, __u32);
	__type(value, __u64);
} losers SEC(".maps");

/*
 * The contexts that user space holds. The connect and exec hooks insert; user
 * space deletes what it forgets; the kernel drops the oldest.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, PROBE_CONTEXTS);
	__type(key, __u64);
	__type(value, __u8);
} contexts SEC(".maps");

/* Programs that are PHP, or may load it. User space inserts, also while running. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, PROBE_PHP_BINARIES);
	__type(key, struct probe_file);
	__type(value, struct probe_php);
} php_binaries SEC(".maps");

/* The same by their looks. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, PROBE_PHP_BINARIES);
	__type(key, struct probe_file_stamp);
	__type(value, struct probe_php);
} php_stamps SEC(".maps");

/* Their sizes alone: what has another one need not be looked at further. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, PROBE_PHP_BINARIES);
	__type(key, __u64);
	__type(value, __u8);
} php_sizes SEC(".maps");

/* libphp, by the address of its dynamic section as linked. User space inserts. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, PROBE_PHP_BINARIES);
	__type(key, __u64);
	__type(value, struct probe_php);
} php_libraries SEC(".maps");

/* Programs that user space has looked at in vain. It inserts. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, PROBE_PHP_BINARIES);
	__type(key, struct probe_file);
	__type(value, __u8);
} php_refused SEC(".maps");

/* Whether there is any: no look at forks where there is none. User space writes; a map of its own. */
__u64 php_known SEC(".data.php") = 0;

/*
 * What PHP was doing when it started a child, in the child's thread group
 * leader. The fork hook writes and inherits, the exec hook marks; it goes with
 * the task. Not before 5.12.
 */
struct origin {
	__u8 handed;		/* it has been told that this one hands over mail */
	struct probe_context context;
	char strings[PROBE_PHP_STRINGS];
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct origin);
} origins SEC(".maps");

/* Where a request to a proxy is being read. */
struct request {
	__u32 decimal;		/* the port so far, read in each base */
	__u32 octal;
	__u32 hexadecimal;
	__u8 part;
	__u8 digits;
	__u8 slashes;		/* of the scheme, still to come */
	__u8 is_hexadecimal;
};

/*
 * A process at its exec, in its thread group leader. The exec hook writes, the
 * fork hook copies; it goes with the task. Not before 5.12. With what the kernel
 * puts before it, it takes less than 2048 bytes, which is a size of the allocator.
 */
struct execution {
	__u64 self_exec_id;	/* of the task then: another one's record is not used */
	__u64 inode;
	__u64 arg_start;
	__u32 device;
	__u16 flags;
	__u16 argv_size;
	__u16 cwd_size;
	__u16 memory_size;
	char memory[PROBE_ARGV + 1];	/* from arg_start on: the environment follows argv */
	char cwd[PROBE_EXECUTION_PATH];
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct execution);
} executions SEC(".maps");

/*
 * The dialogue of a connection. The egress program writes the client's side, the
 * ingress program the server's and, when a reply ends it, the client's mode. It
 * goes with the socket.
 */
struct dialogue {
	__u64 connection;	/* 0: not told yet */
	__u64 accounted;	/* see struct followed */
	__u64 talker;		/* who sent last: see current_program() */
	__u32 commands;		/* lines of the client that a server replies to */
	__u32 recipients;
	__u32 replies;		/* whole ones of the server, without 334 and 354 */
	/* Numbers of commands. */
	__u32 message_command;	/* DATA, whose message was sent last */
	__u32 agreed_command;	/* the last one that was answered by 354 */
	__u32 chunk_command;	/* the last BDAT */
	__u32 tls_command;	/* the last STARTTLS */
	__u32 challenges;	/* credentials that the server asked for */
	__u32 answers;		/* how many of those have been answered */
	__u32 chunk_left;	/* bytes of BDAT to come */
	__u32 held_left;	/* bytes behind that line, in the segment that it came in */
	__u32 strange;		/* bytes of lines that are no commands */
	__u32 client_next;	/* sequence numbers */
	__u32 server_next;
	__u32 uid;		/* of the socket */
	__u32 client_count;	/* bytes in hand: read back from here they are one case for the verifier, not many */
	__u32 server_count;
	__u16 client_used;	/* bytes of the line that is not whole */
	__u16 server_used;
	__u16 kept;		/* bytes in client_text behind the line that is held */
	__u8 client_began;	/* client_next is known */
	__u8 server_began;
	__u8 client_skips;	/* the rest of a line whose beginning is missing */
	__u8 server_skips;
	__u8 client_flags;
	__u8 server_flags;
	__u8 mode;
	__u8 dots;		/* how much of the end of the message has been seen */
	__u8 greeted;
	__u8 has_sender;	/* MAIL was said, or may have been */
	__u8 has_recipient;	/* since MAIL */
	__u8 padded;		/* before the line there were bytes that it does not hold */
	__u8 skipped;		/* bytes of this message or chunk have been passed over */
	__u8 tls_agreed;	/* STARTTLS was answered by 220 */
	__u8 is_mail;		/* a command of SMTP was said */
	__u8 by_content;
	__u8 held;		/* its first line waits until the connection has a name */
	__u8 proxied;
	__u8 in_tls;		/* client_* and tls_mode are of what is said within */
	__u8 tls_mode;
	__u8 source;		/* of the client's bytes that are looked at */
	__u8 first_lines;	/* of the client, before mail was recognised */
	__u8 talkers;		/* told */
	struct request request;
	struct probe_line client;
	char client_text[PROBE_LINE_TEXT + 1];
	struct probe_line server;
	char server_text[PROBE_REPLY_TEXT + 1];
};

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct dialogue);
} dialogues SEC(".maps");

/* What a thread has given to a TLS library and has not sent since. It never leaves the kernel as it is. */
struct clear_text {
	__u64 session;
	__u32 used;
	__u32 is_cut;		/* there was more before it */
	char bytes[2 * (PROBE_LINE_TEXT + 1)];	/* the verifier does not see that half is enough */
};

/* By pid and thread, bounded by forgetting whoever has been idle longest. With --tls alone. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, struct clear_text);
} clear_texts SEC(".maps");

/*
 * Where records are put together: they are too large for the stack, and 5.10
 * passes no pointers to global functions, so each function looks it up. A
 * program does not run twice at a time on one CPU (the kernel counts what it
 * skips for that as missed), and only one connect hook is attached; but one of
 * another kind may run while the first is preempted. So each kind has its slot.
 * Programs that see segments do run twice at a time; the slot says that it is
 * in use.
 */
enum slot {
	SLOT_CONNECT,
	SLOT_EXEC,
	SLOT_FORK,
	SLOT_SEGMENT,
	SLOT_OPEN,
	SLOTS,
};

enum { ENVIRONMENT_WORDS = 64 };	/* that are searched at a time */

struct scratch {
	struct probe_connect connect;
	struct probe_identity identity;
	char strings[PROBE_STRINGS + PROBE_NAME];
	__u64 connections;	/* begun on this CPU */
	__u32 used;		/* bytes in strings */
	__u32 busy;		/* SLOT_SEGMENT: in use, by a task that is preempted */
	struct execution execution;	/* of the current task; flags are 0 where it is not known */
	__u32 kept;		/* bytes of argv that are kept */

	struct probe_php php;	/* of the current process */
	__u64 base;		/* where it is loaded */
	union {
		__u64 words[8];
		unsigned long auxv[40];
		char line[256];
		__u64 environment[ENVIRONMENT_WORDS + 1];
	};
	/* Of the frame before: see read_frame(). */
	__u64 last_class, last_path;
	__u16 last_scope, last_file;
	__u32 is_rest;		/* line goes on with a variable that has begun before */
	struct fingerprint fingerprint;
	struct probe_context context;
	/* What is written last may be longer than there is room for, which is seen then. */
	char context_strings[PROBE_PHP_STRINGS + PROBE_PHP_PATH + 16];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SLOTS);
	__type(key, __u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

static __always_inline struct scratch *scratch(__u32 slot)
{
	return bpf_map_lookup_elem(&scratches, &slot);
}

/* Adds 64 bytes to the fingerprint in the scratch. */
static __always_inline void add_block(struct scratch *s, const __u64 *words)
{
	struct fingerprint f = s->fingerprint;

	for (int i = 0; i < 8; i++)
		fingerprint_add(&f, words[i]);
	s->fingerprint = f;
}

static __always_inline struct probe_losses *count_losses(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&losses, &zero);
}

/* Once there are PROBE_LOSERS users, the losses of others are not told apart. */
static __always_inline void count_loser(__u32 uid)
{
	__u64 *count = bpf_map_lookup_elem(&losers, &uid);
	__u64 one = 1;

	if (count)
		__sync_fetch_and_add(count, 1);
	else
		bpf_map_update_elem(&losers, &uid, &one, BPF_NOEXIST);
}

static __always_inline bool watched(__be16 dport)
{
	__u32 zero = 0;
	__u16 port = bpf_ntohs(dport);
	__u64 *words = bpf_map_lookup_elem(&ports, &zero);

	return words && words[port >> 6] & 1ull << (port & 63);
}
