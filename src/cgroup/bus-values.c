/* SPDX-License-Identifier: Apache-2.0 */
/* Properties of units as parts of D-Bus messages. */
#ifdef HAVE_SYSTEMD

#include "cgroup/bus-internal.h"

static int append_array(const struct sd_bus_functions *sd, sd_bus_message *m, const struct property *p)
{
	int r;

	if (p->type == PROPERTY_STRINGS)
		return sd->append_strv(m, p->strings.v);
	if (p->type == PROPERTY_BYTES)
		return sd->append_array(m, 'y', p->bytes, p->n_bytes);
	r = sd->open_container(m, 'a', "(ss)");
	for (size_t i = 0; r >= 0 && i + 1 < p->strings.n; i += 2)
		r = sd->append(m, "(ss)", p->strings.v[i], p->strings.v[i + 1]);
	return r < 0 ? r : sd->close_container(m);
}

static int append_value(const struct sd_bus_functions *sd, sd_bus_message *m, const struct property *p)
{
	switch (p->type) {
	case PROPERTY_BOOL:
		return sd->append(m, "b", (int)p->integer);
	case PROPERTY_INT32:
		return sd->append(m, "i", (int32_t)p->integer);
	case PROPERTY_UINT32:
		return sd->append(m, "u", (uint32_t)p->integer);
	case PROPERTY_INT64:
		return sd->append(m, "x", p->integer);
	case PROPERTY_UINT64:
		return sd->append(m, "t", (uint64_t)p->integer);
	case PROPERTY_DOUBLE:
		return sd->append(m, "d", p->number);
	case PROPERTY_STRING:
		return sd->append(m, "s", p->strings.n ? p->strings.v[0] : "");
	default:
		return append_array(sd, m, p);
	}
}

static const char *signature_of(enum property_type type, char buffer[2])
{
	switch (type) {
	case PROPERTY_STRINGS:
		return "as";
	case PROPERTY_BYTES:
		return "ay";
	case PROPERTY_PAIRS:
		return "a(ss)";
	default:
		buffer[0] = (char)type;
		buffer[1] = '\0';
		return buffer;
	}
}

static int append_property(const struct sd_bus_functions *sd, sd_bus_message *m, const struct property *p)
{
	char buffer[2];
	int r = sd->open_container(m, 'r', "sv");

	if (r >= 0)
		r = sd->append(m, "s", p->name);
	if (r >= 0)
		r = sd->open_container(m, 'v', signature_of(p->type, buffer));
	if (r >= 0)
		r = append_value(sd, m, p);
	if (r >= 0)
		r = sd->close_container(m);
	return r < 0 ? r : sd->close_container(m);
}

int bus_append_properties(const struct sd_bus_functions *sd, sd_bus_message *m, const struct property_list *properties,
			  pid_t pid)
{
	int r = sd->open_container(m, 'a', "(sv)");

	if (r >= 0 && pid > 0)
		r = sd->append(m, "(sv)", "PIDs", "au", 1, (uint32_t)pid);
	for (size_t i = 0; r >= 0 && i < properties->n; i++)
		r = append_property(sd, m, &properties->v[i]);
	return r < 0 ? r : sd->close_container(m);
}

#endif
