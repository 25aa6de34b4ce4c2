// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The hooks, and nothing else. User space loads one of the three connect hooks. */
#include "kernel.h"
#include "probe_events.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <stddef.h>

char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* It is all that may be in .rodata. */
const volatile struct probe_config config = {};

#include "fingerprint.bpf.h"
#include "maps.bpf.h"
#include "identity.bpf.h"
#include "php.bpf.h"
#include "connection.bpf.h"
#include "execution.bpf.h"
#include "dialogue.bpf.h"
#include "open.bpf.h"

SEC("fentry/tcp_connect")
int BPF_PROG(connect_fentry, struct sock *sk)
{
	return watch_connect(sk, sk->sk_protocol, sk->__sk_common.skc_dport);
}

SEC("kprobe/tcp_connect")
int BPF_KPROBE(connect_kprobe, struct sock *sk)
{
	return watch_connect(sk, BPF_CORE_READ(sk, sk_protocol), BPF_CORE_READ(sk, __sk_common.skc_dport));
}

static __always_inline int watch_life(struct sock *sk, int new_state)
{
	if (new_state != TCP_ESTABLISHED && new_state != TCP_CLOSE)
		return 0;
	if (!watched(sk->__sk_common.skc_dport) && !counts.by_content)
		return 0;
	return record_life(sk, new_state == TCP_CLOSE);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(life, struct sock *sk, int old_state, int new_state)
{
	return watch_life(sk, new_state);
}

/*
 * The connect, a little earlier (the socket enters SYN_SENT, still without a
 * source port), and the life: a tracepoint with one program costs all other
 * connects of the host less than half of what it costs with two.
 */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(connect_state, struct sock *sk, int old_state, int new_state)
{
	if (new_state == TCP_SYN_SENT)
		return watch_connect(sk, sk->sk_protocol, sk->__sk_common.skc_dport);
	return watch_life(sk, new_state);
}

/*
 * A program does not run twice at a time on one CPU: an end is skipped when it
 * comes by softirq while the hook above records a connect, and from 7.0 on also
 * while a task is preempted in the life hook. It is made up for here, at the
 * latest. The socket may have been disconnected: it has no port to ask for.
 */
SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(destroy, struct sock *sk)
{
	return counts.followed ? record_life(sk, 1) : 0;
}

SEC("cgroup_skb/egress")
int egress(struct __sk_buff *skb)
{
	watch_client(skb);
	return 1;
}

SEC("cgroup_skb/ingress")
int ingress(struct __sk_buff *skb)
{
	watch_server(skb);
	return 1;
}

/* SSL_write() and SSL_write_ex() of OpenSSL, gnutls_record_send() of GnuTLS. */
SEC("uprobe")
int BPF_KPROBE(clear_text, __u64 session, const char *data, __u32 size)
{
	return keep_clear_text(session, data, size);
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(fork, struct task_struct *parent, struct task_struct *child)
{
	/* A thread has what its process has. */
	if (parent->tgid == child->tgid)
		return 0;
	inherit_execution(child);
	return php_known ? inherit_origin(parent, child) : 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(exec, struct task_struct *task)
{
	__u64 name[PROBE_COMM / 8];

	keep_execution(task);
	bpf_get_current_comm(name, sizeof(name));
	if (takes_mail(name[0]))
		return record_handover();
	if (may_be_php(name[0]) || is_large(task))
		return record_program();
	return 0;
}

/* The files of all processes, once at the start. */
SEC("iter/task_file")
int open_connections(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;

	return task && file ? record_open(ctx->meta->seq, task, file) : 0;
}
