"""Reads an archive of company_backup as docs/ARCHIVE.md describes it: a .tar.gz with a manifest and one JSON object for
each row."""

import gzip
import io
import json
import re
import tarfile
import urllib.parse


class Archive:
    """`manifest`, and `rows`: {"public.invoice": [{"id": "1", ...}, ...]}."""

    def __init__(self, data):
        self.rows = {}
        with tarfile.open(fileobj=io.BytesIO(gzip.decompress(data))) as tar:
            for entry in tar:
                if entry.name == "manifest.json":
                    self.manifest = json.load(tar.extractfile(entry))
                matched = re.fullmatch(r"tables/(.+)\.ndjson", entry.name)
                if matched:
                    lines = tar.extractfile(entry).read().decode().split("\n")[:-1]
                    self.rows[table_name(matched[1])] = [json.loads(line, parse_float=str) for line in lines]

    def left_out(self):
        """Tables that the manifest says stay behind: {full name: treatment}."""
        return {table_name(table["name"]): table["treatment"] for table in self.manifest["excluded"]}


def table_name(encoded):
    return ".".join(urllib.parse.unquote(part) for part in encoded.split("."))


def text_of(value):
    """A value of a line as the text that PostgreSQL casts it to."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if value is None or isinstance(value, str) else str(value)
