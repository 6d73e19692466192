"""The published JSON Schema of the data policy: editors and other tools read it; a test holds it to the loader."""

import json
from importlib import resources

from policies.document import PolicyDocument

DATA_POLICY_V1 = "data-policy.v1.json"


def published() -> bytes:
    """The schema as shipped."""
    return (resources.files("policies.schema") / DATA_POLICY_V1).read_bytes()


def generated() -> bytes:
    """The schema as the loader's own types say it; ``published`` must equal it."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **PolicyDocument.model_json_schema()}
    return (json.dumps(schema, indent=2, sort_keys=True) + "\n").encode()
