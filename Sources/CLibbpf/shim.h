/* libbpf for Swift: its API, and what of it does not import. */
#pragma once
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* How often the kernel skipped the program because it already ran on that CPU. 0 where it does not count. */
static inline __u64 shim_missed_runs(int program)
{
	struct bpf_prog_info info;
	__u32 size = sizeof(info);

	memset(&info, 0, sizeof(info));
	if (bpf_obj_get_info_by_fd(program, &info, &size))
		return 0;
	return info.recursion_misses;
}

/* A map's memory, for as many words as are said, or NULL: errno then says why. The kernel side writes there too. */
static inline __u64 *shim_map_words(int map, int count)
{
	void *memory = mmap(NULL, count * sizeof(__u64), PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static inline void shim_unmap_words(__u64 *words, int count)
{
	munmap(words, count * sizeof(__u64));
}

static inline __u64 shim_load(const __u64 *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static inline void shim_subtract(__u64 *word, __u64 number)
{
	__atomic_fetch_sub(word, number, __ATOMIC_RELAXED);
}

/* Whether the kernel's type information has that function. */
static inline int shim_kernel_has_function(const char *name)
{
	struct btf *types = btf__load_vmlinux_btf();
	int found = types && btf__find_by_name_kind(types, name, BTF_KIND_FUNC) > 0;

	btf__free(types);
	return found;
}

/* Whether no fentry program at all may be loaded here: asked with one that is wrong in all the rest. */
static inline int shim_refuses_fentry(void)
{
	struct bpf_insn program[] = { { .code = BPF_ALU64 | BPF_MOV | BPF_K }, { .code = BPF_JMP | BPF_EXIT } };
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_TRACE_FENTRY, .attach_btf_id = 1);
	int descriptor = bpf_prog_load(BPF_PROG_TYPE_TRACING, "mailsnoop_test", "GPL", program, 2, &options);

	if (descriptor >= 0)
		close(descriptor);
	return descriptor == -EPERM;
}

/*
 * Whether programs of this type may call this helper: the verifier says so first when they may not. libbpf's own answer
 * is yes for all of them from the kernel on that says it in other words (6.12).
 */
static inline int shim_may_call(enum bpf_prog_type type, enum bpf_func_id helper)
{
	struct bpf_insn program[] = {
		{ .code = BPF_JMP | BPF_CALL, .imm = helper },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	char log[4096] = "";
	LIBBPF_OPTS(bpf_prog_load_opts, options, .log_buf = log, .log_size = sizeof(log), .log_level = 1);
	int descriptor = bpf_prog_load(type, "mailsnoop_test", "GPL", program, 3, &options);

	if (descriptor >= 0)
		close(descriptor);
	/* Without a word from the verifier the kernel did not ask it. */
	return descriptor >= 0 || (log[0] && !strstr(log, "unknown func") && !strstr(log, "invalid func") &&
				   !strstr(log, "cannot use helper"));
}
