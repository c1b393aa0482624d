// Agreement between reviewers and with themselves, and the disputed frames.

import { get } from "./api.js";
import { $, badge, counted, el, thumbnail, words } from "./dom.js";

// With fewer videos the server gives no confidence interval.
const LEAST_VIDEOS = 10;

const number = (value) => (value === null ? "–" : value.toFixed(2).replace("-", "−"));

function interval({ low, high, n_videos: nVideos }) {
  if (low !== null) return `${number(low)} to ${number(high)}`;
  return nVideos < LEAST_VIDEOS ? "too few videos" : "–";
}

export class Agreement {
  constructor(app) {
    this.app = app;
  }

  async show() {
    const root = el("div", { class: "agreement" }, el("h2", {}, "Agreement"));
    $("main").replaceChildren(root);
    const { rows, disputed, n_hidden: nHidden } = await get("/api/agreement");
    root.append(el("p", {}, "Kappa is agreement beyond chance: 1 is always, 0 is what chance gives. The 95 % confidence interval only resamples whole videos, so it may be too narrow. People agree about form at about 0.5; a model cannot be shown to be better than the people who label."));
    if (rows.length === 0) {
      root.append(el("p", { class: "missing" }, "Nothing to compare yet. Two reviewers have to judge the same frames (queue “Second opinion”), or one has to be asked a second time, which happens by itself after a while."));
    } else {
      root.append(this.table(rows));
    }
    if (disputed.length + nHidden > 0) root.append(this.disputes(disputed, nHidden));
  }

  table(rows) {
    const line = (row) => el("tr", {},
      el("th", { scope: "row" }, row.who),
      el("td", {}, `${words(row.scope)}${row.about === "fault" ? " (fault)" : ""}`),
      el("td", {}, row.name === "fleiss" ? "Fleiss" : "Cohen"),
      el("td", { class: "number" }, number(row.kappa)),
      el("td", { class: "number" }, interval(row)),
      el("td", { class: "number" }, row.observed === null ? "–" : `${(row.observed * 100).toFixed(0)} %`),
      el("td", { class: "number" }, `${row.n_frames} / ${row.n_videos}`));
    const heads = ["Who", "Of", "Kappa of", "Kappa", "95 % confidence interval", "Same answer", "Frames / videos"];
    const head = (text, i) => el("th", { scope: "col", class: i > 2 ? "number" : null }, text);
    return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Agreement metrics" },
      el("table", {}, el("thead", {}, el("tr", {}, ...heads.map(head))),
        el("tbody", {}, ...rows.map(line))));
  }

  disputes(disputed, nHidden) {
    const { queue } = this.app;
    const item = (one) => el("li", {}, el("button", { type: "button", class: "dispute", onclick: () => this.visit(one.id) },
      thumbnail({ src: queue.imageUrl(one.id), loading: "lazy", width: 120, height: 80 }),
      el("span", {}, ...one.said.map((said) => el("span", { class: "said" }, `${said.reviewer}: `, badge(said.label), ` ${said.faults.map(words).join(", ")}`)))));
    const hidden = `${nHidden} more ${nHidden === 1 ? "is" : "are"} hidden until you have judged them yourself.`;
    return el("section", {}, el("h3", {}, `In dispute: ${counted(disputed.length, "frame")}`),
      el("ul", { class: "disputes" }, ...disputed.slice(0, 200).map(item)), nHidden > 0 && el("p", { class: "hint" }, hidden));
  }

  visit(id) {
    this.app.views.single.visit(id);
  }
}
