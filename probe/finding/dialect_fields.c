// SPDX-License-Identifier: Apache-2.0
/*
 * Where each dialect has each field. GuardDuty's own names are of botocore's
 * guardduty/2017-11-28 model; ASFF is Security Hub's format of before, OCSF
 * (class 2004) its format of now.
 */
#include "finding/dialect_fields.h"

#include <stdlib.h>
#include <string.h>

#include "sockprobe/json.h"
#include "sockprobe/text_safe.h"
#include "sockprobe/util.h"

const char *const finding_keys[] = {
	"id",
	"type",
	"account_id",
	"region",
	"detector_id",
	"instance_id",
	"cluster_name",
	"namespace",
	"workload_name",
	"workload_type",
	"workload_uid",
	"container_id",
	"container_name",
	"image",
	"image_prefix",
	"process_name",
	"executable_path",
	"executable_sha256",
	"socket_path",
	"pid",
	"process_started_at",
	"event_first_seen",
	"event_last_seen",
	"count",
	"archived",
	"sample",
	NULL,
};

#define WORKLOAD "resource>kubernetesDetails>kubernetesWorkloadDetails>"
#define CONTAINER WORKLOAD "containers>0>"
#define STANDALONE "resource>containerDetails>"
#define ECS "resource>ecsClusterDetails>taskDetails>containers>0>"
#define PROCESS "service>runtimeDetails>process>"

static const struct finding_field guardduty_fields[] = {
	{ "id", "id", FIELD_TEXT },
	{ "type", "type", FIELD_TEXT },
	{ "account_id", "accountId", FIELD_TEXT },
	{ "region", "region", FIELD_TEXT },
	{ "detector_id", "service>detectorId", FIELD_TEXT },
	{ "instance_id", "resource>instanceDetails>instanceId", FIELD_TEXT },
	{ "cluster_name", "resource>eksClusterDetails>name", FIELD_TEXT },
	{ "namespace", WORKLOAD "namespace", FIELD_TEXT },
	{ "workload_name", WORKLOAD "name", FIELD_TEXT },
	{ "workload_type", WORKLOAD "type", FIELD_TEXT },
	{ "workload_uid", WORKLOAD "uid", FIELD_TEXT },
	{ "container_id", CONTAINER "id", FIELD_TEXT },
	{ "container_id", STANDALONE "id", FIELD_TEXT },
	{ "container_name", CONTAINER "name", FIELD_TEXT },
	{ "container_name", STANDALONE "name", FIELD_TEXT },
	{ "image", CONTAINER "image", FIELD_TEXT },
	{ "image", STANDALONE "image", FIELD_TEXT },
	{ "image", ECS "image", FIELD_TEXT },
	{ "image_prefix", CONTAINER "imagePrefix", FIELD_TEXT },
	{ "image_prefix", STANDALONE "imagePrefix", FIELD_TEXT },
	{ "process_name", PROCESS "name", FIELD_TEXT },
	{ "executable_path", PROCESS "executablePath", FIELD_TEXT },
	{ "executable_sha256", PROCESS "executableSha256", FIELD_TEXT },
	{ "pid", PROCESS "pid", FIELD_NUMBER },
	{ "process_started_at", PROCESS "startTime", FIELD_TIME },
	{ "socket_path", "service>runtimeDetails>context>socketPath",
	  FIELD_TEXT },
	{ "event_first_seen", "service>eventFirstSeen", FIELD_TIME },
	{ "event_last_seen", "service>eventLastSeen", FIELD_TIME },
	{ "count", "service>count", FIELD_NUMBER },
	{ "archived", "service>archived", FIELD_BOOL },
	{ NULL, NULL, FIELD_TEXT },
};

#define PRODUCT "ProductFields>aws/guardduty/"

