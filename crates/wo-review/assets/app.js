// Ties the page together: views, keys, and what happens to a decision on its way to the disk.

import { Outbox, Refused, get, newRequest, openSession } from "./api.js";
import { Agreement } from "./agreement.js";
import { $, el, toast, words } from "./dom.js";
import { Grid } from "./grid.js";
import { ACTIONS, actionOf, isLabel, loadKeys, showHelp } from "./keys.js";
import { Queue, idOf, isRepeat } from "./queue.js";
import { Single } from "./single.js";

const QUEUES = {
  all: "All", undecided: "Undecided", blurry: "Blurry first", near_duplicates: "Near-duplicates", suspects: "Suspects",
  disagreements: "Disagreements", second_opinion: "Second opinion", trash: "Trash",
};

const MEASURED_QUEUES = ["blurry", "near_duplicates"];
const MEASURING_MS = 2000;

class App {
  async start() {
    this.session = await openSession();
    loadKeys(this.session.keys);
    this.queue = new Queue(this.session.start);
    this.outbox = new Outbox((state, n, why) => this.showState(state, n, why));
    this.views = { single: new Single(this), grid: new Grid(this), agreement: new Agreement(this) };
    this.view = this.views.single;
    $("who").textContent = this.session.reviewer;
    document.title = `wo-review – ${this.session.folder}`;
    const select = $("queue");
    select.replaceChildren(...Object.entries(QUEUES).map(([name, text]) => el("option", { value: name }, text)));
    select.value = this.session.first_queue;
    select.addEventListener("change", () => this.load({ queue: select.value }).then(() => select.blur()));
    for (const button of document.querySelectorAll("nav button")) button.addEventListener("click", () => this.open(button.dataset.view));
    $("help").addEventListener("click", showHelp);
    $("theme").addEventListener("click", () => this.nextTheme());
    addEventListener("keydown", (event) => this.key(event));
    this.isMeasuring = this.session.measuring !== null;
    this.queue.begin({ queue: select.value }, this.session);
    this.view.show();
    const n = this.outbox.restore(this.session.reviewer, this.session.folder);
    if (n > 0) toast(`${n} decisions of before are being saved.`);
    this.refresh();
    if (this.session.is_first_look) await this.takeAll();
  }

