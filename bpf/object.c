/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#include "probe_events.h"

#if !__has_embed("probe.bpf.o")
#error "bpf/probe.bpf.o is missing: run `make bpf` first"
#endif

_Alignas(8) static const unsigned char object[] = {
#embed "probe.bpf.o"
};

struct probe_object probe_object(void)
{
	return (struct probe_object){ object, sizeof(object) };
}
