// After a press of 手动签到: what was not taken is said by name, then the page begins anew (with a new visit).

const form = document.getElementById('unsigned-form');
const words = JSON.parse(document.getElementById('replies').textContent);

// Two taps suffice: a name and the button. Another reason is typed.
const reason = document.getElementById('reason');
reason?.addEventListener('change', () => {
  const other = document.getElementById('other');
  const input = other.querySelector('input');
  other.hidden = reason.value !== '';
  input.required = reason.value === '';
  input.name = reason.value === '' ? 'reason' : '';
  reason.name = reason.value === '' ? '' : 'reason';
  if (input.name) input.focus();
});

form?.addEventListener('submit', (event) => {
  if (form.querySelector('input[name=trainees]:checked')) return;
  event.preventDefault();
  event.stopPropagation();
  form.querySelector('.wrong').textContent = words.nobody;
}, true);

form?.addEventListener('done', (event) => {
  const refused = event.detail.filter((reply) => words[reply.said]);
  if (!refused.length) return location.reload();
  const names = refused.map((reply) => {
    const box = form.querySelector(`input[value="${CSS.escape(reply.trainee)}"]`);
    return `${box?.nextElementSibling.firstChild.textContent.trim() ?? reply.trainee}：${words[reply.said]}`;
  });
  form.querySelector('.wrong').textContent = names.join('；');
  form.elements.visit.value = crypto.getRandomValues(new Uint32Array(4)).join('-');
});
