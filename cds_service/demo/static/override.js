// Overriding a card: a small form with the card's own reasons.

import { el, freshId, say } from "./dom.js";
import { told } from "./feedback.js";

/** The button that opens the form, and the form. */
export function overrideForm(card, outcome) {
  const formId = freshId("override");
  const form = el("form", { id: formId, class: "override-form", hidden: true, novalidate: true });
  const opener = el("button", { type: "button", class: "quiet", "aria-expanded": "false", "aria-controls": formId });
  opener.textContent = say("override");
  const open = (wanted) => {
    form.hidden = !wanted;
    opener.setAttribute("aria-expanded", String(wanted));
    (wanted ? form.querySelector("input, textarea") : opener).focus();
  };
  opener.addEventListener("click", () => open(form.hidden));
  form.append(...fields(card, () => open(false)));
  form.addEventListener("keydown", (event) => event.key === "Escape" && open(false));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(card, form, outcome);
  });
  return el("div", { class: "override" }, opener, form);
}

function fields(card, close) {
  const reasons = card.overrideReasons ?? [];
  const group = freshId("reason");
  const error = el("p", { class: "field-error", role: "alert" });
  const choices = reasons.map((reason, index) => choice(group, reason, index));
  const commentId = freshId("comment");
  return [
    choices.length ? el("fieldset", {}, el("legend", {}, say("override_title")), ...choices) : null,
    el("label", { for: commentId }, say("comment")),
    el("textarea", { id: commentId, rows: "2", maxlength: "4000" }),
    error,
    el(
      "div",
      { class: "override-actions" },
      el("button", { type: "submit" }, say("override_send")),
      el("button", { type: "button", class: "quiet", onclick: close }, say("cancel")),
    ),
  ].filter(Boolean);
}

function choice(group, reason, index) {
  const id = freshId("choice");
  const radio = el("input", { type: "radio", id, name: group, value: String(index) });
  return el("div", { class: "choice" }, radio, el("label", { for: id }, reason.display ?? reason.code));
}

async function submit(card, form, outcome) {
  const reasons = card.overrideReasons ?? [];
  const chosen = form.querySelector("input:checked");
  form.querySelector(".field-error").textContent = reasons.length && !chosen ? say("reason_missing") : "";
  if (reasons.length && !chosen) return form.querySelector("input").focus();
  const reason = chosen ? reasons[Number(chosen.value)] : null;
  const sent = await told(outcome, "overridden_sent", feedbackEntry(card, reason, form.querySelector("textarea").value));
  if (sent) close(form, reason);
}

function feedbackEntry(card, reason, comment) {
  const overrideReason = {
    ...(reason ? { reason: { code: reason.code, system: reason.system, display: reason.display } } : {}),
    ...(comment.trim() ? { userComment: comment.trim() } : {}),
  };
  return {
    card: card.uuid,
    outcome: "overridden",
    ...(Object.keys(overrideReason).length ? { overrideReason } : {}),
    outcomeTimestamp: new Date().toISOString(),
  };
}

/** Fold the card: its summary and the reason stay to be seen. */
function close(form, reason) {
  const article = form.closest("article");
  const words = reason ? say("overridden", { reason: reason.display ?? reason.code }) : say("overridden_plain");
  const note = el("p", { class: "card-overridden", tabindex: "-1" }, words);
  article.classList.add("is-overridden");
  article.querySelector(".card-summary").after(note);
  note.focus();
}
