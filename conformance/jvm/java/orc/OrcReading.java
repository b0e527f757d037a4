import java.io.PrintWriter;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.orc.storage.ql.exec.vector.*;
import org.apache.orc.storage.ql.io.sarg.*;
import org.apache.orc.*;
import org.apache.orc.impl.*;

/**
 * Reads ORC files with Apache's own reader. For each FILE of the arguments it writes beside it:
 *
 *   FILE.rows         each row, in the notation of the tests
 *   FILE.statistics   rows of each stripe; of the file, its stripes and their row groups a line for each column
 *   FILE.seeks        row number and row, where a reader lands that goes to the rows at and around each group's start
 *   FILE.found        for each line of FILE.searches the ranges of rows that were not passed over; instead of the seeks
 */
public class OrcReading {
  public static void main(String[] files) throws Exception {
    for (String file : files) {
      Configuration conf = new Configuration();
      OrcFile.ReaderOptions options = OrcFile.readerOptions(conf).useUTCTimestamp(true).convertToProlepticGregorian(true);
      try (Reader reader = OrcFile.createReader(new Path(file), options)) {
        writeRows(reader, file);
        writeStatistics(reader, file);
        // In a file with bloom filters Apache's reader fails to go to a row, whoever wrote it.
        if (Files.exists(Paths.get(file + ".searches"))) writeFound(reader, file);
        else writeSeeks(reader, file);
      }
    }
  }

  static void writeRows(Reader reader, String file) throws Exception {
    try (PrintWriter out = new PrintWriter(file + ".rows"); RecordReader rows = reader.rows()) {
      VectorizedRowBatch batch = reader.getSchema().createRowBatch();
      while (rows.nextBatch(batch)) for (int r = 0; r < batch.size; r++) out.println(row(reader, batch, r));
    }
  }

  static void writeStatistics(Reader reader, String file) throws Exception {
    TypeDescription schema = reader.getSchema();
    try (PrintWriter out = new PrintWriter(file + ".statistics"); RecordReader rows = reader.rows()) {
      boolean[] none = new boolean[schema.getMaximumId() + 1];
      ColumnStatistics[] ofFile = reader.getStatistics();
      for (int c = 0; c < ofFile.length; c++) out.println("file 0 0 " + c + " " + described(ofFile[c]));
      for (StripeInformation stripe : reader.getStripes()) out.println("rows " + stripe.getNumberOfRows());
      List<StripeStatistics> ofStripes = reader.getStripeStatistics();
      for (int s = 0; s < ofStripes.size(); s++) {
        ColumnStatistics[] ofStripe = ofStripes.get(s).getColumnStatistics();
        for (int c = 0; c < ofStripe.length; c++) out.println("stripe " + s + " 0 " + c + " " + described(ofStripe[c]));
        OrcProto.RowIndex[] indexes = ((RecordReaderImpl) rows).readRowIndex(s, null, none).getRowGroupIndex();
        for (int c = 0; c < indexes.length; c++)
          for (int g = 0; g < indexes[c].getEntryCount(); g++)
            out.println("group " + s + " " + g + " " + c + " " + described(ColumnStatisticsImpl.deserialize(
                schema.findSubtype(c), indexes[c].getEntry(g).getStatistics(), true, true)));
      }
    }
  }

  static void writeSeeks(Reader reader, String file) throws Exception {
    long stride = reader.getRowIndexStride();
    try (PrintWriter out = new PrintWriter(file + ".seeks"); RecordReader rows = reader.rows()) {
      VectorizedRowBatch batch = reader.getSchema().createRowBatch(1);
      long first = 0;
      List<Long> wanted = new ArrayList<>();
      for (StripeInformation stripe : reader.getStripes()) {
        for (long at = 0; at < stripe.getNumberOfRows(); at += stride)
          for (long near : new long[] {at, at + 1, at + stride / 2, at + stride - 1})
            if (near < stripe.getNumberOfRows()) wanted.add(first + near);
        first += stripe.getNumberOfRows();
      }
      // From the last to the first, so that each is a way back.
      for (int i = wanted.size() - 1; i >= 0; i--) {
        rows.seekToRow(wanted.get(i));
        rows.nextBatch(batch);
        out.println(wanted.get(i) + " " + row(reader, batch, 0));
      }
    }
  }

  /** A search is "column TYPE value": rows whose column equals the value. */
  static void writeFound(Reader reader, String file) throws Exception {
    try (PrintWriter out = new PrintWriter(file + ".found")) {
      for (String line : Files.readAllLines(Paths.get(file + ".searches"))) {
        String[] parts = line.split(" ", 3);
        PredicateLeaf.Type type = PredicateLeaf.Type.valueOf(parts[1]);
        Object value = switch (type) {
          case LONG -> (Object) Long.valueOf(parts[2]);
          case FLOAT -> Double.valueOf(parts[2]);
          default -> parts[2];
        };
        SearchArgument search =
            SearchArgumentFactory.newBuilder().startAnd().equals(parts[0], type, value).end().build();
        Reader.Options options = reader.options().searchArgument(search, new String[] {parts[0]});
        StringBuilder ranges = new StringBuilder();
        try (RecordReader rows = reader.rows(options)) {
          VectorizedRowBatch batch = reader.getSchema().createRowBatch();
          for (long at = rows.getRowNumber(); rows.nextBatch(batch); at = rows.getRowNumber())
            ranges.append(at).append('+').append(batch.size).append(' ');
        }
        out.println(ranges.toString().trim());
      }
    }
  }

