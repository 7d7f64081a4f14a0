# Where the evidence goes and in which size: a file that is whole or not there,
# JSON that fits into what Session Manager shows, a statement that can be signed.
import hashlib
import json
import os
import signal
import stat
import subprocess
import time

import conftest
import findings
import pytest
import schema


@pytest.fixture(scope="module")
def whole(bench):
    """Evidence of the mission, judged."""
    truth = bench.scene("mission")
    raw = findings.finding(truth["agent"], "/var/run/docker.sock", findings.an_event())
    bench.node.path("/run/finding.json").write_text(json.dumps(raw))
    return conftest.Evidence(bench.run("explain", "/run/finding.json"))


@pytest.fixture
def saved(whole, tmp_path):
    path = tmp_path / "evidence.json"
    path.write_text(whole.text)
    return path


# ---- --output ----

def test_file_is_the_same_as_standard_output(sockprobe, saved, tmp_path):
    out = tmp_path / "out.json"
    done = sockprobe("report", "-o", "json", "--output", out, saved)
    assert (done.returncode, done.stdout) == (0, "")
    assert out.read_text() == sockprobe("report", "-o", "json", saved).stdout
    assert sorted(os.listdir(tmp_path)) == ["evidence.json", "out.json"]


def test_scan_on_a_node_writes_its_file(bench, whole):
    bench.node.exec(["mkdir", "-p", "/run/out"])
    done = bench.run("scan", "--output", "/run/out/evidence.json")
    assert (done.returncode, done.stdout) == (0, "")
    schema.check(json.loads(bench.node.path("/run/out/evidence.json").read_text()))
    assert bench.node.exec(["ls", "-A", "/run/out"]).stdout == "evidence.json\n"


def test_a_file_that_is_there_is_replaced_whole(sockprobe, saved, tmp_path):
    out = tmp_path / "out.json"
    out.write_text("old")
    before = out.stat().st_ino
    assert sockprobe("report", "-o", "json", "--output", out, saved).returncode == 0
    assert out.stat().st_ino != before and json.loads(out.read_text())


def test_mode_follows_the_umask(saved, tmp_path):
    out = tmp_path / "out.json"
    subprocess.run(["sh", "-c", 'umask 027; exec "$@"', "sh", conftest.PROGRAM, "report", "--output", out, saved], check=True)
    assert stat.S_IMODE(out.stat().st_mode) == 0o640


def fails(done, text):
    assert done.returncode == 74 and done.stdout == ""
    assert text in done.stderr


