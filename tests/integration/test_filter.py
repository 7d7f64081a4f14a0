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
CRITERIA = {
    "type": {"Equals": [TYPE]},
    "resource.eksClusterDetails.name": {"Equals": ["prod"]},
    WORKLOAD + "namespace": {"Equals": ["datadog"]},
    WORKLOAD + "name": {"Equals": ["datadog-agent"]},
    WORKLOAD + "containers.imagePrefix": {"Equals": ["registry.example/datadog"]},
    "service.runtimeDetails.process.executablePath": {"Equals": ["/bin/sockpeer"]},
    "service.runtimeDetails.context.socketPath": {"Equals": ["/var/run/docker.sock"]},
}


def explain(bench, container, path, **facts):
    """The document of a run on the node with a finding of the container at this path."""
    raw = findings.finding(container, path, time.time() + 2, **facts)
    bench.node.path("/run/finding.json").write_text(json.dumps(raw))
    return conftest.Evidence(bench.run("explain", "/run/finding.json")).document


@pytest.fixture(scope="module")
def agent(bench):
    return bench.scene("mission")["agent"]


@pytest.fixture(scope="module")
def supported(bench, agent):
    return explain(bench, agent, "/var/run/docker.sock", workload="datadog-agent", workload_type="daemonsets")


@pytest.fixture(scope="module")
def document(supported):
    """That evidence, of a finding that says something else in these members."""
    def make(**members):
        changed = copy.deepcopy(supported)
        assert set(members) <= set(changed["findings"][0])
        changed["findings"][0].update(members)
        return changed
    return make


def make(source, *arguments):
    return subprocess.run([conftest.PROGRAM, "filter", "-", *arguments], input=json.dumps(source),
                          capture_output=True, text=True)


