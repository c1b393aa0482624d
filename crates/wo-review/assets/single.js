// One frame at a time: the image, its place in the video, and its label.

import { get } from "./api.js";
import { $, badge, counted, el, seconds, thumbnail, toast, words } from "./dom.js";
import { Editor } from "./editor.js";
import { keyMark, keyOf } from "./keys.js";
import { Player } from "./player.js";
import { idOf, isRepeat } from "./queue.js";

const STRIP_AROUND = 12;
const SWIPE_PX = 60;

// A past decision in words.
function said({ says, new: now }) {
  if (says.includes("deleted") && now.deleted) return "deleted";
  const isOfClass = says.includes("label") || says.includes("faults");
  const names = isOfClass ? [now.label, ...now.faults].filter(Boolean) : says;
  return names.map(words).join(", ") || "no label";
}

export class Single {
  constructor(app) {
    this.app = app;
    this.queue = app.queue;
    this.stage = el("div", { class: "stage", id: "stage" });
    this.panel = el("aside", { class: "panel", "aria-label": "About this frame" });
    this.strip = el("ol", { class: "strip", "aria-label": "Frames of this video" });
    this.bar = el("div", { class: "bar", role: "toolbar", "aria-label": "Decide" });
    this.past = el("ol", { class: "past", "aria-label": "Your last decisions, z undoes the first one" });
    this.root = el("div", { class: "single" }, this.stage, this.panel, this.strip, this.bar);
    this.player = new Player(this.stage);
    this.editor = new Editor(app);
    // The editor between them is never moved, or it would lose the focus.
    this.facts = el("div", { class: "facts" });
    this.more = el("div", { class: "facts" });
    this.panel.append(this.facts, this.editor.root, this.more);
    this.videos = new Map();
    // For measuring: from key to image, in milliseconds.
    this.latencies = [];
    this.drawBar();
    this.swipes();
  }

  show() {
    $("main").replaceChildren(this.root);
    this.draw();
  }

  leave() {
    this.editor.keep();
  }

  // After a decision about these frames.
  redraw(frames) {
    const { frame } = this;
    if (!frame) return;
    if (frames.some((other) => other.id === frame.id)) this.drawPanel();
    if (frames.some((other) => other.video === frame.video)) this.drawStrip();
  }

  get frame() {
    return this.queue.item === undefined ? undefined : this.queue.frame(this.queue.item);
  }

  async draw(pressedAt) {
    this.player.stop();
    this.editor.keep();
    const item = this.queue.item;
    if (item === undefined) return this.drawEnd();
    const image = this.queue.image(idOf(item));
    this.place(image, item, pressedAt);
    const more = this.queue.prefetch();
    if (!this.queue.frames.has(item)) {
      await (more ?? this.queue.ensure(item));
      if (this.queue.item !== item) return;
    }
    this.drawPanel();
    this.editor.fill();
    await image.ready;
    if (this.queue.item === item) this.drawStrip();
  }

  place(image, item, pressedAt) {
    image.dataset.id = idOf(item);
    image.alt = "";
    if (this.stage.firstElementChild !== image) this.stage.replaceChildren(image);
    image.ready.then((isThere) => {
      if (this.queue.item !== item) return;
      if (!isThere) this.stage.replaceChildren(el("p", { class: "missing" }, "The image is missing. You can still decide, or delete the frame."));
      if (pressedAt !== undefined) requestAnimationFrame(() => this.latencies.push(performance.now() - pressedAt));
    });
  }

  drawEnd() {
    const isEmpty = this.queue.items.length === 0;
    const more = this.app.isMeasuring ? " Images are still being measured; frames appear here when they are done." : "";
    this.stage.replaceChildren(el("p", { class: "missing" },
      `${isEmpty ? "This queue is empty." : "That was the last one."}${more}`));
    this.facts.replaceChildren();
    this.more.replaceChildren(this.past);
    this.strip.replaceChildren();
  }

  drawPanel() {
    const frame = this.frame;
    if (!frame) return;
    const image = this.stage.querySelector("img");
    const where = `frame ${frame.index + 1} of ${frame.video_name}`;
    if (image) image.alt = `${words(frame.exercise)}, ${where}`;
    const field = (name, ...value) => el("div", { class: "field" }, el("dt", {}, name), el("dd", {}, ...value));
    const faults = frame.faults.length > 0 ? frame.faults.map((fault) => el("span", { class: "fault" }, words(fault))) : ["–"];
    const known = isRepeat(this.queue.item) ? false : frame.is_judged;
    const facts = [
      el("h2", {}, words(frame.exercise) || "Unknown exercise"),
      el("p", { class: "now", "aria-live": "polite" }, badge(frame.label),
        el("span", { class: "origin" }, known ? "decided by you" : frame.label ? `from ${frame.origin}` : "")),
    ];
    const more = [
      frame.deleted && el("p", { class: "warning" }, "In the trash. Any label restores it."),
      el("dl", {},
        field("Faults", ...faults),
        field("Description", frame.description ?? "–", frame.is_blind && el("span", { class: "warning" }, "only judges, describes nothing visible")),
        field("Note", frame.note ?? "–"),
        field("Frame", `${where}${frame.pts_ms === null ? "" : `, ${seconds(frame.pts_ms)}`}`),
        frame.sharpness !== null && field("Sharpness", frame.sharpness.toFixed(0))),
      frame.others.length > 0 && el("div", { class: "others" }, el("h3", {}, "Others decided"),
        ...frame.others.map((other) => el("p", {}, `${other.reviewer}: `, badge(other.label), " ", other.faults.map(words).join(", ")))),
      frame.has_opinion && !known && el("p", { class: "hint" }, `A model has a prediction for this frame; ${keyOf("opinion")} shows it.`),
      el("h3", { class: "past-title" }, "Your last decisions"),
      this.past,
    ];
    this.facts.replaceChildren(...facts);
    this.more.replaceChildren(...more.filter(Boolean));
  }

