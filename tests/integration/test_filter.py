# Filters from evidence of a real run, held against the AWS CLI's own validation, a
# stock HCL parser and the documented shape of the CloudFormation resource.
import copy
import datetime
import json
import re
import subprocess
import time

import botocore.session
import botocore.validate
import conftest
import findings
import pytest

TYPE = findings.TYPE
WORKLOAD = "resource.kubernetesDetails.kubernetesWorkloadDetails."
ECS = "resource.ecsClusterDetails."
STANDALONE = "resource.containerDetails."
EXECUTABLE = "service.runtimeDetails.process.executablePath"
SOCKET = "service.runtimeDetails.context.socketPath"
EKS_ARN = "arn:aws:eks:eu-west-1:111122223333:cluster/prod"
ECS_ARN = "arn:aws:ecs:eu-west-1:111122223333:"
IMAGE = "registry.example/datadog/agent:7.60.0"
# What any filter matches on, and the rest by the kind of container.
COMMON = {
    "type": {"Equals": [TYPE]},
    "accountId": {"Equals": ["111122223333"]},
    EXECUTABLE: {"Equals": ["/bin/sockpeer"]},
    SOCKET: {"Equals": ["/var/run/docker.sock"]},
}
CRITERIA = {
    **COMMON,
    "resource.eksClusterDetails.name": {"Equals": ["prod"]},
    "resource.eksClusterDetails.arn": {"Equals": [EKS_ARN]},
    WORKLOAD + "namespace": {"Equals": ["datadog"]},
    WORKLOAD + "name": {"Equals": ["datadog-agent"]},
    WORKLOAD + "containers.name": {"Equals": ["agent"]},
    WORKLOAD + "containers.image": {"Equals": [IMAGE]},
}
ECS_CRITERIA = {
    **COMMON,
    ECS + "name": {"Equals": ["batch"]},
    ECS + "arn": {"Equals": [ECS_ARN + "cluster/batch"]},
    ECS + "taskDetails.definitionArn": {"Equals": [ECS_ARN + "task-definition/metrics:7"]},
    ECS + "taskDetails.containers.name": {"Equals": ["agent"]},
    ECS + "taskDetails.containers.image": {"Equals": [IMAGE]},
}
STANDALONE_CRITERIA = {
    **COMMON,
    STANDALONE + "name": {"Equals": ["agent"]},
    STANDALONE + "image": {"Equals": [IMAGE]},
}


# ---- the evidence, and a finding of each kind of container ----

def explain(bench, container, path, **facts):
    """The document of a run on the node with a finding of the container at this path."""
    raw = kubernetes(container, path, **facts)
    time.sleep(1)
    bench.node.path("/run/finding.json").write_text(json.dumps(raw))
    return conftest.Evidence(bench.run("explain", "/run/finding.json")).document


def kubernetes(container, path="/var/run/docker.sock", **facts):
    facts = {"workload": "datadog-agent", "workload_type": "daemonsets", **facts}
    raw = findings.finding(container, path, time.time(), **facts)
    raw["resource"]["eksClusterDetails"]["arn"] = EKS_ARN
    return raw


def standalone(container):
    names = {key: container[key] for key in ("id", "name", "image")}
    return findings.finding(names, "/var/run/docker.sock", time.time())


def ecs(container):
    raw = standalone(container)
    raw["resource"] = {"resourceType": "ECSCluster", "instanceDetails": None, "ecsClusterDetails": {
        "name": "batch", "arn": ECS_ARN + "cluster/batch", "status": "ACTIVE", "tags": None, "taskDetails": {
            "arn": ECS_ARN + "task/batch/0f9de17a", "definitionArn": ECS_ARN + "task-definition/metrics:7",
            "version": "3", "createdAt": 1700000000.5, "containers": [raw["resource"]["containerDetails"]]}}}
    return raw


KINDS = {"kubernetes": (kubernetes, CRITERIA), "ecs": (ecs, ECS_CRITERIA), "standalone": (standalone, STANDALONE_CRITERIA)}
kinds = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(scope="module")
def agent(bench):
    return bench.scene("mission")["agent"]


