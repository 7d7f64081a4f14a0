# The document's script, with values that no pattern stopped: none is ever
# executed or repeated, and each is refused with a sentence, before any audit.
import conftest
import pytest
from test_document import HOSTILE

MESSAGES = {
    "Output": "sockprobe-scan: Output: give json, summary, text or full\n",
    "Finding": "sockprobe-scan: Finding: give base64 on one line\n",
    "Timeout": "sockprobe-scan: Timeout: give whole seconds from 1 to 600\n",
    "Root": 'sockprobe-scan: Root: give an absolute path of letters, digits, ".", "_" and "-", without ".."\n',
    "Executable": "sockprobe-scan: Executable: not one of those that the document allows\n",
}


def check_refused(step, done, status, message):
    assert (done.returncode, done.stdout, done.stderr) == (status, "", message)
    assert [path.name for path in step.folder.iterdir()] == ["_script.sh"]


@pytest.mark.parametrize("shell", conftest.SHELLS, ids=lambda words: words[0])
@pytest.mark.parametrize("name", MESSAGES)
def test_hostile_values_are_refused(step, shell, name):
    for value in HOSTILE.values():
        check_refused(step, step.run(shell=shell, **{name: value}), 64, MESSAGES[name])


@pytest.mark.parametrize("shell", conftest.SHELLS, ids=lambda words: words[0])
@pytest.mark.parametrize("name, value, message", [
    ("Output", "", MESSAGES["Output"]), ("Output", "json\n", MESSAGES["Output"]), ("Output", "j" * 40000, MESSAGES["Output"]),
    ("Finding", "e30=\n", MESSAGES["Finding"]), ("Finding", "e30-_", MESSAGES["Finding"]),
    ("Finding", "A" * 40000, "sockprobe-scan: Finding: longer than 16384 characters: put gzip -9 before base64\n"),
    ("Timeout", "", MESSAGES["Timeout"]), ("Timeout", "0", MESSAGES["Timeout"]), ("Timeout", "-1", MESSAGES["Timeout"]),
    ("Timeout", "08", MESSAGES["Timeout"]), ("Timeout", "601", MESSAGES["Timeout"]), ("Timeout", "999", MESSAGES["Timeout"]),
    ("Timeout", "30\n", MESSAGES["Timeout"]), ("Timeout", "9" * 40000, MESSAGES["Timeout"]),
    ("Timeout", "18446744073709551617", MESSAGES["Timeout"]),
    ("Root", "", MESSAGES["Root"]), ("Root", "host", MESSAGES["Root"]), ("Root", "/\n", MESSAGES["Root"]),
    ("Root", "/a/../b", MESSAGES["Root"]), ("Root", "/..", MESSAGES["Root"]), ("Root", "/a/..", MESSAGES["Root"]),
    ("Root", "/" * 40000, "sockprobe-scan: Root: longer than 255 characters\n"),
    ("Executable", "", MESSAGES["Executable"]), ("Executable", "/usr/bin/sockprobe\n", MESSAGES["Executable"]),
    ("Executable", "/bin/sh", MESSAGES["Executable"]), ("Executable", "/usr/bin/../bin/sockprobe", MESSAGES["Executable"]),
    ("Executable", "/" * 40000, MESSAGES["Executable"]),
], ids=lambda value: value[:20])
def test_wrong_values_are_refused(step, shell, name, value, message):
    check_refused(step, step.run(shell=shell, **{name: value}), 64, message)


@pytest.mark.parametrize("shell", conftest.SHELLS, ids=lambda words: words[0])
@pytest.mark.parametrize("name", ["Timeout", "Root", "Executable"])
def test_a_variable_that_is_not_there_is_refused(step, shell, name):
    environment = {key: value for key, value in conftest.DEFAULTS.items() if key != f"SSM_{name}"}
    check_refused(step, step.run(shell=shell, environment=environment), 64, MESSAGES[name])


@pytest.mark.parametrize("shell", conftest.SHELLS, ids=lambda words: words[0])
def test_an_agent_that_sets_no_variables(step, shell):
    check_refused(step, step.run(shell=shell, environment={}), 69,
                  "sockprobe-scan: no parameters in the environment: update the SSM Agent to 3.3.2746.0 or later\n")


@pytest.mark.parametrize("shell", conftest.SHELLS, ids=lambda words: words[0])
@pytest.mark.parametrize("value", ["AAA", "A=AA", "H4sI", "H4sIAAAAAAACA6tWSlSyMjSqBQATFGjNCAAA", "H4sIAAAA="])
def test_a_finding_that_cannot_be_unpacked(step, shell, value):
    check_refused(step, step.run(shell=shell, Finding=value), 65,
                  "sockprobe-scan: Finding: not base64, or the gzip in it is damaged\n")


@pytest.mark.parametrize("value", ["=", "===="])
def test_padding_of_nothing(step, value):
    # busybox's base64 takes it for empty, which sockprobe refuses as no finding
    check_refused(step, step.run(Finding=value), 65,
                  "sockprobe-scan: Finding: not base64, or the gzip in it is damaged\n")


@pytest.mark.parametrize("place", ["/usr/bin/sockprobe", "/usr/local/bin/sockprobe", "/opt/sockprobe/bin/sockprobe"])
def test_no_sockprobe_on_the_node(step, place):
    check_refused(step, step.run(program=False, Executable=place), 69,
                  f"sockprobe-scan: {place}: no executable file there: install the sockprobe package, or give Executable\n")


def test_a_file_that_may_not_be_run(step, tmp_path, fake):
    program = fake(0)
    program.chmod(0o644)
    done = step.run(program=program, Executable="/opt/sockprobe/bin/sockprobe")
    assert (done.returncode, done.stdout) == (69, "")
    assert "/opt/sockprobe/bin/sockprobe: no executable file there" in done.stderr
