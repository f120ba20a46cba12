// Digits to tap into the form's field, where a screen has no keyboard.

for (const pad of document.querySelectorAll('[data-pad]')) {
  const field = document.getElementById(pad.dataset.pad);
  pad.addEventListener('click', (event) => {
    const key = event.target.closest('button')?.value;
    if (key === undefined) return;
    if (key === 'back') field.value = field.value.slice(0, -1);
    else if (field.value.length < field.maxLength) field.value += key;
    field.dispatchEvent(new Event('input', { bubbles: true }));
  });
}
