// SPDX-License-Identifier: Apache-2.0
/* The node collector: a few small files and the kernel's own answers. */
#include "collect/node.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <string.h>
#include <sys/utsname.h>

#include "collect/glob.h"
#include "sockprobe/json.h"
#include "sockprobe/vocabulary.h"

static void read_clock(struct evidence *ev)
{
	struct timespec real;
	struct timespec since;

	clock_gettime(CLOCK_REALTIME, &real);
	clock_gettime(CLOCK_BOOTTIME, &since);
	ev->node.booted_at.tv_sec = real.tv_sec - since.tv_sec;
	ev->node.booted_at.tv_nsec = real.tv_nsec - since.tv_nsec;
	if (ev->node.booted_at.tv_nsec < 0) {
		ev->node.booted_at.tv_sec--;
		ev->node.booted_at.tv_nsec += 1000000000;
	}
	ev->node.clock_ticks = sysconf(_SC_CLK_TCK);
}

/* The first line of a file of the audited root, or NULL. */
static const char *first_line(struct evidence *ev, struct fetch *fetch,
			      const char *path)
{
	const char *text;
	size_t len;

	if (fetch_read(fetch, path, &text, NULL) <= 0)
		return NULL;
	len = strcspn(text, "\r\n");
	if (len == 0 || len > 256)
		return NULL;
	return arena_strndup(&ev->arena, text, len);
}

static void first_file_of(struct evidence *ev, struct fetch *fetch,
			  const char *const *paths, struct sourced *fact)
{
	for (; *paths && !fact->value; paths++) {
		fact->value = first_line(ev, fetch, *paths);
		fact->source = *paths;
	}
}

/*
 * The node's /etc/hostname, because uname() in a container gives the
 * container's name.
 */
static void read_hostname(struct evidence *ev, struct fetch *fetch)
{
	static const char *const files[] = { "/etc/hostname", NULL };
	struct sourced named = { 0 };

	first_file_of(ev, fetch, files, &named);
	if (named.value)
		ev->node.hostname = named;
}

/*
 * The instance id is in DMI on Nitro instances, and where cloud-init keeps it.
 * Elsewhere the asset tag may be any text, so its form is checked.
 */
static void read_instance(struct evidence *ev, struct fetch *fetch)
{
	static const char *const files[] = {
		"/sys/devices/virtual/dmi/id/board_asset_tag",
		"/var/lib/cloud/data/instance-id",
		NULL,
	};

	for (const char *const *file = files; *file; file++) {
		const char *const one[] = { *file, NULL };
		struct sourced fact = { 0 };

		first_file_of(ev, fetch, one, &fact);
		if (fact.value && has_prefix(fact.value, "i-")) {
			ev->node.instance_id = fact;
			return;
		}
	}
}

const char *parse_os_release(struct arena *arena, const char *text,
			     const char *key)
{
	size_t len = strlen(key);

	for (const char *line = text; line && *line;) {
		const char *end = strchr(line, '\n');
		size_t size = end ? (size_t)(end - line) : strlen(line);

		if (size > len && strncmp(line, key, len) == 0 &&
		    line[len] == '=') {
			const char *value = line + len + 1;

			size -= len + 1;
			if (size >= 2 && value[0] == value[size - 1] &&
			    (value[0] == '"' || value[0] == '\'')) {
				value++;
				size -= 2;
			}
			return size ? arena_strndup(arena, value, size) : NULL;
		}
		line = end ? end + 1 : NULL;
	}
	return NULL;
}

static void read_os(struct evidence *ev, struct fetch *fetch)
{
	static const char *const files[] = { "/etc/os-release",
					     "/usr/lib/os-release", NULL };
	const char *text;

	for (const char *const *file = files; *file && !ev->node.os; file++) {
		if (fetch_read(fetch, *file, &text, NULL) > 0)
			ev->node.os = parse_os_release(&ev->arena, text,
						       "PRETTY_NAME");
	}
}

void node_kernel(struct evidence *ev)
{
	struct utsname names = { 0 };

	read_clock(ev);
	uname(&names);
	ev->node.kernel = arena_strdup(&ev->arena, names.release);
	ev->node.hostname.value = arena_strdup(&ev->arena, names.nodename);
	ev->node.hostname.source = "uname";
}

void node_procfs(struct evidence *ev, int procfd)
{
	char filesystems[8192];
	char text[64];
	ssize_t len = read_file_at(procfd, "sys/kernel/random/boot_id", text,
				   sizeof(text));

	if (len > 0)
		ev->node.boot_id =
			arena_strndup(&ev->arena, text, strcspn(text, "\n"));
	if (read_file_at(procfd, "filesystems", filesystems,
			 sizeof(filesystems)) > 0 &&
	    !strstr(filesystems, "\tselinuxfs\n"))
		ev->node.selinux = "disabled";
}

