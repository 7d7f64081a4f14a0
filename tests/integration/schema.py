# Is this what the evidence schema promises? A stock validator says so, and
# beside it what a schema cannot say: ASCII, no key twice, no pointer astray.
# Also a program: schema.py FILE...|-
import functools
import json
import pathlib
import sys

import jsonschema

SCHEMA = pathlib.Path(__file__).resolve().parents[2] / "packaging" / "schema" / "sockprobe-evidence-v1.schema.json"
MOST_ERRORS = 10


@functools.cache
def load_validator():
    """The validator of the schema, which must itself be a valid one."""
    schema = load(SCHEMA.read_bytes())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def load(text):
    """The document in this text or these bytes, by the letter of JSON and in ASCII."""
    assert text.isascii(), "not ASCII"
    if isinstance(text, bytes):
        text = text.decode()
    return json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)


def check(document):
    """Raises AssertionError with the first things that are wrong."""
    errors = sorted(load_validator().iter_errors(document), key=lambda error: [str(step) for step in error.path])
    complaints = [f"{_pointer(error.absolute_path)}: {error.message}" for error in errors]
    if not complaints:
        complaints = [f"{place}: {pointer} leads nowhere" for place, pointer in _pointers(document)
                      if not _resolves(document, pointer)]
    if len(complaints) > MOST_ERRORS:
        complaints[MOST_ERRORS:] = [f"and {len(complaints) - MOST_ERRORS} more"]
    assert not complaints, "\n".join(complaints)


def _object(pairs):
    made = dict(pairs)
    keys = [key for key, _ in pairs]
    assert len(made) == len(keys), f"twice in one object: {sorted({key for key in keys if keys.count(key) > 1})}"
    return made


def _no_constant(word):
    raise AssertionError(f"{word} is not JSON")


def _pointer(steps):
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps) or "/"


def _pointers(document):
    """Every JSON pointer in the document, with its place."""
    for i, path in enumerate(document["paths"]):
        for pointer in path["connections"]:
            yield f"/paths/{i}/connections", pointer
    for key in ("access", "connections"):
        for i, item in enumerate(document[key]):
            yield f"/{key}/{i}/path_ref", item["path_ref"]
    for verdict in [document["verdict"], *document.get("verdicts", [])]:
        for key in ("reasons", "residual_risks"):
            for i, item in enumerate(verdict[key]):
                for pointer in item["evidence"]:
                    yield f"{key}/{i}/evidence", pointer
    for i, finding in enumerate(document.get("findings", [])):
        if finding["located"]["path_ref"]:
            yield f"/findings/{i}/located/path_ref", finding["located"]["path_ref"]


def resolve(document, pointer):
    """What a JSON pointer leads to; LookupError where it leads nowhere."""
    at = document
    for step in pointer.split("/")[1:]:
        step = step.replace("~1", "/").replace("~0", "~")
        if isinstance(at, dict):
            at = at[step]
        elif isinstance(at, list) and step.isdecimal() and str(int(step)) == step:
            at = at[int(step)]
        else:
            raise LookupError(pointer)
    return at


def _resolves(document, pointer):
    try:
        resolve(document, pointer)
    except LookupError:
        return False
    return True


def main(names):
    if not names:
        print("usage: schema.py FILE...|-", file=sys.stderr)
        return 64
    status = 0
    for name in names:
        try:
            check(load(sys.stdin.buffer.read() if name == "-" else pathlib.Path(name).read_bytes()))
        except (AssertionError, OSError, ValueError) as error:
            print(f"{name}: {error}", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
