/** Sending a file with progress, which fetch cannot tell. */
import { ApiError, addressOf } from "./api.js";

/**
 * @param {import("./api.js").Call} call without a body
 * @param {Blob} file
 * @param {{type: string, signal: AbortSignal, onProgress: (sent: number, total: number) => void}} options
 * @returns {Promise<any>} the answer; throws ApiError, or an AbortError when it was given up
 */
export function upload(call, file, { type, signal, onProgress }) {
  return new Promise((done, fail) => {
    const sending = new XMLHttpRequest();
    sending.open(call.method ?? "POST", addressOf(call));
    sending.setRequestHeader("Content-Type", type);
    sending.setRequestHeader("Accept", "application/json");
    sending.upload.onprogress = (event) => onProgress(event.loaded, event.total);
    sending.onload = () => {
      const body = read(sending.responseText);
      if (sending.status < 400) return done(body);
      const message = typeof body?.detail === "string" ? body.detail : `The server answered ${sending.status}.`;
      return fail(new ApiError(message, { status: sending.status, call, body }));
    };
    sending.onerror = () => fail(new ApiError("The server does not answer. Is it running?", { status: 0, call }));
    sending.onabort = () => fail(new DOMException("The upload was cancelled.", "AbortError"));
    signal.addEventListener("abort", () => sending.abort());
    sending.send(file);
  });
}

/** @param {string} text */
function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
