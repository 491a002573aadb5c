/* SPDX-License-Identifier: Apache-2.0 */
/* The one place that calls dlopen(3). */
#include "base/dlib.h"

#include <dlfcn.h>
#include <errno.h>

#if defined(OCIRUN_STATIC) && OCIRUN_STATIC

int dlib_load(const char *soname, const char *purpose, const struct dlib_symbol *symbols, struct err *e)
{
	(void)symbols;
	return err_say(e, -ENOPKG, "%s needs %s, which a static ocirun cannot load", purpose, soname);
}

#else

int dlib_load(const char *soname, const char *purpose, const struct dlib_symbol *symbols, struct err *e)
{
	/* Never unloaded: the functions in the slots are used until the process ends. */
	void *handle = dlopen(soname, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

	if (!handle)
		return err_say(e, -ENOPKG, "%s needs %s: not found", purpose, soname);

	for (const struct dlib_symbol *s = symbols; s->name; s++) {
		*s->slot = dlsym(handle, s->name);
		if (!*s->slot)
			return err_say(e, -ENOPKG, "%s needs %s with %s: this one is too old", purpose, soname,
				       s->name);
	}
	return 0;
}

#endif
