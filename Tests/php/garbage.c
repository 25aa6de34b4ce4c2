/*
 * A program that has the symbols of PHP and nothing sane behind them. It
 * connects to 127.0.0.1, port argv[1], with its "PHP" as argv[2] says.
 */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

const char *version = "X-Powered-By: PHP/8.2.97", *api = "API20220829,NTS";
uint64_t executor_globals[256], sapi_globals[128], sapi_module[32];

/* Where PHP 8.2 has things, in words. */
enum { CURRENT = 488 / 8, OPLINE = 0, FUNCTION = 3, PREVIOUS = 6, NAME = 1, SCOPE = 2, FILE_NAME = 152 / 8 };

static uint64_t call[16], function[64], class[8], string[512];

static uint64_t random_word(void)
{
	static uint64_t state = 97;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr = { htonl(INADDR_LOOPBACK) } };
	const char *kind = argv[2];
	char *page = (char *)mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) + 4096;

	munmap(page, 4096);
	string[2] = 12;
	memset(&string[3], 0x1b, 4072);
	class[1] = (uint64_t)string;
	memset(function, 0, sizeof(function));
	function[0] = 2;
	function[NAME] = function[FILE_NAME] = (uint64_t)string;
	function[SCOPE] = (uint64_t)class;
	call[OPLINE] = (uint64_t)string;
	call[FUNCTION] = (uint64_t)function;
	executor_globals[CURRENT] = (uint64_t)call;
	if (!strcmp(kind, "random")) {
		for (int i = 0; i < 256; i++)
			executor_globals[i] = random_word();
		for (int i = 0; i < 128; i++)
			sapi_globals[i] = random_word();
		for (int i = 0; i < 32; i++)
			sapi_module[i] = random_word();
	} else if (!strcmp(kind, "cycle")) {
		call[PREVIOUS] = (uint64_t)call;
	} else if (!strcmp(kind, "type")) {
		function[0] = 7;
	} else if (!strcmp(kind, "length")) {
		string[2] = ~0ull;
	} else if (!strcmp(kind, "long")) {
		string[2] = 4000;
		call[PREVIOUS] = (uint64_t)call;
	} else if (!strcmp(kind, "edge")) {
		/* Ends in the middle of what is read. */
		executor_globals[CURRENT] = (uint64_t)page - 24;
	} else if (!strcmp(kind, "request")) {
		/* FastCGI whose variables are a ring. */
		static uint64_t server[1200], bucket[5];
		static const char name[] = "fpm-fcgi", host[] = "HTTP_HOST";

		sapi_module[0] = (uint64_t)name;
		sapi_globals[0] = (uint64_t)server;
		server[8288 / 8] = 1;
		bucket[0] = 9ull << 32;
		bucket[1] = (uint64_t)host;
		bucket[2] = ~0ull;
		bucket[3] = (uint64_t)string;
		bucket[4] = (uint64_t)bucket;
		for (int i = 0; i < 128; i++)
			server[8296 / 8 + i] = (uint64_t)bucket;
	}
	connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&to, sizeof(to));
	return version[0] == api[0];
}
