# What differs from kernel to kernel, in a machine of scripts/check-kernels: which
# one it is, its cgroups, and a socket table that is a module. It unloads that
# module and takes /run for its own, so it is for no other machine.
import os
import pathlib
import socket
import subprocess
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "integration"))
import conftest  # noqa: E402

MODULE = pathlib.Path("/sys/module/unix_diag")
MODPROBE = pathlib.Path("/proc/sys/kernel/modprobe")
CGROUP_VERSIONS = {"v1": 1, "v2": 2}


@pytest.fixture(autouse=True)
def only_there():
    assert pathlib.Path("/proc/1/cmdline").read_bytes().rstrip(b"\0").endswith(b"tests/kernels/guest"), (
        "these tests change the machine they run on: start them by scripts/check-kernels")


@pytest.fixture
def listener():
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("/run/docker.sock")
        server.listen()
        yield server
    os.unlink("/run/docker.sock")


@pytest.fixture
def unloaded():
    if MODULE.exists():
        subprocess.run(["rmmod", "unix_diag"], check=True)
    assert not MODULE.exists()


@pytest.fixture
def no_loading():
    before = MODPROBE.read_text()
    MODPROBE.write_text("/nonexistent")
    yield
    MODPROBE.write_text(before)


def scan():
    return conftest.Evidence(subprocess.run([conftest.PROGRAM, "scan"], capture_output=True, text=True))


def sockets_row(evidence):
    (row,) = [row for row in evidence["coverage"] if row["source"] == "sockets"]
    return row


def test_the_kernel_and_its_cgroups_are_named():
    node = scan()["node"]
    uname = subprocess.run(["uname", "-r"], capture_output=True, text=True, check=True).stdout.strip()
    assert uname.startswith(os.environ["KERNEL"].rpartition("/")[2] + ".")
    assert (node["kernel"], node["cgroup_version"]) == (uname, CGROUP_VERSIONS[os.environ["CGROUP"]])


def test_first_request_loads_the_socket_table(listener, unloaded):
    evidence = scan()
    assert MODULE.exists()
    assert (evidence.status, evidence.gaps()) == (0, set())
    path = evidence.path("/var/run/docker.sock")
    assert (path["state"], path["connect_result"]) == ("listening", "OK")
    assert path["listener"]["process"]["pid"] == os.getpid()


def test_without_the_module_it_says_what_is_missing(listener, unloaded, no_loading):
    evidence = scan()
    assert not MODULE.exists()
    assert evidence.status == 2
    row = sockets_row(evidence)
    assert row["status"] == "unavailable"
    assert row["detail"] == ("No such file or directory: read /proc/PID/net/unix instead, which has names but neither "
                             "inodes nor peers")
    # A name in that table is whatever its binder gave: no proof that this inode listens.
    path = evidence.path("/var/run/docker.sock")
    assert (path["kind"], path["state"], path["connect_result"]) == ("socket", "unknown", None)
    assert path["connect_why"] == "a socket of this name listens, but which inode it is bound to is not known"


def test_birth_is_the_kernels(listener):
    birth = scan().path("/var/run/docker.sock")["inode"]["birth"]
    stat = subprocess.run(["stat", "-c", "%W", "/run/docker.sock"], capture_output=True, text=True, check=True).stdout
    assert int(stat) > 0
    assert birth.startswith(time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(int(stat))))
