# The completions by completing: bash by its function with the words of a command
# line and in a terminal, zsh by the Tab key in a terminal of its own. What is
# expected is written out; that it is all there is, --help says.
import os
import pty
import select
import signal
import subprocess
import time

import conftest
import pytest

COMMANDS = ["scan", "explain", "judge", "filter", "report", "help", "version", "confinement"]
GENERAL = ["-h", "--help", "--version", "--confinement"]
OPTIONS = {
    "scan": ["--root", "--path", "-o", "--format", "--output", "--max-bytes", "--pretty", "--nice", "--timeout"],
    "explain": ["--root", "--path", "-o", "--format", "--output", "--max-bytes", "--expect", "--strict", "--pretty", "--nice", "--timeout"],
    "judge": ["-o", "--format", "--output", "--max-bytes", "--expect", "--strict", "--pretty"],
    "filter": ["-o", "--format", "--output", "--scope", "--detector", "--account", "--cluster"],
    "report": ["-o", "--format", "--output", "--max-bytes", "--pretty"],
}
KEYS = ["finding_type", "account_id", "cluster_name", "ecs_cluster_name", "cluster_arn", "task_definition_arn",
        "namespace", "workload_name", "container_name", "image", "image_prefix", "executable_path", "socket_path"]
FORMATS = ["json", "text", "markdown", "in-toto"]
FILES = ["clients.json", "evidence.json", "folder", "with space"]

# The words before the cursor, and the completions offered there.
CASES = [
    ([""], COMMANDS),
    (["sc"], ["scan"]),
    (["re"], ["report"]),
    (["x"], []),
    (["--"], [*(word for word in OPTIONS["scan"] if word != "-o"), "--help", "--version", "--confinement"]),
    (["--pretty", ""], []),
    (["--pretty", "--ti"], ["--timeout"]),
    *[([command, "-"], [*options, *GENERAL]) for command, options in OPTIONS.items()],
    (["scan", ""], []),
    (["scan", "--p"], ["--path", "--pretty"]),
    (["scan", "--pretty", "--p"], ["--path"]),
    (["scan", "--path", "/x", "--p"], ["--path", "--pretty"]),
    (["scan", "-o", ""], FORMATS),
    (["explain", "--format", "m"], ["markdown"]),
    (["report", "evidence.json", "-o", "t"], ["text"]),
    (["filter", "-o", ""], ["json", "cli", "terraform", "cloudformation"]),
    (["filter", "evidence.json", "--format", "c"], ["cli", "cloudformation"]),
    (["filter", "--scope", ""], KEYS),
    (["filter", "--detector", ""], []),
    (["filter", "--account", ""], []),
    (["filter", "--cluster", ""], []),
    (["scan", "--timeout", ""], []),
    (["scan", "--max-bytes", ""], []),
    (["scan", "--root", ""], ["folder"]),
    (["scan", "--output", "e"], ["evidence.json"]),
    (["explain", "--expect", "c"], ["clients.json"]),
    (["explain", "c"], ["clients.json"]),
    (["explain", "--expect", "clients.json", ""], FILES),
    (["explain", "clients.json", ""], []),
    (["judge", "evidence.json", "c"], ["clients.json"]),
    (["judge", "evidence.json", "clients.json", ""], []),
    (["filter", ""], FILES),
    (["report", "evidence.json", ""], []),
    (["help", ""], []),
    (["help", "-"], []),
    (["nonsense", "-"], []),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("completion")
    for name in FILES:
        (folder / name).mkdir() if name == "folder" else (folder / name).touch()
    return folder


def environment(folder):
    return {"PATH": "/usr/bin:/bin", "HOME": str(folder), "TERM": "dumb", "LC_ALL": "C", "PS1": "> "}


# ---- bash ----

def bash(folder, *words, setup=":"):
    """COMPREPLY of the function that `complete` names, for the words as readline splits them."""
    script = f"""{setup}; . "$0"
        COMP_WORDS=(sockprobe "$@"); COMP_CWORD=$#; COMP_LINE="${{COMP_WORDS[*]}}"; COMP_POINT=${{#COMP_LINE}}
        name=$(complete -p sockprobe); name=${{name##*-F }}; "${{name%% *}}" sockprobe "${{COMP_WORDS[COMP_CWORD]}}" "${{COMP_WORDS[COMP_CWORD - 1]}}"
        [ ${{#COMPREPLY[@]}} = 0 ] || printf '%s\\n' "${{COMPREPLY[@]}}" """
    done = subprocess.run(["bash", "--norc", "--noprofile", "-c", script, conftest.BASH, *words], cwd=folder,
                          env=environment(folder), capture_output=True, text=True, timeout=120)
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.mark.parametrize("words, expected", CASES, ids=[" ".join(words) for words, _ in CASES])
def test_bash(folder, words, expected):
    assert sorted(bash(folder, *words)) == sorted(expected)


@pytest.mark.parametrize("words, expected", [
    (["--root", "="], ["folder"]),
    (["scan", "--root", "=", "f"], ["folder"]),
    (["scan", "--format", "=", ""], FORMATS),
    (["explain", "--expect", "=", "clients.json", "e"], ["evidence.json"]),
    (["filter", "--scope", "=", "finding_type,im"], ["finding_type,image_prefix", "finding_type,image"]),
], ids=lambda value: " ".join(value))
def test_bash_with_an_equals_sign(folder, words, expected):
    assert sorted(bash(folder, *words)) == sorted(expected)


def test_bash_keys_are_asked_once(folder):
    done = bash(folder, "filter", "--scope", "finding_type,namespace,")
    assert done == [f"finding_type,namespace,{key}" for key in KEYS if key not in ("finding_type", "namespace")]


def test_bash_with_odd_settings(folder):
    """The user's shell options and IFS change nothing."""
    for setup in ("set -u", "set -f", "IFS=e", "shopt -s nullglob failglob"):
        assert bash(folder, "filter", "evidence.json", "--format", "c", setup=setup) == ["cli", "cloudformation"], setup


def test_bash_lint():
    done = subprocess.run(["shellcheck", "--shell=bash", conftest.BASH], capture_output=True, text=True)
    assert done.stdout == ""


# ---- terminals ----

class Terminal:
    """A shell at a terminal; `keys` types, and returns what it printed until a word comes."""

    def __init__(self, command, folder):
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execvpe(command[0], command, environment(folder))

    def keys(self, text, until, timeout=120):
        os.write(self.terminal, text.encode())
        printed, end = b"", time.monotonic() + timeout
        while until.encode() not in printed:
            ready, _, _ = select.select([self.terminal], [], [], max(0, end - time.monotonic()))
            assert ready, f"{until!r} did not come: {printed!r}"
            printed += os.read(self.terminal, 65536)
        return printed.decode(errors="replace")

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.terminal)


