/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What PHP is doing in the current task, read in its own memory. All of that is
 * the process's word: each read may fail, each pointer lie, each list be a ring.
 *
 * As in identity.bpf.h, each loop stands in a global function of its own.
 */
#pragma once

enum { AT_NULL = 0, AT_ENTRY = 9 };
enum {
	CONTEXT_HEAD = offsetof(struct probe_context, start_ns),
	CONTEXT_BLOCKS = (sizeof(struct probe_context) - CONTEXT_HEAD + PROBE_PHP_STRINGS + 63) / 64,
};

#define read_user(destination, address) bpf_probe_read_user(&(destination), sizeof(destination), (void *)(address))

static __always_inline __u64 read_user_word(__u64 address)
{
	__u64 word = 0;

	read_user(word, address);
	return word;
}

/* AT_ENTRY of the current task: where e_entry of its program is loaded. 0: not found. */
__noinline __u64 loaded_entry(__u32 slot)
{
	struct scratch *s = scratch(slot);
	struct mm_struct *mm = BPF_CORE_READ(current_task(), mm);

	if (!s || !mm || bpf_core_read(s->auxv, sizeof(s->auxv), &mm->saved_auxv))
		return 0;
	for (int i = 0; i < 20; i++) {
		if (s->auxv[2 * i] == AT_ENTRY)
			return s->auxv[2 * i + 1];
		if (s->auxv[2 * i] == AT_NULL)
			break;
	}
	return 0;
}

static __always_inline __u32 current_uid(void)
{
	return BPF_CORE_READ(current_task(), cred, uid.val);
}

static __always_inline struct inode *current_exe(void)
{
	return BPF_CORE_READ(current_task(), mm, exe_file, f_inode);
}

static __always_inline void name_file(struct inode *inode, struct probe_file *file)
{
	file->inode = BPF_CORE_READ(inode, i_ino);
	file->device = BPF_CORE_READ(inode, i_sb, s_dev);
	file->change = 0;
}

static __always_inline struct probe_php *find_stamp(struct inode *inode)
{
	struct inode___6_6 *middle = (void *)inode;
	struct inode___5_8 *old = (void *)inode;
	struct probe_file_stamp stamp = { .size = BPF_CORE_READ(inode, i_size) };

	if (!bpf_map_lookup_elem(&php_sizes, &stamp.size))
		return 0;
	if (bpf_core_field_exists(inode->i_mtime_sec)) {
		stamp.mtime_s = BPF_CORE_READ(inode, i_mtime_sec);
		stamp.mtime_ns = BPF_CORE_READ(inode, i_mtime_nsec);
	} else if (bpf_core_field_exists(middle->__i_mtime)) {
		stamp.mtime_s = BPF_CORE_READ(middle, __i_mtime.tv_sec);
		stamp.mtime_ns = BPF_CORE_READ(middle, __i_mtime.tv_nsec);
	} else {
		stamp.mtime_s = BPF_CORE_READ(old, i_mtime.tv_sec);
		stamp.mtime_ns = BPF_CORE_READ(old, i_mtime.tv_nsec);
	}
	return bpf_map_lookup_elem(&php_stamps, &stamp);
}

static __always_inline struct probe_php *find_binary(struct inode *exe)
{
	struct probe_file file;
	struct probe_php *php;

	name_file(exe, &file);
	php = bpf_map_lookup_elem(&php_binaries, &file);
	return php ? php : find_stamp(exe);
}

/*
 * Leaves the library that a link_map (link.h) tells of in the scratch, if it is
 * libphp. Returns the next one, 0 at the end.
 */
__noinline __u64 read_library(__u32 slot, __u64 link_map)
{
	struct scratch *s = scratch(slot);
	struct {
		__u64 address, name, dynamic, next;
	} map;
	struct probe_php *php;
	__u64 key;

	if (!s || read_user(map, link_map))
		return 0;
	key = map.dynamic - map.address;
	php = bpf_map_lookup_elem(&php_libraries, &key);
	/* Another library may have its dynamic section there too, but then no SAPI that begins with "ap". */
	if (php && (__u16)read_user_word(read_user_word(map.address + php->sapi_module)) == ('a' | 'p' << 8)) {
		s->php = *php;
		s->base = map.address;
		return 0;
	}
	return map.next;
}

