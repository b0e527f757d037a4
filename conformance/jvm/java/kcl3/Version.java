import java.util.Map;
import software.amazon.kinesis.coordinator.CoordinatorConfig;
import software.amazon.kinesis.coordinator.CoordinatorConfig.ClientVersionConfig;
import software.amazon.kinesis.leases.LeaseAssignmentStrategy;
import software.amazon.kinesis.leases.LeaseManagementConfig;

/** What only KCL 3 has: a leader that assigns the leases, and the years when KCL 2 works beside it. */
final class Version {
  private Version() {}

  static void tune(LeaseManagementConfig leases, CoordinatorConfig coordinator, Map<String, String> options) {
    leases
        .leaseAssignmentIntervalMillis(1000L)
        .dynamoDbLockBasedLeaderLeaseDurationInMillis(5000L)
        .dynamoDbLockBasedLeaderHeartbeatPeriodInMillis(1000L);
    // The leader counts those who reported within twice this time, and our worker reports every 30 seconds, KCL's default.
    leases.workerUtilizationAwareAssignmentConfig()
        .workerMetricsReporterFreqInMillis(20_000)
        .inMemoryWorkerMetricsCaptureFrequencyMillis(500);
    // Its leader weighs processors and bytes, which on one idle machine are the same for all: so a test counts leases.
    if (options.getOrDefault("assignment", "").equals("lease-count"))
      leases.leaseAssignmentStrategy(LeaseAssignmentStrategy.LEASE_COUNT_BASED);
    if (options.getOrDefault("client-version", "3").equals("2"))
      coordinator.clientVersionConfig(ClientVersionConfig.CLIENT_VERSION_CONFIG_COMPATIBLE_WITH_2X);
  }
}
