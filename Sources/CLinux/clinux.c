#define _GNU_SOURCE
#include "clinux.h"

#include <arpa/nameser.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <malloc.h>
#include <netinet/in.h>
#include <resolv.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

int clinux_signal_descriptor(const int *signals, int count)
{
	sigset_t set;

	sigemptyset(&set);
	for (int i = 0; i < count; i++)
		sigaddset(&set, signals[i]);
	if (pthread_sigmask(SIG_BLOCK, &set, NULL))
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int clinux_next_signal(int descriptor)
{
	struct signalfd_siginfo info;

	return read(descriptor, &info, sizeof(info)) == sizeof(info) ? (int)info.ssi_signo : 0;
}

int clinux_timer_descriptor(int milliseconds)
{
	struct timespec period = { milliseconds / 1000, milliseconds % 1000 * 1000000L };
	struct itimerspec timer = { period, period };
	int descriptor = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	if (descriptor >= 0 && timerfd_settime(descriptor, 0, &timer, NULL)) {
		close(descriptor);
		return -1;
	}
	return descriptor;
}

uint64_t clinux_timer_fired(int descriptor)
{
	uint64_t times;

	return read(descriptor, &times, sizeof(times)) == sizeof(times) ? times : 0;
}

bool clinux_window_size(int descriptor, int *columns, int *rows)
{
	struct winsize size;

	if (ioctl(descriptor, TIOCGWINSZ, &size) || !size.ws_col || !size.ws_row)
		return false;
	*columns = size.ws_col;
	*rows = size.ws_row;
	return true;
}

static struct {
	int descriptor;
	struct termios settings;
	char sequence[64];
} guarded;

/* Only what signal-safety(7) allows. SA_RESETHAND lets the raised signal do what it would have done. */
static void restore(int number)
{
	ssize_t written = write(guarded.descriptor, guarded.sequence, strlen(guarded.sequence));

	(void)written;
	tcsetattr(guarded.descriptor, TCSANOW, &guarded.settings);
	raise(number);
}

void clinux_guard_terminal(int descriptor, const struct termios *settings, const char *sequence)
{
	static const int crashes[] = { SIGSEGV, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE };
	struct sigaction action = { .sa_handler = restore, .sa_flags = SA_RESETHAND | SA_NODEFER };

	guarded.descriptor = descriptor;
	guarded.settings = *settings;
	strncpy(guarded.sequence, sequence, sizeof(guarded.sequence) - 1);
	for (unsigned long i = 0; i < sizeof(crashes) / sizeof(*crashes); i++)
		sigaction(crashes[i], &action, NULL);
}

const char *clinux_errno_name(int number)
{
	return strerrorname_np(number);
}

void clinux_return_memory(void)
{
	malloc_trim(0);
}

static_assert(clinux_o_path == O_PATH && clinux_o_noatime == O_NOATIME);

bool clinux_is_pseudo(int descriptor)
{
	struct statfs status;

	if (fstatfs(descriptor, &status))
		return true;
	switch ((unsigned int)status.f_type) {
	case PROC_SUPER_MAGIC:
	case SYSFS_MAGIC:
	case DEBUGFS_MAGIC:
	case TRACEFS_MAGIC:
	case SECURITYFS_MAGIC:
	case EFIVARFS_MAGIC:
	case BPF_FS_MAGIC:
	case CGROUP_SUPER_MAGIC:
	case CGROUP2_SUPER_MAGIC:
		return true;
	default:
		return false;
	}
}

bool clinux_is_fuse(int descriptor)
{
	struct statfs status;

	return fstatfs(descriptor, &status) || (unsigned int)status.f_type == FUSE_SUPER_MAGIC;
}

bool clinux_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = path ? strlen(path) : 0;

	if (length < 2 || length >= sizeof(address.sun_path) || (path[0] != '/' && path[0] != '@'))
		return false;
	memcpy(address.sun_path, path, length);
	/* A name in the abstract namespace. */
	if (path[0] == '@')
		address.sun_path[0] = 0;
	int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (descriptor < 0)
		return false;
	ssize_t sent = sendto(descriptor, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&address,
			      offsetof(struct sockaddr_un, sun_path) + length);
	close(descriptor);
	return sent >= 0;
}

int clinux_mail_exchangers(const char *domain, char *names, int size)
{
	unsigned char answer[NS_MAXMSG];
	char name[NS_MAXDNAME];
	ns_msg message;
	int used = 0, length;

	if (res_init())
		return -1;
	_res.retrans = 2;
	_res.retry = 2;
	length = res_query(domain, ns_c_in, ns_t_mx, answer, sizeof(answer));
	if (length < 0 || length > (int)sizeof(answer) || ns_initparse(answer, length, &message))
		return -1;
	for (int i = 0; i < ns_msg_count(message, ns_s_an); i++) {
		ns_rr record;

		if (ns_parserr(&message, ns_s_an, i, &record))
			break;
		if (ns_rr_type(record) != ns_t_mx || ns_rr_rdlen(record) < 3)
			continue;
		if (ns_name_uncompress(ns_msg_base(message), ns_msg_end(message), ns_rr_rdata(record) + 2, name,
				       sizeof(name)) < 0)
			continue;
		length = strlen(name) + 1;
		if (length > size - used)
			break;
		memcpy(names + used, name, length);
		used += length;
	}
	return used;
}

int clinux_start(const char *script, bool isolated, int *output)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return -1;
	pid_t child = fork();
	if (child) {
		close(ends[1]);
		if (child < 0)
			close(ends[0]);
		else
			*output = ends[0];
		return child;
	}

	/* Other threads may hold locks of the C library: nothing but system calls from here to exec. */
	sigset_t none;
	int nowhere = open("/dev/null", O_RDWR);

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	dup2(nowhere, STDIN_FILENO);
	dup2(ends[1], STDOUT_FILENO);
	dup2(nowhere, STDERR_FILENO);
	/* What is mounted there shall not show up here. */
	if (isolated && (unshare(CLONE_NEWNET | CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL)))
		_exit(126);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	execl("/bin/sh", "sh", "-c", script, (char *)NULL);
	_exit(127);
}

void clinux_kill(int child)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}