/* Finds libphp among the libraries that ld.so has loaded: their list begins at the r_debug that DT_DEBUG points to. */
__noinline int find_library(__u32 slot, __u64 debug)
{
	struct scratch *s = scratch(slot);
	__u64 next = read_user_word(read_user_word(debug) + 8);

	if (!s)
		return 0;
	for (int i = 0; i < 256; i++) {
		if (!next)
			break;
		next = read_library(slot, next);
	}
	return s->php.kind == PROBE_PHP_LIBRARY;
}

/* Whether the current task is a PHP that is known. Leaves where its parts are in the scratch. */
__noinline int find_php(__u32 slot)
{
	struct scratch *s = scratch(slot);
	struct inode *exe = current_exe();
	struct probe_php *php;

	if (!s || !exe)
		return 0;
	php = find_binary(exe);
	if (!php)
		return 0;
	s->php = *php;
	s->base = loaded_entry(slot) - s->php.entry;
	if (s->php.kind == PROBE_PHP_HOST)
		return find_library(slot, s->base + s->php.debug);
	return 1;
}

static __always_inline __u64 current_execute_data(struct scratch *s)
{
	return read_user_word(s->base + s->php.executor_globals + s->php.current_execute_data);
}

/*
 * Keeps a text of that length, of a path its end, of others their beginning.
 * Returns the offset of what is kept, 0 for nothing.
 */
__noinline int keep_text(__u32 slot, __u64 address, __u64 length, bool is_path)
{
	struct scratch *s = scratch(slot);
	__u64 limit = is_path ? PROBE_PHP_PATH : PROBE_PHP_NAME;
	__u64 size = length;
	__u16 cut = 0;
	__u32 used;

	if (!s || !address)
		return 0;
	if (length > limit) {
		cut = PROBE_PHP_CUT;
		size = limit;
		if (is_path)
			address += length - limit;
	}
	/* Reloaded on purpose, as in append_name(). */
	used = *(volatile __u32 *)&s->context.strings_size;
	if (used > PROBE_PHP_STRINGS || used + 2 + size > PROBE_PHP_STRINGS) {
		s->context.flags |= PROBE_TEXT_MISSING;
		return 0;
	}
	asm volatile("%0 &= 511" : "+r"(size));
	if (bpf_probe_read_user(s->context_strings + used + 2, size, (void *)address)) {
		s->context.flags |= PROBE_TEXT_MISSING;
		return 0;
	}
	*(__u16 *)(s->context_strings + used) = size | cut;
	s->context.strings_size = used + 2 + (size + 1) / 2 * 2;
	return used;
}

/* Keeps a text that ends with NUL. */
__noinline int keep_string(__u32 slot, __u64 address)
{
	struct scratch *s = scratch(slot);
	__u16 cut = 0;
	long length;
	__u32 used;

	if (!s || !address)
		return 0;
	used = *(volatile __u32 *)&s->context.strings_size;
	if (used > PROBE_PHP_STRINGS)
		return 0;
	length = bpf_probe_read_user_str(s->context_strings + used + 2, PROBE_PHP_PATH, (void *)address) - 1;
	if (length < 0 || used + 2 + length > PROBE_PHP_STRINGS) {
		s->context.flags |= PROBE_TEXT_MISSING;
		return 0;
	}
	if (length == PROBE_PHP_PATH - 1)
		cut = PROBE_PHP_CUT;
	*(__u16 *)(s->context_strings + used) = length | cut;
	s->context.strings_size = used + 2 + (length + 1) / 2 * 2;
	return used;
}

