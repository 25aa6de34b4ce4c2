/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Who the current task is. Each loop stands in a global function of its own:
 * the verifier then checks it once, and not once per path that leads to it.
 */
#pragma once

static __always_inline struct task_struct *current_task(void)
{
	return (struct task_struct *)bpf_get_current_task();
}

/* Of the thread group. Read and not asked for: programs that see segments may not ask before 6.10. */
static __always_inline __u32 current_tgid(void)
{
	return BPF_CORE_READ(current_task(), tgid);
}

/*
 * Reads argv to the front of strings. A program that has written a longer
 * title over argv and the environment ends it with the first NUL, as
 * /proc/PID/cmdline has it. Returns the bytes read, or -1.
 */
__noinline int read_argv(__u32 slot)
{
	struct scratch *s = scratch(slot);
	struct mm_struct *mm = BPF_CORE_READ(current_task(), mm);
	__u64 start, size;
	char last = 0;
	long length;

	if (!s || !mm)
		return -1;
	start = BPF_CORE_READ(mm, arg_start);
	size = BPF_CORE_READ(mm, arg_end) - start;
	if (!size)
		return 0;
	if (!bpf_probe_read_user(&last, 1, (void *)(start + size - 1)) && last) {
		length = bpf_probe_read_user_str(s->strings, PROBE_ARGV, (void *)start);
		if (length > 0) {
			if (length == PROBE_ARGV)
				s->identity.flags |= PROBE_ARGV_TRUNCATED;
			return length;
		}
	}
	if (size > PROBE_ARGV) {
		size = PROBE_ARGV;
		s->identity.flags |= PROBE_ARGV_TRUNCATED;
	}
	asm volatile("%0 &= 1023" : "+r"(size));
	if (!bpf_probe_read_user(s->strings, size, (void *)start))
		return size;
	/* A page is not in memory: what stands before it is better than nothing. */
	size = 4096 - (start & 4095);
	asm volatile("%0 &= 1023" : "+r"(size));
	s->identity.flags |= PROBE_ARGV_TRUNCATED;
	if (size && !bpf_probe_read_user(s->strings, size, (void *)start))
		return size;
	return -1;
}

/* Adds 64 bytes of argv. */
__noinline int add_argv_block(__u32 slot, __u64 block)
{
	struct scratch *s = scratch(slot);

	/* The check is to be of the very register that is used. */
	asm volatile("" : "+r"(block));
	if (s && block < (PROBE_ARGV + 1) / 64)
		add_block(s, (void *)s->strings + block * 64);
	return 0;
}

/* All that a connect of this task is described by, as one number. */
__noinline __u64 identity_fingerprint(__u32 slot, __u32 network_namespace)
{
	struct scratch *s = scratch(slot);
	struct task_struct *task = current_task();
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);
	const struct cred *cred = BPF_CORE_READ(task, cred);
	struct inode *exe = BPF_CORE_READ(task, mm, exe_file, f_inode);
	struct fs_struct *fs = BPF_CORE_READ(task, fs);
	struct vfsmount *mnt = BPF_CORE_READ(fs, pwd.mnt);
	struct dentry *dentry = BPF_CORE_READ(fs, pwd.dentry);
	struct css_set *cgroups = BPF_CORE_READ(task, cgroups);
	struct fingerprint f;
	int size;

	if (!s)
		return 0;
	s->identity.flags = 0;
	s->identity.argv_size = 0;
	s->used = 0;
	size = read_argv(slot);
	if (size < 0) {
		s->identity.flags |= PROBE_ARGV_UNREADABLE;
		size = 0;
	}
	asm volatile("%0 &= 1023" : "+r"(size));
	/* The last block is filled up with zeros, so that only argv counts. */
	__builtin_memset(s->strings + size, 0, 64);
	s->identity.argv_size = size;
	s->used = size;

	s->identity.start_ns = BPF_CORE_READ(leader, start_boottime);
	s->identity.tgid = current_tgid();
	s->identity.uid = BPF_CORE_READ(cred, uid.val);
	s->identity.gid = BPF_CORE_READ(cred, gid.val);
	s->identity.euid = BPF_CORE_READ(cred, euid.val);
	s->identity.egid = BPF_CORE_READ(cred, egid.val);
	s->identity.loginuid = ~0;
	if (bpf_core_field_exists(task->loginuid))
		s->identity.loginuid = BPF_CORE_READ(task, loginuid.val);
	s->identity.network_namespace = network_namespace;
	s->identity.cgroup_id = BPF_CORE_READ(cgroups, dfl_cgrp, kn, id);
	s->identity.exe_inode = BPF_CORE_READ(exe, i_ino);
	s->identity.exe_device = BPF_CORE_READ(exe, i_sb, s_dev);
	BPF_CORE_READ_INTO(&s->identity.comm, leader, comm);

	fingerprint_begin(&f);
	fingerprint_add(&f, s->identity.start_ns);
	fingerprint_add(&f, (__u64)s->identity.tgid << 32 | s->identity.loginuid);
	fingerprint_add(&f, (__u64)s->identity.uid << 32 | s->identity.euid);
	fingerprint_add(&f, (__u64)s->identity.gid << 32 | s->identity.egid);
	fingerprint_add(&f, (__u64)network_namespace << 32 | s->identity.exe_device);
	fingerprint_add(&f, s->identity.cgroup_id);
	fingerprint_add(&f, s->identity.exe_inode);
	fingerprint_add(&f, BPF_CORE_READ(task, self_exec_id));
	fingerprint_add(&f, *(__u64 *)&s->identity.comm[0]);
	fingerprint_add(&f, *(__u64 *)&s->identity.comm[8]);
	/* The same directory under another name: the name's hash and length. */
	fingerprint_add(&f, (__u64)dentry);
	fingerprint_add(&f, (__u64)mnt);
	/* Their addresses stand for the user namespace, the exe's mount namespace and the cgroups of version 1. */
	fingerprint_add(&f, (__u64)BPF_CORE_READ(cred, user_ns));
	fingerprint_add(&f, (__u64)BPF_CORE_READ(task, mm, exe_file, f_path.mnt));
	fingerprint_add(&f, (__u64)cgroups);
	fingerprint_add(&f, (__u64)BPF_CORE_READ(dentry, d_name.hash) << 32 |
				    BPF_CORE_READ(dentry, d_name.len));
	fingerprint_add(&f, size);
	s->fingerprint = f;
	for (int i = 0; i < (PROBE_ARGV + 1) / 64; i++) {
		if (i * 64 >= size)
			break;
		add_argv_block(slot, i);
	}
	f = s->fingerprint;
	return fingerprint_end(&f);
}

