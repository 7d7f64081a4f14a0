// SPDX-License-Identifier: Apache-2.0
/*
 * Where each dialect has each field. GuardDuty's names are from botocore's
 * guardduty/2017-11-28 model. ASFF is Security Hub's older format, OCSF (class
 * 2004) its present one.
 */
#include "finding/dialect_fields.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sockprobe/json.h"
#include "sockprobe/text_safe.h"
#include "sockprobe/util.h"

/* A row: a member of struct finding, its path in the raw finding, its kind. */
#define ROW(member, path, kind)                                                \
	{                                                                      \
		offsetof(struct finding, member), path, kind                   \
	}
#define END                                                                    \
	{                                                                      \
		0, NULL, FIELD_TEXT                                            \
	}

#define WORKLOAD "resource>kubernetesDetails>kubernetesWorkloadDetails>"
#define CONTAINER WORKLOAD "containers>0>"
#define STANDALONE "resource>containerDetails>"
#define ECS_CLUSTER "resource>ecsClusterDetails>"
#define ECS ECS_CLUSTER "taskDetails>containers>0>"
#define PROCESS "service>runtimeDetails>process>"

static const struct finding_field guardduty_fields[] = {
	ROW(id, "id", FIELD_TEXT),
	ROW(type, "type", FIELD_TEXT),
	ROW(account_id, "accountId", FIELD_TEXT),
	ROW(region, "region", FIELD_TEXT),
	ROW(detector_id, "service>detectorId", FIELD_TEXT),
	ROW(instance_id, "resource>instanceDetails>instanceId", FIELD_TEXT),
	ROW(cluster_name, "resource>eksClusterDetails>name", FIELD_TEXT),
	ROW(cluster_arn, "resource>eksClusterDetails>arn", FIELD_TEXT),
	ROW(cluster_arn, ECS_CLUSTER "arn", FIELD_TEXT),
	ROW(ecs_cluster_name, ECS_CLUSTER "name", FIELD_TEXT),
	ROW(task_definition_arn, ECS_CLUSTER "taskDetails>definitionArn",
	    FIELD_TEXT),
	ROW(name_space, WORKLOAD "namespace", FIELD_TEXT),
	ROW(workload_name, WORKLOAD "name", FIELD_TEXT),
	ROW(workload_type, WORKLOAD "type", FIELD_TEXT),
	ROW(workload_uid, WORKLOAD "uid", FIELD_TEXT),
	ROW(container_id, CONTAINER "id", FIELD_TEXT),
	ROW(container_id, STANDALONE "id", FIELD_TEXT),
	ROW(container_id, ECS "id", FIELD_TEXT),
	ROW(container_name, CONTAINER "name", FIELD_TEXT),
	ROW(container_name, STANDALONE "name", FIELD_TEXT),
	ROW(container_name, ECS "name", FIELD_TEXT),
	ROW(image, CONTAINER "image", FIELD_TEXT),
	ROW(image, STANDALONE "image", FIELD_TEXT),
	ROW(image, ECS "image", FIELD_TEXT),
	ROW(image_prefix, CONTAINER "imagePrefix", FIELD_TEXT),
	ROW(image_prefix, STANDALONE "imagePrefix", FIELD_TEXT),
	ROW(image_prefix, ECS "imagePrefix", FIELD_TEXT),
	ROW(process_name, PROCESS "name", FIELD_TEXT),
	ROW(executable_path, PROCESS "executablePath", FIELD_TEXT),
	ROW(executable_sha256, PROCESS "executableSha256", FIELD_TEXT),
	ROW(pid, PROCESS "pid", FIELD_NUMBER),
	ROW(process_started_at, PROCESS "startTime", FIELD_TIME),
	ROW(socket_path, "service>runtimeDetails>context>socketPath",
	    FIELD_TEXT),
	ROW(attack_sequence, "associatedAttackSequenceArn", FIELD_TEXT),
	ROW(event_first_seen, "service>eventFirstSeen", FIELD_TIME),
	ROW(event_last_seen, "service>eventLastSeen", FIELD_TIME),
	ROW(count, "service>count", FIELD_NUMBER),
	ROW(archived, "service>archived", FIELD_BOOL),
	END,
};

