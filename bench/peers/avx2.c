/*
 * Makes a program believe that its processor stops at AVX2, for contests on machines that have AVX-512:
 *
 *	gcc -O2 -shared -fPIC -o avx2.so avx2.c
 *	LD_PRELOAD=$PWD/avx2.so python ...
 *
 * Linux lets the instruction CPUID fault on processors that can (arch_prctl(2), ARCH_CPUID); the handler here
 * answers in its place and leaves out AVX-512, AMX and AVX-VNNI. glibc has chosen its own string functions by then.
 * On other processors only those libraries are answered so that hide.py has copied, and only if AVX2_COPIES is set.
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define ARCH_SET_CPUID 0x1012

static struct sigaction others;

static long faulting(int on) { return syscall(SYS_arch_prctl, ARCH_SET_CPUID, !on); }

static void answer(int sig, siginfo_t *info, void *context) {
	greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
	const unsigned char *at = (const unsigned char *)r[REG_RIP];
	/* CPUID's fault is one of general protection, which has no address; hide.py puts UD2 in its place. */
	int cpuid = sig == SIGSEGV ? info->si_code == SI_KERNEL && at[0] == 0x0f && at[1] == 0xa2 : at[0] == 0x0f && at[1] == 0x0b;
	if (!cpuid) {
		sigaction(sig, &others, NULL); /* a real fault: it comes again, to whom it belongs */
		return;
	}
	unsigned leaf = r[REG_RAX], sub = r[REG_RCX], a, b, c, d;
	if (sig == SIGSEGV)
		faulting(0);
	__cpuid_count(leaf, sub, a, b, c, d);
	if (sig == SIGSEGV)
		faulting(1);
	if (leaf == 7 && sub == 0) {
		b &= ~(1u << 16 | 1u << 17 | 1u << 21 | 1u << 26 | 1u << 27 | 1u << 28 | 1u << 30 | 1u << 31); /* F DQ IFMA PF ER CD BW VL */
		c &= ~(1u << 1 | 1u << 6 | 1u << 11 | 1u << 12 | 1u << 14);                                     /* VBMI VBMI2 VNNI BITALG VPOPCNTDQ */
		d &= ~(1u << 2 | 1u << 3 | 1u << 8 | 1u << 22 | 1u << 23 | 1u << 24 | 1u << 25);                /* 4VNNIW 4FMAPS VP2INTERSECT AMX-BF16 FP16 AMX-TILE AMX-INT8 */
	} else if (leaf == 7 && sub == 1) {
		a &= ~(1u << 4 | 1u << 5 | 1u << 21 | 1u << 23); /* AVX-VNNI AVX512-BF16 AMX-FP16 AVX-IFMA */
	}
	r[REG_RAX] = a, r[REG_RBX] = b, r[REG_RCX] = c, r[REG_RDX] = d;
	r[REG_RIP] += 2;
}

__attribute__((constructor)) static void begin(void) {
	struct sigaction s = {.sa_sigaction = answer, .sa_flags = SA_SIGINFO | SA_NODEFER};
	int sig = getenv("AVX2_COPIES") ? SIGILL : SIGSEGV;
	if (sigaction(sig, &s, &others) != 0 || (sig == SIGSEGV && faulting(1) != 0)) {
		perror("avx2.so: CPUID cannot be made to fault here");
		exit(1);
	}
}
