// SPDX-License-Identifier: Apache-2.0
/*
 * Findings that came through Security Hub: ASFF, which keeps GuardDuty's own
 * fields as texts under flat keys of ProductFields, and OCSF's detection
 * finding. Neither says which Kubernetes workload it was.
 */
#include <stdio.h>
#include <string.h>

#include "finding_read.h"

/* What an item of one kind says: fields of the finding, or of a container. */
struct kind {
	const char *name;
	const struct field *fields;
	bool container; /* one more in finding.containers */
};

#define FIELD(pointer, read, member) \
	{ pointer, read, offsetof(struct finding, member) }
#define CONTAINER(pointer, read, member) \
	{ pointer, read, offsetof(struct finding_container, member) }
#define ANCESTOR(pointer, read, member) \
	{ pointer, read, offsetof(struct finding_ancestor, member) }

static void read_arn(struct reader *reader, const struct spot *from, void *to)
{
	const char *text = cJSON_GetStringValue(from->item);

	if (text && has_prefix(text, "arn:"))
		read_text(reader, from, to);
}

/* ---- types ---- */

/* The text of the list that has GuardDuty's "Purpose:Resource/Family" in it. */
static void read_type(struct reader *reader, const struct spot *finding,
		      const char *pointer)
{
	struct items items;
	struct spot chosen = { 0 };

	open_items(reader, finding, pointer, &items);
	while (next_value(&items)) {
		const char *text = cJSON_GetStringValue(items.spot.item);

		if (!chosen.item || (text && strchr(text, ':')))
			chosen = items.spot;
		if (text && strchr(text, ':'))
			break;
	}
	if (chosen.item)
		read_text(reader, &chosen, &reader->finding->type);
}

/*
 * "TTPs/Privilege Escalation/PrivilegeEscalation:Runtime-DockerSocketAccessed"
 * is "PrivilegeEscalation:Runtime/DockerSocketAccessed" in GuardDuty's words.
 */
static void mend_asff_type(struct reader *reader)
{
	const char *type = reader->finding->type;
	const char *last = type ? path_basename(type) : NULL;
	const char *colon = last ? strchr(last, ':') : NULL;
	const char *dash = colon ? strchr(colon, '-') : NULL;
	char *mended;

	if (!dash)
		return;
	mended = arena_strdup(reader->arena, last);
	if (mended)
		mended[dash - last] = '/';
	else
		reader->full = true;
	reader->finding->type = mended;
}

/* ---- lists whose items say of what kind they are ---- */

static const struct field mount_fields[] = {
	{ "/Name", read_text, offsetof(struct finding_mount, name) },
	{ "/MountPath", read_text, offsetof(struct finding_mount, mount_path) },
	{ NULL, NULL, 0 },
};

static const struct kind *kind_of(struct reader *reader,
				  const struct kind *kinds,
				  const struct spot *item, const char *pointer)
{
	struct spot spot;
	const char *name = NULL;

	if (find_spot(reader, item, pointer, &spot))
		name = cJSON_GetStringValue(spot.item);
	for (; name && kinds->name; kinds++) {
		if (strcmp(kinds->name, name) == 0)
			return kinds;
	}
	return NULL;
}

static void read_kind(struct reader *reader, const struct kind *kind,
		      const struct items *items)
{
	struct finding_container *container;
	struct finding_mount *mount;
	struct items mounts;

	if (!kind->container) {
		read_fields(reader, &items->spot, kind->fields,
			    reader->finding);
		return;
	}
	container = reader_add(reader, items, &reader->finding->containers);
	if (!container)
		return;
	read_fields(reader, &items->spot, kind->fields, container);
	open_items(reader, &items->spot, "/Details/Container/VolumeMounts",
		   &mounts);
	while (next_item(reader, &mounts)) {
		mount = reader_add(reader, &mounts, &container->volume_mounts);
		if (!mount)
			return;
		read_fields(reader, &mounts.spot, mount_fields, mount);
	}
}

