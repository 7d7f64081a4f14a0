# The benchmark: sockprobe beside what a user would use instead, and beside the
# floor that the kernel sets, on nodes of growing size that are made for it. Each
# tool's answer is compared with the truth. Prints a table, writes it and a plot
# below tests/bench/results under the commit's name. Needs root, and tells how
# long things take only on a machine that does nothing else.
# Usage: bench.py [--quick] [--keep]
import argparse
import collections
import contextlib
import datetime
import json
import os
import pathlib
import random
import re
import signal
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
REPO = HERE.parent.parent
BUILD = REPO / "build" / "bench"
sys.path.insert(0, str(REPO / "tests" / "node"))
sys.path.insert(0, str(HERE))

import node as lab  # noqa: E402
import plot  # noqa: E402

SOCKET = "/run/containerd/containerd.sock"
SIZES = [10, 100, 250, 737, 2000]  # pods; 737 is the most that EKS has on a node
QUICK = [10, 100, 250]
TURNS, QUICK_TURNS = 7, 3
# What all others are measured against: on every node, however long it takes.
ALWAYS = ("floor", "sockprobe")
# Another tool that took so many seconds gets one turn, and none on larger nodes.
SLOW, TOO_SLOW, QUICK_TOO_SLOW = 6, 60, 0.2
GOAL_FROM = 100
# Of these it is told where their time goes, on the node of so many pods.
EXPLAINED, WHERE = ("floor", "sockprobe", "lsfd"), 250
SAMPLES_PER_SECOND = 4999

SS_EVERYWHERE = """
for process in /proc/[0-9]*; do
	readlink $process/ns/net | tr '\\n' ' '
	echo ${process#/proc/}
done 2>/dev/null | sort -u -k 1,1 | while read -r namespace pid; do
	nsenter --target $pid --net -- ss -H -x -p -n
done
"""
BY_HAND = f"""
grep -H ' /containerd ' /proc/[0-9]*/mountinfo 2>/dev/null | while read -r line; do
	pid=${{line#/proc/}}
	pid=${{pid%%/*}}
	set -- $line
	find /proc/$pid/root$5 -maxdepth 1 -samefile {SOCKET} 2>/dev/null
done
"""


# ---- what each tool answers: the pids of clients, and containers by pid ----

def of_sockprobe(text):
    evidence = json.loads(text)
    (place,) = [i for i, path in enumerate(evidence["paths"]) if SOCKET in path["names"]]
    clients = {row["client"]["pid"]: row["client"]["container"] for row in evidence["connections"]
               if row["path_ref"] == f"/paths/{place}" and row["client"]}
    mounts = {row["container"] for row in evidence["access"] if row["path_ref"] == f"/paths/{place}"}
    return clients, mounts


def of_endpoints(text):
    """lsfd's and lsof's form: on a line with the socket's path, who has the other end."""
    return {int(pid): None for line in text.splitlines() if SOCKET in line
            for pid in re.findall(r"(\d+),app-\d+,\d+", line)}, set()


def of_ss(text):
    """The far end of each connection of the socket, by inode, in whichever namespace it is."""
    far, users = set(), {}
    for line in text.splitlines():
        fields = line.split()
        if len(fields) < 8:
            continue
        path, inode, peer = fields[4], fields[5], fields[7]
        if path == SOCKET:
            far.add(peer)
        users[inode] = [int(pid) for pid in re.findall(r"pid=(\d+)", line)]
    return {pid: None for inode in far for pid in users.get(inode, [])}, set()


def of_hand(text):
    return {}, {int(pid) for pid in re.findall(r"^/proc/(\d+)/", text, re.M)}


def of_nothing(_):
    return {}, set()


# name, what it is told as, command, what it answers
TOOLS = [
    ("floor", "floor: the reads alone", [str(BUILD / "floor")], of_nothing),
    ("sockprobe", "sockprobe", [str(BUILD / "sockprobe"), "--timeout", "600"], of_sockprobe),
    ("lsof", "lsof -U +E", ["lsof", "-w", "-U", "+E"], of_endpoints),
    ("byhand", "grep mountinfo, find -samefile", ["sh", "-c", BY_HAND], of_hand),
    ("lsfd", "lsfd", [str(BUILD / "lsfd" / "lsfd"), "-n", "-r", "-Q", 'TYPE =~ "UNIX.*"', "-o",
                      "PID,COMMAND,TYPE,UNIX.PATH,ENDPOINTS"], of_endpoints),
    ("ss", "ss -xp in every netns", ["sh", "-c", SS_EVERYWHERE], of_ss),
]


