"""Insights at the door: inputs from the room or from plain files, and the documents they are handed out as."""
