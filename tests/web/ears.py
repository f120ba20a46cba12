"""What a page lets people hear: its notes, and its voice, for which Chromium needs none of the system's."""

from __future__ import annotations

EARS = """
window.spoken = [];
window.notes = [];
Object.defineProperty(window, 'speechSynthesis', { value: {
  getVoices: () => [{ lang: 'zh-CN' }], cancel: () => {}, speak: (speech) => window.spoken.push(speech.text),
} });
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...when) {
  window.notes.push(Math.round(this.frequency.value));
  return start.apply(this, when);
};
"""
