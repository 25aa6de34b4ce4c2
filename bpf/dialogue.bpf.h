/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What client and server say (RFC 5321), taken from the segments of their
 * connection. Lines are put together here and only those that are commands and
 * replies are told: neither messages nor credentials leave the kernel.
 *
 * Each loop stands in a global function of its own, which looks the dialogue up.
 */
#pragma once

enum mode {
	MODE_COMMANDS,
	MODE_MESSAGE,	/* up to CRLF . CRLF */
	MODE_CHUNK,	/* of BDAT (RFC 3030) */
	MODE_HELLO,	/* ClientHello */
	MODE_SOCKS,	/* SOCKS until its request (RFC 1928) */
	MODE_OPAQUE,	/* TLS, or no mail */
};

enum source {
	SOURCE_PACKET,
	SOURCE_TLS,	/* clear_texts */
	SOURCE_KEPT,	/* client_text, behind what is written to it */
};

enum {
	BLOCK = 64,		/* bytes that are looked at in one go */
	ROUNDS = 256,		/* blocks or lines of one segment */
	MESSAGE_TAIL = 128,	/* bytes of a segment that may hold the end of a message */
	STRANGE_BYTES = 1024,	/* without a command or a greeting: it is no mail */
	FIRST_SEGMENTS = 256,	/* with data, that are looked at on a port that is not watched, */
	FIRST_BYTES = 256,	/* while no more than these have been acknowledged */
	FIRST_REPLIES = 1 << 14,	/* and no more than these have come */
	FIRST_LINES = 8,	/* of which one has to begin mail, once one of them may be of it */
	TALKERS = 8,		/* that are told of one connection */
	LINE_WHOLE = 1 << 16,
	LINE_LIMIT = 512,	/* of a command with its line end (RFC 5321 section 4.5.3.1.4) */
};

/* Commands that are not told, beside enum probe_line_what. */
enum {
	COMMAND_RSET = 254,
	COMMAND_OTHER = 255,	/* NOOP, HELP, VRFY, EXPN */
};

/* A line that every server reads as we do. */
enum text_kind {
	TEXT_UNSURE,
	TEXT_PLAIN,
	TEXT_CREDENTIAL,	/* may be an answer to AUTH */
};

/* Where the payload of a segment is in its packet. */
struct segment {
	__u32 sequence;
	__u32 offset;
	__u32 size;
};

/* The packet's socket, as tracing programs know it. */
static __always_inline struct sock *kernel_sock(struct __sk_buff *skb)
{
	return BPF_CORE_READ((struct sk_buff *)skb, sk);
}

static __always_inline struct dialogue *dialogue_of(struct __sk_buff *skb, __u64 flags)
{
	struct bpf_sock *sk = skb->sk;

	return sk ? bpf_sk_storage_get(&dialogues, sk, 0, flags) : 0;
}

/* Behind the extension headers of IPv6 (RFC 8200 section 4). Returns 0 where no TCP header follows. */
__noinline int transport_offset(struct __sk_buff *skb, __u32 next)
{
	__u32 offset = 40;
	__u8 head[2];

	for (int i = 0; i < 8; i++) {
		if (next == IPPROTO_TCP)
			return offset;
		if (next != IPPROTO_HOPOPTS && next != IPPROTO_ROUTING && next != IPPROTO_DSTOPTS)
			return 0;
		if (bpf_skb_load_bytes(skb, offset, head, sizeof(head)))
			return 0;
		next = head[0];
		offset += (head[1] + 1) * 8;
	}
	return 0;
}

/* Finds the payload. Returns 0 where there is none. */
static __always_inline bool find_payload(struct __sk_buff *skb, struct segment *segment)
{
	__u8 ip, next, tcp[14];
	__u32 at;

	if (bpf_skb_load_bytes(skb, 0, &ip, 1))
		return 0;
	if (ip >> 4 == 4) {
		at = (ip & 15) * 4;
	} else {
		if (bpf_skb_load_bytes(skb, 6, &next, 1))
			return 0;
		at = transport_offset(skb, next);
	}
	if (!at || bpf_skb_load_bytes(skb, at, tcp, sizeof(tcp)))
		return 0;
	segment->sequence = (__u32)tcp[4] << 24 | (__u32)tcp[5] << 16 | (__u32)tcp[6] << 8 | tcp[7];
	/* A SYN counts; with TCP Fast Open (RFC 7413) data follows it. */
	if (tcp[13] & 2)
		segment->sequence++;
	segment->offset = at + (tcp[12] >> 4) * 4;
	if (segment->offset >= skb->len)
		return 0;
	segment->size = skb->len - segment->offset;
	return 1;
}

/* The current thread, as the key of clear_texts. */
static __always_inline __u64 current_thread(void)
{
	struct task_struct *task = current_task();

	return (__u64)BPF_CORE_READ(task, tgid) << 32 | (__u32)BPF_CORE_READ(task, pid);
}

/* Loads up to BLOCK bytes of the packet. Returns how many, 0 where that fails. */
static __always_inline __u32 load_block(struct __sk_buff *skb, __u32 offset, __u32 left, char bytes[BLOCK])
{
	if (left >= BLOCK)
		return bpf_skb_load_bytes(skb, offset, bytes, BLOCK) ? 0 : BLOCK;
	if (!left)
		return 0;
	left = ((left - 1) & (BLOCK - 1)) + 1;
	asm volatile("" : "+r"(left));
	if (left > BLOCK || left < 1 || bpf_skb_load_bytes(skb, offset, bytes, left))
		return 0;
	return left;
}

/* The same from memory. Reads beyond `left`, into the rest of a map's value. */
static __always_inline __u32 load_block_from(const char *text, __u32 offset, __u32 left, char bytes[BLOCK])
{
	if (offset > PROBE_LINE_TEXT || bpf_probe_read_kernel(bytes, BLOCK, text + offset))
		return 0;
	return left < BLOCK ? left : BLOCK;
}

static __always_inline __u32 load_client_block(struct __sk_buff *skb, struct dialogue *d, __u32 offset, __u32 left,
					       char bytes[BLOCK])
{
	if (d->source == SOURCE_KEPT)
		return load_block_from(d->client_text, offset, left, bytes);
	if (config.tls && d->source == SOURCE_TLS) {
		__u64 thread = current_thread();
		struct clear_text *text = bpf_map_lookup_elem(&clear_texts, &thread);

		return text ? load_block_from(text->bytes, offset, left, bytes) : 0;
	}
	return load_block(skb, offset, left, bytes);
}

/* Tells the client's line, with `size` bytes of its text. */
static __always_inline void tell_client_line(struct dialogue *d, __u8 what, __u64 size)
{
	struct probe_losses *lost;

	if (d->in_tls) {
		/* The envelope, and that it ends. */
		if (what == PROBE_AUTH || what == PROBE_STARTTLS)
			return;
		d->client_flags |= PROBE_LINE_TLS;
	}
	d->client.kind = PROBE_LINE;
	d->client.what = what;
	d->client.flags = d->client_flags;
	d->client.code = 0;
	d->client.time_ns = bpf_ktime_get_boot_ns();
	d->client.connection = d->connection;
	d->client.ordinal = d->commands;
	d->client.recipients = d->recipients;
	asm volatile("%0 &= 1023" : "+r"(size));
	d->client.size = size;
	d->client_flags = 0;
	if (!bpf_ringbuf_output(&events, &d->client, sizeof(d->client) + size, 0))
		return;
	lost = count_losses();
	if (lost) {
		lost->lines++;
		count_loser(d->uid);
	}
}