/*
 * Appends a name to strings and returns the bytes it takes, 0 where it does not
 * fit or cannot be read. The offset is reloaded from memory on purpose: the
 * verifier then forgets it between two rounds of the caller's loop.
 */
__noinline int append_name(__u32 slot, __u64 name, __u32 end)
{
	struct scratch *s = scratch(slot);
	__u32 used;
	long length;

	if (!s)
		return 0;
	used = *(volatile __u32 *)&s->used;
	if (used > PROBE_STRINGS || used + PROBE_NAME > end)
		return 0;
	length = bpf_probe_read_kernel_str(s->strings + used, PROBE_NAME, (void *)name);
	if (length <= 0)
		return 0;
	s->used = used + length;
	return length;
}

/*
 * Appends a path from the leaf up, across mounts to the root of the mount
 * namespace. Returns 1 when it is whole.
 */
__noinline int append_path(__u32 slot, __u64 mnt, __u64 leaf)
{
	struct scratch *s = scratch(slot);
	struct dentry *dentry = (struct dentry *)leaf;
	struct mount *mount = (void *)mnt - bpf_core_field_offset(struct mount, mnt);
	__u32 end;

	if (!s || !mnt || !leaf)
		return 0;
	end = s->used + PROBE_PATH;
	for (int i = 0; i < 48; i++) {
		struct dentry *parent = BPF_CORE_READ(dentry, d_parent);

		if (dentry == BPF_CORE_READ(mount, mnt.mnt_root)) {
			struct mount *above = BPF_CORE_READ(mount, mnt_parent);

			if (above == mount)
				return 1;
			dentry = BPF_CORE_READ(mount, mnt_mountpoint);
			mount = above;
			continue;
		}
		/* memfd, pipes: a name of their own, below nothing. */
		if (!append_name(slot, (__u64)BPF_CORE_READ(dentry, d_name.name), end))
			return 0;
		if (dentry == parent)
			return 1;
		dentry = parent;
	}
	return 0;
}

/* Appends the path of a cgroup in its hierarchy. Returns 1 when it is whole. */
__noinline int append_cgroup(__u32 slot, __u64 leaf)
{
	struct scratch *s = scratch(slot);
	struct kernfs_node *node = (struct kernfs_node *)leaf;
	__u32 end;

	if (!s)
		return 0;
	end = s->used + PROBE_CGROUP;
	for (int i = 0; i < 16; i++) {
		struct kernfs_node___6_15 *newer = (void *)node;
		struct kernfs_node *parent;

		if (bpf_core_field_exists(newer->__parent))
			parent = BPF_CORE_READ(newer, __parent);
		else
			parent = BPF_CORE_READ(node, parent);
		if (!parent)
			return 1;
		if (!append_name(slot, (__u64)BPF_CORE_READ(node, name), end))
			return 0;
		node = parent;
	}
	return 0;
}

