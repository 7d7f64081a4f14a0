# The portable executables: what they need of a node (nothing), that they run
# elsewhere, and that two builds give the same bytes.
import hashlib
import json
import os
import re
import shutil

import conftest
import pytest

BOTH = pytest.mark.parametrize("architecture", conftest.ARCHITECTURES)


@BOTH
def test_file_is_static_stripped_and_small(architecture):
    path = conftest.program(architecture)
    assert path.stat().st_size < 3 * 1024 * 1024
    text = conftest.run("readelf", "--wide", "--file-header", "--program-headers", "--dynamic", "--sections", path).stdout
    machine = {"x86_64": "Advanced Micro Devices X86-64", "aarch64": "AArch64"}[architecture]
    assert re.search(r"Machine: +(.*)", text)[1] == machine
    assert re.search(r"Type: +(\w+)", text)[1] == "DYN"  # its place in memory is random
    assert "INTERP" not in text and "NEEDED" not in text
    assert ".symtab" not in text and ".debug_info" not in text
    assert re.search(r"GNU_STACK.* RW +0x10", text) and "GNU_RELRO" in text


@BOTH
def test_debug_file_belongs_to_it(architecture):
    path = conftest.program(architecture)
    debug = path.with_name(path.name + ".debug")
    identity = [re.search(r"Build ID: (\w{40})", conftest.run("readelf", "--notes", file).stdout)[1]
                for file in (path, debug)]
    assert identity[0] == identity[1]
    assert debug.name in conftest.run("readelf", "--string-dump=.gnu_debuglink", path).stdout
    assert "probe/commands/main.c" in conftest.run("readelf", "--debug-dump=info", "--dwarf-depth=1", debug).stdout


@BOTH
def test_nothing_tells_where_it_was_built(architecture):
    path = conftest.program(architecture)
    for file in (path, path.with_name(path.name + ".debug")):
        assert str(conftest.REPO).encode() not in file.read_bytes()


def chroot(root, *command, **options):
    return conftest.run("chroot", root, *command, **options)


def test_judges_in_an_empty_root(tmp_path, evidence_file):
    """Nothing is there but the program and saved evidence."""
    shutil.copy(conftest.program("x86_64"), tmp_path / "sockprobe")
    shutil.copy(evidence_file, tmp_path / "evidence.json")
    usual = conftest.run(conftest.program("x86_64"), "report", evidence_file, "-o", "text").stdout
    assert "evidence " in usual
    assert chroot(tmp_path, "/sockprobe", "report", "/evidence.json", "-o", "text").stdout == usual


def test_other_architecture_runs_emulated_in_an_empty_root(tmp_path):
    """As far as user-mode emulation goes: it knows no seccomp, without which the program reads nothing."""
    for file in (conftest.program("aarch64"), shutil.which("qemu-aarch64-static")):
        shutil.copy(file, tmp_path)
    command = ["/qemu-aarch64-static", f"/{conftest.program('aarch64').name}"]
    assert chroot(tmp_path, *command, "--version").stdout == f"sockprobe {conftest.VERSION}\n"
    assert chroot(tmp_path, *command, "help").stdout == conftest.run(conftest.program("x86_64"), "help").stdout
    done = chroot(tmp_path, *command, "scan", check=False)
    assert (done.returncode, done.stdout) == (70, "")
    assert done.stderr.startswith("sockprobe: seccomp: ")


def test_scans_from_a_userland_without_glibc(tmp_path):
    """busybox is all there is, and the node's / at /host."""
    for directory in ["bin", "proc", "run", "host"]:
        (tmp_path / directory).mkdir()
    shutil.copy("/bin/busybox", tmp_path / "bin" / "sh")
    shutil.copy(conftest.program("x86_64"), tmp_path / "bin" / "sockprobe")
    script = ('mount -t proc proc "$0/proc" && mount --rbind / "$0/host" && '
              'exec chroot "$0" /bin/sh -c "ls /lib /usr 2>/dev/null; exec sockprobe scan"')
    done = conftest.run("unshare", "--mount", "--propagation", "private", "sh", "-c", script, tmp_path,
                        env={"PATH": "/usr/sbin:/usr/bin:/bin"}, check=False)
    evidence = conftest.Evidence(done)
    assert evidence["probe"]["root"] == "/host"
    assert evidence["node"]["os"].startswith("Debian GNU/Linux 12")


