// The keys of actions. A person may choose other keys, which the browser remembers.

import { $, el, toast, words } from "./dom.js";

const CHOSEN = "wo-review keys";

// action: [words, keys]
const DEFAULTS = {
  good_form: ["good form, and on to the next", ["g", "1"]],
  bad_form: ["bad form, and on to the next", ["b", "2"]],
  unclear: ["unclear, and on to the next", ["u", "3"]],
  delete: ["delete the frame (into the trash)", ["d", "Delete"]],
  undo: ["undo the last decision", ["z"]],
  next: ["next frame", ["ArrowRight", "j"]],
  previous: ["previous frame", ["ArrowLeft", "k"]],
  next_in_video: ["next frame of the video", ["ArrowDown"]],
  previous_in_video: ["previous frame of the video", ["ArrowUp"]],
  faults: ["choose faults by number", ["f"]],
  describe: ["write the description", ["e"]],
  note: ["write a note", ["n"]],
  video: ["apply the last decision to its whole video", ["v"]],
  play: ["play the video around the frame", [" "]],
  opinion: ["show the prediction of the model", ["m"]],
  similar: ["similar frames", ["s"]],
  grid: ["grid, and back", ["l"]],
  help: ["this list", ["?"]],
};

const NAMES = { " ": "Space", ArrowRight: "→", ArrowLeft: "←", ArrowUp: "↑", ArrowDown: "↓", Delete: "Del" };
const keyName = (key) => NAMES[key] ?? key;

// Modifiers, which are not keys by themselves.
const MODIFIER = /^(Shift|Control|Alt|AltGraph|Meta|OS|Super|Hyper|Fn|FnLock|Symbol|SymbolLock|CapsLock|NumLock|ScrollLock|Dead|Process|Unidentified)$/;

let fromServer = [];
let actions = DEFAULTS;
let byKey = new Map();
const marks = [];

export function loadKeys(keys) {
  fromServer = keys;
  rebuild();
}

const chosen = () => JSON.parse(localStorage.getItem(CHOSEN) ?? "{}");

function rebuild() {
  actions = structuredClone(DEFAULTS);
  for (const [action, key] of [...fromServer, ...Object.entries(chosen())]) {
    // Other names are labels.
    actions[action] ??= [`${words(action)}, and on to the next`, []];
    const [, ...more] = actions[action][1];
    for (const other of Object.values(actions)) other[1] = other[1].filter((taken) => taken !== key);
    actions[action][1] = [key, ...more.filter((other) => other !== key)];
  }
  byKey = new Map(Object.entries(actions).flatMap(([action, [, keys]]) => keys.map((key) => [key, action])));
  for (const [mark, action] of marks) mark.textContent = keyOf(action);
}

export const actionOf = (event) => byKey.get(event.key) ?? byKey.get(event.key.toLowerCase());
export const keyOf = (action) => keyName(actions[action]?.[1][0] ?? "");
export const isLabel = (action) => /and on to the next$/.test(actions[action]?.[0] ?? "");

// The key of an action on a button. It follows changes of keys.
export function keyMark(action) {
  const mark = el("kbd", { "aria-hidden": "true" }, keyOf(action));
  marks.push([mark, action]);
  return mark;
}

export function showHelp() {
  const dialog = $("keys");
  const rows = Object.entries(actions).map(([action, [what, keys]]) =>
    el("tr", {},
      el("td", {}, ...keys.map((key) => el("kbd", {}, keyName(key)))),
      el("td", {}, what),
      el("td", {}, el("button", { type: "button", class: "quiet", "aria-label": `change the key for: ${what}`, onclick: (e) => choose(action, e.target) }, "change"))));
  dialog.replaceChildren(
    el("h2", { id: "keys-title" }, "Keys"),
    el("table", {}, el("tbody", {}, ...rows)),
    el("p", {}, "While you write: Enter saves, Esc cancels, Alt and a number inserts a snippet. In the grid: x or a click marks, Shift and a click marks up to there, Ctrl+A marks all."),
    el("button", { type: "button", onclick: () => dialog.close() }, "Close"));
  if (!dialog.open) dialog.showModal();
}

let choosing = new AbortController();

function choose(action, button) {
  button.textContent = "press a key";
  choosing.abort();
  choosing = new AbortController();
  const { signal } = choosing;
  addEventListener("keydown", (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    if (MODIFIER.test(event.key)) return;
    choosing.abort();
    if (event.key !== "Escape") take(action, event.key);
    showHelp();
  }, { capture: true, signal });
  $("keys").addEventListener("close", () => choosing.abort(), { signal });
}

function take(action, key) {
  const before = byKey.get(key);
  localStorage.setItem(CHOSEN, JSON.stringify({ ...chosen(), [action]: key }));
  rebuild();
  if (before && before !== action) toast(`${keyName(key)} was a key for: ${actions[before][0]}.${keyOf(before) ? "" : " That action has no key now."}`);
}
