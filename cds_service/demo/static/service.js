// The calls: to the CDS service as an EHR makes them, and to the demonstration's own helpers.

export const SERVICE = "/cds-services/limb-deficiency-bone-health";
const LANGUAGE = document.documentElement.lang;

async function read(response) {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** POST JSON; resolves to {ok, status, body, ms}, status 0 when nobody answered. Never rejects. */
export async function post(address, value) {
  const started = performance.now();
  try {
    const response = await fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/json", "Accept-Language": LANGUAGE },
      body: typeof value === "string" ? value : JSON.stringify(value),
    });
    const body = await read(response);
    return { ok: response.ok, status: response.status, body, ms: performance.now() - started };
  } catch {
    return { ok: false, status: 0, body: null, ms: performance.now() - started };
  }
}

/** What the service answers when the chart is opened. */
export const callHook = (request) => post(SERVICE, request);

/** Tell the service what was done with a card. */
export const sendFeedback = (entry) => post(`${SERVICE}/feedback`, { feedback: [entry] });

/** A card's markdown as HTML that the server has cleaned; the bare text when that fails. */
export async function renderDetail(detail) {
  const answer = await post("/demo/render", { detail });
  return answer.ok && typeof answer.body === "string" ? answer.body : null;
}

/** The request that opens the chart of a synthetic patient. */
export async function requestOf(patient) {
  const response = await fetch(`/demo/patients/${encodeURIComponent(patient)}`);
  return response.json();
}

export const requestOfBundle = (text) => post(`/demo/bundle?lang=${LANGUAGE}`, text);
export const chartOf = (request) => post(`/demo/chart?lang=${LANGUAGE}`, request);

/** The lines of an OperationOutcome, or none. */
export function issuesOf(body) {
  const issues = body && body.resourceType === "OperationOutcome" && Array.isArray(body.issue) ? body.issue : [];
  return issues.map((issue) => issue.diagnostics ?? issue.details?.text ?? issue.code).filter(Boolean);
}
