/* What the Glibc module lacks: signalfd, timerfd, malloc_trim, and a terminal that is restored even by a crash. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <termios.h>

/* Blocks the given signals in this thread and those it starts, and gives a descriptor to read them from, or -1. */
int clinux_signal_descriptor(const int *signals, int count);

/* The next signal that waits on the descriptor, or 0. */
int clinux_next_signal(int descriptor);

/* A descriptor that is readable each `milliseconds`, or -1. */
int clinux_timer_descriptor(int milliseconds);

/* How often the timer has fired since the last call. */
uint64_t clinux_timer_fired(int descriptor);

/* Columns and rows of a terminal. False when it is none. */
bool clinux_window_size(int descriptor, int *columns, int *rows);

/*
 * From here on a crash of this process (SIGSEGV, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE) first writes `sequence`
 * to the terminal and gives it `settings` back.
 */
void clinux_guard_terminal(int descriptor, const struct termios *settings, const char *sequence);

/* "ECONNREFUSED" for an errno, or NULL. */
const char *clinux_errno_name(int number);

/* Gives what malloc holds free back to the system. */
void clinux_return_memory(void);

/* O_PATH and O_NOATIME of open(2). */
enum { clinux_o_path = 010000000, clinux_o_noatime = 01000000 };

/* Whether the file is of proc, sysfs or another file system where the kernel answers a read itself. */
bool clinux_is_pseudo(int descriptor);

/* Whether the file is served by a process (FUSE), which says what it is and when it answers. True where that is not known. */
bool clinux_is_fuse(int descriptor);

/* Tells the service manager, as sd_notify(3) says. False where there is none. */
bool clinux_notify(const char *state);

/*
 * The mail exchangers of a domain (RFC 5321 section 5.1), each name ended by a NUL, as far as `size` bytes hold them.
 * Returns how many bytes are used, or -1 where DNS does not answer. Takes four seconds at most for each name server.
 */
int clinux_mail_exchangers(const char *domain, char *names, int size);

/*
 * Starts a shell script as a child that ends with this thread at the latest: no signal blocked, nothing to read, its errors
 * nowhere. `isolated` puts it into a network namespace and a mount namespace of its own. What it writes can be read from
 * `output`. Returns its process id, or -1.
 */
int clinux_start(const char *script, bool isolated, int *output);

/* Ends what clinux_start has started. */
void clinux_kill(int child);
