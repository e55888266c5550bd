/** The places of the rail, in order; keys and the palette lead to them too. */

/** @type {Array<{path: string, label: string, key: string}>} */
export const PLACES = [
  { path: "/start", label: "Start", key: "go.start" },
  { path: "/logs", label: "Logs", key: "go.logs" },
  { path: "/datasets", label: "Datasets", key: "go.datasets" },
  { path: "/reports", label: "Reports", key: "go.reports" },
  { path: "/evaluators", label: "Evaluators", key: "go.evaluators" },
  { path: "/settings", label: "Settings", key: "go.settings" },
];