/* `pointer` leads from an item to the name of its kind. */
static void read_kinds(struct reader *reader, const struct spot *from,
		       const char *list, const char *pointer,
		       const struct kind *kinds)
{
	struct items items;

	open_items(reader, from, list, &items);
	while (next_item(reader, &items)) {
		const struct kind *kind =
			kind_of(reader, kinds, &items.spot, pointer);

		if (kind)
			read_kind(reader, kind, &items);
	}
}

/* GuardDuty's resource comes first, the instance below it after. */
static void read_resource_type(struct reader *reader,
			       const struct spot *finding, const char *list,
			       const char *pointer)
{
	struct items items;
	struct spot type;

	open_items(reader, finding, list, &items);
	if (next_item(reader, &items) &&
	    find_spot(reader, &items.spot, pointer, &type))
		read_text(reader, &type, &reader->finding->resource_type);
}

/* ---- ASFF ---- */

#define PRODUCT "/ProductFields/aws~1guardduty~1service~1"
#define PRODUCT_PROCESS PRODUCT "runtimeDetails~1process~1"
#define PRODUCT_CONTEXT PRODUCT "runtimeDetails~1context~1"

static const struct field asff_fields[] = {
	FIELD("/Id", read_last_part, id),
	FIELD("/AwsAccountId", read_text, account_id),
	FIELD("/Region", read_text, region),
	FIELD("/Title", read_text, title),
	FIELD("/Sample", read_truth, sample),
	FIELD(PRODUCT "additionalInfo~1sample", read_truth, sample),
	FIELD(PRODUCT "additionalInfo~1value", read_sample_text, sample),
	FIELD(PRODUCT "count", read_count, count),
	FIELD(PRODUCT "archived", read_truth, archived),
	FIELD(PRODUCT "eventFirstSeen", read_time, event_first_seen),
	FIELD(PRODUCT "eventLastSeen", read_time, event_last_seen),
	FIELD("/FirstObservedAt", read_time, event_first_seen),
	FIELD("/LastObservedAt", read_time, event_last_seen),
	FIELD(PRODUCT_PROCESS "name", read_text, process.name),
	FIELD(PRODUCT_PROCESS "executablePath", read_text,
	      process.executable_path),
	FIELD(PRODUCT_PROCESS "executableSha256", read_text,
	      process.executable_sha256),
	FIELD(PRODUCT_PROCESS "pid", read_pid, process.pid),
	FIELD(PRODUCT_PROCESS "namespacePid", read_pid, process.namespace_pid),
	FIELD(PRODUCT_PROCESS "startTime", read_time, process.start_time),
	FIELD(PRODUCT_PROCESS "user", read_text, process.user),
	FIELD(PRODUCT_PROCESS "userId", read_uid, process.user_id),
	FIELD(PRODUCT_PROCESS "euid", read_uid, process.euid),
	FIELD(PRODUCT_PROCESS "pwd", read_text, process.pwd),
	FIELD(PRODUCT_PROCESS "uuid", read_text, process.uuid),
	FIELD(PRODUCT_PROCESS "parentUuid", read_text, process.parent_uuid),
	FIELD("/Process/Name", read_text, process.name),
	FIELD("/Process/Path", read_text, process.executable_path),
	FIELD("/Process/Pid", read_pid, process.pid),
	FIELD("/Process/LaunchedAt", read_time, process.start_time),
	FIELD(PRODUCT_CONTEXT "socketPath", read_text, context.socket_path),
	FIELD(PRODUCT_CONTEXT "addressFamily", read_text,
	      context.address_family),
	FIELD(PRODUCT_CONTEXT "mountSource", read_text, context.mount_source),
	FIELD(PRODUCT_CONTEXT "mountTarget", read_text, context.mount_target),
	{ NULL, NULL, 0 },
};

static const struct field asff_instance[] = {
	FIELD("/Id", read_last_part, instance_id),
	{ NULL, NULL, 0 },
};

static const struct field asff_cluster[] = {
	FIELD("/Details/AwsEksCluster/Name", read_text, cluster_name),
	FIELD("/Id", read_last_part, cluster_name),
	FIELD("/Details/AwsEksCluster/Arn", read_arn, cluster_arn),
	FIELD("/Id", read_arn, cluster_arn),
	{ NULL, NULL, 0 },
};