class Crowd:
    """A node with so many pods, and the truth about them."""

    def __init__(self, pods):
        self.pods = pods
        lab.PATIENCE = max(1, pods / 50)
        self.node = lab.Node()
        self.node.start(())
        try:
            base = "/sys/fs/cgroup"
            if self.node.exec(["test", "-d", base + "/pids"], check=False).returncode == 0:
                base += "/pids"
            program = self.node.state / "podtree"
            program.write_bytes((BUILD / "podtree").read_bytes())
            program.chmod(0o755)
            self.node.spawn([program, base, str(pods)], ready=lambda text: "ready" in text, name="podtree")
        except BaseException:
            self.node.stop()
            raise
        log = next(self.node.state.glob("podtree-*.log")).read_text()
        self.truth = {int(pid): f"{int(pod) * 2 + 2:064x}" for pid, pod in re.findall(r"client (\d+) (\d+)", log)}
        self.processes = int(self.node.exec(["sh", "-c", "ls -d /proc/[0-9]* | wc -l"]).stdout)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.node.stop()

    def once(self, name, command, directory):
        words = self.node.exec([BUILD / "once", directory / name, *command]).stdout.split()
        return dict(zip(("wall", "user", "sys", "rss", "status"), map(float, words)))

    def run(self, tools, turns, directory):
        """The tools in turn, so many times; the output of each one's last run is kept."""
        runs = {name: [] for name, _, _, _ in tools}
        for _ in range(turns):
            for name, _, command, _ in tools:
                runs[name].append(self.once(name, command, directory))
        return runs

    def calls(self, command, directory):
        """How many system calls it makes, by strace's count."""
        self.node.exec(["strace", "-f", "-c", "-o", directory / "calls", *command], check=False)
        (total,) = re.findall(r"^100\.00\s+\S+\s+\S*\s+(\d+)\b", (directory / "calls").read_text(), re.M)
        return int(total)

    def shares_of_time(self, command, directory):
        """Of its time on a processor, what part is spent in which system call: perf's samples, by the call that led to each."""
        self.node.exec(["sh", "-c", f'perf record -q -e cpu-clock -F {SAMPLES_PER_SECOND} -g -o "$0" -- "$@" >/dev/null', directory / "samples", *command], check=False)
        text = self.node.exec(["perf", "script", "-i", directory / "samples", "-F", "comm,ip,sym"], check=False).stdout
        calls = collections.Counter(leading_call(chain) for chain in text.split("\n\n") if chain.strip())
        if not calls:
            raise SystemExit("bench: perf took no samples: see /proc/sys/kernel/perf_event_paranoid and kptr_restrict")
        return {call: taken / calls.total() for call, taken in calls.items()}


def leading_call(chain):
    """The system call that a chain of functions, innermost first, came from."""
    for line in reversed(chain.splitlines()):
        call = re.search(r" (?:__(?:x64|arm64|do)_sys|ksys)_(?:new)?(\w+)", line)
        if call:
            return call[1]
    return "faults and interrupts" if re.search(r" (?:asm_)?(?:exc|sysvec)_", chain) else (
        "other calls" if re.search(r" do_syscall_64| el0_svc", chain) else "outside the kernel")


def completeness(crowd, answer, text):
    clients, mounts = answer(text)
    found = sum(1 for pid, container in crowd.truth.items()
                if pid in clients and clients[pid] in (None, container))
    named = sum(1 for pid, container in crowd.truth.items() if clients.get(pid) == container)
    mounted = len(mounts & (set(crowd.truth) | set(crowd.truth.values())))
    return {"made": len(crowd.truth), "found": found, "named": named, "mounted": mounted,
            "wrong": len(set(clients) - set(crowd.truth))}


