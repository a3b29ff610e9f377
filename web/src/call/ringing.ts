/** A soft two-tone ring from the page itself, every two seconds until stopped. Browsers play it only
 * after the person has touched the page once, which signing in is. */
export function startRinging(): () => void {
  if (typeof AudioContext === 'undefined') return () => {};
  const context = new AudioContext();
  const ring = () => {
    for (const [index, hertz] of [660, 880].entries()) {
      const begins = context.currentTime + index * 0.18;
      const tone = context.createOscillator();
      const level = context.createGain();
      tone.frequency.value = hertz;
      level.gain.setValueAtTime(0, begins);
      level.gain.linearRampToValueAtTime(0.16, begins + 0.02);
      level.gain.exponentialRampToValueAtTime(0.001, begins + 0.32);
      tone.connect(level).connect(context.destination);
      tone.start(begins);
      tone.stop(begins + 0.34);
    }
  };
  ring();
  const timer = setInterval(ring, 2000);
  return () => {
    clearInterval(timer);
    void context.close();
  };
}
