// What is done in the chart, and the hook that each of these calls.

import { askOf, openChart, opened } from "./advice.js";
import { add, asBundle, emptied, isEmpty, referenceOf, tell } from "./basket.js";
import { say } from "./dom.js";

const resources = JSON.parse(document.getElementById("step-resources").textContent);
// Where the chart keeps what has been entered, booked or signed.
const LISTS = {
  Condition: "conditions",
  Appointment: "appointments",
  MedicationRequest: "medicationRequests",
  ServiceRequest: "serviceRequests",
};
// The drafts that stood in the basket when advice on signing was last read.
let advisedOn = "";
let entered = 0;

const patient = () => ({ reference: `Patient/${openChart().context.patientId}` });
const bundleOf = (resource) => ({ resourceType: "Bundle", type: "collection", entry: [{ resource }] });
const chosen = (form) => resources[form.dataset.step][form.querySelector("select").value];

async function order(form) {
  const draft = add({ ...chosen(form), subject: patient() });
  await askOf("order-select", { selections: [referenceOf(draft)], draftOrders: asBundle() });
}

async function problem(form) {
  const condition = { ...chosen(form), id: nextId("condition"), subject: patient() };
  await askOf("problem-list-item-create", { conditions: bundleOf(condition) });
  keep(condition);
}

async function booking(form) {
  const participant = [{ actor: patient(), status: "tentative" }];
  const appointment = { ...chosen(form), id: nextId("appointment"), participant };
  await askOf("appointment-book", { appointments: bundleOf(appointment) });
  keep({ ...appointment, status: "booked" });
}

/** Sign: the first press asks for advice, and signs when there is none; the next one signs all the same. */
async function sign() {
  if (isEmpty()) return;
  const basket = JSON.stringify(asBundle());
  if (basket !== advisedOn) {
    const cards = await askOf("order-sign", { draftOrders: asBundle() });
    advisedOn = basket;
    if (cards === null || cards.length) return tell(say("basket_held"));
  }
  const signed = emptied();
  signed.forEach((draft) => keep({ ...draft, id: nextId("order"), status: "active" }));
  tell(say("basket_signed", { n: signed.length }));
  document.getElementById("step-order").focus();
}

/** Put a resource into its list of the open chart; a list that the record refuses takes nothing. */
function keep(resource) {
  const list = openChart().prefetch[LISTS[resource.resourceType]];
  if (list?.resourceType !== "Bundle") return;
  list.entry = [...(list.entry ?? []), { resource }];
  list.total = list.entry.length;
  document.dispatchEvent(new CustomEvent("chart-changed"));
}

function nextId(kind) {
  entered += 1;
  return `demo-${kind}-${entered}`;
}

/** Make the forms and buttons work, and show them. */
export function stepsUp() {
  const forms = { order, problem, booking };
  const buttons = { sign, visit: () => askOf("encounter-start"), chart: () => opened(openChart()) };
  for (const form of document.querySelectorAll("form[data-step]")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      forms[form.dataset.step](form);
    });
  }
  for (const button of document.querySelectorAll("button[data-step]")) {
    button.addEventListener("click", buttons[button.dataset.step]);
  }
  document.getElementById("steps").hidden = false;
}
