/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * talker - both ends of mail dialogues, for the kernel tests
 *
 *   talker serve ADDRESS PORT             (PORT 0: the kernel chooses)
 *   talker lenient ADDRESS PORT
 *   talker say ADDRESS PORT STEP...
 *   talker cut ADDRESS PORT TEXT N
 *
 * serve prints `ready PORT` and answers as a mail server would, one process a
 * connection, until standard input ends. lenient does the same as a server that
 * passes over blanks and control characters before a command and ends lines at
 * bare CR too. It knows neither BDAT nor AUTH FOO, and goes on in the clear after
 * STARTTLS. say connects and takes its steps: `<N` waits for N replies, `@N` has
 * what follows sent N bytes at a time, `~` corks the socket until the end, `^`
 * connects the same socket again, `&` has a child take the rest, `!` this program
 * anew, `?` waits for a line of standard input, and anything else is sent, \r \n
 * \t \\ \xHH written so. What a first step `=TEXT` has is sent in the SYN. cut
 * sends TEXT over and over, each time on a connection of its own
 * and in two parts that are cut at another byte, then once a byte at a time, and
 * waits for N replies on each. Each process ends by itself after 60 s.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FAILED = 1, USAGE = 2, LINE = 4096 };

static void __attribute__((noreturn)) die(const char *what)
{
	perror(what);
	exit(FAILED);
}

static socklen_t parse_address(struct sockaddr_storage *address, const char *host, const char *port)
{
	struct sockaddr_in6 *six = (void *)address;
	struct sockaddr_in *four = (void *)address;

	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons(atoi(port));
		return sizeof(*four);
	}
	if (inet_pton(AF_INET6, host, &six->sin6_addr) != 1)
		die(host);
	six->sin6_family = AF_INET6;
	six->sin6_port = htons(atoi(port));
	return sizeof(*six);
}

static void put(int fd, const char *bytes, size_t size)
{
	if (send(fd, bytes, size, MSG_NOSIGNAL) != (ssize_t)size)
		die("send");
}

static void answer(int fd, const char *text)
{
	put(fd, text, strlen(text));
}

/* Reads on to the end of a line. Returns false at the end of the connection. */
static bool get_line(FILE *in, char line[LINE])
{
	return fgets(line, LINE, in) != NULL;
}

static void skip(FILE *in, long bytes)
{
	while (bytes-- > 0 && getc(in) != EOF)
		;
}

/* Reads a line as lenient does, without its end. */
static bool get_lenient_line(FILE *in, char line[LINE])
{
	int size = 0, c;

	while ((c = getc(in)) != EOF && c != '\n' && c != '\r') {
		if (size < LINE - 1 && (size || (c > ' ' && c < 127)))
			line[size++] = c;
	}
	if (c == '\r') {
		c = getc(in);
		if (c != '\n')
			ungetc(c, in);
	}
	line[size] = 0;
	return c != EOF;
}

static void take_message(FILE *in, int fd)
{
	char line[LINE];

	answer(fd, "354 go on\r\n");
	do {
		if (!get_line(in, line))
			return;
	} while (strcmp(line, ".\r\n") && strcmp(line, ".\n"));
	answer(fd, "250 2.0.0 taken\r\n");
}

/* One connection of lenient. */
static void talk_leniently(int fd)
{
	FILE *in = fdopen(fd, "r");
	bool has_recipient = false;
	char line[LINE];

	answer(fd, "220 lenient.example ready\r\n");
	while (get_lenient_line(in, line)) {
		if (!*line) {
			continue;
		} else if (!strncasecmp(line, "DATA", 4)) {
			if (has_recipient)
				take_message(in, fd);
			else
				answer(fd, "503 5.5.1 RCPT first\r\n");
			has_recipient = false;
		} else if (!strncasecmp(line, "AUTH LOGIN", 10)) {
			answer(fd, "334 VXNlcm5hbWU6\r\n");
			get_lenient_line(in, line);
			answer(fd, "535 5.7.8 not you\r\n");
		} else if (!strncasecmp(line, "STARTTLS", 8)) {
			answer(fd, "220 2.0.0 go on\r\n");
		} else if (!strncasecmp(line, "VRFY", 4)) {
			answer(fd, "550 5.1.1 nobody here\r\n");
		} else if (!strncasecmp(line, "QUIT", 4)) {
			answer(fd, "221 2.0.0 bye\r\n");
			return;
		} else if (!strncasecmp(line, "EHLO", 4) || !strncasecmp(line, "HELO", 4) || !strncasecmp(line, "MAIL", 4) ||
			   !strncasecmp(line, "RCPT", 4) || !strncasecmp(line, "RSET", 4) || !strncasecmp(line, "NOOP", 4) ||
			   !strncasecmp(line, "HELP", 4)) {
			has_recipient = has_recipient || !strncasecmp(line, "RCPT", 4);
			answer(fd, "250 2.1.0 ok\r\n");
		} else {
			answer(fd, "500 5.5.2 what\r\n");
		}
	}
}

