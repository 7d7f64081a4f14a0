# packaging/kubernetes: what the real kustomize makes of it is held against the API's
# own types, has the rights that are needed and no others, and is taken by a server.
import json
import re
import subprocess

import conftest
import pytest
from test_node import NODE, SAMPLE, ends_with

KUBERNETES = conftest.REPO / "packaging" / "kubernetes"
DIRECTORIES = ["namespace", "daemonset", "job"]
# Where the types of each group are.
TYPES = {"v1": "core/v1", "apps/v1": "apps/v1", "batch/v1": "batch/v1", "networking.k8s.io/v1": "networking/v1",
         "rbac.authorization.k8s.io/v1": "rbac/v1"}


@pytest.fixture
def build(bench):
    """What kubectl kustomize makes of a directory, as objects; NODE is named."""
    def run(directory):
        text = bench.kubectl("kustomize", str(KUBERNETES / directory)).replace("NODE", NODE)
        made = bench.kubectl("create", "--dry-run=client", "--validate=false", "-o", "json", "-f", "-", input=text)
        objects, at = [], 0
        while made[at:].strip():
            item, at = json.JSONDecoder().raw_decode(made, at)
            objects.append(item)
            at += len(made[at:]) - len(made[at:].lstrip())
        return objects
    return run


def type_errors(objects, tmp_path):
    """The type checker's findings on the objects: unknown fields, wrong types; empty if all is right."""
    lines = []
    for number, item in enumerate(objects):
        lines.append(f"import {{ {item['kind']} as K{number} }} from \"kubernetes-types/{TYPES[item['apiVersion']]}\";")
        lines.append(f"export const o{number}: K{number} = {json.dumps(item)};")
    source = tmp_path / "objects.ts"
    source.write_text("\n".join(lines))
    (tmp_path / "tsconfig.json").write_text(json.dumps({"files": [str(source)], "compilerOptions": {
        "noEmit": True, "strict": True, "module": "commonjs", "moduleResolution": "node", "types": [],
        "baseUrl": str(conftest.HERE / "node_modules")}}))
    done = subprocess.run(["node", conftest.HERE / "node_modules/typescript/bin/tsc", "--project", tmp_path],
                          capture_output=True, text=True, timeout=600)
    return done.stdout


def scan_container(workload):
    (container,) = [item for item in pod_spec(workload).get("initContainers", []) + pod_spec(workload)["containers"]
                    if item["name"] == "scan"]
    return container


def pod_spec(workload):
    return workload["spec"]["template"]["spec"]


@pytest.mark.parametrize("directory", DIRECTORIES)
def test_objects_are_of_the_api(build, tmp_path, directory):
    objects = build(directory)
    assert type_errors(objects, tmp_path) == ""


def test_checker_refuses_what_the_api_has_not(build, tmp_path):
    (job,) = build("job")
    scan_container(job)["volumeMounts"][0]["recursive"] = True
    assert "\"recursive\"' does not exist in type 'VolumeMount'" in type_errors([job], tmp_path)


def test_plugins_pod_is_of_the_api(bench, tmp_path):
    bench.cluster.node(NODE)
    bench.kubelet.instead[NODE] = ends_with(SAMPLE)
    bench.run("node", NODE)
    ((_, _, pod),) = [row for row in bench.cluster.bodies if row[0] == "POST"]
    assert type_errors([pod], tmp_path) == ""


@pytest.mark.parametrize("directory, kind", [("daemonset", "DaemonSet"), ("job", "Job")])
def test_least_privilege(build, directory, kind):
    (workload,) = [item for item in build(directory) if item["kind"] == kind]
    spec, scan = pod_spec(workload), scan_container(workload)
    assert workload["metadata"]["namespace"] == "sockprobe"
    assert {name: spec.get(name) for name in ["hostPID", "hostNetwork", "hostIPC", "automountServiceAccountToken",
                                             "enableServiceLinks", "serviceAccountName"]} == {
        "hostPID": True, "hostNetwork": None, "hostIPC": None, "automountServiceAccountToken": False,
        "enableServiceLinks": False, "serviceAccountName": None}
    assert spec["volumes"] == [{"name": "host", "hostPath": {"path": "/"}}]
    assert scan["securityContext"] == {
        "privileged": False, "runAsUser": 0, "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
        "seccompProfile": {"type": "RuntimeDefault"}, "appArmorProfile": {"type": "Unconfined"},
        "capabilities": {"drop": ["ALL"], "add": ["SYS_ADMIN", "SYS_PTRACE", "DAC_READ_SEARCH"]}}
    assert scan["volumeMounts"] == [{"name": "host", "mountPath": "/host", "readOnly": True,
                                     "recursiveReadOnly": "IfPossible"}]
    assert spec["tolerations"] == [{"operator": "Exists"}]
    assert "limits" in scan["resources"]


