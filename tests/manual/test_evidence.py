# sockprobe-evidence(5) against the JSON Schema, both ways: the members of each
# object with their types, every fixed value, and the rules that the judge knows.
# And against real evidence: the order of the members. The words of the fuzzers'
# dictionaries are the schema's and the program's.
import json
import re

import conftest
import findings
import pytest

SCHEMA = json.loads((conftest.REPO / "packaging" / "schema" / "sockprobe-evidence-v1.schema.json").read_text())

# Where the page describes what: a section or a part of one, and the object's
# place in the schema.
PLACES = {
    "Sh THE DOCUMENT": "",
    "Sh VERDICT": "$defs/verdict",
    "Ss Items of premises": "$defs/premise",
    "Ss Items of assumptions": "$defs/assumption",
    "Ss Items of reasons": "$defs/reason",
    "Ss Items of residual_risks": "$defs/residual_risk",
    "Ss scope": "$defs/scope",
    "Sh SUMMARY": "$defs/summary",
    "Sh PROBE": "$defs/probe",
    "Ss Items of confinement": "$defs/probe/properties/confinement/items",
    "Sh NODE": "$defs/node",
    "Sh COVERAGE": "$defs/coverage",
    "Sh PATHS": "$defs/path",
    "Ss Items of links": "$defs/link",
    "Ss inode": "$defs/inode",
    "Ss unchanged_since": "$defs/unchanged_since",
    "Ss listener": "$defs/listener",
    "Ss process, client and server": "$defs/holder",
    "Ss origin": "$defs/origin",
    "Ss Items of candidates": "$defs/candidate",
    "Sh CONTAINERS": "$defs/container",
    "Ss pod": "$defs/pod",
    "Ss Items of conflicts": "$defs/container/properties/conflicts/items",
    "Ss source": "$defs/source",
    "Ss start": "$defs/start",
    "Ss record": "$defs/record",
    "Ss threads": "$defs/threads",
    "Sh ACCESS": "$defs/access",
    "Ss dac": "$defs/access/properties/dac",
    "Sh CONNECTIONS": "$defs/connection",
    "Sh NAMES IN CONTAINERS": "$defs/name",
    "Ss root": "$defs/root",
    "Ss object": "$defs/identity",
    "Sh FINDINGS": "$defs/finding",
    "Ss Items of problems": "$defs/finding/properties/problems/items",
    "Ss located": "$defs/finding/properties/located",
    "Sh EXPECTED": "$defs/expected",
}
TEXTS = {"time": "time", "decimal": "decimal", "capability_mask": "mask", "pointer": "pointer",
         "path_pointer": "pointer"}


def at(place):
    node = SCHEMA
    for step in filter(None, place.split("/")):
        node = node[step]
    return node


def objects(node, place=""):
    """Every object of the schema that has named members, with its place."""
    if isinstance(node, dict):
        if "properties" in node and node.get("type") is not None:
            yield place
        for key, value in node.items():
            if key not in ("allOf", "if", "then", "else"):
                yield from objects(value, f"{place}/{key}".strip("/"))
    elif isinstance(node, list):
        for i, value in enumerate(node):
            yield from objects(value, f"{place}/{i}")


def entries(head):
    """The members that a part of the page describes: name to types and text."""
    kind, name = head.split(" ", 1)
    lines = conftest.section(conftest.EVIDENCE_PAGE, name, kind)
    if kind == "Sh":
        lines = lines[:next((i for i, line in enumerate(lines) if line.startswith(".Ss ")), len(lines))]
    found = {}
    for line in lines:
        match = re.fullmatch(r"\.It Va (\w+) Pq ([a-z ,]+)", line)
        if match:
            assert match[1] not in found
            found[match[1]] = (match[2].split(" , "), [])
        elif found:
            found[list(found)[-1]][1].append(line)
    return found


def types(member, required):
    """What the page must give as a member's types."""
    alternatives = member.get("anyOf", [member])
    names = {one["$ref"].split("/")[-1] for one in alternatives if "$ref" in one}
    said = [word for one in alternatives for word in ([one["type"]] if isinstance(one.get("type"), str)
                                                      else one.get("type", []))]
    if "const" in member:
        said.append("string")
    for value in member.get("enum", []):
        said.append({str: "string", int: "integer", type(None): "null"}[type(value)])
    if not set(said) - {"null"}:
        said.append("string")
    words = {TEXTS[name] for name in names & set(TEXTS)}
    if not words:
        words = {{"string": "text", "array": "list"}.get(word, word) for word in said if word != "null"}
    return words | ({"null"} if "null" in said else set()) | (set() if required else {"optional"})


