/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Programs that are started: what they are started as, those that take mail out of PHP, and PHP itself. */
#pragma once

/* A name's first eight bytes, as many of them as there are letters in text. */
#define begins(name, text) (((name) & name_mask(sizeof(text) - 1)) == name_of(text, sizeof(text) - 1).low)
/* The whole name, of up to seven bytes, or the first eight. */
#define is(name, text) ((name) == name_of(text, sizeof(text) - 1).low)

static __always_inline __u64 name_mask(int length)
{
	return length >= 8 ? ~0ull : (1ull << 8 * length) - 1;
}

/*
 * Programs with the command line of sendmail, or that one puts mail into a queue
 * with, by the first eight bytes of comm: also sendmail.postfix, qmail-inject, nullmailer-inject.
 */
__noinline int takes_mail(__u64 name)
{
	return is(name, "sendmail") || is(name, "postdrop") || is(name, "exim") || is(name, "exim4") ||
	       is(name, "msmtp") || is(name, "dma") || is(name, "ssmtp") || is(name, "esmtp") ||
	       is(name, "qmail-in") || is(name, "nullmail");
}

__noinline int may_be_php(__u64 name)
{
	return begins(name, "php") || begins(name, "lsphp") || is(name, "apache2") || is(name, "httpd") ||
	       is(name, "frankenp");
}

/*
 * Whether a variable whose name begins with these eight bytes has code of its
 * writer's choice run: by ld.so(8), iconv(3) or OpenSSL in any program, or by an interpreter.
 */
__noinline int classify_variable(__u64 name)
{
	if (begins(name, "LD_") || is(name, "GCONV_PATH") || is(name, "OPENSSL_"))
		return PROBE_LOADER_VARIABLES;
	if (begins(name, "PERL5") || is(name, "PERLLIB=") || is(name, "PYTHONPATH") || is(name, "PYTHONHOME") ||
	    is(name, "RUBYOPT=") || is(name, "RUBYLIB=") || is(name, "NODE_OPTIONS") || is(name, "NODE_PATH") ||
	    is(name, "BASH_ENV") || begins(name, "PHPRC=") || is(name, "PHP_INI_SCAN_DIR"))
		return PROBE_INTERPRETER_VARIABLES;
	return 0;
}

/* Searches the words in the scratch for variables that begin behind a NUL. */
__noinline int search_words(__u32 slot)
{
	struct scratch *s = scratch(slot);

	if (!s)
		return 0;
	for (int i = 0; i < ENVIRONMENT_WORDS; i++) {
		__u64 word = s->environment[i], next = s->environment[i + 1];

		/* Whether it has a NUL at all. */
		if (!((word - 0x0101010101010101ull) & ~word & 0x8080808080808080ull))
			continue;
		for (int shift = 8; shift <= 64; shift += 8) {
			if (word >> (shift - 8) & 0xff)
				continue;
			s->execution.flags |= classify_variable(shift == 64 ? next : word >> shift | next << (64 - shift));
		}
	}
	return 0;
}

/* Searches the environment from there on; returns where to go on, 0 at the end. */
__noinline __u64 search_environment(__u32 slot, __u64 at, __u64 end)
{
	struct scratch *s = scratch(slot);
	__u64 size = end - at;

	if (!s || at >= end)
		return 0;
	if (size >= sizeof(s->environment)) {
		if (bpf_probe_read_user(s->environment, sizeof(s->environment), (void *)at))
			goto unreadable;
		search_words(slot);
		return at + ENVIRONMENT_WORDS * sizeof(__u64);
	}
	__builtin_memset(s->environment, 0xff, sizeof(s->environment));
	asm volatile("%0 &= 1023" : "+r"(size));
	if (size > sizeof(s->environment) || bpf_probe_read_user(s->environment, size, (void *)at))
		goto unreadable;
	search_words(slot);
	return 0;
unreadable:
	s->execution.flags |= PROBE_ENVIRONMENT_TRUNCATED;
	return 0;
}

