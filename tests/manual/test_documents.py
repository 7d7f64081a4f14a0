# What the documents tell a reader to type and where to look is there: commands
# and options, make's targets, files, links, and the examples of code. What can
# run in a copy of the tree is run there; the rest is listed with the reason.
import functools
import os
import re
import shlex
import shutil
import subprocess

import conftest
import pytest

REPO = conftest.REPO
# For those who change the program; README.md is for those who use it.
MAINTAINERS = ["CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "probe/README.md", "tests/README.md"]
DOCUMENTS = ["README.md", *MAINTAINERS]
OTHERS = {"aws", "dnf", "export", "kubectl", "less", "systemctl"}
PROGRAM = r"(\./|\$PWD/)?sockprobe(-[0-9.]+-(x86_64|aarch64))?"

STAGE = "a stage of scripts/check"
NOT_RUN = {
    "scripts/packages build node check": "installs; tests/packages holds its lists",
    "scripts/demo": "scripts/check-fresh runs it",
    "scripts/check": "scripts/check-fresh runs it",
    "scripts/check-fresh": "the gate itself",
    "make format": "changes sources; make lint tells whether it would",
    "make lint": STAGE,
    "make unit": STAGE,
    "make fuzz-replay T=cgroup": STAGE,
    "make fuzz-replay T=finding": STAGE,
    "make fuzz T=cgroup FUZZ_SECONDS=10": STAGE,
    "make check-kernels QUICK=1": "boots kernels for minutes",
    "make integration T=NAME": "NAME is the reader's",
    "./sockprobe -o text": "this machine is not a test's",
    "./sockprobe --root DIR -o text": "DIR is the reader's",
}


@functools.cache
def read(document):
    return (REPO / document).read_text()


def fenced(document, *languages):
    """The fenced blocks of these languages, without the indentation of a list."""
    blocks = re.findall(r"^( *)```(\w*)\n(.*?)^ *```$", read(document), re.M | re.S)
    return [re.sub(f"^{indent}", "", text, flags=re.M) for indent, language, text in blocks if language in languages]


def lines(document):
    """What is to be typed: indented blocks, and fenced ones of shell."""
    prose = re.sub(r"^ *```.*?^ *```$", "", read(document), flags=re.M | re.S)
    shell = "".join(fenced(document, "sh")).splitlines()
    return [line.strip() for line in [*re.findall(r"^    (.*)", prose, re.M), *shell]]


def commands(document):
    """The words of each command, without sudo and what takes its output."""
    for line in lines(document):
        words = shlex.split(re.sub(r"^\w+=\$\((.*)\)$", r"\1", line), comments=True)
        while words:
            end = next((i for i, word in enumerate(words) if word in ("&&", "|")), len(words))
            yield [word for word in words[:end] if word != "sudo"]
            words = words[end + 1:]


@pytest.fixture(scope="session")
def targets():
    rules = subprocess.run(["make", "-C", REPO, "-pRrq", "no-such-target"], capture_output=True, text=True).stdout
    return set(re.findall(r"^([a-z][a-z-]*):", rules, re.M))


@pytest.mark.parametrize("words", [words for document in DOCUMENTS for words in commands(document)], ids=" ".join)
def test_command_is_there(words, usage, targets):
    if words[0] == "systemd-run" or words[:2] == ["scripts/node-lab", "exec"]:
        words = words[next(i for i, word in enumerate(words) if re.fullmatch(PROGRAM, word)):]
    if words[0] == "make":
        assert {word for word in words[1:] if "=" not in word} <= targets
    elif words[0].startswith("scripts/"):
        assert (REPO / words[0]).stat().st_mode & 0o111
    elif words[0] not in OTHERS:
        assert re.fullmatch(PROGRAM, words[0])
        assert {word for word in words[1:] if word.startswith("-")} <= usage.options


# ---- in a copy of the tree ----

@pytest.fixture(scope="session")
def copy(tmp_path_factory):
    """The tree as it is now, with nothing built in it."""
    names = subprocess.run(["git", "-C", REPO, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                           capture_output=True, text=True, check=True).stdout.split("\0")
    top = tmp_path_factory.mktemp("copy")
    for name in filter(None, names):
        if (REPO / name).is_file():
            (top / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPO / name, top / name)
    subprocess.run(["git", "init", "-q", top], check=True)
    return top


def run(command, copy):
    # As from a shell of its own: not as a part of the make that runs this.
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith(("MAKE", "MFLAGS", "PYTEST", "SOCKPROBE"))}
    done = subprocess.run(["sh", "-eu", "-c", command], cwd=copy, env=environment, capture_output=True, text=True,
                          timeout=600)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def typed():
    """Each command of the indented blocks for maintainers, once, in their order."""
    rows = [shlex.join(words) for document in MAINTAINERS for words in commands(document)]
    return list(dict.fromkeys(row.replace("'", "") if "=" not in row else row for row in rows
                              if "node-lab" not in row))


def chosen_by(row):
    """The folder and the expression, of what chooses tests of pytest's."""
    match = re.fullmatch(r"make (integration|check-([a-z]+)) '?T=([^']+)'?", row)
    return match and (match[2] or match[1], match[3])


def test_nothing_is_listed_as_not_run_that_is_not_typed():
    assert set(NOT_RUN) <= set(typed())


@pytest.mark.timeout(900)
@pytest.mark.parametrize("row", [row for row in typed() if row not in NOT_RUN and not chosen_by(row)])
def test_command_runs(row, copy):
    run(row, copy)


@pytest.mark.parametrize("row", [row for row in typed() if row not in NOT_RUN and chosen_by(row)])
def test_command_chooses_tests(row):
    folder, expression = chosen_by(row)
    done = subprocess.run(["/usr/bin/python3", "-B", "-m", "pytest", "-q", "--collect-only", "-c", "tests/pytest.ini",
                           "-k", expression, f"tests/{folder}"], cwd=REPO, capture_output=True, text=True,
                          env={**os.environ, "STARVED": "not run"})
    assert done.returncode == 0, done.stdout


@pytest.mark.timeout(900)
def test_examples_of_tests(copy):
    (unit,) = fenced("tests/README.md", "c")
    (node,) = fenced("tests/README.md", "python")
    (copy / "tests/unit/test_example.c").write_text(unit)
    (copy / "tests/integration/test_example.py").write_text(node)
    assert "[  PASSED  ] 1 test(s)" in run("make unit T=example", copy)
    assert re.search(r"1 (passed|skipped)", run("make integration T=test_example", copy))


@pytest.mark.timeout(900)
def test_example_of_a_runtime(copy):
    """The block as it is written, before the first one; the dictionary without and with its name."""
    (block,) = fenced("CONTRIBUTING.md", "c")
    source = copy / "probe/evidence/vocabulary.c"
    head = "const struct runtime runtimes[] = {\n"
    assert source.read_text().count(head) == 1
    source.write_text(source.read_text().replace(head, head + block))
    run("make unit T=vocabulary", copy)
    with pytest.raises(AssertionError, match="Extra items"):
        run("make check-manual T=dictionar", copy)
    with open(copy / "tests/fuzz/evidence.dict", "a", encoding="ascii") as words:
        words.write('"\\"example\\""\n')
    run("make check-manual T=dictionar", copy)


def test_node_to_play_with(copy):
    if os.geteuid() != 0:
        pytest.skip("needs root")
    (script,) = fenced("tests/README.md", "sh")
    script = script.replace("sudo ", "").replace('"$PWD/sockprobe"', shlex.quote(str(conftest.PROGRAM)))
    assert "\n2 live runtime sockets, 1 inert path;" in run(script, copy)


# ---- names ----

def slug(heading):
    """The anchor that a heading has, as hosting sites make it."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def links():
    names = subprocess.run(["git", "-C", REPO, "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
                           capture_output=True, text=True, check=True).stdout.split()
    assert set(DOCUMENTS) <= set(names)
    return [(name, target) for name in names for target in re.findall(r"\]\(([^)\s]+)\)", read(name))
            if "://" not in target]


@pytest.mark.parametrize("document, target", links())
def test_link_leads_somewhere(document, target):
    path, _, anchor = target.partition("#")
    found = (REPO / document).parent / path if path else REPO / document
    assert found.exists()
    if anchor:
        assert anchor in [slug(heading) for heading in re.findall(r"^#+ (.*)", found.read_text(), re.M)]


def words_in(document):
    """The words between backticks, outside of blocks."""
    prose = re.sub(r"^ *```.*?^ *```$", "", read(document), flags=re.M | re.S)
    return re.findall(r"`([^`\n]+)`", prose)


@pytest.mark.parametrize("document, least", zip(MAINTAINERS, [20, 0, 3, 30, 10]))
def test_files_are_there(document, least):
    """Those below the root or beside the document; build/ and placeholders in capitals apart."""
    names = [word for word in words_in(document) if re.fullmatch(r"[a-z0-9_.-]+/[a-z0-9_./-]*(README\.md)?|[a-z_]+\.(c|h|md|mk)",
                                                                   word) and not word.startswith("build/")]
    assert len(names) >= least
    missing = [name for name in names if not (REPO / name).exists() and not (REPO / document).parent.joinpath(name).exists()
               and not list((REPO / document).parent.glob(f"*/{name}"))]
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_targets_are_there(document, targets):
    named = {target for word in words_in(document) for target in re.findall(r"^make ([a-z-]+)", word)}
    assert named <= targets


@pytest.mark.parametrize("document", MAINTAINERS)
def test_identifiers_are_there(document):
    """`name()` and `name[]`, and constants in capitals with an underscore."""
    known = "\n".join(path.read_text() for folder in ("probe", "include", "tests/unit", "tests/fuzz")
                      for path in (REPO / folder).rglob("*.[ch]"))
    known += (REPO / "tests/node/node.py").read_text() + (REPO / "tests/integration/probing.py").read_text()
    known += (REPO / "tests/tests.mk").read_text()
    for word in words_in(document):
        match = re.fullmatch(r"(?:bench\.)?([a-z_]+)(\(\)|\(f\)|\[\])|([A-Z]+_[A-Z_]*[A-Z])", word)
        if match and "NAME" not in word:
            assert re.search(rf"\b{match[1] or match[3]}{'[(]' if match[1] and '[' not in word else ''}", known), word


# ---- what the documents say of the program ----

def test_rooms_are_those_that_are_checked():
    order = re.search(r"^ORDER = \[(.*)\]", read("scripts/rooms"), re.M)[1]
    part = re.search(r"^## Rooms\n(.*?)^## ", read("probe/README.md"), re.M | re.S)[1]
    rooms = re.findall(r"^\| `(\w+)` \|", part, re.M)
    assert rooms == re.findall(r'"(\w+)"', order)
    assert sorted(rooms) == sorted(path.name for path in (REPO / "probe").iterdir() if path.is_dir())


def test_phases_are_the_programs():
    """The capabilities of each phase, as --confinement prints them."""
    printed = subprocess.run([conftest.PROGRAM, "--confinement"], capture_output=True, text=True, check=True).stdout
    real = {name: set() if caps == "none" else {cap.removeprefix("cap_").upper() for cap in caps.split(", ")}
            for name, caps in re.findall(r"^(\w+)\n  capabilities: (.*)", printed, re.M)}
    rows = re.findall(r"^\| ([a-z, ]+) \| ([A-Z_, ]+|none) \|", read("SECURITY.md"), re.M)
    told = {name: set() if caps == "none" else set(caps.split(", ")) for names, caps in rows
            for name in names.split(", ")}
    assert told == real


def test_changelog_has_this_version():
    version = re.search(r'SOCKPROBE_VERSION "(.*)"', read("include/sockprobe/version.h"))[1]
    heads = re.findall(r"^## (\S+)(?: - (\d{4}-\d\d-\d\d))?$", read("CHANGELOG.md"), re.M)
    assert heads[0] == ("Unreleased", "")
    assert version in [name for name, day in heads if day]
