#!/usr/bin/env python3
"""Validates what stands in a directory against Marathon's own schemas.

usage: schemas.py SCHEMAS RENDERED

SCHEMAS has vVERSION/AppDefinition.json and Group.json as Marathon's repository has them; RENDERED has
vVERSION/NAME.app.json and NAME.group.json. Versions without schemas are left out and told. Needs the module jsonschema.
"""
import json
import pathlib
import sys

import jsonschema
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

schemas, rendered = map(pathlib.Path, sys.argv[1:])
valid, invalid, left_out = {}, 0, set()
for path in sorted(rendered.glob("*/*.json")):
    version = path.parent.name
    kind = "Group" if path.name.endswith(".group.json") else "AppDefinition"
    if not (schemas / version / f"{kind}.json").exists():
        left_out.add(version)
        continue
    app = json.loads((schemas / version / "AppDefinition.json").read_text())
    if kind == "AppDefinition":
        validator = jsonschema.Draft4Validator(app)
    else:
        group = json.loads((schemas / version / "Group.json").read_text())
        beside = group.get("id", "Group.json").rsplit("/", 1)[0] + "/AppDefinition.json"
        apps = Resource.from_contents(app, default_specification=DRAFT4)
        registry = Registry().with_resource(beside, apps)
        validator = jsonschema.Draft4Validator(group, registry=registry)
    errors = sorted(validator.iter_errors(json.loads(path.read_text())), key=str)
    for error in errors:
        print(f"{version}/{path.name}: {list(error.absolute_path)}: {error.message}")
    if errors:
        invalid += 1
    else:
        valid[version] = valid.get(version, 0) + 1
if left_out:
    print(f"no schemas: {', '.join(sorted(left_out))}")
by_version = ", ".join(f"{version} {count}" for version, count in valid.items())
print(f"schemas: {sum(valid.values())} valid ({by_version}), {invalid} invalid")
sys.exit(1 if invalid or not valid else 0)
