"""What a screening leaves behind: the list as CSV, Parquet and FHIR, the faults, and a report to read.

Every file names patients by their id and is readable by its owner alone.
"""

from cds_service.screening.output.write import Output, write_output

__all__ = ["Output", "write_output"]
