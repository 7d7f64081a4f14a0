# The packages: installed into an empty root, run from there, upgraded, removed;
# what the units say; and that two builds give the same bytes.
import hashlib
import os
import re
import shutil
import subprocess

import conftest
import pytest

RPM = conftest.REPO / "build" / "rpm"
SYSTEMD = conftest.REPO / "packaging" / "systemd"
RELEASE = f"{conftest.VERSION}-1"


def package(architecture, name="sockprobe", version=RELEASE):
    return RPM / "RPMS" / architecture / f"{name}-{version}.{architecture}.rpm"


class Root:
    """An empty root with an rpm database of its own, and busybox, which the scriptlets' /bin/sh is."""

    def __init__(self, path):
        self.path = path
        (path / "bin").mkdir()
        shutil.copy("/bin/busybox", path / "bin" / "sh")
        self.before = None

    def rpm(self, *arguments):
        # Nothing else is a package here: neither /bin/sh nor the C library.
        nodeps = ["--nodeps"] if arguments[0] in ("-i", "-U", "-e", "-V") else []
        return conftest.run("rpm", "--root", self.path, "--dbpath", "/rpmdb", *nodeps, *arguments)

    def files(self):
        return {str(path.relative_to(self.path)) for path in self.path.rglob("*")
                if not str(path.relative_to(self.path)).startswith(("rpmdb", "var/tmp"))}


@pytest.fixture
def root(tmp_path):
    made = Root(tmp_path)
    made.rpm("--initdb")
    made.before = made.files()
    return made


@pytest.mark.parametrize("architecture", conftest.ARCHITECTURES)
def test_lists_what_it_installs(architecture):
    listing = conftest.run("rpm", "-qp", "--qf", "[%{FILENAMES} %{FILEMODES:perms} %{FILEUSERNAME}\n]",
                           package(architecture)).stdout.splitlines()
    files = {line.split()[0]: line.split()[1] for line in listing}
    assert {line.split()[2] for line in listing} == {"root"}
    expected = {
        "/usr/bin/sockprobe": "-rwxr-xr-x",
        "/etc/sysconfig/sockprobe": "-rw-r--r--",
        "/etc/logrotate.d/sockprobe": "-rw-r--r--",
        "/usr/lib/systemd/system/sockprobe.service": "-rw-r--r--",
        "/usr/lib/systemd/system/sockprobe.timer": "-rw-r--r--",
        "/usr/lib/systemd/system-preset/95-sockprobe.preset": "-rw-r--r--",
        "/usr/share/sockprobe/sockprobe-evidence-v1.schema.json": "-rw-r--r--",
        "/var/log/sockprobe": "drwxr-x---",
    }
    assert {name: files.get(name) for name in expected} == expected
    config = conftest.run("rpm", "-qp", "--configfiles", package(architecture)).stdout.split()
    assert config == ["/etc/logrotate.d/sockprobe", "/etc/sysconfig/sockprobe"]
    licences = conftest.run("rpm", "-qp", "--licensefiles", package(architecture)).stdout.split()
    assert {name.rsplit("/", 1)[1] for name in licences} == {"LICENSE", "third-party.txt"}
    # Nothing but the shell of its scriptlets and rpm itself.
    requires = conftest.run("rpm", "-qp", "--requires", package(architecture)).stdout.splitlines()
    assert {line for line in requires if not line.startswith(("rpmlib(", "config("))} == {"/bin/sh"}


@pytest.mark.parametrize("architecture", conftest.ARCHITECTURES)
def test_debuginfo_fits_the_program(architecture, tmp_path):
    for name in ["sockprobe", "sockprobe-debuginfo"]:
        cpio = subprocess.run(["rpm2cpio", package(architecture, name)], capture_output=True, check=True).stdout
        subprocess.run(["cpio", "-idm", "--quiet"], input=cpio, cwd=tmp_path, check=True)
    program = tmp_path / "usr/bin/sockprobe"
    (debug,) = (tmp_path / "usr/lib/debug/usr/bin").iterdir()
    identity = [re.search(r"Build ID: (\w{40})", conftest.run("readelf", "--notes", file).stdout)[1]
                for file in (program, debug)]
    assert identity[0] == identity[1]
    info = conftest.run("readelf", "--debug-dump=info", "--dwarf-depth=1", debug).stdout
    assert f"/usr/src/debug/sockprobe-{RELEASE}.{architecture}" in info
    for file in (program, debug):
        assert str(conftest.REPO).encode() not in file.read_bytes()
    assert (tmp_path / f"usr/src/debug/sockprobe-{RELEASE}.{architecture}/probe/commands/main.c").exists()


