/** What can be filtered in each list: the fields the API knows, their kinds, and the short names of the filter language. */

/** @typedef {"text" | "number" | "time" | "boolean" | "json" | "scores"} Kind */
/** @typedef {{by: "parameter"} | {by: "fields", operator: string, fields: string[]}} WordSearch */
/**
 * @typedef {{noun: string, kinds: Record<string, Kind>, aliases: Record<string, string>, words: WordSearch, offered: string[]}} NounFields
 *   `kinds` by the API's own field name, `aliases` to such a name, `words` says how bare words are looked for, `offered`
 *   are the keys that completions name first.
 */

/** @param {Kind} kind @param {string} names @returns {Record<string, Kind>} */
const all = (kind, names) => Object.fromEntries(names.split(" ").map((name) => [name, kind]));

const LOG_COLUMNS = {
  ...all(
    "text",
    "id environment model log_type status error_code error_message custom_identifier customer_identifier session_identifier " +
      "thread_identifier trace_unique_id prompt_id prompt_name span_name span_workflow_name",
  ),
  ...all("number", "status_code prompt_tokens completion_tokens total_request_tokens cost latency time_to_first_token tokens_per_second"),
  ...all("time", "timestamp start_time created_at"),
  ...all("json", "metadata input output expected_output"),
  ...all("scores", "scores"),
};
const LOG_ALIASES = {
  unique_id: "id",
  total_tokens: "total_request_tokens",
  all_tokens: "total_request_tokens",
  input_tokens: "prompt_tokens",
  output_tokens: "completion_tokens",
  total_cost: "cost",
  trace_id: "trace_unique_id",
  session_id: "session_identifier",
  prompt: "input",
  completion: "output",
};
const LOG_SHORT = { created: "timestamp", env: "environment", tokens: "total_request_tokens", score: "scores", tag: "metadata.tags", customer: "customer_identifier", expected: "expected_output" };
const LOG_OFFERED = "model status score latency cost tokens created env customer_identifier log_type status_code tag id input output metadata".split(" ");

/** @type {NounFields} */
const REQUEST_LOG = {
  noun: "request log",
  kinds: {
    ...LOG_COLUMNS,
    ...all(
      "text",
      "span_unique_id span_parent_id group_identifier trace_group_identifier evaluation_identifier customer_email customer_name " +
        "provider_id deployment_name log_method organization_key_id note",
    ),
    ...all("number", "prompt_version_number prompt_cache_hit_tokens prompt_cache_creation_tokens reasoning_tokens"),
    ...all("boolean", "stream cache_hit has_tool_calls positive_feedback blurred is_pinned is_root_span"),
    ...all(
      "json",
      "tools tool_calls tool_choice response_format properties variables full_request full_response warnings temperature top_p max_tokens",
    ),
  },
  aliases: {
    ...LOG_ALIASES,
    ...{ messages: "input", prompt_messages: "input", completion_message: "output", ideal_output: "expected_output" },
    ...{ span_id: "span_unique_id", parent_span_id: "span_parent_id", cache_bit: "cache_hit" },
    ...LOG_SHORT,
  },
  words: { by: "parameter" },
  offered: LOG_OFFERED,
};

/** @type {NounFields} */
const DATASET_LOG = {
  noun: "dataset log",
  kinds: { ...LOG_COLUMNS, ...all("time", "updated_at"), ...all("text", "source_log_id annotation_status"), ...all("json", "metrics") },
  aliases: { ...LOG_ALIASES, original_copy_unique_id: "source_log_id", ...LOG_SHORT },
  words: { by: "fields", operator: "full_text_search", fields: ["input", "output"] },
  offered: LOG_OFFERED,
};

/** @type {NounFields} */
const DATASET = {
  noun: "dataset",
  kinds: {
    ...all("text", "id name description type status running_status granularity"),
    ...all("time", "created_at updated_at"),
    ...all("number", "log_count"),
    ...all("boolean", "starred"),
    ...all("json", "tags"),
  },
  aliases: { timestamp: "created_at", created: "created_at", updated: "updated_at", rows: "log_count", tag: "tags" },
  words: { by: "fields", operator: "icontains", fields: ["name", "description"] },
  offered: "name rows tag status created updated starred type".split(" "),
};

/** @type {NounFields} */
const EVALUATOR = {
  noun: "evaluator",
  kinds: {
    ...all("text", "id name evaluator_slug type score_value_type eval_class description"),
    ...all("boolean", "starred"),
    ...all("json", "tags"),
    ...all("time", "created_at updated_at"),
  },
  aliases: { slug: "evaluator_slug", timestamp: "created_at", created: "created_at", updated: "updated_at", tag: "tags" },
  words: { by: "fields", operator: "icontains", fields: ["name", "evaluator_slug", "description"] },
  offered: "type score_value_type slug name tag created starred".split(" "),
};

/** @type {NounFields} */
const EVAL_REPORT = {
  noun: "eval report",
  kinds: { ...all("text", "id status name"), ...all("number", "dataset_version"), ...all("time", "created_at updated_at completed_at") },
  aliases: { timestamp: "created_at", created: "created_at", completed: "completed_at", version: "dataset_version" },
  words: { by: "fields", operator: "icontains", fields: ["name"] },
  offered: "status name created completed version".split(" "),
};

const NOUNS = [REQUEST_LOG, DATASET_LOG, DATASET, EVALUATOR, EVAL_REPORT];

/** The fields of a noun. @param {string | NounFields} noun @returns {NounFields} throws for a noun that has none */
export function fieldsOf(noun) {
  if (typeof noun !== "string") return noun;
  const found = NOUNS.find((fields) => fields.noun === noun);
  if (!found) throw new Error(`No list of ${noun} can be filtered.`);
  return found;
}

/** @typedef {{name: string, kind: Kind}} Resolved a field as the API names it, with its path */

/**
 * The API's field for a key as it was typed.
 * @param {string} key such as "created", "score.tone", "metadata.customer"
 * @param {NounFields} fields
 * @returns {Resolved | null} null when there is no such field; `scores` alone names none
 */
export function resolveKey(key, { kinds, aliases }) {
  const whole = Object.hasOwn(aliases, key) ? aliases[key] : key;
  if (Object.hasOwn(kinds, whole)) return kinds[whole] === "scores" ? null : { name: whole, kind: kinds[whole] };
  if (whole !== key) return { name: whole, kind: "json" };
  const dot = key.indexOf(".");
  if (dot < 1 || dot === key.length - 1) return null;
  const first = key.slice(0, dot);
  const root = Object.hasOwn(aliases, first) ? aliases[first] : first;
  const kind = Object.hasOwn(kinds, root) ? kinds[root] : null;
  return kind === "json" || kind === "scores" ? { name: root + key.slice(dot), kind } : null;
}

/** How far apart two words are, in letters added, removed or changed. @param {string} a @param {string} b */
function distance(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length];
}

/** The known key that a mistyped one probably means. @param {string} key @param {NounFields} fields @returns {string | null} */
export function nearestKey(key, { kinds, aliases }) {
  const known = [...Object.keys(kinds), ...Object.keys(aliases)];
  const ranked = known.map((name) => ({ name, away: distance(key.toLowerCase(), name) })).sort((a, b) => a.away - b.away);
  return ranked.length && ranked[0].away <= Math.max(1, Math.round(key.length / 3)) ? ranked[0].name : null;
}
