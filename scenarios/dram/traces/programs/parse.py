"""Parse a JSON document of nested records with Python's own parser."""

import json

record = {"id": 1, "name": "memory", "tags": ["a", "b", "c"], "size": {"rows": 32768, "banks": 16}}
text = "[" + ",".join(json.dumps({**record, "id": i}) for i in range(12000)) + "]"
parsed = json.loads(text)
print(len(parsed), sum(len(r["tags"]) for r in parsed))
