"""The published JSON Schema of query templates."""
