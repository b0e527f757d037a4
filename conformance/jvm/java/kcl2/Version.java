import java.util.Map;
import software.amazon.kinesis.coordinator.CoordinatorConfig;
import software.amazon.kinesis.leases.LeaseManagementConfig;

/** What only KCL 2 has: nothing that a test must set. */
final class Version {
  private Version() {}

  static void tune(LeaseManagementConfig leases, CoordinatorConfig coordinator, Map<String, String> options) {}
}
