/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the field calls things, as data: runtime sockets, cgroup forms, places
 * of runtime records, kubelet configurations. A new runtime is one row.
 * Each table ends with a row whose first field is NULL.
 */
#ifndef SOCKPROBE_VOCABULARY_H
#define SOCKPROBE_VOCABULARY_H

#include <stdbool.h>

/*
 * A socket that a runtime serves by default. A path below /run is looked for
 * below /var/run too; "*" stands for one whole component.
 */
struct known_socket {
	const char *path;
	const char *runtime;
};
extern const struct known_socket known_sockets[];

/*
 * How a runtime names the cgroup of a container. The component that holds the
 * container id is `prefix` ID `suffix`; where both are empty, the component
 * before it must match `parent` ("*" any, "pod" a kubelet pod directory).
 * `monitor` cgroups (conmon) name a container but hold a host process; a
 * `shared` form is used by several runtimes and does not tell which.
 */
struct cgroup_form {
	const char *runtime;
	const char *prefix;
	const char *suffix;
	const char *parent;
	bool monitor;
	bool shared;
};
extern const struct cgroup_form cgroup_forms[];

enum record_format {
	RECORD_OCI,	      /* an OCI runtime config.json */
	RECORD_DOCKER,	      /* dockerd's config.v2.json */
	RECORD_DOCKER_HOST,   /* dockerd's hostconfig.json */
	RECORD_STORAGE_INDEX, /* containers/storage's containers.json */
};

/*
 * Where a runtime keeps what it knows of a container. In `dir`, "*" stands
 * for one whole component and "%" for the container id; `file` is below it.
 * An index holds many containers and has no "%".
 */
struct record_place {
	const char *runtime;
	const char *dir;
	const char *file;
	enum record_format format;
};
extern const struct record_place record_places[];

enum kubelet_format { KUBELET_JSON, KUBELET_YAML, KUBELET_FLAGS };

/* Where a kubelet's containerRuntimeEndpoint may be configured. */
struct kubelet_place {
	const char *path; /* "*" as the last component: each file there */
	enum kubelet_format format;
};
extern const struct kubelet_place kubelet_places[];

/*
 * The runtime of the known socket that has this basename, NULL where none
 * has. Names that other programs use too ("containerd.sock" is fine,
 * "api.sock" would not be) stay out of the table.
 */
const char *known_basename(const char *basename);

#endif