  async drawStrip() {
    const frame = this.frame;
    let ids = this.videos.get(frame.video);
    if (!ids?.every((id) => this.queue.frames.has(id))) {
      const frames = await get(`/api/video/${frame.video}`);
      for (const other of frames) if (!this.queue.frames.has(other.id)) this.queue.put([other]);
      ids = frames.map((other) => other.id);
      this.videos.set(frame.video, ids);
    }
    if (this.frame !== frame) return;
    const at = ids.indexOf(frame.id);
    const around = ids.slice(Math.max(0, at - STRIP_AROUND), at + STRIP_AROUND + 1);
    this.strip.replaceChildren(...around.map((id) => this.stripItem(id, id === frame.id)));
    const current = this.strip.querySelector("[aria-current]");
    if (current) this.strip.scrollLeft = current.parentElement.offsetLeft - this.strip.clientWidth / 2 + 40;
  }

  stripItem(id, isCurrent) {
    // For a blind repeat the strip must not show the first decision.
    const frame = isCurrent ? this.frame : this.queue.frames.get(id);
    const label = frame?.label;
    const image = thumbnail({ src: this.queue.imageUrl(id), loading: "lazy", width: 96, height: 64 });
    const state = `${frame?.deleted ? "deleted" : words(label) || "no label"}${frame?.is_judged ? ", decided" : ""}`;
    return el("li", {}, el("button", {
      type: "button",
      class: `thumb ${frame?.deleted ? "deleted" : label ?? "none"} ${frame?.is_judged ? "judged" : ""}`,
      "aria-current": isCurrent ? "true" : null,
      "aria-label": `Frame ${(frame?.index ?? 0) + 1}: ${state}`,
      tabindex: "-1",
      onclick: () => this.visit(id),
    }, image));
  }

  drawBar() {
    const button = (action, text, kind = "") => el("button", { type: "button", class: `act ${kind}`, "data-action": action, onclick: () => this.app.act(action) },
      el("span", {}, text), keyMark(action));
    this.bar.replaceChildren(
      button("good_form", "Good", "good_form"), button("bad_form", "Bad", "bad_form"), button("unclear", "Unclear", "unclear"),
      button("faults", "Faults"), button("describe", "Description"), button("note", "Note"),
      button("video", "Whole video"), button("play", "Play"), button("delete", "Delete"), button("undo", "Undo"));
  }

  drawPast(past) {
    const lines = past.slice(0, 8).map((one) => {
      const frames = one.n_frames > 1 ? ` · ${counted(one.n_frames, "frame")}` : "";
      return el("li", {}, el("button", { type: "button", class: "quiet", onclick: () => this.visit(one.frame) },
        `${said(one)}${frames}`), el("time", { datetime: one.at }, one.at.slice(11, 16)));
    });
    this.past.replaceChildren(...lines);
  }

  move(by, pressedAt) {
    const to = Math.min(Math.max(this.queue.at + by, 0), this.queue.items.length);
    if (to === this.queue.at) return;
    this.queue.at = to;
    this.draw(pressedAt);
  }

  moveInVideo(by) {
    const ids = this.videos.get(this.frame?.video) ?? [];
    const id = ids[ids.indexOf(this.frame?.id) + by];
    if (id !== undefined) this.visit(id);
  }

  visit(item) {
    this.queue.visit(item);
    this.app.view === this ? this.draw() : this.app.open("single");
  }

  swipes() {
    let from = null;
    this.stage.addEventListener("pointerdown", (event) => (from = event.clientX));
    this.stage.addEventListener("pointerup", (event) => {
      if (from === null) return;
      const way = event.clientX - from;
      from = null;
      if (Math.abs(way) > SWIPE_PX) this.move(way < 0 ? 1 : -1);
    });
  }

  async opinion() {
    if (!this.frame?.has_opinion) return toast("No model has a prediction for this frame.");
    this.tellOpinion(this.frame.id);
  }

  async tellOpinion(id, said) {
    const suspect = await get(`/api/opinion/${id}`);
    const label = suspect.suggested_label ? `predicts ${words(suspect.suggested_label)}` : "predicts no other label";
    toast(`${said ? `You decided ${words(said)}. ` : ""}The model ${label} (${words(suspect.reason)}, ${(suspect.score * 100).toFixed(0)} %).`);
  }
}
