// Columns and saved views of the Temporal UI 2.54 for admins who look after candidates: docs/admin-guide.md.
// Paste all of it into the browser's console (F12) on a page of the UI. Paste it again once a month, for its dates.
// Your own views are kept.
(() => {
  const namespace = location.pathname.match(/namespaces\/([^/]+)/)?.[1] ?? "default";
  const columns = ["Status", "Workflow ID", "CertificationStatus", "NextDeadline", "NeedsAttention", "AssessmentsPassed"];
  const running = "ExecutionStatus = 'Running'";
  const inDays = (days) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
  const views = {
    "Attention": `NeedsAttention IS NOT NULL AND ${running}`,
    "Attention: mail undeliverable": `NeedsAttention = 'notice-undeliverable' AND ${running}`,
    "Attention: refused messages": `NeedsAttention = 'refused-message' AND ${running}`,
    "Attention: reviews waiting": `NeedsAttention = 'review-waiting' AND ${running}`,
    "Candidates: awaiting purchase": `CertificationStatus = 'awaiting_purchase' AND ${running}`,
    "Candidates: awaiting review": `CertificationStatus = 'awaiting_review' AND ${running}`,
    "Candidates: awaiting experience": `CertificationStatus = 'awaiting_experience' AND ${running}`,
    "Candidates: testing": `CertificationStatus IN ('testing', 'settling') AND ${running}`,
    [`Due before ${inDays(30)}`]: `NextDeadline < '${inDays(30)}T00:00:00Z' AND ${running}`,
    "Holders: certified": `CertificationStatus IN ('certified', 'recertifying') AND ${running}`,
    "Holders: not in force": `CertificationStatus IN ('suspended', 'grace', 'lapsed') AND ${running}`,
    [`New since ${inDays(-7)}`]: `StartTime > '${inDays(-7)}T00:00:00Z' AND CertificationStatus IN ('awaiting_purchase', 'testing') AND ${running}`,
    "Closed": "ExecutionStatus = 'Completed'",
    "Registrations with mistakes": "ExecutionStatus = 'Failed'",
    "Ended wrongly": "ExecutionStatus IN ('Terminated', 'TimedOut', 'Canceled')",
    "Engine in trouble": `TemporalReportedProblems IS NOT NULL AND ${running}`,
  };
  const read = (key) => JSON.parse(localStorage.getItem(key) ?? "{}");
  const write = (key, value) => localStorage.setItem(key, JSON.stringify({ ...read(key), [namespace]: value }));
  const others = (read("saved-workflow-queries")[namespace] ?? []).filter(({ id, name }) => !id.startsWith("certpath-") && !(name in views));
  const ours = Object.entries(views).map(([name, query], number) => ({ id: `certpath-${number}`, name, query, type: "user" }));
  write("namespace-workflow-table-columns", columns.map((label) => ({ label })));
  write("saved-workflow-queries", [...others, ...ours]);
  location.reload();
})();
