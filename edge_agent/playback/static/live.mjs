// Live video: Media Source Extensions, keyframe pictures where the browser can't decode. `watch(element, options)`.

import { addStyle, BASE, make, say } from "./kit.mjs";

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
  not_found: say("设备没有这一路码流", "the camera has no such stream"),
  frozen: say("画面停滞，正在重连", "the picture stands still; connecting again"),
  no_video: say("没有视频", "no video"),
  no_keyframe: say("视频没有关键帧", "video without keyframes"),
  codec: say("视频编码不支持", "the camera's codec is not supported"),
  bad_data: say("视频数据损坏，正在重连", "damaged video; connecting again"),
  stopped: say("录像服务停止", "the recorder was stopped"),
};

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