/* Four letters as a word. */
#define LETTERS(a, b, c, d) ((__u32)(a) | (__u32)(b) << 8 | (__u32)(c) << 16 | (__u32)(d) << 24)

/* Whether credentials may have it: base64, and the `*` that gives AUTH up (RFC 4954 section 4). */
static __always_inline bool is_of_credential(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/' ||
	       c == '=' || c == '*';
}

/*
 * Which command the line is. What can lead to a message is recognized as the most lenient server does it: anything
 * but a credential may follow the verb.
 */
static __always_inline __u8 command_of(struct dialogue *d)
{
	__u32 verb = *(__u32 *)d->client_text & 0xdfdfdfdf;
	char behind = d->client_text[4];
	bool ends = behind == '\r' || behind == '\n' || behind == ' ' || behind == '\t';

	switch (verb) {
	case LETTERS('M', 'A', 'I', 'L'): return is_of_credential(behind) ? 0 : PROBE_MAIL;
	case LETTERS('R', 'C', 'P', 'T'): return is_of_credential(behind) ? 0 : PROBE_RCPT;
	case LETTERS('D', 'A', 'T', 'A'): return is_of_credential(behind) ? 0 : PROBE_DATA;
	case LETTERS('B', 'D', 'A', 'T'): return is_of_credential(behind) ? 0 : PROBE_BDAT;
	case LETTERS('E', 'H', 'L', 'O'): return ends ? PROBE_EHLO : 0;
	case LETTERS('H', 'E', 'L', 'O'): return ends ? PROBE_HELO : 0;
	case LETTERS('L', 'H', 'L', 'O'): return ends ? PROBE_LHLO : 0;
	case LETTERS('A', 'U', 'T', 'H'): return ends ? PROBE_AUTH : 0;
	case LETTERS('Q', 'U', 'I', 'T'): return ends ? PROBE_QUIT : 0;
	case LETTERS('R', 'S', 'E', 'T'): return ends ? COMMAND_RSET : 0;
	case LETTERS('N', 'O', 'O', 'P'):
	case LETTERS('H', 'E', 'L', 'P'):
	case LETTERS('V', 'R', 'F', 'Y'):
	case LETTERS('E', 'X', 'P', 'N'): return ends ? COMMAND_OTHER : 0;
	case LETTERS('S', 'T', 'A', 'R'):
		behind = d->client_text[8];
		ends = behind == '\r' || behind == '\n' || behind == ' ' || behind == '\t';
		return ends && (*(__u32 *)(d->client_text + 4) & 0xdfdfdfdf) == LETTERS('T', 'T', 'L', 'S') ?
			       PROBE_STARTTLS : 0;
	}
	return 0;
}

/* Whether it leads to no message, whatever the server makes of it. */
static __always_inline bool is_harmless(__u8 what)
{
	return what && what != PROBE_MAIL && what != PROBE_RCPT && what != PROBE_DATA && what != PROBE_BDAT;
}

/*
 * Whether every server ends the line where we do: none takes a control character, a byte that is not ASCII or the
 * limit of a command's length for its end, and reads on with what only then is a command.
 */
__noinline int text_kind(struct __sk_buff *skb)
{
	struct dialogue *d = dialogue_of(skb, 0);
	int kind = TEXT_CREDENTIAL;

	if (!d)
		return TEXT_UNSURE;
	for (int i = 0; i < LINE_LIMIT - 1; i++) {
		char c = d->client_text[i];

		if (c == '\n' || (c == '\r' && d->client_text[i + 1] == '\n'))
			return kind;
		if ((c < ' ' && c != '\t') || c == 127)
			return TEXT_UNSURE;
		if (!is_of_credential(c))
			kind = TEXT_PLAIN;
	}
	return TEXT_UNSURE;
}

/* Accounts for bytes of the client: they were a harmless command. */
static __always_inline void account(struct __sk_buff *skb, struct dialogue *d, __u32 size)
{
	__u64 key = socket_key(kernel_sock(skb));
	struct followed *followed = bpf_map_lookup_elem(&sockets, &key);

	d->accounted += size;
	if (followed)
		followed->accounted = d->accounted;
}

/* A message comes, up to its end or until the server has refused it. */
static __always_inline void begin_message(struct dialogue *d, __u32 ordinal)
{
	d->message_command = ordinal;
	d->skipped = 0;
	d->dots = 1;
	d->mode = MODE_MESSAGE;
}

/* How long AUTH is with its mechanism alone (RFC 4422 section 3.1: 20 characters at most). */
__noinline int auth_size(struct __sk_buff *skb)
{
	struct dialogue *d = dialogue_of(skb, 0);

	if (!d)
		return 0;
	for (int i = 5; i < 25; i++) {
		char c = d->client_text[i];
		bool is_letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');

		if (!is_letter && !(c >= '0' && c <= '9') && c != '-' && c != '_')
			return i;
	}
	return 25;
}

/* The number behind BDAT. Where it is absurd, more than will ever come. */
__noinline __u32 chunk_size(struct __sk_buff *skb)
{
	struct dialogue *d = dialogue_of(skb, 0);
	__u32 size = 0;

	if (!d)
		return 0;
	for (int i = 4; i < 36; i++) {
		char c = d->client_text[i];

		if (c >= '0' && c <= '9') {
			if (size > ~0u / 10 - 1)
				return ~0u;
			size = size * 10 + (c - '0');
		} else if (size || (c != ' ' && c != '\t')) {
			break;
		}
	}
	return size;
}

/* Whether these two bytes are a mail port. */
static __always_inline bool is_mail_port(__u8 high, __u8 low)
{
	__u16 port = high << 8 | low;

	return port == 25 || port == 465 || port == 587;
}

enum request_part {
	REQUEST_METHOD,
	REQUEST_TARGET,		/* the blanks before it */
	REQUEST_HOST,		/* also the scheme */
	REQUEST_PORT,
	REQUEST_REST,		/* what stands behind the number and is no part of it */
};

enum request_answer { REQUEST_GOES_ON, REQUEST_OTHER, REQUEST_MAIL };

static __always_inline bool is_mail_number(__u32 number)
{
	/* As proxies do that keep 16 bits of it. */
	return is_mail_port(number >> 8, number);
}

/*
 * Takes a byte of what may be `CONNECT host:port` or `GET scheme://host:port/`
 * (RFC 9112 section 3.2). The port counts in every spelling that a proxy may
 * accept: with zeros, blanks, a sign or rubbish around it, octal, hexadecimal,
 * beyond 16 bits. What is kept lies in the map: the verifier has one case a byte.
 */