@pytest.mark.parametrize("directory", ["daemonset", "job"])
def test_image_is_of_this_version(build, directory):
    text = (conftest.REPO / "include/sockprobe/version.h").read_text()
    version = re.search(r'SOCKPROBE_VERSION "(.*)"', text)[1]
    assert scan_container(next(item for item in build(directory) if "template" in item.get("spec", {})))["image"] == (
        f"sockprobe:{version}")


def test_daemonsets_other_container_has_no_rights(build):
    (workload,) = [item for item in build("daemonset") if item["kind"] == "DaemonSet"]
    (wait,) = pod_spec(workload)["containers"]
    assert "volumeMounts" not in wait
    assert wait["securityContext"] == {
        "runAsNonRoot": True, "runAsUser": 65535, "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
        "seccompProfile": {"type": "RuntimeDefault"}, "capabilities": {"drop": ["ALL"]}}


def test_namespace_admits_the_pods_and_no_traffic(build):
    objects = {item["kind"]: item for item in build("namespace")}
    labels = objects["Namespace"]["metadata"]["labels"]
    assert {labels[f"pod-security.kubernetes.io/{mode}"] for mode in ["enforce", "audit", "warn"]} == {"privileged"}
    assert objects["NetworkPolicy"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_roles_are_what_the_plugin_asks(build, bench):
    """Each request of a run is allowed by the roles, and each right of theirs was used."""
    bench.cluster.node(NODE)
    bench.kubelet.instead[NODE] = ends_with(SAMPLE, watches=1)
    assert bench.run("node", NODE, "-n", "sockprobe")[0] == 0
    assert bench.run("nodes", "--all", "-n", "sockprobe")[0] == 0
    asked = set()
    for request in bench.cluster.seen("/api/v1/(nodes|namespaces/)"):
        method, _, url = request.partition(" ")
        path, _, query = url.partition("?")
        words = path.removeprefix("/api/v1/").removeprefix("namespaces/sockprobe/").split("/")
        resource = "/".join([words[0], *words[2:]])
        verb = {"POST": "create", "DELETE": "delete"}.get(method) or (
            "get" if len(words) > 1 else "watch" if "watch=true" in query else "list")
        asked.add((resource, verb))
    allowed = {(resource, verb) for item in build("namespace") if item["kind"] in ("Role", "ClusterRole")
               for rule in item["rules"] for resource in rule["resources"] for verb in rule["verbs"]}
    assert asked <= allowed
    # A watch that has to begin again may list.
    assert allowed - asked <= {("pods", "list")}


def test_job_is_taken_by_a_server_once_its_node_is_named(bench):
    text = bench.kubectl("kustomize", str(KUBERNETES / "job"))
    bench.kubectl("create", "--validate=false", "-f", "-", input=text.replace("NODE", NODE))
    ((_, path, job),) = [row for row in bench.cluster.bodies if row[0] == "POST"]
    assert path == "/apis/batch/v1/namespaces/sockprobe/jobs"
    assert (job["metadata"]["name"], pod_spec(job)["nodeName"]) == (f"sockprobe-{NODE}", NODE)
    # Kubernetes puts a Job's name into a label of 63 characters.
    assert len(job["metadata"]["name"]) <= 63
    assert "\n  name: sockprobe-NODE\n" in text and "\n      nodeName: NODE\n" in text


def test_own_registry_by_an_overlay(bench, tmp_path):
    """As the notes beside the manifests say: an overlay names the image and the node selection."""
    (tmp_path / "overlay").mkdir()
    notes = (KUBERNETES / "README.md").read_text()
    overlay = re.search(r"```yaml\n(.*?)```", notes, re.S)[1]
    for directory in ["namespace", "daemonset"]:
        (tmp_path / directory).symlink_to(KUBERNETES / directory)
    (tmp_path / "overlay" / "kustomization.yaml").write_text(overlay)
    made = bench.kubectl("kustomize", "--load-restrictor=LoadRestrictionsNone", str(tmp_path / "overlay"))
    assert "image: 111122223333.dkr.ecr.eu-west-1.amazonaws.com/sockprobe:0.1.0\n" in made
    assert "image: 111122223333.dkr.ecr.eu-west-1.amazonaws.com/pause:3.10\n" in made