#define PRODUCT "ProductFields>aws/guardduty/"
#define PRODUCT_ECS PRODUCT "resource/ecsClusterDetails/"
#define PRODUCT_TASK PRODUCT_ECS "taskDetails/"

static const struct finding_field asff_fields[] = {
	ROW(id, "Id", FIELD_TEXT),
	ROW(type, "Types>0", FIELD_TEXT),
	ROW(account_id, "AwsAccountId", FIELD_TEXT),
	ROW(region, "Region", FIELD_TEXT),
	ROW(detector_id, PRODUCT "service/detectorId", FIELD_TEXT),
	ROW(instance_id, PRODUCT "resource/instanceDetails/instanceId",
	    FIELD_TEXT),
	ROW(cluster_name, PRODUCT "resource/eksClusterDetails/name",
	    FIELD_TEXT),
	ROW(cluster_arn, PRODUCT "resource/eksClusterDetails/arn", FIELD_TEXT),
	ROW(cluster_arn, PRODUCT_ECS "arn", FIELD_TEXT),
	ROW(ecs_cluster_name, PRODUCT_ECS "name", FIELD_TEXT),
	ROW(task_definition_arn, PRODUCT_TASK "definitionArn", FIELD_TEXT),
	ROW(name_space,
	    PRODUCT
	    "resource/kubernetesDetails/kubernetesWorkloadDetails/namespace",
	    FIELD_TEXT),
	ROW(workload_name,
	    PRODUCT "resource/kubernetesDetails/kubernetesWorkloadDetails/name",
	    FIELD_TEXT),
	ROW(workload_type,
	    PRODUCT "resource/kubernetesDetails/kubernetesWorkloadDetails/type",
	    FIELD_TEXT),
	ROW(container_id,
	    PRODUCT
	    "resource/kubernetesDetails/kubernetesWorkloadDetails/containers.0_/id",
	    FIELD_TEXT),
	ROW(container_id, PRODUCT "resource/containerDetails/id", FIELD_TEXT),
	ROW(container_id, PRODUCT_TASK "containers.0_/id", FIELD_TEXT),
	ROW(container_name, PRODUCT_TASK "containers.0_/name", FIELD_TEXT),
	ROW(image,
	    PRODUCT
	    "resource/kubernetesDetails/kubernetesWorkloadDetails/containers.0_/image",
	    FIELD_TEXT),
	ROW(image, PRODUCT "resource/containerDetails/image", FIELD_TEXT),
	ROW(image, PRODUCT_TASK "containers.0_/image", FIELD_TEXT),
	ROW(image_prefix, PRODUCT_TASK "containers.0_/imagePrefix", FIELD_TEXT),
	ROW(cluster_name,
	    "Resources>Type=AwsEksCluster>Details>AwsEksCluster>Name",
	    FIELD_TEXT),
	ROW(instance_id, "Resources>Type=AwsEc2Instance>Id", FIELD_TEXT),
	ROW(container_id, "Resources>Type=Container>Id", FIELD_TEXT),
	ROW(container_name, "Resources>Type=Container>Details>Container>Name",
	    FIELD_TEXT),
	ROW(image, "Resources>Type=Container>Details>Container>ImageName",
	    FIELD_TEXT),
	ROW(process_name, PRODUCT "service/runtimeDetails/process/name",
	    FIELD_TEXT),
	ROW(executable_path,
	    PRODUCT "service/runtimeDetails/process/executablePath",
	    FIELD_TEXT),
	ROW(executable_sha256,
	    PRODUCT "service/runtimeDetails/process/executableSha256",
	    FIELD_TEXT),
	ROW(pid, PRODUCT "service/runtimeDetails/process/pid", FIELD_NUMBER),
	ROW(process_started_at,
	    PRODUCT "service/runtimeDetails/process/startTime", FIELD_TIME),
	ROW(socket_path, PRODUCT "service/runtimeDetails/context/socketPath",
	    FIELD_TEXT),
	ROW(event_first_seen, PRODUCT "service/eventFirstSeen", FIELD_TIME),
	ROW(event_first_seen, "FirstObservedAt", FIELD_TIME),
	ROW(event_last_seen, PRODUCT "service/eventLastSeen", FIELD_TIME),
	ROW(event_last_seen, "LastObservedAt", FIELD_TIME),
	ROW(count, PRODUCT "service/count", FIELD_NUMBER),
	ROW(archived, PRODUCT "service/archived", FIELD_BOOL),
	ROW(sample, "Sample", FIELD_BOOL),
	END,
};