/* Keeps a zend_string. */
static __always_inline int keep_zend_string(struct scratch *s, __u32 slot, __u64 string, bool is_path)
{
	__u64 length;

	if (!string)
		return 0;
	if (read_user(length, string + s->php.string_length)) {
		s->context.flags |= PROBE_TEXT_MISSING;
		return 0;
	}
	return keep_text(slot, string + s->php.string_value, length, is_path);
}

/* The first `count` words, the offset of one of which is not known when this is compiled. */
static __always_inline __u64 word_at(struct scratch *s, __u16 offset)
{
	return s->words[offset >> 3 & 7];
}

/* Keeps what is known of a call. Returns the one that called it, 0 when there is none or it cannot be read. */
__noinline __u64 read_frame(__u32 slot, __u64 call, __u64 index)
{
	struct scratch *s = scratch(slot);
	struct probe_frame *frame;
	__u64 opline, function, previous, name, class, path;
	__u16 flags;

	asm volatile("" : "+r"(index));
	if (!s || index >= PROBE_FRAMES)
		return 0;
	frame = &s->context.frames[index];
	/* All of zend_execute_data that is asked for in any version. */
	if (bpf_probe_read_user(s->words, 64, (void *)call)) {
		s->context.flags |= PROBE_STACK_UNREADABLE;
		return 0;
	}
	opline = word_at(s, s->php.opline);
	function = word_at(s, s->php.function);
	previous = word_at(s, s->php.previous);
	s->context.frame_count = index + 1;
	if (!function)
		return previous;
	if (bpf_probe_read_user(s->words, 24, (void *)function)) {
		s->context.flags |= PROBE_STACK_UNREADABLE;
		return 0;
	}
	/* The first byte of zend_function, in all versions. */
	frame->type = s->words[0];
	if (frame->type != PROBE_FRAME_INTERNAL && frame->type != PROBE_FRAME_USER && frame->type != PROBE_FRAME_EVAL) {
		frame->type = PROBE_FRAME_NONE;
		s->context.flags |= PROBE_STACK_UNREADABLE;
		return 0;
	}
	name = word_at(s, s->php.function_name);
	class = word_at(s, s->php.scope);
	flags = s->context.flags;
	s->context.flags = flags & ~PROBE_TEXT_MISSING;
	frame->function = keep_zend_string(s, slot, name, 0);
	/* Calls of one class, or in one file, share the text. */
	if (class && class != s->last_class) {
		s->last_class = class;
		s->last_scope = keep_zend_string(s, slot, read_user_word(class + s->php.class_name), 0);
	}
	frame->scope = class ? s->last_scope : 0;
	if (frame->type != PROBE_FRAME_INTERNAL) {
		path = read_user_word(function + s->php.file_name);
		if (path != s->last_path) {
			s->last_path = path;
			s->last_file = keep_zend_string(s, slot, path, 1);
		}
		frame->file = s->last_file;
		if (read_user(frame->line, opline + s->php.op_line))
			frame->line = 0;
	}
	frame->missing = !!(s->context.flags & PROBE_TEXT_MISSING);
	s->context.flags |= flags;
	return previous;
}

/* Reads the stack from its innermost call on. */
__noinline int read_frames(__u32 slot, __u64 call)
{
	struct scratch *s = scratch(slot);

	if (!s)
		return 0;
	s->last_class = 0;
	s->last_path = 0;
	s->last_scope = 0;
	s->last_file = 0;
	for (int i = 0; i < PROBE_FRAMES; i++) {
		if (!call)
			return 0;
		call = read_frame(slot, call, i);
	}
	if (call)
		s->context.flags |= PROBE_STACK_TRUNCATED;
	return 0;
}

/* A name of up to 16 bytes as two words. */
struct name {
	__u64 low, high;
};

static __always_inline struct name name_of(const char *text, int length)
{
	struct name name = {};

	for (int i = 0; i < 16; i++) {
		if (i >= length)
			break;
		if (i < 8)
			name.low |= (__u64)text[i] << 8 * i;
		else
			name.high |= (__u64)text[i] << 8 * (i - 8);
	}
	return name;
}

