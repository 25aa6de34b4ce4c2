/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Programs that are started: those that take mail out of PHP, and PHP itself. */
#pragma once

/* The first eight bytes of a program's name, as many as that are. */
#define begins(comm, text) ((*(__u64 *)(comm) & name_mask(sizeof(text) - 1)) == name_of(text, sizeof(text) - 1).low)
/* The whole name, of up to eight bytes. */
#define is(comm, text) (*(__u64 *)(comm) == name_of(text, sizeof(text) - 1).low && !(comm)[8])

static __always_inline __u64 name_mask(int length)
{
	return length >= 8 ? ~0ull : (1ull << 8 * length) - 1;
}

/*
 * Programs with the command line of sendmail, or that one puts mail into a queue
 * with: sendmail and sendmail.postfix, exim and exim4, qmail-inject, nullmailer-inject.
 */
static __always_inline bool takes_mail(const char *comm)
{
	return begins(comm, "sendmail") || is(comm, "postdrop") || is(comm, "exim") || is(comm, "exim4") ||
	       is(comm, "msmtp") || is(comm, "dma") || is(comm, "ssmtp") || is(comm, "esmtp") ||
	       begins(comm, "qmail-in") || begins(comm, "nullmail");
}

static __always_inline bool may_be_php(const char *comm)
{
	return begins(comm, "php") || begins(comm, "lsphp") || is(comm, "apache2") || is(comm, "httpd") ||
	       begins(comm, "frankenp");
}

/* A child of PHP now is a program that takes mail: told once on the way from sendmail to postdrop. */
static __always_inline int record_handover(void)
{
	struct scratch *s = scratch(SLOT_EXEC);
	struct probe_losses *lost = count_losses();
	struct origin *origin = current_origin();
	struct probe_connect *c;

	if (!s || !lost || !origin || origin->handed)
		return 0;
	origin->handed = 1;
	c = &s->connect;
	__builtin_memset(c, 0, sizeof(*c));
	c->kind = PROBE_HANDOVER;
	c->family = AF_INET;
	if (tell_connect(s, record_caller(s, SLOT_EXEC, BPF_CORE_READ(current_task(), nsproxy, net_ns, ns.inum))))
		lost->connects++;
	return 0;
}

/* Has user space look at a program that may be PHP. */
static __always_inline int record_program(void)
{
	struct inode *exe = current_exe();
	struct probe_program program = { .kind = PROBE_PROGRAM };
	struct probe_file file;

	if (!exe || find_binary(exe))
		return 0;
	name_file(exe, &file);
	if (bpf_map_lookup_elem(&php_refused, &file))
		return 0;
	program.tgid = bpf_get_current_pid_tgid() >> 32;
	program.inode = file.inode;
	program.device = file.device;
	/* A loss is made up for at the next start. */
	bpf_ringbuf_output(&events, &program, sizeof(program), 0);
	return 0;
}