def test_installs_runs_and_goes_without_a_trace(root):
    root.rpm("-i", package("x86_64"))
    assert conftest.run("chroot", root.path, "/usr/bin/sockprobe", "--version").stdout == \
        f"sockprobe {conftest.VERSION}\n"
    assert root.rpm("-V", "sockprobe").stdout == ""
    root.rpm("-e", "sockprobe")
    left = root.files() - root.before
    # Folders that every system has belong to no package.
    assert [path for path in left if not (root.path / path).is_dir()] == []
    assert [path for path in left if "sockprobe" in path] == []


@pytest.fixture(scope="module")
def next_release(tmp_path_factory):
    """The package after this one, with other defaults in its configuration."""
    tree = tmp_path_factory.mktemp("next")
    spec = f"""
Name: sockprobe
Version: {conftest.VERSION}
Release: 2
Summary: The next release
License: Apache-2.0
BuildArch: x86_64
%description
The next release.
%install
mkdir -p %{{buildroot}}/etc/sysconfig %{{buildroot}}/usr/bin %{{buildroot}}/var/log/sockprobe
cp {tree}/sysconfig %{{buildroot}}/etc/sysconfig/sockprobe
cp {conftest.program("x86_64")} %{{buildroot}}/usr/bin/sockprobe
%files
%config(noreplace) /etc/sysconfig/sockprobe
/usr/bin/sockprobe
%dir /var/log/sockprobe
"""
    (tree / "sysconfig").write_text((SYSTEMD / "sockprobe.sysconfig").read_text() + "# new\n")
    (tree / "next.spec").write_text(spec)
    conftest.run("rpmbuild", "--quiet", "-bb", "--define", f"_topdir {tree}", tree / "next.spec")
    return tree / "RPMS" / "x86_64" / f"sockprobe-{conftest.VERSION}-2.x86_64.rpm"


def test_upgrade_keeps_configuration_and_evidence(root, next_release):
    root.rpm("-i", package("x86_64"))
    config = root.path / "etc/sysconfig/sockprobe"
    config.write_text('SOCKPROBE_OPTIONS="--path /srv/docker.sock"\n')
    evidence = root.path / "var/log/sockprobe/evidence.json"
    evidence.write_text("{}\n")
    root.rpm("-U", next_release)
    assert root.rpm("-q", "sockprobe").stdout.strip() == f"sockprobe-{conftest.VERSION}-2.x86_64"
    assert config.read_text() == 'SOCKPROBE_OPTIONS="--path /srv/docker.sock"\n'
    assert config.with_suffix(".rpmnew").read_text().endswith("# new\n")
    assert evidence.read_text() == "{}\n"
    # Removed, what a person wrote is set aside, and the evidence stays.
    root.rpm("-e", "sockprobe")
    assert config.with_suffix(".rpmsave").read_text() == 'SOCKPROBE_OPTIONS="--path /srv/docker.sock"\n'
    assert evidence.read_text() == "{}\n"


def test_scriptlets_ask_systemd_for_the_presets_and_stop_it_when_removed(root):
    """A systemctl that writes down what it is asked."""
    (root.path / "usr/bin").mkdir(parents=True)
    systemctl = root.path / "usr/bin/systemctl"
    systemctl.write_text('#!/bin/sh\necho "$*" >>/asked\n')
    systemctl.chmod(0o755)
    units = "sockprobe.service sockprobe.timer"
    root.rpm("-i", package("x86_64"))
    root.rpm("-e", "sockprobe")
    assert (root.path / "asked").read_text().splitlines() == [
        f"--no-reload preset {units}", f"--no-reload disable --now {units}", "daemon-reload"]
    preset = (SYSTEMD / "sockprobe.preset").read_text().splitlines()
    assert [line for line in preset if not line.startswith("#")] == [
        "disable sockprobe.service", "disable sockprobe.timer"]