__noinline int request_byte(struct __sk_buff *skb, __u32 byte)
{
	struct dialogue *d = dialogue_of(skb, 0);
	bool is_blank = byte == ' ' || byte == '\t', ends = byte == '\n' || byte == '\r' || !byte;
	bool is_digit = byte >= '0' && byte <= '9';
	struct request *r;
	__u32 letter = byte | 0x20;

	if (!d)
		return REQUEST_OTHER;
	r = &d->request;
	if (r->part == REQUEST_METHOD) {
		if (is_blank)
			r->part = REQUEST_TARGET;
		return ends ? REQUEST_OTHER : REQUEST_GOES_ON;
	}
	if (r->part == REQUEST_TARGET) {
		if (is_blank)
			return REQUEST_GOES_ON;
		/* A path: it goes to no proxy. */
		if (byte == '/' || byte == '*')
			return REQUEST_OTHER;
		r->part = REQUEST_HOST;
	}
	if (byte == ':') {
		r->part = REQUEST_PORT;
		r->decimal = r->octal = r->hexadecimal = 0;
		r->digits = r->is_hexadecimal = 0;
		return REQUEST_GOES_ON;
	}
	if (r->part == REQUEST_HOST) {
		if (byte != '/')
			return ends ? REQUEST_OTHER : REQUEST_GOES_ON;
		if (!r->slashes)
			return REQUEST_OTHER;
		r->slashes = 0;
		return REQUEST_GOES_ON;
	}
	if (!r->digits) {
		if (byte == '/') {
			r->part = REQUEST_HOST;
			r->slashes = 1;
			return REQUEST_GOES_ON;
		}
		if (is_blank || byte == '+')
			return REQUEST_GOES_ON;
		if (!is_digit) {
			r->part = REQUEST_HOST;
			return ends ? REQUEST_OTHER : REQUEST_GOES_ON;
		}
	}
	if (r->part == REQUEST_PORT) {
		bool is_letter = letter >= 'a' && letter <= 'f';

		if (is_digit || (is_letter && r->is_hexadecimal)) {
			__u32 digit = is_digit ? byte - '0' : letter - 'a' + 10;

			r->decimal = r->decimal * 10 + digit;
			r->octal = r->octal * 8 + digit;
			r->hexadecimal = r->hexadecimal * 16 + digit;
			r->digits = 1;
			return REQUEST_GOES_ON;
		}
		if (letter == 'x' && !r->decimal && !r->is_hexadecimal) {
			r->is_hexadecimal = 1;
			return REQUEST_GOES_ON;
		}
	}
	if (byte == '@' || byte == ']') {
		/* It was no port, but a password or a part of an address. */
		r->part = REQUEST_HOST;
		return REQUEST_GOES_ON;
	}
	if (!is_blank && !ends && byte != '/' && byte != '?' && byte != '#') {
		r->part = REQUEST_REST;
		return REQUEST_GOES_ON;
	}
	return is_mail_number(r->decimal) || is_mail_number(r->octal) || is_mail_number(r->hexadecimal)
		       ? REQUEST_MAIL
		       : REQUEST_OTHER;
}

/* Whether the client's line asks a proxy for a mail port. */
__noinline int asks_for_mail(struct __sk_buff *skb)
{
	struct dialogue *d = dialogue_of(skb, 0);

	if (!d)
		return 0;
	__builtin_memset(&d->request, 0, sizeof(d->request));
	for (int i = 0; i < 512; i++) {
		int answer = request_byte(skb, (__u8)d->client_text[i]);

		if (answer != REQUEST_GOES_ON)
			return answer == REQUEST_MAIL;
	}
	return 0;
}

/* The size of the client's line without its end, which is cut off where the line was longer. */
static __always_inline __u64 without_end(struct dialogue *d, __u64 size)
{
	if (d->client_flags & PROBE_LINE_CUT)
		return size;
	return size - (d->client_text[(size - 2) & PROBE_LINE_TEXT] == '\r' ? 2 : 1);
}

/*
 * What a line on a port that is not watched begins, 0 for nothing: servers pass
 * over the lines that they do not know.
 */
static __always_inline __u8 first_line(struct __sk_buff *skb, struct dialogue *d, __u8 what)
{
	if (what == PROBE_EHLO || what == PROBE_HELO || what == PROBE_LHLO || what == PROBE_MAIL)
		return what;
	if (asks_for_mail(skb))
		return PROBE_PROXY;
	d->client_used = 0;
	d->padded = 0;
	d->client_flags &= ~PROBE_LINE_CUT;
	if (++d->first_lines >= FIRST_LINES)
		d->mode = MODE_OPAQUE;
	return 0;
}

/* Takes the whole line of the client. It may have to wait until the connection has a name. */
__noinline int end_line(struct __sk_buff *skb)
{
	struct dialogue *d = dialogue_of(skb, 0);
	int text = TEXT_UNSURE;
	bool is_answer;
	__u64 size;
	__u8 what;

	if (!d)
		return 0;
	what = command_of(d);
	if (d->by_content && !d->is_mail && !d->proxied) {
		what = first_line(skb, d, what);
		if (!what)
			return 0;
		d->held = !d->connection;
		if (d->held)
			return 0;
	}
	size = d->client_used;
	if (!d->padded && !(d->client_flags & PROBE_LINE_CUT))
		text = text_kind(skb);
	d->client_used = 0;
	d->padded = 0;
	is_answer = d->challenges != d->answers;
	d->answers = d->challenges;
	if (is_answer && text == TEXT_CREDENTIAL) {
		account(skb, d, size);
		return 0;
	}
	if (what == PROBE_PROXY) {
		d->proxied = 1;
		d->greeted = 0;
		tell_client_line(d, what, without_end(d, size));
		return 0;
	}
	/* A server replies to every line. Of what is said to a proxy, only commands are for it. */
	if (!is_answer && (what || !d->proxied))
		d->commands++;
	if (text && is_harmless(what) && !d->in_tls)
		account(skb, d, size);
	switch (what) {
	case 0:
		d->strange += size;
		if (!d->is_mail && !d->greeted && d->strange > STRANGE_BYTES)
			d->mode = MODE_OPAQUE;
		d->client_flags &= ~PROBE_LINE_CUT;
		return 0;
	case COMMAND_RSET:
		d->has_sender = 0;
		d->has_recipient = 0;
		d->client_flags &= ~PROBE_LINE_CUT;
		return 0;
	case COMMAND_OTHER:
		d->client_flags &= ~PROBE_LINE_CUT;
		return 0;
	case PROBE_EHLO:
	case PROBE_HELO:
	case PROBE_LHLO:
		d->has_sender = 0;
		d->has_recipient = 0;
		break;
	case PROBE_MAIL:
		d->has_sender = 1;
		d->has_recipient = 0;
		break;
	case PROBE_RCPT:
		d->is_mail = 1;
		d->recipients++;
		if (d->has_recipient) {
			d->client_flags &= ~PROBE_LINE_CUT;
			return 0;
		}
		d->has_recipient = 1;
		break;
	case PROBE_DATA:
		/* Without an envelope the server will refuse it; what follows may be commands. If not, it says 354. */
		if (d->in_tls || (d->has_sender && d->has_recipient))
			begin_message(d, d->commands);
		break;
	case PROBE_BDAT:
		d->chunk_left = d->in_tls || d->has_sender ? chunk_size(skb) : 0;
		d->chunk_command = d->commands;
		d->skipped = 0;
		if (d->chunk_left)
			d->mode = MODE_CHUNK;
		break;
	case PROBE_STARTTLS:
		d->tls_command = d->commands;
		break;
	}
	d->is_mail = 1;
	size = without_end(d, size);
	/* The mechanism alone; credentials may follow. */
	if (what == PROBE_AUTH)
		size = auth_size(skb);
	tell_client_line(d, what, size);
	return 0;
}

