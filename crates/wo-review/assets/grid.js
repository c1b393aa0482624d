// Many frames at a time, to decide together. Only visible cells are in the page.

import { $, badge, counted, el, thumbnail, toast, words } from "./dom.js";
import { isLabel, keyMark } from "./keys.js";
import { idOf } from "./queue.js";

// The least width; the remaining space widens all cells.
const CELL = { width: 180, height: 184 };
const GAP = 8;
const ROWS_AROUND = 2;
// As many requests at a time as a browser has connections, so that waiting ones can be dropped.
const LOADING_AT_ONCE = 6;
// Six lines a second or more: nobody sees images then, and fetching them would make the page stutter.
const FAST_PX_PER_MS = 1;
const REST_MS = 80;

export class Grid {
  constructor(app) {
    this.app = app;
    this.queue = app.queue;
    this.marked = new Set();
    this.focus = 0;
    this.inSight = [];
    this.nLoading = 0;
    this.sheet = el("div", { class: "sheet" });
    this.scroller = el("div", {
      class: "grid", role: "listbox", "aria-multiselectable": "true", "aria-label": "Frames", tabindex: "0", onscroll: () => this.later(),
    }, this.sheet);
    this.filters = el("form", { class: "filters", "aria-label": "Filter", onsubmit: (event) => event.preventDefault() });
    this.count = el("p", { class: "count", role: "status" });
    const button = (action, text) => el("button", { type: "button", class: `act ${action}`, onclick: () => this.decide(action) },
      text, keyMark(action));
    this.acts = el("div", { class: "acts", hidden: true }, button("good_form", "Good"), button("bad_form", "Bad"),
      button("unclear", "Unclear"), button("delete", "Delete"),
      el("button", { type: "button", class: "act", onclick: () => this.open(this.focus) }, "Open"));
    this.root = el("div", { class: "grid-view" }, this.filters, el("div", { class: "grid-head" }, this.count, this.acts), this.scroller);
    this.resize = new ResizeObserver(() => this.draw());
  }

  show() {
    if (this.filters.childElementCount === 0) this.drawFilters();
    $("main").replaceChildren(this.root);
    this.focus = Math.min(this.queue.at, Math.max(0, this.queue.items.length - 1));
    this.resize.observe(this.scroller);
    this.draw();
    this.scrollTo(this.focus);
    this.scroller.focus({ preventScroll: true });
  }

  leave() {
    this.resize.disconnect();
    this.marked.clear();
    this.queue.at = Math.min(this.focus, this.queue.items.length);
  }

  redraw() {
    this.draw();
  }

  drawFilters() {
    const { session } = this.app;
    const select = (name, text, values) => el("label", {}, text, el("select", { name }, el("option", { value: "" }, "any"),
      ...values.map((value) => el("option", { value }, words(value)))));
    const input = (name, text, type) => el("label", {}, text, el("input", { name, type, size: "8", autocomplete: "off" }));
    const faults = [...new Set(Object.values(session.faults).flat())].sort();
    this.filters.replaceChildren(
      select("exercise", "Exercise", session.exercises), select("label", "Label", [...session.labels, "none"]),
      select("fault", "Fault", faults), select("origin", "From", ["folder", "csv", "review", "synth", "model", "none"]),
      select("reviewer", "Reviewer", session.reviewers), input("video", "Video", "search"),
      input("min_sharpness", "Sharpness from", "number"), input("max_sharpness", "to", "number"),
      el("button", { type: "button", class: "quiet", onclick: () => this.reset() }, "Show all"));
    this.filters.addEventListener("change", () => this.apply());
  }

  async apply(more = {}) {
    const values = Object.fromEntries(new FormData(this.filters));
    await this.queue.load({ queue: $("queue").value, ...values, ...more });
    this.marked.clear();
    this.focus = 0;
    this.scroller.scrollTop = 0;
    this.draw();
  }

  reset() {
    this.filters.reset();
    this.apply();
  }

  async similar(id) {
    this.app.open("grid");
    this.filters.reset();
    $("queue").value = "all";
    await this.apply({ similar: id });
    toast(`Similar: ${counted(this.queue.items.length, "frame")}.`);
  }

  get columns() {
    return Math.max(1, Math.floor(this.sheet.clientWidth / CELL.width));
  }

  later() {
    const [top, now] = [this.scroller.scrollTop, performance.now()];
    this.isFast = Math.abs(top - this.lastTop) > FAST_PX_PER_MS * (now - this.lastAt);
    [this.lastTop, this.lastAt] = [top, now];
    clearTimeout(this.resting);
    this.resting = setTimeout(() => {
      this.isFast = false;
      this.draw();
    }, REST_MS);
    cancelAnimationFrame(this.frameRequest);
    this.frameRequest = requestAnimationFrame(() => this.draw());
  }

  draw() {
    const { items } = this.queue;
    const { columns } = this;
    const step = Math.floor(this.sheet.clientWidth / columns);
    const height = `${Math.ceil(items.length / columns) * CELL.height}px`;
    if (this.sheet.style.height !== height) this.sheet.style.height = height;
    const row = Math.floor(this.scroller.scrollTop / CELL.height);
    const first = Math.max(0, row - ROWS_AROUND) * columns;
    const n = (Math.ceil(this.scroller.clientHeight / CELL.height) + 2 * ROWS_AROUND) * columns;
    const cells = items.slice(first, first + n).map((item, i) => this.cell(item, first + i, columns, step));
    // Cells that stay visible are not touched, so scrolling costs only the new ones.
    const wanted = new Set(cells);
    for (const cell of [...this.sheet.children]) if (!wanted.has(cell)) cell.remove();
    for (const cell of cells) if (!cell.isConnected) this.sheet.append(cell);
    // Cells above come last.
    this.inSight = [...cells.filter((cell) => cell.at >= row * columns), ...cells.filter((cell) => cell.at < row * columns)];
    this.load();
    this.scroller.setAttribute("aria-activedescendant", `cell-${this.focus}`);
    const marked = this.marked.size > 0 ? `, ${this.marked.size} marked` : ". x or a click marks, Enter opens.";
    this.acts.hidden = this.marked.size === 0;
    const count = `${counted(items.length, "frame")}${marked}`;
    if (this.count.textContent !== count) this.count.textContent = count;
    if (!this.isFast) this.fetchDetails(first, n);
  }

