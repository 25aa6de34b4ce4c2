/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * connector - makes TCP connects, for the kernel tests and the bench
 *
 *   connector MODE [options] ADDRESS PORT [anything, ignored: a marker in argv]
 *
 * It connects to the numeric ADDRESS (IPv4 or IPv6) and PORT that it is given
 * and nowhere else, a bounded number of times, and ends by itself. usage() has
 * the modes and options.
 *
 * Exit status: 0 connected, or under way when not waited for; 1 refused;
 * 2 usage, or the program could not do its part; 3 any other errno, named on
 * standard error. Of several connects the highest status counts.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum status { CONNECTED = 0, REFUSED = 1, USAGE = 2, OTHER = 3 };

enum {
	PROCESSES_MAX = 1024,
	COUNT_MAX = 10000000,
	PEERS_MAX = 1024,	/* connections that listen holds at a time */
	FIRST_PEER = 2,		/* before it: standard input, the listener */
};

struct address {
	union {
		struct sockaddr any;
		struct sockaddr_in ipv4;
		struct sockaddr_in6 ipv6;
	};
	socklen_t size;
};

static struct {
	bool nonblock, mapped, tfo, receive, reset, between, listen, at_once, accept_not, unterminated, mptcp;
	int source_port, hold_ms, repeat, processes, backlog;
	long count, echo, length, seconds;
	const char *send, *reply, *name, *title, *to, *program;
} opt = { .processes = 1, .backlog = 4096 };

static struct address destination;

static const char USAGE_TEXT[] =
	"usage: connector MODE [options] ADDRESS PORT [ignored]\n"
	"\n"
	"  once      one connect, or --repeat N, each with a socket of its own\n"
	"  reuse     --repeat N (2) connects on one socket, taken back by AF_UNSPEC\n"
	"  thread    a second thread named --name connects; its tid is printed\n"
	"  rename    names the main thread --name, then connects\n"
	"  retitle   writes --title over its argv, then connects\n"
	"  orphan    its child connects when this process has ended\n"
	"  disguise  makes --program PATH its exe (PR_SET_MM_MAP, in a user namespace of its own), then connects\n"
	"  chdir     connects, changes directory --to DIR, connects\n"
	"  storm     --count N connects by --processes K; one line of JSON\n"
	"  spawn     --count N processes `PROGRAM once --nonblock ADDRESS PORT id=I`,\n"
	"            --processes K at a time; one line of JSON\n"
	"  listen    prints `ready PORT`, accepts until standard input ends\n"
	"\n"
	"Of a connect:\n"
	"  --nonblock      start it, then _exit without waiting (with --repeat: after the last)\n"
	"  --mptcp         of a socket of MPTCP; also of listen\n"
	"  --mapped        an AF_INET6 socket to ::ffff:ADDRESS\n"
	"  --bind PORT     from this source port\n"
	"  --tfo           by sendto(MSG_FASTOPEN) with \"EHLO x\\r\\n\"\n"
	"  --send TEXT     send TEXT (\\r \\n \\t \\\\) when connected\n"
	"  --receive       then read until the other side ends\n"
	"  --hold MS       then wait, connected or not\n"
	"  --reset         then close with RST\n"
	"  --repeat N      this many times, one after the other\n"
	"Of rename and retitle:\n"
	"  --between       connect once before and once after\n"
	"  --length N      TEXT of --title over and over, N bytes in all: TEXT is itself in\n"
	"                  argv, so that only this runs on into the environment\n"
	"  --unterminated  no NUL behind the title, which fills argv if there is no --length\n"
	"Of storm:\n"
	"  --listen        to a listener of its own (default: the port is refused)\n"
	"Of spawn:\n"
	"  --program PATH  what is run as `connector` (default: this program)\n"
	"Of listen (PORT 0: the kernel chooses):\n"
	"  --reply TEXT    send TEXT, then end that direction\n"
	"  --echo N        send the first N bytes back, then end that direction\n"
	"  --reset         close with RST when the first bytes are read\n"
	"  --at-once       ... without waiting for them\n"
	"  --accept-not    never accept\n"
	"  --backlog N     (4096)\n"
	"  --count N       end after N connections\n"
	"Of all:\n"
	"  --seconds S     end after S seconds (60; storm and spawn 600)\n";

