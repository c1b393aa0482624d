// Builds elements. Text is inserted as text only, so labels and notes cannot become markup.

export const $ = (id) => document.getElementById(id);

export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else if (name in node && typeof value !== "string") node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export const words = (name) => (name ?? "").replaceAll("_", " ");

export const counted = (n, noun) => `${n} ${noun}${n === 1 ? "" : "s"}`;

// A small image. A missing one leaves its place empty.
export const thumbnail = (props) => el("img", { alt: "", onerror: (event) => (event.target.style.visibility = "hidden"), ...props });

const GLYPHS = { good_form: "✓", bad_form: "✕", unclear: "?" };

// A label never relies on colour alone.
export function badge(label) {
  const kind = GLYPHS[label] ? label : label ? "other" : "none";
  return el(
    "span",
    { class: `badge ${kind}` },
    el("span", { "aria-hidden": "true", class: "glyph" }, GLYPHS[label] ?? (label ? "•" : "–")),
    label ? words(label) : "no label",
  );
}

let hideToast;
export function toast(text, kind = "") {
  const node = $("toast");
  // Shown again, so that it is above a dialog that opened since.
  node.hidePopover();
  node.showPopover();
  node.className = kind;
  node.textContent = text;
  clearTimeout(hideToast);
  hideToast = setTimeout(() => node.hidePopover(), kind === "bad" ? 8000 : 3000);
}

export const seconds = (ms) => (ms === null || ms === undefined ? "" : `${(ms / 1000).toFixed(2)}\u00a0s`);
