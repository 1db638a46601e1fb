// Nothing here is needed: without it the page has a link to look again. It moves the bar, and opens the result when there is one.

const bar = document.querySelector("progress[data-run]");
const said = document.getElementById("progress-said");
const pause = 700;
let told = -1;

async function look() {
  try {
    const answer = await fetch(bar.dataset.run, { headers: { Accept: "application/json" } });
    if (answer.ok) {
      const run = await answer.json();
      if (run.state !== "running") {
        location.reload();
        return;
      }
      show(run.done);
    }
  } catch {
    // The next look may be luckier.
  }
  setTimeout(look, pause);
}

function show(done) {
  bar.value = done;
  const percent = Math.floor((100 * done) / bar.max);
  document.getElementById("progress-percent").textContent = `${percent} %`;
  // Read out by a screen reader at every quarter, not at every step.
  const quarter = Math.floor(percent / 25);
  if (quarter !== told) said.textContent = `${quarter * 25} %`;
  told = quarter;
}

if (bar) {
  document.getElementById("look-again").hidden = true;
  setTimeout(look, pause);
}
