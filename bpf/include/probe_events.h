/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The contract between the kernel side and the user side; both compile this file.
 *
 * One ring buffer carries all records. A probe_connect is written in the
 * context of the process that connects, or that hands mail to a program of the
 * local mail server. A probe_life tells what became of a connection and can come
 * from softirq. Numbers are in host byte order, addresses in network byte order,
 * times in ns of CLOCK_BOOTTIME.
 *
 * A process is described once: the first connect of an identity carries a
 * probe_identity and its strings behind the probe_connect; later connects only
 * name the identity. As both are one record, they are lost together, and the
 * identity then counts as not yet described.
 *
 * What PHP was doing comes the same way, but in a record of its own: the
 * probe_context stands in the ring before the first probe_connect that names it.
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
	PROBE_EXECUTION_PATH = 872,	/* bytes of the cwd at exec that are kept */
	PROBE_STRINGS = 2 * (PROBE_ARGV + 1) + 3 * PROBE_PATH + 2 * PROBE_CGROUP + PROBE_EXECUTION_PATH,

	PROBE_CONTEXTS = 4096,	/* contexts the kernel side remembers */
	PROBE_FRAMES = 32,	/* of PHP's stack, the innermost */
	PROBE_PHP_PATH = 511,	/* bytes of a path that are kept: its end */
	PROBE_PHP_NAME = 255,	/* bytes of any other text that are kept: its beginning */
	PROBE_PHP_STRINGS = 6144,	/* bytes of all texts of a context */
	PROBE_LOSERS = 256,	/* users whose lost records are told apart */
	PROBE_PHP_BINARIES = 512,	/* known at the same time */
	PROBE_PHP_SIZE = 2 << 20,	/* bytes: no PHP with its parser and extensions is smaller */
	PROBE_PHP_CUT = 1 << 15,	/* in the length of a text: it was longer */

	PROBE_LINE_TEXT = 1023,	/* bytes of a line of the client that are kept */
	PROBE_REPLY_TEXT = 127,	/* of the server, with the code and the blank behind it */
};

enum probe_kind {
	PROBE_CONNECT = 1,
	PROBE_ESTABLISHED = 2,
	PROBE_CLOSED = 3,
	PROBE_HANDOVER = 4,	/* a probe_connect without a connection */
	PROBE_CONTEXT = 5,
	PROBE_PROGRAM = 6,
	PROBE_LINE = 7,
	PROBE_TALKER = 8,	/* a probe_connect of a connection that another process has made: who sends on it now */
};

enum probe_connect_flags {
	PROBE_DESCRIBED = 1 << 0,	/* a probe_identity follows */
	PROBE_UNFOLLOWED = 1 << 1,	/* no room to follow the connection: no life record will come */
	PROBE_BY_CONTENT = 1 << 2,	/* established before: it was recognised by what the client said first */
	PROBE_BEGAN_BEFORE = 1 << 3,	/* it was there before the probe; its process is whoever holds it */
};

enum probe_identity_flags {
	PROBE_ARGV_UNREADABLE = 1 << 0,
	PROBE_ARGV_TRUNCATED = 1 << 1,
	PROBE_EXE_DELETED = 1 << 2,
	PROBE_EXE_TRUNCATED = 1 << 3,
	PROBE_CWD_TRUNCATED = 1 << 4,
	PROBE_CGROUP_TRUNCATED = 1 << 5,
	PROBE_KERNEL_THREAD = 1 << 6,	/* PF_KTHREAD and no user memory: neither argv nor exe */
	PROBE_CWD_DELETED = 1 << 7,
	PROBE_ROOT_TRUNCATED = 1 << 8,
	PROBE_LEGACY_CGROUP = 1 << 9,	/* this host has systemd's cgroup v1 hierarchy: its path follows */
	PROBE_LEGACY_CGROUP_TRUNCATED = 1 << 10,
};

enum probe_execution_flags {
	PROBE_EXECUTION_KNOWN = 1 << 0,	/* otherwise the other execution_ fields are 0 */
	PROBE_EXECUTION_ARGV_TRUNCATED = 1 << 1,
	PROBE_EXECUTION_CWD_TRUNCATED = 1 << 2,
	PROBE_LOADER_VARIABLES = 1 << 3,	/* the environment makes libc load code: LD_*, GCONV_PATH, OPENSSL_* */
	PROBE_ENVIRONMENT_TRUNCATED = 1 << 4,	/* only its beginning was searched */
	PROBE_INTERPRETER_VARIABLES = 1 << 5,	/* it makes an interpreter run code: PERL5OPT, PYTHONPATH, ... */
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
	__u32 socket_uid;	/* of whoever made the socket; in a PROBE_CONNECT or PROBE_TALKER */
	char comm[PROBE_COMM];	/* of the thread */
	__u64 php;		/* fingerprint of this process's own probe_context; 0: it is no PHP that is known */
	__u64 origin;		/* of the PHP process that started this one, or one above it; 0: none */
};
_Static_assert(sizeof(struct probe_connect) == 104, "probe_connect has padding");

