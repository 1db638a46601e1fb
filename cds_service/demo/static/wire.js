// The panels that show what was sent and received.

import { say } from "./dom.js";

// More than this makes a browser slow; copying copies everything.
const LONGEST_SHOWN = 150_000;
const shown = new Map();

/** Show JSON in a panel: `request`, `response` or `feedback`. `line` is the first line of the HTTP message. */
export function show(panel, line, value) {
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  shown.set(panel, text);
  document.getElementById(`${panel}-line`).textContent = line;
  const box = document.getElementById(`${panel}-json`);
  box.textContent = text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}\n${say("shortened")}` : text;
  box.hidden = false;
  box.scrollTop = 0;
  document.querySelector(`[data-copy="${panel}"]`).disabled = false;
}

async function copy(button) {
  const status = document.getElementById("copy-status");
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(shown.get(button.dataset.copy) ?? "");
    status.textContent = say("copied");
  } catch {
    status.textContent = say("copy_failed");
  }
  button.textContent = status.textContent;
  setTimeout(() => (button.textContent = label), 1500);
}

/** Make the copy buttons work. */
export function wireUp() {
  for (const button of document.querySelectorAll("[data-copy]")) button.addEventListener("click", () => copy(button));
}
