# The snippets for AMI builds: well-formed, their shell is sound, and the commands
# of the component really install the package, with dnf played by rpm.
import json
import re
import shutil

import conftest
import pytest
import yaml

AMI = conftest.REPO / "packaging" / "ami"


def component():
    return yaml.safe_load((AMI / "image-builder.yml").read_text())


def scripts(values):
    """Each ExecuteBash step of the component as Image Builder runs it: parameters put in, lines joined."""
    for phase in component()["phases"]:
        for step in phase["steps"]:
            if step["action"] == "ExecuteBash":
                text = "\n".join(step["inputs"]["commands"])
                yield step["name"], re.sub(r"\{\{ (\w+) \}\}", lambda found: values[found[1]], text)


@pytest.mark.parametrize("timer", ["yes", "no"])
def test_component_installs_the_package(tmp_path, timer):
    root = tmp_path / "root"
    (root / "bin").mkdir(parents=True)
    (root / "tmp").mkdir()
    shutil.copy("/bin/busybox", root / "bin" / "busybox")
    for name in ["sh", "rm", "cp", "test"]:
        (root / "bin" / name).symlink_to("busybox")
    package = conftest.REPO / f"build/rpm/RPMS/x86_64/sockprobe-{conftest.VERSION}-1.x86_64.rpm"
    shutil.copy(package, root / "tmp" / "sockprobe.rpm")
    for name, does in {"dnf": 'test "$1 $2" = "install -y" && cp "$3" /installed.rpm',
                       "systemctl": 'echo "$*" >>/asked', "rpm": 'test "$*" = "-V sockprobe"'}.items():
        (root / "bin" / name).write_text(f"#!/bin/sh\n{does}\n")
        (root / "bin" / name).chmod(0o755)
    steps = dict(scripts({"EnableTimer": timer}))
    conftest.run("chroot", root, "/bin/sh", "-c", steps["Install"], env={"PATH": "/bin:/usr/bin:/usr/sbin"})
    assert (root / "installed.rpm").read_bytes() == package.read_bytes()
    assert not (root / "tmp" / "sockprobe.rpm").exists()
    asked = (root / "asked").read_text() if (root / "asked").exists() else ""
    assert asked == ("enable sockprobe.timer\n" if timer == "yes" else "")
    conftest.run("rpm", "--root", root, "--dbpath", "/rpmdb", "-i", "--nodeps", "--noscripts", root / "installed.rpm")
    done = conftest.run("chroot", root, "/bin/sh", "-c", steps["Runs"], env={"PATH": "/bin:/usr/bin:/usr/sbin"})
    assert done.stdout == f"sockprobe {conftest.VERSION}\n"


@pytest.mark.parametrize("value, fits", [
    ("s3://my-bucket/rpms/sockprobe-0.1.0-1.x86_64.rpm", True),
    ("s3://my-bucket/x.rpm; reboot", False), ("s3://b/$(reboot).rpm", False), ("https://example/x.rpm", False)])
def test_parameters_let_no_command_in(value, fits):
    (uri,) = [parameter["PackageUri"] for parameter in component()["parameters"] if "PackageUri" in parameter]
    assert bool(re.search(uri["allowedPattern"], value)) is fits


def test_packer_template_is_well_formed():
    document = json.loads(conftest.run("node", conftest.REPO / "tests/integration/hcl.js",
                                       input=(AMI / "sockprobe.pkr.hcl").read_text()).stdout)
    assert set(document["variable"]) == {"rpm_dir", "kubernetes_version", "arch", "instance_type", "enable_timer"}
    (build,) = document["build"]
    lines = build["provisioner"]["shell"][0]["inline"]
    assert "sudo dnf install -y /tmp/sockprobe-[0-9]*.rpm" in lines
    names = [path.name for path in (conftest.REPO / "build/rpm/RPMS/x86_64").iterdir()]
    # The pattern takes the program's package, not the debug information's.
    assert [name for name in names if re.match(r"sockprobe-[0-9]", name)] == [
        f"sockprobe-{conftest.VERSION}-1.x86_64.rpm"]
