"""Reads ORC files with pyarrow, which has Apache's C++ reader: for each FILE it writes FILE.rows, each row in the notation
of the tests."""

import datetime
import decimal
import struct
import sys

import pyarrow as pa
import pyarrow.orc

decimal.getcontext().prec = 60
epoch = datetime.datetime(1970, 1, 1)
day0 = datetime.date(1970, 1, 1)
microsecond = datetime.timedelta(microseconds=1)


def notation(kind, value):
    if value is None:
        return "~"
    if pa.types.is_boolean(kind):
        return "1" if value else "0"
    if pa.types.is_floating(kind):
        return struct.pack(">d", value).hex()
    if pa.types.is_string(kind):
        return "x" + value.encode().hex()
    if pa.types.is_binary(kind):
        return "x" + value.hex()
    if pa.types.is_date(kind):
        return str((value - day0).days)
    if pa.types.is_timestamp(kind):
        return str((value - epoch) // microsecond)
    if pa.types.is_decimal(kind):
        return str(int(value.scaleb(kind.scale)))
    if pa.types.is_map(kind):
        entries = (notation(kind.key_type, k) + ":" + notation(kind.item_type, v) for k, v in value)
        return "{" + ",".join(entries) + "}"
    if pa.types.is_list(kind):
        return "[" + ",".join(notation(kind.value_type, element) for element in value) + "]"
    if pa.types.is_struct(kind):
        return "(" + ",".join(notation(field.type, value[field.name]) for field in kind) + ")"
    return str(value)


for file in sys.argv[1:]:
    reader = pyarrow.orc.ORCFile(file)
    table = reader.read() if reader.nrows > 0 else None
    with open(file + ".rows", "w") as out:
        if table is not None:
            columns = [[notation(column.type, value) for value in column.to_pylist()] for column in table.columns]
            for row in zip(*columns):
                out.write("(" + ",".join(row) + ")\n")
