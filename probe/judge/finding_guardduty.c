// SPDX-License-Identifier: Apache-2.0
/*
 * GuardDuty's own layout (API reference, type Finding): lowerCamelCase from
 * the API, EventBridge and the S3 export, PascalCase from the CLI.
 */
#include "finding_read.h"

#define FIELD(pointer, read, member) \
	{ pointer, read, offsetof(struct finding, member) }
#define WORKLOAD "/resource/kubernetesDetails/kubernetesWorkloadDetails"
#define PROCESS "/service/runtimeDetails/process"
#define CONTEXT "/service/runtimeDetails/context"

static const struct field finding_fields[] = {
	FIELD("/type", read_text, type),
	FIELD("/id", read_text, id),
	FIELD("/accountId", read_text, account_id),
	FIELD("/region", read_text, region),
	FIELD("/title", read_text, title),
	FIELD("/service/count", read_count, count),
	FIELD("/service/archived", read_truth, archived),
	FIELD("/service/additionalInfo/sample", read_truth, sample),
	FIELD("/service/additionalInfo/value", read_sample_text, sample),
	FIELD("/service/eventFirstSeen", read_time, event_first_seen),
	FIELD("/service/eventLastSeen", read_time, event_last_seen),
	FIELD("/resource/resourceType", read_text, resource_type),
	FIELD("/resource/instanceDetails/instanceId", read_text, instance_id),
	FIELD("/resource/eksClusterDetails/name", read_text, cluster_name),
	FIELD("/resource/eksClusterDetails/arn", read_text, cluster_arn),
	FIELD(WORKLOAD "/namespace", read_text, namespace),
	FIELD(WORKLOAD "/name", read_text, workload_name),
	FIELD(WORKLOAD "/type", read_text, workload_type),
	FIELD(WORKLOAD "/uid", read_text, workload_uid),
	FIELD(WORKLOAD "/serviceAccountName", read_text, service_account),
	FIELD(WORKLOAD "/hostNetwork", read_truth, host_network),
	FIELD(WORKLOAD "/hostPID", read_truth, host_pid),
	FIELD(WORKLOAD "/hostIPC", read_truth, host_ipc),
	FIELD(PROCESS "/name", read_text, process.name),
	FIELD(PROCESS "/executablePath", read_text, process.executable_path),
	FIELD(PROCESS "/executableSha256", read_text,
	      process.executable_sha256),
	FIELD(PROCESS "/pid", read_pid, process.pid),
	FIELD(PROCESS "/namespacePid", read_pid, process.namespace_pid),
	FIELD(PROCESS "/startTime", read_time, process.start_time),
	FIELD(PROCESS "/user", read_text, process.user),
	FIELD(PROCESS "/userId", read_uid, process.user_id),
	FIELD(PROCESS "/euid", read_uid, process.euid),
	FIELD(PROCESS "/pwd", read_text, process.pwd),
	FIELD(PROCESS "/uuid", read_text, process.uuid),
	FIELD(PROCESS "/parentUuid", read_text, process.parent_uuid),
	FIELD(CONTEXT "/socketPath", read_text, context.socket_path),
	FIELD(CONTEXT "/addressFamily", read_text, context.address_family),
	FIELD(CONTEXT "/mountSource", read_text, context.mount_source),
	FIELD(CONTEXT "/mountTarget", read_text, context.mount_target),
	{ NULL, NULL, 0 },
};

#define OF(type, pointer, read, member) \
	{ pointer, read, offsetof(struct type, member) }

static const struct field container_fields[] = {
	OF(finding_container, "/id", read_text, id),
	OF(finding_container, "/name", read_text, name),
	OF(finding_container, "/image", read_text, image),
	OF(finding_container, "/imagePrefix", read_text, image_prefix),
	OF(finding_container, "/containerRuntime", read_text, runtime),
	OF(finding_container, "/securityContext/privileged", read_truth,
	   privileged),
	{ NULL, NULL, 0 },
};

static const struct field mount_fields[] = {
	OF(finding_mount, "/name", read_text, name),
	OF(finding_mount, "/mountPath", read_text, mount_path),
	{ NULL, NULL, 0 },
};

static const struct field volume_fields[] = {
	OF(finding_volume, "/name", read_text, name),
	OF(finding_volume, "/hostPath/path", read_text, host_path),
	{ NULL, NULL, 0 },
};

static const struct field ancestor_fields[] = {
	OF(finding_ancestor, "/name", read_text, name),
	OF(finding_ancestor, "/executablePath", read_text, executable_path),
	{ NULL, NULL, 0 },
};

static void read_volumes(struct reader *reader, const struct spot *finding)
{
	struct items items;
	struct finding_volume *volume;

	open_items(reader, finding, WORKLOAD "/volumes", &items);
	while (next_item(reader, &items)) {
		volume = reader_add(reader, &items, &reader->finding->volumes);
		if (!volume)
			return;
		read_fields(reader, &items.spot, volume_fields, volume);
	}
}

static void read_lineage(struct reader *reader, const struct spot *finding)
{
	struct items items;
	struct finding_ancestor *ancestor;

	open_items(reader, finding, PROCESS "/lineage", &items);
	while (next_item(reader, &items)) {
		ancestor = reader_add(reader, &items,
				      &reader->finding->process.lineage);
		if (!ancestor)
			return;
		read_fields(reader, &items.spot, ancestor_fields, ancestor);
	}
}

static void read_container(struct reader *reader, const struct spot *from,
			   struct finding_container *container)
{
	struct items items;
	struct finding_mount *mount;

	read_fields(reader, from, container_fields, container);
	open_items(reader, from, "/volumeMounts", &items);
	while (next_item(reader, &items)) {
		mount = reader_add(reader, &items, &container->volume_mounts);
		if (!mount)
			return;
		read_fields(reader, &items.spot, mount_fields, mount);
	}
}

static void read_containers(struct reader *reader, const struct spot *finding)
{
	struct items items;
	struct finding_container *container;

	open_items(reader, finding, WORKLOAD "/containers", &items);
	while (next_item(reader, &items)) {
		container = reader_add(reader, &items,
				       &reader->finding->containers);
		if (!container)
			return;
		read_container(reader, &items.spot, container);
	}
}

void read_guardduty(struct reader *reader, const struct spot *finding)
{
	struct finding *to = reader->finding;
	struct spot details;

	read_fields(reader, finding, finding_fields, to);
	read_containers(reader, finding);
	read_volumes(reader, finding);
	read_lineage(reader, finding);
	if (!find_spot(reader, finding, "/resource/containerDetails", &details))
		return;
	to->has_container_details = cJSON_IsObject(details.item);
	read_container(reader, &details, &to->container_details);
}
