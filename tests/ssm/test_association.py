# The State Manager example: it is for the document as it is, and its form is that
# of CreateAssociation's input.
import re

import conftest
import pytest

# Of CreateAssociation, with what each may be (API of 2014-11-06).
FIELDS = {
    "Name": r"[a-zA-Z0-9_\-.:/]{3,128}", "AssociationName": r"[a-zA-Z0-9_\-.]{3,128}",
    "DocumentVersion": r"[$]LATEST|[$]DEFAULT|[1-9][0-9]*", "ScheduleExpression": r"cron\(.*\)",
    "MaxConcurrency": r"[1-9][0-9]*|[1-9][0-9]%|[1-9]%|100%", "MaxErrors": r"[1-9][0-9]*|0|[1-9][0-9]%|[0-9]%|100%",
    "ComplianceSeverity": r"CRITICAL|HIGH|MEDIUM|LOW|UNSPECIFIED", "SyncCompliance": r"AUTO|MANUAL",
}


@pytest.fixture
def association():
    return conftest.load_json("association.json")


def test_form(association):
    assert set(association) == {*FIELDS, "Parameters", "Targets", "OutputLocation", "ApplyOnlyAtCronInterval"}
    for field, pattern in FIELDS.items():
        assert re.fullmatch(pattern, association[field]), field
    assert association["ApplyOnlyAtCronInterval"] is True


def test_it_is_for_the_document(association):
    assert association["Name"] == "sockprobe-scan"
    for name, values in association["Parameters"].items():
        (value,) = values
        assert conftest.accepted(name, value)
    # S3 has room for all of it, and what is shortened cannot be judged again
    assert association["Parameters"] == {"Output": ["full"], "Timeout": ["60"]}


def test_nodes_by_tag_once_a_day(association):
    assert association["Targets"] == [{"Key": "tag:eks:cluster-name", "Values": ["EXAMPLE-CLUSTER"]}]
    # minute, hour, day of month, month, day of week (one of both days is "?"), year
    assert association["ScheduleExpression"] == "cron(15 3 ? * * *)"


def test_a_node_that_fails_keeps_it_from_no_other(association):
    assert association["MaxErrors"] == "100%"


def test_output_goes_to_a_placeholder(association):
    assert association["OutputLocation"] == {"S3Location": {
        "OutputS3Region": "eu-west-1", "OutputS3BucketName": "amzn-s3-demo-bucket", "OutputS3KeyPrefix": "sockprobe"}}


def test_nobodys_account_is_in_any_file():
    for path in conftest.FOLDER.iterdir():
        assert not re.search(r"arn:|\b\d{12}\b", path.read_text()), path
