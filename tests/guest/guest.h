/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The test guest: one static program that is the whole root filesystem of most tests.  A *fact*
 * reports something as JSON, and `guest all` reports every fact at once, so that one container
 * serves many checks.  An *act* does something and says how it went by its exit status.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A row of the two tables; `args` is NULL-terminated and does not hold the command's own name. */
struct fact {
	const char *name;
	void (*print)(void);
};

struct act {
	const char *name;
	const char *usage;
	int min_args;
	int (*run)(int n, char **args);
};

/* facts.c, facts-kernel.c; both end with a row whose name is NULL. */
extern const struct fact process_facts[];
extern const struct fact kernel_facts[];
/* acts.c, acts-files.c, acts-ipc.c */
extern const struct act process_acts[];
extern const struct act file_acts[];
extern const struct act ipc_acts[];

/* `guest stat PATH...` and the JSON of one path; used by facts too. */
void print_stat(const char *path);
/* The state document on standard input, the environment and the namespaces, as one line appended to a file. */
int act_hook(int n, char **args);

/* json.c: the few lines of JSON that we need. */
void json_string(const char *text);
void json_string_n(const char *text, size_t n);
/* "key": with a comma before it unless *first, which becomes false. */
void json_key(bool *first, const char *key);
void json_key_string(bool *first, const char *key, const char *value);
void json_key_number(bool *first, const char *key, long long value);
/* A comma unless *first. */
void json_comma(bool *first);

/* Main's lookups. */
void print_all_facts(void);
int run_command(int n, char **args);

/* Report errno for `what` on standard error; returns 1, the status of an act that failed. */
int fail(const char *what);