/* FCGI_HASH_FUNC in PHP's main/fastcgi.c. */
static __always_inline __u32 fastcgi_hash(const char *text, int length)
{
	return (text[3] << 2) + (text[length - 2] << 4) + (text[length - 1] << 2) + length;
}

struct fastcgi_bucket {
	__u32 hash, name_length;
	__u64 name;
	__u64 value_length;	/* 32 bits */
	__u64 value, next;
};

/* Whether the bucket that was read is of that name, of up to 15 bytes: clients can send headers of the same hash. */
__noinline int is_bucket(__u64 address, __u64 length, __u64 low, __u64 high)
{
	struct name name = {};

	asm volatile("%0 &= 15" : "+r"(length));
	return !bpf_probe_read_user(&name, length, (void *)address) && name.low == low && name.high == high;
}

/* Keeps a variable of the FastCGI request in environment, a hash table. shape is hash and length of the name. */
__noinline int keep_fastcgi(__u32 slot, __u64 environment, __u64 low, __u64 high, __u64 shape)
{
	struct fastcgi_bucket bucket;
	__u64 at = read_user_word(environment + 8 * (shape >> 32 & 127));

	for (int i = 0; i < 16; i++) {
		if (!at || read_user(bucket, at))
			return 0;
		if (((__u64)bucket.hash << 32 | bucket.name_length) == shape &&
		    is_bucket(bucket.name, bucket.name_length, low, high))
			return keep_text(slot, bucket.value, (__u32)bucket.value_length, 0);
		at = bucket.next;
	}
	return 0;
}

#define fastcgi_variable(slot, environment, text)						\
	({											\
		struct name n_ = name_of(text, sizeof(text) - 1);				\
		keep_fastcgi(slot, environment, n_.low, n_.high,				\
			     (__u64)fastcgi_hash(text, sizeof(text) - 1) << 32 | (sizeof(text) - 1)); \
	})

static __always_inline bool begins_with(const char *line, struct name name, int length)
{
	__u64 mask = length >= 16 ? ~0ull : (1ull << 8 * (length - 8)) - 1;

	return *(__u64 *)line == name.low && (*(__u64 *)(line + 8) & mask) == name.high;
}

/* `text` with its equals sign has 8 to 16 bytes. */
#define is_variable(line, text) begins_with(line, name_of(text, sizeof(text) - 1), sizeof(text) - 1)

/*
 * Keeps the variable of the environment that begins at this address, if it is
 * of the request. Returns how many bytes further the next one is.
 */
__noinline long keep_variable(__u32 slot, __u64 address)
{
	struct scratch *s = scratch(slot);
	long length;

	if (!s)
		return -1;
	length = bpf_probe_read_user_str(s->line, sizeof(s->line), (void *)address);
	if (length <= 0)
		return -1;
	if (s->is_rest) {
		/* Of a long one: clients write what is there. */
	} else if (is_variable(s->line, "HTTP_HOST=")) {
		s->context.host = keep_string(slot, address + 10);
	} else if (is_variable(s->line, "SERVER_NAME=") && !s->context.host) {
		s->context.host = keep_string(slot, address + 12);
	} else if (is_variable(s->line, "REQUEST_URI=")) {
		s->context.path = keep_string(slot, address + 12);
	} else if (is_variable(s->line, "REMOTE_ADDR=")) {
		s->context.client = keep_string(slot, address + 12);
	}
	s->is_rest = length == sizeof(s->line);
	/* Without the NUL that the helper has put into the midst of a longer one. */
	return length - s->is_rest;
}

/* Takes the request from the environment, where a web server puts it for a CGI program (RFC 3875 section 4.1). */
__noinline int read_environment(__u32 slot)
{
	struct scratch *s = scratch(slot);
	struct mm_struct *mm = BPF_CORE_READ(current_task(), mm);
	__u64 at, end;

	if (!s || !mm)
		return 0;
	at = BPF_CORE_READ(mm, env_start);
	end = BPF_CORE_READ(mm, env_end);
	s->is_rest = 0;
	for (int i = 0; i < 128; i++) {
		long length;

		if (at >= end)
			return 0;
		length = keep_variable(slot, at);
		if (length < 0) {
			s->context.flags |= PROBE_REQUEST_UNREADABLE;
			return 0;
		}
		at += length;
	}
	return 0;
}

