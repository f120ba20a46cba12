// One lesson's page: a picture is looked at large; material is sent piece by piece; a copy is of what was chosen.

import { csrf, spoken } from './api.mjs';

const photo = document.getElementById('photo');
document.getElementById('slots').addEventListener('click', (event) => {
  const link = event.target.closest('.shot a');
  if (!link) return;
  event.preventDefault();
  photo.querySelector('img').src = link.href;
  photo.querySelector('img').alt = link.querySelector('img').alt;
  photo.querySelector('p').textContent = link.closest('.shot').querySelector('figcaption').innerText.replace(/\n+/g, ' · ');
  photo.querySelector('a').href = link.href;
  photo.showModal();
});

const form = document.getElementById('filing');
form?.addEventListener('submit', (event) => {
  event.preventDefault();
  const { date, offset, lesson } = form.dataset;
  const [file] = form.elements.material.files;
  const at = (time) => `${date}T${time}:00${offset.slice(0, 3)}:${offset.slice(3)}`;
  const told = new URLSearchParams({
    lesson, name: file.name.slice(-80), reason: form.elements.reason.value, start: at(form.elements.start.value), end: at(form.elements.end.value),
  });
  const wrong = form.querySelector('.wrong');
  const bar = form.querySelector('progress');
  const button = form.querySelector('button.primary');
  const end = (text) => {
    wrong.textContent = text;
    bar.hidden = true;
    button.disabled = false;
  };
  button.disabled = true;
  bar.hidden = false;
  // fetch tells nothing of what it has sent, and a telephone's video takes minutes.
  const line = new XMLHttpRequest();
  line.open('POST', `/api/v1/supplements?${told}`);
  line.setRequestHeader('X-CSRF-Token', csrf);
  line.upload.addEventListener('progress', (sent) => { bar.value = sent.total ? sent.loaded / sent.total : 0; });
  line.addEventListener('error', () => end(document.body.dataset.offline));
  line.addEventListener('load', () => {
    if (line.status === 201) location.reload();
    else end(spoken(JSON.parse(line.responseText)));
  });
  line.send(file);
});

document.querySelector('[data-copy]')?.addEventListener('change', (event) => {
  const copy = event.target.form;
  copy.elements.of.value = event.target.selectedOptions[0].dataset.of;
  copy.elements.subject.value = event.target.value;
});
