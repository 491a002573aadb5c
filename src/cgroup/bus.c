/* SPDX-License-Identifier: Apache-2.0 */
/* systemd's D-Bus interface (org.freedesktop.systemd1(5)) through sd-bus(3): see bus.h. */
#include "cgroup/bus.h"

#include <errno.h>

#ifdef HAVE_SYSTEMD

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/dlib.h"
#include "base/str.h"
#include "cgroup/bus-internal.h"

#define SONAME "libsystemd.so.0"
#define JOB_TIMEOUT_US (90ULL * 1000000)

#define MANAGER "org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager"

DLIB_NOTE(bus_note, "[{\"feature\":\"systemd-cgroups\",\"description\":\"the systemd cgroup manager\","
		    "\"priority\":\"recommended\",\"soname\":[\"" SONAME "\"]}]");

static int load(struct bus *bus, struct err *e)
{
	struct sd_bus_functions *sd = &bus->sd;
	const struct dlib_symbol symbols[] = {
		{ "sd_bus_open_system", (void **)&sd->open_system },
		{ "sd_bus_open_user", (void **)&sd->open_user },
		{ "sd_bus_new", (void **)&sd->new_bus },
		{ "sd_bus_set_address", (void **)&sd->set_address },
		{ "sd_bus_start", (void **)&sd->start },
		{ "sd_bus_flush_close_unref", (void **)&sd->flush_close_unref },
		{ "sd_bus_match_signal", (void **)&sd->match_signal },
		{ "sd_bus_process", (void **)&sd->process },
		{ "sd_bus_wait", (void **)&sd->wait },
		{ "sd_bus_call", (void **)&sd->call },
		{ "sd_bus_call_method", (void **)&sd->call_method },
		{ "sd_bus_error_free", (void **)&sd->error_free },
		{ "sd_bus_error_has_name", (void **)&sd->error_has_name },
		{ "sd_bus_message_new_method_call", (void **)&sd->new_method_call },
		{ "sd_bus_message_append", (void **)&sd->append },
		{ "sd_bus_message_append_array", (void **)&sd->append_array },
		{ "sd_bus_message_append_strv", (void **)&sd->append_strv },
		{ "sd_bus_message_open_container", (void **)&sd->open_container },
		{ "sd_bus_message_close_container", (void **)&sd->close_container },
		{ "sd_bus_message_read", (void **)&sd->read },
		{ "sd_bus_message_unref", (void **)&sd->message_unref },
		{ NULL, NULL },
	};

	return dlib_load(SONAME, "the systemd cgroup manager", symbols, e);
}

/* Without a bus (minimal systems, a user without dbus) the manager can be spoken to directly. */
static int open_private(struct bus *bus)
{
	const char *runtime_dir = getenv("XDG_RUNTIME_DIR");
	_cleanup_free_ char *address = NULL;
	int r;

	if (bus->user && str_empty(runtime_dir))
		return -ENOENT;
	address = str_printf("unix:path=%s/systemd/private", bus->user ? runtime_dir : "/run");
	r = bus->sd.new_bus(&bus->connection);
	if (r >= 0)
		r = bus->sd.set_address(bus->connection, address);
	if (r >= 0)
		r = bus->sd.start(bus->connection);
	if (r < 0 && bus->connection)
		bus->connection = bus->sd.flush_close_unref(bus->connection);
	return r;
}

static int explain_open(const struct bus *bus, int code, struct err *e)
{
	/* Engines take "no such file" for a missing program. */
	bool nobody = code == -ENOENT || code == -ECONNREFUSED || code == -ENOMEDIUM;
	const char *reason = nobody ? "there is none" : err_reason(code);

	if (!bus->user) {
		err_say(e, code, "the systemd cgroup manager cannot reach systemd's bus: %s", reason);
		return err_hint(e, "systemd has to run as the init of this machine; use --cgroup-manager cgroupfs where it "
				   "does not");
	}
	err_say(e, code, "the systemd cgroup manager cannot reach the bus of the user's systemd: %s", reason);
	return err_hint(e, "a login session has one, with XDG_RUNTIME_DIR and DBUS_SESSION_BUS_ADDRESS set; `loginctl "
			   "enable-linger` keeps it without a session, and --cgroup-manager cgroupfs does without");
}

