/** The loudest sample of each of `count` equal stretches, 0 to 1. Fewer samples than that: as many as
 * there are. */
export function peaksOf(samples: Float32Array, count: number): number[] {
  const columns = Math.min(count, samples.length);
  return Array.from({ length: columns }, (_, column) => {
    const from = Math.floor((column * samples.length) / columns);
    const to = Math.floor(((column + 1) * samples.length) / columns);
    let peak = 0;
    for (let at = from; at < to; at++) peak = Math.max(peak, Math.abs(samples[at] ?? 0));
    return Math.min(peak, 1);
  });
}

/** The samples of a WAV of the library: 16 bit, mono. Undefined for anything else. */
export function samplesOf(wav: ArrayBuffer): Float32Array | undefined {
  const view = new DataView(wav);
  const word = (at: number) =>
    String.fromCharCode(...new Uint8Array(wav, at, Math.min(4, wav.byteLength - at)));
  if (wav.byteLength < 12 || word(0) !== 'RIFF') return undefined;
  let at = 12;
  while (at + 8 <= wav.byteLength) {
    const size = view.getUint32(at + 4, true);
    if (word(at) === 'data') {
      const count = Math.floor(Math.min(size, wav.byteLength - at - 8) / 2);
      const samples = new Float32Array(count);
      for (let i = 0; i < count; i++) samples[i] = view.getInt16(at + 8 + 2 * i, true) / 32768;
      return samples;
    }
    at += 8 + size + (size % 2);
  }
  return undefined;
}

/** A mono 16-bit WAV of samples from -1 to 1. */
export function wavOf(samples: Float32Array, rateHz: number): ArrayBuffer {
  const wav = new ArrayBuffer(44 + 2 * samples.length);
  const view = new DataView(wav);
  const text = (at: number, word: string) => {
    for (let i = 0; i < word.length; i++) view.setUint8(at + i, word.charCodeAt(i));
  };
  text(0, 'RIFF');
  view.setUint32(4, 36 + 2 * samples.length, true);
  text(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rateHz, true);
  view.setUint32(28, 2 * rateHz, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, 'data');
  view.setUint32(40, 2 * samples.length, true);
  samples.forEach((sample, i) => {
    view.setInt16(44 + 2 * i, Math.round(Math.max(-1, Math.min(1, sample)) * 32767), true);
  });
  return wav;
}

/** How loud the samples are for a meter, 0 (-60 dBFS and below) to 1 (full scale). */
export function meterOf(samples: Float32Array): number {
  let peak = 0;
  for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
  return peak === 0 ? 0 : Math.max(0, Math.min(1, 1 + Math.log10(peak) / 3));
}

/** A name a prompt may have, from what somebody called it: "Horario de Navidad.mp3" becomes
 * "horario-de-navidad". Empty when nothing is left. */
export function nameFrom(title: string): string {
  return title
    .replace(/\.[A-Za-z0-9]{2,4}$/, '')
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, '-')
    .replace(/^[-_]+|-+$/g, '')
    .slice(0, 60);
}

export const isPromptName = (name: string) => /^[a-z0-9][a-z0-9_-]{0,59}$/.test(name);
