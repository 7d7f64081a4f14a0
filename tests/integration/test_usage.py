# Bad input and broken outputs: a clear error, the right exit status, nothing
# left behind. Needs no node.
import json
import os
import pathlib
import re
import subprocess
import time

import conftest
import pytest
import schema


@pytest.mark.parametrize("arguments, words", [
    (["--nonsense"], "--nonsense: no such option"),
    (["-x"], "-x: no such option"),
    (["scan", "--expect", "f"], "scan: does not take --expect"),
    (["--detector", "d"], "scan: does not take --detector"),
    (["filter", "--pretty", "f"], "filter: does not take --pretty"),
    (["judge", "--root", "/", "f"], "judge: does not take --root"),
    (["report", "--timeout", "1", "f"], "report: does not take --timeout"),
    (["nonsense"], "nonsense: no such command"),
    (["scan", "operand"], "takes no operand"),
    (["--root", "/nonexistent"], "--root /nonexistent: No such file or directory"),
    (["--root", "/etc/passwd"], "--root /etc/passwd: not a directory"),
    (["--root"], "needs a value"),
    (["--path", "run/docker.sock"], "must be absolute"),
    (["--path", "/run/../etc/docker.sock"], "must not hold '..'"),
    (["--path", "/run/.."], "must not hold '..'"),
    (["--path", "/" + "x" * 5000], "longer than 4095 bytes"),
    (["-o", "yaml"], "no such format; there are json, text, markdown"),
    (["--timeout", "0"], "whole seconds from 1 to 3600"),
    (["--timeout", "1h"], "whole seconds from 1 to 3600"),
    (["--timeout", "-1"], "whole seconds from 1 to 3600"),
    (["--timeout", "99999999999999999999"], "whole seconds from 1 to 3600"),
])
def test_usage_errors(sockprobe, arguments, words):
    done = sockprobe(*arguments)
    assert done.returncode == 64
    assert done.stdout == ""
    assert done.stderr.startswith("sockprobe: ") and words in done.stderr
    assert done.stderr.count("\n") == 1


def test_names_in_errors_do_nothing_to_a_terminal(sockprobe):
    done = sockprobe("\033[31m\u202enonsense\n")
    assert done.returncode == 64
    assert done.stderr == "sockprobe: '\\u{1b}[31m\\u{202e}nonsense\\u{a}': no such command; see --help\n"


@pytest.mark.parametrize("arguments, message", [
    (["judge", "a.json: not JSON; see b"], "'a.json: not JSON; see b': No such file or directory"),
    (["judge", "it's"], "\"it's\": No such file or directory"),
    (["judge", ""], "'': No such file or directory"),
    (["scan", "x, y"], "scan: takes no operand: 'x, y'; see --help"),
    (["--root", "/a  b"], "--root '/a  b': No such file or directory"),
    (["--path", "(x)"], "--path '(x)': must be absolute, as seen from the root"),
    (["--output", "/no/x y"], "--output '/no/x y': No such file or directory"),
])
def test_a_name_in_an_error_is_no_sentence(sockprobe, arguments, message):
    done = sockprobe(*arguments)
    assert done.returncode in (64, 65, 74)
    assert done.stderr == f"sockprobe: {message}\n"


@pytest.mark.parametrize("text, message", [
    ("{", "line 1, column 2: "),
    ('{"schema": "x"}', "not evidence of schema sockprobe.evidence/v1\n"),
])
def test_a_name_in_a_file_is_no_sentence(sockprobe, tmp_path, text, message):
    (tmp_path / "a: not JSON").write_text(text)
    done = sockprobe("judge", "a: not JSON", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (65, "")
    assert done.stderr.startswith(f"sockprobe: 'a: not JSON': {message}"), done.stderr


def test_a_member_in_a_file_is_no_sentence(sockprobe, tmp_path):
    evidence = json.loads(sockprobe("--root", str(tmp_path)).stdout)
    done = sockprobe("report", "-", input=json.dumps({**evidence, "x: missing, /y": 1}))
    assert (done.returncode, done.stdout) == (65, "")
    assert done.stderr.startswith("sockprobe: -: '/x: missing, ~1y': "), done.stderr


@pytest.mark.parametrize("before, unit, after", [
    (["report"], "d/", "No such file or directory"),
    (["report"], "'\"", "File name too long"),
    (["--root"], "x ", "File name too long"),
    (["--output"], "d/", "No such file or directory"),
    (["-o"], "y", "no such format; there are json, text, markdown, in-toto"),
    (["--path"], "y", "must be absolute, as seen from the root"),
    (["--timeout"], "9", "give whole seconds from 1 to 3600"),
    ([], "n", "no such command; see --help"),
])
def test_a_long_name_leaves_the_reason(sockprobe, before, unit, after):
    done = sockprobe(*before, unit * 1500 + "end")
    assert done.returncode in (64, 65, 74)
    name, reason = re.fullmatch("sockprobe: (.*?end'?): (.*)\n", done.stderr).groups()
    assert reason == after
    assert "..." in name and len(name) < 280


def test_dots_in_a_name_are_no_parent(sockprobe):
    done = sockprobe("--path", "/run/..docker..sock")
    assert done.returncode in (0, 2)
    assert any("/run/..docker..sock" in path["names"] for path in json.loads(done.stdout)["paths"])


def test_full_disk(sockprobe):
    with open("/dev/full", "w") as full:
        done = subprocess.run([conftest.PROGRAM], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 74
    assert done.stderr == "sockprobe: output: No space left on device; it is not whole\n"


@pytest.mark.parametrize("arguments", [[], ["-o", "text"], ["--pretty"]])
def test_closed_pipe(arguments):
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = subprocess.run([conftest.PROGRAM, *arguments], stdout=write_end, stderr=subprocess.PIPE, text=True)
    os.close(write_end)
    assert done.returncode == 74
    assert done.stderr == "sockprobe: output: Broken pipe; it is not whole\n"


def test_closed_stdout():
    done = subprocess.run(["sh", "-c", '"$0" >&-', conftest.PROGRAM], stderr=subprocess.PIPE, text=True)
    assert done.returncode == 74
    assert "sockprobe: output: Bad file descriptor" in done.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["help"], ["scan", "--help"]])
