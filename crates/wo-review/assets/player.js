// Plays the video around a frame in a loop, in place of the image.

import { toast } from "./dom.js";

const AROUND_S = 1.5;

export class Player {
  constructor(stage) {
    this.stage = stage;
    this.video = null;
  }

  get isPlaying() {
    return this.video !== null;
  }

  toggle(frame, start) {
    if (this.isPlaying) return this.stop();
    if (!frame.has_video) return toast("The video file is missing.");
    const middle = (frame.pts_ms ?? 0) / 1000;
    const [from, to] = [Math.max(0, middle - AROUND_S), middle + AROUND_S];
    const video = document.createElement("video");
    video.muted = true;
    video.playsInline = true;
    video.setAttribute("aria-label", "The video around the frame");
    video.src = `/media/${start}/${frame.video}`;
    const again = () => {
      video.currentTime = from;
      video.play().catch(() => {});
    };
    video.addEventListener("loadedmetadata", again);
    video.addEventListener("timeupdate", () => video.currentTime >= to && again());
    video.addEventListener("ended", again);
    video.addEventListener("error", () => {
      if (this.video === video) {
        this.stop();
        toast("This browser cannot play the video, or the file has changed.", "bad");
      }
    });
    this.video = video;
    this.stage.append(video);
  }

  stop() {
    if (!this.video) return;
    const video = this.video;
    this.video = null;
    video.pause();
    video.removeAttribute("src");
    video.load();
    video.remove();
  }
}