static const struct field asff_container[] = {
	CONTAINER("/Id", read_last_part, id),
	CONTAINER("/Details/Container/Name", read_text, name),
	CONTAINER("/Details/Container/ImageName", read_text, image),
	CONTAINER("/Details/Container/ContainerRuntime", read_text, runtime),
	CONTAINER("/Details/Container/Privileged", read_truth, privileged),
	{ NULL, NULL, 0 },
};

static const struct kind asff_resources[] = {
	{ "AwsEc2Instance", asff_instance, false },
	{ "AwsEksCluster", asff_cluster, false },
	{ "Container", asff_container, true },
	{ NULL, NULL, false },
};

/* Lists are flattened too: "lineage.0_/name", "lineage.1_/name". */
static void read_asff_lineage(struct reader *reader, const struct spot *finding)
{
	struct finding_ancestor_list *lineage =
		&reader->finding->process.lineage;

	for (size_t i = 0; i < FINDING_MAX_ITEMS && !reader->full; i++) {
		char name[PLACE_SIZE];
		char path[PLACE_SIZE];
		const struct field fields[] = {
			ANCESTOR(name, read_text, name),
			ANCESTOR(path, read_text, executable_path),
			{ NULL, NULL, 0 },
		};
		struct finding_ancestor parsed = { 0 };
		struct finding_ancestor *ancestor;

		snprintf(name, sizeof(name),
			 PRODUCT_PROCESS "lineage.%zu_~1name", i);
		snprintf(path, sizeof(path),
			 PRODUCT_PROCESS "lineage.%zu_~1executablePath", i);
		read_fields(reader, finding, fields, &parsed);
		if (!parsed.name && !parsed.executable_path)
			return;
		ancestor = list_add(reader->arena, lineage, FINDING_MAX_ITEMS);
		if (ancestor)
			*ancestor = parsed;
		else
			reader->full = true;
	}
}

void read_asff(struct reader *reader, const struct spot *finding)
{
	read_type(reader, finding, "/Types");
	mend_asff_type(reader);
	read_fields(reader, finding, asff_fields, reader->finding);
	read_resource_type(reader, finding, "/Resources", "/Type");
	read_kinds(reader, finding, "/Resources", "/Type", asff_resources);
	read_asff_lineage(reader, finding);
}

/* ---- OCSF ---- */

static const struct field ocsf_fields[] = {
	FIELD("/finding_info/uid", read_last_part, id),
	FIELD("/cloud/account/uid", read_text, account_id),
	FIELD("/cloud/region", read_text, region),
	FIELD("/finding_info/title", read_text, title),
	FIELD("/count", read_count, count),
	FIELD("/finding_info/first_seen_time", read_time_ms, event_first_seen),
	FIELD("/finding_info/first_seen_time_dt", read_time, event_first_seen),
	FIELD("/finding_info/last_seen_time", read_time_ms, event_last_seen),
	FIELD("/finding_info/last_seen_time_dt", read_time, event_last_seen),
	{ NULL, NULL, 0 },
};

/* Of one item of evidences. */
static const struct field ocsf_evidence[] = {
	FIELD("/actor/process/name", read_text, process.name),
	FIELD("/actor/process/file/path", read_text, process.executable_path),
	FIELD("/actor/process/path", read_text, process.executable_path),
	FIELD("/actor/process/pid", read_pid, process.pid),
	FIELD("/actor/process/namespace_pid", read_pid, process.namespace_pid),
	FIELD("/actor/process/created_time", read_time_ms, process.start_time),
	FIELD("/actor/process/created_time_dt", read_time, process.start_time),
	FIELD("/actor/process/user/name", read_text, process.user),
	FIELD("/actor/process/user/uid", read_uid, process.user_id),
	FIELD("/actor/user/name", read_text, process.user),
	FIELD("/actor/user/uid", read_uid, process.user_id),
	FIELD("/actor/process/euid", read_uid, process.euid),
	FIELD("/actor/process/working_directory", read_text, process.pwd),
	FIELD("/actor/process/uid", read_text, process.uuid),
	FIELD("/actor/process/parent_process/uid", read_text,
	      process.parent_uuid),
	{ NULL, NULL, 0 },
};

