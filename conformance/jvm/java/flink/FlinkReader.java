import java.util.Map;
import java.util.Properties;
import org.apache.flink.api.common.serialization.SimpleStringSchema;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.connectors.kinesis.FlinkKinesisConsumer;
import org.apache.flink.util.CloseableIterator;

/**
 * A job of Apache Flink that reads a stream with its Kinesis connector, on a cluster in this process: prints every
 * record's text, until {@code count} have come.
 *
 * <p>{@code --endpoint URL --stream NAME --mode polling|fanout --count N}
 */
public final class FlinkReader {
  public static void main(String[] args) throws Exception {
    Map<String, String> options = Lines.options(args);
    Properties kinesis = new Properties();
    kinesis.setProperty("aws.region", "us-east-1");
    kinesis.setProperty("aws.endpoint", options.get("endpoint"));
    kinesis.setProperty("aws.credentials.provider", "BASIC");
    kinesis.setProperty("aws.credentials.provider.basic.accesskeyid", System.getenv("AWS_ACCESS_KEY_ID"));
    kinesis.setProperty("aws.credentials.provider.basic.secretkey", System.getenv("AWS_SECRET_ACCESS_KEY"));
    kinesis.setProperty("flink.stream.initpos", "TRIM_HORIZON");
    kinesis.setProperty("flink.shard.discovery.intervalmillis", "500");
    if (options.get("mode").equals("fanout")) {
      kinesis.setProperty("flink.stream.recordpublisher", "EFO");
      kinesis.setProperty("flink.stream.efo.consumername", "flink");
    }

    Configuration cluster = new Configuration();
    cluster.setString("taskmanager.memory.network.min", "16mb");
    cluster.setString("taskmanager.memory.network.max", "16mb");
    cluster.setString("taskmanager.memory.managed.size", "8mb");
    StreamExecutionEnvironment job = StreamExecutionEnvironment.createLocalEnvironment(2, cluster);
    job.enableCheckpointing(500);
    DataStream<String> records =
        job.addSource(new FlinkKinesisConsumer<>(options.get("stream"), new SimpleStringSchema(), kinesis));

    Lines.onInput(() -> {});
    Lines.print("started");
    int left = Integer.parseInt(options.get("count"));
    try (CloseableIterator<String> all = records.executeAndCollect()) {
      while (left-- > 0) Lines.print("record", "data", all.next());
    }
    Lines.print("stopped");
    System.exit(0);
  }
}
