/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Connections that were there before the probe, found in the files of all
 * processes. An iterator runs in nobody's context that matters: argv, the cgroup
 * and the ancestors are for user space to read.
 */
#pragma once

enum { S_IFMT = 0170000, S_IFSOCK = 0140000, SOCKFS_MAGIC = 0x534f434b };

/* The socket of a file, 0 where it is none. An address of AF_UNIX in a file system is no socket. */
static __always_inline struct sock *sock_of(struct file *file)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	struct socket *socket;

	if ((BPF_CORE_READ(inode, i_mode) & S_IFMT) != S_IFSOCK || BPF_CORE_READ(inode, i_sb, s_magic) != SOCKFS_MAGIC)
		return NULL;
	socket = BPF_CORE_READ(file, private_data);
	return BPF_CORE_READ(socket, sk);
}

/* Whether a connection may have been made with it that still is there. */
static __always_inline bool is_connected(__u8 state)
{
	return state && state != TCP_SYN_RECV && state != TCP_TIME_WAIT && state != TCP_CLOSE && state != TCP_LISTEN &&
	       state < TCP_LISTEN + 2;
}

/* Fills in what the kernel knows of a process. Returns the size of the record. */
static __always_inline __u64 describe_holder(struct scratch *s, struct task_struct *task, struct sock *sk)
{
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);
	const struct cred *cred = BPF_CORE_READ(task, cred);
	struct file *exe = BPF_CORE_READ(task, mm, exe_file);
	struct probe_identity *identity = &s->identity;
	struct fingerprint f;
	__u32 before;
	__u64 size;

	__builtin_memset(identity, 0, sizeof(*identity));
	identity->start_ns = BPF_CORE_READ(leader, start_boottime);
	identity->tgid = BPF_CORE_READ(task, tgid);
	identity->uid = BPF_CORE_READ(cred, uid.val);
	identity->gid = BPF_CORE_READ(cred, gid.val);
	identity->euid = BPF_CORE_READ(cred, euid.val);
	identity->egid = BPF_CORE_READ(cred, egid.val);
	identity->loginuid = ~0;
	if (bpf_core_field_exists(task->loginuid))
		identity->loginuid = BPF_CORE_READ(task, loginuid.val);
	identity->network_namespace = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	identity->mount_namespace = BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
	identity->cgroup_id = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
	identity->exe_inode = BPF_CORE_READ(exe, f_inode, i_ino);
	identity->exe_device = BPF_CORE_READ(exe, f_inode, i_sb, s_dev);
	BPF_CORE_READ_INTO(&identity->comm, leader, comm);
	if (!exe)
		identity->flags |= PROBE_KERNEL_THREAD;
	else if (!BPF_CORE_READ(exe, f_inode, i_nlink))
		identity->flags |= PROBE_EXE_DELETED;

	s->used = 0;
	if (exe && !append_path(SLOT_OPEN, (__u64)BPF_CORE_READ(exe, f_path.mnt), (__u64)BPF_CORE_READ(exe, f_path.dentry)))
		identity->flags |= PROBE_EXE_TRUNCATED;
	identity->exe_size = s->used;
	before = s->used;
	if (!append_path(SLOT_OPEN, (__u64)BPF_CORE_READ(task, fs, pwd.mnt), (__u64)BPF_CORE_READ(task, fs, pwd.dentry)))
		identity->flags |= PROBE_CWD_TRUNCATED;
	identity->cwd_size = s->used - before;
	before = s->used;
	if (!append_path(SLOT_OPEN, (__u64)BPF_CORE_READ(task, fs, root.mnt),
			 (__u64)BPF_CORE_READ(task, fs, root.dentry)))
		identity->flags |= PROBE_ROOT_TRUNCATED;
	identity->root_size = s->used - before;

	fingerprint_begin(&f);
	fingerprint_add(&f, identity->start_ns);
	fingerprint_add(&f, program_of(task));
	s->connect.identity = fingerprint_end(&f);
	size = sizeof(s->connect) + sizeof(*identity) + s->used;
	asm volatile("%0 &= 8191" : "+r"(size));
	return size;
}

/*
 * Follows the connection of a file from here on, and writes who holds it: the
 * first process that does. A file is shown again where the record did not fit.
 */
static __always_inline int record_open(struct seq_file *seq, struct task_struct *task, struct file *file)
{
	struct sock *sk = sock_of(file);
	struct scratch *s = scratch(SLOT_OPEN);
	struct followed value = {}, *followed;
	struct probe_connect *c;
	__u64 key = socket_key(sk);
	__u16 family;
	__u8 state;

	if (!sk || !s)
		return 0;
	family = BPF_CORE_READ(sk, __sk_common.skc_family);
	state = BPF_CORE_READ(sk, __sk_common.skc_state);
	if ((family != AF_INET && family != AF_INET6) || BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP ||
	    !is_connected(state) || !watched(BPF_CORE_READ(sk, __sk_common.skc_dport)))
		return 0;
	c = &s->connect;
	__builtin_memset(c, 0, sizeof(*c));
	c->time_ns = bpf_ktime_get_boot_ns();
	value.connection = (__u64)SLOT_OPEN << 60 | (__u64)bpf_get_smp_processor_id() << 44 | ++s->connections;
	value.talker = program_of(task);
	value.established_ns = state == TCP_SYN_SENT ? 0 : c->time_ns;
	value.began_before = 1;
	if (!bpf_map_update_elem(&sockets, &key, &value, BPF_NOEXIST)) {
		__sync_fetch_and_add(&counts.followed, 1);
		__sync_fetch_and_add(&counts.resumable, 1);
	}
	followed = bpf_map_lookup_elem(&sockets, &key);
	/* Its end may have come before it was followed. */
	if (followed && BPF_CORE_READ(sk, __sk_common.skc_state) == TCP_CLOSE) {
		unfollow(key, 0, followed->began_before);
		return 0;
	}
	/* It began while the probe was attached, or there was no room. */
	if (!followed || followed->began_before != 1)
		return 0;
	c->kind = PROBE_CONNECT;
	c->flags = PROBE_DESCRIBED | PROBE_BEGAN_BEFORE;
	if (state != TCP_SYN_SENT)
		c->flags |= PROBE_BY_CONTENT;
	c->connection = followed->connection;
	c->tid = BPF_CORE_READ(task, pid);
	BPF_CORE_READ_INTO(&c->comm, task, comm);
	read_ends(c, sk);
	if (!bpf_seq_write(seq, c, describe_holder(s, task, sk)))
		followed->began_before = 2;
	return 0;
}
