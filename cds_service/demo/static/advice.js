// The advice: asks the service for a hook, shows what it says, and keeps the request that opened the chart.

import { drawn, failed, noCards } from "./cards.js";
import { freshUuid, say } from "./dom.js";
import { callHook, issuesOf, SERVICE } from "./service.js";
import { show } from "./wire.js";

const WHEN = {
  "patient-view": "when_patient_view",
  "order-select": "when_order_select",
  "order-sign": "when_order_sign",
  "encounter-start": "when_encounter_start",
  "appointment-book": "when_appointment_book",
  "problem-list-item-create": "when_problem_list_item_create",
};
const cards = document.getElementById("cards");
const status = document.getElementById("advice-status");
const moment = document.getElementById("advice-moment");
let chart = null;

/** The request that opened the chart: its patient and everything delivered. */
export const openChart = () => chart;

/** Open a chart: the advice that follows is about it. */
export function opened(request) {
  chart = request;
  return ask(request);
}

/** Call a hook about the open chart, with what it adds to the context; resolves to the cards, or null on failure. */
export function askOf(hook, context = {}) {
  return ask({ ...chart, hook, hookInstance: freshUuid(), context: { ...chart.context, ...context } });
}

async function ask(request) {
  show("request", `POST ${SERVICE}`, request);
  moment.textContent = WHEN[request.hook] ? say(WHEN[request.hook]) : request.hook;
  status.textContent = say("asking");
  const answer = await callHook(request);
  show("response", `HTTP ${answer.status || "–"}`, answer.body ?? "");
  const heard = answer.ok && Array.isArray(answer.body?.cards);
  cards.replaceChildren(...(heard ? await shown(answer.body.cards) : [failed(answer.status, issuesOf(answer.body))]));
  status.textContent = `${say("answered", { ms: Math.round(answer.ms) })} ${heard ? counted(answer.body.cards) : ""}`;
  cards.dataset.state = heard ? "answered" : "failed";
  cards.dataset.hook = request.hook;
  return heard ? answer.body.cards : null;
}

async function shown(given) {
  return given.length ? drawn(given) : [noCards()];
}

function counted(given) {
  if (!given.length) return "";
  return given.length === 1 ? say("cards_one") : say("cards_many", { n: given.length });
}
