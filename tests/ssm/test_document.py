# The Command document: its form, which values its parameters let through, and
# that its script is plain POSIX sh.
import re
import subprocess

import conftest
import pytest

PARAMETERS = {"Output", "Finding", "Timeout", "Root", "Executable"}
# Values of which none may be let through for any parameter.
HOSTILE = {
    "substitution": "$(touch canary)", "backticks": "`touch canary`", "variable": "${IFS}",
    "semicolon": "; touch canary", "and": "json && touch canary", "pipe": "/ | touch canary",
    "quotes": '"; touch canary; "', "apostrophes": "'; touch canary; '", "newline": "json\ntouch canary",
    "first-newline": "\njson", "carriage-return": "30\r", "redirection": ">canary", "glob": "/*", "tilde": "~root",
    "option": "-o", "long-option": "--output=canary", "backslash": "\\", "blank": " ", "tab": "\t30",
    "braces": "{{ Output }}", "escape": "\033[31mjson", "bidi": "\u202ejson", "letters": "\u00e4", "digits": "\u0663\u0660",
    "wide": "\uff11", "emoji": "\U0001f4a5",
}


def test_the_form_is_schema_2_2():
    document = conftest.load_document()
    assert set(document) == {"schemaVersion", "description", "parameters", "mainSteps"}
    assert document["schemaVersion"] == "2.2"
    (step,) = document["mainSteps"]
    assert set(step) == {"action", "name", "precondition", "inputs"}
    assert step["action"] == "aws:runShellScript"
    assert step["name"] == "sockprobe"
    assert step["precondition"] == {"StringEquals": ["platformType", "Linux"]}
    assert set(step["inputs"]) == {"timeoutSeconds", "runCommand"}
    assert all(type(line) is str for line in step["inputs"]["runCommand"])
    # The audit's own limit comes first: Timeout is at most 600.
    assert step["inputs"]["timeoutSeconds"] == "660"


def test_it_is_small_enough_and_ascii():
    content = (conftest.FOLDER / "sockprobe-scan.yaml").read_bytes()
    assert len(content) < 64 * 1024
    assert content.isascii()


def test_each_parameter_is_a_string_by_environment():
    parameters = conftest.load_document()["parameters"]
    assert set(parameters) == PARAMETERS
    for name, parameter in parameters.items():
        assert re.fullmatch("[a-zA-Z0-9]+", name)
        assert parameter["type"] == "String"
        assert parameter["interpolationType"] == "ENV_VAR"
        assert type(parameter["description"]) is str and type(parameter["default"]) is str
        assert ("allowedPattern" in parameter) != ("allowedValues" in parameter)
        assert set(parameter) <= {"type", "interpolationType", "description", "default", "allowedPattern",
                                  "allowedValues", "maxChars"}


def test_the_script_uses_each_parameter_and_no_other():
    assert set(re.findall(r"\bSSM_([A-Za-z0-9]+)", conftest.script())) == PARAMETERS


def test_nothing_is_put_into_the_script():
    assert "{{" not in conftest.script()
    # A description or a default with it would be put in from Parameter Store.
    assert "{{" not in (conftest.FOLDER / "sockprobe-scan.yaml").read_text()
    for word in ("eval", "mktemp", "/tmp"):
        assert not re.search(rf"(^|\s){word}\b", conftest.script())


def test_patterns_are_anchored_and_mean_the_same_everywhere():
    for parameter in conftest.load_document()["parameters"].values():
        pattern = parameter.get("allowedPattern", "^$")
        assert pattern.startswith("^") and pattern.endswith("$")
        assert "|" not in re.sub(r"\(.*\)", "", pattern)
        assert "(?" not in pattern and "\\" not in pattern
        # the most that Go's regular expressions repeat
        assert all(int(number) <= 1000 for number in re.findall(r"\d+(?=[,}])", pattern))


@pytest.mark.parametrize("name, value", [
    ("Output", "json"), ("Output", "summary"), ("Output", "text"), ("Output", "full"),
    ("Finding", ""), ("Finding", "H4sIAAAAAAACA6tWSlSyMjSqBQATFGjNCAAAAA=="), ("Finding", "e30="), ("Finding", "ab+/"),
    ("Finding", "A" * 16384),
    ("Timeout", "1"), ("Timeout", "9"), ("Timeout", "30"), ("Timeout", "99"), ("Timeout", "100"), ("Timeout", "599"),
    ("Timeout", "600"),
    ("Root", "/"), ("Root", "/host"), ("Root", "/.bottlerocket/rootfs"), ("Root", "/" + "a" * 254),
    ("Executable", "/usr/bin/sockprobe"), ("Executable", "/usr/local/bin/sockprobe"),
    ("Executable", "/opt/sockprobe/bin/sockprobe"),
])
def test_what_is_accepted(name, value):
    assert conftest.accepted(name, value)


def test_defaults_are_accepted():
    parameters = conftest.load_document()["parameters"]
    assert {f"SSM_{name}": parameter["default"] for name, parameter in parameters.items()} == conftest.DEFAULTS
    assert all(conftest.accepted(name, parameter["default"]) for name, parameter in parameters.items())


@pytest.mark.parametrize("name", sorted(PARAMETERS))
@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_what_is_refused_for_each(name, value):
    assert not conftest.accepted(name, value)


@pytest.mark.parametrize("name, value", [
    *[(name, value + "\n") for name, value in
      [("Output", "json"), ("Finding", "e30="), ("Timeout", "30"), ("Root", "/"), ("Executable", "/usr/bin/sockprobe")]],
    *[(name, value * 40000) for name, value in
      [("Output", "j"), ("Finding", "A"), ("Timeout", "3"), ("Root", "/"), ("Executable", "/")]],
    ("Output", ""), ("Output", "JSON"), ("Output", "in-toto"),
    ("Finding", "=="*2), ("Finding", "A" * 16385), ("Finding", '{"schemaVersion":"2.0"}'),
    ("Timeout", ""), ("Timeout", "0"), ("Timeout", "601"), ("Timeout", "1000"), ("Timeout", "030"), ("Timeout", "1h"),
    ("Root", ""), ("Root", "host"), ("Root", "/" + "a" * 255),
    ("Executable", ""), ("Executable", "/bin/sh"), ("Executable", "/usr/bin/sockprobe2"), ("Executable", "/tmp/sockprobe"),
    ("Executable", "sockprobe"),
], ids=lambda value: value[:20])
def test_what_is_refused(name, value):
    assert not conftest.accepted(name, value)


@pytest.mark.parametrize("dialect", ["sh", "dash", "bash"])
def test_shellcheck_has_nothing_to_say(dialect):
    done = subprocess.run(["shellcheck", f"--shell={dialect}", "--norc", "--severity=style", "-"], text=True,
                          input=conftest.script(), capture_output=True)
    assert (done.stdout, done.returncode) == ("", 0)
