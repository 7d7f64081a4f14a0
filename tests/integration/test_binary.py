# The executable as it is built: the hardening of the OpenSSF guide for compilers
# is there, seen by readelf and not by the flags that asked for it.
import platform
import re
import subprocess

import conftest
import pytest

SANITIZED = b"__asan_init" in conftest.PROGRAM.read_bytes()
pytestmark = pytest.mark.skipif(SANITIZED, reason="the sanitizers' own runtime is another program")


def readelf(*options):
    return subprocess.run(["readelf", "-W", *options, conftest.PROGRAM], capture_output=True, text=True, check=True).stdout


def test_is_position_independent_and_bound_at_start():
    assert re.search(r"Type:\s+DYN \(Position-Independent Executable file\)", readelf("-h"))
    dynamic = readelf("-d")
    assert re.search(r"FLAGS_1\)\s+Flags: NOW PIE", dynamic)
    assert not re.search(r"RPATH|RUNPATH|TEXTREL", dynamic)


def test_no_memory_is_writable_and_executable():
    segments = readelf("-l")
    assert "GNU_RELRO" in segments
    stack = next(line for line in segments.splitlines() if "GNU_STACK" in line)
    assert "RWE" not in stack and " RW " in stack
    assert "RWE" not in segments


@pytest.mark.skipif(platform.machine() != "x86_64", reason="x86_64's own protection")
def test_control_flow_is_protected():
    # each function that may be called through a pointer begins with endbr64
    assert conftest.PROGRAM.read_bytes().count(b"\xf3\x0f\x1e\xfa") > 100


def test_stack_and_string_functions_are_checked():
    symbols = readelf("--dyn-syms")
    assert "__stack_chk_fail" in symbols
    checked = set(re.findall(r"__(\w+)_chk", symbols))
    assert {"snprintf", "memcpy", "read", "pread"} & checked and len(checked) > 5
    assert not re.search(r"\b(gets|strcpy|strcat|sprintf|vsprintf)@", symbols)


def test_no_place_of_the_build_is_in_it():
    assert str(conftest.REPO).encode() not in conftest.PROGRAM.read_bytes()