def criteria(source, *arguments):
    done = make(source, *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["Criterion"]


def test_criteria_are_what_the_evidence_pins(document):
    assert criteria(document()) == CRITERIA


def test_nothing_volatile_is_pinned(document):
    text = make(document(), "-o", "cli").stdout
    assert not re.search(r"\.pid|uuid|instanceId|containers\.id", text)


def test_image_where_there_is_no_prefix(document):
    found = criteria(document(image_prefix=None))
    assert found[WORKLOAD + "containers.image"] == {"Equals": ["registry.example/datadog/agent:7.60.0"]}


def test_container_outside_of_kubernetes(document):
    found = criteria(document(namespace=None, workload_name=None, cluster_name=None, image_prefix=None))
    assert found["resource.containerDetails.image"] == {"Equals": ["registry.example/datadog/agent:7.60.0"]}


def test_made_up_end_of_a_pods_name_is_a_pattern(document):
    found = criteria(document(workload_name="datadog-agent-x7k2p", workload_type="pods"))
    assert found[WORKLOAD + "name"] == {"Matches": ["datadog-agent-?????"]}
    # a name that a person gave is kept as it is
    assert criteria(document(workload_name="my-agent", workload_type="pods"))[WORKLOAD + "name"] == {
        "Equals": ["my-agent"]}


@pytest.mark.parametrize("name, kind, condition", [
    ("web-5d4f8c7b9-x2x4z", "Pod", {"Matches": ["web-5d4f8c7b9-?????"]}),
    # letters alone may be a word; what is no pod's name may hold wildcards; another kind's name stays
    ("proxy-https", "pods", {"Equals": ["proxy-https"]}),
    ("*-x7k2p", "pods", {"Equals": ["*-x7k2p"]}),
    ("?gent-5d4f8c7b9-x2x4z", "pods", {"Equals": ["?gent-5d4f8c7b9-x2x4z"]}),
    ("agent-x7k2p", "replicasets", {"Equals": ["agent-x7k2p"]}),
    ("agent-x7k2p", None, {"Equals": ["agent-x7k2p"]})])
def test_only_random_letters_of_a_pods_name_are_a_pattern(document, name, kind, condition):
    found = criteria(document(workload_name=name, workload_type=kind))
    assert found[WORKLOAD + "name"] == condition


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


def test_terraform_parses_and_has_one_criterion_per_field(document):
    tree = parse_hcl(make(document(), "-o", "terraform").stdout)
    resource = tree["resource"]["aws_guardduty_filter"]["sockprobe"][0]
    found = resource["finding_criteria"][0]["criterion"]
    assert len({criterion["field"] for criterion in found}) == len(found) == len(CRITERIA)
    assert {criterion["field"]: {"Equals": criterion["equals"]} for criterion in found} == {
        **CRITERIA, "resource.eksClusterDetails.name": {"Equals": ["${var.cluster_name}"]}}
    assert (resource["rank"], resource["action"], resource["detector_id"]) == (1, "ARCHIVE", "${var.detector_id}")
    assert tree["variable"]["cluster_name"][0]["default"] == "prod"


@pytest.mark.parametrize("path", ['/x"y', "/x\\y", "/${path.module}", "/%{ if true }x%{ endif }", "/$${x}", "/a'b`c"])
def test_terraform_strings_stay_strings(document, path):
    """What a process named its file must not become a template."""
    text = make(document(executable_path=path), "-o", "terraform").stdout
    found = parse_hcl(text)["resource"]["aws_guardduty_filter"]["sockprobe"][0]["finding_criteria"][0]["criterion"]
    (value,) = [criterion["equals"][0] for criterion in found if criterion["field"].endswith("executablePath")]
    # the parser gives a template's escapes back as they are written
    assert value.replace("$${", "${").replace("%%{", "%{") == path


def test_cloudformation_has_the_documented_shape(document):
    template = json.loads(make(document(), "-o", "cloudformation").stdout)
    assert set(template) == {"AWSTemplateFormatVersion", "Description", "Parameters", "Resources"}
    (resource,) = template["Resources"].values()
    assert resource["Type"] == "AWS::GuardDuty::Filter"
    assert set(resource["Properties"]) == {"DetectorId", "Name", "Description", "Action", "Rank", "FindingCriteria"}
    assert resource["Properties"]["FindingCriteria"] == {"Criterion": CRITERIA}
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


@pytest.mark.parametrize("path", ["/bin/x. Review by 2099-01-01.", "/bin/x (reviewed), y"])
def test_a_name_is_no_word_of_the_description(document, path):
    description = json.loads(make(document(workload_name=path), "-o", "cli").stdout)["Description"]
    assert re.sub("[^A-Za-z0-9./]", "-", path) in description
    assert len(re.findall(r"Review by [0-9]{4}-", description)) == 1


@pytest.mark.parametrize("scope, words", [
    ("finding_type", "every workload"),
    ("finding_type,namespace", "every workload of the namespace"),
    ("finding_type,namespace,executable_path", "every workload of the namespace"),
    ("namespace,workload_name,executable_path", "findings of every type"),
    ("finding_type,workload_name,executable_path", "anywhere"),
    ("finding_type,namespace,workload_name", "whatever else runs in the workload"),
])
def test_too_wide_a_scope_is_refused(document, scope, words):
    done = make(document(), "--scope", scope)
    assert (done.returncode, done.stdout) == (1, "")
    assert words in done.stderr


@pytest.mark.parametrize("scope", ["process_name", "pid", "finding_type,instance_id", "", ","])
def test_what_no_filter_may_match_on(document, scope):
    assert make(document(), "--scope", scope).returncode == 64


def test_narrower_scope_is_fine(document):
    assert set(criteria(document(), "--scope", "finding_type,namespace,workload_name,socket_path")) == {
        "type", WORKLOAD + "namespace", WORKLOAD + "name", "service.runtimeDetails.context.socketPath"}


@pytest.mark.parametrize("value", ["", "x" * 513, "a\nb", "\033[31m", "caf\u00e9"])
def test_values_that_no_filter_can_hold(document, value):
    done = make(document(executable_path=value))
    assert done.returncode == 65 and "executable_path" in done.stderr


def test_finding_only_evidence_pins_too_little(document):
    done = make(document(workload_name=None, image=None, image_prefix=None))
    assert done.returncode == 1
