// Enrols a candidate and sends a result, with the Temporal SDK for TypeScript alone. It can be run again and again.
//
//     npm install && npx tsc && node certpath.js

import {
  ApplicationFailure,
  Client,
  Connection,
  WithStartWorkflowOperation,
  WorkflowUpdateFailedError,
} from '@temporalio/client';

interface Receipt {
  status: string;
  events: string[];
  duplicate: boolean;
  sequence: number;
}

// One call starts the candidacy, or finds it open, and brings a message, which is answered.
async function enrol(client: Client, registration: Record<string, unknown>, purchase: object): Promise<Receipt> {
  const start = new WithStartWorkflowOperation('CertificationWorkflow', {
    workflowId: `certification:${registration.designation}:${registration.candidate_id}`,
    taskQueue: 'certification',
    args: [registration],
    workflowIdConflictPolicy: 'USE_EXISTING',
    // A corrected registration may follow an invalid one. A candidacy that is closed is never opened again.
    workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
  });
  // The handle of the start fails together with the update, which is the one that we wait for.
  start.workflowHandle().catch(() => undefined);
  return client.workflow.executeUpdateWithStart<any, Receipt, [object]>('confirm_purchase', {
    startWorkflowOperation: start,
    args: [purchase],
  });
}

async function answer(sent: Promise<Receipt>): Promise<void> {
  try {
    const receipt = await sent;
    console.log(receipt.duplicate ? 'taken before' : receipt.events.join(', '), `(${receipt.status})`);
  } catch (error) {
    if (!(error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure)) throw error;
    // InvalidMessage names every wrong field, Refused has a code. Neither is worth another try.
    console.log(error.cause.type, JSON.stringify(error.cause.details?.[0]));
  }
}

async function main(): Promise<void> {
  const connection = await Connection.connect({ address: process.env.TEMPORAL_ADDRESS ?? 'localhost:7233' });
  const client = new Client({ connection });
  const registration = { candidate_id: 'C-3001', name: 'Ana Ruiz', email: 'ana@example.org', designation: 'CCSL' };
  const purchase = { reference: 'INV-81', purchased_at: '2026-11-02' };

  await answer(enrol(client, { ...registration, email: 'ana at example.org' }, purchase));
  await answer(enrol(client, registration, purchase));

  const candidate = client.workflow.getHandle('certification:CCSL:C-3001');
  const result = {
    result_id: 'R-8001',
    domain: 'people-management',
    taken_at: '2026-11-20T15:00:00Z',
    percentage: '81.5', // as a text: JavaScript would round a number of many digits
    message_id: 'pearl:R-8001:1',
  };
  await answer(candidate.executeUpdate<Receipt, [object]>('record_assessment_result', { args: [result] }));
  await answer(candidate.executeUpdate<Receipt, [object]>('suspend', { args: [{ reason: 'a complaint', by: 'Pat Lee' }] }));
  await connection.close();
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