def measure(crowd, given_up, quick):
    """One size: all tools in turn. Rows of the table."""
    rows = {}
    with tempfile.TemporaryDirectory(dir=crowd.node.state) as directory:
        directory = pathlib.Path(directory)
        chosen = [tool for tool in TOOLS if tool[0] not in given_up]
        # What a tool takes decides how often it is run; so one turn goes before.
        runs = crowd.run(chosen, 1, directory)
        for name, (first,) in runs.items():
            if name not in ALWAYS and first["wall"] > (QUICK_TOO_SLOW if quick else TOO_SLOW):
                given_up[name] = first["wall"]
        again = [tool for tool in chosen if runs[tool[0]][0]["wall"] < SLOW]
        runs.update(crowd.run(again, QUICK_TURNS if quick else TURNS, directory))
        for name, _, command, answer in chosen:
            row = {key: statistics.median(run[key] for run in runs[name]) for key in ("wall", "user", "sys", "rss")}
            row["runs"] = len(runs[name])
            if name != "byhand" and any(run["status"] for run in runs[name]):
                raise SystemExit(f"bench: {name} failed on {crowd.pods} pods: exit {runs[name][-1]['status']:.0f}")
            row.update(completeness(crowd, answer, (directory / name).read_text(errors="replace")))
            # Counting takes many times as long as running.
            if row["wall"] < SLOW and (not quick or name in ALWAYS):
                row["calls"] = crowd.calls(command, directory)
                if crowd.pods == WHERE and name in EXPLAINED:
                    row["where"] = crowd.shares_of_time(command, directory)
            rows[name] = row
    return rows


# As sockprobe is run beside others: what the table says, the cgroup and the options.
# The first two are the goal's: they take turns PAIRS times in each round.
PAIRS = 4
GUESTS = [
    ("alone", None, []),
    ("in an idle cgroup beside its own, as sockprobe.service", "idle", []),
    ("in a cgroup of the least weight, as a debug pod (BestEffort)", "least", []),
    ("in the neighbour's cgroup, --nice", "neighbour", ["--nice"]),
    ("in another cgroup, --nice", "guest", ["--nice"]),
    ("in another cgroup", "guest", []),
]


@contextlib.contextmanager
def shares():
    """Cgroups of the cpu controller, version 1 or 2, beside one another."""
    root = pathlib.Path("/sys/fs/cgroup/cpu")
    if not root.exists():
        root = root.parent
        if "cpu" not in (root / "cgroup.subtree_control").read_text().split():
            raise SystemExit("bench: the cpu controller is off in /sys/fs/cgroup/cgroup.subtree_control: turn it on")
    groups = {name: root / f"sockprobe-bench-{name}" for name in ("neighbour", "idle", "least", "guest")}
    try:
        for group in groups.values():
            group.mkdir(exist_ok=True)
        (groups["idle"] / "cpu.idle").write_text("1")
        weight, least = ("cpu.shares", "2") if root.name == "cpu" else ("cpu.weight", "1")
        (groups["least"] / weight).write_text(least)
        yield groups
    finally:
        for group in groups.values():
            group.rmdir()


@contextlib.contextmanager
def over_and_over(crowd, group, options):
    """sockprobe on the node, in the cgroup; no group: nothing."""
    if not group:
        yield
        return
    loop = subprocess.Popen(
        crowd.node.enter(["sh", "-c", 'while :; do "$@" >/dev/null 2>&1; done', "sh", *TOOLS[1][2], *options]),
        start_new_session=True, preexec_fn=joining(group))
    try:
        yield
    finally:
        os.killpg(loop.pid, signal.SIGKILL)
        loop.wait()
        lab.wait_until("an empty cgroup", lambda: not (group / "cgroup.procs").read_text())


def joining(group):
    return lambda: (group / "cgroup.procs").write_text("0")


def as_guest(crowd, rounds, seconds):
    """The neighbour's percentiles in each round, alone and beside sockprobe over and over, in turn."""
    taken = {name: [] for name, _, _ in GUESTS}
    with shares() as groups:
        for _ in range(rounds):
            for name, group, options in GUESTS[:2] * (PAIRS - 1) + GUESTS:
                with over_and_over(crowd, groups.get(group), options):
                    done = crowd.node.exec([BUILD / "latency", str(seconds)], preexec_fn=joining(groups["neighbour"]))
                taken[name].append([[float(word) for word in line.split()] for line in done.stdout.splitlines()])
    return taken


