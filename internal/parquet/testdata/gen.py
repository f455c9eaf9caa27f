"""Makes the Parquet files of these tests, one with each codec, and between them every encoding.

python3 gen.py; made with pyarrow 26.0.1, DuckDB 2.0.1 and Polars 2.1.0.
"""
import json

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

n = 40
rows = {
    "text": [None if i % 11 == 5 else " ".join(["naïve", "一餐", "good", "film"][: i % 5]) for i in range(n)],
    "label": [["neg", "pos", "mid"][i * i % 3] for i in range(n)],
    "n": [i * i * (-1) ** i for i in range(n)],
    "u": [2**32 - 1 - i for i in range(n)],
    "big": [i * 2**56 - 2**62 for i in range(n)],
    "f": [i / 4 for i in range(n)],
    "d": [i / 3 for i in range(n)],
    "b": [i % 3 == 0 for i in range(n)],
    "topics": [None if i % 7 == 3 else ["a", "b", "c"][: i % 4] for i in range(n)],
}
schema = pa.schema([
    ("text", pa.string()), ("label", pa.string()), ("n", pa.int32()), ("u", pa.uint32()), ("big", pa.int64()),
    ("f", pa.float32()), ("d", pa.float64()), ("b", pa.bool_()), ("topics", pa.list_(pa.string())),
])
with open("rows.json", "w") as f:
    json.dump(rows, f, ensure_ascii=False)
data = pa.table(rows, schema=schema)


def write(name, **options):
    pq.write_table(data, name, **options)


plain = {"use_dictionary": False}
delta = plain | {"column_encoding": {
    "text": "DELTA_BYTE_ARRAY", "label": "DELTA_LENGTH_BYTE_ARRAY", "n": "DELTA_BINARY_PACKED", "u": "DELTA_BINARY_PACKED",
    "big": "DELTA_BINARY_PACKED", "b": "RLE", "topics.list.element": "DELTA_BYTE_ARRAY"}}
split = plain | {"column_encoding": {c: "BYTE_STREAM_SPLIT" for c in ["n", "u", "big", "f", "d"]}}
write("none.parquet", compression="none", row_group_size=7, write_page_checksum=True)
write("snappy.parquet", compression="snappy", data_page_size=20, write_batch_size=4)
write("gzip.parquet", compression="gzip", data_page_version="2.0", write_page_checksum=True, **delta)
write("brotli.parquet", compression="brotli", data_page_version="2.0", **split)
write("lz4.parquet", compression="lz4", **delta)
duckdb.sql("copy (select * from data) to 'zstd.parquet' (format parquet, compression zstd)")
duckdb.sql("copy (select * from data) to 'duckdb.parquet' (format parquet, compression snappy, parquet_version v2)")
pl.from_arrow(data).write_parquet("polars.parquet", compression="zstd")