#define ACTOR "evidences>*>actor>process>"
#define CONTAINER_RESOURCE "resources>type=AWS::Container::Container>"

static const struct finding_field ocsf_fields[] = {
	ROW(id, "finding_info>uid_alt", FIELD_TEXT),
	ROW(id, "finding_info>uid", FIELD_TEXT),
	ROW(type, "finding_info>types>1", FIELD_TEXT),
	ROW(type, "finding_info>types>0", FIELD_TEXT),
	ROW(account_id, "cloud>account>uid", FIELD_TEXT),
	ROW(region, "cloud>region", FIELD_TEXT),
	ROW(cluster_name, "resources>type=AWS::EKS::Cluster>name", FIELD_TEXT),
	ROW(ecs_cluster_name, "resources>type=AWS::ECS::Cluster>name",
	    FIELD_TEXT),
	ROW(instance_id, "resources>type=AWS::EC2::Instance>uid", FIELD_TEXT),
	ROW(container_id, "evidences>*>container>uid", FIELD_TEXT),
	ROW(container_id, CONTAINER_RESOURCE "uid", FIELD_TEXT),
	ROW(container_name, "evidences>*>container>name", FIELD_TEXT),
	ROW(container_name, CONTAINER_RESOURCE "name", FIELD_TEXT),
	ROW(image, "evidences>*>container>image>name", FIELD_TEXT),
	ROW(image, CONTAINER_RESOURCE "device>container>image>name",
	    FIELD_TEXT),
	ROW(process_name, ACTOR "name", FIELD_TEXT),
	ROW(executable_path, ACTOR "file>path", FIELD_TEXT),
	ROW(executable_sha256, ACTOR "file>hashes>algorithm=SHA-256>value",
	    FIELD_TEXT),
	ROW(pid, ACTOR "pid", FIELD_NUMBER),
	ROW(process_started_at, ACTOR "created_time", FIELD_TIME),
	ROW(socket_path, "observables>name=socketPath>value", FIELD_TEXT),
	ROW(socket_path, "evidences>*>file>path", FIELD_TEXT),
	ROW(event_first_seen, "finding_info>first_seen_time", FIELD_TIME),
	ROW(event_first_seen, "finding_info>first_seen_time_dt", FIELD_TIME),
	ROW(event_last_seen, "finding_info>last_seen_time", FIELD_TIME),
	ROW(event_last_seen, "finding_info>last_seen_time_dt", FIELD_TIME),
	ROW(count, "count", FIELD_NUMBER),
	END,
};

/* A member that says that the finding is one of GuardDuty's samples. */
static void take_sample(const cJSON *sample, struct finding *finding)
{
	const char *text = cJSON_GetStringValue(sample);

	if (cJSON_IsTrue(sample) || (text && strcasecmp(text, "true") == 0))
		finding->sample = TRI_YES;
	else if (sample && finding->sample == TRI_UNKNOWN)
		finding->sample = TRI_NO;
}

/*
 * additionalInfo is {"sample":true}, or its value has that, which may be a text
 * with JSON in it. Titles of samples begin with a mark.
 */