@pytest.fixture
def bash_terminal(folder):
    terminal = Terminal(["bash", "--norc", "--noprofile", "-i"], folder)
    # ^G prints the line as it is, between marks.
    terminal.keys(f"bind 'set bell-style none'; bind -x '\"\\C-g\":echo \"<<$READLINE_LINE>>\"'; "
                  f". '{conftest.BASH}'; echo rea''dy\n", "ready")
    yield terminal
    terminal.close()


@pytest.mark.parametrize("typed, line", [
    ("sockprobe sc\t", "sockprobe scan "),
    ("sockprobe filter --sc\t", "sockprobe filter --scope "),
    ("sockprobe filter --scope=find\t", "sockprobe filter --scope=finding_type"),
    ("sockprobe report -o m\t", "sockprobe report -o markdown "),
    ("sockprobe --root fo\t", "sockprobe --root folder/"),
    ("sockprobe report w\t", "sockprobe report with\\ space "),
    ("sockprobe report 'w\t", "sockprobe report 'with space' "),
    ("sockprobe report with\\ s\t", "sockprobe report with\\ space "),
    ("sockprobe report evidence.json \t", "sockprobe report evidence.json "),
], ids=lambda value: value.strip())
def test_bash_in_a_terminal(bash_terminal, typed, line):
    printed = bash_terminal.keys(typed + "\007", ">>")
    assert printed.split("<<")[-1].split(">>")[0] == line


# ---- zsh ----