def test_help_fits_a_screen(sockprobe, arguments):
    done = sockprobe(*arguments)
    assert done.returncode == 0 and done.stderr == ""
    lines = done.stdout.splitlines()
    assert len(lines) <= 40 and all(len(line) <= 80 for line in lines)
    for option in ["--root", "--path", "-o", "--pretty", "--timeout", "--version"]:
        assert option in done.stdout


def test_version(sockprobe):
    assert sockprobe("--version").stdout.startswith("sockprobe 0.")


def test_empty_root(sockprobe, tmp_path):
    done = sockprobe("--root", str(tmp_path))
    assert done.returncode == 2
    document = json.loads(done.stdout)
    schema.check(document)
    assert {path["kind"] for path in document["paths"] if path["source"] == "known"} == {"missing"}


def test_pretty_is_the_same_document(sockprobe, tmp_path):
    saved = tmp_path / "evidence.json"
    saved.write_text(sockprobe("--root", str(tmp_path)).stdout)
    plain, pretty = (sockprobe("report", "-o", "json", *more, str(saved)).stdout for more in ([], ["--pretty"]))
    assert json.loads(plain) == json.loads(pretty)
    assert plain.count("\n") == 1 < pretty.count("\n")


def test_colour_is_for_terminals_and_not_with_no_color(tmp_path):
    import pty

    def on_terminal(environment):
        leader, follower = pty.openpty()
        process = subprocess.Popen([conftest.PROGRAM, "--root", str(tmp_path), "-o", "text"], stdout=follower,
                                   stderr=subprocess.DEVNULL, env={**os.environ, **environment})
        os.close(follower)
        out = b""
        while True:
            try:
                part = os.read(leader, 4096)
            except OSError:
                break
            if not part:
                break
            out += part
        process.wait()
        os.close(leader)
        return out

    environment = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    assert b"\033[" in on_terminal({**environment, "NO_COLOR": ""})
    assert b"\033[" not in on_terminal({"NO_COLOR": "1"})


def test_nice_steps_back_before_anything_else():
    """While it waits for a finding: ionice and the kernel's own numbers are the witnesses."""
    asked = subprocess.Popen([conftest.PROGRAM, "explain", "-", "--nice"], stdin=subprocess.PIPE,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait = time.monotonic() + 300  # at SCHED_IDLE a busy machine leaves it nearly nothing
        while "Seccomp:\t2" not in pathlib.Path(f"/proc/{asked.pid}/status").read_text():
            assert time.monotonic() < wait
        policy = pathlib.Path(f"/proc/{asked.pid}/stat").read_text().rpartition(")")[2].split()[38]
        assert policy == "5"  # SCHED_IDLE, sched(7)
        ionice = subprocess.run(["ionice", "-p", str(asked.pid)], capture_output=True, text=True, check=True)
        assert ionice.stdout.strip() == "idle"
    finally:
        asked.kill()
        asked.wait()


@pytest.mark.parametrize("arguments, message", [(["--root", "/proc/self/fdinfo"], r"sockprobe: \d+ live .*\n"), (["--nonsense"], r"sockprobe: --nonsense.*\n")])
def test_message_is_one_write(arguments, message):
    """Written in pieces it would mix with those of others in one log."""
    done = subprocess.run(["strace", "-f", "-o", "/dev/fd/1", "-e", "trace=write", conftest.PROGRAM,
                           *arguments], capture_output=True, text=True)
    assert re.fullmatch(message, done.stderr)
    assert len(re.findall(r"write\(2, ", done.stdout)) == 1