  // The first frames are here before the server has read all of the folder.
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
    if (isButton && (event.key === "Enter" || event.key === " ")) return undefined;
    const action = actionOf(event);
    if (this.view.key?.(event, action)) return event.preventDefault();
    if (!action) return undefined;
    event.preventDefault();
    return this.act(action, event.timeStamp);
  }

  act(action, pressedAt) {
    const single = this.views.single;
    const { frame } = single;
    if (action === "help") return showHelp();
    if (action === "undo") return this.undo();
    if (action === "grid") return this.open(this.view === this.views.grid ? "single" : "grid");
    if (this.view !== single) return undefined;
    if (action === "next") return single.move(1, pressedAt);
    if (action === "previous") return single.move(-1, pressedAt);
    if (action === "video") return this.wholeVideo();
    if (isLabel(action)) return this.decide({ label: action }, { moves: true, pressedAt });
    if (action === "delete") return this.decide({ deleted: true }, { moves: true, pressedAt });
    if (!frame) return undefined;
    switch (action) {
      case "next_in_video": return single.moveInVideo(1);
      case "previous_in_video": return single.moveInVideo(-1);
      case "faults": return single.editor.faults(frame);
      case "describe": return single.editor.text("description", frame);
      case "note": return single.editor.text("note", frame);
      case "play": return single.player.toggle(frame, this.session.start);
      case "opinion": return single.opinion();
      case "similar": return this.views.grid.similar(frame.id);
      default: return undefined;
    }
  }

  // Decides the frame at hand: shown at once, and saved in the background.
  async decide(change, { moves, pressedAt }) {
    const { item } = this.queue;
    if (item === undefined) return;
    // Nothing may be known of it yet: a fast hand is ahead of what is fetched, and no key is lost for that.
    const frame = this.queue.frame(item);
    const repeat = isRepeat(item);
    const restores = change.label && (frame?.deleted ?? $("queue").value === "trash") ? { deleted: false } : {};
    const sent = { ...change, ...restores };
    if (!repeat) this.last = { id: idOf(item), change: sent };
    if (frame) Object.assign(frame, change.label ? { label: change.label, is_judged: true, faults: change.label === "bad_form" ? frame.faults : [] } : {}, restores);
    if (moves) this.views.single.move(1, pressedAt);
    const answer = await this.send({ frames: [idOf(item)], change: sent, is_repeat: repeat });
    if (!answer) return;
    if (!repeat && frame?.has_opinion && change.label) this.views.single.tellOpinion(frame.id, change.label);
  }

  async send(body) {
    try {
      const answer = await this.outbox.push("/api/decide", { request: newRequest(), ...body });
      this.take(answer, body.is_repeat);
      return answer;
    } catch (error) {
      toast(`Not saved: ${error.message}`, "bad");
      return null;
    }
  }

  take(answer, isOfRepeat) {
    if (!isOfRepeat) this.queue.put(answer.frames);
    if (answer.repeat !== null && this.view === this.views.single) this.queue.askAgain(answer.repeat);
    this.view.redraw?.();
    if (this.view === this.views.single && !this.view.editor.isOpen && !isOfRepeat) {
      const { frame } = this.view;
      if (frame && answer.frames.some((other) => other.id === frame.id)) this.view.drawPanel();
      if (frame && answer.frames.some((other) => other.video === frame.video)) this.view.drawStrip();
    }
    this.refresh();
  }

  // Gives all frames of the video what the last decision gave one of them, and goes on behind it.
  async wholeVideo() {
    if (!this.last) return toast("Decide one frame of the video first; then this gives the others the same.");
    const { id, change } = this.last;
    const frame = this.queue.frames.get(id);
    if (!frame) return toast("The frame is still being fetched; press the key again.");
    const frames = (await get(`/api/video/${frame.video}`)).filter((other) => !other.deleted);
    const whole = change.deleted ? change : { label: frame.label, ...(frame.faults.length > 0 ? { faults: frame.faults } : {}) };
    const answer = await this.send({ frames: frames.map((other) => other.id), change: whole });
    if (!answer) return undefined;
    toast(`${frames.length} frames of ${frame.video_name}: ${change.deleted ? "deleted" : words(frame.label)}`);
    while (this.queue.item !== undefined && this.queue.frame(this.queue.item)?.video === frame.video) this.queue.at++;
    return this.views.single.draw();
  }

  async undo() {
    try {
      const answer = await this.outbox.push("/api/undo", { request: newRequest() });
      this.take(answer, false);
      toast(answer.n_frames > 1 ? `Taken back for ${answer.n_frames} frames.` : "Taken back.");
      if (this.view === this.views.single && answer.frames[0]) this.views.single.visit(answer.frames[0].id);
    } catch (error) {
      toast(words(error.message));
    }
  }

  // Counts and the stack of decisions, a moment after the last key: they must not hold up the next one.
  refresh(afterMs = 250) {
    clearTimeout(this.refreshing);
    this.refreshing = setTimeout(async () => {
      const [progress, past] = await Promise.all([get("/api/progress"), get("/api/history")]);
      const { queues, measuring } = progress;
      const measured = measuring ? ` · measuring pictures: ${measuring.n_done} of ${measuring.n_all}` : "";
      $("progress").textContent = `${queues.all - queues.undecided} of ${queues.all} decided${measured}`;
      for (const option of $("queue").options) {
        const n = queues[option.value];
        option.textContent = n === undefined ? QUEUES[option.value] : `${QUEUES[option.value]} (${n})`;
      }
      this.views.single.drawPast(past);
      await this.takeMeasured(measuring);
    }, afterMs);
  }

  // Queues that rest on what is measured are made anew when all is, and before that where they have nothing more to show.
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

  showState(state, n, why) {
    const texts = { saving: "saving …", saved: "saved", failed: `not saved: ${why}`, refused: `not saved: ${why}` };
    const node = $("status");
    if (node.textContent !== texts[state]) node.textContent = texts[state];
    node.dataset.state = state;
  }
}

const theme = localStorage.getItem("wo-review theme");
if (theme) document.documentElement.dataset.theme = theme;
const app = new App();
// For the browser tests and the benchmark, which look and never decide through it.
window.woReview = { app, actions: ACTIONS };
// A new link in the same tab differs only behind the `#`, for which no browser loads a page anew.
addEventListener("hashchange", () => location.reload());
app.start().catch((error) => {
  const link = "Open the link that wo-review printed in its terminal. Each link works once; a new one is printed each time.";
  $("main").replaceChildren(el("p", { class: "missing" }, error instanceof Refused ? link : error.message));
});