static const struct field ocsf_ancestor[] = {
	ANCESTOR("/name", read_text, name),
	ANCESTOR("/path", read_text, executable_path),
	ANCESTOR("/file/path", read_text, executable_path),
	{ NULL, NULL, 0 },
};

static const struct field ocsf_hash[] = {
	FIELD("/value", read_text, process.executable_sha256),
	{ NULL, NULL, 0 },
};

static const struct field ocsf_instance[] = {
	FIELD("/uid", read_last_part, instance_id),
	{ NULL, NULL, 0 },
};

static const struct field ocsf_cluster[] = {
	FIELD("/name", read_text, cluster_name),
	FIELD("/uid", read_last_part, cluster_name),
	FIELD("/uid", read_arn, cluster_arn),
	{ NULL, NULL, 0 },
};

static const struct field ocsf_container[] = {
	CONTAINER("/device/container/uid", read_text, id),
	CONTAINER("/uid", read_last_part, id),
	CONTAINER("/device/container/name", read_text, name),
	CONTAINER("/device/container/image/name", read_text, image),
	CONTAINER("/device/container/runtime", read_text, runtime),
	{ NULL, NULL, 0 },
};

static const struct kind ocsf_resources[] = {
	{ "AWS::EC2::Instance", ocsf_instance, false },
	{ "AWS::EKS::Cluster", ocsf_cluster, false },
	{ "AWS::Container::Container", ocsf_container, true },
	{ NULL, NULL, false },
};

#define OBSERVABLE(name, member)                                               \
	{                                                                      \
		name,                                                          \
			(const struct field[]){                                \
				FIELD("/value", read_text, member),            \
				{ NULL, NULL, 0 },                             \
			},                                                     \
			false                                                  \
	}

static const struct kind ocsf_observables[] = {
	OBSERVABLE("socketPath", context.socket_path),
	OBSERVABLE("addressFamily", context.address_family),
	OBSERVABLE("mountSource", context.mount_source),
	OBSERVABLE("mountTarget", context.mount_target),
	{ NULL, NULL, false },
};

static const struct kind ocsf_hashes[] = {
	{ "SHA-256", ocsf_hash, false },
	{ NULL, NULL, false },
};

static void read_ancestry(struct reader *reader, const struct spot *evidence)
{
	struct items items;
	struct finding_ancestor *ancestor;

	open_items(reader, evidence, "/actor/process/ancestry", &items);
	while (next_item(reader, &items)) {
		ancestor = reader_add(reader, &items,
				      &reader->finding->process.lineage);
		if (!ancestor)
			return;
		read_fields(reader, &items.spot, ocsf_ancestor, ancestor);
	}
}

/* Of many evidences, the first that has the process that acted. */
static void read_evidence(struct reader *reader, const struct spot *finding)
{
	struct items items;
	struct spot process;

	open_items(reader, finding, "/evidences", &items);
	while (next_item(reader, &items)) {
		const struct spot *evidence = &items.spot;

		if (!find_spot(reader, evidence, "/actor/process", &process))
			continue;
		read_fields(reader, evidence, ocsf_evidence, reader->finding);
		read_kinds(reader, evidence, "/actor/process/file/hashes",
			   "/algorithm", ocsf_hashes);
		read_ancestry(reader, evidence);
		return;
	}
}

void read_ocsf(struct reader *reader, const struct spot *finding)
{
	read_type(reader, finding, "/finding_info/types");
	read_fields(reader, finding, ocsf_fields, reader->finding);
	read_resource_type(reader, finding, "/resources", "/type");
	read_kinds(reader, finding, "/resources", "/type", ocsf_resources);
	read_kinds(reader, finding, "/observables", "/name", ocsf_observables);
	read_evidence(reader, finding);
}
