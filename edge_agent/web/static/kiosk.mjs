// The kiosk: sends the camera's frames, shows what it is told, makes a sound. It decides nothing.

import { Eye, Preview } from './eye.mjs';
import { Line } from './line.mjs';
import { sound } from './sound.mjs';

const root = document.getElementById('kiosk');
const words = JSON.parse(document.getElementById('words').textContent);
const part = (name) => document.getElementById(name);

let offset = 0; // the device's clock minus the browser's, ms
let quiet = false;

// What is shown

const IDLE = { look: 'idle', state: 'idle', icon: '', title: '', text: '', detail: '', hold: 0 };
const OFFLINE = { ...IDLE, look: 'warn', state: 'offline', icon: 'sync', text: words.offline, detail: words.saved };
const BLIND = { ...IDLE, look: 'warn', state: 'camera', icon: 'camera', detail: words.blind };
const results = [];
let holding = 0;
let guidance = IDLE;

function paint(message) {
  root.dataset.look = message.look;
  root.dataset.state = message.state;
  root.classList.toggle('result', message.hold > 0);
  part('said').hidden = message.look === 'idle';
  part('board').hidden = message.look !== 'idle';
  part('said-icon').setAttribute('href', message.icon ? `${root.dataset.icons}#${message.icon}` : '');
  part('said-title').replaceChildren(...parts(message.title));
  part('said-title').classList.toggle('long', message.title.length > 5);
  part('said-text').textContent = message.text;
  part('said-detail').textContent = message.detail;
}

/** A name of several parts (阿依古丽·买买提) breaks after the dot, where it breaks at all. */
function parts(name) {
  return name.split(/(?<=·)/).flatMap((part, place) => place ? [document.createElement('wbr'), part] : [part]);
}

function show(message) {
  if (message.hold > 0) {
    results.push(message);
    if (!holding) advance();
  } else {
    guidance = message.look === 'idle' ? resting() : message;
    if (!holding) paint(guidance);
  }
}

/** What stands there while nothing is said: not the board where the device or the camera is gone. */
function resting() {
  if (root.classList.contains('offline')) return OFFLINE;
  return root.classList.contains('blind') ? BLIND : IDLE;
}

/** A result stays its time; while others wait it gives way a little sooner. */
function advance() {
  clearTimeout(holding);
  const message = results.shift();
  holding = 0;
  if (!message) return paint(guidance);
  paint(message);
  measure(message);
  sound(message, quiet);
  guidance = resting();
  holding = setTimeout(advance, message.hold * (results.length ? 700 : 1000));
}

/** From the last frame that was needed, and from the first one that was usable, to the painted answer (`bench kiosk`). */
function measure(message) {
  const detail = { state: message.state, name: message.title };
  const spans = { answer: eye.sentAt(message.frame), visit: eye.sentAt(message.first) };
  requestAnimationFrame(() => setTimeout(() => {
    const end = performance.now();
    for (const [name, start] of Object.entries(spans)) {
      if (start !== undefined) performance.measure(name, { start, end, detail });
    }
  }));
}

// The board

function board(message) {
  offset = Date.parse(message.now) - Date.now();
  quiet = message.quiet;
  root.dataset.lesson = message.lines.length ? 'open' : 'none';
  part('lines').replaceChildren(...message.lines.map(row), ...(message.next ? [upcoming(message.next)] : []));
  OFFLINE.detail = `${message.saved} ${words.saved}`;
  part('notices').replaceChildren(...message.notices.map((text) => element('span', '', text)));
  part('idle').textContent = message.prompt;
  tick();
}

function element(tag, name, text = '') {
  const made = document.createElement(tag);
  made.className = name;
  made.textContent = text;
  return made;
}

function row(told) {
  const box = element('div', `line ${told.kind}`);
  const count = element('p', 'count number');
  count.append(element('b', '', String(told.done)), `/${told.of}`);
  const bar = element('progress', '');
  bar.max = Math.max(1, told.of);
  bar.value = told.done;
  bar.setAttribute('aria-label', told.title);
  box.append(about(told, told.closes), count, bar);
  return box;
}

function upcoming(told) {
  const box = element('div', 'line next');
  const left = element('p', 'count number left');
  left.dataset.opens = told.opens;
  box.append(about(told, told.at), left);
  return box;
}

function about(told, when) {
  const text = element('div', 'about');
  text.append(element('p', 'what', `${told.title} · ${when}`), element('p', 'lesson', told.lesson));
  return text;
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

function heard(data) {
  if (typeof data !== 'string') return preview.show(data);
  const message = JSON.parse(data);
  if (message.type === 'taken') taken();
  else if (message.type === 'board') board(message);
  else if (message.type === 'camera') message.works ? back() : lost(false);
  else if (message.type === 'said') show(message);
}

function closed(code) {
  if (code === 4401) location.reload(); // not paired any more
  else offline(true);
  return code === 4401;
}

function offline(is) {
  root.classList.toggle('offline', is);
  show(IDLE);
}

let looked = false;

function taken() {
  eye.taken();
  if (!looked) performance.mark('usable');
  looked = true;
}

// The camera

const preview = new Preview(part('preview'));
const line = new Line('/kiosk/talk', { opened: () => { eye.restart(); offline(false); }, heard, lost: closed });
const eye = new Eye({ video: part('view'), line, lost, back });

function lost(denied) {
  BLIND.text = denied ? words.camera_denied : words.camera;
  root.classList.add('blind');
  show(IDLE);
}

function back() {
  root.classList.remove('blind');
  show(IDLE);
}

if (!root.dataset.camera) eye.open();
navigator.wakeLock?.request('screen').catch(() => {}); // a browser without it sleeps as its owner set it