@pytest.fixture(scope="module")
def raw(agent):
    """The finding of each kind that the agent's container could have."""
    made = {kind: make_raw(agent) for kind, (make_raw, _) in KINDS.items()}
    time.sleep(1)
    return made


@pytest.fixture(scope="module")
def judged(bench, raw):
    """What the node's evidence says of each."""
    documents = {}
    for kind, one in raw.items():
        bench.node.path("/run/finding.json").write_text(json.dumps(one))
        documents[kind] = conftest.Evidence(bench.run("explain", "/run/finding.json")).document
        assert documents[kind]["verdict"]["decision"] == "supported", documents[kind]["verdict"]["text"]
    return documents


@pytest.fixture(scope="module")
def document(judged):
    """That evidence, of a finding that says something else in these members; `pod`: the evidence does too."""
    def make(pod=None, **members):
        changed = copy.deepcopy(judged["kubernetes"])
        assert set(members) <= set(changed["findings"][0])
        changed["findings"][0].update(members)
        if pod:
            (own,) = [one["pod"] for one in changed["containers"]
                      if one["id"] == changed["findings"][0]["located"]["container"]]
            own.update(pod)
        return changed
    return make


def make(source, *arguments):
    return subprocess.run([conftest.PROGRAM, "filter", "-", *arguments], input=json.dumps(source),
                          capture_output=True, text=True)


def criteria(source, *arguments):
    done = make(source, *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["Criterion"]


# ---- what GuardDuty does with a filter ----

def values_at(value, steps):
    """All that stands at an attribute of a raw finding; the filter's names differ from the finding's in their case."""
    if isinstance(value, list):
        return [found for item in value for found in values_at(item, steps)]
    if not steps:
        return [] if value is None else [value]
    if not isinstance(value, dict):
        return []
    return [found for key, item in value.items() if key.lower() == steps[0].lower()
            for found in values_at(item, steps[1:])]


def holds(condition, found):
    (operator, wanted), = condition.items()
    if operator == "Equals":
        return any(str(one) == value for one in found for value in wanted)
    assert operator == "Matches"
    patterns = ["".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in value) for value in wanted]
    return any(re.fullmatch(pattern, str(one), re.S) for one in found for pattern in patterns)


def hides(criterion, finding):
    return all(holds(condition, values_at(finding, attribute.split("."))) for attribute, condition in criterion.items())


def hcl_text(value):
    """What Terraform makes of a string that the parser gives as it is written."""
    return re.sub(r"([$%])\1\{", r"\1{", value)


def of_terraform(text):
    found = parse_hcl(text)["resource"]["aws_guardduty_filter"]["sockprobe"][0]["finding_criteria"][0]["criterion"]
    assert len({criterion["field"] for criterion in found}) == len(found)
    return {one["field"]: {word.capitalize(): [hcl_text(value) for value in one[word]]
                           for word in ("equals", "matches") if word in one} for one in found}


def of_cloudformation(text):
    (resource,) = json.loads(text)["Resources"].values()
    return resource["Properties"]["FindingCriteria"]["Criterion"]


FORMS = {
    "json": lambda text: json.loads(text)["Criterion"],
    "cli": lambda text: json.loads(text)["FindingCriteria"]["Criterion"],
    "terraform": of_terraform,
    "cloudformation": of_cloudformation,
}


def change(finding, attribute, value):
    """A neighbour of the finding: the same but in one attribute, in each item of a list."""
    def walk(at, steps):
        if isinstance(at, list):
            for item in at:
                walk(item, steps)
        elif len(steps) == 1:
            assert at[steps[0]] != value
            at[steps[0]] = value
        else:
            walk(at[steps[0]], steps[1:])
    neighbour = copy.deepcopy(finding)
    walk(neighbour, attribute.split("."))
    return neighbour


