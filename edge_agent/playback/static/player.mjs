// Plays recordings and live video. Native HLS where the browser has it, Media Source Extensions otherwise, keyframe
// pictures where it can't decode the codec. Pages that use it: `play(element, options)`, `watch(element, options)`.

const BASE = new URL(".", import.meta.url).pathname.replace(/\/$/, "");
const ENGLISH = document.documentElement.lang.startsWith("en");
const say = (chinese, english) => (ENGLISH ? english : chinese);

const HEVC = 'video/mp4; codecs="hvc1.1.6.L93.B0"';
const AHEAD = 20; // seconds that the MSE player keeps ready
const BEHIND = 30;
const MOST_PATIENT = 2_000; // ms until the strip's pictures are fetched though the video shows nothing
const LOOK_AGAIN = 15_000; // ms between looks for more while the lesson runs
const EDGE = 0.35; // seconds that a live picture is kept behind its newest frame
const MOST_BEHIND = 1.5;

const CAUSES = {
  service_down: say("录像服务未运行", "the recorder does not run"),
  refused: say("设备拒绝连接", "the camera refuses connections"),
  unreachable: say("连不上设备", "the camera is not reached"),
  timeout: say("设备没有应答", "the camera does not answer"),
  closed: say("设备断开，正在重连", "the camera hung up; connecting again"),
  unauthorized: say("用户名或密码不对", "wrong user or password"),
  locked: say("设备账号已锁定", "the camera is locked out"),
};

const parseTime = (text) => new Date(text).getTime() / 1000;
/** The venue's time of day, whatever zone this machine believes it is in. */
const clock = (seconds, offset) => new Date((seconds + offset) * 1000).toISOString().slice(11, 19);

async function ask(path, init) {
  const response = await fetch(`${BASE}/${path}`, { credentials: "same-origin", ...init });
  if (!response.ok) {
    const problem = await response.json().catch(() => ({}));
    throw new Error(problem.title ?? problem.detail ?? response.statusText);
  }
  return response;
}

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

function addStyle() {
  const href = `${BASE}/player.css`;
  if (!document.querySelector(`link[href="${href}"]`)) {
    document.head.append(make("link", { rel: "stylesheet", href }));
  }
}

// ---- recordings

/** Appends byte ranges of the files around the current time. */
class SourceFeeder {
  constructor(video, pieces) {
    this.video = video;
    this.parts = pieces.flatMap((piece) => piece.parts.map((part) => ({ piece, part, at: piece.at + part.start })));
    this.source = new MediaSource();
    this.header = null;
    this.busy = false;
    this.stopped = false;
    video.src = URL.createObjectURL(this.source);
    this.source.addEventListener("sourceopen", () => this.open(pieces), { once: true });
    for (const event of ["timeupdate", "seeking", "play", "waiting"]) video.addEventListener(event, this);
  }

  open(pieces) {
    const last = pieces.at(-1);
    this.buffer = this.source.addSourceBuffer(`video/mp4; codecs="${pieces[0].codecs}"`);
    this.source.duration = last.at + last.length;
    this.handleEvent();
  }

  /** What to fetch next: the part at the current time, or the first after what is buffered from there. */
  next() {
    const now = this.video.currentTime;
    let ready = now;
    const { buffered } = this.buffer;
    for (let i = 0; i < buffered.length; i += 1) {
      if (buffered.start(i) <= ready + 0.1 && buffered.end(i) > ready) ready = buffered.end(i);
    }
    if (ready - now > AHEAD) return null;
    return this.parts.find(({ part, at }) => at + part.length > ready + 0.1) ?? null;
  }

  async handleEvent() {
    if (this.busy || this.stopped || !this.buffer) return;
    this.busy = true;
    try {
      for (let wanted = this.next(); wanted && !this.stopped; wanted = this.next()) await this.append(wanted);
      await this.forget();
    } catch (error) {
      if (!this.stopped) this.video.dispatchEvent(new CustomEvent("broken", { detail: error }));
    } finally {
      this.busy = false;
    }
  }

  async append({ piece, part }) {
    const get = async (from, size) => {
      const headers = { Range: `bytes=${from}-${from + size - 1}` };
      return (await ask(`segments/${piece.media}.mp4`, { headers })).arrayBuffer();
    };
    if (this.header !== piece.media) {
      this.buffer.changeType?.(`video/mp4; codecs="${piece.codecs}"`);
      this.buffer.timestampOffset = piece.at;
      await this.write(await get(0, piece.header));
      this.header = piece.media;
    }
    await this.write(await get(part.offset, part.size));
  }

