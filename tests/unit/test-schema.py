#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds libocispec-lite's tables against the JSON schema of the OCI runtime-spec.

usage: test-schema.py [FOLDER]     or OCIRUN_SPEC_SCHEMA=FOLDER; prints TAP

The folder is `schema` of a runtime-spec tree (or of Debian's golang-github-opencontainers-specs-dev).
Every property, its type, what is required and every value of an enumeration is compared in both
directions.  Where a schema is older than our tables we may know more than it does, but never less.
LITE_DUMP names the program that prints the tables.
"""
import json
import os
import re
import sys

DUMP = os.environ.get("LITE_DUMP", "tests/unit/lite-dump")
DOCUMENTS = {"config": "config-schema.json", "state": "state-schema.json", "features": "features-schema.json"}

# Objects of other platforms: unknown properties for a Linux runtime.
FOREIGN = re.compile(r"^config\.(solaris|windows|vm|zos|freebsd)($|\.)")

# Where our tables say something else than the current schema, and why.
KNOWN = {
    # The specification's text has them, its schema does not.
    "extra": {
        "features.linux.memoryPolicy": "features-linux.md",
        "features.linux.memoryPolicy.modes[]": "features-linux.md",
        "features.linux.memoryPolicy.flags[]": "features-linux.md",
        "features.linux.intelRdt.schemata": "features-linux.md",
        "features.linux.intelRdt.monitoring": "features-linux.md",
        "state.rootfs": "beyond the specification, as other runtimes print it",
        "state.created": "beyond the specification, as other runtimes print it",
        "state.owner": "beyond the specification, as other runtimes print it",
    },
    # Older schemas have them; to us they are unknown properties.
    "removed": {
        "config.linux.intelRdt.enableCMT": "replaced by enableMonitoring in v1.3.0",
        "config.linux.intelRdt.enableMBM": "replaced by enableMonitoring in v1.3.0",
    },
    "required": {
        "config.linux.memoryPolicy.mode": "REQUIRED in config-linux.md",
        "config.linux.personality.domain": "REQUIRED in config-linux.md",
        **{f"config.linux.resources.blockIO.throttle{x}Device[].rate": "REQUIRED in config-linux.md"
           for x in ("ReadBps", "WriteBps", "ReadIOPS", "WriteIOPS")},
    },
    "not required": {
        "config.linux.resources.pids.limit": "specs-go leaves it out where it is unset",
    },
    "values": {
        "config.linux.rootfsPropagation": {"rprivate", "rshared", "rslave", "runbindable"},  # engines send them
        "state.status": {"paused"},  # other runtimes print it
    },
    "type": {
        "config.linux.devices[].fileMode": "uint32",  # engines send the bits of the file type as well
    },
}

RANGES = {
    (0, 2**16 - 1): "uint16",
    (0, 2**32 - 1): "uint32",
    (0, 2**64 - 1): "uint64",
    (-(2**31), 2**31 - 1): "int32",
    (-(2**63), 2**63 - 1): "int64",
}


class Tap:
    def __init__(self):
        self.n = self.failed = 0

    def check(self, good, text):
        self.n += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.n} - {text}")

    def done(self):
        print(f"1..{self.n}")
        sys.exit(1 if self.failed else 0)


class Schema:
    """The files of a folder, flattened to the paths that lite-dump prints."""

    def __init__(self, folder):
        self.folder, self.files, self.rows = folder, {}, {}

    def file(self, name):
        if name not in self.files:
            with open(os.path.join(self.folder, name), encoding="utf-8") as f:
                self.files[name] = json.load(f)
        return self.files[name]

    def resolve(self, node, name):
        """The node with its references and combinations merged, and the file that it is in."""
        while "$ref" in node:
            target, _, pointer = node["$ref"].partition("#")
            name = target or name
            rest = {k: v for k, v in node.items() if k != "$ref"}
            found = self.file(name)
            for part in pointer.strip("/").split("/"):
                found = found[part]
            node = {**rest, **found}
        parts = node.get("allOf", []) + (node.get("anyOf", []) if len(node.get("anyOf", [])) == 1 else [])
        if parts:
            node = {k: v for k, v in node.items() if k not in ("allOf", "anyOf")}
            for part in parts:
                merged, name = self.resolve(part, name)
                node = {**merged, **node, "properties": {**node.get("properties", {}), **merged.get("properties", {})},
                        "required": node.get("required", []) + merged.get("required", [])}
        return node, name

    def walk(self, path, node, name, required=False):
        node, name = self.resolve(node, name)
        kind = node.get("type")
        members = node.get("additionalProperties") or next(iter(node.get("patternProperties", {}).values()), None)
        if kind == "array":
            self.walk(path + "[]", node["items"], name, required)
        elif kind == "object" and isinstance(members, dict):
            self.walk(path + "{}", members, name, required)
        else:
            if "." in path:
                self.rows[path] = (self.kind(node), required, frozenset(node.get("enum", [])))
            for key, child in node.get("properties", {}).items():
                child_path = f"{path}.{key}"
                if not FOREIGN.match(child_path):
                    self.walk(child_path, child, name, key in node.get("required", []))

    @staticmethod
    def kind(node):
        if "enum" in node:
            return "enum"
        if node.get("type") == "integer":
            return RANGES.get((node.get("minimum"), node.get("maximum")), "integer")
        return {"boolean": "bool"}.get(node.get("type"), node.get("type", "object"))


def our_rows():
    rows = {}
    for line in os.popen(f"'{DUMP}'"):
        path, kind, required, values = line.rstrip("\n").split("\t")
        rows[path] = (kind, required == "required", frozenset(filter(None, values.split("|"))))
    return rows


def version_of(folder):
    """What specs-go says, if it is beside the schema."""
    try:
        with open(os.path.join(folder, "..", "specs-go", "version.go"), encoding="utf-8") as f:
            text = f.read()
    except OSError:
        return None
    found = [re.search(rf"Version{part}\s*=\s*(\S+)", text) for part in ("Major", "Minor", "Patch", "Dev")]
    return "%s.%s.%s%s" % tuple(m.group(1).strip('"') for m in found) if all(found) else None


def kinds_agree(path, theirs, ours):
    if KNOWN["type"].get(path) == ours:
        return True
    if theirs == "integer":  # a schema without a range, or with one of its own
        return ours.startswith(("int", "uint"))
    return theirs == ours


def compare_row(tap, path, theirs, ours, older):
    kind, required, values = theirs
    our_kind, our_required, our_values = ours
    tap.check(kinds_agree(path, kind, our_kind), f"{path}: {kind} in the schema, {our_kind} in our table")
    if required and path not in KNOWN["not required"]:
        tap.check(our_required, f"{path}: required in the schema, so in our table")
    if our_required and not required and not older:
        tap.check(path in KNOWN["required"], f"{path}: required in our table, so by the specification")
    if values:
        missing, more = values - our_values, our_values - values - KNOWN["values"].get(path, set())
        tap.check(not missing, f"{path}: our table has all values ({', '.join(sorted(missing)) or 'none missing'})")
        if not older:
            tap.check(not more, f"{path}: and no others ({', '.join(sorted(more)) or 'none'})")


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("OCIRUN_SPEC_SCHEMA")
    for reason, missing in (
        ("no folder of the runtime-spec's schema: OCIRUN_SPEC_SCHEMA is not set", not folder),
        (f"no config-schema.json in {folder}", folder and not os.path.exists(f"{folder}/config-schema.json")),
        (f"no lite-dump at {DUMP} (LITE_DUMP)", not os.access(DUMP, os.X_OK)),
    ):
        if missing:
            print(f"1..0 # SKIP {reason}")
            return

    tap, schema, ours = Tap(), Schema(folder), our_rows()
    documents = [d for d in DOCUMENTS if os.path.exists(os.path.join(folder, DOCUMENTS[d]))]
    for document in documents:
        schema.walk(document, schema.file(DOCUMENTS[document]), DOCUMENTS[document])

    # v1.3.0 is the first version that has these two.
    older = not {"config.linux.memoryPolicy", "config.linux.netDevices{}"} <= schema.rows.keys()
    version = version_of(folder) or ("before 1.3.0" if older else "1.3.0 or newer")
    print(f"# runtime-spec {version}: {', '.join(documents)} in {folder}, {len(schema.rows)} properties")
    if older:
        print("# older than our tables: we may know more than it does")

    for path, row in sorted(schema.rows.items()):
        if path in ours:
            compare_row(tap, path, row, ours[path], older)
        else:
            why = KNOWN["removed"].get(path) if older else None
            tap.check(why, f"{path}: is in the schema but not in our tables ({why or 'unexplained'})")
    if not older:
        for path in sorted(ours):
            if path.split(".")[0] in documents and path not in schema.rows:
                tap.check(path in KNOWN["extra"], f"{path}: not in the schema ({KNOWN['extra'].get(path, 'unexplained')})")
    tap.done()


main()
