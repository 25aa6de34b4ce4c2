/* libelf for Swift. */
#pragma once
#include <gelf.h>
#include <libelf.h>

/* The e_machine of programs that run here. */
#if defined(__x86_64__)
enum { shim_machine = EM_X86_64 };
#elif defined(__aarch64__)
enum { shim_machine = EM_AARCH64 };
#else
enum { shim_machine = EM_NONE };
#endif