static const struct finding_field asff_fields[] = {
	{ "id", "Id", FIELD_TEXT },
	{ "type", "Types>0", FIELD_TEXT },
	{ "account_id", "AwsAccountId", FIELD_TEXT },
	{ "region", "Region", FIELD_TEXT },
	{ "detector_id", PRODUCT "service/detectorId", FIELD_TEXT },
	{ "instance_id", PRODUCT "resource/instanceDetails/instanceId",
	  FIELD_TEXT },
	{ "cluster_name", PRODUCT "resource/eksClusterDetails/name",
	  FIELD_TEXT },
	{ "namespace",
	  PRODUCT
	  "resource/kubernetesDetails/kubernetesWorkloadDetails/namespace",
	  FIELD_TEXT },
	{ "workload_name",
	  PRODUCT "resource/kubernetesDetails/kubernetesWorkloadDetails/name",
	  FIELD_TEXT },
	{ "workload_type",
	  PRODUCT "resource/kubernetesDetails/kubernetesWorkloadDetails/type",
	  FIELD_TEXT },
	{ "container_id",
	  PRODUCT
	  "resource/kubernetesDetails/kubernetesWorkloadDetails/containers.0_/id",
	  FIELD_TEXT },
	{ "container_id", PRODUCT "resource/containerDetails/id", FIELD_TEXT },
	{ "image",
	  PRODUCT
	  "resource/kubernetesDetails/kubernetesWorkloadDetails/containers.0_/image",
	  FIELD_TEXT },
	{ "image", PRODUCT "resource/containerDetails/image", FIELD_TEXT },
	{ "cluster_name",
	  "Resources>Type=AwsEksCluster>Details>AwsEksCluster>Name",
	  FIELD_TEXT },
	{ "instance_id", "Resources>Type=AwsEc2Instance>Id", FIELD_TEXT },
	{ "container_id", "Resources>Type=Container>Id", FIELD_TEXT },
	{ "container_name", "Resources>Type=Container>Details>Container>Name",
	  FIELD_TEXT },
	{ "image", "Resources>Type=Container>Details>Container>ImageName",
	  FIELD_TEXT },
	{ "process_name", PRODUCT "service/runtimeDetails/process/name",
	  FIELD_TEXT },
	{ "executable_path",
	  PRODUCT "service/runtimeDetails/process/executablePath", FIELD_TEXT },
	{ "executable_sha256",
	  PRODUCT "service/runtimeDetails/process/executableSha256",
	  FIELD_TEXT },
	{ "pid", PRODUCT "service/runtimeDetails/process/pid", FIELD_NUMBER },
	{ "process_started_at",
	  PRODUCT "service/runtimeDetails/process/startTime", FIELD_TIME },
	{ "socket_path", PRODUCT "service/runtimeDetails/context/socketPath",
	  FIELD_TEXT },
	{ "event_first_seen", PRODUCT "service/eventFirstSeen", FIELD_TIME },
	{ "event_first_seen", "FirstObservedAt", FIELD_TIME },
	{ "event_last_seen", PRODUCT "service/eventLastSeen", FIELD_TIME },
	{ "event_last_seen", "LastObservedAt", FIELD_TIME },
	{ "count", PRODUCT "service/count", FIELD_NUMBER },
	{ "archived", PRODUCT "service/archived", FIELD_BOOL },
	{ "sample", "Sample", FIELD_BOOL },
	{ NULL, NULL, FIELD_TEXT },
};

#define ACTOR "evidences>*>actor>process>"
#define CONTAINER_RESOURCE "resources>type=AWS::Container::Container>"

