"""Makes the Parquet files of these tests as Hugging Face's datasets library ships them.

python3 gen_parquet.py; made with pyarrow 26.0.1.
"""
import json

import pyarrow as pa
import pyarrow.parquet as pq

features = {
    "text": {"dtype": "string", "_type": "Value"},
    "label": {"names": ["neg", "pos"], "_type": "ClassLabel"},
    "topics": {"feature": {"names": ["sport", "film", "food"], "_type": "ClassLabel"}, "_type": "Sequence"},
}
schema = pa.schema(
    [("text", pa.string()), ("label", pa.int64()), ("topics", pa.list_(pa.int64())), ("stars", pa.float32()),
     ("meta", pa.struct([("lang", pa.string()), ("n", pa.int32())]))],
    metadata={"huggingface": json.dumps({"info": {"features": features}})},
)
rows = {
    "text": ["a film", "a match", None, "一餐"],
    "label": [1, 0, 1, -1],
    "topics": [[1, 2], [], [0], None],
    "stars": [4.5, 1, None, 3],
    "meta": [{"lang": "en", "n": 1}, None, {"lang": None, "n": 2}, {"lang": "zh", "n": 3}],
}
table = pa.table(rows, schema=schema)
pq.write_table(table, "snappy.parquet", row_group_size=3)
pq.write_table(table, "plain_v2_zstd.parquet", compression="zstd", use_dictionary=False, data_page_version="2.0")
