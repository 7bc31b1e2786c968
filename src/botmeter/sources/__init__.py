"""A platform's format → events: one module each for CSV, NDJSON and JSON, Parquet, CloudEvents.

Every format gives columns and a way to read one record again (`records`); whole columns are
screened (`screens`) and doubtful records judged by the one rule that all formats share (`rule`).
"""

from botmeter.sources.mapping import Mapping
from botmeter.sources.mapping_file import mapping_from_file
from botmeter.sources.reader import SourceFile, batches, batches_from_json, size_bytes

__all__ = ["Mapping", "SourceFile", "batches", "batches_from_json", "mapping_from_file", "size_bytes"]
