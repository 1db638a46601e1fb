// Nothing here is needed: the pages work without it. It offers the copy button and moves focus to what is new.

for (const button of document.querySelectorAll("button[data-copies]")) {
  const source = document.getElementById(button.dataset.copies);
  const status = button.parentElement.querySelector("[role=status]");
  button.hidden = false;
  button.addEventListener("click", async () => {
    source.select();
    try {
      await navigator.clipboard.writeText(source.value);
    } catch {
      document.execCommand("copy");
    }
    status.textContent = button.dataset.done;
  });
}

const first = document.getElementById("errors");
if (first) first.focus();
