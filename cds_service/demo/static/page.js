// The page: opens a chart, calls the service as an EHR does, and shows what it says.

import { drawn, failed, noCards } from "./cards.js";
import { fromServerHtml, say } from "./dom.js";
import { callHook, chartOf, issuesOf, requestOf, requestOfBundle, SERVICE } from "./service.js";
import { show, wireUp } from "./wire.js";

const LARGEST_BUNDLE = 5_000_000;
const cards = document.getElementById("cards");
const status = document.getElementById("advice-status");

async function ask(request) {
  show("request", `POST ${SERVICE}`, request);
  status.textContent = say("asking");
  const answer = await callHook(request);
  show("response", `HTTP ${answer.status || "–"}`, answer.body ?? "");
  const heard = answer.ok && Array.isArray(answer.body?.cards);
  cards.replaceChildren(...(heard ? await shown(answer.body.cards) : [failed(answer.status, issuesOf(answer.body))]));
  status.textContent = `${say("answered", { ms: Math.round(answer.ms) })} ${heard ? counted(answer.body.cards) : ""}`;
  cards.dataset.state = heard ? "answered" : "failed";
}

async function shown(given) {
  return given.length ? drawn(given) : [noCards()];
}

function counted(given) {
  if (!given.length) return "";
  return given.length === 1 ? say("cards_one") : say("cards_many", { n: given.length });
}

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
  await drawChart(answer.body);
  await ask(answer.body);
}

/** The chosen file's text, else what was pasted; null when it is too large to send. */
async function ownText() {
  const file = document.getElementById("own-file").files[0];
  const pasted = document.getElementById("own-json").value;
  if (pasted.trim() || !file) return pasted.length > LARGEST_BUNDLE ? null : pasted;
  return file.size > LARGEST_BUNDLE ? null : file.text();
}

async function drawChart(request) {
  const answer = await chartOf(request);
  if (answer.ok) {
    const made = fromServerHtml(answer.body);
    for (const part of ["banner", "tables"]) {
      const fresh = made.find((node) => node.dataset?.part === part);
      document.querySelector(`main > [data-part="${part}"]`).replaceWith(fresh);
    }
  }
  for (const link of document.querySelectorAll(".patients a[aria-current]")) link.removeAttribute("aria-current");
  const advice = document.getElementById("advice");
  window.scrollTo(0, 0);
  advice.focus({ preventScroll: true });
}

wireUp();
document.getElementById("own-form").addEventListener("submit", openOwn);
ask(await requestOf(document.body.dataset.patient));