static const struct finding_field ocsf_fields[] = {
	{ "id", "finding_info>uid_alt", FIELD_TEXT },
	{ "id", "finding_info>uid", FIELD_TEXT },
	{ "type", "finding_info>types>1", FIELD_TEXT },
	{ "type", "finding_info>types>0", FIELD_TEXT },
	{ "account_id", "cloud>account>uid", FIELD_TEXT },
	{ "region", "cloud>region", FIELD_TEXT },
	{ "cluster_name", "resources>type=AWS::EKS::Cluster>name", FIELD_TEXT },
	{ "instance_id", "resources>type=AWS::EC2::Instance>uid", FIELD_TEXT },
	{ "container_id", "evidences>*>container>uid", FIELD_TEXT },
	{ "container_id", CONTAINER_RESOURCE "uid", FIELD_TEXT },
	{ "container_name", "evidences>*>container>name", FIELD_TEXT },
	{ "container_name", CONTAINER_RESOURCE "name", FIELD_TEXT },
	{ "image", "evidences>*>container>image>name", FIELD_TEXT },
	{ "image", CONTAINER_RESOURCE "device>container>image>name",
	  FIELD_TEXT },
	{ "process_name", ACTOR "name", FIELD_TEXT },
	{ "executable_path", ACTOR "file>path", FIELD_TEXT },
	{ "executable_sha256", ACTOR "file>hashes>algorithm=SHA-256>value",
	  FIELD_TEXT },
	{ "pid", ACTOR "pid", FIELD_NUMBER },
	{ "process_started_at", ACTOR "created_time", FIELD_TIME },
	{ "socket_path", "observables>name=socketPath>value", FIELD_TEXT },
	{ "socket_path", "evidences>*>file>path", FIELD_TEXT },
	{ "event_first_seen", "finding_info>first_seen_time", FIELD_TIME },
	{ "event_first_seen", "finding_info>first_seen_time_dt", FIELD_TIME },
	{ "event_last_seen", "finding_info>last_seen_time", FIELD_TIME },
	{ "event_last_seen", "finding_info>last_seen_time_dt", FIELD_TIME },
	{ "count", "count", FIELD_NUMBER },
	{ NULL, NULL, FIELD_TEXT },
};

static void replace(cJSON *finding, const char *key, const char *text)
{
	cJSON_ReplaceItemInObjectCaseSensitive(finding, key,
					       finding_text(text));
}

/* {"sample":true} inside a text inside additionalInfo. */
static void finish_guardduty(cJSON *finding, const cJSON *raw)
{
	const cJSON *service = cJSON_GetObjectItem(raw, "service");
	const cJSON *info = cJSON_GetObjectItem(service, "additionalInfo");
	const char *value =
		cJSON_GetStringValue(cJSON_GetObjectItem(info, "value"));
	cJSON *inner = value && strlen(value) < 65536 ? cJSON_Parse(value)
						      : NULL;
	const cJSON *sample = json_get(inner, "sample");

	if (cJSON_IsBool(sample))
		cJSON_ReplaceItemInObjectCaseSensitive(
			finding, "sample",
			cJSON_CreateBool(cJSON_IsTrue(sample)));
	cJSON_Delete(inner);
}

/*
 * "TTPs/Privilege Escalation/PrivilegeEscalation:Runtime-DockerSocketAccessed"
 * is GuardDuty's type with another first part and '-' for '/'.
 */
static void finish_asff(cJSON *finding, const cJSON *raw)
{
	const char *type = json_text(finding, "type");
	const char *last = type ? strrchr(type, '/') : NULL;
	char text[256];
	char *dash;

	(void)raw;
	if (!last || strlen(last) >= sizeof(text))
		return;
	snprintf(text, sizeof(text), "%s", last + 1);
	dash = strchr(text, '-');
	if (dash)
		*dash = '/';
	replace(finding, "type", text);
}

static const struct dialect guardduty = {
	.name = "guardduty",
	.any_case = true,
	.fields = guardduty_fields,
	.finish = finish_guardduty,
};
static const struct dialect asff = {
	.name = "asff",
	.fields = asff_fields,
	.finish = finish_asff,
};
static const struct dialect ocsf = {
	.name = "ocsf",
	.milliseconds = true,
	.fields = ocsf_fields,
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

cJSON *finding_text(const char *text)
{
	char *escaped = is_utf8(text) ? NULL : escape_bytes(text);
	cJSON *value = cJSON_CreateString(escaped ? escaped : text);

	free(escaped);
	return value;
}