def test_every_object_has_its_place():
    # A process is a holder but for one member, which the page says.
    assert sorted(set(objects(SCHEMA)) - {"$defs/process"}) == sorted(PLACES.values())
    holder, process = at("$defs/holder")["properties"], at("$defs/process")["properties"]
    assert set(holder) - set(process) == {"also_held_by"} and set(process) <= set(holder)


@pytest.mark.parametrize("head", PLACES, ids=lambda head: head.replace(" ", "-"))
def test_members(head):
    schema = at(PLACES[head])
    page = entries(head)
    assert list(page) == [name for name in schema["properties"] if name != "escaped"]
    for name, (said, text) in page.items():
        member = schema["properties"][name]
        assert set(said) == types(member, name in schema.get("required", [])), name
        assert "optional" not in said or "Absent" in " ".join(text) or head == "Ss source", name
        assert any(line and not line.startswith(".Bl") for line in text), name


def fixed(node, where=""):
    """Each fixed value with the member that it is of."""
    if isinstance(node, dict):
        for key, value in node.get("properties", {}).items():
            if key != "escaped":
                for one in [value, value.get("items", {}) if isinstance(value, dict) else {}]:
                    if isinstance(one, dict):
                        for word in [*one.get("enum", []), *([one["const"]] if "const" in one else [])]:
                            yield where, key, word
                        yield from fixed(one, f"{where}/properties/{key}".strip("/"))


@pytest.mark.parametrize("head", PLACES, ids=lambda head: head.replace(" ", "-"))
def test_values(head):
    """Those of the schema, and no others."""
    schema = at(PLACES[head])
    for name, (_, text) in entries(head).items():
        member = schema["properties"][name]
        words = [word for word in [*member.get("enum", []), *([member["const"]] if "const" in member else [])]
                 if isinstance(word, str)]
        said = [word.strip() for line in text for word in re.findall(r"^\.It Li (.*)", line)]
        if said:
            assert said == words, name
        else:
            inline = " ".join(line[4:].rstrip(".") if line.startswith(".Li ") else "" for line in text)
            for word in words:
                assert word in inline, name


def test_values_that_the_schema_has_are_all_compared():
    """None hides where test_values does not look."""
    compared = {(place, key) for place in PLACES.values() for key, member in at(place)["properties"].items()
                if "enum" in member or "const" in member}
    found = {(place, key) for place in PLACES.values() for where, key, _ in fixed(at(place)) if not where}
    assert found == compared and len(found) == 22


def test_escaped():
    lines = conftest.section(conftest.EVIDENCE_PAGE, "Texts that are not UTF-8", "Ss")
    assert ".It Va escaped Pq list , optional" in lines
    described = {at(place)["properties"]["escaped"]["description"] for place in objects(SCHEMA)
                 if "escaped" in at(place)["properties"]}
    assert len(described) == 1


def words_of_the_schema(node=SCHEMA):
    """Each member's name and each fixed text."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "properties":
                yield from value
            elif key in ("enum", "const"):
                yield from (word for word in (value if key == "enum" else [value]) if isinstance(word, str))
            yield from words_of_the_schema(value)
    elif isinstance(node, list):
        for value in node:
            yield from words_of_the_schema(value)


def dictionary(name):
    """The words of a fuzzing dictionary; what is quoted in them is JSON text."""
    lines = (conftest.REPO / "tests" / "fuzz" / f"{name}.dict").read_text().splitlines()
    words = [json.loads(line) for line in lines if line and not line.startswith("#")]
    assert len(words) == len(set(words))
    return {json.loads(word) if word.startswith('"') else word for word in words}


VOCABULARY = (conftest.REPO / "probe" / "evidence" / "vocabulary.c").read_text()


def test_the_fuzzers_dictionary_has_the_words_of_the_schema():
    """And the names of the runtimes, which the schema has only a pattern for."""
    runtimes = set(re.findall(r'\.name = "([^"]+)"', VOCABULARY))
    assert len(runtimes) > 10
    assert dictionary("evidence") == set(words_of_the_schema()) | runtimes


def test_the_fuzzers_dictionaries_have_the_runtimes_words():
    """The parts of cgroups' names, and what a record is known by."""
    forms = re.findall(r'\{ "([^"]*)", "([^"]*)", (?:NULL|"([^"]*)"), (?:true|false) \}', VOCABULARY)
    marks = re.findall(r'\{ "(io\.[^"]*)", (?:NULL|"([^"]*)") \}', VOCABULARY)
    assert len(forms) > 10 and len(marks) > 3
    for rows, name in (forms, "cgroup"), (marks, "record"):
        assert {word for row in rows for word in row} - {""} <= dictionary(name), name