/* Follows the end of a message: CR LF . CR LF, also without CR. Returns how much of it has been seen. */
static __always_inline __u8 next_dot(__u8 dots, char c)
{
	if (c == '\n')
		return dots == 2 || dots == 3 ? 4 : 1;
	if (c == '.' && dots == 1)
		return 2;
	return c == '\r' && dots == 2 ? 3 : 0;
}

/* Takes up to BLOCK bytes of a message, and no more than up to its end. Returns how many. */
__noinline __u32 message_block(struct __sk_buff *skb, __u32 offset, __u32 left)
{
	struct dialogue *d = dialogue_of(skb, 0);
	char bytes[BLOCK] = {};
	__u32 count;

	if (!d)
		return 0;
	d->client_count = load_client_block(skb, d, offset, left, bytes);
	count = *(volatile __u32 *)&d->client_count;
	for (__u32 i = 0; i < BLOCK; i++) {
		if (i >= count)
			break;
		d->dots = next_dot(d->dots, bytes[i]);
		if (d->dots == 4) {
			d->mode = MODE_COMMANDS;
			/* What follows begins a line, whatever was missing of the message. */
			d->client_skips = 0;
			d->client_used = 0;
			d->padded = 0;
			d->has_sender = 0;
			d->has_recipient = 0;
			return i + 1;
		}
	}
	return count;
}

/* TLS begins where the server has agreed to it, or with the first byte, before the server has said anything. */
static __always_inline bool may_begin_tls(struct dialogue *d)
{
	return !d->in_tls && (d->tls_agreed || (!d->greeted && !d->commands));
}

static __always_inline bool is_padding(char c)
{
	return (c <= ' ' && c != '\n') || c == 127;
}

/*
 * Takes up to BLOCK bytes of the client, and no more than up to the end of a
 * line. Returns how many, with LINE_WHOLE where a line is whole.
 */
__noinline __u32 client_block(struct __sk_buff *skb, __u32 offset, __u32 left)
{
	struct dialogue *d = dialogue_of(skb, 0);
	char bytes[BLOCK] = {};
	__u32 count;

	if (!d)
		return 0;
	d->client_count = load_client_block(skb, d, offset, left, bytes);
	count = *(volatile __u32 *)&d->client_count;
	if (bytes[0] == 0x16 && d->mode == MODE_COMMANDS && !d->client_used && !d->padded && !d->client_skips &&
	    may_begin_tls(d))
		d->mode = MODE_HELLO;
	for (__u32 i = 0; i < BLOCK; i++) {
		char c = bytes[i];
		__u32 used;

		if (i >= count)
			break;
		used = d->client_used;
		/* Some servers pass over blanks and the like before a command. */
		if (!used && is_padding(c) && d->mode == MODE_COMMANDS) {
			d->padded = 1;
			continue;
		}
		if (used < PROBE_LINE_TEXT) {
			asm volatile("%0 &= 1023" : "+r"(used));
			d->client_text[used] = c;
			d->client_used = used + 1;
		} else {
			d->client_flags |= PROBE_LINE_CUT;
		}
		if (c == '\n' && d->mode == MODE_COMMANDS)
			return (i + 1) | LINE_WHOLE;
	}
	return count;
}

/* Tells the ClientHello once it is whole, or as much of it as is kept. */
static __always_inline void end_hello(struct dialogue *d)
{
	__u32 size = 5 + ((__u32)(__u8)d->client_text[3] << 8 | (__u8)d->client_text[4]);

	if (d->client_used < 5 || (d->client_used < size && d->client_used < PROBE_LINE_TEXT))
		return;
	d->mode = MODE_OPAQUE;
	tell_client_line(d, PROBE_CLIENT_HELLO, d->client_used);
	d->client_used = 0;
	d->in_tls = 1;
}

static __always_inline __u8 socks_byte(struct dialogue *d, __u32 at)
{
	asm volatile("%0 &= 1023" : "+r"(at));
	return d->client_text[at];
}

/* Where the text that begins at `at` has its NUL, in what has come so far; 0 where it has none. */
__noinline __u32 text_end(struct __sk_buff *skb, __u32 at)
{
	struct dialogue *d = dialogue_of(skb, 0);

	if (!d)
		return 0;
	for (__u32 i = 0; i < PROBE_LINE_TEXT; i++) {
		if (at >= d->client_used)
			return 0;
		if (!socks_byte(d, at))
			return at;
		at++;
	}
	return 0;
}

enum { SOCKS_GOES_ON = 0, SOCKS_OTHER = 1 << 16 };

/* SOCKS 4, and 4A where the address is 0.0.0.x: a name follows then. Returns as socks_request(). */
__noinline __u32 socks4_request(struct __sk_buff *skb)
{
	struct dialogue *d = dialogue_of(skb, 0);
	__u32 end;

	if (!d || (d->client_used > 1 && d->client_text[1] != 1))
		return SOCKS_OTHER;
	if (d->client_used < 9)
		return SOCKS_GOES_ON;
	if (!is_mail_port(d->client_text[2], d->client_text[3]))
		return SOCKS_OTHER;
	end = text_end(skb, 8);
	if (end && !d->client_text[4] && !d->client_text[5] && !d->client_text[6] && d->client_text[7])
		end = text_end(skb, end + 1);
	return end ? end + 1 : SOCKS_GOES_ON;
}

/*
 * Looks for the request in the bytes that a client has said to a SOCKS proxy:
 * behind the greeting (RFC 1928) and perhaps a password (RFC 1929), or at once.
 * Returns the end of one for a mail port, with its beginning in request.decimal.
 */