struct probe_ancestor {
	__u64 start_ns;
	__u32 tgid;		/* 0 ends the list */
	__u32 uid;
	char comm[PROBE_COMM];
};
_Static_assert(sizeof(struct probe_ancestor) == 32, "probe_ancestor has padding");

/*
 * The strings follow in this order: argv as it lies in memory, then exe, cwd,
 * cgroup, root and legacy cgroup, each as path components from the leaf to the
 * root, NUL after each; then argv and cwd at exec, in the same form.
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
	__u16 root_size;
	__u16 flags;
	__u32 mount_namespace;	/* inode */
	char comm[PROBE_COMM];	/* of the thread group leader */
	struct probe_ancestor ancestors[PROBE_ANCESTORS];
	/* The process at its exec, or at that of the process that it was forked from. */
	__u64 execution_inode;
	__u32 execution_device;
	__u16 execution_flags;
	__u16 execution_argv_size;
	__u16 execution_cwd_size;
	__u16 legacy_cgroup_size;
	__u32 user_namespace;	/* inode, of the credentials */
	__u32 exe_mount_namespace;	/* inode, of the exe's mount; 0: in none (memfd) */
	__u32 exe_mount_owner;	/* inode of the user namespace that owns that mount namespace */
};
_Static_assert(sizeof(struct probe_identity) == 312, "probe_identity has padding");

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
	__u64 bytes_accounted;	/* of bytes_sent: commands that lead to no message */
	__u64 cookie;		/* socket cookie; 0: this kernel cannot tell */
	__u8 source[16];
};
_Static_assert(sizeof(struct probe_life) == 80, "probe_life has padding");

enum probe_context_flags {
	PROBE_STACK_UNREADABLE = 1 << 0,
	PROBE_STACK_TRUNCATED = 1 << 1,	/* more than PROBE_FRAMES */
	PROBE_TEXT_MISSING = 1 << 2,	/* unreadable, or no room */
	PROBE_REQUEST_UNREADABLE = 1 << 3,
	PROBE_UNVERIFIED = 1 << 4,	/* the offsets are of another version */
};

/* The function's type as PHP has it (ZEND_INTERNAL_FUNCTION and its like in zend_compile.h). */
enum probe_frame_type {
	PROBE_FRAME_NONE = 0,
	PROBE_FRAME_INTERNAL = 1,
	PROBE_FRAME_USER = 2,
	PROBE_FRAME_EVAL = 4,
};

/* One call. The texts are offsets into the strings, 0 none. */
struct probe_frame {
	__u32 line;
	__u16 file;
	__u16 function;
	__u16 scope;		/* the class */
	__u8 type;
	__u8 missing;		/* a text could not be kept */
};
_Static_assert(sizeof(struct probe_frame) == 12, "probe_frame has padding");

/*
 * What PHP was doing. Behind it come strings_size bytes of texts: at the offset
 * of each, an even one, its length with PROBE_PHP_CUT, and then its bytes. They
 * are whatever lies in the memory of the process.
 */
struct probe_context {
	__u8 kind;
	__u8 frame_count;
	__u16 flags;
	__u32 strings_size;
	__u64 fingerprint;	/* of all that follows */
	__u64 start_ns;		/* of the process whose memory it is */
	__u32 tgid;
	__u32 uid;
	__u16 version;		/* of the offsets: major << 8 | minor */
	__u16 sapi;
	__u16 method;
	__u16 host;
	__u16 path;		/* with the query */
	__u16 client;
	__u16 script;		/* the first one */
	__u16 title;		/* argv of an FPM process, which says its pool */
	struct probe_frame frames[PROBE_FRAMES];	/* the innermost first */
};
_Static_assert(sizeof(struct probe_context) == 432, "probe_context has padding");

/* What a line is. Nothing else of a dialogue is told. */
enum probe_line_what {
	PROBE_GREETING = 1,	/* the first line that the server says */
	PROBE_REPLY,	/* the last line of a reply */
	PROBE_EHLO,
	PROBE_HELO,
	PROBE_LHLO,
	PROBE_MAIL,
	PROBE_RCPT,	/* the first one after MAIL */
	PROBE_DATA,
	PROBE_BDAT,
	PROBE_STARTTLS,
	PROBE_AUTH,	/* cut behind the mechanism */
	PROBE_QUIT,
	PROBE_CLIENT_HELLO,	/* the beginning of a TLS record */
	PROBE_PROXY,	/* a request of SOCKS 4 or 5, or of HTTP CONNECT, for a mail port */
};

