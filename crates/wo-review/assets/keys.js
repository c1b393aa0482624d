// Which key does what; a person may choose other keys, which the browser remembers.

import { $, el, words } from "./dom.js";

const CHOSEN = "wo-review keys";

// action: [words, keys]
export const ACTIONS = {
  good_form: ["good form, and on to the next", ["g", "1"]],
  bad_form: ["bad form, and on to the next", ["b", "2"]],
  unclear: ["unclear, and on to the next", ["u", "3"]],
  delete: ["delete the frame (into the trash)", ["d", "Delete"]],
  undo: ["take the last decision back", ["z"]],
  next: ["next frame", ["ArrowRight", "j"]],
  previous: ["frame before", ["ArrowLeft", "k"]],
  next_in_video: ["next frame of the video", ["ArrowDown"]],
  previous_in_video: ["frame before in the video", ["ArrowUp"]],
  faults: ["choose faults by number", ["f"]],
  describe: ["write the description", ["e"]],
  note: ["write a note", ["n"]],
  video: ["the last decision for its whole video", ["v"]],
  play: ["play the video around the frame", [" "]],
  opinion: ["what the model says, before you decided", ["m"]],
  similar: ["frames that look like this one", ["s"]],
  grid: ["grid, and back", ["l"]],
  help: ["this list", ["?"]],
};

const NAMES = { " ": "Space", ArrowRight: "→", ArrowLeft: "←", ArrowUp: "↑", ArrowDown: "↓", Delete: "Del" };
export const keyName = (key) => NAMES[key] ?? key;

let byKey = new Map();

export function loadKeys(fromServer) {
  const chosen = JSON.parse(localStorage.getItem(CHOSEN) ?? "{}");
  for (const [action, key] of [...fromServer, ...Object.entries(chosen)]) {
    for (const other of Object.values(ACTIONS)) other[1] = other[1].filter((taken) => taken !== key);
    // What is no action is a label of one's own.
    ACTIONS[action] ??= [`${words(action)}, and on to the next`, []];
    ACTIONS[action][1] = [key, ...ACTIONS[action][1].slice(1)];
  }
  byKey = new Map(Object.entries(ACTIONS).flatMap(([action, [, keys]]) => keys.map((key) => [key, action])));
}

export const actionOf = (event) => byKey.get(event.key) ?? byKey.get(event.key.toLowerCase());
export const keyOf = (action) => keyName(ACTIONS[action]?.[1][0] ?? "");
export const isLabel = (action) => /and on to the next$/.test(ACTIONS[action]?.[0] ?? "");

export function showHelp() {
  const dialog = $("keys");
  const rows = Object.entries(ACTIONS).map(([action, [what, keys]]) =>
    el("tr", {},
      el("td", {}, ...keys.map((key) => el("kbd", {}, keyName(key)))),
      el("td", {}, what),
      el("td", {}, el("button", { type: "button", class: "quiet", "aria-label": `change the key for: ${what}`, onclick: (e) => choose(action, e.target) }, "change"))));
  dialog.replaceChildren(
    el("h2", { id: "keys-title" }, "Keys"),
    el("table", {}, el("tbody", {}, ...rows)),
    el("p", {}, "While you write: Enter saves, Esc leaves, Alt and a number puts a snippet in. In the grid: x or a click marks, Shift and a click marks up to there, Ctrl+A marks all."),
    el("button", { type: "button", onclick: () => dialog.close() }, "Close"));
  if (!dialog.open) dialog.showModal();
}

function choose(action, button) {
  button.textContent = "press a key";
  const take = (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    removeEventListener("keydown", take, true);
    if (event.key !== "Escape") {
      const chosen = JSON.parse(localStorage.getItem(CHOSEN) ?? "{}");
      localStorage.setItem(CHOSEN, JSON.stringify({ ...chosen, [action]: event.key }));
      loadKeys([[action, event.key]]);
    }
    showHelp();
  };
  addEventListener("keydown", take, true);
}