__noinline __u32 socks_request(struct __sk_buff *skb)
{
	struct dialogue *d = dialogue_of(skb, 0);
	__u32 used, at, size;
	__u8 type;

	if (!d)
		return SOCKS_OTHER;
	d->request.decimal = 0;
	if (d->client_text[0] == 4)
		return socks4_request(skb);
	used = d->client_used;
	if (used < 2)
		return SOCKS_GOES_ON;
	at = 2 + socks_byte(d, 1);
	if (at + 2 > used)
		return SOCKS_GOES_ON;
	if (socks_byte(d, at) == 1) {
		at += 2 + socks_byte(d, at + 1);
		if (at >= used)
			return SOCKS_GOES_ON;
		at += 1 + socks_byte(d, at);
	}
	if (at + 5 > used)
		return SOCKS_GOES_ON;
	type = socks_byte(d, at + 3);
	size = type == 1 ? 10 : type == 4 ? 22 : type == 3 ? socks_byte(d, at + 4) + 7 : 0;
	if (!size || socks_byte(d, at) != 5 || socks_byte(d, at + 1) != 1)
		return SOCKS_OTHER;
	if (at + size > used)
		return SOCKS_GOES_ON;
	if (!is_mail_port(socks_byte(d, at + size - 2), socks_byte(d, at + size - 1)))
		return SOCKS_OTHER;
	d->request.decimal = at;
	return at + size;
}

/* Takes bytes that are said to a SOCKS proxy. The request is held until the connection has a name; the rest is not kept. */
__noinline int take_socks(struct __sk_buff *skb, __u32 offset, __u32 left)
{
	struct dialogue *d = dialogue_of(skb, 0);
	__u32 size = left > 512 ? 512 : left, at, end;

	if (!d || !left)
		return 0;
	at = d->client_used;
	d->mode = MODE_OPAQUE;
	if (d->client_skips || at > 511)
		return 0;
	asm volatile("%0 &= 511" : "+r"(at));
	size = ((size - 1) & 511) + 1;
	asm volatile("" : "+r"(size));
	if (size < 1 || size > 512 || bpf_skb_load_bytes(skb, offset, d->client_text + at, size))
		return 0;
	d->client_used = at + size;
	end = socks_request(skb);
	if (end == SOCKS_OTHER)
		return 0;
	if (end == SOCKS_GOES_ON) {
		if (size == left)
			d->mode = MODE_SOCKS;
		return 0;
	}
	/* What follows the request in this segment is said to the mail server. */
	d->held_left = end < at || end - at > left ? 0 : left - (end - at);
	at = d->request.decimal;
	size = end - at;
	asm volatile("%0 &= 511" : "+r"(at));
	size = ((size - 1) & 511) + 1;
	asm volatile("" : "+r"(size));
	if (size < 1 || size > 512 || bpf_probe_read_kernel(d->client_text, size, d->client_text + at))
		return 0;
	d->client_used = size;
	d->held = 1;
	d->proxied = 1;
	d->greeted = 0;
	d->mode = MODE_COMMANDS;
	return 0;
}

/* Takes the client's next bytes. Returns how many, 0 where there is no more to take. */
__noinline __u32 client_part(struct __sk_buff *skb, __u32 offset, __u32 left)
{
	struct dialogue *d = dialogue_of(skb, 0);
	__u32 count;

	if (!d || d->held)
		return 0;
	switch (d->mode) {
	case MODE_OPAQUE:
	case MODE_SOCKS:
		return 0;
	case MODE_CHUNK:
		d->skipped = 1;
		count = left < d->chunk_left ? left : d->chunk_left;
		d->chunk_left -= count;
		if (!d->chunk_left)
			d->mode = MODE_COMMANDS;
		return count;
	case MODE_MESSAGE:
		d->skipped = 1;
		/* It is not read, but for its end. */
		if (left <= MESSAGE_TAIL)
			return message_block(skb, offset, left);
		d->dots = 0;
		return left - MESSAGE_TAIL;
	}
	count = client_block(skb, offset, left);
	if (count & LINE_WHOLE) {
		count &= LINE_WHOLE - 1;
		if (d->client_skips) {
			d->client_skips = 0;
			d->client_used = 0;
			d->padded = 0;
		} else {
			end_line(skb);
		}
	}
	if (d->mode == MODE_HELLO)
		end_hello(d);
	/* What neither ends nor begins as a command does is no mail. */
	if (d->client_used >= PROBE_LINE_TEXT && !d->is_mail && !d->greeted && !command_of(d))
		d->mode = MODE_OPAQUE;
	return count;
}

/* Takes the client's bytes from `offset` on. */
__noinline int client_bytes(struct __sk_buff *skb, __u32 offset, __u32 left)
{
	struct dialogue *d = dialogue_of(skb, 0);

	if (!d)
		return 0;
	for (int i = 0; i < ROUNDS; i++) {
		__u32 count = client_part(skb, offset, left);

		if (!count || count > left) {
			d->held_left = left;
			return 0;
		}
		offset += count;
		left -= count;
	}
	if (left) {
		d->client_flags |= PROBE_LINE_GAP;
		d->client_skips = 1;
		/* For all that is known. */
		d->has_sender = 1;
	}
	return 0;
}

/*
 * How many bytes of a segment have been seen before: it is sent again. What is
 * missing before it is noted. A loss on the way to the server comes again later,
 * so that from the server's side lines may be missing.
 */
static __always_inline __u32 seen_before(struct segment *segment, __u32 *next, __u8 *began, __u8 *flags, __u8 *skips,
					 __u16 *used)
{
	__s32 ahead = *next - segment->sequence;

	if (*began && ahead > 0)
		return (__u32)ahead < segment->size ? ahead : segment->size;
	if (*began && ahead < 0) {
		*flags |= PROBE_LINE_GAP;
		*skips = 1;
		*used = 0;
	}
	*began = 1;
	return 0;
}

__noinline int client_segment(struct __sk_buff *skb)
{
	struct dialogue *d = dialogue_of(skb, 0);
	struct segment segment;
	__u32 skip;

	if (!d || !find_payload(skb, &segment))
		return 0;
	skip = seen_before(&segment, &d->client_next, &d->client_began, &d->client_flags, &d->client_skips,
			   &d->client_used);
	if (skip >= segment.size)
		return 0;
	d->client_next = segment.sequence + segment.size;
	if (d->client_skips)
		d->has_sender = 1;
	if (d->mode == MODE_SOCKS)
		return take_socks(skb, segment.offset + skip, segment.size - skip);
	return client_bytes(skb, segment.offset + skip, segment.size - skip);
}

/* Begins to follow a connection to a watched port, at its SYN. */
__noinline int begin_dialogue(struct __sk_buff *skb)
{
	struct probe_losses *lost = count_losses();
	__u64 key = socket_key(kernel_sock(skb));
	struct followed *followed = bpf_map_lookup_elem(&sockets, &key);
	struct dialogue *d;

	if (!followed || !lost)
		return 0;
	d = dialogue_of(skb, BPF_SK_STORAGE_GET_F_CREATE);
	if (!d) {
		lost->dialogues++;
		return 0;
	}
	/* The SYN is sent again; or the socket connects again. */
	if (d->connection != followed->connection) {
		__builtin_memset(d, 0, offsetof(struct dialogue, client));
		d->connection = followed->connection;
		d->uid = socket_uid(kernel_sock(skb));
		d->talker = followed->talker;
	}
	return 0;
}

/*
 * Goes on with the dialogue of a connection that was there before the probe:
 * what was said so far is not known. Returns 1 where it is one.
 */
