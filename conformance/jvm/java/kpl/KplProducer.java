import com.google.common.util.concurrent.FutureCallback;
import com.google.common.util.concurrent.Futures;
import com.google.common.util.concurrent.MoreExecutors;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.kinesis.producer.KinesisProducer;
import software.amazon.kinesis.producer.KinesisProducerConfiguration;
import software.amazon.kinesis.producer.Metric;
import software.amazon.kinesis.producer.UserRecordResult;

/**
 * The Kinesis Producer Library with its native daemon, as its users write a producer: puts {@code count} user records,
 * {@code PREFIX-0} and so on, with {@code keys} partition keys in turn, and tells what became of them.
 *
 * <p>{@code --host HOST --port PORT --stream NAME --count N --keys K --prefix TEXT --per-second R}
 */
public final class KplProducer {
  public static void main(String[] args) throws Exception {
    Map<String, String> options = Lines.options(args);
    String host = options.get("host");
    long port = Long.parseLong(options.get("port"));
    String stream = options.get("stream");
    int count = Integer.parseInt(options.get("count"));
    int keys = Integer.parseInt(options.get("keys"));
    int perSecond = Integer.parseInt(options.get("per-second"));
    StaticCredentialsProvider credentials =
        StaticCredentialsProvider.create(AwsBasicCredentials.create(
                System.getenv("AWS_ACCESS_KEY_ID"), System.getenv("AWS_SECRET_ACCESS_KEY")));

    KinesisProducer producer =
        new KinesisProducer(
            new KinesisProducerConfiguration()
                .setKinesisEndpoint(host)
                .setKinesisPort(port)
                .setCloudwatchEndpoint(host)
                .setCloudwatchPort(port)
                .setStsEndpoint(host)
                .setStsPort(port)
                .setVerifyCertificate(false)
                .setRegion("us-east-1")
                .setCredentialsProvider(credentials)
                .setMetricsCredentialsProvider(credentials)
                .setMetricsUploadDelay(1000)
                .setRecordTtl(60_000)
                .setTempDirectory(options.get("temporary"))
                .setLogLevel("warning"));
    Lines.onInput(() -> {});
    Lines.print("started");

    CountDownLatch done = new CountDownLatch(count);
    AtomicInteger failed = new AtomicInteger();
    AtomicInteger retried = new AtomicInteger();
    Map<String, AtomicInteger> byShard = new TreeMap<>();
    FutureCallback<UserRecordResult> outcome =
        new FutureCallback<>() {
          @Override
          public synchronized void onSuccess(UserRecordResult result) {
            if (result.getAttempts().size() > 1) retried.incrementAndGet();
            byShard.computeIfAbsent(result.getShardId(), shard -> new AtomicInteger()).incrementAndGet();
            done.countDown();
          }

          @Override
          public void onFailure(Throwable error) {
            if (failed.getAndIncrement() == 0) Lines.print("error", "message", error.toString());
            done.countDown();
          }
        };
    long startedMs = System.currentTimeMillis();
    for (int i = 0; i < count; i++) {
      long aheadMs = i * 1000L / perSecond - (System.currentTimeMillis() - startedMs);
      if (aheadMs > 20) Thread.sleep(aheadMs);
      ByteBuffer data = ByteBuffer.wrap((options.get("prefix") + "-" + i).getBytes(StandardCharsets.UTF_8));
      Futures.addCallback(
          producer.addUserRecord(stream, "key-" + i % keys, data), outcome, MoreExecutors.directExecutor());
    }
    producer.flush();
    done.await();
    long tookMs = System.currentTimeMillis() - startedMs;

    double kinesisRecords = 0;
    for (Metric metric : producer.getMetrics("KinesisRecordsPut"))
      if (metric.getDimensions().size() == 1) kinesisRecords += metric.getSum();
    // One more round of the metrics' upload, which is a second here.
    Thread.sleep(Long.parseLong(options.getOrDefault("linger-ms", "0")));
    Lines.print("done", "failed", failed, "retried", retried, "shards", byShard.size(), "tookMs", tookMs,
        "kinesisRecords", kinesisRecords);
    producer.destroy();
    System.exit(0);
  }
}
