// SPDX-License-Identifier: Apache-2.0
/*
 * The forms of pods' names, as data. Each is from Kubernetes' own source, named
 * beside it.
 */
#include "sockprobe/workload.h"

#include <string.h>
#include <strings.h>

#include "sockprobe/util.h"

enum {
	/* apiserver: storage/names/generate.go */
	RANDOM = 5,
	MAX_GENERATED = 63,
	MAX_BASE = MAX_GENERATED - RANDOM,
};

/* apimachinery: util/rand/rand.go */
static const char random_letters[] = "bcdfghjklmnpqrstvwxz2456789";
/* What SafeEncodeString() of that file makes of the ten digits. */
static const char hash_letters[] = "456789bcdf";
static const char digits[] = "0123456789";
/* Of a DNS subdomain, which a pod's name is. */
static const char name_letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-.";

/* ---- kinds ---- */

static const struct {
	const char *type; /* singular; its plural has one "s" more */
	enum workload_kind kind;
} workload_kinds[] = {
	{ "pod", WORKLOAD_POD },
	{ "deployment", WORKLOAD_DEPLOYMENT },
	{ "replicaset", WORKLOAD_REPLICASET },
	{ "replicationcontroller", WORKLOAD_REPLICASET },
	{ "daemonset", WORKLOAD_DAEMONSET },
	{ "statefulset", WORKLOAD_STATEFULSET },
	{ "job", WORKLOAD_JOB },
	{ "cronjob", WORKLOAD_CRONJOB },
};

enum workload_kind workload_kind(const char *type)
{
	for (size_t i = 0; type && i < ARRAY_SIZE(workload_kinds); i++) {
		size_t len = strlen(workload_kinds[i].type);

		if (strncasecmp(type, workload_kinds[i].type, len) == 0 &&
		    (type[len] == '\0' || strcasecmp(type + len, "s") == 0))
			return workload_kinds[i].kind;
	}
	return WORKLOAD_UNKNOWN;
}

/* ---- forms ---- */

/* A part of a pod's name between two '-' that a controller made. */
struct name_part {
	const char *letters;
	size_t min, max;
	size_t telling; /* from so many on it is hardly a person's choice */
	bool number;	/* as it is printed: no zero before another digit */
};

/*
 * A pod's name: the workload's, '-' and `part` where there is one, and where it
 * is generated '-' and random letters.
 */
struct pod_form {
	enum workload_kind kind;
	bool generated;
	bool uncut; /* the workload's name is cut in another way than below */
	const struct name_part *part;
	const char *how;
};

/* A pod template's hash: 32 bits in decimal. deployment/util: ComputeHash() */
static const struct name_part hash_part = { hash_letters, 1, 10, 8, false };
/* Minutes since 1970; seconds before 1.21. cronjob/utils.go: getJobName() */
static const struct name_part minutes_part = { digits, 8, 10, 8, true };
/* job/indexed_job_utils.go: podGenerateNameWithIndex() */
static const struct name_part index_part = { digits, 1, 6, SIZE_MAX, true };
/* statefulset/stateful_set_utils.go: getPodName() */
static const struct name_part ordinal_part = { digits, 1, 10, 1, true };

/* In the order in which a name is asked what it tells: the longest come first. */
static const struct pod_form pod_forms[] = {
	{ WORKLOAD_CRONJOB, true, false, &minutes_part,
	  "a time and random letters at the end of its pod's name" },
	{ WORKLOAD_DEPLOYMENT, true, false, &hash_part,
	  "a hash and random letters at the end of its pod's name" },
	{ WORKLOAD_JOB, true, true, &index_part, NULL },
	/* controller_utils.go: GetPodsPrefix(), for all three kinds */
	{ WORKLOAD_REPLICASET, true, false, NULL, NULL },
	{ WORKLOAD_DAEMONSET, true, false, NULL, NULL },
	{ WORKLOAD_JOB, true, false, NULL, NULL },
	{ WORKLOAD_STATEFULSET, false, false, &ordinal_part,
	  "a number at the end of its pod's name" },
	{ WORKLOAD_POD, false, false, NULL, NULL },
};

/* How many letters of the part stand at `text`; of `len` at most. */
static size_t count_part(const struct name_part *part, const char *text,
			 size_t len)
{
	size_t n = strspn(text, part->letters);

	return n < len ? n : len;
}

static bool is_part(const struct name_part *part, const char *text, size_t len)
{
	return len >= part->min && len <= part->max &&
	       count_part(part, text, len) == len &&
	       !(part->number && len > 1 && *text == '0');
}