__noinline int resume_dialogue(struct __sk_buff *skb)
{
	struct probe_losses *lost = count_losses();
	__u64 key = socket_key(kernel_sock(skb));
	struct followed *followed = bpf_map_lookup_elem(&sockets, &key);
	struct segment segment;
	struct dialogue *d;
	__u8 head[2];

	/* An acknowledgement does not say whether what follows is TLS. */
	if (!followed || !lost || !followed->began_before || !find_payload(skb, &segment) ||
	    bpf_skb_load_bytes(skb, segment.offset, head, sizeof(head)))
		return 0;
	d = dialogue_of(skb, BPF_SK_STORAGE_GET_F_CREATE);
	if (!d) {
		lost->dialogues++;
		return 0;
	}
	followed->began_before = 0;
	__sync_fetch_and_add(&counts.resumable, -1);
	d->connection = followed->connection;
	d->talker = followed->talker;
	d->greeted = 2;
	/* It may be in the midst of a message: no rubbish ends the dialogue. */
	d->is_mail = 1;
	d->client_flags = PROBE_LINE_GAP;
	if (head[0] >= 0x14 && head[0] <= 0x17 && head[1] == 3)
		d->mode = MODE_OPAQUE;
	return 1;
}

enum opening { OPENING_NONE, OPENING_LINES, OPENING_SOCKS, OPENING_TEXT };

static __always_inline bool is_letter(__u8 byte)
{
	return (__u8)((byte & 0xdf) - 'A') < 26;
}

/*
 * A word that mail begins with, or that clients say before: the first `length` of
 * its four letters. Of HTTP only CONNECT; other requests to proxies show by ://.
 */
static __always_inline bool may_open(__u32 word, __u32 length)
{
	__u32 given = length >= 4 ? ~0u : ~0u << (32 - 8 * length);

#define OPENS(a, b, c, d) (!((word ^ LETTERS(d, c, b, a)) & given))
	return OPENS('E', 'H', 'L', 'O') || OPENS('H', 'E', 'L', 'O') || OPENS('L', 'H', 'L', 'O') ||
	       OPENS('M', 'A', 'I', 'L') || OPENS('N', 'O', 'O', 'P') || OPENS('R', 'S', 'E', 'T') ||
	       OPENS('H', 'E', 'L', 'P') || OPENS('V', 'R', 'F', 'Y') || OPENS('E', 'X', 'P', 'N') ||
	       OPENS('C', 'O', 'N', 'N');
#undef OPENS
}

/*
 * What a block of the client's first bytes can be. `is_first`: it begins the
 * segment. A word counts wherever no letter is before it, behind a line's end,
 * blanks or telnet's bytes (RFC 854): whether a line begins so is seen later.
 */
__noinline int opening_block(struct __sk_buff *skb, __u32 offset, __u32 left, __u32 is_first)
{
	char bytes[BLOCK] = {};
	__u32 count = load_block(skb, offset, left > BLOCK ? BLOCK : left, bytes);
	/* The last eight bytes. */
	__u64 window = is_first ? 0 : ~0ull / 255 * 'a';
	__u32 others = 0;
	__u8 head = bytes[0];

	if (!count)
		return OPENING_NONE;
	if (is_first) {
		/* With a method at least; or a mail port. */
		if (head == 5)
			return count < 2 || bytes[1] ? OPENING_SOCKS : OPENING_NONE;
		if (head == 4)
			return count < 2 || (bytes[1] == 1 && (count < 4 || is_mail_port(bytes[2], bytes[3])))
				       ? OPENING_SOCKS
				       : OPENING_NONE;
		/* TLS and most other protocols that are no text. */
		if (head < '\t' || (head > '\r' && head < ' ') || (head > '~' && head != 255))
			return OPENING_NONE;
	}
	for (__u32 i = 0; i < BLOCK; i++) {
		if (i >= count)
			break;
		window = window << 8 | (__u8)bytes[i];
		others |= !is_letter(window);
		if ((__u16)window == (':' << 8 | '/'))
			return OPENING_LINES;
		/* A path, as HTTP has it without a proxy. */
		if ((__u16)window == (' ' << 8 | '/') && is_first)
			return OPENING_NONE;
		if (!is_letter(window >> 32) && may_open(window & 0xdfdfdfdf, 4))
			return OPENING_LINES;
	}
	/* The rest of the word may be in the next segment, also of a request's method. */
	if (count == left) {
		if (!others && is_first)
			return OPENING_LINES;
		for (int length = 1; length < 4; length++) {
			if (!is_letter(window >> 8 * length) &&
			    may_open((window & 0xdfdfdfdf) << (32 - 8 * length), length))
				return OPENING_LINES;
		}
	}
	return OPENING_TEXT;
}

/* What the segment's first bytes can be. */
static __always_inline int opening_of(struct __sk_buff *skb, struct segment *segment)
{
	__u32 offset = segment->offset, left = segment->size;

	for (int i = 0; i < 4; i++) {
		int opening = opening_block(skb, offset, left, !i);

		if (opening != OPENING_TEXT)
			return opening;
		/* A line that ends one block may begin in it, too. */
		if (left <= BLOCK)
			return OPENING_NONE;
		offset += BLOCK - 8;
		left -= BLOCK - 8;
	}
	return OPENING_NONE;
}

/* Looks at the first bytes of a connection to a port that is not watched. Returns 0 where they are not of mail. */
__noinline int look_at_first(struct __sk_buff *skb)
{
	struct probe_losses *lost = count_losses();
	struct segment segment;
	struct dialogue *d;
	int opening;

	if (!lost || !find_payload(skb, &segment))
		return 0;
	opening = opening_of(skb, &segment);
	if (opening == OPENING_NONE)
		return 0;
	d = dialogue_of(skb, BPF_SK_STORAGE_GET_F_CREATE);
	if (!d) {
		lost->dialogues++;
		return 0;
	}
	d->by_content = 1;
	d->uid = socket_uid(kernel_sock(skb));
	/* The greeting has gone by. */
	d->greeted = 2;
	if (opening == OPENING_SOCKS)
		d->mode = MODE_SOCKS;
	client_segment(skb);
	return 1;
}

/* Keeps what was said behind the line that is held, as far as there is room. */
__noinline int keep_held(struct __sk_buff *skb)
{
	struct dialogue *d = dialogue_of(skb, 0);
	struct segment segment;
	__u32 skip, at, size;
	__u16 unused;

	if (!d || !find_payload(skb, &segment))
		return 0;
	if (d->held_left) {
		skip = segment.size - d->held_left;
		d->held_left = 0;
	} else {
		skip = seen_before(&segment, &d->client_next, &d->client_began, &d->client_flags, &d->client_skips,
				   &unused);
		if (skip < segment.size)
			d->client_next = segment.sequence + segment.size;
	}
	if (skip >= segment.size)
		return 0;
	size = segment.size - skip;
	at = d->client_used + d->kept;
	if (at > 511 || size > 512) {
		d->client_flags |= PROBE_LINE_GAP;
		return 0;
	}
	asm volatile("%0 &= 511" : "+r"(at));
	size = ((size - 1) & 511) + 1;
	asm volatile("" : "+r"(size));
	if (size < 1 || size > 512 || bpf_skb_load_bytes(skb, segment.offset + skip, d->client_text + at, size))
		return 0;
	d->kept += size;
	return 0;
}