# Of each kind, who must not be hidden; the last word of an attribute tells whose neighbour it is.
NEIGHBOURS = {
    "type": "PrivilegeEscalation:Runtime/RuncContainerEscape",
    "accountId": "444455556666",
    EXECUTABLE: "/bin/sh",
    SOCKET: "/host/var/run/docker.sock",
}
OWN_NEIGHBOURS = {
    "kubernetes": {
        "resource.eksClusterDetails.name": "test",
        "resource.eksClusterDetails.arn": EKS_ARN.replace("eu-west-1", "eu-west-2"),
        WORKLOAD + "namespace": "payments",
        WORKLOAD + "name": "datadog-agent-x",
        WORKLOAD + "containers.name": "init",
        WORKLOAD + "containers.image": "registry.example/datadog/agent:7.60.1"},
    "ecs": {
        ECS + "name": "test",
        ECS + "arn": ECS_ARN + "cluster/test",
        ECS + "taskDetails.definitionArn": ECS_ARN + "task-definition/metrics:8",
        ECS + "taskDetails.containers.name": "sidecar",
        ECS + "taskDetails.containers.image": "registry.example/datadog/other:7.60.0"},
    "standalone": {
        STANDALONE + "name": "other",
        STANDALONE + "image": "registry.example/datadog/other:7.60.0"},
}


@kinds
@pytest.mark.parametrize("form", FORMS)
def test_a_filter_hides_its_own_finding_and_no_neighbour(judged, raw, kind, form):
    done = make(judged[kind], "-o", form)
    assert done.returncode == 0, done.stderr
    found = FORMS[form](done.stdout)
    assert found == KINDS[kind][1]
    assert hides(found, raw[kind])
    for attribute, value in {**NEIGHBOURS, **OWN_NEIGHBOURS[kind]}.items():
        assert not hides(found, change(raw[kind], attribute, value)), attribute
    for other in set(KINDS) - {kind}:
        assert not hides(found, raw[other]), other


@pytest.mark.parametrize("dialect", ["get_findings", "eventbridge", "asff"])
def test_of_another_dialect_it_hides_the_finding_all_the_same(judged, raw, tmp_path, dialect):
    """ASFF has neither the name of the container nor its prefix nor the cluster's ARN."""
    (tmp_path / "finding.json").write_text(findings.DIALECTS[dialect](raw["kubernetes"]))
    done = subprocess.run([conftest.PROGRAM, "judge", "-", tmp_path / "finding.json"], capture_output=True, text=True,
                          input=json.dumps(judged["kubernetes"]))
    assert done.returncode == 0, done.stderr
    found = criteria(json.loads(done.stdout))
    assert found.items() <= CRITERIA.items() and hides(found, raw["kubernetes"])
    assert {WORKLOAD + "namespace", WORKLOAD + "name", WORKLOAD + "containers.image", SOCKET} <= set(found)


def test_the_evaluation_would_tell():
    """Lists are any of, '*' and '?' are wildcards of Matches alone, and the case of a name does not count."""
    finding = {"a": {"hostPID": True, "list": [{"x": "one"}, {"x": "t?o"}]}}
    assert hides({"a.hostPid": {"Equals": ["True"]}, "a.list.x": {"Equals": ["no", "t?o"]}}, finding)
    assert hides({"a.list.x": {"Matches": ["o?e"]}}, finding) and hides({"a.list.x": {"Matches": ["t*"]}}, finding)
    assert not hides({"a.list.x": {"Equals": ["o?e"]}}, finding)
    assert not hides({"a.list.x": {"Matches": ["?n"]}}, finding)
    assert not hides({"a.missing": {"Matches": ["*"]}}, finding)


# ---- what the evidence confirms ----

def test_what_nothing_confirms_is_told(judged, document):
    """The program is seen at containerd's socket; of account and cluster the node knows nothing."""
    assert judged["kubernetes"]["verdict"]["scope"]["from_finding_alone"] == ["account_id", "cluster_name", "cluster_arn"]
    assert judged["ecs"]["verdict"]["scope"]["from_finding_alone"] == [
        "account_id", "cluster_arn", "ecs_cluster_name", "task_definition_arn"]
    told = "from the finding alone, which the evidence does not confirm: account_id, cluster_name, cluster_arn"
    done = make(document(executable_path="/bin/other"), "-o", "terraform")
    assert f"sockprobe: filter: {told}, executable_path\n" in done.stderr
    assert f"# {told}, executable_path\n" in done.stdout
    template = json.loads(make(document(), "-o", "cloudformation").stdout)
    assert f" Note: {told}." in template["Description"]


