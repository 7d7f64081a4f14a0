// SPDX-License-Identifier: Apache-2.0
/*
 * The records' formats: OCI config.json (opencontainers/runtime-spec), dockerd's
 * config.v2.json and hostconfig.json (moby daemon/container), and the index of
 * containers/storage. Environment, arguments and label values that are not in
 * the tables are never looked at: they hold secrets.
 */
#include <cjson/cJSON.h>
#include <errno.h>
#include <string.h>

#include "collect/bundle.h"
#include "collect/records.h"
#include "sockprobe/json.h"

enum { MAX_RECORD_MOUNTS = 1024, MAX_TEXT = 4096 };

/* The field of a container that a key of a map fills. */
struct key_field {
	const char *key;
	size_t offset;
};
#define FIELD(member) offsetof(struct container, member)

/* Annotations of containerd's CRI, of CRI-O, and the kubelet's labels. */
static const struct key_field annotation_fields[] = {
	{ "io.kubernetes.cri.sandbox-namespace", FIELD(pod_namespace) },
	{ "io.kubernetes.cri.sandbox-name", FIELD(pod_name) },
	{ "io.kubernetes.cri.sandbox-uid", FIELD(pod_uid) },
	{ "io.kubernetes.cri.container-name", FIELD(name) },
	{ "io.kubernetes.cri.image-name", FIELD(image) },
	{ "io.kubernetes.cri.podsandbox.image-name", FIELD(image) },
	{ "io.kubernetes.pod.namespace", FIELD(pod_namespace) },
	{ "io.kubernetes.pod.name", FIELD(pod_name) },
	{ "io.kubernetes.pod.uid", FIELD(pod_uid) },
	{ "io.kubernetes.container.name", FIELD(name) },
	{ "io.kubernetes.cri-o.ImageName", FIELD(image) },
	{ "io.kubernetes.cri-o.Created", FIELD(created_at) },
	{ NULL, 0 },
};

/* The item's text, or NULL if it is empty or too long. */
static const char *usable(const cJSON *item)
{
	const char *text = cJSON_GetStringValue(item);

	return text && *text && strlen(text) <= MAX_TEXT ? text : NULL;
}

static const char *text_of(const cJSON *object, const char *key)
{
	return usable(cJSON_GetObjectItemCaseSensitive(object, key));
}

/*
 * The first record that has a field wins, in the order of the table of places.
 */
static int fill(struct arena *arena, struct sourced *field, const char *value,
		const char *source)
{
	if (field->value || !value)
		return 0;
	field->value = arena_intern(arena, value);
	field->source = source;
	return field->value ? 0 : -ENOMEM;
}

static int fill_from_map(struct arena *arena, const struct key_field *fields,
			 const cJSON *map, const char *source,
			 struct container *container)
{
	for (; fields->key; fields++) {
		struct sourced *field =
			(struct sourced *)((char *)container + fields->offset);
		int err = fill(arena, field, text_of(map, fields->key), source);

		if (err)
			return err;
	}
	return 0;
}

/* A pod's uid as the kubelet writes it, or as a cgroup has it. */
static bool same_uid(const char *a, const char *b)
{
	for (;;) {
		while (*a == '-' || *a == '_')
			a++;
		while (*b == '-' || *b == '_')
			b++;
		if (*a != *b)
			return false;
		if (!*a)
			return true;
		a++;
		b++;
	}
}

/*
 * A record of a pod other than the cgroup's is not used for this container:
 * then 1, and a conflict is added. 0 if it fits, or -ENOMEM.
 */
static int claims_other_pod(struct arena *arena, const cJSON *map,
			    const char *source, struct container *container)
{
	const char *kernel = container->pod_uid.value;
	int err;

	if (!kernel || strcmp(container->pod_uid.source, "cgroup") != 0)
		return 0;
	for (const struct key_field *field = annotation_fields; field->key;
	     field++) {
		const char *claim = text_of(map, field->key);

		if (field->offset != FIELD(pod_uid) || !claim ||
		    same_uid(kernel, claim))
			continue;
		err = conflict_add(arena, container, "pod_uid", kernel, claim,
				   source);
		return err ? err : 1;
	}
	return 0;
}

static bool has_mark(const struct record_mark *mark, const cJSON *annotations)
{
	const char *value = text_of(annotations, mark->key);

	return value && (!mark->value || strcmp(mark->value, value) == 0);
}

