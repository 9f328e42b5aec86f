// Enrols a candidate and sends a result, with the Temporal SDK for Go alone. It can be run again and again.
//
//	go mod tidy && go run .
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
)

type object = map[string]any

type receipt struct {
	Status    string   `json:"status"`
	Events    []string `json:"events"`
	Duplicate bool     `json:"duplicate"`
	Sequence  int      `json:"sequence"`
}

// One call starts the candidacy, or finds it open, and brings a message, which is answered.
func enrol(ctx context.Context, c client.Client, registration, purchase object) (client.WorkflowUpdateHandle, error) {
	start := c.NewWithStartWorkflowOperation(client.StartWorkflowOptions{
		ID:                       fmt.Sprintf("certification:%s:%s", registration["designation"], registration["candidate_id"]),
		TaskQueue:                "certification",
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		// A corrected registration may follow an invalid one. A candidacy that is closed is never opened again.
		WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY,
	}, "CertificationWorkflow", registration)
	return c.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: start,
		UpdateOptions: client.UpdateWorkflowOptions{
			UpdateName:   "confirm_purchase",
			Args:         []any{purchase},
			WaitForStage: client.WorkflowUpdateStageCompleted,
		},
	})
}

func send(ctx context.Context, c client.Client, message string, payload object) (client.WorkflowUpdateHandle, error) {
	return c.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID:   "certification:CCSL:C-3002",
		UpdateName:   message,
		Args:         []any{payload},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	})
}

func answer(ctx context.Context, handle client.WorkflowUpdateHandle, err error) {
	var taken receipt
	if err == nil {
		err = handle.Get(ctx, &taken)
	}
	var failure *temporal.ApplicationError
	switch {
	case err == nil && taken.Duplicate:
		fmt.Println("taken before", taken.Status)
	case err == nil:
		fmt.Println(taken.Events, taken.Status)
	case errors.As(err, &failure):
		// InvalidMessage names every wrong field, Refused has a code. Neither is worth another try.
		var details object
		_ = failure.Details(&details)
		fmt.Println(failure.Type(), details)
	default:
		log.Fatal(err)
	}
}

func main() {
	address := os.Getenv("TEMPORAL_ADDRESS")
	if address == "" {
		address = "localhost:7233"
	}
	c, err := client.Dial(client.Options{HostPort: address})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	ctx := context.Background()
	registration := object{"candidate_id": "C-3002", "name": "Ana Ruiz", "email": "ana at example.org", "designation": "CCSL"}
	purchase := object{"reference": "INV-82", "purchased_at": "2026-11-02"}

	handle, err := enrol(ctx, c, registration, purchase)
	answer(ctx, handle, err)
	registration["email"] = "ana@example.org"
	handle, err = enrol(ctx, c, registration, purchase)
	answer(ctx, handle, err)

	handle, err = send(ctx, c, "record_assessment_result", object{
		"result_id": "R-8001", "domain": "people-management", "taken_at": "2026-11-20T15:00:00Z",
		"percentage": "81.5", // as a text: a float would round a number of many digits
		"message_id": "pearl:R-8001:1",
	})
	answer(ctx, handle, err)
	handle, err = send(ctx, c, "suspend", object{"reason": "a complaint", "by": "Pat Lee"})
	answer(ctx, handle, err)
}
