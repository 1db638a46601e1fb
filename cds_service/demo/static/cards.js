// Drawing CDS Hooks cards as an EHR draws them.

import { el, freshId, fromServerHtml, safeAddress, say } from "./dom.js";
import { overrideForm } from "./override.js";
import { renderDetail } from "./service.js";
import { suggestionButtons } from "./suggestions.js";

const INDICATORS = ["critical", "warning", "info"];

/** The cards as elements, the most urgent first. */
export async function drawn(cards) {
  const urgency = (card) => INDICATORS.indexOf(card.indicator);
  const ordered = [...cards].sort((a, b) => urgency(a) - urgency(b));
  return Promise.all(ordered.map(drawnCard));
}

async function drawnCard(card) {
  const titleId = freshId("card");
  const known = INDICATORS.includes(card.indicator);
  const outcome = el("p", { class: "card-outcome", role: "status" });
  const { lead, rest } = await detailOf(card);
  const article = el(
    "article",
    { class: "card", "data-indicator": known ? card.indicator : "unclear", "aria-labelledby": titleId },
    el("p", { class: "card-indicator" }, say(known ? card.indicator : "unclear")),
    el("h3", { id: titleId, class: "card-summary" }, card.summary ?? ""),
    lead,
    suggestionButtons(card, outcome),
    outcome,
    rest,
    linksOf(card),
    footOf(card, outcome),
  );
  return article;
}

/** The detail in two parts, so that the buttons stand beside what they are about: the first paragraph, and the rest. */
async function detailOf(card) {
  if (!card.detail) return {};
  const html = await renderDetail(card.detail);
  if (html === null) return { lead: el("div", { class: "card-detail plain" }, card.detail) };
  const [first, ...others] = fromServerHtml(html).filter((node) => node.nodeType === Node.ELEMENT_NODE);
  const part = (nodes) => (nodes.length ? el("div", { class: "card-detail" }, ...nodes) : null);
  const parts = { lead: part(first ? [first] : []), rest: part(others) };
  for (const made of Object.values(parts)) openOutside(made);
  return parts;
}

function openOutside(part) {
  for (const link of part?.querySelectorAll("a[href]") ?? []) link.target = "_blank";
}

function linksOf(card) {
  const links = (card.links ?? []).map((link) => [link.label, safeAddress(link.url)]).filter(([, url]) => url);
  if (!links.length) return null;
  const items = links.map(([label, url]) => el("li", {}, outward(url, label)));
  return el("ul", { class: "card-links", "aria-label": say("links") }, ...items);
}

function outward(url, label) {
  const hint = el("span", { class: "visually-hidden" }, ` (${say("new_window")})`);
  return el("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, label, hint);
}

function footOf(card, outcome) {
  const source = card.source ?? {};
  const address = safeAddress(source.url);
  const named = address ? outward(address, source.label) : el("span", {}, source.label ?? "");
  return el(
    "div",
    { class: "card-foot" },
    el("p", { class: "card-source" }, `${say("source")}: `, named),
    overrideForm(card, outcome),
  );
}

/** What is shown when there is nothing to advise. */
export function noCards() {
  return el("div", { class: "no-advice" }, el("h3", {}, say("none_title")), el("p", {}, say("none_text")));
}

/** What is shown when the service could not advise: never to be read as "no risk". */
export function failed(status, issues) {
  return el(
    "div",
    { class: "failure", role: "alert" },
    el("h3", {}, say("error_title")),
    el("p", {}, `${status ? say("error_status", { status }) : say("error_network")} ${say("error_text")}`),
    issues.length ? el("ul", {}, ...issues.map((issue) => el("li", {}, issue))) : null,
  );
}
