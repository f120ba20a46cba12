// Feeds a recording to Media Source Extensions, where the browser plays no HLS itself.

import { ask } from "./kit.mjs";

export const AHEAD = 20; // seconds that are kept ready
const BEHIND = 30;

/** Appends byte ranges of the files around the current time. */
export class SourceFeeder {
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
