// Connects views and keys, and sends decisions to the server.

import { Outbox, Refused, get, openSession } from "./api.js";
import { Agreement } from "./agreement.js";
import { $, counted, el, toast, words } from "./dom.js";
import { Grid } from "./grid.js";
import { actionOf, isLabel, loadKeys, showHelp } from "./keys.js";
import { Queue, asRepeat, idOf, isRepeat } from "./queue.js";
import { Single } from "./single.js";

const QUEUES = {
  all: "All", undecided: "Undecided", uncertain: "Uncertain first", blurry: "Blurry first", near_duplicates: "Near-duplicates", suspects: "Suspects",
  disagreements: "Disagreements", second_opinion: "Second opinion", trash: "Trash",
};

const MEASURED_QUEUES = ["blurry", "near_duplicates"];
const MEASURING_MS = 2000;
const RELOAD_MS = 4000;

// Actions that repeat while a key is held down.
const MOVES = ["next", "previous", "next_in_video", "previous_in_video"];

const saysClass = (change) => change.label !== undefined || change.faults !== undefined;

class App {
  async start() {
    this.session = await openSession();
    loadKeys(this.session.keys);
    this.queue = new Queue(this.session.start);
    this.outbox = new Outbox(this.session.folder, this.session.reviewer, (state, why) => this.showState(state, why));
    this.decided = [];
    this.last = null;
    this.views = { single: new Single(this), grid: new Grid(this), agreement: new Agreement(this) };
    this.view = this.views.single;
    $("who").textContent = this.session.reviewer;
    document.title = `wo-review – ${this.session.folder}`;
    const select = $("queue");
    select.replaceChildren(...Object.entries(QUEUES).map(([name, text]) => el("option", { value: name }, text)));
    select.value = this.session.first_queue;
    select.addEventListener("change", () => this.chooseQueue(select.value).then(() => select.blur()));
    for (const button of document.querySelectorAll("nav button")) button.addEventListener("click", () => this.open(button.dataset.view));
    $("help").addEventListener("click", showHelp);
    $("theme").addEventListener("click", () => this.nextTheme());
    addEventListener("keydown", (event) => this.key(event));
    addEventListener("pagehide", () => this.views.single.editor.keep());
    this.isMeasuring = this.session.measuring !== null;
    this.queue.begin({ queue: select.value }, this.session);
    this.view.show();
    const n = this.outbox.restore({ resolve: (answer) => this.take(answer), reject: (error) => this.tellRefused(error) });
    if (n > 0) toast(`Saving ${counted(n, "earlier decision")}.`);
    this.refresh();
    if (this.session.is_first_look) await this.takeAll();
  }

  // The first frames arrive before the server has read the whole folder.
  async takeAll() {
    Object.assign(this.session, await get("/api/session"));
    this.isMeasuring = this.session.measuring !== null;
    const isAtEnd = this.queue.item === undefined;
    this.queue.extend(this.session);
    if (isAtEnd || this.view === this.views.grid) this.view.show();
  }

  async load(filter) {
    await this.queue.load(filter);
    this.view.show();
  }

  // The grid shows its filter, so it stays; elsewhere the filter is invisible and is reset.
  chooseQueue(queue) {
    const { grid } = this.views;
    if (this.view === grid) return grid.apply();
    grid.filters.reset();
    return this.load({ queue });
  }

  open(name) {
    this.view.leave?.();
    this.view = this.views[name];
    for (const button of document.querySelectorAll("nav button")) {
      if (button.dataset.view === name) button.setAttribute("aria-current", "page");
      else button.removeAttribute("aria-current");
    }
    this.view.show();
  }

  nextTheme() {
    const root = document.documentElement;
    const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
    const now = root.dataset.theme ?? (isDark ? "dark" : "light");
    root.dataset.theme = now === "dark" ? "light" : "dark";
    localStorage.setItem("wo-review theme", root.dataset.theme);
  }

