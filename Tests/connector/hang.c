/*
 * A file system that never answers: hang DIRECTORY COMMAND...
 *
 * Mounts FUSE on the directory, in a mount namespace of its own, and runs the command there. Files of any name are in it,
 * 5 bytes long, until somebody looks for one whose name has "hang" in it, or lists the directory; from then on nothing is
 * answered. With "-o" an overlay lies on it. HANG_SERVER is the process to kill to end that. Needs root.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/fuse.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int device;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void reply(struct fuse_in_header *request, int error, const void *body, size_t size)
{
	struct {
		struct fuse_out_header header;
		char body[4096];
	} answer = { .header = { .len = sizeof(answer.header) + size, .error = error, .unique = request->unique } };

	memcpy(answer.body, body, size);
	if (write(device, &answer, answer.header.len) < 0)
		perror("reply");
}

static struct fuse_attr attributes(__u64 node)
{
	struct fuse_attr a = { .ino = node, .mode = node == 1 ? S_IFDIR | 0755 : S_IFREG | 0755, .nlink = 1,
			       .size = node == 1 ? 0 : 5 };

	return a;
}

static void serve(void)
{
	static char buffer[1 << 17];
	struct fuse_in_header *request = (void *)buffer;
	char *argument = buffer + sizeof(*request);
	int hangs = 0;

	while (read(device, buffer, sizeof(buffer)) > 0) {
		struct fuse_init_out init = { .major = 7, .minor = 31, .max_write = 65536 };
		struct fuse_attr_out stat = { .attr = attributes(request->nodeid) };
		struct fuse_entry_out entry = { .nodeid = 2, .attr = attributes(2) };
		struct fuse_open_out open = { 0 };
		struct fuse_statfs_out system = { .st.namelen = 255 };

		if (request->opcode == FUSE_READDIR || (request->opcode == FUSE_LOOKUP && strstr(argument, "hang")))
			hangs = 1;
		if (hangs)
			continue;
		switch (request->opcode) {
		case FUSE_INIT: reply(request, 0, &init, sizeof(init)); break;
		case FUSE_GETATTR: reply(request, 0, &stat, sizeof(stat)); break;
		case FUSE_LOOKUP: reply(request, 0, &entry, sizeof(entry)); break;
		case FUSE_OPEN:
		case FUSE_OPENDIR: reply(request, 0, &open, sizeof(open)); break;
		case FUSE_READ: reply(request, 0, "# x\n\n", 5); break;
		case FUSE_STATFS: reply(request, 0, &system, sizeof(system)); break;
		case FUSE_RELEASE:
		case FUSE_RELEASEDIR:
		case FUSE_FLUSH: reply(request, 0, 0, 0); break;
		case FUSE_FORGET: break;
		default: reply(request, -38, 0, 0);	/* ENOSYS */
		}
	}
	exit(0);
}

int main(int count, char **arguments)
{
	int overlay = count > 1 && !strcmp(arguments[1], "-o");
	char options[256];
	const char *directory;
	pid_t server;

	arguments += overlay;
	if (count - overlay < 3)
		return 2;
	directory = arguments[1];
	device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (device < 0)
		fail("/dev/fuse");
	if (unshare(CLONE_NEWNS) || mount(0, "/", 0, MS_REC | MS_PRIVATE, 0))
		fail("unshare");
	snprintf(options, sizeof(options), "fd=%d,rootmode=40755,user_id=0,group_id=0,allow_other", device);
	if (mount("hang", directory, "fuse", MS_NOSUID | MS_NODEV, options))
		fail("mount");
	server = fork();
	if (!server) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve();
	}
	if (overlay) {
		snprintf(options, sizeof(options), "lowerdir=%s:/usr/lib", directory);
		if (mount("hang", directory, "overlay", 0, options))
			fail("mount overlay");
	}
	/* Whatever waits for it waits until this has gone, also after SIGKILL. */
	snprintf(options, sizeof(options), "%d", server);
	setenv("HANG_SERVER", options, 1);
	if (!fork()) {
		execvp(arguments[2], arguments + 2);
		fail(arguments[2]);
	}
	wait(0);
	kill(server, SIGKILL);
	return 0;
}
