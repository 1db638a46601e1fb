// Building page elements from plain values: text is always text, never markup.

const texts = JSON.parse(document.getElementById("texts").textContent);

/** The page's words: `say("answered", {ms: 12})`. */
export function say(key, values = {}) {
  return Object.entries(values).reduce((text, [name, value]) => text.replace(`{${name}}`, String(value)), texts[key]);
}

/** An element with attributes, listeners (`onclick`) and children (elements or text). */
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== undefined && value !== null) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== undefined && child !== null && child !== ""));
  return made;
}

let counter = 0;

/** An id that no other element of the page has. */
export function freshId(prefix) {
  counter += 1;
  return `${prefix}-${counter}`;
}

/** A random uuid (version 4); `crypto.randomUUID` is not there on a plain http address. */
export function freshUuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const digits = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return digits.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
}

/** The address when it is safe to open, else null. */
export function safeAddress(address) {
  try {
    return new URL(address).protocol === "https:" ? address : null;
  } catch {
    return null;
  }
}

/** Pieces of HTML that the server has made or cleaned, as elements that run nothing. */
export function fromServerHtml(html) {
  return [...new DOMParser().parseFromString(html, "text/html").body.childNodes];
}
