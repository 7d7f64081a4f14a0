# GuardDuty findings for the demo and the tests: one finding's facts in every
# dialect in which people hold them. All data is invented.
import copy
import datetime
import json
import time

TYPE = "PrivilegeEscalation:Runtime/DockerSocketAccessed"


def iso(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def an_event():
    """
    The time of an event that is of now, told apart from all that was made before:
    findings have whole seconds here, and verdicts allow two between the clocks.
    """
    time.sleep(3.1)
    return time.time()


def finding(container=None, socket_path="/var/run/docker.sock", first=0, last=None, **facts):
    """
    The raw API's form (lowerCamel). `container`: what the test node returned for
    a pod, or for a container of dockerd or podman.
    """
    container = container or {}
    last = first if last is None else last
    process = {"name": "sockpeer", "executablePath": "/bin/sockpeer", "executableSha256": None, "namespacePid": 1,
               "pid": facts.get("pid"), "startTime": facts.get("start_time"), "uuid": "u-1", "userId": 0,
               "lineage": None}
    resource = {"resourceType": "EKSCluster", "instanceDetails": {"instanceId": facts.get("instance_id")}}
    one = {"id": facts.get("container_id", container.get("id")), "name": container.get("name"),
           "image": container.get("image"), "imagePrefix": (container.get("image") or "/").rsplit("/", 1)[0],
           "containerRuntime": "containerd", "volumeMounts": None, "securityContext": None}
    if "namespace" in container or "namespace" in facts:
        resource["eksClusterDetails"] = {"name": "prod", "createdAt": 1700000000.5}
        resource["kubernetesDetails"] = {"kubernetesUserDetails": None, "kubernetesWorkloadDetails": {
            "name": facts.get("workload", container.get("pod")), "type": facts.get("workload_type", "pods"),
            "uid": facts.get("uid", container.get("uid")),
            "namespace": facts.get("namespace", container.get("namespace")), "containers": [one], "volumes": None}}
    else:
        resource["resourceType"] = "Container"
        resource["containerDetails"] = one
    return {"schemaVersion": "2.0", "accountId": "111122223333", "region": "eu-west-1", "partition": "aws",
            "id": facts.get("id", "f-1"), "type": facts.get("type", TYPE), "severity": 5, "resource": resource,
            "title": "A container is communicating with a docker socket.",
            "service": {"serviceName": "guardduty", "featureName": "RuntimeMonitoring", "detectorId": "d-1",
                        "action": {}, "archived": False, "count": 3, "eventFirstSeen": iso(first),
                        "eventLastSeen": iso(last), "additionalInfo": {"value": "{}", "type": "default"},
                        "runtimeDetails": {"process": process, "context": {"socketPath": socket_path}}}}


def pascal(value):
    if isinstance(value, dict):
        return {key[:1].upper() + key[1:]: pascal(item) for key, item in value.items()}
    return [pascal(item) for item in value] if isinstance(value, list) else value


def asff(raw):
    workload = raw["resource"].get("kubernetesDetails", {}).get("kubernetesWorkloadDetails", {})
    container = (workload.get("containers") or [raw["resource"].get("containerDetails")])[0]
    prefix = "aws/guardduty/"
    process = raw["service"]["runtimeDetails"]["process"]
    fields = {
        "service/detectorId": raw["service"]["detectorId"],
        "service/eventFirstSeen": raw["service"]["eventFirstSeen"],
        "service/eventLastSeen": raw["service"]["eventLastSeen"],
        "service/count": str(raw["service"]["count"]), "service/archived": "false",
        "resource/eksClusterDetails/name": "prod",
        "resource/kubernetesDetails/kubernetesWorkloadDetails/name": workload.get("name"),
        "resource/kubernetesDetails/kubernetesWorkloadDetails/namespace": workload.get("namespace"),
        "resource/kubernetesDetails/kubernetesWorkloadDetails/type": workload.get("type"),
        "resource/kubernetesDetails/kubernetesWorkloadDetails/containers.0_/id": container["id"],
        "resource/kubernetesDetails/kubernetesWorkloadDetails/containers.0_/image": container["image"],
        "service/runtimeDetails/process/name": process["name"],
        "service/runtimeDetails/process/executablePath": process["executablePath"],
        "service/runtimeDetails/context/socketPath": raw["service"]["runtimeDetails"]["context"]["socketPath"],
    }
    return {"Findings": [{"SchemaVersion": "2018-10-08", "Id": raw["id"], "AwsAccountId": raw["accountId"],
                          "Region": raw["region"], "Sample": False,
                          "Types": ["TTPs/" + "Privilege Escalation/" + raw["type"].replace("Runtime/", "Runtime-")],
                          "ProductFields": {prefix + key: value for key, value in fields.items() if value}}]}


def ocsf(raw):
    workload = raw["resource"]["kubernetesDetails"]["kubernetesWorkloadDetails"]
    container = workload["containers"][0]
    process = raw["service"]["runtimeDetails"]["process"]

    def milliseconds(text):
        return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)
    return {"class_uid": 2004, "cloud": {"account": {"uid": raw["accountId"]}, "region": raw["region"]},
            "finding_info": {"uid": raw["id"], "types": ["TTPs", raw["type"]],
                             "first_seen_time": milliseconds(raw["service"]["eventFirstSeen"]),
                             "last_seen_time": milliseconds(raw["service"]["eventLastSeen"])},
            "evidences": [{"actor": {"process": {"name": process["name"], "file": {"path": process["executablePath"]}}},
                           "container": {"uid": container["id"], "name": container["name"],
                                         "image": {"name": container["image"]}},
                           "file": {"path": raw["service"]["runtimeDetails"]["context"]["socketPath"]}}],
            "resources": [{"type": "AWS::EKS::Cluster", "name": "prod"}]}


DIALECTS = {
    "bare": lambda raw: json.dumps(raw, indent=2),
    "raw_api": lambda raw: json.dumps({"findings": [raw]}),
    "get_findings": lambda raw: json.dumps({"Findings": [pascal(raw)]}, indent=4),
    "array": lambda raw: json.dumps([raw]),
    "s3_lines": lambda raw: json.dumps(raw) + "\n",
    "eventbridge": lambda raw: json.dumps({"version": "0", "detail-type": "GuardDuty Finding",
                                           "source": "aws.guardduty", "resources": [], "detail": raw}),
    "asff": lambda raw: json.dumps(asff(raw)),
    "ocsf": lambda raw: json.dumps(ocsf(raw)),
}


def numeric_times(raw):
    """The same with epoch seconds, as SDKs have them on the wire."""
    raw = copy.deepcopy(raw)
    for key in ("eventFirstSeen", "eventLastSeen"):
        text = raw["service"][key].replace("Z", "+00:00")
        raw["service"][key] = datetime.datetime.fromisoformat(text).timestamp() + 0.25
    return raw
