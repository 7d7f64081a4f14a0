# sockprobe(8) agrees with the program: its options, commands and exit
# statuses, both ways; and both pages are good mdoc.
import json
import re
import subprocess

import conftest
import pytest

# The manuals of others that the pages refer to, so that a system without them
# makes no difference.
OTHERS = ["sched.7", "ionice.1", "connect.2", "mkdir.2", "statx.2", "capabilities.7", "namespaces.7", "unix.7", "ss.8", "jq.1",
          "ls.1"]
COMMANDS = ["scan", "explain", "judge", "filter", "report", "help", "version", "confinement"]
OPTIONS = {"--root", "--path", "-o", "--format", "--output", "--max-bytes", "--expect", "--strict", "--scope", "--detector",
           "--account", "--cluster",
           "--pretty", "--nice", "--timeout", "-h", "--help", "--version", "--confinement"}


@pytest.mark.parametrize("page", [conftest.PAGE, conftest.EVIDENCE_PAGE], ids=lambda page: page.name)
def test_lint(page, tmp_path):
    """Not even a remark on style, and no reference to a page that is not there."""
    for name in [*OTHERS, conftest.PAGE.name, conftest.EVIDENCE_PAGE.name]:
        place = tmp_path / f"man{name[-1]}" / name
        place.parent.mkdir(exist_ok=True)
        place.touch()
    done = subprocess.run(["mandoc", "-Tlint", "-Wstyle", page], capture_output=True, text=True,
                          env={"PATH": "/usr/bin:/bin", "MANPATH": str(tmp_path)})
    messages = [line for line in (done.stdout + done.stderr).splitlines() if "outdated mandoc.db" not in line]
    assert messages == [] and done.returncode == 0


def items(name, macro):
    """What a section's items are, each without its macros' names."""
    return [line for line in conftest.section(conftest.PAGE, name) if line.startswith(f".It {macro}")]


def flags(lines):
    """-o and --format from "Fl o Ar FORMAT , Fl -format Ar FORMAT"."""
    return {"-" + name for line in lines for name in re.findall(r"\bFl (-?[a-z][a-z-]*)", line)}


def test_every_option_of_the_program(usage):
    assert usage.options == OPTIONS
    source = (conftest.REPO / "probe" / "commands" / "options.c").read_text()
    taken = {f"--{name}" for name in re.findall(r'\{ "([a-z-]+)", (?:no|required)_argument,', source)}
    assert len(taken) > 5 and taken <= OPTIONS
    assert flags(items("OPTIONS", "Fl")) == OPTIONS


def test_synopsis_has_the_options_and_no_others():
    lines = conftest.section(conftest.PAGE, "SYNOPSIS")
    assert flags(lines) == OPTIONS - {"--format", "-h", "--help", "--version", "--confinement"}


def test_nothing_is_said_of_options_that_there_are_not():
    for page in (conftest.PAGE, conftest.EVIDENCE_PAGE):
        named = flags(line for line in page.read_text().splitlines() if line.startswith("."))
        assert named - {"--option"} <= OPTIONS


def test_every_command(usage):
    assert usage.commands == COMMANDS
    assert [line.split()[2] for line in items("COMMANDS", "Cm")] == COMMANDS


def test_every_format_that_is_taken():
    formats = [line.split()[2] for line in items("OPTIONS", "Cm")]
    assert formats == ["json", "text", "markdown", "in-toto", "cli", "terraform", "cloudformation"]
    said = [subprocess.run([conftest.PROGRAM, *words, "-o", "nonsense"], capture_output=True, text=True).stderr
            for words in (["scan"], ["filter", "-"])]
    taken = {name for text in said for name in text.strip().split("there are ")[1].split(", ")}
    assert sorted(taken) == sorted(formats)


def test_every_scope_that_is_taken():
    lines = conftest.section(conftest.PAGE, "OPTIONS")
    start = lines.index(".It Fl -scope Ar KEYS")
    keys = re.findall(r"[a-z]+_[a-z_0-9]+|(?<= )[a-z]+(?= ,)", " ".join(lines[start + 4:start + 9]))
    source = (conftest.REPO / "probe" / "report" / "criteria.c").read_text()
    assert keys == re.search(r"may match on; use ([a-z_, ]+)", source)[1].split(", ")
    assert len(keys) == 13


