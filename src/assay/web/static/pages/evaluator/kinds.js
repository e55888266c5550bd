/** The kinds of evaluators, and what a new one of each begins with. */

/** @typedef {"llm" | "code" | "builtin" | "human"} Kind */

/** @type {Record<Kind, string>} */
export const KINDS = { llm: "LLM judge", code: "Python", builtin: "Built-in", human: "Human" };

/** @type {Record<Kind, string>} */
export const KIND_TEXTS = {
  llm: "A model reads each row and scores it by your words.",
  code: "A function of yours scores each row, in a sandbox.",
  builtin: "A known measure, such as exact match, with your settings.",
  human: "People answer; a report waits until they have.",
};

/** What judges: the same order as the server's. @param {any} evaluator @returns {Kind} */
export function kindOf(evaluator) {
  if (evaluator.llm_config) return "llm";
  if (evaluator.code_config) return "code";
  if (evaluator.type === "llm") return "llm";
  if (evaluator.type === "human") return "human";
  return "eval_code_snippet" in (evaluator.configurations ?? {}) ? "code" : "builtin";
}

/** @type {Record<string, string>} */
export const SCORE_TYPES = {
  numerical: "Number",
  percentage: "Percentage",
  boolean: "Yes or no",
  categorical: "Label",
  single_select: "One label (older form)",
  multi_select: "Several labels",
  text: "Text",
  comment: "Comment",
  json: "JSON",
};

const PROMPT = `Does the output answer the input correctly and completely?

Input:
{{input}}

Output:
{{output}}`;

const RUBRIC = `1: wrong, or beside the point.
3: partly right.
5: right and complete.`;

const CODE = `def main(eval_inputs):
    """Score one row by its input, output, expected_output, metadata and metrics."""
    output = str(eval_inputs["output"] or "").strip().lower()
    expected = str(eval_inputs["expected_output"] or "").strip().lower()
    is_same = output == expected
    return {
        "primary_score": 1.0 if is_same else 0.0,
        "explanation": "the same text" if is_same else "another text",
    }
`;

/**
 * The body that makes an evaluator of a kind, ready to be tried.
 * @param {Kind} kind
 * @param {{name: string, model: string, source: string}} chosen `source` is the slug of the built-in to copy
 */
export function startingBody(kind, { name, model, source }) {
  if (kind === "builtin") return { name, source_evaluator_id: source };
  if (kind === "human") {
    const choices = [{ name: "Good", value: 1 }, { name: "Bad", value: 0 }];
    return { name, type: "human", score_value_type: "categorical", categorical_choices: choices, passing_conditions: { categorical_value: ["Good"] } };
  }
  if (kind === "code") {
    return {
      name, type: "code", score_value_type: "numerical", score_config: { min_score: 0, max_score: 1 },
      passing_conditions: { primary_score: { operator: "gte", value: 1 } }, code_config: { eval_code_snippet: CODE },
    };
  }
  return {
    name, type: "llm", score_value_type: "numerical", score_config: { min_score: 1, max_score: 5 },
    passing_conditions: { primary_score: { operator: "gte", value: 4 } },
    llm_config: { model, evaluator_definition: PROMPT, scoring_rubric: RUBRIC, temperature: 0 },
  };
}
