/** Why there are no logs here, and what next: other filters, another time, or the very first log. */
import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import { Button } from "../../components/button.js";
import { Empty } from "../../components/empty.js";
import { Snippet } from "../../components/snippet.js";
import { isAbort, request } from "../../lib/api.js";
import { formatAgo } from "../../lib/format.js";
import { BEGINNING, windowLabel } from "../../lib/time-window.js";
import { toast } from "../../lib/toast.js";
import { BASE } from "../../lib/url.js";

const LOOK_MILLISECONDS = 2_000;
const EXAMPLE = {
  input: [{ role: "user", content: "Where is my refund?" }],
  output: { role: "assistant", content: "It was sent on Monday." },
  model: "gpt-4o-mini", prompt_tokens: 210, completion_tokens: 12, latency: 0.61, customer_identifier: "ada", metadata: { plan: "pro" },
};

/** The newest log of all, looked for until there is one. @param {() => void} onFirst called when the first one comes in */
function useNewest(onFirst) {
  const [newest, setNewest] = useState(/** @type {any} */ (undefined));
  const tell = useRef(onFirst);
  tell.current = onFirst;
  useEffect(() => {
    const abort = new AbortController();
    let timer = 0;
    let wasEmpty = false;
    const look = async () => {
      try {
        const params = { page: 1, page_size: 1, count: "false", fields: "preview", start_time: BEGINNING };
        const { results } = await request("GET", "/api/request-logs/", { params, signal: abort.signal });
        if (abort.signal.aborted) return;
        setNewest(results[0] ?? null);
        if (results.length) return wasEmpty ? tell.current() : undefined;
        wasEmpty = true;
      } catch (error) {
        if (isAbort(error)) return;
      }
      timer = window.setTimeout(look, LOOK_MILLISECONDS);
    };
    look();
    return () => (abort.abort(), clearTimeout(timer));
  }, []);
  return newest;
}

/** How the first log is sent, by the name of a tab. */
function snippets() {
  const root = `${location.origin}${BASE}`;
  return {
    curl: `curl ${root}/api/request-logs/ \\\n  -H "Authorization: Bearer $ASSAY_API_KEY" \\\n  -H 'Content-Type: application/json' \\\n  -d '${JSON.stringify(EXAMPLE, null, 2)}'`,
    Python: `import assay\n\nclient = assay.Client(base_url="${root}")  # the key is in $ASSAY_API_KEY\nclient.request_logs.create(\n    input=[{"role": "user", "content": "Where is my refund?"}],\n    output={"role": "assistant", "content": "It was sent on Monday."},\n    model="gpt-4o-mini",\n    prompt_tokens=210,\n    completion_tokens=12,\n    latency=0.61,\n    metadata={"plan": "pro"},\n)`,
    "OpenAI SDK": `import os, time\nimport requests\nfrom openai import OpenAI\n\nclient = OpenAI()\n\ndef complete(**call):\n    started = time.monotonic()\n    answer = client.chat.completions.create(**call)\n    requests.post(\n        "${root}/api/request-logs/",\n        headers={"Authorization": f"Bearer {os.environ['ASSAY_API_KEY']}"},\n        json={\n            "input": call["messages"],\n            "output": answer.choices[0].message.model_dump(exclude_none=True),\n            "model": answer.model,\n            "usage": answer.usage.model_dump(exclude_none=True),\n            "latency": time.monotonic() - started,\n        },\n        timeout=10,\n    )\n    return answer`,
    OpenTelemetry: `export OTEL_EXPORTER_OTLP_ENDPOINT=${root}/api\nexport OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer%20$ASSAY_API_KEY"\nexport OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf`,
  };
}

/** @param {{onSent: () => void}} props */
function FirstLog({ onSent }) {
  const [isSending, setIsSending] = useState(false);
  const send = () => {
    setIsSending(true);
    request("POST", "/api/request-logs/", { body: EXAMPLE }).then(onSent, (error) => (setIsSending(false), toast(error.message, { kind: "bad" })));
  };
  return html`<div class="logs-first">
    <h2>Send the first log</h2>
    <p class="muted">A log is what your program asked a model and what it answered. As soon as one comes in, this page shows it.</p>
    <${Snippet} texts=${snippets()} />
    <p class="row row-wrap"><span role="status" class="logs-waiting"><span class="logs-dot good" aria-hidden="true">●</span> Waiting for the first log…</span>
      <span class="grow"></span><${Button} onClick=${send} isBusy=${isSending}>Send this example from here</${Button}></p>
  </div>`;
}

/** @param {{logs: import("./use-logs.js").Logs}} props */
export function NoLogs({ logs }) {
  const newest = useNewest(logs.refresh);
  if (newest === undefined) return null;
  if (newest === null) return html`<${FirstLog} onSent=${logs.refresh} />`;
  const isFiltered = logs.sound.text !== "";
  const isAll = logs.range === "all";
  const time = isAll ? "" : ` (${windowLabel(logs.range).toLowerCase()})`;
  return html`<${Empty} title=${isFiltered ? "No log matches" : `No logs${time}`}
    text=${isFiltered ? `No log matches the filter${time}.` : `The newest log came ${formatAgo(newest.timestamp)}.`}>
    ${isFiltered && html`<${Button} onClick=${() => logs.setText("")}>Clear the filter</${Button}>`}
    ${!isAll && html`<${Button} onClick=${() => logs.setRange("all")}>Show all time</${Button}>`}
  </${Empty}>`;
}
