// The unsigned orders of the session, as an EHR keeps them; accepted suggestions change them.

import { el, say } from "./dom.js";

const ORDERS = ["MedicationRequest", "ServiceRequest"];
const box = document.getElementById("basket");
const list = document.getElementById("basket-list");
const status = document.getElementById("steps-status");
let drafts = [];
let made = 0;

/** How a draft is referred to: `ServiceRequest/draft-1`. */
export const referenceOf = (resource) => `${resource.resourceType}/${resource.id}`;

/** The drafts as the Bundle that the ordering hooks send. */
export const asBundle = () => ({
  resourceType: "Bundle",
  type: "collection",
  entry: drafts.map((resource) => ({ resource })),
});

export const isEmpty = () => drafts.length === 0;

/** Add a draft of ours or of a suggestion; resolves to it with its id. */
export function add(resource) {
  made += 1;
  const draft = { ...resource, id: `draft-${made}` };
  drafts.push(draft);
  redraw(say("step_added", { name: nameOf(draft) }));
  return draft;
}

/** Carry out an action of an accepted suggestion; what is no order is not kept here. */
export function carryOut(action) {
  const resource = action.resource;
  if (action.type === "create" && ORDERS.includes(resource?.resourceType)) add(resource);
  if (action.type === "update") drafts = drafts.map((one) => (sameAs(resource, one) ? resource : one));
  if (action.type === "delete") remove(action.resourceId);
  if (action.type === "update") redraw();
}

const sameAs = (resource, draft) => Boolean(resource) && referenceOf(resource) === referenceOf(draft);

function remove(reference) {
  const gone = drafts.find((one) => referenceOf(one) === reference);
  drafts = drafts.filter((one) => one !== gone);
  redraw(gone ? say("basket_gone", { name: nameOf(gone) }) : undefined);
}

/** Take the drafts out of the basket: they are signed, or another chart is opened. */
export function emptied() {
  const taken = drafts;
  drafts = [];
  redraw("");
  return taken;
}

/** Say what happened to the orders. */
export function tell(text) {
  status.textContent = text;
}

function redraw(text) {
  list.replaceChildren(...drafts.map(row));
  box.hidden = isEmpty();
  if (text !== undefined) tell(text);
}

function row(draft) {
  const name = nameOf(draft);
  const button = el("button", { type: "button", class: "quiet" }, "×");
  button.setAttribute("aria-label", say("basket_remove", { name }));
  button.addEventListener("click", () => {
    remove(referenceOf(draft));
    (isEmpty() ? document.getElementById("step-order") : document.getElementById("basket-title")).focus();
  });
  const sites = (draft.bodySite ?? []).map((site) => site.text).filter(Boolean).join(", ");
  return el("li", {}, el("span", {}, name, sites ? el("span", { class: "basket-sites" }, sites) : null), button);
}

function nameOf(draft) {
  const dosage = draft.dosageInstruction?.[0]?.text;
  const concept = draft.medicationCodeableConcept ?? draft.code;
  return dosage ?? concept?.text ?? concept?.coding?.[0]?.display ?? draft.resourceType;
}
