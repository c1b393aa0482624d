// The frames to show, the current position, and the next images, which are loaded ahead.

import { get } from "./api.js";

const AHEAD = 8;
const BEHIND = 2;
const DETAILS_AHEAD = 60;
const MAX_IMAGES = 40;

// A blind repeat is in the queue as a negative number.
export const asRepeat = (id) => -id - 1;
export const isRepeat = (item) => item < 0;
export const idOf = (item) => (item < 0 ? -item - 1 : item);

export class Queue {
  constructor(start) {
    this.start = start;
    this.items = [];
    this.at = 0;
    this.frames = new Map();
    this.images = new Map();
    this.filter = {};
  }

  // The first queue comes with the session.
  begin(filter, { queue, frames }) {
    this.filter = filter;
    this.items = queue;
    this.put(frames);
  }

  // Replaces the first look by the whole first queue. A queue that was chosen meanwhile stays.
  extend({ first_queue: queue, queue: items, frames }) {
    if (Object.keys(this.filter).length > 1 || this.filter.queue !== queue) return;
    const { item } = this;
    this.items = items;
    this.put(frames.filter((frame) => !this.frames.has(frame.id)));
    if (item !== undefined) this.visit(idOf(item));
  }

  async load(filter) {
    this.filter = filter;
    const query = new URLSearchParams(Object.entries(filter).filter(([, value]) => value !== "" && value !== undefined));
    this.items = await get(`/api/queue?${query}`);
    this.at = 0;
    await this.details(0, 20);
  }

  // Reloads the queue and stays at the current frame, or goes from the end to the first new one.
  async reload() {
    const { item } = this;
    const known = new Set(this.items);
    await this.load(this.filter);
    const at = item === undefined ? this.items.findIndex((other) => !known.has(other)) : this.items.indexOf(item);
    this.at = at < 0 ? this.items.length : at;
  }

  get item() {
    return this.items[this.at];
  }

  imageUrl(id) {
    return `/picture/${this.start}/${id}`;
  }

  // The frame of an item. A blind repeat shows the original label.
  frame(item) {
    return this.frames.get(item);
  }

  // Changes a frame before the server confirms the decision.
  change(item, { label, faults, description, note, deleted }) {
    const frame = this.frames.get(item);
    if (!frame) return;
    if (label !== undefined) Object.assign(frame, { label, faults: label === "bad_form" ? frame.faults : [] });
    if (faults !== undefined) Object.assign(frame, { faults, label: faults.length > 0 ? "bad_form" : frame.label });
    if (label !== undefined || faults !== undefined) frame.is_judged = true;
    if (description !== undefined) frame.description = description || null;
    if (note !== undefined) frame.note = note || null;
    if (deleted !== undefined) frame.deleted = deleted;
  }

  // Forgets a frame, so that it is fetched again.
  forget(id) {
    this.frames.delete(id);
    this.frames.delete(asRepeat(id));
  }

  put(frames) {
    for (const frame of frames) this.frames.set(frame.id, frame);
  }

  async details(from, n) {
    const missing = this.items.slice(Math.max(0, from), from + n).filter((item) => !this.frames.has(item));
    const plain = missing.filter((item) => !isRepeat(item));
    if (plain.length > 0) this.put(await get(`/api/frames?ids=${plain.join(",")}`));
    const repeats = missing.filter(isRepeat).map(idOf);
    if (repeats.length > 0) {
      for (const frame of await get(`/api/frames?ids=${repeats.join(",")}&repeat=true`)) this.frames.set(asRepeat(frame.id), frame);
    }
  }

  async ensure(item) {
    if (this.frames.has(item)) return;
    await this.details(this.items.indexOf(item), 1);
  }

  // An image element, loaded or loading.
  image(id) {
    let image = this.images.get(id);
    if (!image) {
      image = new Image();
      image.decoding = "sync";
      image.draggable = false;
      image.src = this.imageUrl(id);
      image.ready = image.decode().then(() => true, () => false);
    }
    // The least recently shown image is dropped first.
    this.images.delete(id);
    this.images.set(id, image);
    while (this.images.size > MAX_IMAGES) this.images.delete(this.images.keys().next().value);
    return image;
  }

  prefetch() {
    const { item } = this;
    // The current image must not wait for the next ones.
    this.image(idOf(item)).ready.then(() => {
      if (this.item !== item) return;
      for (let i = this.at - BEHIND; i <= this.at + AHEAD; i++) {
        if (this.items[i] !== undefined && i !== this.at) this.image(idOf(this.items[i]));
      }
      this.image(idOf(item));
    });
    const next = this.items.slice(this.at, this.at + DETAILS_AHEAD / 2);
    if (next.some((item) => !this.frames.has(item))) return this.details(this.at, DETAILS_AHEAD);
    return undefined;
  }

  // Goes to an item, and inserts it here if the queue lacks it.
  visit(item) {
    const place = this.items.indexOf(item);
    if (place >= 0) {
      this.at = place;
      return;
    }
    this.at = Math.min(this.at + 1, this.items.length);
    this.items.splice(this.at, 0, item);
  }

  // Inserts a blind repeat a few frames ahead.
  askAgain(id) {
    const item = asRepeat(id);
    if (this.items.includes(item)) return;
    this.items.splice(Math.min(this.at + 3, this.items.length), 0, item);
  }
}