  write(data) {
    return new Promise((resolve, reject) => {
      this.buffer.addEventListener("updateend", resolve, { once: true });
      this.buffer.addEventListener("error", () => reject(new Error("append")), { once: true });
      this.buffer.appendBuffer(data);
    });
  }

  async forget() {
    const until = this.video.currentTime - BEHIND;
    if (until > 1 && this.buffer.buffered.length && this.buffer.buffered.start(0) < until - BEHIND) {
      await new Promise((resolve) => {
        this.buffer.addEventListener("updateend", resolve, { once: true });
        this.buffer.remove(0, until);
      });
    }
  }

  stop() {
    this.stopped = true;
    for (const event of ["timeupdate", "seeking", "play", "waiting"]) this.video.removeEventListener(event, this);
  }
}

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

// ---- live

class Live {
  constructor(element, { camera, stream = "sub", form = "fragments" }) {
    addStyle();
    Object.assign(this, { element, camera, stream, form, pause: 1000, closed: false });
    this.video = element.querySelector("video") ?? element.appendChild(make("video"));
    Object.assign(this.video, { muted: true, playsInline: true, autoplay: true });
    this.image = element.querySelector("img") ?? element.appendChild(make("img", { alt: "", hidden: true }));
    this.status = element.querySelector("[role=status]") ?? element.appendChild(make("p", { role: "status" }));
    this.connect();
  }

  tell(text) {
    this.status.textContent = text;
    this.status.hidden = !text;
  }

  connect() {
    const address = new URL(`${BASE}/live/${encodeURIComponent(this.camera)}`, location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    address.search = new URLSearchParams({ stream: this.stream, as: this.form });
    this.socket = new WebSocket(address);
    this.socket.binaryType = "arraybuffer";
    this.socket.onmessage = ({ data }) => this.take(new Uint8Array(data));
    this.socket.onclose = () => {
      if (this.closed) return;
      setTimeout(() => !this.closed && this.connect(), this.pause);
      this.pause = Math.min(2 * this.pause, 10_000);
    };
  }

  take(message) {
    const kind = String.fromCharCode(message[0]);
    const body = message.subarray(1);
    if (kind === "s") this.prepare(JSON.parse(new TextDecoder().decode(body)));
    else if (kind === "i" || kind === "f") this.append(body, kind === "i");
    else if (kind === "j") this.showPicture(body);
    else if (kind === "e") {
      const { cause } = JSON.parse(new TextDecoder().decode(body));
      this.tell(CAUSES[cause] ?? cause);
    }
  }

  /** A stream begins, or begins again with another size: the browser's decoder is asked whether it can. */
  prepare({ codecs }) {
    const type = `video/mp4; codecs="${codecs}"`;
    if (!window.MediaSource || !MediaSource.isTypeSupported(type)) {
      this.form = "jpeg";
      this.socket.onclose = null;
      this.socket.close();
      this.connect();
      return;
    }
    this.queue = [];
    this.buffer = null;
    const source = new MediaSource();
    this.video.src = URL.createObjectURL(source);
    source.addEventListener("sourceopen", () => {
      this.buffer = source.addSourceBuffer(type);
      this.buffer.mode = "segments";
      this.buffer.addEventListener("updateend", () => this.pump());
      this.pump();
    }, { once: true });
    this.video.hidden = false;
    this.image.hidden = true;
  }

  append(body) {
    this.queue?.push(body.slice());
    this.pump();
  }

  pump() {
    if (!this.buffer || this.buffer.updating) return;
    const { buffered } = this.buffer;
    if (buffered.length) {
      const end = buffered.end(buffered.length - 1);
      this.pause = 1000;
      this.tell("");
      if (end - this.video.currentTime > MOST_BEHIND || this.video.currentTime < buffered.start(0)) {
        this.video.currentTime = Math.max(buffered.start(buffered.length - 1), end - EDGE);
      }
      if (this.video.paused) this.video.play().catch(() => {});
      if (end - buffered.start(0) > 30) {
        this.buffer.remove(0, end - 10);
        return;
      }
    }
    const next = this.queue.shift();
    if (!next) return;
    try {
      this.buffer.appendBuffer(next);
    } catch {
      this.socket.close(); // the decoder gave up: begin anew
    }
  }

  showPicture(body) {
    const before = this.image.src;
    this.image.src = URL.createObjectURL(new Blob([body], { type: "image/jpeg" }));
    if (before.startsWith("blob:")) URL.revokeObjectURL(before);
    this.image.hidden = false;
    this.video.hidden = true;
    this.pause = 1000;
    this.tell("");
  }

  close() {
    this.closed = true;
    this.socket.close();
  }
}

/** Show a camera live in `element`. */
export function watch(element, options) {
  return new Live(element, options);
}
