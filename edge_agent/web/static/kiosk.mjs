// The kiosk: sends the camera's frames, shows what it is told, makes a sound. It decides nothing.

const root = document.getElementById('kiosk');
const video = document.getElementById('view');
const words = JSON.parse(document.getElementById('words').textContent);
const part = (name) => document.getElementById(name);

const WIDTH = 640;
const EVERY = 100; // ms between frames: the engine needs a handful, and movement between them
const AHEAD = 2; // frames on the way at most
const FORGET = 1000; // ms after which a frame that nobody acknowledged no longer counts
const QUALITY = 0.8;

let socket;
let offset = 0; // the device's clock minus the browser's, ms
let quiet = false;
let next = null;
let number = 0;
let onTheWay = [];
const sentAt = new Map();

// What is shown

const results = [];
let holding = 0;

function paint(message) {
  root.dataset.look = message.look;
  root.dataset.state = message.state;
  root.classList.toggle('result', message.hold > 0);
  part('said').hidden = message.look === 'idle';
  part('board').hidden = message.look !== 'idle';
  part('said-icon').setAttribute('href', message.icon ? `${root.dataset.icons}#${message.icon}` : '');
  part('said-title').textContent = message.title;
  part('said-title').classList.toggle('long', message.title.length > 6);
  part('said-text').textContent = message.text;
  part('said-detail').textContent = message.detail;
}

const IDLE = { look: 'idle', state: 'idle', icon: '', title: '', text: '', detail: '', hold: 0 };
let guidance = IDLE;

function show(message) {
  if (message.hold > 0) {
    results.push(message);
    if (!holding) advance();
  } else {
    guidance = message.look === 'idle' ? IDLE : message;
    if (!holding) paint(guidance);
  }
}

/** A result stays its time; while others wait it gives way a little sooner. */
function advance() {
  clearTimeout(holding);
  const message = results.shift();
  holding = 0;
  if (!message) return paint(guidance);
  paint(message);
  measure(message);
  sound(message);
  guidance = IDLE;
  holding = setTimeout(advance, message.hold * (results.length ? 700 : 1000));
}

/** From the last needed frame to the painted answer: what `bench kiosk` reads. */
function measure(message) {
  const sent = sentAt.get(message.frame);
  if (sent === undefined) return;
  requestAnimationFrame(() => setTimeout(() => {
    performance.measure('answer', { start: sent, end: performance.now(), detail: { state: message.state, name: message.title } });
  }));
}

// Sounds: two rising notes for yes, one low for no; a voice where there is one and no lesson is taught

let audio;
const NOTES = { good: [660, 880], warn: [520, 520], bad: [330, 247], calm: [587] };

function sound(message) {
  try {
    audio ??= new AudioContext();
    const volume = quiet ? 0.04 : 0.15;
    (NOTES[message.look] ?? []).forEach((pitch, place) => {
      const tone = audio.createOscillator();
      const gain = audio.createGain();
      const start = audio.currentTime + place * 0.14;
      tone.frequency.value = pitch;
      gain.gain.setValueAtTime(0, start);
      gain.gain.linearRampToValueAtTime(volume, start + 0.02);
      gain.gain.exponentialRampToValueAtTime(0.001, start + 0.22);
      tone.connect(gain).connect(audio.destination);
      tone.start(start);
      tone.stop(start + 0.25);
    });
  } catch { /* no sound device: the screen says it all */ }
  if (message.speak && !quiet && globalThis.speechSynthesis?.getVoices().length) {
    speechSynthesis.cancel();
    const speech = new SpeechSynthesisUtterance(`${message.title} ${message.text}`);
    speech.lang = document.documentElement.lang;
    speech.rate = 1.15;
    speechSynthesis.speak(speech);
  }
}

// The board

function board(message) {
  offset = Date.parse(message.now) - Date.now();
  quiet = message.quiet;
  next = message.next;
  root.dataset.lesson = message.lines.length ? 'open' : 'none';
  part('lines').replaceChildren(...message.lines.map(line), ...(message.next ? [upcoming(message.next)] : []));
  part('notices').textContent = message.notices.join('　');
  tick();
}

function element(tag, name, text = '') {
  const made = document.createElement(tag);
  made.className = name;
  made.textContent = text;
  return made;
}

