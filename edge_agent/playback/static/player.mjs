// Plays recordings: native HLS where the browser has it, Media Source Extensions otherwise, keyframe pictures where it
// can't decode the codec. `play(element, options)`.

import { AHEAD, SourceFeeder } from "./feeder.mjs";
import { addStyle, ask, BASE, make, say } from "./kit.mjs";

const HEVC = 'video/mp4; codecs="hvc1.1.6.L93.B0"';
const MOST_PATIENT = 2_000; // ms until the strip's pictures are fetched though the video shows nothing
const LOOK_AGAIN = 15_000; // ms between looks for more while the lesson runs

const parseTime = (text) => new Date(text).getTime() / 1000;
/** The venue's time of day, whatever zone this machine believes it is in. */
const clock = (seconds, offset) => new Date((seconds + offset) * 1000).toISOString().slice(11, 19);

class Player {
  constructor(element, { lesson, camera = "", hls = true }) {
    addStyle();
    this.element = element;
    this.lesson = lesson;
    this.camera = camera;
    this.video = element.querySelector("video") ?? element.appendChild(make("video", { controls: true }));
    this.video.playsInline = true;
    this.video.classList.add("playback-video");
    this.status = element.querySelector("[role=status]") ?? element.appendChild(make("p", { role: "status" }));
    this.picture = make("img", { className: "playback-picture", alt: "", hidden: true });
    this.wall = make("output", { className: "playback-clock" });
    this.strip = make("div", { className: "playback-strip" });
    this.video.after(this.picture);
    element.append(this.wall, this.strip);
    this.hls = hls && Boolean(this.video.canPlayType("application/vnd.apple.mpegurl"));
    this.video.addEventListener("timeupdate", () => this.showTime(this.video.currentTime));
    this.video.addEventListener("ended", () => this.look(true));
    this.video.addEventListener("error", () => this.tell(say("播放出错，请下载后观看", "It does not play; download it.")));
    this.video.addEventListener("broken", ({ detail }) => this.tell(detail.message));
    this.timer = setInterval(() => this.show?.running && this.look(false), LOOK_AGAIN);
  }

  tell(text) {
    this.status.textContent = text;
    this.status.hidden = !text;
  }

  async load(camera = this.camera) {
    this.camera = camera;
    try {
      this.show = await (await ask(`lessons/${this.lesson}?camera=${encodeURIComponent(camera)}`)).json();
    } catch (error) {
      this.tell(error.message);
      return this;
    }
    this.camera = this.show.camera;
    this.start(0);
    this.drawStrip(this.shown());
    return this;
  }

  /** Resolves once the video shows something: what else is fetched before that only keeps it waiting. */
  shown() {
    if (this.video.hidden || !this.show.pieces.length) return Promise.resolve();
    return new Promise((resolve) => {
      for (const event of ["loadeddata", "error", "broken"]) this.video.addEventListener(event, resolve, { once: true });
      setTimeout(resolve, MOST_PATIENT);
    });
  }

  /** Read the list again; at the end go on with what has come since, otherwise keep playing where we are. */
  async look(ended) {
    const before = this.show.length;
    const show = await (await ask(`lessons/${this.lesson}?camera=${encodeURIComponent(this.camera)}`)).json();
    const grown = show.length > before + 0.5;
    this.show = show;
    if (!grown) return;
    this.drawStrip();
    if (ended || this.video.paused || before - this.video.currentTime < AHEAD) {
      this.start(this.video.currentTime, !this.video.paused || ended);
    }
  }

