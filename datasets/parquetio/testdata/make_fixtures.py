"""Writes the Parquet files that foreign_test.go reads, with pyarrow and DuckDB.

Row i, from 0 to 299, of every file:
  id     i * 7
  text   "row i " followed by i % 5 letters e-acute; null where i % 11 == 3
  small  i % 3 as int32, null where i % 2 == 1
  ratio  i / 4
  flag   i % 3 == 0, null where i % 5 == 4
  hash   16 bytes: i % 256 repeated
  meta   struct with text "meta i % 7"; null where i % 13 == 5
  tags   list of i % 3 strings
"""
import duckdb, pyarrow as pa, pyarrow.parquet as pq

N = 300
rows = range(N)
schema = pa.schema([
    ("id", pa.int64()), ("text", pa.string()), ("small", pa.int32()), ("ratio", pa.float64()),
    ("flag", pa.bool_()), ("hash", pa.binary(16)), ("meta", pa.struct([("text", pa.string())])),
    ("tags", pa.list_(pa.string())),
])
table = pa.table({
    "id": [i * 7 for i in rows],
    "text": [None if i % 11 == 3 else f"row {i} " + "\u00e9" * (i % 5) for i in rows],
    "small": [None if i % 2 else i % 3 for i in rows],
    "ratio": [i / 4 for i in rows],
    "flag": [None if i % 5 == 4 else i % 3 == 0 for i in rows],
    "hash": [bytes([i % 256]) * 16 for i in rows],
    "meta": [None if i % 13 == 5 else {"text": f"meta {i % 7}"} for i in rows],
    "tags": [[f"t{k}" for k in range(i % 3)] for i in rows],
}, schema=schema)

def write(name, table=table, **options):
    pq.write_table(table, f"{name}.parquet", row_group_size=128, **options)

small_pages = {"data_page_size": 512, "write_batch_size": 16}
write("dictionary_v1_snappy", compression="snappy", **small_pages)
write("dictionary_v2_zstd", compression="zstd", data_page_version="2.0", **small_pages)
write("plain_v1_gzip", compression="gzip", use_dictionary=False, write_page_index=True, **small_pages)
write("plain_v2_none", compression="none", use_dictionary=False, data_page_version="2.0", write_page_checksum=True)
write("delta_v2_zstd", compression="zstd", use_dictionary=False, data_page_version="2.0", column_encoding={
    "id": "DELTA_BINARY_PACKED", "small": "DELTA_BINARY_PACKED", "text": "DELTA_BYTE_ARRAY",
    "ratio": "BYTE_STREAM_SPLIT", "meta.text": "DELTA_LENGTH_BYTE_ARRAY", "tags.list.element": "PLAIN",
    "flag": "RLE", "hash": "PLAIN"}, **small_pages)
large = table.set_column(1, "text", table["text"].cast(pa.large_string()))
write("large_v1_lz4", large, compression="lz4", store_schema=False)
duckdb.register('docs', table)
duckdb.sql("COPY (SELECT * FROM docs) TO 'duckdb.parquet' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 2048)")
