import { describe, expect, test } from 'vitest';
import { isPromptName, meterOf, nameFrom, peaksOf, samplesOf, wavOf } from './wave';

describe('a waveform', () => {
  test('has the loudest sample of each stretch', () => {
    const samples = Float32Array.from([0, 0.5, -0.25, 0.1, 0, -1]);
    expect(peaksOf(samples, 3).map((peak) => Number(peak.toFixed(2)))).toEqual([0.5, 0.25, 1]);
  });

  test('has no more columns than samples, and none without', () => {
    expect(peaksOf(Float32Array.from([0.5, 0.5]), 100)).toEqual([0.5, 0.5]);
    expect(peaksOf(new Float32Array(), 100)).toEqual([]);
  });
});

describe('a WAV', () => {
  test('comes back as it was written', () => {
    const samples = samplesOf(wavOf(Float32Array.from([0, 0.5, -0.5, 2]), 16_000));
    expect([...(samples ?? [])].map((sample) => Number(sample.toFixed(2)))).toEqual([
      0, 0.5, -0.5, 1,
    ]);
  });

  test('that is none gives nothing', () => {
    expect(samplesOf(new ArrayBuffer(4))).toBeUndefined();
    expect(samplesOf(new TextEncoder().encode('RIFF1234WAVEjunk').buffer)).toBeUndefined();
  });

  test('that was cut gives what there is', () => {
    const whole = wavOf(new Float32Array(100), 8_000);
    expect(samplesOf(whole.slice(0, 144))?.length).toBe(50);
  });
});

describe('the meter', () => {
  test('goes from silence to full scale by decibels', () => {
    expect(meterOf(new Float32Array(10))).toBe(0);
    expect(meterOf(Float32Array.from([0.0001]))).toBe(0);
    expect(meterOf(Float32Array.from([0.1]))).toBeCloseTo(0.667, 2);
    expect(meterOf(Float32Array.from([-1]))).toBe(1);
  });
});

describe('a name', () => {
  test('is made from a title or a file', () => {
    expect(nameFrom('Horario de Navidad.mp3')).toBe('horario-de-navidad');
    expect(nameFrom('  ¡Años y señas!  ')).toBe('anos-y-senas');
    expect(nameFrom('…')).toBe('');
    expect(nameFrom('x'.repeat(80))).toHaveLength(60);
  });

  test('is judged as the server judges it', () => {
    expect(['a', '9-a_b', 'a'.repeat(60)].every(isPromptName)).toBe(true);
    expect(['', '-a', 'A', 'a.b', '../a', 'ñ', 'a'.repeat(61)].some(isPromptName)).toBe(false);
  });
});
