/** Values of a field that logs have, for completions. */
import { request } from "./api.js";

/** @type {import("../components/filter-input.js").Suggest} */
export async function suggestLogValues(key) {
  const answer = await request("GET", "/api/request-logs/facets/", { params: { fields: key, limit: 20, start_time: "1970-01-01T00:00:00Z" } });
  return Object.values(answer).flatMap((/** @type {any} */ field) => field?.values ?? []);
}
