// Feedback: told to the service, shown in its panel, and confirmed on the card only when the service has it.

import { say } from "./dom.js";
import { SERVICE, sendFeedback } from "./service.js";
import { show } from "./wire.js";

/** Send one feedback entry; resolves to true when the service stored it. `outcome` is the card's status line. */
export async function told(outcome, sentence, entry) {
  const answer = await sendFeedback(entry);
  show("feedback", `POST ${SERVICE}/feedback → ${answer.status || "–"}`, { feedback: [entry] });
  outcome.classList.toggle("is-error", !answer.ok);
  if (answer.ok) outcome.textContent = say(sentence);
  else outcome.textContent = answer.status ? say("feedback_failed", answer) : say("feedback_network");
  return answer.ok;
}
