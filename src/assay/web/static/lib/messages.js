/** Chat messages in the shapes of OpenAI, Anthropic and Gemini, read into one. */
import { binaryOf } from "./visible.js";

/**
 * @typedef {{kind: "text" | "thinking" | "refusal", text: string}
 *   | {kind: "binary", binary: import("./visible.js").Binary}
 *   | {kind: "link", text: string, url: string}
 *   | {kind: "call", id: string, name: string, value: any}
 *   | {kind: "result", id: string, name: string, value: any, isError: boolean}
 *   | {kind: "other", value: any}} Part
 * @typedef {{role: string, name: string, parts: Part[]}} Message
 */

const ITEM_TYPES = new Set(["message", "function_call", "function_call_output", "reasoning"]);

/** @param {any} value @returns {value is Record<string, any>} */
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * The messages that a value is made of.
 * @param {any} value a list, an object with `messages`, one message, or a response
 * @returns {Message[] | null} null when it is no conversation
 */
export function messagesOf(value) {
  if (Array.isArray(value)) return listOf(value);
  if (!isObject(value)) return null;
  for (const name of ["messages", "contents"]) {
    const found = Array.isArray(value[name]) ? listOf(value[name]) : null;
    if (!found) continue;
    const system = value.system ?? value.systemInstruction ?? value.system_instruction;
    return system === undefined || system === null ? found : [messageOf({ role: "system", content: contentOf(system) }), ...found];
  }
  if (Array.isArray(value.choices) && isObject(value.choices[0]?.message)) {
    return value.choices.filter((choice) => isObject(choice?.message)).map((choice) => messageOf(choice.message));
  }
  if (Array.isArray(value.candidates) && isObject(value.candidates[0]?.content)) {
    return value.candidates.filter((one) => isObject(one?.content)).map((one) => messageOf(one.content));
  }
  if (typeof value.role === "string" && ["content", "parts", "tool_calls"].some((name) => name in value)) return [messageOf(value)];
  if (Array.isArray(value.output) && value.output.some((item) => ITEM_TYPES.has(item?.type))) return listOf(value.output);
  return null;
}

/**
 * What an object says beside its conversation, such as a model and its tools.
 * @param {any} value
 * @returns {Record<string, any> | null} null when there is nothing else
 */
export function besideMessages(value) {
  if (!isObject(value)) return null;
  const name = ["messages", "contents"].find((each) => Array.isArray(value[each]));
  if (!name) return null;
  const said = new Set([name, "system", "systemInstruction", "system_instruction"]);
  const others = Object.entries(value).filter(([key]) => !said.has(key));
  return others.length ? Object.fromEntries(others) : null;
}

/** @param {any} system */
const contentOf = (system) => (isObject(system) && Array.isArray(system.parts) ? system.parts : system);

/** @param {any[]} items @returns {Message[] | null} */
function listOf(items) {
  const isChat = items.length > 0 && items.every((item) => isObject(item) && (typeof item.role === "string" || ITEM_TYPES.has(item.type)));
  return isChat ? items.map(messageOf) : null;
}

/** @param {Record<string, any>} item @returns {Message} */
function messageOf(item) {
  if (item.type === "function_call") return { role: "assistant", name: "", parts: [callOf(item)] };
  if (item.type === "function_call_output") {
    return { role: "tool", name: "", parts: [resultOf(item.output, item.call_id ?? "", "", false)] };
  }
  if (item.type === "reasoning") {
    return { role: "assistant", name: "", parts: partsOf(item.summary ?? item.content).map(asThinking) };
  }
  const role = String(item.role ?? "assistant");
  const name = typeof item.name === "string" ? item.name : "";
  if (role === "tool" || role === "function") {
    return { role: "tool", name, parts: [resultOf(item.content, item.tool_call_id ?? "", name, false)] };
  }
  const thinking = item.reasoning_content ?? item.reasoning;
  const calls = Array.isArray(item.tool_calls) ? item.tool_calls : [];
  /** @type {Part[]} */
  const parts = [
    ...(typeof thinking === "string" && thinking ? [asThinking({ kind: "text", text: thinking })] : []),
    ...partsOf(item.content ?? item.parts ?? item.text),
    ...(typeof item.refusal === "string" && item.refusal ? [/** @type {Part} */ ({ kind: "refusal", text: item.refusal })] : []),
    ...calls.filter(isObject).map(callOf),
    ...(isObject(item.function_call) ? [callOf(item.function_call)] : []),
  ];
  return { role: role === "model" || role === "ai" ? "assistant" : role === "human" ? "user" : role, name, parts };
}

