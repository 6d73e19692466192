"""Other vendors' rules -> data policy text, and a list in words of what could not be carried over.

Never looser than the original: what has no counterpart is left out, or left so that lint asks for a decision.
``imported`` the result and its text · ``columns`` the grants a contract suggests · ``aws`` AWS Clean Rooms analysis
rules · ``bigquery`` BigQuery privacy policies.
"""

from policies.importers.aws import import_aws
from policies.importers.bigquery import import_bigquery
from policies.importers.imported import Imported, Target

__all__ = ["Imported", "Target", "import_aws", "import_bigquery"]