def change(rounds, alone):
    """Of the second measure's 99th percentile: how much larger, and within what, 19 times of 20 (bootstrap of the rounds)."""
    ours, theirs = ([measures[1][1] for measures in rows] for rows in (rounds, alone))
    chance = random.Random(1)

    def ratio(a, b):
        return (statistics.median(a) / statistics.median(b) - 1) * 100

    drawn = sorted(ratio(chance.choices(ours, k=len(ours)), chance.choices(theirs, k=len(theirs))) for _ in range(2000))
    return ratio(ours, theirs), drawn[50], drawn[-51]


# ---- what is said ----

def table(results, given_up):
    lines = ["| pods | processes | tool | runs | wall | to the floor | user | sys | peak RSS | system calls | connections found | with their container | mounts found |",
             "|---:|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"]
    for size, result in results.items():
        for name, told, _, _ in TOOLS:
            row = result["rows"].get(name)
            if not row:
                lines.append(f"| {size} | | {told} | not run: {given_up[name]:.1f} s on a smaller node | | | | | | | | | |")
                continue
            floor = result["rows"]["floor"]["wall"]
            found = "" if name in ("floor", "byhand") else f"{row['found']} of {row['made']}"
            named = f"{row['named']} of {row['made']}" if name == "sockprobe" else ""
            mounted = f"{row['mounted']} of {row['made']}" if name == "sockprobe" else (
                f"{row['mounted']} processes" if name == "byhand" else "")
            lines.append(f"| {size} | {result['processes']} | {told} | {row['runs']} | {row['wall'] * 1000:,.0f} ms | {row['wall'] / floor:.2f} | "
                         f"{row['user'] * 1000:,.0f} ms | {row['sys'] * 1000:,.0f} ms | {row['rss'] / 1024:.1f} MiB | "
                         f"{row['calls'] if 'calls' in row else ''} | {found} | {named} | {mounted} |")
    return lines


def goals(results, guest):
    """Each goal of the project, with what was measured, as words."""
    lines = []

    def say(reached, text):
        lines.append(f"- {'reached' if reached else 'NOT reached'}: {text}")

    for size, result in results.items():
        rows = result["rows"]
        own, floor = rows["sockprobe"], rows["floor"]
        if size < GOAL_FROM:
            continue
        say(own["wall"] <= 1.3 * floor["wall"], f"{size} pods: {own['wall'] / floor['wall']:.2f} x the floor (at most 1.3)")
        for name, least in [("lsfd", 50), ("ss", 200), ("lsof", 1)]:
            if name in rows:
                factor = rows[name]["wall"] / own["wall"]
                say(factor >= least, f"{size} pods: {factor:.1f} x as fast as {name} (at least {least}){bound(rows, name, factor, least)}")
    if 737 in results:
        rss = results[737]["rows"]["sockprobe"]["rss"] / 1024
        say(rss < 12, f"737 pods: peak RSS {rss:.1f} MiB (below 12)")
    if 2000 in results:
        for key, word in [("wall", "time"), ("rss", "memory")]:
            factor = results[2000]["rows"]["sockprobe"][key] / results[737]["rows"]["sockprobe"][key]
            say(factor <= 2.9, f"2,000 pods cost {factor:.2f} x the {word} of 737 (at most 2.9)")
    more, low, high = change(guest[GUESTS[1][0]], guest["alone"])
    text = f"as a guest in an idle cgroup: {more:+.1f} % at the neighbour's 99th percentile (below 1; {low:+.1f} to {high:+.1f})"
    if more < 1 or low >= 1:
        say(more < 1, text)
    else:
        lines.append(f"- not decided by so few turns: {text}")
    return lines


def bound(rows, name, factor, least):
    """Why a goal is missed: how fast any program could be that makes the floor's reads on all processors at once, or how much of them it took."""
    if factor >= least:
        return ""
    wanted, kernel = rows[name]["wall"] / least, rows["floor"]["sys"] / os.cpu_count()
    if kernel > wanted:
        return f"; the kernel's part of the floor, shared among all processors, is {kernel * 1000:.0f} ms: no program that makes these reads gets to {wanted * 1000:.0f} ms"
    busy = (rows["sockprobe"]["user"] + rows["sockprobe"]["sys"]) / os.cpu_count() / wanted
    return f"; {wanted * 1000:.0f} ms would keep all processors busy for {busy:.0%} of it"


