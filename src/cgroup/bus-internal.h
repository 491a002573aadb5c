/* SPDX-License-Identifier: Apache-2.0 */
/* For bus.c and bus-values.c alone: the functions of sd-bus(3) as they were found in the library. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>
#include <systemd/sd-bus.h>

#include "cgroup/properties.h"

/* The functions of sd-bus that are used here, under their own names. */
struct sd_bus_functions {
	__typeof__(sd_bus_open_system) *open_system;
	__typeof__(sd_bus_open_user) *open_user;
	__typeof__(sd_bus_new) *new_bus;
	__typeof__(sd_bus_set_address) *set_address;
	__typeof__(sd_bus_start) *start;
	__typeof__(sd_bus_flush_close_unref) *flush_close_unref;
	__typeof__(sd_bus_match_signal) *match_signal;
	__typeof__(sd_bus_process) *process;
	__typeof__(sd_bus_wait) *wait;
	__typeof__(sd_bus_call) *call;
	__typeof__(sd_bus_call_method) *call_method;
	__typeof__(sd_bus_error_free) *error_free;
	__typeof__(sd_bus_error_has_name) *error_has_name;
	__typeof__(sd_bus_message_new_method_call) *new_method_call;
	__typeof__(sd_bus_message_append) *append;
	__typeof__(sd_bus_message_append_array) *append_array;
	__typeof__(sd_bus_message_append_strv) *append_strv;
	__typeof__(sd_bus_message_open_container) *open_container;
	__typeof__(sd_bus_message_close_container) *close_container;
	__typeof__(sd_bus_message_read) *read;
	__typeof__(sd_bus_message_unref) *message_unref;
};

struct bus {
	struct sd_bus_functions sd;
	sd_bus *connection;
	bool user;
	char *job;    /* the job that is waited for, or NULL */
	char *result; /* how it ended, or NULL while it runs */
};

/* Append the array a(sv) to a message; pid > 0: with the property PIDs. */
int bus_append_properties(const struct sd_bus_functions *sd, sd_bus_message *m, const struct property_list *properties,
			  pid_t pid);
