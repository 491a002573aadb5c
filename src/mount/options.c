/* SPDX-License-Identifier: Apache-2.0 */
/* The table of mount option words and its reader: see options.h. */
#include "mount/options.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/syscalls.h"

enum word_kind {
	WORD_NOTHING,  /* accepted, since it only names the default */
	WORD_SET,      /* value: MOUNT_ATTR_* */
	WORD_CLEAR,
	WORD_ATIME,    /* value: enum mount_atime */
	WORD_NOT_RELATIME,
	WORD_SUPER_ON, /* value: enum mount_super */
	WORD_SUPER_OFF,
	WORD_PROPAGATION, /* value: MS_* */
	WORD_OWN,      /* value: enum mount_own */
};

struct word {
	const char *name;
	enum word_kind kind;
	bool recursive;
	uint64_t value;
};

#define RBIND (MOUNT_OWN_BIND | MOUNT_OWN_RBIND)
#define RIDMAP (MOUNT_OWN_IDMAP | MOUNT_OWN_RIDMAP)

/* Sorted by name. */
#define WORDS(ROW)                                                        \
	ROW("async", WORD_SUPER_OFF, false, MOUNT_SUPER_SYNC)             \
	ROW("atime", WORD_ATIME, false, MOUNT_ATIME_NOT_NOATIME)          \
	ROW("bind", WORD_OWN, false, MOUNT_OWN_BIND)                      \
	ROW("copy-symlink", WORD_OWN, false, MOUNT_OWN_COPY_SYMLINK)      \
	ROW("defaults", WORD_NOTHING, false, 0)                           \
	ROW("dest-nofollow", WORD_OWN, false, MOUNT_OWN_DEST_NOFOLLOW)    \
	ROW("dev", WORD_CLEAR, false, MOUNT_ATTR_NODEV)                   \
	ROW("diratime", WORD_CLEAR, false, MOUNT_ATTR_NODIRATIME)         \
	ROW("dirsync", WORD_SUPER_ON, false, MOUNT_SUPER_DIRSYNC)         \
	ROW("exec", WORD_CLEAR, false, MOUNT_ATTR_NOEXEC)                 \
	ROW("idmap", WORD_OWN, false, MOUNT_OWN_IDMAP)                    \
	ROW("iversion", WORD_SUPER_ON, false, MOUNT_SUPER_IVERSION)       \
	ROW("lazytime", WORD_SUPER_ON, false, MOUNT_SUPER_LAZYTIME)       \
	ROW("loud", WORD_SUPER_OFF, false, MOUNT_SUPER_SILENT)            \
	ROW("mand", WORD_SUPER_ON, false, MOUNT_SUPER_MAND)               \
	ROW("noatime", WORD_ATIME, false, MOUNT_ATIME_NOATIME)            \
	ROW("nodev", WORD_SET, false, MOUNT_ATTR_NODEV)                   \
	ROW("nodiratime", WORD_SET, false, MOUNT_ATTR_NODIRATIME)         \
	ROW("noexec", WORD_SET, false, MOUNT_ATTR_NOEXEC)                 \
	ROW("noiversion", WORD_SUPER_OFF, false, MOUNT_SUPER_IVERSION)    \
	ROW("nolazytime", WORD_SUPER_OFF, false, MOUNT_SUPER_LAZYTIME)    \
	ROW("nomand", WORD_SUPER_OFF, false, MOUNT_SUPER_MAND)            \
	ROW("norelatime", WORD_NOT_RELATIME, false, 0)                    \
	ROW("nostrictatime", WORD_ATIME, false, MOUNT_ATIME_NOT_STRICTATIME) \
	ROW("nosuid", WORD_SET, false, MOUNT_ATTR_NOSUID)                 \
	ROW("nosymfollow", WORD_SET, false, MOUNT_ATTR_NOSYMFOLLOW)       \
	ROW("private", WORD_PROPAGATION, false, MS_PRIVATE)               \
	ROW("ratime", WORD_ATIME, true, MOUNT_ATIME_NOT_NOATIME)          \
	ROW("rbind", WORD_OWN, false, RBIND)                              \
	ROW("rdev", WORD_CLEAR, true, MOUNT_ATTR_NODEV)                   \
	ROW("rdiratime", WORD_CLEAR, true, MOUNT_ATTR_NODIRATIME)         \
	ROW("relatime", WORD_ATIME, false, MOUNT_ATIME_RELATIME)          \
	ROW("remount", WORD_OWN, false, MOUNT_OWN_REMOUNT)                \
	ROW("rexec", WORD_CLEAR, true, MOUNT_ATTR_NOEXEC)                 \
	ROW("ridmap", WORD_OWN, false, RIDMAP)                            \
	ROW("rnoatime", WORD_ATIME, true, MOUNT_ATIME_NOATIME)            \
	ROW("rnodev", WORD_SET, true, MOUNT_ATTR_NODEV)                   \
	ROW("rnodiratime", WORD_SET, true, MOUNT_ATTR_NODIRATIME)         \
	ROW("rnoexec", WORD_SET, true, MOUNT_ATTR_NOEXEC)                 \
	ROW("rnorelatime", WORD_NOT_RELATIME, true, 0)                    \
	ROW("rnostrictatime", WORD_ATIME, true, MOUNT_ATIME_NOT_STRICTATIME) \
	ROW("rnosuid", WORD_SET, true, MOUNT_ATTR_NOSUID)                 \
	ROW("rnosymfollow", WORD_SET, true, MOUNT_ATTR_NOSYMFOLLOW)       \
	ROW("ro", WORD_SET, false, MOUNT_ATTR_RDONLY)                     \
	ROW("rprivate", WORD_PROPAGATION, true, MS_PRIVATE)               \
	ROW("rrelatime", WORD_ATIME, true, MOUNT_ATIME_RELATIME)          \
	ROW("rro", WORD_SET, true, MOUNT_ATTR_RDONLY)                     \
	ROW("rrw", WORD_CLEAR, true, MOUNT_ATTR_RDONLY)                   \
	ROW("rshared", WORD_PROPAGATION, true, MS_SHARED)                 \
	ROW("rslave", WORD_PROPAGATION, true, MS_SLAVE)                   \
	ROW("rstrictatime", WORD_ATIME, true, MOUNT_ATIME_STRICTATIME)    \
	ROW("rsuid", WORD_CLEAR, true, MOUNT_ATTR_NOSUID)                 \
	ROW("rsymfollow", WORD_CLEAR, true, MOUNT_ATTR_NOSYMFOLLOW)       \
	ROW("runbindable", WORD_PROPAGATION, true, MS_UNBINDABLE)         \
	ROW("rw", WORD_CLEAR, false, MOUNT_ATTR_RDONLY)                   \
	ROW("shared", WORD_PROPAGATION, false, MS_SHARED)                 \
	ROW("silent", WORD_SUPER_ON, false, MOUNT_SUPER_SILENT)           \
	ROW("slave", WORD_PROPAGATION, false, MS_SLAVE)                   \
	ROW("src-nofollow", WORD_OWN, false, MOUNT_OWN_SRC_NOFOLLOW)      \
	ROW("strictatime", WORD_ATIME, false, MOUNT_ATIME_STRICTATIME)    \
	ROW("suid", WORD_CLEAR, false, MOUNT_ATTR_NOSUID)                 \
	ROW("symfollow", WORD_CLEAR, false, MOUNT_ATTR_NOSYMFOLLOW)       \
	ROW("sync", WORD_SUPER_ON, false, MOUNT_SUPER_SYNC)               \
	ROW("tmpcopyup", WORD_OWN, false, MOUNT_OWN_TMPCOPYUP)            \
	ROW("unbindable", WORD_PROPAGATION, false, MS_UNBINDABLE)