def test_every_exit_status(usage):
    readme = (conftest.REPO / "README.md").read_text()
    (rows,) = re.findall(r"^\| exit status \| meaning \|\n((?:\|.*\n)+)", readme, re.M)
    table = re.findall(r"^\| (\d+) \|", rows, re.M)
    page = [line.split()[1] for line in conftest.section(conftest.PAGE, "EXIT STATUS") if line.startswith(".It ")]
    assert table == page == ["0", "1", "2", "64", "65", "70", "74"]
    assert usage.statuses == set(page)


@pytest.mark.parametrize("arguments, status", [
    (["--nonsense"], 64), (["judge", "/nonexistent"], 65), (["scan", "--output", "/nonexistent/file"], 74),
    (["filter", "/dev/null", "-o", "text"], 64), (["report", "/dev/null"], 65)])
def test_statuses_of_misuse(arguments, status):
    assert subprocess.run([conftest.PROGRAM, *arguments], capture_output=True).returncode == status


@pytest.mark.parametrize("option, name, least, most", [
    ("--timeout", "Fl -timeout Ar S", "1", "3600"), ("--max-bytes", "Fl -max-bytes Ar N", "2000", "1073741824")])
def test_bounds(option, name, least, most):
    lines = conftest.section(conftest.PAGE, "OPTIONS")
    start = lines.index(".It " + name)
    assert re.search(rf"from {least} to {most}\b", " ".join(lines[start:start + 6]))

    def status(value):
        # An empty file is no finding: 65.
        return subprocess.run([conftest.PROGRAM, "explain", "/dev/null", option, value],
                              capture_output=True).returncode
    assert (status(least), status(most)) == (65, 65)
    assert (status(str(int(least) - 1)), status(str(int(most) + 1))) == (64, 64)


def test_abbreviations():
    def status(*words):
        return subprocess.run([conftest.PROGRAM, "explain", "/dev/null", *words], capture_output=True).returncode
    assert status("--time=5", "--pret") == 65
    assert [status(word) for word in ("--p", "--hel", "--vers", "--conf")] == [64, 64, 64, 64]


def declared(entry, tmp_path):
    """Is one declared client accepted? Then the only fault is that there is no finding."""
    (tmp_path / "clients.json").write_text(json.dumps({"expected": [entry]}))
    (tmp_path / "root").mkdir(exist_ok=True)
    scan = subprocess.run([conftest.PROGRAM, "--root", tmp_path / "root"], capture_output=True, text=True)
    done = subprocess.run([conftest.PROGRAM, "judge", "-", "--expect", tmp_path / "clients.json"],
                          input=scan.stdout, capture_output=True, text=True)
    assert done.returncode == 65
    return done.stderr == "sockprobe: judge: the evidence holds no finding; give one\n"


@pytest.mark.parametrize("page, mark", [
    (conftest.PAGE, r"^\.Bd -literal.*?\n(.*?)\n\.Ed"), (conftest.REPO / "README.md", r"^```json\n(.*?)\n```")],
    ids=["sockprobe.8", "README.md"])
def test_declared_clients_as_the_page_shows_them(page, mark, tmp_path):
    blocks = re.findall(mark, page.read_text(), re.S | re.M)
    (entry,) = [entry for block in blocks if '"expected"' in block for entry in json.loads(block)["expected"]]
    assert declared(entry, tmp_path)
    assert list(entry) == ["namespace", "workload", "image_prefix", "executable", "socket", "why"]
    assert not declared({**entry, "more": "x"}, tmp_path)

    def without(*names):
        return declared({name: entry[name] for name in entry if name not in names}, tmp_path)
    # as the page says, which are needed
    assert [without(name) for name in entry] == [False, True, True, True, False, True]
    assert not without("workload", "image_prefix")
