// The frames to show, where a person is among them, and the pictures that come next, loaded before they are asked for.

import { get } from "./api.js";

const AHEAD = 8;
const BEHIND = 2;
const DETAILS_AHEAD = 60;
const MAX_PICTURES = 40;

// A frame that is asked for a second time stands in the queue as a negative number.
export const asRepeat = (id) => -id - 1;
export const isRepeat = (item) => item < 0;
export const idOf = (item) => (item < 0 ? -item - 1 : item);

export class Queue {
  constructor(start) {
    this.start = start;
    this.items = [];
    this.at = 0;
    this.frames = new Map();
    this.pictures = new Map();
    this.filter = {};
  }

  // The first queue comes with the session.
  begin(filter, { queue, frames }) {
    this.filter = filter;
    this.items = queue;
    this.put(frames);
  }

  // All of the first queue, of which there was only a beginning. A queue that was chosen meanwhile stays.
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

  // The same queue as it is now, at the frame at hand, or behind the end at the first one that is new.
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

  pictureUrl(id) {
    return `/picture/${this.start}/${id}`;
  }

  // The frame of an item. One that is asked for again looks as it did the first time.
  frame(item) {
    return this.frames.get(item);
  }

  // What a frame is like after a decision, before the server says so.
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

  // What is known of a frame may not hold any more: it is asked for anew.
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

  // An image element that is loaded, or on its way.
  picture(id) {
    let image = this.pictures.get(id);
    if (!image) {
      image = new Image();
      image.decoding = "sync";
      image.draggable = false;
      image.src = this.pictureUrl(id);
      image.ready = image.decode().then(() => true, () => false);
    }
    // The one that was looked at last is given up last.
    this.pictures.delete(id);
    this.pictures.set(id, image);
    while (this.pictures.size > MAX_PICTURES) this.pictures.delete(this.pictures.keys().next().value);
    return image;
  }

  prefetch() {
    const { item } = this;
    // The picture at hand is not to wait for those that come after it.
    this.picture(idOf(item)).ready.then(() => {
      if (this.item !== item) return;
      for (let i = this.at - BEHIND; i <= this.at + AHEAD; i++) {
        if (this.items[i] !== undefined && i !== this.at) this.picture(idOf(this.items[i]));
      }
      this.picture(idOf(item));
    });
    const next = this.items.slice(this.at, this.at + DETAILS_AHEAD / 2);
    if (next.some((item) => !this.frames.has(item))) return this.details(this.at, DETAILS_AHEAD);
    return undefined;
  }

  // Goes to an item, which is put into the queue here where it is not there.
  visit(item) {
    const place = this.items.indexOf(item);
    if (place >= 0) {
      this.at = place;
      return;
    }
    this.at = Math.min(this.at + 1, this.items.length);
    this.items.splice(this.at, 0, item);
  }

  // Asks for a frame a second time, soon and not at once.
  askAgain(id) {
    const item = asRepeat(id);
    if (this.items.includes(item)) return;
    this.items.splice(Math.min(this.at + 3, this.items.length), 0, item);
  }
}
