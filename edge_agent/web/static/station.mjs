// 登记工位: sends what is tapped and, when the server looks, the camera's frames; shows where the visit stands.

import { call, spoken } from './api.mjs';
import { Eye } from './eye.mjs';
import { Line } from './line.mjs';
import { sound } from './sound.mjs';

const root = document.getElementById('station');
const words = JSON.parse(document.getElementById('words').textContent);
const part = (name) => document.getElementById(name);
const LOOKING = ['photos', 'sign_in'];
const CARD_WIDTH = 1280;
const CARD_QUALITY = 0.85;

let trainee = '';
let place = {};
const sides = {};

function say(command) {
  problem('');
  if (line.open) line.send(JSON.stringify(command));
  else problem(words.offline);
}

function problem(text) {
  part('problem').hidden = !text;
  part('problem-text').textContent = text;
}

// What is shown

function show(step) {
  const before = root.dataset.step;
  root.dataset.step = step;
  const panel = LOOKING.includes(step) ? 'looking' : step;
  for (const each of document.querySelectorAll('[data-panel]')) each.hidden = each.dataset.panel !== panel;
  part('give-up').hidden = ['choose', 'done', 'by_hand'].includes(step);
  part('who').parentElement.hidden = step === 'choose';
  eye.paused = !LOOKING.includes(step);
  if (before !== step && step !== 'choose') document.querySelector(`[data-panel="${panel}"] :is(button, input)`)?.focus();
}

function told(message) {
  const { said } = message;
  const changed = root.dataset.step !== message.step;
  trainee = message.trainee;
  place = message;
  part('who').textContent = message.name;
  part('left').textContent = ['done', 'by_hand', 'review'].includes(message.step) ? '' : `${message.seconds} s`;
  part('left').classList.toggle('short', message.seconds <= 10);
  part('resembles').hidden = !message.resembles;
  part('resembles-name').textContent = message.resembles;
  [...part('shots').children].forEach((dot, index) => dot.classList.toggle('taken', index < message.photos));
  part('say-icon').setAttribute('href', `${root.dataset.icons}#${said.icon}`);
  part('say-title').textContent = said.title;
  part('say-text').textContent = said.text;
  show(message.step);
  if (changed && message.step === 'done') done(message);
  if (changed && message.step === 'by_hand') byHand(message);
}

function done({ said }) {
  part('done-name').textContent = said.title;
  part('done-text').textContent = said.text;
  part('done-detail').textContent = said.detail;
  sound(said, false);
  const button = document.querySelector(`.choose[value="${CSS.escape(trainee)}"]`);
  if (button.querySelector('.good')) return;
  button.querySelector('.tag')?.remove();
  const tag = document.createElement('span');
  tag.className = 'tag good';
  tag.textContent = words.enrolled;
  button.append(tag);
  part('done-count').textContent = Number(part('done-count').textContent) + 1;
}

function byHand({ said, lesson }) {
  part('hand-text').textContent = said.text;
  part('by-hand-now').hidden = !lesson;
  part('hand-none').hidden = Boolean(lesson);
  sound(said, false);
}

// What is tapped

for (const button of document.querySelectorAll('.choose')) {
  button.addEventListener('click', () => begin(button.value));
}

function begin(id) {
  for (const form of document.querySelectorAll('.steps form')) form.reset();
  for (const side of Object.keys(sides)) delete sides[side];
  for (const canvas of document.querySelectorAll('.shoot canvas')) canvas.hidden = true;
  say({ do: 'open', trainee: id });
}

part('find').addEventListener('input', (event) => {
  const wanted = event.target.value.trim().toUpperCase();
  for (const each of document.querySelectorAll('#people li[data-find]')) each.hidden = !each.dataset.find.toUpperCase().includes(wanted);
});

part('consent').addEventListener('submit', (event) => {
  event.preventDefault();
  const { recognise, upload, guardian } = event.target.elements;
  if (!recognise.checked) return problem(words.tick);
  say({ do: 'consent', recognise: true, upload: upload.checked, guardian: guardian.checked });
});
part('refuse').addEventListener('click', () => say({ do: 'consent', recognise: false }));
part('give-up').addEventListener('click', () => say({ do: 'by_hand' }));

for (const button of document.querySelectorAll('[data-review]')) {
  button.addEventListener('click', () => {
    const accepted = button.dataset.review === 'true';
    const reason = accepted ? words.checked : prompt(words.why);
    if (reason) say({ do: 'review', accepted, reason });
  });
}

for (const button of document.querySelectorAll('.shoot')) {
  button.addEventListener('click', () => {
    const canvas = button.querySelector('canvas');
    const video = part('view');
    canvas.width = Math.min(CARD_WIDTH, video.videoWidth);
    canvas.height = Math.round(canvas.width * video.videoHeight / video.videoWidth);
    canvas.getContext('2d').drawImage(video, 0, 0, canvas.width, canvas.height);
    canvas.hidden = false;
    sides[button.dataset.side] = canvas.toDataURL('image/jpeg', CARD_QUALITY).split(',')[1];
  });
}

part('card').addEventListener('submit', (event) => {
  event.preventDefault();
  if (!sides.front || !sides.back) return problem(words.both);
  say({ do: 'card', front: sides.front, back: sides.back, number: part('number').value });
});

part('by-hand-now').addEventListener('click', async (event) => {
  event.target.disabled = true;
  try {
    const visit = crypto.getRandomValues(new Uint32Array(4)).join('-');
    const form = { unit: place.unit, direction: 'in', trainees: [trainee], reason: words.reason, visit };
    await call('POST', `/api/v1/lessons/${place.lesson}/attendance`, form);
    part('hand-text').textContent = words.signed;
    part('by-hand-now').hidden = true;
  } catch (error) {
    problem(error.message);
  } finally {
    event.target.disabled = false;
  }
});

document.addEventListener('click', (event) => {
  if (event.target.closest('[data-next]')) {
    say({ do: 'close' });
    show('choose');
    part('find').value = '';
    part('find').dispatchEvent(new Event('input'));
    part('find').focus();
  }
  if (event.target.closest('[data-again]')) begin(trainee);
});

// The line to the device

function heard(data) {
  const message = JSON.parse(data);
  if (message.type === 'taken') eye.taken();
  else if (message.type === 'problem') problem(spoken(message));
  else if (message.type === 'station') told(message);
}

function closed(code) {
  if (code === 4403) location.assign(`/login?next=${location.pathname}`);
  if (code === 4403 || code === 4404) return true;
  show('choose'); // the device forgot the visit; what was on the record stays
  problem(words.offline);
  return false;
}

const line = new Line(`/station/talk?room=${encodeURIComponent(root.dataset.room)}`, {
  opened: () => { eye.restart(); problem(''); }, heard, lost: closed,
});
const eye = new Eye({
  video: part('view'),
  line,
  lost: (denied) => problem(denied ? words.camera_denied : words.camera),
  back: () => problem(''),
});
show('choose');
eye.open();
navigator.wakeLock?.request('screen').catch(() => {});
