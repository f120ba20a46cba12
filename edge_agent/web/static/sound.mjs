// Two rising notes for yes, one low for no; a voice where there is one and no lesson is taught.

const NOTES = { good: [660, 880], warn: [520, 520], bad: [330, 247], calm: [587] };
const LOUD = 0.15;
const SOFT = 0.04; // while a lesson is taught beside it

let audio;

/** Says a message: `look` chooses the notes, `speak` asks for the voice. */
export function sound(message, quiet) {
  try {
    play(NOTES[message.look] ?? [], quiet ? SOFT : LOUD);
  } catch { /* no sound device: the screen says it all */ }
  if (message.speak && !quiet) say(`${message.title} ${message.text}`.trim());
}

function play(pitches, volume) {
  audio ??= new AudioContext();
  pitches.forEach((pitch, place) => {
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
}

function say(text) {
  if (!globalThis.speechSynthesis?.getVoices().length) return;
  speechSynthesis.cancel();
  const speech = new SpeechSynthesisUtterance(text);
  speech.lang = document.documentElement.lang;
  speech.rate = 1.15;
  speechSynthesis.speak(speech);
}
