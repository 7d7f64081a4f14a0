# The part of the benchmark that runs on the node: takes the tools in turn, as
# many times as asked, and prints what each run took. Reads the tools as JSON from
# standard input; output of the last run of each goes to DIRECTORY/NAME.
# Usage: turns.py DIRECTORY
import json
import os
import subprocess
import sys
import time


def once(command, output):
    with open(output, "wb") as out, open(output + ".err", "wb") as err:
        begin = time.monotonic()
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - begin
    child.returncode = status
    return {"wall": wall, "user": usage.ru_utime, "sys": usage.ru_stime, "rss": usage.ru_maxrss,
            "status": os.waitstatus_to_exitcode(status)}


def main():
    directory, tools, taken = sys.argv[1], json.load(sys.stdin), {}
    for turn in range(max(tool["turns"] for tool in tools)):
        for tool in tools:
            if turn < tool["turns"]:
                taken.setdefault(tool["name"], []).append(once(tool["command"], f"{directory}/{tool['name']}"))
    json.dump(taken, sys.stdout)


main()