static int on_job_removed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const char *job, *unit, *result;
	struct bus *bus = userdata;
	uint32_t id;

	(void)error;
	if (bus->sd.read(m, "uoss", &id, &job, &unit, &result) < 0)
		return 0;
	if (bus->job && !bus->result && strcmp(job, bus->job) == 0)
		bus->result = xstrdup(result);
	return 0;
}

int bus_open(bool user, struct bus **ret_bus, struct err *e)
{
	_cleanup_(bus_freep) struct bus *bus = xcalloc(1, sizeof(*bus));
	int r;

	bus->user = user;
	r = load(bus, e);
	if (r < 0)
		return r;
	r = user ? bus->sd.open_user(&bus->connection) : bus->sd.open_system(&bus->connection);
	/* No socket, nobody behind it, or (ENOMEDIUM) no variable that says where it is. */
	if (r == -ENOENT || r == -ECONNREFUSED || r == -ENOMEDIUM) {
		int direct = open_private(bus);

		r = direct >= 0 ? direct : r;
	}
	if (r < 0)
		return explain_open(bus, r, e);

	r = bus->sd.match_signal(bus->connection, NULL, MANAGER, "JobRemoved", on_job_removed, bus);
	/* systemd sends signals only while somebody has subscribed. */
	if (r >= 0)
		r = bus->sd.call_method(bus->connection, MANAGER, "Subscribe", NULL, NULL, NULL);
	if (r < 0)
		return explain_open(bus, r, e);
	*ret_bus = TAKE_PTR(bus);
	return 0;
}

void bus_free(struct bus *bus)
{
	if (!bus)
		return;
	if (bus->connection)
		bus->sd.flush_close_unref(bus->connection);
	free(bus->job);
	free(bus->result);
	free(bus);
}

void bus_freep(struct bus **bus)
{
	bus_free(*bus);
}

/* The manager's own words for a refusal. */
static int explain_call(const struct bus *bus, const sd_bus_error *error, int code, const char *act, const char *unit,
			struct err *e)
{
	err_say(e, code, "systemd cannot %s %s: %s", act, unit, error->message ? error->message : err_reason(code));
	if (bus->sd.error_has_name(error, "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired"))
		err_hint(e, "this is the manager of the system, which a user may not ask; the user's own needs a login "
			    "session with XDG_RUNTIME_DIR set");
	return code;
}

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* Wait for the job in the reply of a method. */
static int wait_job(struct bus *bus, sd_bus_message *reply, const char *act, const char *unit, struct err *e)
{
	uint64_t deadline = now_us() + JOB_TIMEOUT_US;
	const char *job;
	int r = bus->sd.read(reply, "o", &job);

	if (r < 0)
		return err_set(e, r, "systemd's answer cannot be understood");
	free(bus->job);
	free(bus->result);
	bus->job = xstrdup(job);
	bus->result = NULL;

	while (!bus->result) {
		uint64_t now = now_us();

		r = bus->sd.process(bus->connection, NULL);
		if (r == 0 && now >= deadline)
			return err_say(e, -ETIMEDOUT, "systemd did not %s %s in time", act, unit);
		if (r == 0)
			r = bus->sd.wait(bus->connection, deadline - now);
		if (r < 0 && r != -EINTR)
			return err_set(e, r, "the connection to systemd broke");
	}
	if (strcmp(bus->result, "done") != 0)
		return err_say(e, -EIO, "systemd did not %s %s: the job ended as \"%s\"; see its journal", act, unit,
			       bus->result);
	return 0;
}