@pytest.mark.timeout(3600)
def test_two_builds_in_two_folders_are_the_same(tmp_path):
    """dist and image from copies of the tree under other names: the same sums."""
    files = conftest.run("git", "-C", conftest.REPO, "ls-files", "-z").stdout.split("\0")
    wanted = ["dist", "image"]
    sums = []
    for name in ["a", "another-folder"]:
        tree = tmp_path / name
        for file in filter(None, files):
            (tree / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(conftest.REPO / file, tree / file)
        shutil.copytree(conftest.REPO / "build" / "downloads", tree / "build" / "downloads")
        conftest.run("make", "-j2", "-C", tree, *wanted, env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000"})
        made = [path for path in (tree / "build" / "dist").glob("sockprobe-*")]
        sums.append({path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in made})
    name = f"sockprobe-{conftest.VERSION}"
    assert set(sums[0]) == {f"{name}-x86_64", f"{name}-x86_64.debug", f"{name}-aarch64", f"{name}-aarch64.debug",
                            f"{name}-third-party.txt", f"{name}-image.tar"}
    assert sums[0] == sums[1]
    # And the ones that are delivered were built in a third.
    for architecture in conftest.ARCHITECTURES:
        path = conftest.program(architecture)
        assert hashlib.sha256(path.read_bytes()).hexdigest() == sums[0][path.name]


def test_terms_of_what_is_linked_in_are_passed_on():
    text = (conftest.DIST / f"sockprobe-{conftest.VERSION}-third-party.txt").read_text()
    assert re.findall(r"^==== (.*) \(linked", text, re.M) == ["GNU C Library", "libmnl", "libseccomp", "libcap", "cJSON"]
    for words in ["Dave Gamble", "Pablo Neira Ayuso", "Paul Moore", "Andrew G. Morgan", "GNU Lesser General Public"]:
        assert words in text


def test_altered_download_is_refused(tmp_path):
    """A cached file with a wrong checksum is fetched again, here from a mirror that lacks it."""
    shutil.copytree(conftest.REPO / "build" / "downloads", tmp_path / "downloads")
    conftest.run(conftest.REPO / "packaging/dist/fetch", tmp_path / "downloads")
    (tmp_path / "downloads" / "cjson_1.7.15.orig.tar.gz").write_bytes(b"altered")
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "apt-get").write_text(f"#!/bin/sh\necho file://{tmp_path}/mirror/\n")
    (tools / "apt-get").chmod(0o755)
    done = conftest.run(conftest.REPO / "packaging/dist/fetch", tmp_path / "downloads", check=False,
                        env={**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"})
    assert done.returncode != 0
    assert "fetch: pool/main/c/cjson/cjson_1.7.15.orig.tar.gz: the mirror " in done.stderr
    # The right size and name from a mirror do not help: the sum decides.
    wrong = tmp_path / "mirror/pool/main/c/cjson/cjson_1.7.15.orig.tar.gz"
    wrong.parent.mkdir(parents=True)
    wrong.write_bytes(b"altered")
    done = conftest.run(conftest.REPO / "packaging/dist/fetch", tmp_path / "downloads", check=False,
                        env={**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"})
    assert done.returncode != 0


def test_install_follows_the_directory_variables(tmp_path):
    conftest.run("make", "-C", conftest.REPO, "install", f"DESTDIR={tmp_path}", "prefix=/opt/x",
                 "docdir=/opt/d", f"PROGRAM={conftest.program('x86_64')}", "-o", conftest.program("x86_64"))
    files = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert {"opt/x/bin/sockprobe", "opt/x/share/sockprobe/sockprobe-evidence-v1.schema.json", "opt/d/LICENSE",
            "opt/d/README.md", "opt/d/CHANGELOG.md", "opt/d/SECURITY.md"} <= files
    assert json.loads((tmp_path / "opt/x/share/sockprobe/sockprobe-evidence-v1.schema.json").read_text())
    assert conftest.run(tmp_path / "opt/x/bin/sockprobe", "--version").stdout == f"sockprobe {conftest.VERSION}\n"
    for page in (conftest.REPO / "packaging").glob("man/*.[1-9]"):
        assert f"opt/x/share/man/man{page.suffix[1]}/{page.name}" in files
    conftest.run("make", "-C", conftest.REPO, "uninstall", f"DESTDIR={tmp_path}", "prefix=/opt/x", "docdir=/opt/d")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
