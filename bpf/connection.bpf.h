/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The connection: its beginning, in the caller's context, and its life, in any. */
#pragma once

static __always_inline void read_source(__u8 source[16], struct sock *sk, __u16 family)
{
	if (family == AF_INET) {
		*(__u64 *)source = 0;
		*(__u64 *)(source + 8) = 0;
		*(__u32 *)source = BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr);
	} else {
		bpf_core_read(source, 16, &sk->__sk_common.skc_v6_rcv_saddr);
	}
}

static __always_inline __u16 read_source_port(struct sock *sk)
{
	return bpf_ntohs(BPF_CORE_READ((struct inet_sock *)sk, inet_sport));
}

/*
 * The sock's address as a key. A copy of its own: a verifier before 6.2 forgets
 * the type of a pointer that lies on the stack once a helper has read it there.
 */
static __always_inline __u64 socket_key(struct sock *sk)
{
	__u64 key = (__u64)sk;

	asm volatile("" : "+r"(key));
	return key;
}

/* The program that a thread group runs, as a number: another one after each exec. */
static __always_inline __u64 program_of(struct task_struct *task)
{
	return (__u64)BPF_CORE_READ(task, tgid) << 32 | (__u32)BPF_CORE_READ(task, self_exec_id);
}

/* Follows the socket from here on. Returns the connection's name. */
static __always_inline __u64 follow(struct scratch *s, __u32 slot, __u64 key, bool *followed)
{
	__u64 cpu = bpf_get_smp_processor_id();
	struct followed value = { .connection = (__u64)slot << 60 | cpu << 44 | ++s->connections };

	value.talker = program_of(current_task());
	if (slot == SLOT_SEGMENT) {
		value.by_content = 1;
		/* Not yet where it was said in the SYN. */
		if (s->connect.flags & PROBE_BY_CONTENT)
			value.established_ns = s->connect.time_ns;
	}
	*followed = !bpf_map_update_elem(&sockets, &key, &value, BPF_ANY);
	if (*followed) {
		__sync_fetch_and_add(&counts.followed, 1);
		if (slot == SLOT_SEGMENT)
			__sync_fetch_and_add(&counts.by_content, 1);
	}
	return value.connection;
}

static __always_inline void unfollow(__u64 key, bool by_content, bool began_before)
{
	if (bpf_map_delete_elem(&sockets, &key))
		return;
	__sync_fetch_and_add(&counts.followed, -1);
	if (by_content)
		__sync_fetch_and_add(&counts.by_content, -1);
	if (began_before)
		__sync_fetch_and_add(&counts.resumable, -1);
}

/* Leaves what is known of the current task's exec in the scratch. */
static __always_inline void load_execution(struct scratch *s, __u32 slot)
{
	struct execution *execution;

	s->execution.flags = 0;
	if (!config.origins || (slot == SLOT_SEGMENT && !config.segment_origins))
		return;
	execution = bpf_task_storage_get(&executions, bpf_get_current_task_btf()->group_leader, 0, 0);
	if (execution && execution->self_exec_id == BPF_CORE_READ(current_task(), group_leader, self_exec_id))
		bpf_probe_read_kernel(&s->execution, sizeof(s->execution), execution);
}

/*
 * Fills in who connects. Returns the size of the record: with the description,
 * if user space does not have it.
 */
static __always_inline __u64 record_caller(struct scratch *s, __u32 slot, __u32 network_namespace)
{
	struct probe_connect *c = &s->connect;
	struct origin *origin;
	__u64 size = sizeof(*c);

	c->flags = 0;
	c->time_ns = bpf_ktime_get_boot_ns();
	c->tid = BPF_CORE_READ(current_task(), pid);
	BPF_CORE_READ_INTO(&c->comm, current_task(), comm);
	c->identity = identity_fingerprint(slot, network_namespace);
	if (!bpf_map_lookup_elem(&identities, &c->identity)) {
		load_execution(s, slot);
		describe_identity(slot);
		c->flags = PROBE_DESCRIBED;
		size += sizeof(struct probe_identity) + s->used;
	}
	origin = current_origin(slot);
	c->origin = origin ? tell_context(&origin->context) : 0;
	asm volatile("%0 &= 8191" : "+r"(size));
	return size;
}
_Static_assert(sizeof(struct probe_connect) + sizeof(struct probe_identity) + PROBE_STRINGS <= 8191,
	       "a record is longer than its size can say");

static __always_inline __u32 socket_uid(struct sock *sk)
{
	return BPF_CORE_READ(sk, sk_uid.val);
}

/* Hands the record over. Returns 0 when it is done. */
static __always_inline int tell_connect(struct scratch *s, __u64 size)
{
	__u8 known = 1;

	if (bpf_ringbuf_output(&events, &s->connect, size, 0))
		return -1;
	if (s->connect.flags & PROBE_DESCRIBED)
		bpf_map_update_elem(&identities, &s->connect.identity, &known, BPF_ANY);
	return 0;
}