function line(told) {
  const box = element('div', `line ${told.kind}`);
  const count = element('p', 'count number');
  count.append(element('b', '', String(told.done)), `/${told.of}`);
  const text = element('div', 'about');
  text.append(element('p', 'what', `${told.title} · ${told.closes}`), element('p', 'lesson', told.lesson));
  box.append(text, count);
  return box;
}

function upcoming(told) {
  const box = element('div', 'line next');
  const text = element('div', 'about');
  text.append(element('p', 'what', `${told.title} · ${told.at}`), element('p', 'lesson', told.lesson));
  const left = element('p', 'count number left');
  left.dataset.opens = told.opens;
  box.append(text, left);
  return box;
}

function tick() {
  const now = new Date(Date.now() + offset);
  part('time').textContent = now.toLocaleTimeString('zh-CN', { hour: '2-digit', minute: '2-digit', timeZone: root.dataset.zone });
  for (const left of document.querySelectorAll('.left')) {
    const seconds = Math.max(0, Math.round((Date.parse(left.dataset.opens) - now) / 1000));
    const hours = Math.floor(seconds / 3600);
    const rest = `${String(Math.floor(seconds / 60) % 60).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`;
    left.textContent = hours >= 24 ? '' : hours ? `${hours}:${rest}` : rest;
  }
}
setInterval(tick, 1000);

// The line to the device

let wait = 500;

function connect() {
  socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/kiosk/talk`);
  socket.binaryType = 'arraybuffer';
  socket.onopen = () => { wait = 500; onTheWay = []; offline(false); };
  socket.onmessage = (event) => {
    if (typeof event.data !== 'string') return preview(event.data);
    const message = JSON.parse(event.data);
    if (message.type === 'taken') onTheWay.shift();
    else if (message.type === 'board') board(message);
    else show(message);
  };
  socket.onclose = (event) => {
    if (event.code === 4401) return location.reload();
    offline(true);
    setTimeout(connect, wait);
    wait = Math.min(wait * 2, 5000);
  };
}

function offline(is) {
  root.classList.toggle('offline', is);
  if (is) show({ look: 'warn', state: 'offline', icon: 'sync', title: '', text: words.offline, detail: '', hold: 0 });
  else if (root.dataset.state === 'offline') show(IDLE);
}

// The camera

const canvas = new OffscreenCanvas(WIDTH, 480);
const brush = canvas.getContext('2d', { alpha: false });
let encoding = false;

async function send() {
  const now = performance.now();
  onTheWay = onTheWay.filter((sent) => now - sent < FORGET);
  if (encoding || video.readyState < 2 || socket?.readyState !== 1 || onTheWay.length >= AHEAD) return;
  encoding = true;
  try {
    canvas.height = Math.round(WIDTH * video.videoHeight / video.videoWidth);
    brush.drawImage(video, 0, 0, WIDTH, canvas.height);
    const picture = await (await canvas.convertToBlob({ type: 'image/jpeg', quality: QUALITY })).arrayBuffer();
    const frame = new Uint8Array(picture.byteLength + 4);
    number = (number + 1) >>> 0;
    new DataView(frame.buffer).setUint32(0, number);
    frame.set(new Uint8Array(picture), 4);
    socket.send(frame);
    onTheWay.push(now);
    sentAt.set(number, now);
    sentAt.delete(number - 100);
  } finally {
    encoding = false;
  }
}

async function camera() {
  try {
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { width: { ideal: 1280 }, height: { ideal: 720 }, facingMode: 'user', frameRate: { ideal: 15 } },
    });
    video.srcObject = stream;
    for (const track of stream.getTracks()) track.onended = () => lost(words.camera);
    if (root.dataset.state === 'camera') show(IDLE);
    root.classList.remove('blind');
  } catch (error) {
    lost(error.name === 'NotAllowedError' ? words.camera_denied : words.camera);
  }
}

function lost(text) {
  root.classList.add('blind');
  show({ look: 'warn', state: 'camera', icon: 'camera', title: '', text, detail: '', hold: 0 });
  setTimeout(camera, 3000);
}

// A camera of the device: the server sends what it sees, and looks by itself

function preview(data) {
  const url = URL.createObjectURL(new Blob([data], { type: 'image/jpeg' }));
  const old = video.poster;
  video.poster = url;
  if (old.startsWith('blob:')) URL.revokeObjectURL(old);
}

connect();
if (!root.dataset.camera) {
  camera();
  setInterval(send, EVERY);
}
navigator.wakeLock?.request('screen').catch(() => {}); // a browser without it sleeps as its owner set it