/* Tells what was held back, now that the connection has a name, and goes on behind it. */
__noinline int go_on(struct __sk_buff *skb)
{
	struct dialogue *d = dialogue_of(skb, 0);
	__u32 left, kept, at;

	if (!d)
		return 0;
	left = d->held_left;
	kept = d->kept;
	at = d->client_used;
	d->held = 0;
	d->held_left = 0;
	d->kept = 0;
	/* SOCKS is not told in lines. */
	if (d->client_text[0] == 4 || d->client_text[0] == 5) {
		tell_client_line(d, PROBE_PROXY, d->client_used);
		d->client_used = 0;
	} else {
		end_line(skb);
	}
	if (left && left < skb->len)
		return client_bytes(skb, skb->len - left, left);
	if (kept) {
		d->source = SOURCE_KEPT;
		client_bytes(skb, at, kept);
		d->source = SOURCE_PACKET;
	}
	/* Held back by an earlier segment; what has been seen already does not count again. */
	return client_segment(skb);
}

/* Looks at what the sender has given to TLS, now that it sends. */
__noinline int clear_segment(struct __sk_buff *skb)
{
	struct dialogue *d = dialogue_of(skb, 0);
	__u64 thread = current_thread();
	struct clear_text *text;
	__u32 left;

	/* Each global function is verified by itself: without --tls there is no map. */
	if (!config.tls || !d || !BPF_CORE_READ(kernel_sock(skb), sk_lock.owned))
		return 0;
	text = bpf_map_lookup_elem(&clear_texts, &thread);
	if (!text || !text->used)
		return 0;
	left = text->used;
	text->used = 0;
	if (text->is_cut && d->tls_mode != MODE_MESSAGE) {
		d->client_flags |= PROBE_LINE_GAP;
		d->client_skips = 1;
		d->client_used = 0;
	}
	d->source = SOURCE_TLS;
	d->mode = d->tls_mode;
	client_bytes(skb, 0, left);
	d->tls_mode = d->mode;
	d->mode = MODE_OPAQUE;
	d->source = SOURCE_PACKET;
	return 0;
}

/*
 * Keeps what is given to a TLS library until it is sent, of a long one the end.
 * A call may be one of many that are sent together.
 */
static __always_inline int keep_clear_text(__u64 session, const char *data, __u32 size)
{
	__u64 thread = bpf_get_current_pid_tgid();
	struct clear_text *text = bpf_map_lookup_elem(&clear_texts, &thread);
	__u32 used;

	/* Negative, or absurd. */
	if (!size || size > 1 << 30)
		return 0;
	if (!text) {
		/* Any bytes do. */
		void *value = scratch(SLOT_SEGMENT);

		if (!value)
			return 0;
		bpf_map_update_elem(&clear_texts, &thread, value, BPF_ANY);
		text = bpf_map_lookup_elem(&clear_texts, &thread);
		if (!text)
			return 0;
		text->session = 0;
		text->used = 0;
	}
	if (text->session != session)
		text->used = 0;
	if (!text->used || text->used + size > PROBE_LINE_TEXT) {
		text->session = session;
		text->is_cut = text->used || size > PROBE_LINE_TEXT;
		text->used = 0;
	}
	if (size > PROBE_LINE_TEXT) {
		data += size - PROBE_LINE_TEXT;
		size = PROBE_LINE_TEXT;
	}
	used = text->used;
	asm volatile("%0 &= 1023" : "+r"(used));
	asm volatile("%0 &= 1023" : "+r"(size));
	if (used + size > PROBE_LINE_TEXT || bpf_probe_read_user(text->bytes + used, size, data))
		return 0;
	text->used = used + size;
	return 0;
}

/*
 * Tells who sends: of a dialogue on a port that is not watched, whose connection
 * has its name from it, and of one that another process has made. Whoever holds
 * the socket's lock sends in their own context, all others (timers,
 * acknowledgements) in anybody's. Returns 0 where that is not known now.
 */
__noinline int tell_sender(struct __sk_buff *skb)
{
	struct scratch *s = scratch(SLOT_SEGMENT);
	struct dialogue *d = dialogue_of(skb, 0);
	struct sock *sk = kernel_sock(skb);

	if (!s || !d || s->busy || !BPF_CORE_READ(sk, sk_lock.owned))
		return 0;
	s->busy = 1;
	d->talker = program_of(current_task());
	d->connection = record_connect(sk, SLOT_SEGMENT, d->connection);
	s->busy = 0;
	return d->connection != 0;
}

/* Takes a segment of the client, and tells if another one than before has sent data. */
static __always_inline void take_segment(struct __sk_buff *skb, struct dialogue *d)
{
	__u32 next = d->client_next;

	client_segment(skb);
	if (d->connection && next != d->client_next && d->talkers < TALKERS &&
	    d->talker != program_of(current_task()) && BPF_CORE_READ(kernel_sock(skb), sk_lock.owned)) {
		d->talkers++;
		tell_sender(skb);
	}
}

static __always_inline void watch_client(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;
	struct bpf_tcp_sock *tp;
	struct dialogue *d;

	if (!sk)
		return;
	d = bpf_sk_storage_get(&dialogues, sk, 0, 0);
	if (!d || sk->state == TCP_SYN_SENT) {
		tp = bpf_tcp_sock(sk);
		if (!tp)
			return;
		/* Only on a host where one began before the probe. */
		if (counts.resumable && !d && watched(sk->dst_port) && sk->state != TCP_SYN_SENT) {
			if (resume_dialogue(skb))
				d = bpf_sk_storage_get(&dialogues, sk, 0, 0);
			if (d)
				take_segment(skb, d);
			return;
		}
		/* Only the first bytes tell what it is: not what follows once they have arrived. */
		if (tp->data_segs_out > FIRST_SEGMENTS || tp->bytes_acked > FIRST_BYTES ||
		    tp->bytes_received > FIRST_REPLIES)
			return;
		if (sk->state == TCP_SYN_SENT) {
			if (watched(sk->dst_port)) {
				begin_dialogue(skb);
				if (tp->data_segs_out)
					client_segment(skb);
				return;
			}
			/* What was said before on a socket that connects again. */
			if (d && tp->segs_out <= 1)
				bpf_sk_storage_delete(&dialogues, sk);
		}
		if (!config.any_port || !tp->data_segs_out || !look_at_first(skb))
			return;
		d = bpf_sk_storage_get(&dialogues, sk, 0, 0);
	} else if (d->mode == MODE_OPAQUE) {
		if (config.tls && d->in_tls)
			clear_segment(skb);
		return;
	} else if (!d->held) {
		take_segment(skb, d);
	}
	if (!d || !d->held)
		return;
	if (tell_sender(skb))
		go_on(skb);
	else
		keep_held(skb);
}