#define AS_WORD(word_name, word_kind, is_recursive, word_value) \
	{ .name = (word_name), .kind = (word_kind), .recursive = (is_recursive), .value = (word_value) },
#define AS_NAME(word_name, word_kind, is_recursive, word_value) word_name,

static const struct word words_table[] = { WORDS(AS_WORD) };
static const char *const word_names[] = { WORDS(AS_NAME) NULL };

static int compare_word(const void *key, const void *row)
{
	return strcmp(key, ((const struct word *)row)->name);
}

static const struct word *find_word(const char *name)
{
	return bsearch(name, words_table, ARRAY_SIZE(words_table), sizeof(words_table[0]), compare_word);
}

/* "atime" after "noatime" cancels it, and after "strictatime" says nothing new (mount(8)). */
static void set_atime(struct mount_scope *scope, enum mount_atime mode)
{
	bool undo = mode == MOUNT_ATIME_NOT_NOATIME || mode == MOUNT_ATIME_NOT_STRICTATIME;
	enum mount_atime undone = mode == MOUNT_ATIME_NOT_NOATIME ? MOUNT_ATIME_NOATIME : MOUNT_ATIME_STRICTATIME;

	if (!undo || scope->atime == undone || scope->atime == MOUNT_ATIME_KEEP)
		scope->atime = mode;
}

