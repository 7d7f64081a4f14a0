/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the field calls things, as data: one block for each container runtime,
 * and the places of kubelet configurations. A new runtime is one block, a new
 * socket or form one row. Each table, and each list within a block, ends with a
 * row whose first field is NULL.
 */
#ifndef SOCKPROBE_VOCABULARY_H
#define SOCKPROBE_VOCABULARY_H

#include <stdbool.h>

/* What who may connect to a socket gets from the API behind it. */
enum runtime_api {
	API_UNKNOWN,   /* not looked into: the worst is to be assumed */
	API_NODE_ROOT, /* any container, so the same as root on the node */
	API_USER,      /* any container of one user: the same as that user */
	API_BUILDS, /* builds images; root where the daemon is told to allow it */
	API_IMAGES, /* images and snapshots, no process */
};

/*
 * A socket that a runtime serves by default. A path below /run is looked for
 * below /var/run too; "*" stands for one whole component.
 */
struct runtime_socket {
	const char *path;
	enum runtime_api api;
};

/*
 * How a runtime names the cgroup of a container. The component that holds the
 * container id is `prefix` ID `suffix`; where `parent` is set, the component
 * before it is `parent`. A `monitor` cgroup (conmon) names a container but holds
 * a host process.
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

/* An annotation by which an OCI record tells the runtime that wrote it. */
struct record_mark {
	const char *key;
	const char *value; /* NULL: any */
};

/* Sizes of a block's lists, with the row that ends them. */
enum {
	MAX_ENGINES = 3,
	MAX_RUNTIME_SOCKETS = 4,
	MAX_CGROUP_FORMS = 6,
	MAX_RECORD_MARKS = 3,
	MAX_RECORD_PLACES = 10,
};

/*
 * One runtime, a service beside one, or a store that runtimes share. All names
 * are of the schema's runtime_name.
 */
struct runtime {
	const char *name;
	/* How it makes a mount source that is missing; NULL: it refuses. */
	const char *mechanism;
	/* Basenames of the programs that serve its sockets. */
	const char *engines[MAX_ENGINES];
	struct runtime_socket sockets[MAX_RUNTIME_SOCKETS];
	struct cgroup_form cgroups[MAX_CGROUP_FORMS];
	struct record_mark marks[MAX_RECORD_MARKS];
	struct record_place records[MAX_RECORD_PLACES];
};

/*
 * The order of the blocks is the order in which paths are looked at and printed,
 * and in which records are asked: the first to name a fact wins.
 */
extern const struct runtime runtimes[];

/* Forms that several runtimes share, so that they do not tell which. */
extern const struct cgroup_form shared_cgroup_forms[];

/* The block of this name; NULL without one. */
const struct runtime *runtime_by_name(const char *name);

/*
 * The name of the first runtime that has a socket of this basename, NULL without
 * one. Names that other programs use too ("containerd.sock" is fine, "api.sock"
 * would not be) stay out of the blocks.
 */
const char *known_basename(const char *basename);

/*
 * What the API at this path gives: of the socket whose path on the node it is,
 * else of the first one of its basename. API_UNKNOWN where there is neither. The
 * path has no link in it: below /run/user one may lead to the node's own socket.
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