@pytest.mark.parametrize("image, prefix, pinned", [
    ("registry.example/payments/api:1", "registry.example/payments", set()),
    ("registry.example/payments/api:1", "registry.example/datadog", {"containers.imagePrefix"}),
    ("registry.example/datadog/agent:7.60.1", None, set()),
    (None, "registry.example/datadog", {"containers.imagePrefix"}),
    (None, "registry.example", set()), (None, "registry.example/datadog/agent:7.60.0", set()),
    (None, "registry.example/data", set()),
    (IMAGE, "registry.example/datadog", {"containers.image"})])
def test_an_image_is_pinned_where_the_evidence_has_it(document, image, prefix, pinned):
    found = criteria(document(image=image, image_prefix=prefix))
    assert {name for name in ("containers.image", "containers.imagePrefix") if WORKLOAD + name in found} == pinned


def test_no_image_of_the_evidence_no_filter_of_a_container_alone(judged):
    for kind in ("ecs", "standalone"):
        other = copy.deepcopy(judged[kind])
        other["findings"][0].update(image="registry.example/datadog/agent:8")
        done = make(other)
        assert (done.returncode, done.stdout) == (1, "") and "without an image that the evidence has" in done.stderr


@pytest.mark.parametrize("members", [{"workload_name": "payments"}, {"namespace": "payments"},
                                     {"container_name": "other"}, {"workload_name": "datadog-agent-x7k2p"}])
def test_no_filter_for_what_the_evidence_is_not_about(document, members):
    refused(document(**members), "inconclusive")


@pytest.mark.parametrize("name, decision", [
    ("/ecs-metrics-7-agent-" + "c0ffee" * 3 + "00", "supported"),
    ("/ecs-metrics-8-agent-c0ffee", "inconclusive"), ("/ecs-metrics-7-agent-x-c0ffee", "inconclusive"),
    ("/ecs-metrics-7-agent-", "inconclusive"), ("/ecs-metrics-7-agent", "inconclusive"),
    ("/ecs-payments-7-agent-c0ffee", "inconclusive")])
def test_the_name_that_the_ecs_agent_gives_confirms_the_task_definition(judged, name, decision):
    """ecs-FAMILY-REVISION-NAME-HEX; the finding has NAME alone."""
    named = copy.deepcopy(judged["ecs"])
    (own,) = [one for one in named["containers"] if one["id"] == named["findings"][0]["located"]["container"]]
    own["name"] = name
    done = subprocess.run([conftest.PROGRAM, "judge", "-"], input=json.dumps(named), capture_output=True, text=True)
    verdict = json.loads(done.stdout)["verdict"]
    assert verdict["decision"] == decision
    if decision == "supported":
        assert criteria(named) == ECS_CRITERIA
        assert verdict["scope"]["from_finding_alone"] == ["account_id", "cluster_arn", "ecs_cluster_name"]


def test_nothing_volatile_is_pinned(document):
    text = make(document(), "-o", "cli").stdout
    assert not re.search(r"\.pid|uuid|instanceId|containers\.id", text)


# ---- account and cluster ----

@pytest.mark.parametrize("kind, members, words", [
    ("kubernetes", {"account_id": None}, "--account ID"), ("standalone", {"account_id": None}, "--account ID"),
    ("kubernetes", {"cluster_name": None, "cluster_arn": None}, "--cluster NAME"),
    ("ecs", {"ecs_cluster_name": None}, "--cluster NAME")])
def test_no_account_or_cluster(judged, kind, members, words):
    less = copy.deepcopy(judged[kind])
    less["findings"][0].update(members)
    done = make(less)
    assert (done.returncode, done.stdout) == (1, "") and words in done.stderr


def test_account_and_cluster_of_the_operator(document, judged):
    less = document(account_id=None, cluster_name=None)
    done = make(less, "--account", "111122223333", "--cluster", "prod")
    assert json.loads(done.stdout)["Criterion"] == CRITERIA
    assert "given by the operator, and not in the finding: account_id, cluster_name\n" in done.stderr
    less = copy.deepcopy(judged["ecs"])
    less["findings"][0].update(ecs_cluster_name=None)
    assert criteria(less, "--cluster", "batch") == ECS_CRITERIA


