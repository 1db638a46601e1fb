// Suggestions: one button each; accepting shows what was created and tells the service.

import { carryOut } from "./basket.js";
import { el, say } from "./dom.js";
import { told } from "./feedback.js";

const DONE = { create: "created", update: "updated", delete: "deleted" };

/** The buttons of a card's suggestions; the recommended ones first and emphasised. */
export function suggestionButtons(card, outcome) {
  const suggestions = card.suggestions ?? [];
  if (!suggestions.length) return null;
  const first = [...suggestions].sort((a, b) => Number(b.isRecommended ?? false) - Number(a.isRecommended ?? false));
  const items = first.map((suggestion, index) => suggestionItem(card, suggestion, index === 0, outcome));
  return el("ul", { class: "card-suggestions", "aria-label": say("suggestions") }, ...items);
}

function suggestionItem(card, suggestion, primary, outcome) {
  const item = el("li");
  const button = el("button", { type: "button", class: primary ? "primary" : "" }, suggestion.label);
  button.addEventListener("click", async () => {
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    const done = await told(outcome, "accepted_sent", {
      card: card.uuid,
      outcome: "accepted",
      acceptedSuggestions: [{ id: suggestion.uuid }],
      outcomeTimestamp: new Date().toISOString(),
    });
    if (!done) return button.removeAttribute("aria-disabled");
    button.classList.add("accepted");
    button.replaceChildren(`✓ ${say("accept_again")}: ${suggestion.label}`);
    (suggestion.actions ?? []).forEach(carryOut);
    item.append(...(suggestion.actions ?? []).map(actionDone));
    if (card.selectionBehavior === "at-most-one") closeOthers(item);
  });
  item.append(button);
  return item;
}

function closeOthers(chosen) {
  for (const button of chosen.parentElement.querySelectorAll("button:not(.accepted)")) button.disabled = true;
}

function actionDone(action) {
  const resource = action.resource;
  const what = resource ? `${resource.resourceType} (${say("draft")})` : action.resourceId ?? "";
  return el(
    "div",
    { class: "action-done" },
    el("p", {}, el("strong", {}, `${say(DONE[action.type] ?? "created")}: `), what),
    el("p", {}, conceptText(resource?.code) || action.description),
    ...(resource?.note ?? []).map((note) => el("p", { class: "action-note" }, note.text)),
    resource ? resourceBox(resource) : null,
  );
}

function resourceBox(resource) {
  const name = resource.resourceType;
  const json = el("pre", { tabindex: "0", role: "region", "aria-label": name }, JSON.stringify(resource, null, 2));
  return el("details", {}, el("summary", {}, say("resource")), json);
}

function conceptText(concept) {
  if (!concept) return "";
  const codes = (concept.coding ?? []).map((coding) => coding.code).join(", ");
  const named = concept.text ?? concept.coding?.find((coding) => coding.display)?.display ?? "";
  return codes ? `${named} (${codes})` : named;
}