__noinline int read_ancestors(__u32 slot)
{
	struct scratch *s = scratch(slot);
	struct task_struct *task = current_task();

	if (!s)
		return 0;
	for (int i = 0; i < PROBE_ANCESTORS; i++) {
		struct probe_ancestor *ancestor = &s->identity.ancestors[i];
		struct task_struct *parent = NULL;

		if (task)
			parent = BPF_CORE_READ(task, real_parent, group_leader);
		if (!parent || parent == task) {
			ancestor->tgid = 0;
			return i;
		}
		ancestor->tgid = BPF_CORE_READ(parent, tgid);
		ancestor->uid = BPF_CORE_READ(parent, cred, uid.val);
		ancestor->start_ns = BPF_CORE_READ(parent, start_boottime);
		BPF_CORE_READ_INTO(&ancestor->comm, parent, comm);
		task = parent;
	}
	return PROBE_ANCESTORS;
}

/* The node of the current task's cgroup in systemd's hierarchy of version 1; 0: this host has none. */
__noinline __u64 legacy_cgroup(__u32 slot)
{
	struct css_set *cgroups = BPF_CORE_READ(current_task(), cgroups);
	struct list_head *at = BPF_CORE_READ(cgroups, cgrp_links.next);

	/* One link a hierarchy, of which there can be no more than controllers, and two. */
	for (int i = 0; i < 18; i++) {
		struct cgrp_cset_link *link = (void *)at - bpf_core_field_offset(struct cgrp_cset_link, cgrp_link);
		struct cgroup *cgroup = BPF_CORE_READ(link, cgrp);
		struct cgroup_root *root = BPF_CORE_READ(cgroup, root);
		__u64 name;

		if (!at || (void *)at == (void *)cgroups + bpf_core_field_offset(struct css_set, cgrp_links))
			return 0;
		if (!bpf_core_read(&name, sizeof(name), &root->name) && name == *(__u64 *)"systemd")
			return (__u64)BPF_CORE_READ(cgroup, kn);
		at = BPF_CORE_READ(at, next);
	}
	return 0;
}

/* Whether argv ends with bytes that were the environment's at exec, from the text's last one down to `limit`. */
__noinline int drop_environment(__u32 slot, __u64 limit)
{
	struct scratch *s = scratch(slot);

	if (!s)
		return 0;
	for (int i = 0; i < PROBE_ARGV; i++) {
		/* Reloaded on purpose, as in append_name(). */
		__u64 last = *(volatile __u32 *)&s->kept - 1ull;

		if (last + 1 <= limit)
			break;
		/* Less than PROBE_ARGV: the verifier is told so. */
		asm volatile("%0 &= 1023" : "+r"(last));
		if (s->strings[last] != s->execution.memory[last])
			break;
		s->kept = last;
	}
	return 0;
}

/*
 * A title may run on into the environment. What the process has not written
 * there is left out of argv: a byte that is as it was at exec is no title's,
 * unless a NUL that was written follows. Where exec was not seen, all of it is left out.
 */
__noinline int cut_argv(__u32 slot)
{
	struct scratch *s = scratch(slot);
	struct mm_struct *mm = BPF_CORE_READ(current_task(), mm);
	__u64 start, environment, size, limit;

	if (!s || !mm)
		return 0;
	start = BPF_CORE_READ(mm, arg_start);
	environment = BPF_CORE_READ(mm, env_start);
	size = s->identity.argv_size;
	if (size < 2 || size > PROBE_ARGV || environment >= start + size || BPF_CORE_READ(mm, env_end) <= start)
		return 0;
	limit = environment > start ? environment - start : 0;
	s->kept = limit;
	if (limit && s->execution.flags && s->execution.arg_start == start && size <= s->execution.memory_size) {
		if (size < PROBE_ARGV && s->execution.memory[size - 1])
			return 0;
		s->kept = size - 1;
		drop_environment(slot, limit);
	}
	size = *(volatile __u32 *)&s->kept;
	if (size > PROBE_ARGV - 1)
		return 0;
	s->strings[size] = 0;
	s->identity.argv_size = size ? size + 1 : 0;
	s->identity.flags |= size ? PROBE_ARGV_TRUNCATED : PROBE_ARGV_UNREADABLE;
	return 0;
}