def where_lines(rows):
    """The calls that take most, and how much of each tool's time that is."""
    told = {name: words for name, words, _, _ in TOOLS}
    shares = {name: row["where"] for name, row in rows.items() if "where" in row}
    most = collections.Counter()
    for taken in shares.values():
        most.update(taken)
    lines = ["| " + " | ".join(["time on a processor", *(told[name] for name in shares)]) + " |", "|---|" + "---:|" * len(shares)]
    lines += [f"| {call} | " + " | ".join(f"{taken.get(call, 0):.1%}" for taken in shares.values()) + " |"
              for call, share in most.most_common(12)]
    return [f"Where their time goes, {WHERE} pods, by perf's samples ({SAMPLES_PER_SECOND} a second):", "", *lines]


def guest_lines(guest):
    lines = ["| sockprobe | due to done: median | 99th percentile | 99.9th | waited and worked: median | 99th percentile | to alone (95 % interval) | 99.9th |",
             "|---|---:|---:|---:|---:|---:|---:|---:|"]
    for name, rounds in guest.items():
        done, charged = ([statistics.median(column) for column in zip(*measure)] for measure in zip(*rounds))
        more, low, high = change(rounds, guest["alone"])
        told = "" if name == "alone" else f"{more:+.1f} % ({low:+.1f} to {high:+.1f})"
        lines.append(f"| {name} | {done[0]:.0f} us | {done[1]:.0f} us | {done[2]:.0f} us | "
                     f"{charged[0]:.0f} us | {charged[1]:.0f} us | {told} | {charged[2]:.0f} us |")
    return lines


def machine():
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    memory = int(re.search(r"MemTotal:\s*(\d+)", pathlib.Path("/proc/meminfo").read_text())[1]) // 1048576
    return f"{os.cpu_count()} processors ({model[1].strip() if model else 'unknown'}), {memory} GiB, Linux {os.uname().release}"


def commit():
    name = lab.run(["git", "-C", REPO, "describe", "--always", "--dirty"]).strip()
    return name or "unknown"


def build():
    BUILD.mkdir(parents=True, exist_ok=True)
    for name, static in [("podtree", ["-static"]), ("floor", []), ("once", []), ("latency", [])]:
        lab.run(["gcc", "-std=gnu17", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror", *static,
                 "-o", BUILD / name, HERE / f"{name}.c"])
    # As all packages have it: it reads itself, to tell its own digest.
    lab.run(["strip", "-o", BUILD / "sockprobe", os.environ.get("SOCKPROBE", REPO / "sockprobe")])
    lab.run([HERE / "fetch-lsfd", BUILD / "lsfd"])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="smaller nodes: under two minutes")
    parser.add_argument("--keep", action="store_true", help="write tests/bench/results")
    options = parser.parse_args()
    build()
    results, given_up, guest = {}, {}, {}
    for size in QUICK if options.quick else SIZES:
        print(f"bench: {size} pods", file=sys.stderr, flush=True)
        with Crowd(size) as crowd:
            results[size] = {"processes": crowd.processes, "rows": measure(crowd, given_up, options.quick)}
            if size == WHERE:
                guest = as_guest(crowd, *((2, 1) if options.quick else (30, 2)))
    text = "\n".join([f"# Benchmark of {commit()}, {datetime.date.today()}", "", machine(), "",
                      *table(results, given_up), "", *where_lines(results[WHERE]["rows"]), "",
                      f"Beside a neighbour that works each millisecond, sockprobe over and over on {WHERE} pods; {len(guest['alone'])} turns of the first two, {len(guest[GUESTS[-1][0]])} of the others:", "",
                      *guest_lines(guest), "", "Goals, from 100 pods up:", "", *goals(results, guest), ""])
    print(text)
    picture = plot.svg({told: {size: result["rows"][name]["wall"] for size, result in results.items()
                               if name in result["rows"]} for name, told, _, _ in TOOLS},
                       f"Wall time, sockprobe {commit()}, {datetime.date.today()}")
    kept = HERE / "results" if options.keep else BUILD
    kept.mkdir(exist_ok=True)
    (kept / f"{commit()}.md").write_text(text)
    (kept / f"{commit()}.svg").write_text(picture)
    print(f"bench: {kept / commit()}.md and .svg", file=sys.stderr)


main()
