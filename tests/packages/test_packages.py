# The lists of scripts/packages, held against what each command calls: a program
# or a Python module that is on this machine belongs to a package of the lists that
# the command installs, to one that such a package depends on, or to one that every
# Debian has. (What is on no list and not on this machine stops the command itself:
# scripts/check-fresh sees that.)
import ast
import functools
import importlib.util
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

REPO = pathlib.Path(__file__).resolve().parents[2]
# Each command's lists, and the files that it runs.
COMMANDS = {
    "scripts/demo": ("build node", ["scripts/demo", "scripts/node-lab", "tests/node/*"]),
    "scripts/check": ("build node check dist", [
        "Makefile", "*/*.mk", "scripts/check", "scripts/coverage", "scripts/lint", "scripts/valgrind-unit", "scripts/node-lab",
        "packaging/*/*", "tests/npm-ci", "tests/fuzz/run", "tests/unit/run", "tests/node/*", "tests/integration/*",
        "tests/kubectl/*", "tests/manual/*", "tests/packages/*", "tests/packaging/*", "tests/ssm/*"]),
    "scripts/check-kernels": ("build node check kernels", ["scripts/check-kernels", "tests/kernels/*", "tests/node/*"]),
    "scripts/check-fresh": ("fresh", ["scripts/check-fresh"]),
    "make bench": ("build node bench", ["tests/bench/*", "tests/node/*"]),
}
# npm brings it.
NO_PACKAGE = {"kubectl"}
# The Python functions whose argument is a command, or its first word.
CALLS = {"run", "exec", "spawn", "Popen", "enter", "check_output"}


def text_of(path):
    try:
        return path.read_text()
    except UnicodeDecodeError:  # a picture
        return ""


def is_python(path, text):
    return path.suffix == ".py" or text.startswith("#!/usr/bin/python3")


def shell_words(text):
    """The words that stand where a command does, and some that only seem to."""
    text = re.sub(r"\\\n", " ", text)
    text = re.sub(r"(^|\s)#.*", r"\1", text)
    text = re.sub(r'"[^"$`]*"', '""', text)
    start = r"(?:^|[|;&({']|\b(?:then|do|else|if|elif|while|until|exec|xargs)\b)[ \t@!+-]*(?:\w+=\S*[ \t]+)*"
    return set(re.findall(start + r"([a-z][\w.+-]*)(?=[\s;)|]|$)", text, flags=re.M))


def python_words(text):
    """The commands that a Python file runs: of a list the first word."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and node.args and getattr(node.func, "attr", getattr(node.func, "id", "")) in CALLS:
            first = node.args[0]
            if isinstance(first, ast.List) and first.elts:
                first = first.elts[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value


def imports(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module


def module_file(name):
    """Where Debian's Python finds a module, if a package may own that."""
    try:
        found = importlib.util.find_spec(name)
    except ModuleNotFoundError:
        return None
    origin = found and found.origin or ""
    return origin if origin.startswith("/usr/lib/python3/dist-packages/") else None


@functools.cache
def used(command):
    """Each file of a package that a command calls: the first word or module that it was, and where."""
    found = {}
    for pattern in COMMANDS[command][1]:
        paths = [path for path in REPO.glob(pattern) if path.is_file()]
        assert paths, f"{pattern}: no such file"
        for path in sorted(paths):
            text = text_of(path)
            if is_python(path, text):
                names = [(word, shutil.which(word)) for word in python_words(text)]
                names += [(name, module_file(name)) for name in imports(text)]
            elif text.startswith(("#!/bin/sh", "#!/bin/bash")) or path.suffix == ".mk" or path.name == "Makefile":
                names = [(word, shutil.which(word)) for word in shell_words(text)]
            else:
                continue
            for word, file in names:
                if file and word not in NO_PACKAGE and pathlib.Path(file).is_relative_to("/usr"):
                    found.setdefault(str(pathlib.Path(file).resolve()), (word, path.relative_to(REPO)))
    return found


@functools.cache
def installed():
    """Each package and each name that it provides: the packages that it cannot be without."""
    rows = subprocess.run(["dpkg-query", "-W", "-f", "${Package}\t${Essential}\t${Provides}\t${Pre-Depends}, ${Depends}\n"],
                          capture_output=True, text=True, check=True).stdout.splitlines()
    packages, essential = {}, {"apt"}
    for name, is_essential, provides, depends in (row.split("\t") for row in rows):
        needs = set(re.findall(r"(?:^|[,|])\s*([a-z0-9][a-z0-9.+-]+)", depends))
        for each in [name, *re.findall(r"(?:^|,)\s*([a-z0-9][a-z0-9.+-]+)", provides)]:
            packages.setdefault(each, set()).update(needs | {name})
        if is_essential == "yes":
            essential.add(name)
    return packages, essential


def with_dependencies(names):
    packages, essential = installed()
    found, left = set(), {*names, *essential}
    while left:
        name = left.pop()
        if name in packages and name not in found:
            found.add(name)
            left |= packages[name]
    return found


def owners(files):
    """The packages of files; diversions and what no package has are left out."""
    done = subprocess.run(["dpkg-query", "-S", *files], capture_output=True, text=True)
    for line in done.stdout.splitlines():
        names, _, file = line.partition(": ")
        if file in files and not names.startswith("diversion "):
            yield file, {name.partition(":")[0] for name in names.split(", ")}


def missing(command, listed):
    has = with_dependencies(listed)
    return {f"{used(command)[file][0]} (in {used(command)[file][1]}) is of {' or '.join(sorted(names))}"
            for file, names in owners(list(used(command))) if not names & has}


def listed(sets):
    return subprocess.run([REPO / "scripts/packages", "--list", *sets.split()], capture_output=True, text=True,
                          check=True).stdout.split()


@pytest.mark.parametrize("command", COMMANDS)
def test_list_is_whole(command):
    assert missing(command, listed(COMMANDS[command][0])) == set()


@pytest.mark.parametrize("command", COMMANDS)
def test_command_installs_its_lists(command):
    source = text_of(REPO / (command if "/" in command else "tests/tests.mk"))
    assert re.search(rf"^\s*scripts/packages {COMMANDS[command][0]}\b", source, re.M)


@pytest.mark.parametrize("command, package, word", [
    ("scripts/demo", "protobuf-compiler", "protoc"), ("scripts/check", "logrotate", "logrotate"),
    ("scripts/check", "python3-jsonschema", "jsonschema"), ("make bench", "strace", "strace")])
def test_what_is_taken_from_a_list_is_missed(command, package, word):
    less = [name for name in listed(COMMANDS[command][0]) if name != package]
    assert any(line.startswith(f"{word} (in ") for line in missing(command, less))