/* The runtime that wrote a record with these annotations; NULL: not known. */
static const struct runtime *find_writer(const cJSON *annotations)
{
	for (const struct runtime *runtime = runtimes; runtime->name;
	     runtime++) {
		for (const struct record_mark *mark = runtime->marks; mark->key;
		     mark++) {
			if (has_mark(mark, annotations))
				return runtime;
		}
	}
	return NULL;
}

static int fill_runtime(struct arena *arena, const struct runtime *runtime,
			const char *source, struct container *container)
{
	if (!runtime)
		return 0;
	if (!container->mechanism)
		container->mechanism = runtime->mechanism;
	return fill(arena, &container->runtime, runtime->name, source);
}

static int add_mount(struct arena *arena, struct container *container,
		     const char *source, const char *destination)
{
	const char **slot;

	if (!source || !destination)
		return 0;
	slot = list_add(arena, &container->mount_sources, MAX_RECORD_MOUNTS);
	if (!slot && errno == EOVERFLOW) {
		container->mount_sources_cut = true;
		return 0;
	}
	if (!slot)
		return -ENOMEM;
	*slot = arena_intern(arena, source);
	if (*slot)
		return 0;
	container->mount_sources.n--;
	return -ENOMEM;
}

static bool is_bind(const cJSON *mount)
{
	const cJSON *options =
		cJSON_GetObjectItemCaseSensitive(mount, "options");
	const char *type = text_of(mount, "type");
	const cJSON *option;

	if (type && strcmp(type, "bind") == 0)
		return true;
	cJSON_ArrayForEach(option, options) {
		const char *text = cJSON_GetStringValue(option);

		if (text &&
		    (strcmp(text, "bind") == 0 || strcmp(text, "rbind") == 0))
			return true;
	}
	return false;
}

static bool array_has(const cJSON *array, const char *wanted)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, array) {
		const char *text = cJSON_GetStringValue(item);

		if (text && strcmp(text, wanted) == 0)
			return true;
	}
	return false;
}

/*
 * The OCI config has no "privileged". What runtimes write for it can be seen:
 * CAP_SYS_ADMIN, and nothing of /proc masked.
 */
static const char *privileged_of(const cJSON *config)
{
	const cJSON *process =
		cJSON_GetObjectItemCaseSensitive(config, "process");
	const cJSON *caps =
		cJSON_GetObjectItemCaseSensitive(process, "capabilities");
	const cJSON *bounding =
		cJSON_GetObjectItemCaseSensitive(caps, "bounding");
	const cJSON *linux_part =
		cJSON_GetObjectItemCaseSensitive(config, "linux");
	const cJSON *masked =
		cJSON_GetObjectItemCaseSensitive(linux_part, "maskedPaths");

	if (!process)
		return NULL;
	return array_has(bounding, "CAP_SYS_ADMIN") &&
			       array_has(bounding, "CAP_SYS_MODULE") &&
			       cJSON_GetArraySize(masked) == 0
		       ? "true"
		       : "false";
}

static int parse_oci(struct arena *arena, const cJSON *config,
		     const char *source, struct container *container)
{
	const cJSON *annotations =
		cJSON_GetObjectItemCaseSensitive(config, "annotations");
	const char *type =
		text_of(annotations, "io.kubernetes.cri.container-type");
	const cJSON *mount;
	int err;

	err = claims_other_pod(arena, annotations, source, container);
	if (err)
		return err < 0 ? err : 0;
	if (!type)
		type = text_of(annotations,
			       "io.kubernetes.cri-o.ContainerType");
	if (type && strcmp(type, "sandbox") == 0)
		container->sandbox = true;
	err = fill_from_map(arena, annotation_fields, annotations, source,
			    container);
	if (!err)
		err = fill_runtime(arena, find_writer(annotations), source,
				   container);
	if (!err)
		err = fill(arena, &container->privileged, privileged_of(config),
			   source);
	if (!err && !container->bundle)
		err = bundle_parse(arena, config, source, &container->bundle);
	cJSON_ArrayForEach(mount,
			   cJSON_GetObjectItemCaseSensitive(config, "mounts")) {
		if (!err && is_bind(mount))
			err = add_mount(arena, container,
					text_of(mount, "source"),
					text_of(mount, "destination"));
	}
	return err;
}