static void read_selinux(struct evidence *ev, struct fetch *fetch)
{
	const char *text;

	if (!ev->node.selinux &&
	    fetch_read(fetch, "/sys/fs/selinux/enforce", &text, NULL) > 0)
		ev->node.selinux = text[0] == '1' ? "enforcing" : "permissive";
}

/* Only a limit of 0 rules them out, for all who are no root of the node. */
static void read_user_namespaces(struct evidence *ev, struct fetch *fetch)
{
	const char *text;
	ssize_t len = fetch_read(fetch, "/proc/sys/user/max_user_namespaces",
				 &text, NULL);

	ev->node.user_namespaces = !(len == 2 && memcmp(text, "0\n", 2) == 0);
}

/* ---- kubelet ---- */

/* unix:///run/x.sock, or the bare path that old kubelets took. */
static const char *endpoint_path(struct arena *arena, const char *value,
				 size_t len)
{
	static const char scheme[] = "unix://";

	if (len > strlen(scheme) && has_prefix(value, scheme)) {
		value += strlen(scheme);
		len -= strlen(scheme);
	}
	if (len < 2 || len >= PATH_MAX || value[0] != '/')
		return NULL;
	return arena_strndup(arena, value, len);
}

static const char *parse_kubelet_json(struct arena *arena, const char *text,
				      size_t len)
{
	cJSON *json = json_of_file(text, len);
	const char *value = cJSON_GetStringValue(
		cJSON_GetObjectItemCaseSensitive(json,
						 "containerRuntimeEndpoint"));
	const char *path = value ? endpoint_path(arena, value, strlen(value))
				 : NULL;

	cJSON_Delete(json);
	return path;
}

/* The text behind `key`, up to a blank, quote or line end. */
static const char *parse_after(struct arena *arena, const char *text,
			       const char *key, bool line_start)
{
	const char *at = text;
	const char *path;

	while ((at = strstr(at, key))) {
		const char *value = at + strlen(key);

		if (line_start && at != text && at[-1] != '\n') {
			at = value;
			continue;
		}
		value += strspn(value, " \t\"'=");
		path = endpoint_path(arena, value,
				     strcspn(value, " \t\r\n\"'\\"));
		if (path)
			return path;
		at = value;
	}
	return NULL;
}

const char *parse_kubelet(struct arena *arena, int format, const char *text,
			  size_t len)
{
	switch (format) {
	case KUBELET_JSON:
		return parse_kubelet_json(arena, text, len);
	case KUBELET_YAML:
		return parse_after(arena, text,
				   "containerRuntimeEndpoint:", true);
	default:
		return parse_after(arena, text, "--container-runtime-endpoint",
				   false);
	}
}

static int add_endpoint(struct evidence *ev, const char *path)
{
	const char **slot;

	for (size_t i = 0; path && i < ev->node.kubelet_sockets.n; i++) {
		if (strcmp(ev->node.kubelet_sockets.at[i], path) == 0)
			return 0;
	}
	if (!path)
		return 0;
	slot = list_add(&ev->arena, &ev->node.kubelet_sockets, MAX_PATHS);
	if (!slot)
		return -errno;
	*slot = path;
	return 0;
}

static void count_kubelet(struct coverage_tally *tally, int err,
			  const char *path)
{
	enum coverage_gap gap = fetch_gap(err);

	if (err == -ENOENT || err == -ENOTDIR)
		return;
	coverage_count_name(tally, gap == GAP_CUT ? GAP_FAILED : gap, path,
			    err);
}

static int read_kubelet_place(struct evidence *ev, struct fetch *fetch,
			      const struct kubelet_place *place,
			      struct coverage_tally *tally)
{
	struct string_list files = { 0 };
	int err = glob_paths(fetch, &ev->arena, place->path, &files);

	if (err == -ENOMEM)
		return err;
	count_kubelet(tally, err, place->path);
	for (size_t i = 0; i < files.n; i++) {
		const char *text;
		ssize_t len = fetch_read(fetch, files.at[i], &text, NULL);

		if (len < 0)
			count_kubelet(tally, (int)len, files.at[i]);
		if (len <= 0)
			continue;
		tally->read++;
		err = add_endpoint(ev, parse_kubelet(&ev->arena, place->format,
						     text, (size_t)len));
		if (err)
			return err;
	}
	return 0;
}

static int read_kubelet(struct evidence *ev, struct fetch *fetch)
{
	struct coverage_tally tally = { 0 };

	for (const struct kubelet_place *place = kubelet_places; place->path;
	     place++) {
		int err = read_kubelet_place(ev, fetch, place, &tally);

		if (err)
			return err;
	}
	tally.extra = ev->node.kubelet_sockets.n;
	coverage_report(ev, SOURCE_KUBELET_CONFIG, "node", &tally);
	return 0;
}

int node_collect(struct evidence *ev, struct fetch *fetch)
{
	read_hostname(ev, fetch);
	read_instance(ev, fetch);
	read_os(ev, fetch);
	read_selinux(ev, fetch);
	read_user_namespaces(ev, fetch);
	return read_kubelet(ev, fetch);
}