/* The request, as the web server's interface to PHP has it. */
__noinline int read_request(__u32 slot)
{
	struct scratch *s = scratch(slot);
	__u64 globals, server, request, environment;
	__u32 kind;

	if (!s)
		return 0;
	globals = s->base + s->php.sapi_globals;
	request = read_user_word(s->base + s->php.sapi_module);
	s->context.sapi = keep_string(slot, request);
	kind = read_user_word(request);
	s->context.script = keep_string(slot, read_user_word(globals + s->php.path_translated));
	s->context.method = keep_string(slot, read_user_word(globals + s->php.request_method));

	server = read_user_word(globals + s->php.server_context);
	if ((__u8)kind == 'f' || (__u16)kind == ('c' | 'g' << 8)) {
		/* fpm-fcgi and cgi-fcgi; a plain CGI program has no request but the number 1. */
		if (server == 1) {
			read_environment(slot);
		} else if (server) {
			environment = server + s->php.fcgi_environment;
			if ((__u32)read_user_word(server + s->php.fcgi_has_environment) != 1)
				s->context.flags |= PROBE_REQUEST_UNREADABLE;
			s->context.host = fastcgi_variable(slot, environment, "HTTP_HOST");
			if (!s->context.host)
				s->context.host = fastcgi_variable(slot, environment, "SERVER_NAME");
			s->context.path = fastcgi_variable(slot, environment, "REQUEST_URI");
			s->context.client = fastcgi_variable(slot, environment, "REMOTE_ADDR");
		}
		if ((__u8)kind == 'f')
			s->context.title = keep_string(slot, BPF_CORE_READ(current_task(), mm, arg_start));
	} else if ((__u16)kind == ('a' | 'p' << 8) && server) {
		/* apache2handler: php_struct.r, a request_rec (httpd.h of Apache 2.4, whose ABI does not change). */
		request = read_user_word(server + 8);
		s->context.host = keep_string(slot, read_user_word(request + 80));
		s->context.path = keep_string(slot, read_user_word(request + 328));
		s->context.client = keep_string(slot, read_user_word(request + 688));
	}
	if (!s->context.path)
		s->context.path = keep_string(slot, read_user_word(globals + s->php.request_uri));
	return 0;
}

/* Adds 64 bytes of the context. */
__noinline int add_context_block(__u32 slot, __u64 block)
{
	struct scratch *s = scratch(slot);

	/* The check is to be of the very register that is used. */
	asm volatile("" : "+r"(block));
	if (s && block < CONTEXT_BLOCKS)
		add_block(s, (void *)&s->context + CONTEXT_HEAD + block * 64);
	return 0;
}

/* Of all in the context that follows the fingerprint, filled up with zeros to whole blocks. */
__noinline __u64 context_fingerprint(__u32 slot)
{
	struct scratch *s = scratch(slot);
	struct fingerprint f;
	__u32 size;

	if (!s)
		return 0;
	size = s->context.strings_size;
	if (size > PROBE_PHP_STRINGS)
		return 0;
	__builtin_memset(s->context_strings + size, 0, 64);
	fingerprint_begin(&f);
	fingerprint_add(&f, (__u64)s->context.flags << 32 | size);
	s->fingerprint = f;
	size += sizeof(s->context) - CONTEXT_HEAD;
	for (__u32 i = 0; i < CONTEXT_BLOCKS; i++) {
		if (i * 64 >= size)
			break;
		add_context_block(slot, i);
	}
	f = s->fingerprint;
	return fingerprint_end(&f);
}