enum probe_line_flags {
	PROBE_LINE_CUT = 1 << 0,	/* it was longer */
	PROBE_LINE_GAP = 1 << 1,	/* bytes before it were not seen */
	PROBE_LINE_TLS = 1 << 2,	/* said within TLS, read before it was encrypted */
};

/* A line that client or server has said, without the line end; its text follows. */
struct probe_line {
	__u8 kind;
	__u8 what;
	__u16 flags;
	__u16 code;		/* of a reply */
	__u16 size;		/* of the text */
	__u64 time_ns;
	__u64 connection;
	__u32 ordinal;		/* of the command, or of the one that a reply answers; from 1 on */
	__u32 recipients;	/* RCPT commands so far */
};
_Static_assert(sizeof(struct probe_line) == 32, "probe_line has padding");

/*
 * A program was started that is called like PHP or a web server, or is as large
 * as PHP, and is not in php_binaries.
 */
struct probe_program {
	__u8 kind;
	__u8 reserved[3];
	__u32 tgid;
	__u64 inode;
	__u32 device;		/* super_block.s_dev */
	__u32 change;		/* from i_ctime: another one when the file was written to */
	__u32 uid;		/* real user */
	__u32 reserved2;
};
_Static_assert(sizeof(struct probe_program) == 32, "probe_program has padding");

/* What could not be handed over, each counted per CPU. */
struct probe_losses {
	__u64 connects;		/* ring full at a connect */
	__u64 established;	/* ring full when it was established: the end still tells it */
	__u64 closed;		/* ring full at the end */
	__u64 unfollowed;	/* more than PROBE_SOCKETS at a time, and no time to evict any */
	__u64 contexts;		/* ring full at a context: its connect tells that there is one */
	__u64 origins;		/* no memory to give a child its origin */
	__u64 lines;		/* ring full at a line of a dialogue */
	__u64 dialogues;	/* no memory to follow a dialogue */
};

/* A file, as the kernel names it. */
struct probe_file {
	__u64 inode;
	__u32 device;		/* super_block.s_dev */
	__u32 change;		/* in php_refused that of probe_program; otherwise 0 */
};

/* A file by its looks: on overlayfs, user space sees another device than the kernel. */
struct probe_file_stamp {
	__u64 size;
	__u64 mtime_s;
	__u32 mtime_ns;
	__u32 reserved;
};

enum probe_php_kind {
	PROBE_PHP_PROGRAM = 1,
	PROBE_PHP_LIBRARY = 2,
	PROBE_PHP_HOST = 3,	/* a program that may load a library */
};

/* A PHP binary: where what lies in it (addresses as linked), and the offsets of its version. */
struct probe_php {
	__u64 entry;		/* e_entry */
	__u64 executor_globals;
	__u64 sapi_globals;
	__u64 sapi_module;
	__u64 debug;		/* of a host: where DT_DEBUG's value is */
	__u16 version;		/* major << 8 | minor */
	__u8 kind;
	__u8 unverified;
	/* zend_executor_globals */
	__u16 current_execute_data;
	/* zend_execute_data */
	__u16 opline;
	__u16 function;
	__u16 previous;
	/* zend_function, zend_op_array */
	__u16 function_name;
	__u16 scope;
	__u16 file_name;
	/* zend_class_entry */
	__u16 class_name;
	/* zend_op */
	__u16 op_line;
	/* zend_string */
	__u16 string_length;
	__u16 string_value;
	/* sapi_globals_struct */
	__u16 server_context;
	__u16 request_method;
	__u16 path_translated;
	__u16 request_uri;
	/* fcgi_request */
	__u16 fcgi_has_environment;
	__u16 fcgi_environment;
	__u16 reserved;
};
_Static_assert(sizeof(struct probe_php) == 80, "probe_php has padding");

/* Set before load, in .rodata. */
struct probe_config {
	__u64 key[2];		/* of the fingerprint: random, so that nobody can make two identities look alike */
	__u64 origins;		/* whether this kernel lets tracing programs use task storage (5.12): also for executions */
	__u64 segment_origins;	/* the same for programs that see segments */
	__u64 any_port;		/* whether connections to all ports are recognised by what is said first */
	__u64 tls;		/* whether clear_text() is attached */
};

/* Variables of the kernel side that user space also changes, once it has evicted connections. Alone in a map. */
struct probe_counts {
	__u64 followed;		/* connections in the map of sockets: no look-up where there is none */
	__u64 by_content;	/* those of them to ports that are not watched */
	__u64 resumable;	/* those that were there before, and whose dialogue has not gone on yet */
};

#ifndef __bpf__
/* The compiled program, embedded by object.c. */
struct probe_object {
	const void *bytes;
	size_t size;
};
struct probe_object probe_object(void);
#endif