def test_never_through_a_link(sockprobe, saved, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    link = tmp_path / "link.json"
    link.symlink_to(victim)
    fails(sockprobe("report", "--output", link, saved), "a symbolic link stands there or on the way")
    (tmp_path / "dir").mkdir()
    (tmp_path / "way").symlink_to(tmp_path / "dir")
    fails(sockprobe("report", "--output", tmp_path / "way" / "out.json", saved), "a symbolic link stands there or on the way")
    assert victim.read_text() == "precious" and link.is_symlink() and os.listdir(tmp_path / "dir") == []


@pytest.mark.parametrize("make, text", [
    (lambda path: path.mkdir(), "not a regular file"),
    (lambda path: os.mkfifo(path), "not a regular file"),
    (lambda path: None, "No such file or directory"),
], ids=["directory", "fifo", "no-directory"])
def test_what_cannot_be_written_is_said_before_the_work(sockprobe, saved, tmp_path, make, text):
    out = tmp_path / "out"
    make(out)
    fails(sockprobe("report", "--output", out if out.exists() else tmp_path / "none" / "out", saved), text)


def test_nothing_is_left_where_the_input_is_bad(sockprobe, saved, tmp_path):
    saved.write_text("{")
    assert sockprobe("report", "--output", tmp_path / "out.json", saved).returncode == 65
    assert os.listdir(tmp_path) == ["evidence.json"]


def test_full_file_system_leaves_nothing(bench, whole):
    bench.node.exec(["sh", "-c", "mkdir -p /run/small && mount -t tmpfs -o size=8k none /run/small"])
    done = bench.run("scan", "--output", "/run/small/out.json")
    assert done.returncode == 74 and "No space left on device; nothing was written" in done.stderr
    assert bench.node.exec(["ls", "-A", "/run/small"]).stdout == ""
    bench.node.exec(["umount", "/run/small"])


def test_killed_in_the_middle_leaves_nothing(sockprobe, tmp_path):
    """The probe waits for its input, is killed, and its writer tidies up."""
    program = subprocess.Popen([conftest.PROGRAM, "report", "--output", tmp_path / "out.json", "-"],
                               stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
    wait_for(lambda: len(os.listdir(tmp_path)) == 1)
    program.send_signal(signal.SIGKILL)
    program.wait()
    wait_for(lambda: os.listdir(tmp_path) == [])
    program.stdin.close()


def wait_for(check):
    end = time.monotonic() + 120
    while not check():
        assert time.monotonic() < end
        time.sleep(0.02)


# ---- --max-bytes ----

@pytest.mark.parametrize("limit", [2000, 2500, 6000, 24000])
def test_shortened_to_fit(sockprobe, whole, saved, limit):
    done = sockprobe("report", "-o", "json", "--max-bytes", str(limit), saved)
    assert done.returncode == 0 and len(done.stdout.encode()) <= limit
    short = json.loads(done.stdout)
    assert list(short)[:4] == ["schema", "verdict", "summary", "left_out"]
    assert short["verdict"]["decision"] == "supported"
    for pointer, missing in short["left_out"].items():
        kept, had = (schema.resolve(document, pointer) for document in (short, whole.document))
        assert kept is None or len(kept) == len(had) - missing


def test_shortened_for_session_manager_is_still_evidence(sockprobe, whole, saved):
    short = json.loads(sockprobe("report", "-o", "json", "--max-bytes", "24000", saved).stdout)
    schema.check(short)
    assert short["verdict"]["reasons"] == [
        {**reason, "evidence": short["verdict"]["reasons"][i]["evidence"]}
        for i, reason in enumerate(whole["verdict"]["reasons"])]
    # pointers lead where they led
    for i, reason in enumerate(whole["verdict"]["reasons"]):
        for was, now in zip(reason["evidence"], short["verdict"]["reasons"][i]["evidence"]):
            if was not in short["left_out"]:
                assert schema.resolve(whole.document, was) == schema.resolve(short, now)


def test_pretty_counts_its_blanks(sockprobe, saved):
    done = sockprobe("report", "-o", "json", "--pretty", "--max-bytes", "6000", saved)
    assert len(done.stdout.encode()) <= 6000 and json.loads(done.stdout)["left_out"]


def test_what_fits_stays_whole(sockprobe, whole, saved):
    done = sockprobe("report", "-o", "json", "--max-bytes", "10000000", saved)
    assert json.loads(done.stdout) == whole.document


def test_shortened_evidence_is_not_judged_again(sockprobe, saved, tmp_path):
    short = tmp_path / "short.json"
    short.write_text(sockprobe("report", "-o", "json", "--max-bytes", "6000", saved).stdout)
    for command in ("judge", "filter"):
        done = sockprobe(command, short)
        assert done.returncode == 65
        assert done.stderr == (f"sockprobe: {short}: shortened by --max-bytes: what was left out may decide; use the "
                               "whole evidence\n")
    assert sockprobe("report", short).returncode == 0


@pytest.mark.parametrize("options, text", [
    (["--max-bytes", "1999"], "--max-bytes 1999: give a whole number from 2000 to 1073741824"),
    (["--max-bytes", "many"], "--max-bytes many: give a whole number from 2000 to 1073741824"),
    (["--max-bytes", "5000", "-o", "text"], "--max-bytes: only JSON can be shortened: leave out -o text"),
], ids=["small", "word", "text"])
def test_limits_that_make_no_sense(sockprobe, saved, options, text):
    done = sockprobe("report", *options, saved)
    assert (done.returncode, done.stderr) == (64, f"sockprobe: {text}\n")


# ---- in-toto ----

def test_statement(sockprobe, whole, saved):
    statement = json.loads(sockprobe("report", "-o", "in-toto", saved).stdout)
    assert set(statement) == {"_type", "subject", "predicateType", "predicate"}
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"] == "https://sockprobe.dev/evidence/v1"
    assert statement["predicate"] == whole.document
    node = whole["node"]
    line = f"node {node['hostname']} boot {node['boot_id']}"
    sockets = [f"socket {path['path']} {line} dev {path['inode']['dev']} ino {path['inode']['ino']}"
               for path in whole["paths"] if path["kind"] == "socket"]
    assert len(sockets) == 2
    assert statement["subject"] == [{"name": name, "digest": {"sha256": hashlib.sha256(name.encode()).hexdigest()}}
                                    for name in [line, *sockets]]


# ---- --confinement ----

def test_confinement_is_printed(sockprobe):
    text = sockprobe("--confinement").stdout
    blocks = {block.split("\n", 1)[0]: block for block in text.split("\n\n")}
    assert list(blocks) == ["collect", "keeper", "reader", "correlate", "report", "write"]
    assert "capabilities: cap_dac_read_search, cap_sys_ptrace, cap_sys_admin\n" in blocks["collect"]
    assert "capabilities: none\n" in blocks["report"]
    assert "files: none (seccomp, Landlock)" in blocks["report"]
    for forbidden in ("connect", "execve", "ptrace", "mount", "bpf", "unlink ", "openat2"):
        assert f" {forbidden}" not in text
    assert "socket(AF_NETLINK, NETLINK_SOCK_DIAG)" in blocks["collect"] and "socket" not in blocks["correlate"]
    assert all(len(line) <= 80 for line in text.splitlines())