static void apply_to_scope(struct mount_scope *scope, const struct word *word)
{
	switch (word->kind) {
	case WORD_SET:
		scope->set |= word->value;
		scope->clear &= ~word->value;
		break;
	case WORD_CLEAR:
		scope->clear |= word->value;
		scope->set &= ~word->value;
		break;
	case WORD_ATIME:
		set_atime(scope, (enum mount_atime)word->value);
		break;
	case WORD_NOT_RELATIME:
		/* relatime is what the kernel does unless told otherwise, so only the word is undone */
		if (scope->atime == MOUNT_ATIME_RELATIME)
			scope->atime = MOUNT_ATIME_KEEP;
		break;
	default:
		break;
	}
}

static void apply_word(struct mount_options *options, const struct word *word)
{
	switch (word->kind) {
	case WORD_SUPER_ON:
		options->super |= (unsigned)word->value;
		break;
	case WORD_SUPER_OFF:
		options->super &= ~(unsigned)word->value;
		break;
	case WORD_PROPAGATION:
		options->propagation = word->value;
		options->propagation_recursive = word->recursive;
		break;
	case WORD_OWN:
		options->own |= (unsigned)word->value;
		break;
	default:
		apply_to_scope(&options->top, word);
		if (word->recursive)
			apply_to_scope(&options->tree, word);
		break;
	}
}

/* idmap and ridmap may carry a mapping of their own. */
static bool apply_idmap(struct mount_options *options, const char *text)
{
	bool recursive = *text == 'r';

	if (!str_starts(text + recursive, "idmap="))
		return false;
	options->own |= recursive ? RIDMAP : MOUNT_OWN_IDMAP;
	options->idmap = text + recursive + strlen("idmap=");
	return true;
}

void mount_options_parse(const char *const *words, size_t n_words, struct mount_options *ret_options)
{
	*ret_options = (struct mount_options){ .data = STRV_INIT };
	for (size_t i = 0; i < n_words; i++) {
		const char *text = words[i];
		const struct word *word = find_word(text);

		/* Podman sends empty words; "x-..." is a comment for programs (mount(8)). */
		if (!*text || str_starts(text, "x-"))
			continue;
		if (word)
			apply_word(ret_options, word);
		else if (!apply_idmap(ret_options, text))
			strv_add(&ret_options->data, text);
	}
}

void mount_options_done(struct mount_options *options)
{
	strv_done(&options->data);
}

const char *mount_options_data(const struct mount_options *options, const char *key)
{
	const char *found = NULL;
	size_t n = strlen(key);

	for (size_t i = 0; i < options->data.n; i++) {
		const char *word = options->data.v[i];

		if (strncmp(word, key, n) != 0)
			continue;
		if (word[n] == '=')
			found = word + n + 1;
		else if (!word[n])
			found = "";
	}
	return found;
}

const char *mount_super_key(enum mount_super flag)
{
	switch (flag) {
	case MOUNT_SUPER_SYNC:
		return "sync";
	case MOUNT_SUPER_DIRSYNC:
		return "dirsync";
	case MOUNT_SUPER_LAZYTIME:
		return "lazytime";
	case MOUNT_SUPER_MAND:
		return "mand";
	default:
		return NULL;
	}
}

const char *mount_attr_name(uint64_t attr)
{
	for (size_t i = 0; i < ARRAY_SIZE(words_table); i++)
		if (words_table[i].kind == WORD_SET && words_table[i].value == attr)
			return words_table[i].name;
	return "unknown";
}

const char *const *mount_option_words(void)
{
	return word_names;
}
