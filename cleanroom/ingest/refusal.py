"""A file refused as a whole, with the report that says why."""

from cleanroom.errors import DataRefused, IntegrityFailure
from cleanroom.quality.report import QualityReport


class FileRefused(DataRefused):
    """The gate refuses the file; ``report`` holds every finding, the fatal ones first."""

    def __init__(self, report: QualityReport) -> None:
        first = report.fatal[0]
        super().__init__(first.code, first.message, help=first.help)
        self.report = report


class PackageAltered(IntegrityFailure):
    """The package's signature or digest does not hold; nothing of it was looked at."""
