"""Formats: how an outside file is written. One file each; ``FORMATS`` lists them; ``open_source`` picks.

======================  =====================================================================================
``source``              the one shape they all read into: ``Source`` and ``SourceOptions``
``registry``            ``FORMATS``, ``open_source``, ``default_mapping``
``tally``, ``codes``    counts, quarantine and the closed table of findings
``opening``             bounded streams, gzip
``delimited``           CSV and relatives (``encodings``, ``records``, ``dialects``, ``plain_rows``)
======================  =====================================================================================
"""

from connectors.formats.registry import FORMATS, Format, default_mapping, open_source
from connectors.formats.source import ROW, Source, SourceOptions
from connectors.formats.tally import Rejected

__all__ = [
    "FORMATS",
    "ROW",
    "Format",
    "Rejected",
    "Source",
    "SourceOptions",
    "default_mapping",
    "open_source",
]
