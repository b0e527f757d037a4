import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.Protocol;
import software.amazon.awssdk.http.SdkHttpConfigurationOption;
import software.amazon.awssdk.http.async.SdkAsyncHttpClient;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.cloudwatch.CloudWatchAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;
import software.amazon.awssdk.utils.AttributeMap;
import software.amazon.kinesis.common.ConfigsBuilder;
import software.amazon.kinesis.common.InitialPositionInStream;
import software.amazon.kinesis.common.InitialPositionInStreamExtended;
import software.amazon.kinesis.coordinator.Scheduler;
import software.amazon.kinesis.exceptions.InvalidStateException;
import software.amazon.kinesis.exceptions.ShutdownException;
import software.amazon.kinesis.lifecycle.events.InitializationInput;
import software.amazon.kinesis.lifecycle.events.LeaseLostInput;
import software.amazon.kinesis.lifecycle.events.ProcessRecordsInput;
import software.amazon.kinesis.lifecycle.events.ShardEndedInput;
import software.amazon.kinesis.lifecycle.events.ShutdownRequestedInput;
import software.amazon.kinesis.metrics.MetricsLevel;
import software.amazon.kinesis.processor.RecordProcessorCheckpointer;
import software.amazon.kinesis.processor.ShardRecordProcessor;
import software.amazon.kinesis.retrieval.KinesisClientRecord;
import software.amazon.kinesis.retrieval.RetrievalSpecificConfig;
import software.amazon.kinesis.retrieval.fanout.FanOutConfig;
import software.amazon.kinesis.retrieval.polling.PollingConfig;

/**
 * A worker of the Kinesis Client Library, as its users write one: prints every record that it is given, and checkpoints
 * after each batch. The same source for KCL 2 and 3; what only one of them has is in {@code Version}.
 *
 * <p>{@code --endpoint URL --stream NAME --application NAME --worker ID --mode polling|fanout}
 */
public final class KclWorker {
  public static void main(String[] args) throws Exception {
    Map<String, String> options = Lines.options(args);
    URI endpoint = URI.create(options.get("endpoint"));
    String stream = options.get("stream");
    String application = options.get("application");

    // Kinesis by HTTP/2, with prior knowledge where there is no TLS: that is how KCL itself makes its client.
    KinesisAsyncClient kinesis =
        KinesisAsyncClient.builder()
            .endpointOverride(endpoint)
            .region(Region.US_EAST_1)
            .credentialsProvider(credentials)
            .httpClient(http(Protocol.HTTP2))
            .build();
    DynamoDbAsyncClient dynamoDb =
        DynamoDbAsyncClient.builder()
            .endpointOverride(endpoint)
            .region(Region.US_EAST_1)
            .credentialsProvider(credentials)
            .httpClient(http(Protocol.HTTP1_1))
            .build();
    CloudWatchAsyncClient cloudWatch =
        CloudWatchAsyncClient.builder()
            .endpointOverride(endpoint)
            .region(Region.US_EAST_1)
            .credentialsProvider(credentials)
            .httpClient(http(Protocol.HTTP1_1))
            .build();

    ConfigsBuilder configs =
        new ConfigsBuilder(
            stream, application, kinesis, dynamoDb, cloudWatch, options.get("worker"), Processor::new);
    InitialPositionInStreamExtended start =
        InitialPositionInStreamExtended.newInitialPosition(InitialPositionInStream.TRIM_HORIZON);
    RetrievalSpecificConfig retrieval =
        options.get("mode").equals("fanout")
            ? new FanOutConfig(kinesis).streamName(stream).applicationName(application)
            : new PollingConfig(stream, kinesis).idleTimeBetweenReadsInMillis(200);

    // Everything that has a rhythm is set to a quicker one, so that a test takes seconds.
    long failoverMs = Long.parseLong(options.getOrDefault("failover-ms", "3000"));
    var leases =
        configs.leaseManagementConfig()
            .failoverTimeMillis(failoverMs)
            .shardSyncIntervalMillis(1000)
            .initialPositionInStream(start);
    var coordinator =
        configs.coordinatorConfig().parentShardPollIntervalMillis(300).shardConsumerDispatchPollIntervalMillis(100);
    Version.tune(leases, coordinator, options);
    Scheduler scheduler =
        new Scheduler(
            configs.checkpointConfig(),
            coordinator,
            leases,
            configs.lifecycleConfig(),
            configs.metricsConfig().metricsLevel(MetricsLevel.DETAILED).metricsBufferTimeMillis(1000),
            configs.processorConfig(),
            configs.retrievalConfig().retrievalSpecificConfig(retrieval).initialPositionInStreamExtended(start));

    Lines.onInput(
        () -> {
          // KCL waits in vain for shards that have ended and whose leases it has not cleaned up yet: 5 minutes.
          try {
            scheduler.startGracefulShutdown().get(3, TimeUnit.SECONDS);
          } catch (Exception late) {
            scheduler.shutdown();
          }
        });
    Lines.print("started");
    scheduler.run();
    Lines.print("stopped");
    System.exit(0);
  }