static int parse_docker(struct arena *arena, const cJSON *config,
			const char *source, struct container *container)
{
	const cJSON *settings =
		cJSON_GetObjectItemCaseSensitive(config, "Config");
	const cJSON *labels =
		cJSON_GetObjectItemCaseSensitive(settings, "Labels");
	const char *name = text_of(config, "Name");
	const char *type = text_of(labels, "io.kubernetes.docker.type");
	const cJSON *mount;
	int err;

	err = claims_other_pod(arena, labels, source, container);
	if (err)
		return err < 0 ? err : 0;
	if (type && strcmp(type, "podsandbox") == 0)
		container->sandbox = true;
	err = fill_from_map(arena, annotation_fields, labels, source,
			    container);
	if (!err && name)
		err = fill(arena, &container->name, name + (*name == '/'),
			   source);
	if (!err)
		err = fill(arena, &container->image, text_of(settings, "Image"),
			   source);
	if (!err)
		err = fill(arena, &container->created_at,
			   text_of(config, "Created"), source);
	if (!err)
		err = fill_runtime(arena, runtime_by_name("docker"), source,
				   container);
	cJSON_ArrayForEach(mount, cJSON_GetObjectItemCaseSensitive(
					  config, "MountPoints")) {
		const char *kind = text_of(mount, "Type");

		if (!err && (!kind || strcmp(kind, "bind") == 0))
			err = add_mount(arena, container,
					text_of(mount, "Source"),
					text_of(mount, "Destination"));
	}
	return err;
}

static int parse_docker_host(struct arena *arena, const cJSON *config,
			     const char *source, struct container *container)
{
	const cJSON *item =
		cJSON_GetObjectItemCaseSensitive(config, "Privileged");

	if (!cJSON_IsBool(item))
		return 0;
	/*
	 * dockerd records this itself, which is more reliable than what its OCI
	 * config implies.
	 */
	container->privileged.value = cJSON_IsTrue(item) ? "true" : "false";
	container->privileged.source = source;
	(void)arena;
	return 0;
}

/* The item of an index that is about this container; NULL without one. */
static const cJSON *find_in_index(const cJSON *index, const char *id)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, index) {
		const char *text = text_of(item, "id");

		if (text && strcmp(text, id) == 0)
			return item;
	}
	return NULL;
}

static int parse_storage(struct arena *arena, const cJSON *index,
			 const char *source, struct container *container)
{
	const cJSON *item = find_in_index(index, container->id);
	const char *metadata = text_of(item, "metadata");
	cJSON *inner = metadata ? cJSON_Parse(metadata) : NULL;
	const char *name = text_of(inner, "container-name");
	int err;

	if (!name)
		name = text_of(inner, "name");
	if (!name)
		name = usable(cJSON_GetArrayItem(
			cJSON_GetObjectItemCaseSensitive(item, "names"), 0));
	err = fill(arena, &container->name, name, source);
	if (!err)
		err = fill(arena, &container->image,
			   text_of(inner, "image-name"), source);
	if (!err)
		err = fill(arena, &container->created_at,
			   text_of(item, "created"), source);
	cJSON_Delete(inner);
	return err;
}

typedef int record_parser(struct arena *arena, const cJSON *json,
			  const char *source, struct container *container);

static const struct {
	record_parser *parse;
	bool array;
} parsers[] = {
	[RECORD_OCI] = { parse_oci, false },
	[RECORD_DOCKER] = { parse_docker, false },
	[RECORD_DOCKER_HOST] = { parse_docker_host, false },
	[RECORD_STORAGE_INDEX] = { parse_storage, true },
};

/* Go's zero time (year 1) means that it has not happened. */
static void date_container(struct container *container)
{
	struct timespec created;

	if (container->created.tv_sec || !container->created_at.value ||
	    parse_rfc3339(container->created_at.value, &created) ||
	    created.tv_sec <= 0)
		return;
	container->created = created;
}

cJSON *record_json(enum record_format format, const char *text, size_t len)
{
	cJSON *json = json_of_file(text, len);

	if (parsers[format].array ? cJSON_IsArray(json) : cJSON_IsObject(json))
		return json;
	cJSON_Delete(json);
	return NULL;
}

int record_apply(struct arena *arena, enum record_format format,
		 const cJSON *json, const char *source,
		 struct container *container)
{
	int err = parsers[format].parse(arena, json, source, container);

	if (!err)
		date_container(container);
	return err;
}

int parse_record(struct arena *arena, enum record_format format,
		 const char *text, size_t len, const char *source,
		 struct container *container)
{
	cJSON *json = record_json(format, text, len);
	int err = json ? record_apply(arena, format, json, source, container)
		       : -EINVAL;

	cJSON_Delete(json);
	return err;
}
