# What sockprobe does to a node, as strace sees it: nothing is connected to,
# nothing is opened for writing, nothing is left behind.
import hashlib
import re

import conftest
import pytest


@pytest.fixture(scope="module")
def calls(bench):
    bench.scene("mission")
    trace = "/run/trace"
    done = bench.node.exec(["strace", "-f", "-qq", "-o", trace, "-e", "trace=network,%file,%desc,%process,prctl,close_range",
                            conftest.PROGRAM], check=False)
    assert done.returncode == 0
    lines = bench.node.path(trace).read_text().splitlines()
    # From the confinement on: before it the loader maps libraries.
    start = next(i for i, line in enumerate(lines) if "PR_SET_NO_NEW_PRIVS" in line or "close_range" in line)
    return lines[start:]


def test_no_connect(calls):
    assert not [line for line in calls if re.search(r"\bconnect\(", line)]


def test_only_socket_is_the_socket_table_query(calls):
    sockets = {re.search(r"socket\(([^)]*)\)", line).group(1) for line in calls if re.search(r"\bsocket\(", line)}
    assert sockets == {"AF_NETLINK, SOCK_RAW|SOCK_CLOEXEC, NETLINK_SOCK_DIAG"}


def test_nothing_is_opened_for_writing(calls):
    opened = [line for line in calls if re.search(r"\bopen(at2?)?\(", line)]
    assert len(opened) > 100
    assert not [line for line in opened if re.search(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND", line)]


def test_nothing_is_executed_or_changed(calls):
    changing = r"\b(execve|unlink|rename|mkdir|rmdir|chmod|chown|link|symlink|mknod|truncate|utimens|setxattr)\w*\("
    assert not [line for line in calls if re.search(changing, line)]


def test_confinement_is_read_back(bench):
    probe = bench.scan()["probe"]
    assert probe["passive"] is True
    # CAP_DAC_READ_SEARCH (2), CAP_SYS_PTRACE (19), CAP_SYS_ADMIN (21)
    kept = {"collect": "0000000000280004", "keeper": "0000000000080004", "reader": "0000000000080004",
            "correlate": "0000000000000000", "report": "0000000000000000"}
    assert {phase["phase"]: phase["cap_permitted"] for phase in probe["confinement"]} == kept
    for phase in probe["confinement"]:
        assert phase == {
            "phase": phase["phase"], "seccomp": True, "no_new_privs": True,
            # a process under Landlock may not look at others: readers cannot be
            "landlock": phase["phase"] in ("correlate", "report"),
            "cap_permitted": kept[phase["phase"]], "cap_effective": kept[phase["phase"]],
            "cap_bounding": "0000000000000000"}


def test_executable_is_named(bench):
    with open(conftest.PROGRAM, "rb") as program:
        assert bench.scan()["probe"]["executable_sha256"] == hashlib.sha256(program.read()).hexdigest()


def test_directories_access_time_stays(bench):
    bench.scene("mission") if "mission" not in bench.node.truth else None
    before = bench.node.exec(["stat", "-c", "%x %y %z", "/run/docker.sock"]).stdout
    bench.scan()
    assert bench.node.exec(["stat", "-c", "%x %y %z", "/run/docker.sock"]).stdout == before