/* Where the socket comes from and goes to. */
static __always_inline void read_ends(struct probe_connect *c, struct sock *sk)
{
	c->family = BPF_CORE_READ(sk, __sk_common.skc_family);
	c->socket_uid = BPF_CORE_READ(sk, sk_uid.val);
	c->destination_port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	c->source_port = read_source_port(sk);
	read_source(c->source, sk, c->family);
	if (c->family == AF_INET) {
		*(__u64 *)c->destination = 0;
		*(__u64 *)(c->destination + 8) = 0;
		*(__u32 *)c->destination = BPF_CORE_READ(sk, __sk_common.skc_daddr);
	} else {
		bpf_core_read(c->destination, 16, &sk->__sk_common.skc_v6_daddr);
	}
}

/*
 * Returns the connection's name, 0 where nothing was told. With `talks_on` it is
 * told who sends on that connection, which another process has made.
 */
static __always_inline __u64 record_connect(struct sock *sk, __u32 slot, __u64 talks_on)
{
	struct scratch *s = scratch(slot);
	struct probe_losses *lost = count_losses();
	struct probe_connect *c;
	__u64 key = socket_key(sk);
	__u64 size;
	bool followed;

	if (!s || !lost)
		return 0;
	c = &s->connect;
	c->kind = talks_on ? PROBE_TALKER : PROBE_CONNECT;
	read_ends(c, sk);
	size = record_caller(s, slot, BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum));
	c->php = own_context(s, slot);
	if (talks_on) {
		c->connection = talks_on;
		if (tell_connect(s, size))
			lost->connects++;
		return talks_on;
	}
	if (slot == SLOT_SEGMENT && BPF_CORE_READ(sk, __sk_common.skc_state) != TCP_SYN_SENT)
		c->flags |= PROBE_BY_CONTENT;
	c->connection = follow(s, slot, key, &followed);
	if (!followed) {
		c->flags |= PROBE_UNFOLLOWED;
		lost->unfollowed++;
		count_loser(socket_uid(sk));
	}
	if (tell_connect(s, size)) {
		lost->connects++;
		count_loser(socket_uid(sk));
		unfollow(key, slot == SLOT_SEGMENT, 0);
		return 0;
	}
	return c->connection;
}

/* Whether the socket joins an MPTCP connection that is there already (RFC 8684 section 3.2): no connect of its own. */
static __always_inline bool joins(struct sock *sk)
{
	struct tcp_sock *tp = (struct tcp_sock *)sk;
	struct mptcp_subflow_context *subflow;

	if (!bpf_core_field_exists(tp->is_mptcp) || !BPF_CORE_READ(tp, is_mptcp))
		return 0;
	subflow = BPF_CORE_READ((struct inet_connection_sock *)sk, icsk_ulp_data);
	return subflow && BPF_CORE_READ_BITFIELD_PROBED(subflow, request_join);
}

static __always_inline int watch_connect(struct sock *sk, __u16 protocol, __be16 dport)
{
	/* An MPTCP socket changes state like the TCP sockets that do its work. */
	if (protocol != IPPROTO_TCP || !watched(dport) || joins(sk))
		return 0;
	record_connect(sk, SLOT_CONNECT, 0);
	return 0;
}

static __always_inline int record_life(struct sock *sk, bool closed)
{
	struct tcp_sock *tp = (struct tcp_sock *)sk;
	struct probe_losses *lost = count_losses();
	__u64 key = socket_key(sk);
	struct followed *followed = bpf_map_lookup_elem(&sockets, &key);
	struct probe_life life = {};

	if (!lost || !followed)
		return 0;
	life.kind = closed ? PROBE_CLOSED : PROBE_ESTABLISHED;
	life.family = sk->__sk_common.skc_family;
	life.time_ns = bpf_ktime_get_boot_ns();
	life.connection = followed->connection;
	/* An acknowledged SYN: it has been established, though that was skipped. */
	if (!closed || (!followed->established_ns && BPF_CORE_READ(tp, bytes_acked)))
		followed->established_ns = life.time_ns;
	life.established_ns = followed->established_ns;
	life.source_port = read_source_port(sk);
	/* 5.12 lets tracing programs ask for cookies, but not kprobes; bpf_check_mtu came with it. */
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_check_mtu))
		life.cookie = bpf_get_socket_cookie(sk);
	read_source(life.source, sk, life.family);
	if (closed) {
		life.bytes_accounted = followed->accounted;
		unfollow(key, followed->by_content, followed->began_before);
		life.error = sk->sk_err;
		life.bytes_sent = BPF_CORE_READ(tp, bytes_sent) - BPF_CORE_READ(tp, bytes_retrans);
		life.bytes_received = BPF_CORE_READ(tp, bytes_received);
		/* tcp_fin() has counted the FIN as a byte. */
		if (sk->__sk_common.skc_flags & 1 << SOCK_DONE && life.bytes_received)
			life.bytes_received--;
	}
	if (bpf_ringbuf_output(&events, &life, sizeof(life), 0)) {
		if (closed)
			lost->closed++;
		else
			lost->established++;
		count_loser(socket_uid(sk));
	}
	return 0;
}