/* One connection of serve. */
static void talk(int fd)
{
	FILE *in = fdopen(fd, "r");
	char line[LINE];

	answer(fd, "220-sink.example ready\r\n220 for you\r\n");
	while (get_line(in, line)) {
		if (!strncasecmp(line, "EHLO", 4) || !strncasecmp(line, "LHLO", 4)) {
			answer(fd, "250-sink.example\r\n250-PIPELINING\r\n250-AUTH PLAIN LOGIN\r\n250 CHUNKING\r\n");
		} else if (!strncasecmp(line, "DATA", 4)) {
			answer(fd, "354 go on\r\n");
			do {
				if (!get_line(in, line))
					return;
			} while (strcmp(line, ".\r\n"));
			answer(fd, "250 2.0.0 taken\r\n");
		} else if (!strncasecmp(line, "BDAT", 4)) {
			skip(in, atol(line + 5));
			answer(fd, "250 2.0.0 taken too\r\n");
		} else if (!strncasecmp(line, "AUTH LOGIN", 10)) {
			answer(fd, "334 VXNlcm5hbWU6\r\n");
			get_line(in, line);
			answer(fd, "334 UGFzc3dvcmQ6\r\n");
			get_line(in, line);
			answer(fd, "235 2.7.0 welcome\r\n");
		} else if (!strncasecmp(line, "AUTH", 4)) {
			if (!strchr(line + 5, ' ')) {
				answer(fd, "334 PDEyMzQuNTY3OEBzaW5rPg==\r\n");
				get_line(in, line);
			}
			answer(fd, "535 5.7.8 not you\r\n");
		} else if (!strncasecmp(line, "RCPT TO:<refused", 16)) {
			answer(fd, "550 5.1.1 nobody here\r\n");
		} else if (!strncasecmp(line, "QUIT", 4)) {
			answer(fd, "221 2.0.0 bye\r\n");
			return;
		} else {
			answer(fd, "250 2.1.0 ok\r\n");
		}
	}
}

static int serve(const char *host, const char *port, void (*talk_to)(int))
{
	struct sockaddr_storage own;
	socklen_t size = parse_address(&own, host, port);
	int fd = socket(own.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
	struct pollfd sources[] = { { .fd = STDIN_FILENO, .events = POLLIN }, { .fd = fd, .events = POLLIN } };

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (fd < 0 || bind(fd, (void *)&own, size) || listen(fd, 1024))
		die("listen");
	getsockname(fd, (void *)&own, &size);
	printf("ready %d\n", ntohs(((struct sockaddr_in *)&own)->sin_port));
	fflush(stdout);
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		poll(sources, 2, -1);
		if (sources[0].revents)
			return 0;
		int peer = accept(fd, NULL, NULL);

		if (peer >= 0 && !fork()) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			alarm(60);
			setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
			talk_to(peer);
			_exit(0);
		}
		close(peer);
	}
}

/* Undoes the escapes of `text` in place. Returns how many bytes it has. */
static size_t unescape(char *text)
{
	char *to = text;

	for (char *from = text; *from; from++) {
		unsigned int byte;

		if (*from != '\\') {
			*to++ = *from;
		} else if (*++from == 'x' && sscanf(from + 1, "%2x", &byte) == 1) {
			*to++ = byte;
			from += 2;
		} else {
			*to++ = *from == 'r' ? '\r' : *from == 'n' ? '\n' : *from == 't' ? '\t' : *from;
		}
	}
	return to - text;
}