/* Puts the context of the current task together, after find_php(). Returns its fingerprint. */
__noinline __u64 read_context(__u32 slot)
{
	struct scratch *s = scratch(slot);
	struct task_struct *task = current_task();

	if (!s)
		return 0;
	__builtin_memset(&s->context, 0, sizeof(s->context));
	s->context.kind = PROBE_CONTEXT;
	s->context.version = s->php.version;
	s->context.flags = s->php.unverified ? PROBE_UNVERIFIED : 0;
	s->context.start_ns = BPF_CORE_READ(task, group_leader, start_boottime);
	s->context.tgid = current_tgid();
	s->context.uid = current_uid();
	/* So that no text has the offset 0. */
	s->context.strings_size = 2;
	*(__u16 *)s->context_strings = 0;
	read_request(slot);
	read_frames(slot, current_execute_data(s));
	s->context.fingerprint = context_fingerprint(slot);
	return s->context.fingerprint;
}

/* Hands a context over that user space does not hold. */
static __always_inline __u64 tell_context(struct probe_context *context)
{
	struct probe_losses *lost = count_losses();
	__u64 key = context->fingerprint;
	__u64 size = context->strings_size;
	__u8 known = 1;

	asm volatile("" : "+r"(size));
	if (size > PROBE_PHP_STRINGS || bpf_map_lookup_elem(&contexts, &key))
		return key;
	if (!bpf_ringbuf_output(&events, context, sizeof(*context) + size, 0))
		bpf_map_update_elem(&contexts, &key, &known, BPF_ANY);
	else if (lost) {
		lost->contexts++;
		count_loser(context->uid);
	}
	return key;
}

/* What PHP is doing in the current task: the fingerprint of the context, 0 where it is no PHP that is known. */
static __always_inline __u64 own_context(struct scratch *s, __u32 slot)
{
	if (!php_known || !find_php(slot) || !read_context(slot))
		return 0;
	return tell_context(&s->context);
}

/* What PHP was doing when it started the process that is the current task's. NULL: it was not started by PHP. */
static __always_inline struct origin *current_origin(__u32 slot)
{
	if (!config.origins || !php_known || (slot == SLOT_SEGMENT && !config.segment_origins))
		return 0;
	return bpf_task_storage_get(&origins, bpf_get_current_task_btf()->group_leader, 0, 0);
}

/*
 * Whether a program may be PHP. This runs at every fork of the host, so the
 * members are loaded and not read: only tracing programs may do that.
 */
static __always_inline bool may_be_known(struct task_struct *task)
{
	struct inode *exe = task->mm->exe_file->f_inode;
	struct probe_file file = { .inode = exe->i_ino, .device = exe->i_sb->s_dev };
	__u64 size = exe->i_size;

	return bpf_map_lookup_elem(&php_binaries, &file) || bpf_map_lookup_elem(&php_sizes, &size);
}

/* Gives the child of the current task its origin: what PHP is doing here, or what this process has inherited. */
static __always_inline int inherit_origin(struct task_struct *parent, struct task_struct *child)
{
	struct probe_losses *lost = count_losses();
	struct scratch *s = scratch(SLOT_FORK);
	struct origin *inherited = 0, *origin;
	bool own;

	if (!s || !lost)
		return 0;
	own = may_be_known(parent) && find_php(SLOT_FORK) && current_execute_data(s) && read_context(SLOT_FORK);
	if (!own) {
		inherited = current_origin(SLOT_FORK);
		if (!inherited)
			return 0;
	}
	origin = bpf_task_storage_get(&origins, child, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!origin) {
		lost->origins++;
		count_loser(current_uid());
		return 0;
	}
	if (own)
		bpf_probe_read_kernel(&origin->context, sizeof(origin->context) + sizeof(origin->strings),
				      &s->context);
	else
		bpf_probe_read_kernel(origin, sizeof(*origin), inherited);
	return 0;
}
_Static_assert(offsetof(struct scratch, context_strings) == offsetof(struct scratch, context) + sizeof(struct probe_context),
	       "the texts do not follow the context");