  static String row(Reader reader, VectorizedRowBatch batch, int r) {
    List<String> values = new ArrayList<>();
    List<TypeDescription> types = reader.getSchema().getChildren();
    for (int c = 0; c < types.size(); c++) values.add(value(types.get(c), batch.cols[c], r));
    return "(" + String.join(",", values) + ")";
  }

  static String value(TypeDescription type, ColumnVector vector, int row) {
    int r = vector.isRepeating ? 0 : row;
    if (!vector.noNulls && vector.isNull[r]) return "~";
    switch (type.getCategory()) {
      case BOOLEAN: case BYTE: case SHORT: case INT: case LONG: case DATE:
        return Long.toString(((LongColumnVector) vector).vector[r]);
      case FLOAT: case DOUBLE:
        return bits(((DoubleColumnVector) vector).vector[r]);
      case STRING: case VARCHAR: case CHAR: case BINARY: {
        BytesColumnVector bytes = (BytesColumnVector) vector;
        return hex(bytes.vector[r], bytes.start[r], bytes.length[r]);
      }
      case TIMESTAMP: {
        TimestampColumnVector times = (TimestampColumnVector) vector;
        return Long.toString(Math.floorDiv(times.time[r], 1000L) * 1_000_000L + times.nanos[r] / 1000);
      }
      case DECIMAL: {
        if (vector instanceof Decimal64ColumnVector d) return Long.toString(d.vector[r]);
        BigDecimal decimal = ((DecimalColumnVector) vector).vector[r].getHiveDecimal().bigDecimalValue();
        return decimal.setScale(type.getScale()).unscaledValue().toString();
      }
      case STRUCT: {
        List<String> values = new ArrayList<>();
        ColumnVector[] fields = ((StructColumnVector) vector).fields;
        for (int c = 0; c < fields.length; c++) values.add(value(type.getChildren().get(c), fields[c], r));
        return "(" + String.join(",", values) + ")";
      }
      case LIST: {
        ListColumnVector list = (ListColumnVector) vector;
        List<String> values = new ArrayList<>();
        for (long i = list.offsets[r]; i < list.offsets[r] + list.lengths[r]; i++)
          values.add(value(type.getChildren().get(0), list.child, (int) i));
        return "[" + String.join(",", values) + "]";
      }
      case MAP: {
        MapColumnVector map = (MapColumnVector) vector;
        List<String> values = new ArrayList<>();
        for (long i = map.offsets[r]; i < map.offsets[r] + map.lengths[r]; i++)
          values.add(value(type.getChildren().get(0), map.keys, (int) i) + ":"
              + value(type.getChildren().get(1), map.values, (int) i));
        return "{" + String.join(",", values) + "}";
      }
      default:
        throw new IllegalArgumentException("no notation for " + type);
    }
  }

  static String described(ColumnStatistics statistics) {
    String counts = statistics.getNumberOfValues() + " " + statistics.hasNull();
    if (statistics.getNumberOfValues() == 0) return counts;
    if (statistics instanceof IntegerColumnStatistics s)
      return counts + " " + s.getMinimum() + " " + s.getMaximum() + " " + (s.isSumDefined() ? s.getSum() : "~");
    if (statistics instanceof DoubleColumnStatistics s)
      return counts + " " + bits(s.getMinimum()) + " " + bits(s.getMaximum()) + " about " + s.getSum();
    if (statistics instanceof StringColumnStatistics s)
      return counts + " " + hex(s.getLowerBound()) + " " + hex(s.getUpperBound()) + " " + s.getSum();
    if (statistics instanceof BooleanColumnStatistics s) return counts + " " + s.getTrueCount();
    if (statistics instanceof DecimalColumnStatistics s)
      return counts + " " + s.getMinimum() + " " + s.getMaximum() + " " + (s.getSum() == null ? "~" : s.getSum());
    if (statistics instanceof DateColumnStatistics s)
      return counts + " " + s.getMinimumDayOfEpoch() + " " + s.getMaximumDayOfEpoch();
    if (statistics instanceof TimestampColumnStatistics s)
      return counts + " " + micros(s.getMinimumUTC()) + " " + micros(s.getMaximumUTC());
    if (statistics instanceof BinaryColumnStatistics s) return counts + " " + s.getSum();
    if (statistics instanceof CollectionColumnStatistics s)
      return counts + " " + s.getMinimumChildren() + " " + s.getMaximumChildren() + " " + s.getTotalChildren();
    return counts;
  }

  static long micros(java.sql.Timestamp time) {
    return Math.floorDiv(time.getTime(), 1000L) * 1_000_000L + time.getNanos() / 1000;
  }

  static String bits(double value) {
    return String.format("%016x", Double.doubleToLongBits(value));
  }

  static String hex(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return hex(bytes, 0, bytes.length);
  }

  static String hex(byte[] bytes, int start, int length) {
    return "x" + HexFormat.of().formatHex(bytes, start, start + length);
  }
}