  start(at, playing = false) {
    this.feeder?.stop();
    const { pieces, codecs } = this.show;
    const foreign = codecs.includes("hevc") && !(window.MediaSource && MediaSource.isTypeSupported(HEVC));
    this.video.hidden = foreign;
    this.picture.hidden = !foreign;
    if (!pieces.length) {
      this.tell(say("还没有录像。", "Nothing was recorded yet."));
      return;
    }
    if (foreign) {
      this.tell(say("此浏览器不能播放 H.265，只显示关键画面；完整录像请下载。", "This browser can't play H.265: here are still pictures; download the recording."));
      this.showPicture(at);
      return;
    }
    this.tell("");
    this.showTime(at);
    if (this.hls) {
      this.video.src = `${BASE}/lessons/${this.lesson}/${this.camera}/index.m3u8?n=${this.show.pieces.length}`;
    } else {
      this.feeder = new SourceFeeder(this.video, pieces);
    }
    if (at || playing) {
      this.video.addEventListener("loadedmetadata", () => {
        this.video.currentTime = at;
        if (playing) this.video.play();
      }, { once: true });
    }
  }

  pieceAt(time) {
    return this.show.pieces.findLast((piece) => piece.at <= time) ?? this.show.pieces[0];
  }

  /** The time on the wall at a moment of the show; gaps are left out of the show, not of the day. */
  wallAt(time) {
    const piece = this.pieceAt(time);
    return parseTime(piece.start) + time - piece.at;
  }

  clockAt(time) {
    return clock(this.wallAt(time), this.show.offset);
  }

  showTime(time) {
    if (this.show?.pieces.length) this.wall.textContent = this.clockAt(time);
  }

  seek(time) {
    if (this.picture.hidden) this.video.currentTime = time;
    else this.showPicture(time);
  }

  showPicture(time) {
    this.picture.src = this.pictureAddress(time, 1280);
    this.showTime(time);
  }

  pictureAddress(time, width) {
    const piece = this.pieceAt(time);
    const part = piece.parts.findLast((one) => piece.at + one.start <= time) ?? piece.parts[0];
    return `${BASE}/segments/${piece.media}/picture.jpg?at=${part.start}&width=${width}`;
  }

  /** Twelve pictures of the show; the one under the pointer is exact. A bar between two marks a gap. */
  drawStrip(shown = Promise.resolve()) {
    const { length, pieces, gaps } = this.show;
    const count = Math.min(12, Math.max(1, Math.floor(length / 2)));
    const shots = Array.from({ length: pieces.length ? count : 0 }, (_, index) => {
      const from = (length * index) / count;
      const image = make("img", { loading: "lazy", alt: this.clockAt(from) });
      shown.then(() => { image.src ||= this.pictureAddress(from, 160); });
      const shot = make("button", { type: "button", title: this.clockAt(from) }, image);
      const exact = ({ offsetX }) => from + (length / count) * Math.min(1, Math.max(0, offsetX / shot.clientWidth));
      shot.addEventListener("pointermove", (event) => {
        image.src = this.pictureAddress(exact(event), 160);
        shot.title = this.clockAt(exact(event));
      });
      shot.addEventListener("click", (event) => this.seek(event.detail ? exact(event) : from));
      const until = from + length / count;
      if (gaps.some(({ start }) => parseTime(start) >= this.wallAt(from) && parseTime(start) < this.wallAt(until))) {
        shot.classList.add("gap");
      }
      return shot;
    });
    this.strip.replaceChildren(...shots);
  }

  /** 下载: make the file, tell the progress, hand it over. */
  async download(progress = () => {}) {
    for (let run = 0; run < this.show.downloads; run += 1) {
      let made = await (await ask(`lessons/${this.lesson}/${this.camera}/download?run=${run}`, this.posting())).json();
      while (made.state === "waiting") {
        progress(made.done / made.total);
        await new Promise((resolve) => setTimeout(resolve, 300));
        made = await (await ask(`downloads/${made.id}`)).json();
      }
      if (made.state === "failed") throw new Error(made.error);
      progress(1);
      make("a", { href: `${BASE}/downloads/${made.id}/${made.name}`, download: made.name }).click();
    }
  }

  posting() {
    const token = document.querySelector("meta[name=csrf]")?.content;
    return { method: "POST", headers: token ? { "X-CSRF-Token": token } : {} };
  }

  close() {
    clearInterval(this.timer);
    this.feeder?.stop();
    this.video.removeAttribute("src");
  }
}

/** Play a lesson in `element`; gives the player once it knows what there is. */
export function play(element, options) {
  return new Player(element, options).load();
}