def test_rules_are_the_judges():
    """The names in the judge's own calls are the witness."""
    sources = "".join(path.read_text() for path in sorted((conftest.REPO / "probe" / "judge").glob("*.c")))
    asked = set(re.findall(r'\bpremise\(\s*judged, "(\w+)"', sources))
    told = set(re.findall(r'\bpremise\(\s*judged, "\w+", "(\w+)"', sources))
    other = set(re.findall(r'add_reason\(\s*judged, "(\w+)"', sources))
    assumed = set(re.findall(r'\[ASSUME_\w+\] = \{\s*"(\w+)"', sources))

    def page(section):
        lines = conftest.section(conftest.EVIDENCE_PAGE, section)
        names = [line[len(".It Li "):] for line in lines if line.startswith(".It Li ")]
        assert len(names) == len(set(names))
        return set(names)

    assert page("PREMISES") == asked and len(asked) == 13
    assert page("ASSUMPTIONS") == assumed and len(assumed) == 5
    assert page("RULES") == (told | other) - asked and len(page("RULES")) == 7


def test_members_stand_in_the_order_that_the_page_gives(bench):
    truth = bench.scene("mission")
    raw = findings.finding(truth["agent"], "/var/run/docker.sock", 1700000000, workload="datadog-agent")
    bench.node.path("/run/finding.json").write_text(json.dumps(raw))
    bench.node.path("/run/expect.json").write_text(
        json.dumps({"expected": [{"namespace": "n", "workload": "w", "socket": "/s"}]}))
    words = ["/run/finding.json", "--expect", "/run/expect.json"]
    evidence = bench.run("explain", *words)
    document = json.loads(evidence.stdout)

    def check(head, made):
        names = [name for name in entries(head) if name in made]
        assert list(made) == [*names, *(["escaped"] if "escaped" in made else [])]

    check("Sh THE DOCUMENT", document)
    path = next(path for path in document["paths"] if path["listener"])
    directory = next(path for path in document["paths"] if path["origin"])
    container = next(container for container in document["containers"] if container["pod"] and container["threads"])
    name = next(name for name in document["names_in_container"] if name["object"])
    for head, made in {
            "Sh VERDICT": document["verdict"], "Ss Items of reasons": document["verdict"]["reasons"][0],
            "Ss Items of residual_risks": document["verdict"]["residual_risks"][0],
            "Ss Items of premises": document["verdict"]["premises"][0],
            "Ss Items of assumptions": document["verdict"]["assumptions"][0],
            "Ss start": container["start"], "Ss record": container["record"], "Ss threads": container["threads"],
            "Sh NAMES IN CONTAINERS": name, "Ss root": name["root"], "Ss object": name["object"],
            "Ss scope": document["verdict"]["scope"], "Sh SUMMARY": document["summary"],
            "Sh PROBE": document["probe"], "Ss Items of confinement": document["probe"]["confinement"][0],
            "Sh NODE": document["node"], "Sh COVERAGE": document["coverage"][0], "Sh PATHS": path,
            "Ss Items of links": next(path for path in document["paths"] if path["links"])["links"][0],
            "Ss inode": path["inode"], "Ss unchanged_since": path["unchanged_since"],
            "Ss listener": path["listener"], "Ss process, client and server": path["listener"]["process"],
            "Ss origin": directory["origin"], "Ss Items of candidates": directory["origin"]["candidates"][0],
            "Sh CONTAINERS": container, "Ss pod": container["pod"], "Ss source": container["source"],
            "Sh ACCESS": document["access"][0], "Ss dac": document["access"][0]["dac"],
            "Sh CONNECTIONS": document["connections"][0], "Sh FINDINGS": document["findings"][0],
            "Ss located": document["findings"][0]["located"], "Sh EXPECTED": document["expected"][0]}.items():
        check(head, made)
    # and so where a finding and clients are brought to evidence that had none
    bench.node.path("/run/evidence.json").write_text(bench.run("scan").stdout)
    judged = json.loads(bench.run("judge", "/run/evidence.json", *words).stdout)
    check("Sh THE DOCUMENT", judged)
    assert list(judged)[-3:] == ["verdicts", "findings", "expected"]