static void __attribute__((noreturn)) die(const char *what)
{
	perror(what);
	exit(USAGE);
}

static void __attribute__((noreturn)) usage(void)
{
	fputs(USAGE_TEXT, stderr);
	exit(USAGE);
}

static long number(const char *text, long low, long high)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (errno || end == text || *end || value < low || value > high) {
		fprintf(stderr, "connector: %s: not a number from %ld to %ld\n", text, low, high);
		exit(USAGE);
	}
	return value;
}

/* A copy of text, so that it outlives argv being written over, its escapes resolved. */
static char *unescape(const char *text)
{
	char *copy = strdup(text), *to = copy;

	if (!copy)
		die("strdup");
	for (const char *from = copy; *from; from++) {
		if (*from != '\\' || !from[1]) {
			*to++ = *from;
			continue;
		}
		switch (*++from) {
		case 'r': *to++ = '\r'; break;
		case 'n': *to++ = '\n'; break;
		case 't': *to++ = '\t'; break;
		default: *to++ = *from; break;
		}
	}
	*to = '\0';
	return copy;
}

static struct address parse_address(const char *host, const char *service)
{
	in_port_t port = htons(number(service, 0, 65535));
	struct address address = { 0 };

	if (inet_pton(AF_INET, host, &address.ipv4.sin_addr) == 1) {
		address.ipv4.sin_family = AF_INET;
		address.ipv4.sin_port = port;
		address.size = sizeof(address.ipv4);
	} else if (inet_pton(AF_INET6, host, &address.ipv6.sin6_addr) == 1) {
		address.ipv6.sin6_family = AF_INET6;
		address.ipv6.sin6_port = port;
		address.size = sizeof(address.ipv6);
	} else {
		fprintf(stderr, "connector: %s: not a numeric address\n", host);
		exit(USAGE);
	}
	return address;
}

static struct address mapped(const struct address *ipv4)
{
	struct address address = { 0 };

	if (ipv4->any.sa_family != AF_INET) {
		fputs("connector: --mapped takes an IPv4 address\n", stderr);
		exit(USAGE);
	}
	address.ipv6.sin6_family = AF_INET6;
	address.ipv6.sin6_port = ipv4->ipv4.sin_port;
	address.ipv6.sin6_addr.s6_addr[10] = 0xff;
	address.ipv6.sin6_addr.s6_addr[11] = 0xff;
	memcpy(&address.ipv6.sin6_addr.s6_addr[12], &ipv4->ipv4.sin_addr, 4);
	address.size = sizeof(address.ipv6);
	return address;
}

static void sleep_ms(int ms)
{
	struct timespec left = { ms / 1000, ms % 1000 * 1000000L };

	while (nanosleep(&left, &left) && errno == EINTR)
		;
}

static uint64_t now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * UINT64_C(1000000000) + time.tv_nsec;
}

static double cpu_s(int who)
{
	struct rusage used;

	getrusage(who, &used);
	return used.ru_utime.tv_sec + used.ru_stime.tv_sec +
	       (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void close_by_reset(int fd)
{
	struct linger linger = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fd);
}

static void send_all(int fd, const char *bytes, size_t size)
{
	while (size) {
		ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);

		if (sent < 0)
			return;
		bytes += sent;
		size -= sent;
	}
}

/* A socket that is ready to connect. */
static int open_socket(void)
{
	int flags = SOCK_CLOEXEC | (opt.nonblock ? SOCK_NONBLOCK : 0);
	int fd = socket(destination.any.sa_family, SOCK_STREAM | flags, opt.mptcp ? IPPROTO_MPTCP : 0);
	struct address source = { .any.sa_family = destination.any.sa_family };
	int on = 1;

	if (fd < 0)
		die("socket");
	if (opt.source_port) {
		source.ipv4.sin_port = htons(opt.source_port);	/* where sin6_port lies too */
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
		if (bind(fd, &source.any, destination.size))
			die("bind");
	}
	return fd;
}

static enum status connect_socket(int fd)
{
	static const char greeting[] = "EHLO x\r\n";
	char buffer[4096];
	int error = 0;

