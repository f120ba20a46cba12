// One lesson or trainee by a form: what the importer finds is said beside the fields; warnings are ticked, and it is sent again.

const chinese = document.documentElement.lang.startsWith('zh');

function clear(form) {
  form.querySelector('[data-problems]').replaceChildren();
  for (const told of form.querySelectorAll('small.bad')) told.remove();
  for (const field of form.querySelectorAll('[aria-invalid]')) field.removeAttribute('aria-invalid');
}

/** Says an error in its field; gives false where it is none's. */
function beside(form, problem, text) {
  const field = problem.severity === 'error' && problem.field ? form.elements[problem.field] : null;
  if (!field) return false;
  const told = document.createElement('small');
  told.className = 'bad';
  told.textContent = text;
  field.setAttribute('aria-invalid', 'true');
  field.after(told);
  return true;
}

function note(problem, text) {
  const warning = problem.severity === 'warning';
  const line = document.createElement(warning ? 'label' : 'p');
  line.className = warning ? 'check note warn' : 'note bad';
  if (warning) {
    const tick = document.createElement('input');
    Object.assign(tick, { type: 'checkbox', name: 'accept', value: problem.key, required: true });
    tick.dataset.many = '';
    line.append(tick);
  }
  const said = document.createElement('span');
  said.textContent = text;
  line.append(said);
  return line;
}

function show(form, answer) {
  const ticked = new Set([...form.querySelectorAll('[name=accept]:checked')].map((box) => box.value));
  clear(form);
  const list = form.querySelector('[data-problems]');
  for (const problem of answer.problems.filter((each) => each.severity !== 'notice')) {
    const text = chinese ? problem.zh : problem.en;
    if (!beside(form, problem, text)) list.append(note(problem, text));
  }
  for (const box of list.querySelectorAll('input')) box.checked = ticked.has(box.value);
  (form.querySelector('[aria-invalid]') ?? list.querySelector('input:not(:checked)'))?.focus();
  list.lastElementChild?.scrollIntoView({ block: 'nearest' });
}

for (const form of document.querySelectorAll('form[data-single]')) {
  form.addEventListener('done', ({ detail }) => {
    if (!detail.written) show(form, detail);
    else if (form.dataset.week !== undefined) location.assign(`?week=${form.elements.date.value}`);
    else location.reload();
  });
  // What was said, and ticked, was said of other values.
  form.addEventListener('input', (event) => { if (event.target.name !== 'accept') clear(form); });
  form.querySelector('[data-into]')?.addEventListener('change', (event) => { form.dataset.api = event.target.value; });
}

const asked = location.hash === '#edit' && document.querySelector('dialog#edit form[data-single]');
if (asked) {
  history.replaceState(null, '', location.pathname + location.search);
  asked.closest('dialog').showModal();
}