static int finish_guardduty(struct arena *arena, struct finding *finding,
			    const cJSON *raw)
{
	static const char mark[] = "[SAMPLE]";
	const cJSON *service = cJSON_GetObjectItem(raw, "service");
	const cJSON *info = cJSON_GetObjectItem(service, "additionalInfo");
	const cJSON *value = cJSON_GetObjectItem(info, "value");
	const char *text = cJSON_GetStringValue(value);
	const char *title =
		cJSON_GetStringValue(cJSON_GetObjectItem(raw, "title"));
	cJSON *inner = text && strlen(text) < 65536 ? cJSON_Parse(text) : NULL;

	(void)arena;
	take_sample(cJSON_GetObjectItem(info, "sample"), finding);
	take_sample(cJSON_GetObjectItem(inner ? inner : value, "sample"),
		    finding);
	if (title && strncmp(title, mark, strlen(mark)) == 0)
		finding->sample = TRI_YES;
	cJSON_Delete(inner);
	return 0;
}

/*
 * GuardDuty's type with a prefix and '-' for '/': "TTPs/Privilege
 * Escalation/PrivilegeEscalation:Runtime-DockerSocketAccessed".
 */
static int finish_asff(struct arena *arena, struct finding *finding,
		       const cJSON *raw)
{
	enum { MOST_TYPE = 256 };
	const char *last = finding->type ? strrchr(finding->type, '/') : NULL;
	char *type;
	char *dash;

	(void)raw;
	if (!last || strlen(last) >= MOST_TYPE)
		return 0;
	type = arena_strdup(arena, last + 1);
	if (!type)
		return -ENOMEM;
	dash = strchr(type, '-');
	if (dash)
		*dash = '/';
	finding->type = type;
	return 0;
}

static const struct single_list guardduty_singles[] = {
	{ WORKLOAD "containers", NULL },
	{ ECS_CLUSTER "taskDetails>containers", NULL },
	{ NULL, NULL },
};

/* A second container of a list is flattened into a key of its own. */
static const struct single_list asff_singles[] = {
	{ PRODUCT
	  "resource/kubernetesDetails/kubernetesWorkloadDetails/containers.1_/name",
	  NULL },
	{ PRODUCT
	  "resource/kubernetesDetails/kubernetesWorkloadDetails/containers.1_/id",
	  NULL },
	{ PRODUCT_TASK "containers.1_/name", NULL },
	{ PRODUCT_TASK "containers.1_/id", NULL },
	{ NULL, NULL },
};

static const struct single_list ocsf_singles[] = {
	{ "evidences", "container>uid" },
	{ "evidences", "file>path" },
	{ NULL, NULL },
};

/* Where a container's id may stand: of one finding all are the same. */
static const char *const guardduty_ids[] = { CONTAINER "id", STANDALONE "id",
					     ECS "id", NULL };
static const char *const asff_ids[] = {
	PRODUCT
	"resource/kubernetesDetails/kubernetesWorkloadDetails/containers.0_/id",
	PRODUCT "resource/containerDetails/id",
	PRODUCT_TASK "containers.0_/id",
	NULL,
};

static const struct dialect guardduty = {
	.name = "guardduty",
	.any_case = true,
	.fields = guardduty_fields,
	.singles = guardduty_singles,
	.container_ids = guardduty_ids,
	.finish = finish_guardduty,
};
static const struct dialect asff = {
	.name = "asff",
	.fields = asff_fields,
	.singles = asff_singles,
	.container_ids = asff_ids,
	.finish = finish_asff,
};
static const struct dialect ocsf = {
	.name = "ocsf",
	.milliseconds = true,
	.fields = ocsf_fields,
	.singles = ocsf_singles,
};

const struct dialect *finding_dialect(const cJSON *raw)
{
	if (json_get(raw, "class_uid"))
		return &ocsf;
	if (json_get(raw, "ProductFields") || json_get(raw, "Types"))
		return &asff;
	return &guardduty;
}

bool finding_text_is_odd(const char *text)
{
	if (!is_utf8(text))
		return true;
	for (; *text; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	}
	return false;
}

const char *finding_text(struct arena *arena, const char *text)
{
	char *escaped = is_utf8(text) ? NULL : escape_bytes(text);
	const char *copy = arena_strdup(arena, escaped ? escaped : text);

	free(escaped);
	return copy;
}