	if (opt.tfo ? sendto(fd, greeting, sizeof(greeting) - 1, MSG_FASTOPEN | MSG_NOSIGNAL,
			     &destination.any, destination.size) < 0 :
		      connect(fd, &destination.any, destination.size) < 0)
		error = errno;
	if (!error && opt.send)
		send_all(fd, opt.send, strlen(opt.send));
	while (!error && opt.receive && read(fd, buffer, sizeof(buffer)) > 0)
		;
	if (opt.hold_ms)
		sleep_ms(opt.hold_ms);

	if (!error || (error == EINPROGRESS && opt.nonblock))
		return CONNECTED;
	if (error == ECONNREFUSED)
		return REFUSED;
	fprintf(stderr, "connector: %s\n", strerror(error));
	return OTHER;
}

static void close_socket(int fd)
{
	if (opt.reset)
		close_by_reset(fd);
	else
		close(fd);
}

static enum status worst(enum status a, enum status b)
{
	return a > b ? a : b;
}

static enum status once(void)
{
	enum status status = CONNECTED;

	for (int i = 0; i < opt.repeat; i++) {
		int fd = open_socket();

		status = worst(status, connect_socket(fd));
		if (opt.nonblock && i == opt.repeat - 1)
			_exit(status);	/* the socket still open, its connect under way */
		close_socket(fd);
	}
	return status;
}

static enum status reuse(void)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	enum status status = CONNECTED;
	int fd = open_socket();

	for (int i = 0; i < opt.repeat; i++) {
		if (i && connect(fd, &none, sizeof(none)))
			die("connect AF_UNSPEC");
		status = worst(status, connect_socket(fd));
	}
	close_socket(fd);
	return status;
}

static void set_name(void)
{
	if (opt.name && prctl(PR_SET_NAME, opt.name))
		die("PR_SET_NAME");
}

static void *connect_in_thread(void *status)
{
	set_name();
	printf("%d\n", gettid());
	fflush(stdout);
	*(enum status *)status = once();
	return NULL;
}

static enum status in_thread(void)
{
	enum status status = OTHER;
	pthread_t thread;

	if (pthread_create(&thread, NULL, connect_in_thread, &status))
		die("pthread_create");
	pthread_join(thread, NULL);
	return status;
}

static enum status rename_process(void)
{
	enum status before = opt.between ? once() : CONNECTED;

	set_name();
	return worst(before, once());
}

/*
 * As setproctitle does: in place, and where the title is longer than argv it
 * runs on into the environment, which lies right behind. The kernel then shows
 * it up to its NUL, as argv no longer ends with one.
 */
static void write_title(char **argv, char **environment)
{
	char *begin = argv[0], *end = begin, *limit;
	size_t text = strlen(opt.title), size;

	for (; *argv; argv++)
		end = *argv + strlen(*argv) + 1;
	size = opt.length ? (size_t)opt.length : opt.unterminated ? (size_t)(end - begin) : text;
	limit = end;
	for (; *environment == limit; environment++)
		limit += strlen(limit) + 1;
	if (begin + size >= limit) {
		fputs("connector: the title is longer than argv and environment\n", stderr);
		exit(USAGE);
	}
	for (size_t i = 0; i < size; i++)
		begin[i] = opt.title[i % text];
	if (opt.unterminated)
		return;
	begin[size] = '\0';
	if (begin + size < end)
		memset(begin + size, 0, end - (begin + size));
	environ = NULL;
}

static enum status retitle(char **argv)
{
	enum status before = opt.between ? once() : CONNECTED;

	if (!opt.title || !*opt.title)
		usage();
	write_title(argv, environ);
	return worst(before, once());
}

static enum status in_orphan(void)
{
	pid_t parent = getpid(), child = fork();

	if (child < 0)
		die("fork");
	if (child)
		_exit(CONNECTED);
	while (getppid() == parent)
		sched_yield();
	return once();
}