@pytest.mark.parametrize("kind, arguments", [
    ("kubernetes", ["--account", "444455556666"]), ("kubernetes", ["--cluster", "test"]),
    ("standalone", ["--cluster", "prod"])])
def test_another_account_or_cluster_than_the_findings(judged, kind, arguments):
    assert criteria(judged["kubernetes"], "--account", "111122223333", "--cluster", "prod") == CRITERIA
    done = make(judged[kind], *arguments)
    assert (done.returncode, done.stdout) == (64, "") and arguments[0] in done.stderr


@pytest.mark.parametrize("account", ["1", "11112222333x", "1111222233334", "{{resolve:x}}"])
def test_no_account_at_all(document, account):
    assert make(document(account_id=account)).returncode == 65


def test_of_two_platforms_at_once(document):
    assert make(document(ecs_cluster_name="batch")).returncode == 65


# ---- names that do not last ----

@pytest.mark.parametrize("pod, kind, name, condition, words", [
    ("web-5d4f8c7b9-x2x4z", "Pod", None, {"Matches": ["web-5d4f8c7b9-?????"]}, "every pod whose name differs"),
    ("datadog-agent-x7k2p", "pods", None, {"Matches": ["datadog-agent-?????"]}, "every pod whose name differs"),
    # letters alone may be a word, and a person's name is kept as it is
    ("proxy-https", "pods", None, {"Equals": ["proxy-https"]}, "a pod's own"),
    ("my-agent", "pods", None, {"Equals": ["my-agent"]}, "a pod's own"),
    ("web-5d4f8c7b9-x2x4z", "replicasets", "web-5d4f8c7b9", {"Equals": ["web-5d4f8c7b9"]}, "next rollout"),
    ("backup-28391040-x7k2p", "Job", "backup-28391040", {"Equals": ["backup-28391040"]}, "of a CronJob"),
    ("agent-x7k2p", None, "agent-x7k2p", {"Equals": ["agent-x7k2p"]}, "looks generated"),
    # another kind's name lasts
    ("datadog-agent-x7k2p", "daemonsets", "datadog-agent", {"Equals": ["datadog-agent"]}, None),
    ("backup-x7k2p", "jobs", "backup", {"Equals": ["backup"]}, None)])
def test_generated_names(document, pod, kind, name, condition, words):
    done = make(document(workload_name=name or pod, workload_type=kind, pod={"name": pod}), "-o", "terraform")
    assert done.returncode == 0, done.stderr
    assert of_terraform(done.stdout)[WORKLOAD + "name"] == condition
    lines = [line for line in done.stderr.splitlines() if "workload_name" in line]
    assert len(lines) == bool(words) and (not words or words in lines[0])
    assert [line.replace("# ", "sockprobe: filter: ") for line in done.stdout.splitlines()
            if line.startswith("# workload_name")] == lines
    assert ("The name of the workload will not last." in done.stdout) == bool(words)


@pytest.mark.parametrize("name", ["*-x7k2p", "?gent-5d4f8c7b9-x2x4z"])
def test_wildcards_of_a_name_are_none_of_the_filter(document, name):
    found = criteria(document(workload_name=name, workload_type="pods", pod={"name": name}))
    assert found[WORKLOAD + "name"] == {"Equals": [name]}


# ---- the forms ----

def validate(parameters):
    """The AWS CLI's offline check of a call's parameters."""
    model = botocore.session.get_session().get_service_model("guardduty")
    shape = model.operation_model("CreateFilter").input_shape
    report = botocore.validate.ParamValidator().validate(parameters, shape)
    assert not report.has_errors(), report.generate_report()


def test_cli_input_passes_the_aws_clis_validation(document):
    parameters = json.loads(make(document(), "-o", "cli").stdout)
    validate(parameters)
    assert parameters["DetectorId"] == "d-1" and parameters["Action"] == "ARCHIVE" and parameters["Rank"] == 1
    assert re.fullmatch(r"[a-zA-Z0-9._-]{3,64}", parameters["Name"])
    assert re.fullmatch(r"[a-zA-Z0-9.:_()\[\]{}/\- \t\n]{0,512}", parameters["Description"])
    taken = datetime.date.fromisoformat(document()["probe"]["started_at"][:10])
    assert f"Review by {taken + datetime.timedelta(days=90)}." in parameters["Description"]