  private static final StaticCredentialsProvider credentials =
      StaticCredentialsProvider.create(AwsBasicCredentials.create(
                System.getenv("AWS_ACCESS_KEY_ID"), System.getenv("AWS_SECRET_ACCESS_KEY")));

  /** Trusts whoever answers: the certificate of a test server is its own. */
  private static SdkAsyncHttpClient http(Protocol protocol) {
    return NettyNioAsyncHttpClient.builder()
        .maxConcurrency(100)
        .buildWithDefaults(
            AttributeMap.builder()
                .put(SdkHttpConfigurationOption.PROTOCOL, protocol)
                .put(SdkHttpConfigurationOption.TRUST_ALL_CERTIFICATES, true)
                .build());
  }

  private static final class Processor implements ShardRecordProcessor {
    private String shardId;

    @Override
    public void initialize(InitializationInput input) {
      shardId = input.shardId();
      Lines.print(
          "initialize",
          "shard", shardId,
          "sequenceNumber", input.extendedSequenceNumber().sequenceNumber(),
          "subSequenceNumber", input.extendedSequenceNumber().subSequenceNumber());
    }

    @Override
    public void processRecords(ProcessRecordsInput input) {
      if (input.records().isEmpty()) return;
      StringBuilder records = new StringBuilder("[");
      for (KinesisClientRecord record : input.records()) {
        if (records.length() > 1) records.append(',');
        records
            .append("[\"").append(record.sequenceNumber()).append("\",")
            .append(record.subSequenceNumber()).append(',')
            .append(Lines.quoted(record.partitionKey())).append(',')
            .append(Lines.quoted(StandardCharsets.UTF_8.decode(record.data()))).append(']');
      }
      Lines.print("records", "shard", shardId, "records", new Json(records.append(']')));
      checkpoint(input.checkpointer());
    }

    @Override
    public void leaseLost(LeaseLostInput input) {
      Lines.print("leaseLost", "shard", shardId);
    }

    @Override
    public void shardEnded(ShardEndedInput input) {
      Lines.print("shardEnded", "shard", shardId);
      checkpoint(input.checkpointer());
    }

    @Override
    public void shutdownRequested(ShutdownRequestedInput input) {
      Lines.print("shutdownRequested", "shard", shardId);
      checkpoint(input.checkpointer());
    }

    private void checkpoint(RecordProcessorCheckpointer checkpointer) {
      try {
        checkpointer.checkpoint();
      } catch (ShutdownException lost) {
        Lines.print("checkpointLost", "shard", shardId);
      } catch (InvalidStateException | RuntimeException failed) {
        Lines.print("error", "shard", shardId, "message", failed.toString());
      }
    }
  }

  /** Printed as it is. */
  private record Json(StringBuilder text) {
    @Override
    public String toString() {
      return text.toString();
    }
  }
}
