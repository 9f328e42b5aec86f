import io.temporal.api.enums.v1.WorkflowIdConflictPolicy;
import io.temporal.api.enums.v1.WorkflowIdReusePolicy;
import io.temporal.client.UpdateOptions;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowOptions;
import io.temporal.client.WorkflowStub;
import io.temporal.client.WorkflowUpdateException;
import io.temporal.client.WorkflowUpdateStage;
import io.temporal.failure.ApplicationFailure;
import io.temporal.serviceclient.WorkflowServiceStubs;
import io.temporal.serviceclient.WorkflowServiceStubsOptions;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Enrols a candidate and sends a result, with the Temporal SDK for Java alone. It can be run again and again.
 *
 * <p>mvn compile exec:java -Dexec.mainClass=Certpath
 */
public class Certpath {

  /** One call starts the candidacy, or finds it open, and brings a message, which is answered. */
  static Map<?, ?> enrol(WorkflowClient client, Map<String, Object> registration, Map<String, Object> purchase) {
    WorkflowOptions start =
        WorkflowOptions.newBuilder()
            .setWorkflowId("certification:" + registration.get("designation") + ":" + registration.get("candidate_id"))
            .setTaskQueue("certification")
            .setWorkflowIdConflictPolicy(WorkflowIdConflictPolicy.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING)
            // A corrected registration may follow an invalid one. A candidacy that is closed is never opened again.
            .setWorkflowIdReusePolicy(WorkflowIdReusePolicy.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY)
            .build();
    UpdateOptions<Map> update =
        UpdateOptions.newBuilder(Map.class)
            .setUpdateName("confirm_purchase")
            .setWaitForStage(WorkflowUpdateStage.COMPLETED)
            .build();
    return client
        .newUntypedWorkflowStub("CertificationWorkflow", start)
        .executeUpdateWithStart(update, new Object[] {purchase}, new Object[] {registration});
  }

  static void answer(Supplier<Map<?, ?>> sent) {
    try {
      Map<?, ?> receipt = sent.get();
      Object came = Boolean.TRUE.equals(receipt.get("duplicate")) ? "taken before" : receipt.get("events");
      System.out.println(came + " " + receipt.get("status"));
    } catch (WorkflowUpdateException error) {
      if (!(error.getCause() instanceof ApplicationFailure)) {
        throw error;
      }
      // InvalidMessage names every wrong field, Refused has a code. Neither is worth another try.
      ApplicationFailure failure = (ApplicationFailure) error.getCause();
      System.out.println(failure.getType() + " " + failure.getDetails().get(0, Map.class));
    }
  }

  public static void main(String[] arguments) {
    String address = System.getenv().getOrDefault("TEMPORAL_ADDRESS", "localhost:7233");
    WorkflowServiceStubs service =
        WorkflowServiceStubs.newServiceStubs(WorkflowServiceStubsOptions.newBuilder().setTarget(address).build());
    WorkflowClient client = WorkflowClient.newInstance(service);
    Map<String, Object> registration = new HashMap<>();
    registration.put("candidate_id", "C-3003");
    registration.put("name", "Ana Ruiz");
    registration.put("email", "ana at example.org");
    registration.put("designation", "CCSL");
    Map<String, Object> purchase = Map.of("reference", "INV-83", "purchased_at", "2026-11-02");

    answer(() -> enrol(client, registration, purchase));
    registration.put("email", "ana@example.org");
    answer(() -> enrol(client, registration, purchase));

    WorkflowStub candidate = client.newUntypedWorkflowStub("certification:CCSL:C-3003");
    Map<String, Object> result =
        Map.of(
            "result_id", "R-8001",
            "domain", "people-management",
            "taken_at", "2026-11-20T15:00:00Z",
            "percentage", "81.5", // as a text: a double would round a number of many digits
            "message_id", "pearl:R-8001:1");
    answer(() -> candidate.update("record_assessment_result", Map.class, result));
    answer(() -> candidate.update("suspend", Map.class, Map.of("reason", "a complaint", "by", "Pat Lee")));
    service.shutdown();
  }
}
