// Faults, description and note of the frame at hand, all by keyboard.

import { get } from "./api.js";
import { el, words } from "./dom.js";

export class Editor {
  constructor(app) {
    this.app = app;
    this.root = el("div", { class: "editor" });
    this.close();
  }

  close() {
    this.kind = null;
    if (this.root.childElementCount > 0) this.root.replaceChildren();
    document.activeElement?.blur?.();
  }

  get isOpen() {
    return this.kind !== null;
  }

  faults(frame) {
    const known = this.app.session.faults[frame.exercise] ?? [];
    const all = [...known, ...frame.faults.filter((fault) => !known.includes(fault))];
    this.kind = "faults";
    this.chosen = new Set(frame.faults);
    const item = (fault, i) => el("li", {}, el("button", {
      type: "button", "aria-pressed": String(this.chosen.has(fault)), "data-fault": fault, onclick: () => this.toggle(fault),
    }, el("kbd", {}, String(i + 1)), " ", words(fault)));
    const other = el("input", { type: "text", "aria-label": "Another fault", placeholder: "another fault, then Enter", id: "other-fault" });
    this.root.replaceChildren(
      el("h3", {}, "Faults"),
      el("ol", { class: "faults" }, ...all.map(item)),
      other,
      this.leaving(() => this.saveFaults(true)),
      el("p", { class: "hint" }, "A number chooses, e saves and goes on with the words."));
    this.all = all;
  }

  // A finger has no Enter and no Esc.
  leaving(save) {
    const button = (text, key, onclick) => el("button", { type: "button", class: "act", onclick }, text, el("kbd", { "aria-hidden": "true" }, key));
    return el("div", { class: "leave" }, button("Save", "Enter", save), button("Leave", "Esc", () => this.close()));
  }

  toggle(fault) {
    if (!this.chosen.delete(fault)) this.chosen.add(fault);
    for (const button of this.root.querySelectorAll("[data-fault]")) {
      button.setAttribute("aria-pressed", String(this.chosen.has(button.dataset.fault)));
    }
  }

  async text(kind, frame) {
    this.kind = kind;
    const area = el("textarea", { rows: "3", maxlength: "2000", id: "text", "aria-label": kind === "note" ? "Note" : "Description" });
    area.value = frame[kind] ?? "";
    const list = el("ol", { class: "snippets", "aria-label": "Snippets" });
    this.root.replaceChildren(
      el("h3", {}, kind === "note" ? "Note" : "Description"), area, list,
      this.leaving(() => this.saveText()),
      kind === "note" ? "" : el("p", { class: "hint" }, "Alt and a number takes a snippet."));
    area.focus();
    area.select();
    if (kind === "note") return;
    const snippets = await get(`/api/snippets/${frame.id}`);
    if (this.kind !== kind) return;
    this.snippets = snippets;
    list.replaceChildren(...snippets.map((text) => el("li", {}, el("button", { type: "button", class: "quiet", onclick: () => this.insert(text) }, text))));
  }

  insert(text) {
    const area = this.root.querySelector("textarea");
    if (!area || !text) return;
    area.value = text;
    area.focus();
  }

  // Takes a key while it is open. True where it was meant for the editor.
  key(event) {
    if (!this.isOpen) return false;
    if (event.key === "Escape") {
      this.close();
      return true;
    }
    if (event.key === "Enter" && document.activeElement?.closest(".leave, .snippets")) return true;
    return this.kind === "faults" ? this.faultKey(event) : this.textKey(event);
  }

  faultKey(event) {
    const other = this.root.querySelector("#other-fault");
    if (document.activeElement === other && event.key !== "Enter") return true;
    const fault = /^[1-9]$/.test(event.key) ? this.all[Number(event.key) - 1] : undefined;
    if (fault) this.toggle(fault);
    else if (event.key === "Enter") this.saveFaults(true, event);
    else if (event.key === "e") this.saveFaults(false, event).then(() => this.app.act("describe"));
    else return event.key === "f" ? (this.close(), true) : event.key !== "ArrowLeft" && event.key !== "ArrowRight";
    return true;
  }

  async saveFaults(moves, event) {
    event?.preventDefault();
    const other = this.root.querySelector("#other-fault").value.trim();
    const faults = [...this.chosen, ...(other ? [other] : [])];
    this.close();
    await this.app.decide({ faults }, { moves, pressedAt: event?.timeStamp });
  }

  saveText() {
    const { kind } = this;
    const text = this.root.querySelector("textarea").value;
    this.close();
    this.app.decide({ [kind]: text }, { moves: false });
  }

  textKey(event) {
    if (event.altKey && /^Digit[1-9]$/.test(event.code)) {
      event.preventDefault();
      this.insert(this.snippets?.[Number(event.code.slice(5)) - 1]);
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.saveText();
    }
    return true;
  }
}
