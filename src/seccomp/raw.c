/* SPDX-License-Identifier: Apache-2.0 */
/* A program that somebody else compiled: bytes, or base64 of them in an annotation. */
#include "seccomp/seccomp.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "seccomp/load.h"

int seccomp_from_raw(const struct oci_seccomp *profile, const void *bytes, size_t n,
		     struct seccomp_program *ret_program, struct err *e)
{
	size_t n_filter = n / sizeof(struct sock_filter);

	memset(ret_program, 0, sizeof(*ret_program));
	if (n == 0 || n % sizeof(struct sock_filter) != 0)
		return err_say(e, -EINVAL,
			       "seccomp: a BPF program has a multiple of %zu bytes, not %zu",
			       sizeof(struct sock_filter), n);
	if (n_filter > BPF_MAXINSNS)
		return err_say(
			e, -E2BIG,
			"seccomp: the BPF program has %zu instructions and the kernel takes %d",
			n_filter, BPF_MAXINSNS);
	ret_program->filter = xmalloc(n);
	memcpy(ret_program->filter, bytes, n);
	ret_program->n_filter = n_filter;
	ret_program->flags = seccomp_profile_flags(profile);
	ret_program->notify = profile && !str_empty(profile->listener_path);
	return 0;
}

static int digit_of(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *p = c ? strchr(digits, c) : NULL;

	return p ? (int)(p - digits) : -1;
}

/* RFC 4648, section 4: padded, no line breaks, no bits left over. */
static int decode(const char *text, size_t n, unsigned char *bytes)
{
	size_t n_bytes = 0, n_digits = n;
	unsigned bits = 0, n_bits = 0;

	if (n % 4 != 0)
		return -EINVAL;
	while (n_digits > 0 && n - n_digits < 2 && text[n_digits - 1] == '=')
		n_digits--;
	for (size_t i = 0; i < n_digits; i++) {
		int digit = digit_of(text[i]);

		if (digit < 0)
			return -EINVAL;
		bits = (bits << 6 | (unsigned)digit) & 0xffff;
		n_bits += 6;
		if (n_bits < 8)
			continue;
		n_bits -= 8;
		bytes[n_bytes++] = (unsigned char)(bits >> n_bits);
	}
	return (bits & ((1U << n_bits) - 1)) != 0 ? -EINVAL : (int)n_bytes;
}

int seccomp_from_base64(const struct oci_seccomp *profile, const char *text,
			struct seccomp_program *ret_program, struct err *e)
{
	size_t n = strlen(text);
	_cleanup_free_ unsigned char *bytes = NULL;
	int r;

	memset(ret_program, 0, sizeof(*ret_program));
	if (n > BPF_MAXINSNS * sizeof(struct sock_filter) * 2)
		return err_say(
			e, -E2BIG,
			"seccomp: a BPF program of %zu base64 digits is more than the kernel takes",
			n);
	bytes = xmalloc(n + 1);
	r = decode(text, n, bytes);
	if (r < 0)
		return err_say(e, r, "seccomp: the BPF program is not base64");
	return seccomp_from_raw(profile, bytes, (size_t)r, ret_program, e);
}
