/*
 * What a user does to keep the tracer busy.
 *
 * attacker hold NAME SECONDS FILE...   is called NAME, and has the files mapped as a library is
 * perl PATH PORT COUNT                 connects, and names another script each time: PATH has 000000 in it
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static int hold(int count, char **arguments)
{
	for (int i = 2; i < count; i++) {
		int file = open(arguments[i], O_RDONLY);

		if (file < 0 || mmap(0, 4096, PROT_READ, MAP_PRIVATE, file, 0) == MAP_FAILED) {
			perror(arguments[i]);
			return 1;
		}
		close(file);
	}
	prctl(PR_SET_NAME, arguments[0]);
	puts("held");
	fflush(stdout);
	sleep(atoi(arguments[1]));
	return 0;
}

/* Its own argv[1] is the script. */
static int flood(char *path, int port, int times)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
	char *digits = strstr(path, "000000");

	inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
	for (int i = 0; digits && i < times; i++) {
		char number[16];
		int s = socket(AF_INET, SOCK_STREAM, 0);

		snprintf(number, sizeof(number), "%06d", i % 1000000);
		memcpy(digits, number, 6);
		connect(s, (void *)&address, sizeof(address));
		close(s);
		usleep(500);
	}
	return 0;
}

int main(int count, char **arguments)
{
	const char *name = strrchr(arguments[0], '/');

	if (name && !strcmp(name, "/perl") && count == 4)
		return flood(arguments[1], atoi(arguments[2]), atoi(arguments[3]));
	if (count > 4 && !strcmp(arguments[1], "hold"))
		return hold(count - 2, arguments + 2);
	return 2;
}