def test_the_validation_would_refuse(document):
    parameters = json.loads(make(document(), "-o", "cli").stdout)
    parameters["Rank"] = "first"
    with pytest.raises(AssertionError):
        validate(parameters)


def test_detector(document):
    assert make(document(detector_id=None), "-o", "cli").returncode == 64
    assert "--detector" in make(document(detector_id=None), "-o", "cli").stderr
    given = json.loads(make(document(detector_id=None), "-o", "cli", "--detector", "d9").stdout)
    assert given["DetectorId"] == "d9"


def parse_hcl(text):
    done = subprocess.run(["node", str(conftest.REPO / "tests" / "integration" / "hcl.js")], input=text,
                          capture_output=True, text=True,
                          env={"NODE_PATH": str(conftest.REPO / "tests" / "node_modules"), "PATH": "/usr/bin:/bin:/usr/local/bin"})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_terraform_is_one_resource(document):
    tree = parse_hcl(make(document(), "-o", "terraform").stdout)
    resource = tree["resource"]["aws_guardduty_filter"]["sockprobe"][0]
    assert (resource["rank"], resource["action"], resource["detector_id"]) == (1, "ARCHIVE", "${var.detector_id}")
    assert tree["variable"]["detector_id"][0]["default"] == "d-1"
    assert set(tree) == {"resource", "variable"}


def test_terraform_asks_for_a_provider_that_knows_matches(document):
    pod = "datadog-agent-x7k2p"
    tree = parse_hcl(make(document(workload_name=pod, workload_type="pods"), "-o", "terraform").stdout)
    assert tree["terraform"] == [{"required_providers": [{"aws": {"source": "hashicorp/aws", "version": ">= 6.28.0"}}]}]


@pytest.mark.parametrize("path", ['/x"y', "/x\\y", "/${path.module}", "/%{ if true }x%{ endif }", "/$${x}", "/a'b`c"])
def test_terraform_strings_stay_strings(document, path):
    """What a process named its file must not become a template."""
    text = make(document(executable_path=path), "-o", "terraform").stdout
    assert of_terraform(text)[EXECUTABLE] == {"Equals": [path]}


@pytest.mark.parametrize("value", ["/x/{{resolve:secretsmanager:prod/db:SecretString:password}}", "/{{ resolve:ssm:a}}",
                                   "/x/${AWS::AccountId}", "${x}"])
def test_a_reference_of_cloudformation_is_refused(document, value):
    """It cannot be escaped there; elsewhere it is a text."""
    done = make(document(executable_path=value), "-o", "cloudformation")
    assert (done.returncode, done.stdout) == (65, "") and "executable_path" in done.stderr
    assert criteria(document(executable_path=value))[EXECUTABLE] == {"Equals": [value]}
    # of a name, only what the field's alphabet has is left
    found = make(document(workload_name=value, workload_type="pods", pod={"name": value}), "-o", "cli").stdout
    assert not re.search(r"[{$]", json.loads(found)["Name"] + json.loads(found)["Description"])


def test_a_detector_is_an_id(document):
    done = make(document(detector_id="{{resolve:ssm:x}}"), "-o", "cloudformation")
    assert done.returncode == 0 and "resolve" not in done.stdout
    assert make(document(), "--detector", "{{resolve:ssm:x}}", "-o", "cloudformation").returncode == 64


@pytest.mark.parametrize("form", FORMS)
def test_whoever_creates_it_is_told(document, form):
    done = make(document(), "-o", form)
    for words in ("only the GuardDuty administrator account may create filters",
                  "no longer feeds the detection of attack sequences", "the verdict assumes: mounts_unchanged"):
        assert words in done.stderr
        if form in ("terraform", "cloudformation"):
            assert words in done.stdout
    if form != "json":
        assert "What is archived feeds no detection of attack sequences." in done.stdout