/** @param {Part} part @returns {Part} */
const asThinking = (part) => (part.kind === "text" ? { kind: "thinking", text: part.text } : part);

/** @param {any} content @returns {Part[]} */
function partsOf(content) {
  if (content === null || content === undefined || content === "") return [];
  if (typeof content === "string") return [{ kind: "text", text: content }];
  if (Array.isArray(content)) return content.map(partOf);
  return [isObject(content) ? partOf(content) : { kind: "other", value: content }];
}

/** @param {any} part @returns {Part} */
function partOf(part) {
  if (typeof part === "string") return { kind: "text", text: part };
  if (!isObject(part)) return { kind: "other", value: part };
  if (part.type === "thinking") return { kind: "thinking", text: String(part.thinking ?? "") };
  if (part.type === "refusal") return { kind: "refusal", text: String(part.refusal ?? "") };
  if (part.type === "tool_use" || part.type === "server_tool_use") return callOf(part);
  if (part.type === "tool_result") return resultOf(part.content, part.tool_use_id ?? "", "", part.is_error === true);
  if (isObject(part.functionCall ?? part.function_call)) return callOf(part.functionCall ?? part.function_call);
  const response = part.functionResponse ?? part.function_response;
  if (isObject(response)) return resultOf(response.response, "", String(response.name ?? ""), false);
  const media = mediaOf(part);
  if (media) return media;
  const isText = part.type === undefined || ["text", "input_text", "output_text", "summary_text"].includes(part.type);
  return isText && typeof part.text === "string" ? { kind: "text", text: part.text } : { kind: "other", value: part };
}

/** @param {Record<string, any>} part @returns {Part | null} */
function mediaOf(part) {
  const source = part.source ?? part.inlineData ?? part.inline_data;
  const type = source?.media_type ?? source?.mimeType ?? source?.mime_type;
  if (isObject(source) && typeof source.data === "string") {
    const binary = binaryOf(source.data, typeof type === "string" ? type : "application/octet-stream");
    return binary && { kind: "binary", binary };
  }
  const url = part.image_url?.url ?? part.image_url ?? source?.url;
  if (typeof url === "string") {
    const binary = binaryOf(url);
    return binary ? { kind: "binary", binary } : { kind: "link", text: "image at", url };
  }
  if (isObject(part.input_audio) && typeof part.input_audio.data === "string") {
    const binary = binaryOf(part.input_audio.data, `audio/${part.input_audio.format ?? "wav"}`);
    return binary && { kind: "binary", binary };
  }
  return null;
}

/** @param {Record<string, any>} call @returns {Part} */
function callOf(call) {
  const asked = isObject(call.function) ? call.function : call;
  const given = asked.arguments ?? asked.input ?? asked.args ?? {};
  return { kind: "call", id: String(call.id ?? call.call_id ?? ""), name: String(asked.name ?? "tool"), value: parsed(given) };
}

/** @param {any} content @param {any} id @param {string} name @param {boolean} isError @returns {Part} */
function resultOf(content, id, name, isError) {
  const texts = Array.isArray(content) ? content.map(partOf).flatMap((part) => (part.kind === "text" ? [part.text] : [])) : [];
  const value = texts.length > 0 && texts.length === content.length ? texts.join("\n") : content;
  return { kind: "result", id: String(id), name, value: parsed(value ?? ""), isError };
}

/** @param {any} value what may be JSON in a text */
function parsed(value) {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