/* Puts together what the current task is at its exec. Its memory is as the kernel has laid it out. Returns 1 when it is done. */
__noinline int read_execution(__u32 slot)
{
	struct scratch *s = scratch(slot);
	struct task_struct *task = current_task();
	struct mm_struct *mm = BPF_CORE_READ(task, mm);
	struct inode *exe = BPF_CORE_READ(mm, exe_file, f_inode);
	__u64 start, environment, end, size;

	if (!s || !mm)
		return 0;
	start = BPF_CORE_READ(mm, arg_start);
	environment = BPF_CORE_READ(mm, env_start);
	end = BPF_CORE_READ(mm, env_end);
	s->execution.self_exec_id = BPF_CORE_READ(task, self_exec_id);
	s->execution.inode = BPF_CORE_READ(exe, i_ino);
	s->execution.device = BPF_CORE_READ(exe, i_sb, s_dev);
	s->execution.flags = PROBE_EXECUTION_KNOWN;
	s->execution.arg_start = start;

	size = environment - start;
	if (size > PROBE_ARGV) {
		size = PROBE_ARGV;
		s->execution.flags |= PROBE_EXECUTION_ARGV_TRUNCATED;
	}
	s->execution.argv_size = size;
	size = end - start;
	if (size > PROBE_ARGV)
		size = PROBE_ARGV;
	asm volatile("%0 &= 1023" : "+r"(size));
	s->execution.memory_size = size;
	if (size && bpf_probe_read_user(s->execution.memory, size, (void *)start)) {
		s->execution.argv_size = 0;
		s->execution.memory_size = 0;
		s->execution.flags |= PROBE_EXECUTION_ARGV_TRUNCATED;
	}

	s->used = 0;
	if (!append_path(slot, (__u64)BPF_CORE_READ(task, fs, pwd.mnt), (__u64)BPF_CORE_READ(task, fs, pwd.dentry)) ||
	    s->used > PROBE_EXECUTION_PATH) {
		s->used = 0;
		s->execution.flags |= PROBE_EXECUTION_CWD_TRUNCATED;
	}
	s->execution.cwd_size = s->used;
	bpf_probe_read_kernel(s->execution.cwd, PROBE_EXECUTION_PATH, s->strings);

	/* From the NUL that ends argv. */
	environment--;
	for (int i = 0; i < 32; i++) {
		environment = search_environment(slot, environment, end);
		if (!environment)
			return 1;
	}
	s->execution.flags |= PROBE_ENVIRONMENT_TRUNCATED;
	return 1;
}

/* Keeps what the task is at its exec, for its connects and its children's. */
static __always_inline void keep_execution(struct task_struct *task)
{
	struct scratch *s = scratch(SLOT_EXEC);
	struct probe_losses *lost = count_losses();
	struct execution *execution;

	if (!config.origins || !s || !lost || !read_execution(SLOT_EXEC))
		return;
	execution = bpf_task_storage_get(&executions, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (execution)
		bpf_probe_read_kernel(execution, sizeof(*execution), &s->execution);
	else
		lost->origins++;
}

/* Gives the child of the current task the exec of it: the child runs the same program. */
static __always_inline void inherit_execution(struct task_struct *child)
{
	struct probe_losses *lost = count_losses();
	struct execution *execution = bpf_task_storage_get(&executions, bpf_get_current_task_btf()->group_leader, 0, 0);

	if (execution && !bpf_task_storage_get(&executions, child, execution, BPF_LOCAL_STORAGE_GET_F_CREATE) && lost)
		lost->origins++;
}

/* A child of PHP now is a program that takes mail: told once on the way from sendmail to postdrop. */
static __always_inline int record_handover(void)
{
	struct scratch *s = scratch(SLOT_EXEC);
	struct probe_losses *lost = count_losses();
	struct origin *origin = current_origin(SLOT_EXEC);
	struct probe_connect *c;

	if (!s || !lost || !origin || origin->handed)
		return 0;
	origin->handed = 1;
	c = &s->connect;
	__builtin_memset(c, 0, sizeof(*c));
	c->kind = PROBE_HANDOVER;
	c->family = AF_INET;
	if (tell_connect(s, record_caller(s, SLOT_EXEC, BPF_CORE_READ(current_task(), nsproxy, net_ns, ns.inum)))) {
		lost->connects++;
		count_loser(current_uid());
	}
	return 0;
}

/* When the file was last changed. Its owner cannot set that, and cannot have it be as it was. */
static __always_inline __u32 change_of(struct inode *inode)
{
	struct inode___6_6 *middle = (void *)inode;
	struct inode___5_8 *old = (void *)inode;

	if (bpf_core_field_exists(inode->i_ctime_sec))
		return BPF_CORE_READ(inode, i_ctime_sec) * 1000003 + BPF_CORE_READ(inode, i_ctime_nsec);
	if (bpf_core_field_exists(middle->__i_ctime))
		return BPF_CORE_READ(middle, __i_ctime.tv_sec) * 1000003 + BPF_CORE_READ(middle, __i_ctime.tv_nsec);
	return BPF_CORE_READ(old, i_ctime.tv_sec) * 1000003 + BPF_CORE_READ(old, i_ctime.tv_nsec);
}

/* Whether a program is as large as PHP: it may be PHP under another name. Loaded and not read, as in may_be_known(). */
static __always_inline bool is_large(struct task_struct *task)
{
	return task->mm->exe_file->f_inode->i_size >= PROBE_PHP_SIZE;
}

/* Has user space look at a program that may be PHP. */
static __always_inline int record_program(void)
{
	struct inode *exe = current_exe();
	struct probe_program program;
	struct probe_file file;

	if (!exe || find_binary(exe))
		return 0;
	name_file(exe, &file);
	file.change = change_of(exe);
	if (bpf_map_lookup_elem(&php_refused, &file))
		return 0;
	__builtin_memset(&program, 0, sizeof(program));
	program.kind = PROBE_PROGRAM;
	program.tgid = current_tgid();
	program.inode = file.inode;
	program.device = file.device;
	program.change = file.change;
	program.uid = current_uid();
	/* A loss is made up for at the next start. */
	bpf_ringbuf_output(&events, &program, sizeof(program), 0);
	return 0;
}
