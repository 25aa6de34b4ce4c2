/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Programs that are started: those that take mail out of PHP, and PHP itself. */
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

/* Has user space look at a program that may be PHP. */
static __always_inline int record_program(void)
{
	struct inode *exe = current_exe();
	struct probe_program program;
	struct probe_file file;

	if (!exe || find_binary(exe))
		return 0;
	name_file(exe, &file);
	if (bpf_map_lookup_elem(&php_refused, &file))
		return 0;
	__builtin_memset(&program, 0, sizeof(program));
	program.kind = PROBE_PROGRAM;
	program.tgid = current_tgid();
	program.inode = file.inode;
	program.device = file.device;
	program.uid = current_uid();
	/* A loss is made up for at the next start. */
	bpf_ringbuf_output(&events, &program, sizeof(program), 0);
	return 0;
}
