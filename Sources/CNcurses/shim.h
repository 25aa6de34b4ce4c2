/* ncursesw for Swift: what is a macro or a global variable there is a function here. One terminal, one window. */
#pragma once
#ifndef _XOPEN_SOURCE_EXTENDED
#define _XOPEN_SOURCE_EXTENDED 1
#endif
#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of term.h, whose macros take the names of half the world. */
extern char *tigetstr(const char *);
extern int setupterm(const char *, int, int *);
/* Of wchar.h, as XPG4 has it. */
extern int wcwidth(wchar_t);

enum ncurses_style {
	NCURSES_BOLD = 1,
	NCURSES_REVERSE = 2,
	NCURSES_DIM = 4,
};

enum ncurses_event {
	NCURSES_NOTHING,
	NCURSES_CHARACTER,
	NCURSES_KEY,
	NCURSES_MOUSE,
};

/* One of the codes of curses.h that the view knows. */
enum ncurses_key {
	NCURSES_UP = KEY_UP,
	NCURSES_DOWN = KEY_DOWN,
	NCURSES_LEFT = KEY_LEFT,
	NCURSES_RIGHT = KEY_RIGHT,
	NCURSES_PAGE_UP = KEY_PPAGE,
	NCURSES_PAGE_DOWN = KEY_NPAGE,
	NCURSES_HOME = KEY_HOME,
	NCURSES_END = KEY_END,
	NCURSES_ENTER = KEY_ENTER,
	NCURSES_BACKSPACE = KEY_BACKSPACE,
	NCURSES_DELETE = KEY_DC,
	NCURSES_F1 = KEY_F(1),
	NCURSES_BACK_TAB = KEY_BTAB,
};

struct ncurses_input {
	enum ncurses_event event;
	/* Scalar or key code; of the mouse the button: 1 left, 4 and 5 the wheel up and down. */
	unsigned int code;
	int row;
	int column;
};

/* 0 there is no such terminal in terminfo, 1 it cannot move its cursor, 2 it can. */
static inline int ncurses_ability(void)
{
	int error = 0;

	if (setupterm(NULL, STDOUT_FILENO, &error) != OK)
		return 0;
	const char *move = tigetstr("cup");
	return move && move != (char *)-1 && *move ? 2 : 1;
}

/* Takes the terminal. False when it cannot. */
static inline bool ncurses_begin(bool has_colors_wanted)
{
	if (!newterm(NULL, stdout, stdin))
		return false;
	cbreak();
	noecho();
	nonl();
	intrflush(stdscr, FALSE);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(50);
	curs_set(0);
	if (has_colors_wanted && has_colors() && start_color() == OK && use_default_colors() == OK)
		for (short color = 1; color < 8; color++)
			init_pair(color, color, -1);
	return true;
}

static inline void ncurses_end(void)
{
	endwin();
}

/* What gives the terminal back, for who cannot call ncurses any more. To be freed by nobody. */
static inline const char *ncurses_restoring(void)
{
	static char text[256];
	static const char *const names[] = { "cnorm", "sgr0", "rmkx", "rmcup" };

	/* Mouse reports, of every xterm. */
	strcpy(text, "\033[?1000l");
	if (!tigetstr("kmous") || tigetstr("kmous") == (char *)-1)
		*text = 0;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *sequence = tigetstr(names[i]);
		if (sequence && sequence != (char *)-1 && strlen(text) + strlen(sequence) < sizeof text)
			strcat(text, sequence);
	}
	return text;
}

static inline void ncurses_clear(void)
{
	erase();
}

/* Writes `count` characters; the color is one of curses.h, 0 the terminal's own. */
static inline void ncurses_put(int row, int column, const wchar_t *text, int count, int style, int color)
{
	attr_t attributes = A_NORMAL;

	if (style & NCURSES_BOLD)
		attributes |= A_BOLD;
	if (style & NCURSES_REVERSE)
		attributes |= A_REVERSE;
	if (style & NCURSES_DIM)
		attributes |= A_DIM;
	attr_set(attributes, color < COLOR_PAIRS ? color : 0, NULL);
	mvaddnwstr(row, column, text, count);
	attr_set(A_NORMAL, 0, NULL);
}

/* Shows the cursor there, or hides it where the row is negative. */
static inline void ncurses_cursor(int row, int column)
{
	curs_set(row >= 0);
	if (row >= 0)
		move(row, column);
}

static inline void ncurses_show(void)
{
	refresh();
}

/* Draws all anew with the next frame. */
static inline void ncurses_redraw(void)
{
	clearok(curscr, TRUE);
}

static inline void ncurses_resize(int columns, int rows)
{
	resizeterm(rows, columns);
}

static inline void ncurses_mouse(bool is_on)
{
	mousemask(is_on ? BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED : 0, NULL);
	mouseinterval(0);
}

/* The next key or click, without waiting. */
static inline struct ncurses_input ncurses_next(void)
{
	struct ncurses_input input = { .event = NCURSES_NOTHING };
	wint_t code = 0;
	MEVENT mouse;

	switch (get_wch(&code)) {
	case OK:
		input.event = NCURSES_CHARACTER;
		input.code = code;
		break;
	case KEY_CODE_YES:
		input.event = NCURSES_KEY;
		input.code = code;
		if (code != KEY_MOUSE)
			break;
		input.event = getmouse(&mouse) == OK ? NCURSES_MOUSE : NCURSES_KEY;
		input.code = mouse.bstate & BUTTON4_PRESSED ? 4 : mouse.bstate & BUTTON5_PRESSED ? 5 : 1;
		input.row = mouse.y;
		input.column = mouse.x;
		break;
	}
	return input;
}
