// The line to the device: connects again by itself, also where it is dead though nobody hung up.

const SOONEST = 500; // ms until it is tried again, doubled each time
const LATEST = 5000;
const SILENCE = 12_000; // ms: the device says something every few seconds, unless it is out of reach
const LOOK = 1000;

export class Line {
  #path; #told; #socket; #heard;
  #wait = SOONEST;

  /** `told` has `opened()`, `heard(data)` and `lost(code)`, which gives true where it is no use to connect again. */
  constructor(path, told) {
    this.#path = path;
    this.#told = told;
    setInterval(() => this.#check(), LOOK);
    this.#connect();
  }

  get open() { return this.#socket?.readyState === WebSocket.OPEN; }

  send(data) { this.#socket.send(data); }

  #connect() {
    const socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${this.#path}`);
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => { this.#wait = SOONEST; this.#told.opened(); };
    socket.onmessage = ({ data }) => { this.#heard = performance.now(); this.#told.heard(data); };
    socket.onclose = ({ code }) => this.#gone(code);
    this.#heard = performance.now();
    this.#socket = socket;
  }

  /** A tablet that left the network hears nothing of it: TCP waits for minutes. */
  #check() {
    const socket = this.#socket;
    if (!socket || performance.now() - this.#heard < SILENCE) return;
    socket.onopen = socket.onmessage = socket.onclose = null; // its end would be told minutes later
    socket.close();
    this.#gone(1006);
  }

  #gone(code) {
    this.#socket = undefined;
    if (this.#told.lost(code)) return;
    setTimeout(() => this.#connect(), this.#wait);
    this.#wait = Math.min(this.#wait * 2, LATEST);
  }
}