CAPTURE = r"""
unsetopt beep zle_bracketed_paste 2>/dev/null; unset zle_bracketed_paste
fpath=(%(completions)s $fpath); autoload -Uz compinit && compinit -u -D
_capture_line() { print -r -- "<<$BUFFER>>" }; zle -N _capture_line; bindkey '^G' _capture_line
setopt no_list_beep no_always_last_prompt; LISTMAX=1000
# Every match that the completion system is given is noted, then added.
compadd() {
  if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd "$@"; return; fi
  local -a noted
  builtin compadd -A noted "$@"
  (( $#noted )) && print -rl -- $noted >>%(note)s
  builtin compadd "$@"
}
"""


@pytest.fixture(scope="module")
def zsh(folder, tmp_path_factory):
    """A zsh with the completion; a call types a line and Tab, and returns the matches and the line."""
    state = tmp_path_factory.mktemp("zsh")
    note = state / "note"
    setup = state / "setup"
    setup.write_text(CAPTURE % {"completions": conftest.ZSH, "note": note})
    terminal = Terminal(["zsh", "-f", "-i"], folder)
    terminal.keys(f". '{setup}'; print rea''dy\n", "ready")

    def complete(line):
        note.write_text("")
        printed = terminal.keys("\025" + line + "\t\007", ">>")
        return note.read_text().splitlines(), printed.split("<<")[-1].split(">>")[0]
    yield complete
    terminal.close()


# Where no operand may follow, zsh offers the options that are left.
OPTIONS_INSTEAD = {
    "--pretty ": ["--root", "--path", "-o", "--format", "--output", "--max-bytes", "--nice", "--timeout", *GENERAL],
    "scan ": [*OPTIONS["scan"], *GENERAL],
    "explain clients.json ": [*OPTIONS["explain"], *GENERAL],
    "judge evidence.json clients.json ": [*OPTIONS["judge"], *GENERAL],
    "report evidence.json ": [*OPTIONS["report"], *GENERAL],
}


@pytest.mark.parametrize("words, expected", CASES, ids=[" ".join(words) for words, _ in CASES])
def test_zsh(zsh, words, expected):
    typed = " ".join(words)
    matches, _ = zsh("sockprobe " + typed)
    assert (sorted({match.replace("\\", "").rstrip("=/") for match in matches})
            == sorted(OPTIONS_INSTEAD.get(typed, expected)))


@pytest.mark.parametrize("typed, line", [
    ("sockprobe sc", "sockprobe scan "),
    ("sockprobe filter --sc", "sockprobe filter --scope="),
    ("sockprobe filter --scope=finding_type,n", "sockprobe filter --scope=finding_type,namespace,"),
    ("sockprobe filter --scope finding_type,n", "sockprobe filter --scope finding_type,namespace,"),
    ("sockprobe report -o m", "sockprobe report -o markdown "),
    ("sockprobe --root fo", "sockprobe --root folder/"),
    ("sockprobe report w", "sockprobe report with\\ space "),
    ("sockprobe report with\\ s", "sockprobe report with\\ space "),
])
def test_zsh_in_a_terminal(zsh, typed, line):
    assert zsh(typed)[1] == line


# ---- both ----

def test_each_command_and_option_of_the_program_is_offered(usage):
    assert usage.commands == COMMANDS
    assert usage.options == {option for options in OPTIONS.values() for option in options} | set(GENERAL)


@pytest.mark.parametrize("command", OPTIONS)
def test_each_option_that_the_page_has_for_a_command_and_no_other(command):
    """The synopsis is the witness."""
    lines = conftest.section(conftest.PAGE, "SYNOPSIS")
    text = "\n".join(lines).split(".Nm\n")
    (part,) = [part for part in text if part.startswith((f".Cm {command}\n", f".Op Cm {command}\n"))]
    named = {"-" + line.split()[2] for line in part.splitlines() if line.startswith(".Op Fl ")}
    assert named == set(OPTIONS[command]) - {"--format"}


def test_the_files_are_installed(tmp_path):
    # -o: the tested program is not rebuilt
    subprocess.run(["make", "-C", conftest.REPO, "-o", conftest.PROGRAM, "install", f"DESTDIR={tmp_path}",
                    "prefix=/usr", f"PROGRAM={conftest.PROGRAM}"], check=True, capture_output=True)
    share = tmp_path / "usr" / "share"
    for name in ("man/man8/sockprobe.8", "man/man5/sockprobe-evidence.5", "zsh/site-functions/_sockprobe",
                 "bash-completion/completions/sockprobe"):
        assert (share / name).read_bytes(), name
