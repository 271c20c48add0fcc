#!/usr/bin/env python3
"""META.json is what PGXN takes (the PGXN Meta Spec 1.0.0), and every place says the same version."""
import json
import re
import sys
from pathlib import Path

root = Path(__file__).resolve().parent.parent
wrong = []


def check(true, what):
    if not true:
        wrong.append(what)


SEMVER = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[A-Za-z][0-9A-Za-z-]*)?")
TERM = re.compile(r"[^\s/\\\x00-\x1f\x7f]{2,}")
LICENSES = {
    "agpl_3", "apache_1_1", "apache_2_0", "artistic_1", "artistic_2", "bsd", "freebsd", "gfdl_1_2", "gfdl_1_3", "gpl_1",
    "gpl_2", "gpl_3", "lgpl_2_1", "lgpl_3_0", "mit", "mozilla_1_0", "mozilla_1_1", "openssl", "perl_5", "postgresql",
    "qpl_1_0", "ssleay", "sun", "zlib", "open_source", "restricted", "unrestricted", "unknown",
}
KEYS = {
    "name", "version", "abstract", "description", "maintainer", "license", "provides", "meta-spec", "prereqs",
    "release_status", "resources", "tags", "no_index", "generated_by",
}


def text(value):
    return isinstance(value, str) and value.strip() != ""


def version(value):
    return isinstance(value, str) and SEMVER.fullmatch(value) is not None


def is_range(value):
    return value == 0 or isinstance(value, str) and all(
        version(re.sub(r"^\s*(>=|<=|==|!=|>|<)?\s*", "", part).strip()) for part in value.split(","))


meta = json.loads((root / "META.json").read_text(encoding="utf-8"))
for key in ("name", "version", "abstract", "maintainer", "license", "provides", "meta-spec"):
    check(key in meta, f"{key} is missing")
for key in meta:
    check(key in KEYS or key.lower().startswith("x_"), f"{key} is no key of the specification")
check(TERM.fullmatch(meta.get("name", "")), "name is no term")
check(version(meta.get("version")), "version is no semantic version")
for key in ("abstract", "description"):
    check(key not in meta or text(meta[key]), f"{key} is empty")
maintainers = meta.get("maintainer")
check(text(maintainers) or isinstance(maintainers, list) and maintainers and all(map(text, maintainers)),
      "maintainer names nobody")
licenses = meta.get("license")
check(set([licenses] if isinstance(licenses, str) else licenses or ["?"]) <= LICENSES, "license is none of the list")
check(meta.get("release_status", "stable") in ("stable", "testing", "unstable"), "release_status is none of the list")
spec = meta.get("meta-spec", {})
check(version(spec.get("version")), "meta-spec has no version")
check(spec.get("url", "http://pgxn.org/meta/spec.txt") in ("http://pgxn.org/meta/spec.txt", "https://pgxn.org/meta/spec.txt"),
      "meta-spec has another url")
tags = meta.get("tags", [])
check(all(isinstance(tag, str) and re.fullmatch(r"[^/\\\x00-\x1f\x7f]{1,255}", tag) for tag in tags), "a tag is none")
check(len(tags) == len(set(tags)), "a tag is there twice")

check(meta.get("provides"), "provides is empty")
for name, extension in meta.get("provides", {}).items():
    check(TERM.fullmatch(name), f"provides: {name} is no term")
    check(version(extension.get("version")), f"provides: {name} has no version")
    for key in ("file", "docfile"):
        if key in extension or key == "file":
            check((root / extension.get(key, "?")).is_file(), f"provides: the {key} of {name} does not exist")
    check(set(extension) <= {"abstract", "file", "docfile", "version"}, f"provides: {name} has keys of its own")
for phase, relations in meta.get("prereqs", {}).items():
    check(phase in ("configure", "build", "test", "runtime", "develop"), f"prereqs: {phase} is no phase")
    for relation, needed in relations.items():
        check(relation in ("requires", "recommends", "suggests", "conflicts"), f"prereqs: {relation} is no relation")
        for name, least in needed.items():
            check(TERM.fullmatch(name) and is_range(least), f"prereqs: {name} has no version range")

control = (root / "extension/company_backup.control").read_text(encoding="utf-8")
own = re.search(r"^default_version = '(.*)'", control, re.M).group(1)
check((root / f"extension/company_backup--{own}.sql").is_file(), f"there is no install script of version {own}")
for of in (meta.get("version"), *(extension.get("version") for extension in meta.get("provides", {}).values())):
    check(of == own + ".0" or of == own, f"META.json has version {of}, the extension {own}")
package = re.match(r"company-backup \((.*)-[^-]*\)", (root / "debian/changelog").read_text(encoding="utf-8")).group(1)
check(package == own, f"debian/changelog has version {package}, the extension {own}")
least, newest = re.search(r"^oldest=(\d+) newest=(\d+)", (root / "server_version.sh").read_text(encoding="utf-8"), re.M).groups()
servers = re.findall(r"^\d+$", (root / "debian/pgversions").read_text(encoding="utf-8"), re.M)
check(servers == [str(v) for v in range(int(least), int(newest) + 1)], "debian/pgversions has other servers than server_version.sh")
check(meta.get("prereqs", {}).get("runtime", {}).get("requires", {}).get("PostgreSQL") == f"{least}.0.0",
      "META.json needs another server than server_version.sh")
control = (root / "debian/control").read_text(encoding="utf-8")
template = (root / "debian/control.in").read_text(encoding="utf-8")
check(control == template.replace("PGVERSION", least),
      f"debian/control is not made from debian/control.in: PG_SUPPORTED_VERSIONS={least} pg_buildext updatecontrol")

for what in wrong:
    print(f"test/packaging.py: {what}", file=sys.stderr)
sys.exit(1 if wrong else 0)