/* Appends what is known of the exec. */
__noinline int append_execution(__u32 slot)
{
	struct scratch *s = scratch(slot);
	__u32 used;

	if (!s || !s->execution.flags)
		return 0;
	used = *(volatile __u32 *)&s->used;
	if (used > PROBE_STRINGS - PROBE_ARGV - 1 || s->execution.argv_size > PROBE_ARGV)
		return 0;
	bpf_probe_read_kernel(s->strings + used, PROBE_ARGV + 1, s->execution.memory);
	s->used = used + s->execution.argv_size;
	used = *(volatile __u32 *)&s->used;
	if (used > PROBE_STRINGS - PROBE_EXECUTION_PATH || s->execution.cwd_size > PROBE_EXECUTION_PATH)
		return 0;
	bpf_probe_read_kernel(s->strings + used, PROBE_EXECUTION_PATH, s->execution.cwd);
	s->used = used + s->execution.cwd_size;
	return 1;
}

/* What identity_fingerprint did not need to read. */
__noinline int describe_identity(__u32 slot)
{
	struct scratch *s = scratch(slot);
	struct task_struct *task = current_task();
	struct file *exe = BPF_CORE_READ(task, mm, exe_file);
	struct dentry *pwd = BPF_CORE_READ(task, fs, pwd.dentry);
	struct mount *mount = (void *)BPF_CORE_READ(exe, f_path.mnt) - bpf_core_field_offset(struct mount, mnt);
	struct mnt_namespace *namespace = NULL;
	__u64 cgroup;
	__u32 before;

	if (!s)
		return 0;
	cut_argv(slot);
	s->used = s->identity.argv_size;
	before = s->used;
	/* One that works for a process (io_uring before 5.12) has its memory. */
	if (BPF_CORE_READ(task, flags) & PF_KTHREAD && !BPF_CORE_READ(task, mm))
		s->identity.flags |= PROBE_KERNEL_THREAD;
	else if (!append_path(slot, (__u64)BPF_CORE_READ(exe, f_path.mnt),
			      (__u64)BPF_CORE_READ(exe, f_path.dentry)))
		s->identity.flags |= PROBE_EXE_TRUNCATED;
	if (exe && !BPF_CORE_READ(exe, f_inode, i_nlink))
		s->identity.flags |= PROBE_EXE_DELETED;
	s->identity.exe_size = s->used - before;

	before = s->used;
	if (!append_path(slot, (__u64)BPF_CORE_READ(task, fs, pwd.mnt), (__u64)pwd))
		s->identity.flags |= PROBE_CWD_TRUNCATED;
	if (pwd && !BPF_CORE_READ(pwd, d_inode, i_nlink))
		s->identity.flags |= PROBE_CWD_DELETED;
	s->identity.cwd_size = s->used - before;

	before = s->used;
	if (!append_cgroup(slot, (__u64)BPF_CORE_READ(task, cgroups, dfl_cgrp, kn)))
		s->identity.flags |= PROBE_CGROUP_TRUNCATED;
	s->identity.cgroup_size = s->used - before;

	before = s->used;
	if (!append_path(slot, (__u64)BPF_CORE_READ(task, fs, root.mnt), (__u64)BPF_CORE_READ(task, fs, root.dentry)))
		s->identity.flags |= PROBE_ROOT_TRUNCATED;
	s->identity.root_size = s->used - before;

	before = s->used;
	cgroup = legacy_cgroup(slot);
	if (cgroup) {
		s->identity.flags |= PROBE_LEGACY_CGROUP;
		if (!append_cgroup(slot, cgroup))
			s->identity.flags |= PROBE_LEGACY_CGROUP_TRUNCATED;
	}
	s->identity.legacy_cgroup_size = s->used - before;

	s->identity.execution_flags = 0;
	s->identity.execution_argv_size = 0;
	s->identity.execution_cwd_size = 0;
	if (append_execution(slot)) {
		s->identity.execution_flags = s->execution.flags;
		s->identity.execution_argv_size = s->execution.argv_size;
		s->identity.execution_cwd_size = s->execution.cwd_size;
	}
	s->identity.execution_inode = s->identity.execution_flags ? s->execution.inode : 0;
	s->identity.execution_device = s->identity.execution_flags ? s->execution.device : 0;

	s->identity.user_namespace = BPF_CORE_READ(task, cred, user_ns, ns.inum);
	if (exe)
		namespace = BPF_CORE_READ(mount, mnt_ns);
	/* Of a mount of the kernel's own it is an error: then both are read as 0. */
	s->identity.exe_mount_namespace = BPF_CORE_READ(namespace, ns.inum);
	s->identity.exe_mount_owner = BPF_CORE_READ(namespace, user_ns, ns.inum);
	s->identity.mount_namespace = BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
	read_ancestors(slot);
	return 1;
}
