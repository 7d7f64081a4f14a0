# Makes what the tests share known to pytest, whose fixtures are found here.
import pytest

pytest.register_assert_rewrite("probing")

from probing import PROGRAM, REPO, Bench, Evidence, bench, sockprobe  # noqa: E402, F401
