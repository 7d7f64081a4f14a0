# make krew: the archive and the manifest that krew installs the plugin by.
import hashlib
import json
import re
import subprocess
import tarfile

import conftest
import pytest

PROJECT = "https://git.example/team/sockprobe"
EPOCH = 1_700_000_000
VERSION = re.search(r'SOCKPROBE_VERSION "(.*)"', (conftest.REPO / "include/sockprobe/version.h").read_text())[1]


def build(project, output):
    return subprocess.run(["make", "-s", "-C", conftest.REPO, "krew", f"PROJECT={project}", f"BUILD={output}",
                           f"SOURCE_DATE_EPOCH={EPOCH}"], capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def krew(tmp_path_factory):
    output = tmp_path_factory.mktemp("krew")
    done = build(PROJECT, output)
    assert done.returncode == 0, done.stderr
    return output / "krew"


@pytest.fixture
def manifest(krew, bench):
    """The manifest as kubectl's own parser of YAML has it."""
    text = (krew / "sockprobe.yaml").read_text()
    assert "@" not in text
    # kubectl knows no Plugin; a ConfigMap in its place carries the same members.
    as_known = text.replace("apiVersion: krew.googlecontainertools.github.com/v1alpha2\nkind: Plugin",
                            "apiVersion: v1\nkind: Pod", 1)
    assert as_known != text
    (bench.tmp / "manifest.yaml").write_text(as_known)
    return json.loads(bench.kubectl("create", "--dry-run=client", "--validate=false", "-o", "json", "-f",
                                    str(bench.tmp / "manifest.yaml")))


def test_manifest_names_the_archive_by_its_checksum(krew, manifest):
    (platform,) = manifest["spec"]["platforms"]
    archive = krew / f"kubectl-sockprobe-{VERSION}.tar.gz"
    assert platform["sha256"] == hashlib.sha256(archive.read_bytes()).hexdigest()
    assert platform["uri"] == f"{PROJECT}/releases/download/v{VERSION}/kubectl-sockprobe-{VERSION}.tar.gz"


def test_manifest_is_what_krew_takes(manifest):
    """krew's rules: the name, a version with v, texts, each platform's selector and files."""
    assert manifest["metadata"]["name"] == "sockprobe"
    spec = manifest["spec"]
    assert set(spec) == {"version", "homepage", "shortDescription", "description", "caveats", "platforms"}
    assert spec["version"] == f"v{VERSION}" and re.fullmatch(r"v\d+\.\d+\.\d+", spec["version"])
    assert spec["homepage"] == PROJECT
    assert 0 < len(spec["shortDescription"]) <= 50 and not spec["shortDescription"].endswith(".")
    (platform,) = spec["platforms"]
    assert set(platform) == {"selector", "uri", "sha256", "files", "bin"}
    assert platform["selector"] == {"matchExpressions": [{"key": "os", "operator": "In", "values": ["linux", "darwin"]}]}


def test_archive_has_the_files_of_the_manifest(krew, manifest, tmp_path):
    (platform,) = manifest["spec"]["platforms"]
    with tarfile.open(krew / f"kubectl-sockprobe-{VERSION}.tar.gz") as tar:
        assert tar.getnames() == [row["from"] for row in platform["files"]] == ["kubectl-sockprobe", "LICENSE"]
        assert {(member.uid, member.gid, member.uname, member.gname, member.mtime) for member in tar} == {
            (0, 0, "", "", EPOCH)}
        tar.extractall(tmp_path)
    assert (tmp_path / platform["bin"]).read_bytes() == (conftest.REPO / "scripts/kubectl-sockprobe").read_bytes()
    done = subprocess.run([tmp_path / platform["bin"], "--help"], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout[:25]) == (0, "usage: kubectl sockprobe ")


def test_two_builds_are_the_same(krew, tmp_path):
    assert build(PROJECT + "/", tmp_path).returncode == 0
    for name in [f"kubectl-sockprobe-{VERSION}.tar.gz", "sockprobe.yaml"]:
        assert (tmp_path / "krew" / name).read_bytes() == (krew / name).read_bytes()


@pytest.mark.parametrize("project, words", [
    ("", "krew: PROJECT: krew fetches by https only: make krew PROJECT=https://"),
    ("http://git.example/x", "krew: http://git.example/x: krew fetches by https only"),
    ("https://git.example/a,b", "not an address that krew can fetch from")])
def test_address_that_will_not_do(tmp_path, project, words):
    done = build(project, tmp_path)
    assert done.returncode != 0
    assert words in done.stderr
    assert list(tmp_path.iterdir()) == []