/* Tells the server's line, which has `size` bytes with its code. */
static __always_inline void tell_reply(struct dialogue *d, __u8 what, __u16 code, __u32 ordinal, __u64 size)
{
	struct probe_losses *lost;

	d->server.kind = PROBE_LINE;
	d->server.what = what;
	d->server.flags = d->server_flags;
	d->server.code = code;
	d->server.time_ns = bpf_ktime_get_boot_ns();
	d->server.connection = d->connection;
	d->server.ordinal = ordinal;
	d->server.recipients = d->recipients;
	asm volatile("%0 &= 127" : "+r"(size));
	d->server.size = size;
	d->server_flags = 0;
	if (!bpf_ringbuf_output(&events, &d->server, sizeof(d->server) + size, 0))
		return;
	lost = count_losses();
	if (lost) {
		lost->lines++;
		count_loser(d->uid);
	}
}

/* Has the client's side go on as the server has answered. */
static __always_inline void follow_reply(struct dialogue *d, __u16 code, __u32 ordinal)
{
	bool refuses = code >= 400;

	switch (code) {
	case 220:
		if (ordinal && ordinal == d->tls_command)
			d->tls_agreed = 1;
		break;
	case 334:
		if (d->commands <= ordinal)
			d->challenges++;
		return;
	case 354:
		/* A message that was not expected comes all the same. */
		if (d->mode == MODE_COMMANDS && ordinal > d->message_command)
			begin_message(d, ordinal);
		d->agreed_command = ordinal;
		return;
	}
	if (ordinal == d->message_command && (refuses || d->agreed_command == ordinal)) {
		/* There was no message: what has been passed over may have been commands. */
		if (d->skipped && d->agreed_command != ordinal)
			d->server_flags |= PROBE_LINE_GAP;
		if (d->mode == MODE_MESSAGE)
			d->mode = MODE_COMMANDS;
	}
	/* A server that takes chunks takes one whole before it refuses it (RFC 3030 section 2). */
	if (d->mode == MODE_CHUNK && refuses && ordinal == d->chunk_command) {
		if (d->skipped)
			d->server_flags |= PROBE_LINE_GAP;
		d->mode = MODE_COMMANDS;
	}
}

/* Takes the whole line of the server (RFC 5321 section 4.2). */
__noinline int end_reply(struct __sk_buff *skb)
{
	struct dialogue *d = dialogue_of(skb, 0);
	__u32 ordinal;
	__u64 size;
	__u16 code;
	bool is_last;

	if (!d)
		return 0;
	size = d->server_used;
	d->server_used = 0;
	/* Never more; the verifier is to know it. */
	asm volatile("%0 &= 127" : "+r"(size));
	if (size < 4)
		return 0;
	for (int i = 0; i < 3; i++) {
		if (d->server_text[i] < '0' || d->server_text[i] > '9')
			return 0;
	}
	code = (d->server_text[0] - '0') * 100 + (d->server_text[1] - '0') * 10 + (d->server_text[2] - '0');
	is_last = d->server_text[3] != '-';
	if (!(d->server_flags & PROBE_LINE_CUT)) {
		size -= d->server_text[(size - 2) & PROBE_REPLY_TEXT] == '\r' ? 2 : 1;
	}
	if (d->greeted < 2) {
		if (!d->greeted)
			tell_reply(d, PROBE_GREETING, code, 0, size);
		d->greeted = is_last ? 2 : 1;
		return 0;
	}
	if (!is_last) {
		d->server_flags = 0;
		return 0;
	}
	ordinal = d->replies + 1;
	if (ordinal > d->commands)
		ordinal = d->commands;
	/* 334 and 354 have the client go on with the same command, if it has not done so already. */
	else if (code != 354 && (code != 334 || d->commands > ordinal))
		d->replies = ordinal;
	follow_reply(d, code, ordinal);
	tell_reply(d, PROBE_REPLY, code, ordinal, size);
	return 0;
}

/* As client_block(), of the server. */
__noinline __u32 server_block(struct __sk_buff *skb, __u32 offset, __u32 left)
{
	struct dialogue *d = dialogue_of(skb, 0);
	char bytes[BLOCK] = {};
	__u32 count;

	if (!d)
		return 0;
	d->server_count = load_block(skb, offset, left, bytes);
	count = *(volatile __u32 *)&d->server_count;
	for (__u32 i = 0; i < BLOCK; i++) {
		char c = bytes[i];
		__u32 used;

		if (i >= count)
			break;
		used = d->server_used;
		if (used < PROBE_REPLY_TEXT) {
			asm volatile("%0 &= 127" : "+r"(used));
			d->server_text[used] = c;
			d->server_used = used + 1;
		} else if (c != '\r' && c != '\n') {
			d->server_flags |= PROBE_LINE_CUT;
		}
		if (c == '\n')
			return (i + 1) | LINE_WHOLE;
	}
	return count;
}

__noinline int server_segment(struct __sk_buff *skb)
{
	struct dialogue *d = dialogue_of(skb, 0);
	struct segment segment;
	__u32 skip, offset, left;
	char first = 0;
	bool is_first;

	if (!d || !find_payload(skb, &segment))
		return 0;
	is_first = !d->server_began;
	skip = seen_before(&segment, &d->server_next, &d->server_began, &d->server_flags, &d->server_skips,
			   &d->server_used);
	if (skip >= segment.size)
		return 0;
	d->server_next = segment.sequence + segment.size;
	/* A server that speaks in the clear has not taken for TLS what the client began with. */
	if (is_first && (d->mode == MODE_OPAQUE || d->mode == MODE_HELLO)) {
		if (bpf_skb_load_bytes(skb, segment.offset, &first, 1) || first < ' ')
			return 0;
		d->client_used = 0;
		d->strange = 0;
		d->in_tls = 0;
		d->mode = MODE_COMMANDS;
	}
	/* What a SOCKS proxy answers is no line. */
	if (d->proxied && !d->greeted && (bpf_skb_load_bytes(skb, segment.offset, &first, 1) || first < ' '))
		return 0;
	offset = segment.offset + skip;
	left = segment.size - skip;
	for (int i = 0; i < ROUNDS; i++) {
		__u32 count;

		if (!left || d->mode == MODE_OPAQUE)
			return 0;
		count = server_block(skb, offset, left);
		if (count & LINE_WHOLE) {
			count &= LINE_WHOLE - 1;
			if (d->server_skips) {
				d->server_skips = 0;
				d->server_used = 0;
			} else {
				end_reply(skb);
			}
		}
		if (!count || count > left)
			return 0;
		offset += count;
		left -= count;
	}
	d->server_flags |= PROBE_LINE_GAP;
	d->server_skips = 1;
	return 0;
}

static __always_inline void watch_server(struct __sk_buff *skb)
{
	struct dialogue *d;

	/* Most packets of most hosts: a server is only listened to where the connection has a name. */
	if (!counts.followed)
		return;
	d = dialogue_of(skb, 0);

	if (d && d->connection && ((d->mode != MODE_OPAQUE && !d->in_tls) || !d->server_began))
		server_segment(skb);
}