/* The kernel takes no other exe while the old one is mapped: its mappings are replaced by copies. */
static void unmap_own_file(const char *own)
{
	struct {
		unsigned long start, end;
		int protection;
	} found[64];
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[PATH_MAX + 128];
	int count = 0;

	if (!maps)
		die("/proc/self/maps");
	while (fgets(line, sizeof(line), maps) && count < 64) {
		char mode[5], path[PATH_MAX] = "";

		if (sscanf(line, "%lx-%lx %4s %*s %*s %*s %4095s", &found[count].start, &found[count].end, mode, path) < 4 ||
		    strcmp(path, own))
			continue;
		found[count++].protection = (mode[0] == 'r' ? PROT_READ : 0) | (mode[1] == 'w' ? PROT_WRITE : 0) |
					    (mode[2] == 'x' ? PROT_EXEC : 0);
	}
	fclose(maps);
	for (int i = 0; i < count; i++) {
		size_t size = found[i].end - found[i].start;
		void *copy = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (copy == MAP_FAILED)
			die("mmap");
		memcpy(copy, (void *)found[i].start, size);
		if (mprotect(copy, size, found[i].protection) ||
		    mremap(copy, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)found[i].start) == MAP_FAILED)
			die("mremap");
	}
}

static const char *own_path(void);

static enum status disguise(void)
{
	int program = opt.program ? open(opt.program, O_RDONLY | O_CLOEXEC) : -1;
	struct prctl_mm_map map = { .brk = (uintptr_t)sbrk(0), .exe_fd = program };
	unsigned long long field[52] = { 0 };
	char line[2048], *at = line;
	FILE *stat = fopen("/proc/self/stat", "r");

	if (program < 0)
		die("--program");
	if (!stat || !fgets(line, sizeof(line), stat))
		die("/proc/self/stat");
	fclose(stat);
	/* proc_pid_stat(5): behind the name in parentheses comes field 3, a letter. */
	at = strrchr(line, ')') + 3;
	for (int i = 4; i < 52; i++)
		field[i] = strtoull(at + 1, &at, 10);
	map.start_code = field[26];
	map.end_code = field[27];
	map.start_stack = field[28];
	map.start_data = field[45];
	map.end_data = field[46];
	map.start_brk = field[47];
	map.arg_start = field[48];
	map.arg_end = field[49];
	map.env_start = field[50];
	map.env_end = field[51];
	if (unshare(CLONE_NEWUSER))
		die("unshare");
	unmap_own_file(own_path());
	if (prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0))
		die("PR_SET_MM_MAP");
	return once();
}

static enum status change_directory(void)
{
	enum status before = once();

	if (!opt.to)
		usage();
	if (chdir(opt.to))
		die(opt.to);
	return worst(before, once());
}

static int open_listener(int backlog)
{
	int fd = socket(destination.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, opt.mptcp ? IPPROTO_MPTCP : 0);
	int on = 1;

	if (fd < 0)
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, &destination.any, destination.size))
		die("bind");
	if (listen(fd, backlog))
		die("listen");
	return fd;
}

/* What the processes of a storm have in common; the latencies follow, one a connect. */
struct storm {
	volatile bool go;
	long outcomes[OTHER + 1];
	uint32_t latency_ns[];
};

static void *map_shared(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (memory == MAP_FAILED)
		die("mmap");
	return memory;
}

/* A child that does not outlive this process. */
static pid_t fork_child(void)
{
	pid_t parent = getpid(), child = fork();

	if (child < 0)
		die("fork");
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(USAGE);
	}
	return child;
}

static void storm_share(struct storm *storm, long first, long count)
{
	long outcomes[OTHER + 1] = { 0 };

	while (!storm->go)
		sched_yield();
	for (long i = first; i < first + count; i++) {
		int fd = open_socket();
		uint64_t start = now_ns(), took;
		int result = connect(fd, &destination.any, destination.size);
		int error = errno;

		took = now_ns() - start;
		storm->latency_ns[i] = took > UINT32_MAX ? UINT32_MAX : took;
		outcomes[!result ? CONNECTED : error == ECONNREFUSED ? REFUSED : OTHER]++;
		close_by_reset(fd);	/* TIME_WAIT would use the source ports up */
	}
	for (int i = 0; i <= OTHER; i++)
		__atomic_fetch_add(&storm->outcomes[i], outcomes[i], __ATOMIC_RELAXED);
}