static FILE *open_connection(const char *host, const char *port)
{
	struct sockaddr_storage peer;
	socklen_t size = parse_address(&peer, host, port);
	int fd = socket(peer.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (fd < 0 || connect(fd, (void *)&peer, size))
		die("connect");
	return fdopen(fd, "r");
}

static void await(FILE *in, int replies)
{
	char line[LINE];

	while (replies > 0) {
		if (!get_line(in, line))
			exit(FAILED);
		replies -= strlen(line) > 3 && line[3] == ' ';
	}
}

static void put_pieces(FILE *in, const char *bytes, size_t size, size_t piece)
{
	for (size_t at = 0; at < size; at += piece)
		put(fileno(in), bytes + at, size - at < piece ? size - at : piece);
}

/* Connects with that text in the SYN (RFC 7413), also where the server has given no cookie. */
static FILE *open_fast(const char *host, const char *port, char *text)
{
	struct sockaddr_storage peer;
	socklen_t size = parse_address(&peer, host, port);
	int fd = socket(peer.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, &on, sizeof(on)) ||
	    sendto(fd, text, unescape(text), MSG_FASTOPEN, (void *)&peer, size) < 0)
		die("fast open");
	return fdopen(fd, "r");
}

static void connect_again(int fd, const char *host, const char *port)
{
	struct sockaddr_storage peer;
	socklen_t size = parse_address(&peer, host, port);
	struct sockaddr none = { .sa_family = AF_UNSPEC };

	if (connect(fd, &none, sizeof(none)) || connect(fd, (void *)&peer, size))
		die("connect again");
}

/* The same connection, talked on by a program that was started since. */
static void __attribute__((noreturn)) take_over(int fd, char **steps)
{
	char *argv[64] = { "talker", "go", "on" }, number[16];
	int count = 3;

	snprintf(number, sizeof(number), "%d", dup(fd));
	argv[count++] = number;
	while (*steps && count < 63)
		argv[count++] = *steps++;
	execv("/proc/self/exe", argv);
	die("exec");
}

static int follow_steps(FILE *in, const char *host, const char *port, char **steps)
{
	size_t piece = LINE * 1024;
	int on = 1;

	for (; *steps; steps++) {
		if (**steps == '<')
			await(in, atoi(*steps + 1));
		else if (**steps == '@')
			piece = atol(*steps + 1);
		else if (**steps == '^')
			connect_again(fileno(in), host, port);
		else if (**steps == '?')
			while (getchar() != '\n')
				;
		else if (**steps == '!')
			take_over(fileno(in), steps + 1);
		else if (**steps == '&') {
			int status, child = fork();

			if (child) {
				waitpid(child, &status, 0);
				return WEXITSTATUS(status);
			}
			alarm(60);
		} else if (**steps == '~')
			setsockopt(fileno(in), IPPROTO_TCP, TCP_CORK, &on, sizeof(on));
		else
			put_pieces(in, *steps, unescape(*steps), piece);
	}
	return 0;
}

static int say(const char *host, const char *port, char **steps)
{
	if (*steps && **steps == '=')
		return follow_steps(open_fast(host, port, *steps + 1), host, port, steps + 1);
	return follow_steps(open_connection(host, port), host, port, steps);
}

static int cut(const char *host, const char *port, char *text, int replies)
{
	size_t size = unescape(text);

	/* The last one is not cut in two but whole, a byte at a time. */
	for (size_t at = 1; at <= size; at++) {
		FILE *in = open_connection(host, port);

		if (at < size) {
			put(fileno(in), text, at);
			put(fileno(in), text + at, size - at);
		} else {
			put_pieces(in, text, size, 1);
		}
		await(in, replies);
		fclose(in);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return USAGE;
	alarm(60);
	if (!strcmp(argv[1], "serve"))
		return serve(argv[2], argv[3], talk);
	if (!strcmp(argv[1], "lenient"))
		return serve(argv[2], argv[3], talk_leniently);
	if (!strcmp(argv[1], "go") && argc > 3)
		return follow_steps(fdopen(atoi(argv[3]), "r"), NULL, NULL, argv + 4);
	if (!strcmp(argv[1], "say"))
		return say(argv[2], argv[3], argv + 4);
	if (!strcmp(argv[1], "cut") && argc == 6)
		return cut(argv[2], argv[3], argv[4], atoi(argv[5]));
	return USAGE;
}