  key(event) {
    if (event.isComposing || $("keys").open) return;
    if (this.view === this.views.single && this.view.editor.key(event)) return;
    const isField = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName ?? "");
    if (event.ctrlKey || event.metaKey || event.altKey || isField) {
      if (!(isField && event.key === "Escape")) return this.view.key?.(event, null);
      document.activeElement.blur();
      return undefined;
    }
    const isButton = document.activeElement?.tagName === "BUTTON";
    const isPress = isButton && (event.key === "Enter" || event.key === " ");
    const action = actionOf(event);
    if (event.repeat && (isPress || (action && !MOVES.includes(action)))) return event.preventDefault();
    if (isPress) return undefined;
    if (this.view.key?.(event, action)) return event.preventDefault();
    if (!action) return undefined;
    event.preventDefault();
    return this.act(action, event.timeStamp);
  }

  act(action, pressedAt) {
    const single = this.views.single;
    const { item } = this.queue;
    if (action === "help") return showHelp();
    if (action === "undo") return this.undo();
    if (action === "grid") return this.open(this.view === this.views.grid ? "single" : "grid");
    if (this.view !== single) return undefined;
    if (action === "next") return single.move(1, pressedAt);
    if (action === "previous") return single.move(-1, pressedAt);
    if (action === "video") return this.wholeVideo();
    if (isLabel(action)) return this.decide({ label: action }, { moves: true, pressedAt });
    if (action === "delete") return this.decide({ deleted: true }, { moves: true, pressedAt });
    if (item === undefined) return undefined;
    if (action === "describe") return single.editor.text("description", item);
    if (action === "note") return single.editor.text("note", item);
    const { frame } = single;
    if (!frame) return toast("The frame is still loading; press the key again.");
    switch (action) {
      case "next_in_video": return single.moveInVideo(1);
      case "previous_in_video": return single.moveInVideo(-1);
      case "faults": return single.editor.faults(item);
      case "play": return single.player.toggle(frame, this.session.start);
      case "opinion": return single.opinion();
      case "similar": return this.views.grid.similar(frame.id);
      default: return undefined;
    }
  }

  // Decides the current frame or another one. Shows it at once and saves it in the background.
  async decide(change, { moves, pressedAt, item = this.queue.item }) {
    const { single } = this.views;
    single.editor.keep();
    if (item === undefined) return null;
    // The frame may not be loaded yet, since no key press is lost while it loads.
    const hasOpinion = this.queue.frame(item)?.has_opinion;
    const isSecond = isRepeat(item) && saysClass(change);
    const body = { frames: [idOf(item)], change: this.restoring(change, [item]), is_repeat: isSecond };
    if (!isSecond && (saysClass(change) || change.deleted)) this.last = body;
    this.queue.change(item, body.change);
    if (moves) single.move(1, pressedAt);
    else if (item === this.queue.item) single.drawPanel();
    const answer = await this.send(body);
    if (answer && !isSecond && hasOpinion && change.label) single.tellOpinion(idOf(item), change.label);
    return answer;
  }

  // A label restores a frame from the trash.
  restoring(change, items) {
    const isInTrash = (item) => this.queue.frame(item)?.deleted ?? $("queue").value === "trash";
    return change.label && items.some(isInTrash) ? { ...change, deleted: false } : change;
  }

  async send(body) {
    this.decided.push(body);
    try {
      const answer = await this.outbox.push("/api/decide", { numbering: this.session.numbering ?? this.session.start, ...body });
      this.take(answer);
      return answer;
    } catch (error) {
      this.decided = this.decided.filter((other) => other !== body);
      this.forget(body);
      for (const id of body.frames) this.queue.forget(id);
      this.view.redraw?.([]);
      this.tellRefused(error);
      return null;
    }
  }

  tellRefused(error) {
    toast(`Not saved: ${error.message}`, "bad");
  }

  forget(body) {
    if (this.last === body) this.last = null;
  }

  take(answer) {
    const { single } = this.views;
    // The server returns only the first of very many frames; the others are fetched again.
    const isCut = answer.n_frames > answer.frames.length;
    if (isCut) this.queue.frames.clear();
    if (!answer.is_repeat) this.queue.put(answer.frames);
    if (answer.repeat !== null && this.view === single) this.queue.askAgain(answer.repeat);
    single.editor.fill();
    if (isCut && this.view === single) single.draw();
    else this.view.redraw?.(answer.frames);
    this.refresh();
  }

  // Applies the last decision to all frames of its video, and goes to the next video.
  async wholeVideo() {
    this.views.single.editor.keep();
    if (!this.last) return toast("Decide one frame of the video first; then this key applies it to the others.");
    const { frames: [id], change } = this.last;
    const frame = this.queue.frames.get(id);
    if (!frame) return toast("The frame is still loading; press the key again.");
    const all = await get(`/api/video/${frame.video}`);
    const frames = all.filter((other) => !other.deleted);
    const whole = change.deleted ? change : { label: frame.label, ...(frame.faults.length > 0 ? { faults: frame.faults } : {}) };
    const answer = await this.send({ frames: frames.map((other) => other.id), change: whole });
    if (!answer) return undefined;
    toast(`${counted(frames.length, "frame")} of ${frame.video_name}: ${change.deleted ? "deleted" : words(frame.label)}`);
    const ids = new Set(all.map((other) => other.id));
    while (this.queue.item !== undefined && ids.has(idOf(this.queue.item))) this.queue.at++;
    return this.views.single.draw();
  }

  async undo() {
    this.forget(this.decided.pop());
    try {
      const answer = await this.outbox.push("/api/undo", {});
      this.take(answer);
      toast(answer.n_frames > 1 ? `Undone for ${counted(answer.n_frames, "frame")}.` : "Undone.");
      if (this.view === this.views.single && answer.frames[0]) this.goBack(answer.frames[0].id, answer.is_repeat);
    } catch (error) {
      toast(words(error.message));
    }
  }

  // Goes to the frame whose decision was undone. An undone repeat is asked again.
  goBack(id, wasRepeat) {
    if (wasRepeat) this.queue.frames.delete(asRepeat(id));
    this.views.single.visit(wasRepeat ? asRepeat(id) : id);
  }

  // Updates counts and past decisions a moment after the last key, so that they do not delay the next one.
  refresh(afterMs = 250) {
    clearTimeout(this.refreshing);
    this.refreshing = setTimeout(async () => {
      const [progress, past] = await Promise.all([get("/api/progress"), get("/api/history")]);
      const { queues, measuring } = progress;
      const measured = measuring ? ` · measuring images: ${measuring.n_done} of ${measuring.n_all}` : "";
      $("progress").textContent = $("progress").title = `${queues.all - queues.undecided} of ${queues.all} decided${measured}`;
      for (const option of $("queue").options) {
        const n = queues[option.value];
        option.textContent = n === undefined ? QUEUES[option.value] : `${QUEUES[option.value]} (${n})`;
      }
      this.views.single.drawPast(past);
      await this.takeMeasured(measuring);
    }, afterMs);
  }

  // Queues of measured frames reload when all images are measured, or earlier if they are at their end.
  async takeMeasured(measuring) {
    const { single, grid } = this.views;
    const isWanted = this.isMeasuring && MEASURED_QUEUES.includes($("queue").value) && (!measuring || this.queue.item === undefined);
    if (isWanted && single.editor.isOpen) return this.refresh(MEASURING_MS);
    this.isMeasuring = measuring !== null;
    if (isWanted && this.view !== this.views.agreement) {
      if (this.view === grid) this.queue.at = grid.focus;
      await this.queue.reload();
      this.view.show();
    }
    return measuring ? this.refresh(MEASURING_MS) : undefined;
  }

  showState(state, why) {
    if (state === "lost") this.showLoss(why);
    else if (state === "saved") $("loss").hidden = true;
    const text = state === "lost" ? "not saved" : why ? `not saved: ${why}` : { saving: "saving …", saved: "saved" }[state];
    const node = $("status");
    if (node.textContent !== text) node.textContent = node.title = text;
    node.dataset.state = state;
    if (state === "outdated") this.reload();
  }

  // What another program did to the log, for as long as nothing can be saved.
  showLoss(why) {
    const n = counted(this.outbox.waiting.length, "decision");
    const text = `${why}\n${n} not saved. This browser keeps what is not saved, and sends it when the log is well again.`;
    const node = $("loss");
    if (node.textContent !== text) node.textContent = text;
    node.hidden = false;
  }

  // Reloads the page for the current frame numbers, but not while a person writes.
  reload() {
    setTimeout(() => (this.views.single.editor.isOpen ? this.reload() : location.reload()), RELOAD_MS);
  }
}

const theme = localStorage.getItem("wo-review theme");
if (theme) document.documentElement.dataset.theme = theme;
const app = new App();
// For browser tests and the benchmark, which only read it.
window.woReview = { app };
// A new link in the same tab differs only after the `#`, so browsers do not reload.
addEventListener("hashchange", () => location.reload());
app.start().catch((error) => {
  const link = "Open the link that wo-review printed in its terminal. Each link works once; then it prints a new one.";
  $("main").replaceChildren(el("p", { class: "missing" }, error instanceof Refused ? link : error.message));
});
