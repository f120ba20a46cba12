// A camera before a person: the browser's own, or one of the device whose pictures come over the line.

const WIDTH = 640;
const EVERY = 100; // ms between frames: the engine needs a handful, and movement between them
const AHEAD = 2; // frames on the way at most
const FORGET = 1000; // ms after which a frame that nobody acknowledged no longer counts
const QUALITY = 0.8;
const AGAIN = 3000; // ms until a lost camera is looked for again
const KEPT = 120; // times of frames, for measuring

/** `video` shows the camera; frames go to `line`, a `Line`, while it is open. `lost(denied)` and `back()` are told. */
export class Eye {
  #video; #line; #lost; #back;
  #number = 0;
  #onTheWay = [];
  #sentAt = new Map();
  #encoding = false;
  #canvas = new OffscreenCanvas(WIDTH, 480);
  #brush = this.#canvas.getContext('2d', { alpha: false });

  paused = false; // the camera shows, and no frame is sent

  constructor({ video, line, lost, back }) {
    this.#video = video;
    this.#line = line;
    this.#lost = lost;
    this.#back = back;
  }

  /** Opens the browser's camera and sends frames from then on. */
  open() {
    this.#ask();
    setInterval(() => this.#send(), EVERY);
  }

  /** The line begins anew: nothing is on the way. */
  restart() { this.#onTheWay = []; }

  /** A frame was taken in; the next one may go. */
  taken() { this.#onTheWay.shift(); }

  /** When a frame was taken, in the page's time; undefined for one of long ago. */
  sentAt(number) { return this.#sentAt.get(number); }

  async #ask() {
    try {
      const stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: { width: { ideal: 1280 }, height: { ideal: 720 }, facingMode: 'user', frameRate: { ideal: 15 } },
      });
      this.#video.srcObject = stream;
      for (const track of stream.getTracks()) track.onended = () => this.#again(false);
      this.#back();
    } catch (error) {
      this.#again(error.name === 'NotAllowedError');
    }
  }

  #again(denied) {
    this.#lost(denied);
    setTimeout(() => this.#ask(), AGAIN);
  }

  async #send() {
    const now = performance.now();
    this.#onTheWay = this.#onTheWay.filter((sent) => now - sent < FORGET);
    const line = this.#line;
    const video = this.#video;
    if (this.paused || this.#encoding || video.readyState < 2 || !line.open || this.#onTheWay.length >= AHEAD) return;
    this.#encoding = true;
    try {
      this.#canvas.height = Math.round(WIDTH * video.videoHeight / video.videoWidth);
      this.#brush.drawImage(video, 0, 0, WIDTH, this.#canvas.height);
      const blob = await this.#canvas.convertToBlob({ type: 'image/jpeg', quality: QUALITY });
      const picture = await blob.arrayBuffer();
      const frame = new Uint8Array(picture.byteLength + 4);
      this.#number = (this.#number + 1) >>> 0;
      new DataView(frame.buffer).setUint32(0, this.#number);
      frame.set(new Uint8Array(picture), 4);
      line.send(frame);
      this.#onTheWay.push(now);
      this.#sentAt.set(this.#number, now);
      this.#sentAt.delete(this.#number - KEPT);
    } finally {
      this.#encoding = false;
    }
  }
}

/** Draws the pictures of a camera of the device; the newest wins. */
export class Preview {
  #canvas; #drawing = false;

  constructor(canvas) { this.#canvas = canvas; }

  async show(data) {
    if (this.#drawing) return;
    this.#drawing = true;
    try {
      const picture = await createImageBitmap(new Blob([data], { type: 'image/jpeg' }));
      this.#canvas.width = picture.width;
      this.#canvas.height = picture.height;
      this.#canvas.getContext('2d', { alpha: false }).drawImage(picture, 0, 0);
      picture.close();
    } finally {
      this.#drawing = false;
    }
  }
}
