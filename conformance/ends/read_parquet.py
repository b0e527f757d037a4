"""Reads a Parquet file by pyarrow or by DuckDB, and prints its rows as JSON, with texts for what JSON does not have.

    python3 read_parquet.py rows pyarrow|duckdb FILE
    python3 read_parquet.py sums pyarrow|duckdb FILE      count, sum of "id", distinct "word"
"""

import datetime
import decimal
import json
import sys


def plain(value):
    if isinstance(value, datetime.datetime):
        assert value.tzinfo is None, "a timestamp of no time zone"
        return value.isoformat(timespec="microseconds")
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, (bytes, bytearray)):
        return value.hex()
    if isinstance(value, dict):
        return {key: plain(member) for key, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(member) for member in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return str(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 2**53:
        return str(value)
    return value


def rows(reader, path):
    if reader == "duckdb":
        import duckdb

        found = duckdb.sql(f"select * from read_parquet('{path}')")
        return [dict(zip(found.columns, row)) for row in found.fetchall()]
    import pyarrow.parquet

    return pyarrow.parquet.read_table(path).to_pylist(maps_as_pydicts="strict")


def sums(reader, path):
    if reader == "duckdb":
        import duckdb

        query = f"select count(*), sum(id)::bigint, count(distinct word) from read_parquet('{path}')"
        return list(duckdb.sql(query).fetchall()[0])
    import pyarrow.compute
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(path)
    compute = pyarrow.compute
    return [table.num_rows, compute.sum(table["id"]).as_py(), compute.count_distinct(table["word"]).as_py()]


what, reader, path = sys.argv[1:]
print(json.dumps(plain(rows(reader, path) if what == "rows" else sums(reader, path))))
