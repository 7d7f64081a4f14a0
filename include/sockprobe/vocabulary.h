/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names and paths that container runtimes use, as data: one block for each
 * runtime, and the places of kubelet configurations. A new runtime is one
 * block, a new socket or cgroup form one row. Each table, and each list within
 * a block, ends with a row whose first field is NULL.
 */
#ifndef SOCKPROBE_VOCABULARY_H
#define SOCKPROBE_VOCABULARY_H

#include <stdbool.h>

/* What the API behind a socket gives to whoever may connect. */
enum runtime_api {
	API_UNKNOWN,   /* not examined: assume the worst */
	API_NODE_ROOT, /* any container, so the same as root on the node */
	API_USER,      /* any container of one user, so the same as that user */
	API_BUILDS, /* builds images; root if the daemon is configured to allow it */
	API_IMAGES, /* images and snapshots, no process */
};

/*
 * A socket that a runtime serves by default. A path below /run is looked up
 * below /var/run too; "*" stands for one whole component.
 */
struct runtime_socket {
	const char *path;
	enum runtime_api api;
};

/*
 * How a runtime names the cgroup of a container. The component with the
 * container id is `prefix` ID `suffix`; if `parent` is set, the component
 * before it is `parent`. A `monitor` cgroup (conmon) has the container's id but
 * holds a process of the host.
 */
struct cgroup_form {
	const char *prefix;
	const char *suffix;
	const char *parent;
	bool monitor;
};

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
	const char *dir;
	const char *file;
	enum record_format format;
};

/* An annotation that shows which runtime wrote an OCI record. */
struct record_mark {
	const char *key;
	const char *value; /* NULL: any */
};

/* Sizes of a block's lists, including the row that ends them. */
enum {
	MAX_ENGINES = 3,
	MAX_RUNTIME_SOCKETS = 4,
	MAX_CGROUP_FORMS = 6,
	MAX_RECORD_MARKS = 3,
	MAX_RECORD_PLACES = 10,
};

/*
 * One runtime, a service that belongs to one, or a store that runtimes share.
 * Names have the form of the schema's runtime_name.
 */
struct runtime {
	const char *name;
	/* How it creates a missing mount source; NULL: it refuses. */
	const char *mechanism;
	/* Basenames of the programs that serve its sockets. */
	const char *engines[MAX_ENGINES];
	struct runtime_socket sockets[MAX_RUNTIME_SOCKETS];
	struct cgroup_form cgroups[MAX_CGROUP_FORMS];
	struct record_mark marks[MAX_RECORD_MARKS];
	struct record_place records[MAX_RECORD_PLACES];
};

/*
 * Paths are looked at and printed, and records are read, in the order of the
 * blocks: the first record that has a fact wins.
 */
extern const struct runtime runtimes[];

/* Forms that several runtimes use, so that the runtime stays unknown. */
extern const struct cgroup_form shared_cgroup_forms[];

/* The block of this name, or NULL. */
const struct runtime *runtime_by_name(const char *name);

/*
 * The name of the first runtime that has a socket of this basename, or NULL.
 * Basenames that other programs use too are not in the blocks
 * ("containerd.sock" is, "api.sock" is not).
 */
const char *known_basename(const char *basename);

/*
 * What the API at this path gives: by the path on the node, else by the first
 * socket of its basename, else API_UNKNOWN. The path must have no link in it:
 * below /run/user one may lead to the node's own socket.
 */
enum runtime_api runtime_api(const char *path);

enum kubelet_format { KUBELET_JSON, KUBELET_YAML, KUBELET_FLAGS };

/* Where a kubelet's containerRuntimeEndpoint may be configured. */
struct kubelet_place {
	const char *path; /* "*" as the last component: each file there */
	enum kubelet_format format;
};
extern const struct kubelet_place kubelet_places[];

#endif