/* One attempt.  *ret_exists: refused since there is a unit of this name. */
static int try_start(struct bus *bus, const char *scope, const struct property_list *properties, pid_t pid,
		     bool *ret_exists, struct err *e)
{
	const struct sd_bus_functions *sd = &bus->sd;
	sd_bus_message *m = NULL, *reply = NULL;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = sd->new_method_call(bus->connection, &m, MANAGER, "StartTransientUnit");

	*ret_exists = false;
	if (r >= 0)
		r = sd->append(m, "ss", scope, "fail");
	if (r >= 0)
		r = bus_append_properties(&bus->sd, m, properties, pid);
	if (r >= 0)
		r = sd->append(m, "a(sa(sv))", 0);
	if (r >= 0)
		r = sd->call(bus->connection, m, 0, &error, &reply);
	if (r < 0) {
		*ret_exists = sd->error_has_name(&error, "org.freedesktop.systemd1.UnitExists");
		r = explain_call(bus, &error, r, "start", scope, e);
	} else {
		r = wait_job(bus, reply, "start", scope, e);
	}
	sd->error_free(&error);
	sd->message_unref(reply);
	sd->message_unref(m);
	return r;
}

/* A unit that failed stays in memory under its name until this. */
static void reset_failed(struct bus *bus, const char *unit)
{
	/* No such unit, or it has not failed: nothing to forget. */
	(void)bus->sd.call_method(bus->connection, MANAGER, "ResetFailedUnit", NULL, NULL, "s", unit);
}

int bus_start_scope(struct bus *bus, const char *scope, const struct property_list *properties, pid_t pid,
		    struct err *e)
{
	bool exists;
	int r = try_start(bus, scope, properties, pid, &exists, e);

	if (r >= 0 || !exists)
		return r;
	reset_failed(bus, scope);
	return try_start(bus, scope, properties, pid, &exists, e);
}

int bus_stop_unit(struct bus *bus, const char *unit, struct err *e)
{
	const struct sd_bus_functions *sd = &bus->sd;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *reply = NULL;
	int r = sd->call_method(bus->connection, MANAGER, "StopUnit", &error, &reply, "ss", unit, "replace");

	/* A scope goes by itself when its last process has left. */
	if (r < 0 && sd->error_has_name(&error, "org.freedesktop.systemd1.NoSuchUnit"))
		r = 0;
	else if (r < 0)
		r = explain_call(bus, &error, r, "stop", unit, e);
	else
		r = wait_job(bus, reply, "stop", unit, e);
	if (r == 0)
		reset_failed(bus, unit);
	sd->error_free(&error);
	sd->message_unref(reply);
	return r;
}

int bus_attach_process(struct bus *bus, const char *unit, const char *below, pid_t pid, struct err *e)
{
	const struct sd_bus_functions *sd = &bus->sd;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = sd->call_method(bus->connection, MANAGER, "AttachProcessesToUnit", &error, NULL, "ssau", unit, below, 1,
				(uint32_t)pid);

	if (r < 0)
		r = explain_call(bus, &error, r, "attach a process to", unit, e);
	sd->error_free(&error);
	return r < 0 ? r : 0;
}

int bus_set_properties(struct bus *bus, const char *unit, const struct property_list *properties, struct err *e)
{
	const struct sd_bus_functions *sd = &bus->sd;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *m = NULL;
	int r = sd->new_method_call(bus->connection, &m, MANAGER, "SetUnitProperties");

	if (r >= 0)
		r = sd->append(m, "sb", unit, 1);
	if (r >= 0)
		r = bus_append_properties(&bus->sd, m, properties, 0);
	if (r >= 0)
		r = sd->call(bus->connection, m, 0, &error, NULL);
	if (r < 0)
		r = explain_call(bus, &error, r, "change", unit, e);
	sd->error_free(&error);
	sd->message_unref(m);
	return r < 0 ? r : 0;
}

#endif
