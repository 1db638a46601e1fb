// The page: opens a chart, calls the service as an EHR does, and shows what it says.

import { openChart, opened } from "./advice.js";
import { emptied } from "./basket.js";
import { fromServerHtml, say } from "./dom.js";
import { chartOf, issuesOf, requestOf, requestOfBundle } from "./service.js";
import { stepsUp } from "./steps.js";
import { wireUp } from "./wire.js";

const LARGEST_BUNDLE = 5_000_000;

async function openOwn(event) {
  event.preventDefault();
  const error = document.getElementById("own-error");
  const text = await ownText();
  error.textContent = text === null ? say("bundle_large") : text.trim() ? "" : say("bundle_empty");
  if (error.textContent) return;
  const answer = await requestOfBundle(text);
  if (!answer.ok) {
    error.textContent = `${say("bundle_wrong")} ${issuesOf(answer.body).join("; ") || answer.status}`;
    return;
  }
  emptied();
  await drawChart(answer.body, ["banner", "tables"]);
  showTop();
  await opened(answer.body);
}

/** The chosen file's text, else what was pasted; null when it is too large to send. */
async function ownText() {
  const file = document.getElementById("own-file").files[0];
  const pasted = document.getElementById("own-json").value;
  if (pasted.trim() || !file) return pasted.length > LARGEST_BUNDLE ? null : pasted;
  return file.size > LARGEST_BUNDLE ? null : file.text();
}

async function drawChart(request, parts) {
  const answer = await chartOf(request);
  if (!answer.ok) return;
  const made = fromServerHtml(answer.body);
  for (const part of parts) {
    const fresh = made.find((node) => node.dataset?.part === part);
    document.querySelector(`main > [data-part="${part}"]`).replaceWith(fresh);
  }
}

function showTop() {
  for (const link of document.querySelectorAll(".patients a[aria-current]")) link.removeAttribute("aria-current");
  const advice = document.getElementById("advice");
  window.scrollTo(0, 0);
  advice.focus({ preventScroll: true });
}

wireUp();
document.getElementById("own-form").addEventListener("submit", openOwn);
document.addEventListener("chart-changed", () => drawChart(openChart(), ["tables"]));
await opened(await requestOf(document.body.dataset.patient));
stepsUp();