/* Do random letters, and nothing else, begin at `text`? */
static bool is_random(const char *text)
{
	return strlen(text) == RANDOM && strspn(text, random_letters) == RANDOM;
}

/*
 * Does what stands before the random letters come of this form? It ends with a
 * '-', unless it was cut: then it is MAX_BASE long and may end anywhere.
 */
static bool is_base(const struct pod_form *form, const char *workload,
		    const char *base, size_t len)
{
	size_t named = strlen(workload);
	bool cut = len == MAX_BASE && !form->uncut;
	size_t at = named;
	size_t n;

	if (cut && named >= len)
		return memcmp(base, workload, len) == 0;
	if (named >= len || memcmp(base, workload, named) != 0 ||
	    base[at++] != '-')
		return false;
	if (!form->part)
		return at == len;
	n = count_part(form->part, base + at, len - at);
	if (cut && at + n == len)
		return n <= form->part->max;
	return at + n + 1 == len && base[at + n] == '-' &&
	       is_part(form->part, base + at, n);
}

static bool pod_fits(const struct pod_form *form, const char *workload,
		     const char *pod)
{
	size_t named = strlen(workload);
	size_t len = strlen(pod);

	if (form->generated)
		return len > RANDOM && len <= MAX_GENERATED &&
		       is_random(pod + len - RANDOM) &&
		       is_base(form, workload, pod, len - RANDOM);
	if (strncmp(pod, workload, named) != 0)
		return false;
	if (!form->part)
		return pod[named] == '\0';
	return pod[named] == '-' &&
	       is_part(form->part, pod + named + 1, len - named - 1);
}

/* A static pod is a pod by kind: kubelet/config/common.go: generatePodName() */
static bool is_static(const char *workload, const char *pod, const char *node)
{
	size_t named = strlen(workload);

	return node && *node && strncmp(pod, workload, named) == 0 &&
	       pod[named] == '-' && strcasecmp(pod + named + 1, node) == 0;
}

bool workload_fits_pod(enum workload_kind kind, const char *workload,
		       const char *pod, const char *node)
{
	if (!workload || !*workload || !pod)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(pod_forms); i++) {
		if ((kind == WORKLOAD_UNKNOWN || kind == pod_forms[i].kind) &&
		    pod_fits(&pod_forms[i], workload, pod))
			return true;
	}
	return kind == WORKLOAD_UNKNOWN && is_static(workload, pod, node);
}

/* ---- what a name tells ---- */

/* Where the last '-' in the first `len` letters stands; 0: none, or the first. */
static size_t last_dash(const char *text, size_t len)
{
	while (len && text[len - 1] != '-')
		len--;
	return len ? len - 1 : 0;
}

/* So much of the name is the workload's by this form; 0: it is not of the form. */
static size_t told_by(const struct pod_form *form, const char *pod, size_t end)
{
	size_t dash = last_dash(pod, end);

	if (!form->part)
		return end;
	if (end - dash - 1 < form->part->telling ||
	    !is_part(form->part, pod + dash + 1, end - dash - 1))
		return 0;
	return dash;
}

/*
 * Random letters that no other part stands before may be a word of a person,
 * as "https" and "proxy-https" show; with a digit among them they rarely are.
 */
static bool looks_random(const struct pod_form *form, const char *text)
{
	return is_random(text) && (form->part || strpbrk(text, digits));
}

struct pod_workload workload_of_pod(const char *pod)
{
	size_t len = strlen(pod);
	size_t dash = last_dash(pod, len);

	if (pod[strspn(pod, name_letters)])
		return (struct pod_workload){ .kind = WORKLOAD_UNKNOWN };
	for (size_t i = 0; i < ARRAY_SIZE(pod_forms); i++) {
		const struct pod_form *form = &pod_forms[i];
		size_t named;

		if (form->kind == WORKLOAD_POD ||
		    (form->generated && (!dash || len > MAX_GENERATED ||
					 !looks_random(form, pod + dash + 1))))
			continue;
		named = told_by(form, pod, form->generated ? dash : len);
		if (!named)
			continue;
		return (struct pod_workload){
			.kind = form->how ? form->kind : WORKLOAD_UNKNOWN,
			.name_len = named,
			.random = form->generated ? RANDOM : 0,
			.how = form->how,
		};
	}
	return (struct pod_workload){ .kind = WORKLOAD_UNKNOWN };
}