  // Loads visible images, a few at a time, and none during fast scrolling.
  load() {
    for (const cell of this.inSight) {
      if (this.isFast || this.nLoading >= LOADING_AT_ONCE) return;
      const image = cell.firstElementChild;
      if (image.hasAttribute("src")) continue;
      this.nLoading++;
      image.onload = image.onerror = () => {
        this.nLoading--;
        this.load();
      };
      image.src = this.queue.imageUrl(idOf(cell.item));
    }
  }

  // Loads the labels of visible frames, one request at a time.
  async fetchDetails(first, n) {
    if (this.isFetching || this.queue.items.slice(first, first + n).every((item) => this.queue.frames.has(item))) return;
    this.isFetching = true;
    try {
      await this.queue.details(first, n);
    } finally {
      this.isFetching = false;
    }
    if (this.app.view === this) this.draw();
  }

  cell(item, at, columns, step) {
    const frame = this.queue.frame(item);
    const isMarked = this.marked.has(item);
    // Elements are reused, so that loaded images do not blink.
    this.kept ??= new Map();
    let cell = this.kept.get(item);
    if (!cell) {
      cell = el("div", { class: "cell", role: "option", onclick: (event) => this.click(cell.at, event), ondblclick: () => this.open(cell.at) },
        thumbnail({ decoding: "async" }), el("span", { class: "caption" }));
      cell.item = item;
      this.kept.set(item, cell);
      if (this.kept.size > 600) this.kept.delete(this.kept.keys().next().value);
    }
    const state = [at, columns, step, isMarked, at === this.focus, frame?.label, frame?.is_judged, frame?.deleted].join();
    if (cell.state === state) return cell;
    cell.state = state;
    cell.at = at;
    cell.id = `cell-${at}`;
    cell.setAttribute("aria-selected", String(isMarked));
    cell.classList.toggle("focus", at === this.focus);
    cell.classList.toggle("judged", frame?.is_judged ?? false);
    cell.classList.toggle("deleted", frame?.deleted ?? false);
    cell.style.width = `${step - GAP}px`;
    cell.style.transform = `translate(${(at % columns) * step}px, ${Math.floor(at / columns) * CELL.height}px)`;
    const isJudged = frame?.is_judged && el("span", { class: "unseen" }, "decided");
    const caption = frame ? [badge(frame.label), isJudged, el("span", { class: "name" }, `${frame.video_name} · ${frame.index + 1}`)] : [`${at + 1}`];
    cell.lastElementChild.replaceChildren(...caption.filter(Boolean));
    return cell;
  }

  click(at, event) {
    if (event.shiftKey) {
      const [from, to] = [Math.min(at, this.focus), Math.max(at, this.focus)];
      for (const item of this.queue.items.slice(from, to + 1)) this.marked.add(item);
    } else this.mark(at);
    this.focus = at;
    this.draw();
  }

  mark(at) {
    const item = this.queue.items[at];
    if (item !== undefined && !this.marked.delete(item)) this.marked.add(item);
  }

  open(at) {
    this.focus = at;
    this.app.open("single");
  }

  scrollTo(at) {
    const top = Math.floor(at / this.columns) * CELL.height;
    const { scrollTop, clientHeight } = this.scroller;
    if (top < scrollTop) this.scroller.scrollTop = top;
    else if (top + CELL.height > scrollTop + clientHeight) this.scroller.scrollTop = top + CELL.height - clientHeight;
  }

  // True if the grid used the key.
  key(event, action) {
    const page = Math.max(1, Math.floor(this.scroller.clientHeight / CELL.height)) * this.columns;
    const last = this.queue.items.length - 1;
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: this.columns, ArrowUp: -this.columns, PageDown: page, PageUp: -page, Home: -last, End: last };
    if (event.ctrlKey && event.key === "a") {
      event.preventDefault();
      this.marked = new Set(this.queue.items);
    } else if (event.ctrlKey || event.altKey || event.metaKey || /^(INPUT|SELECT)$/.test(document.activeElement?.tagName)) {
      return false;
    } else if (steps[event.key] !== undefined) {
      this.focus = Math.min(Math.max(this.focus + steps[event.key], 0), last);
      this.scrollTo(this.focus);
    } else if (event.key === "x" || event.key === " ") this.mark(this.focus);
    else if (event.key === "Escape") this.marked.clear();
    else if (event.key === "Enter") this.open(this.focus);
    else if (isLabel(action ?? "") || action === "delete") this.decide(action);
    else return false;
    this.draw();
    return true;
  }

  async decide(action) {
    const items = this.marked.size > 0 ? [...this.marked] : [this.queue.items[this.focus]];
    const frames = items.filter((item) => item !== undefined && item >= 0);
    if (frames.length === 0) return;
    this.marked.clear();
    const change = this.app.restoring(action === "delete" ? { deleted: true } : { label: action }, frames);
    for (const id of frames) this.queue.change(id, change);
    this.draw();
    const answer = await this.app.send({ frames, change });
    if (answer) toast(`${counted(answer.n_frames, "frame")}: ${words(action)}`);
  }
}