static pid_t accept_in_child(void)
{
	int listener = open_listener(opt.backlog);
	pid_t child = fork_child();

	if (!child) {
		for (;;) {
			int fd = accept(listener, NULL, NULL);

			if (fd >= 0)
				close(fd);
		}
	}
	close(listener);
	return child;
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* The members that storm and spawn have in common, without the closing brace. */
static void print_counts(const char *mode, const long outcomes[], uint64_t wall_ns)
{
	long n = outcomes[CONNECTED] + outcomes[REFUSED] + outcomes[OTHER];
	double wall_s = wall_ns / 1e9;

	printf("{\"mode\":\"%s\",\"n\":%ld,\"ok\":%ld,\"refused\":%ld,\"other\":%ld", mode, n,
	       outcomes[CONNECTED], outcomes[REFUSED], outcomes[OTHER]);
	printf(",\"wall_s\":%.6f,\"per_s\":%.0f,\"cpu_s\":%.6f", wall_s, n / wall_s,
	       cpu_s(RUSAGE_CHILDREN));
}

static enum status storm_mode(void)
{
	struct storm *storm = map_shared(sizeof(*storm) + opt.count * sizeof(uint32_t));
	uint32_t *latency = storm->latency_ns;
	pid_t listener = opt.listen ? accept_in_child() : 0;
	pid_t children[PROCESSES_MAX];
	long first = 0, n = opt.count;
	bool complete = true;
	uint64_t start, wall_ns;

	for (int i = 0; i < opt.processes; i++) {
		long share = n / opt.processes + (i < n % opt.processes);

		children[i] = fork_child();
		if (!children[i]) {
			storm_share(storm, first, share);
			_exit(0);
		}
		first += share;
	}
	start = now_ns();
	storm->go = true;
	for (int i = 0; i < opt.processes; i++) {
		int status;

		waitpid(children[i], &status, 0);
		complete = complete && status == 0;
	}
	wall_ns = now_ns() - start;

	qsort(latency, n, sizeof(*latency), compare);
	print_counts("storm", storm->outcomes, wall_ns);
	printf(",\"med_ns\":%u,\"p10_ns\":%u,\"p90_ns\":%u,\"p99_ns\":%u}\n", latency[n / 2],
	       latency[n / 10], latency[n * 9 / 10], latency[n * 99 / 100]);
	if (listener) {
		kill(listener, SIGKILL);
		waitpid(listener, NULL, 0);
	}
	return complete ? CONNECTED : USAGE;
}

static const char *own_path(void)
{
	static char path[PATH_MAX];
	ssize_t size = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (size < 0)
		die("/proc/self/exe");
	return path;
}

static void count_exit(long outcomes[])
{
	int status;

	if (wait(&status) < 0)
		die("wait");
	status = WIFEXITED(status) ? WEXITSTATUS(status) : OTHER;
	outcomes[status == CONNECTED || status == REFUSED ? status : OTHER]++;
}

/* posix_spawn is vfork and exec: the parent stands still until the child has its own memory. */
static enum status spawn_mode(char *host, char *service)
{
	const char *program = opt.program ? opt.program : own_path();
	char id[32];
	char *argv[] = { "connector", "once", "--nonblock", host, service, id, NULL };
	long outcomes[OTHER + 1] = { 0 };
	uint64_t start = now_ns();
	int running = 0;

	for (long i = 0; i < opt.count; i++) {
		pid_t child;

		if (running == opt.processes) {
			count_exit(outcomes);
			running--;
		}
		snprintf(id, sizeof(id), "id=%ld", i);
		errno = posix_spawn(&child, program, NULL, NULL, argv, environ);
		if (errno)
			die(program);
		running++;
	}
	for (; running; running--)
		count_exit(outcomes);
	print_counts("spawn", outcomes, now_ns() - start);
	puts("}");
	return CONNECTED;
}

/* Standard input, the listener, then one for each connection; fd -1 is a free place. */
struct server {
	struct pollfd polls[FIRST_PEER + PEERS_MAX];
	long echo_left[FIRST_PEER + PEERS_MAX];
	int used;		/* of polls */
	int open;		/* connections */
	long accepted;
};

static void drop_peer(struct server *server, int place)
{
	if (opt.reset)
		close_by_reset(server->polls[place].fd);
	else
		close(server->polls[place].fd);
	server->polls[place].fd = -1;
	server->open--;
}

static void accept_peer(struct server *server)
{
	int fd = accept4(server->polls[1].fd, NULL, NULL, SOCK_CLOEXEC);
	int place = FIRST_PEER;

	if (fd < 0)
		return;
	while (place < server->used && server->polls[place].fd >= 0)
		place++;
	if (place == server->used)
		server->used++;
	server->polls[place] = (struct pollfd){ .fd = fd, .events = POLLIN };
	server->echo_left[place] = opt.echo;
	server->open++;
	server->accepted++;

	if (opt.reply)
		send_all(fd, opt.reply, strlen(opt.reply));
	if (opt.at_once)
		drop_peer(server, place);
	else if (opt.reply && !opt.echo && !opt.reset)
		shutdown(fd, SHUT_WR);
}

static void serve_peer(struct server *server, int place)
{
	int fd = server->polls[place].fd;
	char buffer[4096];
	ssize_t size = read(fd, buffer, sizeof(buffer));
	long back = server->echo_left[place] < size ? server->echo_left[place] : size;

	if (size <= 0 || (opt.reset && !opt.echo)) {
		drop_peer(server, place);
	} else if (back > 0) {
		send_all(fd, buffer, back);
		server->echo_left[place] -= back;
		if (server->echo_left[place])
			return;
		if (opt.reset)
			drop_peer(server, place);
		else
			shutdown(fd, SHUT_WR);
	}
}

static void print_ready(int listener)
{
	struct address own = { .size = sizeof(own.ipv6) };

	if (getsockname(listener, &own.any, &own.size))
		die("getsockname");
	printf("ready %d\n", ntohs(own.ipv4.sin_port));
	fflush(stdout);
}

static enum status listen_mode(void)
{
	static struct server server = { .used = FIRST_PEER };
	uint64_t end = now_ns() + opt.seconds * UINT64_C(1000000000);

	server.polls[0] = (struct pollfd){ .fd = STDIN_FILENO, .events = POLLIN };
	server.polls[1] = (struct pollfd){ .fd = open_listener(opt.backlog), .events = POLLIN };
	print_ready(server.polls[1].fd);

	while (now_ns() < end) {
		bool full = opt.count && server.accepted == opt.count;
		char input[4096];

		if (full && !server.open)
			break;
		server.polls[1].events =
			full || opt.accept_not || server.open == PEERS_MAX ? 0 : POLLIN;
		if (poll(server.polls, server.used, (end - now_ns()) / 1000000 + 1) < 0)
			die("poll");
		if (server.polls[0].revents && read(STDIN_FILENO, input, sizeof(input)) <= 0)
			break;
		for (int i = FIRST_PEER; i < server.used; i++) {
			if (server.polls[i].fd >= 0 && server.polls[i].revents)
				serve_peer(&server, i);
		}
		if (server.polls[1].revents)
			accept_peer(&server);
	}
	return CONNECTED;
}

enum option_id {
	BIND = 256, SEND, HOLD, REPEAT, NAME, TITLE, TO, PROCESSES, COUNT, PROGRAM, REPLY, ECHO_BACK,
	BACKLOG, LENGTH, SECONDS, NONBLOCK, MAPPED, TFO, RECEIVE, RESET, BETWEEN, LISTEN, AT_ONCE,
	ACCEPT_NOT, UNTERMINATED, MPTCP,
};

static const struct option OPTIONS[] = {
	{ "bind", required_argument, NULL, BIND },
	{ "send", required_argument, NULL, SEND },
	{ "hold", required_argument, NULL, HOLD },
	{ "repeat", required_argument, NULL, REPEAT },
	{ "name", required_argument, NULL, NAME },
	{ "title", required_argument, NULL, TITLE },
	{ "to", required_argument, NULL, TO },
	{ "processes", required_argument, NULL, PROCESSES },
	{ "count", required_argument, NULL, COUNT },
	{ "program", required_argument, NULL, PROGRAM },
	{ "reply", required_argument, NULL, REPLY },
	{ "echo", required_argument, NULL, ECHO_BACK },
	{ "backlog", required_argument, NULL, BACKLOG },
	{ "length", required_argument, NULL, LENGTH },
	{ "seconds", required_argument, NULL, SECONDS },
	{ "nonblock", no_argument, NULL, NONBLOCK },
	{ "mapped", no_argument, NULL, MAPPED },
	{ "tfo", no_argument, NULL, TFO },
	{ "receive", no_argument, NULL, RECEIVE },
	{ "reset", no_argument, NULL, RESET },
	{ "between", no_argument, NULL, BETWEEN },
	{ "listen", no_argument, NULL, LISTEN },
	{ "at-once", no_argument, NULL, AT_ONCE },
	{ "accept-not", no_argument, NULL, ACCEPT_NOT },
	{ "unterminated", no_argument, NULL, UNTERMINATED },
	{ "mptcp", no_argument, NULL, MPTCP },
	{ 0 },
};

/* Returns the index of ADDRESS; options behind it are markers and stay as they are. */
static int parse_options(int argc, char **argv)
{
	int id;

	while ((id = getopt_long(argc, argv, "+", OPTIONS, NULL)) != -1) {
		switch ((enum option_id)id) {
		case BIND: opt.source_port = number(optarg, 1, 65535); break;
		case SEND: opt.send = unescape(optarg); break;
		case HOLD: opt.hold_ms = number(optarg, 0, 600000); break;
		case REPEAT: opt.repeat = number(optarg, 1, COUNT_MAX); break;
		case NAME: opt.name = strdup(optarg); break;
		case TITLE: opt.title = strdup(optarg); break;
		case TO: opt.to = strdup(optarg); break;
		case PROCESSES: opt.processes = number(optarg, 1, PROCESSES_MAX); break;
		case COUNT: opt.count = number(optarg, 1, COUNT_MAX); break;
		case PROGRAM: opt.program = strdup(optarg); break;
		case REPLY: opt.reply = unescape(optarg); break;
		case ECHO_BACK: opt.echo = number(optarg, 1, LONG_MAX); break;
		case BACKLOG: opt.backlog = number(optarg, 0, 65535); break;
		case LENGTH: opt.length = number(optarg, 1, 1 << 20); break;
		case SECONDS: opt.seconds = number(optarg, 1, 3600); break;
		case NONBLOCK: opt.nonblock = true; break;
		case MAPPED: opt.mapped = true; break;
		case TFO: opt.tfo = true; break;
		case RECEIVE: opt.receive = true; break;
		case RESET: opt.reset = true; break;
		case BETWEEN: opt.between = true; break;
		case LISTEN: opt.listen = true; break;
		case AT_ONCE: opt.at_once = opt.reset = true; break;
		case ACCEPT_NOT: opt.accept_not = true; break;
		case UNTERMINATED: opt.unterminated = true; break;
		case MPTCP: opt.mptcp = true; break;
		default: usage();
		}
	}
	return optind;
}

/* Of the default action of SIGALRM: a connect that nobody answers would take minutes. */
static void end_after(long seconds)
{
	if (!opt.seconds)
		opt.seconds = seconds;
	alarm(opt.seconds);
}

int main(int argc, char **argv)
{
	const char *mode = argv[1];
	char **target;

	if (argc < 2)
		usage();
	/* getopt skips argv[0]: here the mode. */
	target = argv + 1 + parse_options(argc - 1, argv + 1);
	if (argv + argc - target < 2)
		usage();
	destination = parse_address(target[0], target[1]);
	if (opt.mapped)
		destination = mapped(&destination);

	if (!strcmp(mode, "listen")) {
		if (!opt.seconds)
			opt.seconds = 60;
		return listen_mode();
	}
	if (!strcmp(mode, "storm") || !strcmp(mode, "spawn")) {
		if (!opt.count)
			usage();
		end_after(600);
		return mode[1] == 't' ? storm_mode() : spawn_mode(target[0], target[1]);
	}
	end_after(60);
	if (!opt.repeat)
		opt.repeat = !strcmp(mode, "reuse") ? 2 : 1;
	if (!strcmp(mode, "once"))
		return once();
	if (!strcmp(mode, "reuse"))
		return reuse();
	if (!strcmp(mode, "thread"))
		return in_thread();
	if (!strcmp(mode, "rename"))
		return rename_process();
	if (!strcmp(mode, "retitle"))
		return retitle(argv);
	if (!strcmp(mode, "orphan"))
		return in_orphan();
	if (!strcmp(mode, "disguise"))
		return disguise();
	if (!strcmp(mode, "chdir"))
		return change_directory();
	usage();
}