def test_cloudformation_has_the_documented_shape(document):
    template = json.loads(make(document(), "-o", "cloudformation").stdout)
    assert set(template) == {"AWSTemplateFormatVersion", "Description", "Parameters", "Resources"}
    (resource,) = template["Resources"].values()
    assert resource["Type"] == "AWS::GuardDuty::Filter"
    assert set(resource["Properties"]) == {"DetectorId", "Name", "Description", "Action", "Rank", "FindingCriteria"}
    assert resource["Properties"]["DetectorId"] == {"Ref": "DetectorId"}


def refused(source, decision):
    done = make(source)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"the verdict is {decision}" in done.stderr


def test_no_filter_where_a_runtime_answers(bench, agent):
    refused(explain(bench, agent, "/host/var/run/containerd/containerd.sock"), "not_supported")


def test_no_filter_where_a_source_was_not_read(document):
    less = document()
    line = [line for line in less["coverage"] if line["source"] == "file_descriptors"][0]
    line.update(status="denied", detail="not read", fix="run as root")
    refused(less, "inconclusive")


def test_no_filter_for_another_type_of_finding(document):
    refused(document(type="Execution:Runtime/NewBinaryExecuted"), "not_judged")


@pytest.mark.parametrize("name", ["/bin/x. Review by 2099-01-01.", "/bin/x (reviewed), y"])
def test_a_name_is_no_word_of_the_description(document, name):
    source = document(workload_name=name, workload_type="pods", pod={"name": name})
    description = json.loads(make(source, "-o", "cli").stdout)["Description"]
    assert re.sub("[^A-Za-z0-9./]", "-", name) in description
    assert len(re.findall(r"Review by [0-9]{4}-", description)) == 1


def test_the_longest_names_fit(document, judged):
    """A description has 512 letters, and its last sentence is whole."""
    long = {"namespace": "n" * 63, "workload_name": "w" * 63, "socket_path": judged["kubernetes"]["findings"][0]["socket_path"]}
    source = document(**long, workload_type="pods", pod={"namespace": long["namespace"], "name": long["workload_name"]})
    source["node"]["hostname"] = "h" * 64
    parameters = json.loads(make(source, "-o", "cli").stdout)
    validate(parameters)
    assert parameters["Description"].endswith(" What is archived feeds no detection of attack sequences.")
    assert len(parameters["Description"]) <= 512 - 80


@pytest.mark.parametrize("scope, words", [
    ("finding_type", "every workload"),
    ("finding_type,namespace", "every workload of the namespace"),
    ("finding_type,namespace,executable_path", "every workload of the namespace"),
    ("finding_type,namespace,image,executable_path,socket_path", "every workload of the namespace"),
    ("namespace,workload_name,executable_path", "findings of every type"),
    ("finding_type,workload_name,executable_path", "anywhere"),
    ("finding_type,namespace,workload_name", "whatever else the workload reaches for"),
    ("finding_type,namespace,workload_name,executable_path", "whatever else the workload reaches for"),
])
def test_too_wide_a_scope_is_refused(document, scope, words):
    done = make(document(), "--scope", scope)
    assert (done.returncode, done.stdout) == (1, "")
    assert words in done.stderr


@pytest.mark.parametrize("scope", ["process_name", "pid", "finding_type,instance_id", "", ","])
def test_what_no_filter_may_match_on(document, scope):
    assert make(document(), "--scope", scope).returncode == 64


def test_narrower_scope_is_fine(document):
    """Account and cluster are matched on whatever was asked for."""
    assert set(criteria(document(), "--scope", "finding_type,namespace,workload_name,socket_path")) == {
        "type", "accountId", "resource.eksClusterDetails.name", "resource.eksClusterDetails.arn",
        WORKLOAD + "namespace", WORKLOAD + "name", SOCKET}


@pytest.mark.parametrize("value", ["", "x" * 513, "a\nb", "\033[31m", "caf\u00e9"])
def test_values_that_no_filter_can_hold(document, value):
    done = make(document(executable_path=value))
    assert done.returncode == 65 and "executable_path" in done.stderr


def test_finding_only_evidence_pins_too_little(document):
    done = make(document(workload_name=None, image=None, image_prefix=None))
    assert done.returncode == 1