def test_rpmlint_finds_no_error():
    done = conftest.run("rpmlint", "-c", conftest.REPO / "packaging/rpm/rpmlint.toml",
                        conftest.REPO / "packaging/rpm/sockprobe.spec", *RPM.glob("RPMS/*/*.rpm"),
                        *RPM.glob("SRPMS/*.rpm"))
    assert re.search(r"5 packages and 1 specfiles checked; 0 errors", done.stdout), done.stdout


def test_paths_in_the_unit_follow_the_prefix(tmp_path):
    conftest.run("make", "-C", conftest.REPO, "install-systemd", f"DESTDIR={tmp_path}", "prefix=/opt/x")
    text = (tmp_path / "opt/x/lib/systemd/system/sockprobe.service").read_text()
    assert "ExecStart=/opt/x/bin/sockprobe scan " in text
    assert "EnvironmentFile=-/opt/x/etc/sysconfig/sockprobe" in text


def test_units_are_valid_and_tight(tmp_path):
    conftest.run("make", "-C", conftest.REPO, "install-systemd", f"prefix={tmp_path}")
    files = [tmp_path / "lib/systemd/system" / name for name in ["sockprobe.service", "sockprobe.timer"]]
    (tmp_path / "bin").mkdir()
    shutil.copy(conftest.program("x86_64"), tmp_path / "bin/sockprobe")
    assert conftest.run("systemd-analyze", "verify", "--man=no", *files).stderr == ""
    done = conftest.run("systemd-analyze", "security", "--offline=true", "--no-pager", files[0])
    exposure = float(re.search(r"Overall exposure level for sockprobe.service: ([0-9.]+)", done.stdout)[1])
    assert exposure <= 2.9, done.stdout


def test_rotation_keeps_thirty(tmp_path):
    """logrotate itself, with the folder put elsewhere."""
    config = (SYSTEMD / "sockprobe.logrotate").read_text()
    assert config.count("/var/log/sockprobe/") == 1
    logs = tmp_path / "logs"
    logs.mkdir(mode=0o750)
    (tmp_path / "conf").write_text(config.replace("/var/log/sockprobe", str(logs)).replace(
        "dateext", "dateext\n\tdateformat -%Y%m%d-%s"))
    for number in range(33):
        (logs / f"evidence.json-20250101-{1735689600 + number}.gz").write_bytes(b"old")
    (logs / "evidence.json").write_text('{"last": 1}\n')
    conftest.run("logrotate", "--force", "--state", tmp_path / "state", tmp_path / "conf")
    names = sorted(path.name for path in logs.iterdir())
    assert len(names) == 30 and "evidence.json" not in names
    assert conftest.run("zcat", logs / names[-1]).stdout == '{"last": 1}\n'


@pytest.mark.timeout(3600)
def test_two_builds_in_two_folders_are_the_same(tmp_path):
    files = conftest.run("git", "-C", conftest.REPO, "ls-files", "-z", "--cached", "--others",
                         "--exclude-standard").stdout.split("\0")
    tree = tmp_path / "elsewhere"
    for file in filter(None, files):
        (tree / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(conftest.REPO / file, tree / file)
    conftest.run("git", "init", "-q", tree)
    shutil.copytree(conftest.REPO / "build" / "downloads", tree / "build" / "downloads")
    epoch = conftest.run("rpm", "-qp", "--qf", "%{BUILDTIME}", package("x86_64")).stdout
    conftest.run("make", "-C", tree, "rpm", env={**os.environ, "SOURCE_DATE_EPOCH": epoch})

    def sums(top):
        return {str(path.relative_to(top)): hashlib.sha256(path.read_bytes()).hexdigest()
                for path in top.rglob("*.rpm")}
    made = sums(RPM)
    assert len(made) == 5
    assert sums(tree / "build" / "rpm") == made
