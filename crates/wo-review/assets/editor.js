// Faults, description and note of the current frame, all by keyboard. Only Esc or "Cancel" discards a change.

import { get } from "./api.js";
import { el, words } from "./dom.js";
import { idOf } from "./queue.js";

export class Editor {
  constructor(app) {
    this.app = app;
    this.root = el("div", { class: "editor" });
    this.kind = null;
  }

  get isOpen() {
    return this.kind !== null;
  }

  // The chosen faults or the text, as a change.
  get change() {
    if (this.kind !== "faults") return { [this.kind]: this.field.value };
    const other = this.field.value.trim();
    return { faults: [...this.chosen, ...(other ? [other] : [])].sort() };
  }

  get isChanged() {
    return JSON.stringify(this.change) !== this.before;
  }

  close() {
    this.kind = null;
    this.list = null;
    if (this.root.childElementCount > 0) this.root.replaceChildren();
    document.activeElement?.blur?.();
  }

  // Closes and saves a change for the frame that the editor was opened on.
  keep() {
    if (this.isOpen && this.isChanged) this.save({ moves: false });
    else this.close();
  }

  async save({ moves, pressedAt }) {
    const { kind, item, change } = this;
    this.close();
    const isSaved = await this.app.decide(change, { item, moves, pressedAt });
    if (!isSaved && kind !== "faults") this.giveBack(kind, item, change[kind]);
  }

  // Shows a text that the server refused again.
  giveBack(kind, item, text) {
    this.app.views.single.visit(item);
    this.text(kind, item);
    this.field.value = text;
  }

  open(kind, item, field) {
    this.keep();
    // The key that opens it may be held down, and is not text.
    Object.assign(this, { kind, item, field, isHeld: true });
  }

  faults(item) {
    const frame = this.app.queue.frame(item);
    const known = this.app.session.faults[frame.exercise] ?? [];
    const all = [...known, ...frame.faults.filter((fault) => !known.includes(fault))];
    this.open("faults", item, el("input", { type: "text", "aria-label": "Another fault", placeholder: "another fault, then Enter", id: "other-fault", maxlength: "100" }));
    this.chosen = new Set(frame.faults);
    this.before = JSON.stringify(this.change);
    const button = (fault, i) => el("li", {}, el("button", {
      type: "button", "aria-pressed": String(this.chosen.has(fault)), "data-fault": fault, onclick: () => this.toggle(fault),
    }, el("kbd", {}, String(i + 1)), " ", words(fault)));
    this.root.replaceChildren(
      el("h3", {}, "Faults"),
      el("ol", { class: "faults" }, ...all.map(button)),
      this.field,
      this.leaving(() => this.save({ moves: true })),
      el("p", { class: "hint" }, "A number selects a fault; e saves and opens the description."));
    this.all = all;
  }

  // Touch screens have no Enter and no Esc.
  leaving(save) {
    const button = (text, key, onclick) => el("button", { type: "button", class: "act", onclick }, text, el("kbd", { "aria-hidden": "true" }, key));
    return el("div", { class: "leave" }, button("Save", "Enter", save), button("Cancel", "Esc", () => this.close()));
  }

  toggle(fault) {
    if (!this.chosen.delete(fault)) this.chosen.add(fault);
    for (const button of this.root.querySelectorAll("[data-fault]")) {
      button.setAttribute("aria-pressed", String(this.chosen.has(button.dataset.fault)));
    }
  }

  // Opens at once, before the server answers: typed text must not become decisions.
  text(kind, item) {
    const name = kind === "note" ? "Note" : "Description";
    this.open(kind, item, el("textarea", { rows: "3", maxlength: "2000", id: "text", "aria-label": name }));
    this.before = JSON.stringify(this.change);
    this.list = el("ol", { class: "snippets", "aria-label": "Snippets" });
    this.root.replaceChildren(
      el("h3", {}, name), this.field, this.list,
      this.leaving(() => this.keep()),
      kind === "note" ? "" : el("p", { class: "hint" }, "Alt and a number inserts a snippet."));
    this.field.focus();
    this.fill();
    if (kind === "description") this.offerSnippets();
  }

  // Shows the saved text, unless the person has changed it.
  fill() {
    const text = this.app.queue.frame(this.item)?.[this.kind] ?? "";
    if (!this.isOpen || this.kind === "faults" || this.isChanged || this.field.value === text) return;
    this.field.value = text;
    this.before = JSON.stringify(this.change);
    this.field.select();
  }

  // For the class on the page, which the server may not know yet.
  async offerSnippets() {
    const { list } = this;
    const frame = this.app.queue.frame(this.item);
    const query = frame?.label ? `?${new URLSearchParams({ label: frame.label, faults: frame.faults })}` : "";
    this.snippets = [];
    const snippets = await get(`/api/snippets/${idOf(this.item)}${query}`);
    if (this.list !== list) return;
    this.snippets = snippets;
    list.replaceChildren(...snippets.map((text) => el("li", {}, el("button", { type: "button", class: "quiet", onclick: () => this.insert(text) }, text))));
  }

  insert(text) {
    if (!text) return;
    this.field.value = text;
    this.field.focus();
  }

  // Handles a key while open. True if the editor used it.
  key(event) {
    if (!this.isOpen) return false;
    this.isHeld &&= event.repeat;
    if (this.isHeld) {
      event.preventDefault();
      return true;
    }
    if (event.key === "Escape") {
      this.close();
      return true;
    }
    if (event.key === "Enter" && document.activeElement?.closest(".leave, .snippets")) return true;
    return this.kind === "faults" ? this.faultKey(event) : this.textKey(event);
  }

  faultKey(event) {
    if (document.activeElement === this.field && event.key !== "Enter") return true;
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") return false;
    if (event.repeat) return true;
    const fault = /^[1-9]$/.test(event.key) ? this.all[Number(event.key) - 1] : undefined;
    if (fault) this.toggle(fault);
    else if (event.key === "f") this.keep();
    else if (event.key === "Enter" || event.key === "e") {
      event.preventDefault();
      const { item } = this;
      this.save({ moves: event.key === "Enter", pressedAt: event.timeStamp });
      if (event.key === "e") this.text("description", item);
    }
    return true;
  }

  textKey(event) {
    if (event.altKey && /^Digit[1-9]$/.test(event.code)) {
      event.preventDefault();
      if (this.kind === "description") this.insert(this.snippets[Number(event.code.slice(5)) - 1]);
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.keep();
    }
    return true;
  }
}
