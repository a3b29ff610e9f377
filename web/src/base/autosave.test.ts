import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Autosave, type Draft, kQuietMs, kRetryMs, type SaveOutcome } from './autosave';

function fixture(initial: Draft = { text: '', savedText: '', version: 0 }) {
  const saves: [string, number][] = [];
  const outcomes: SaveOutcome[] = [];
  let kept: Draft | undefined;
  const states: string[] = [];
  const autosave = new Autosave(initial, {
    save: async (text, version) => {
      saves.push([text, version]);
      return outcomes.shift() ?? { kind: 'saved', version, text };
    },
    keep: (draft) => {
      kept = draft && { ...draft };
    },
    changed: (view) => states.push(view.state),
  });
  return { autosave, saves, outcomes, states, kept: () => kept };
}

describe('an autosaved text', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('is in the browser with the first key and at the server two seconds after the last', async () => {
    const it = fixture();
    it.autosave.type('Ho');
    expect(it.kept()?.text).toBe('Ho');
    await vi.advanceTimersByTimeAsync(kQuietMs - 1);
    it.autosave.type('Hola');
    await vi.advanceTimersByTimeAsync(kQuietMs - 1);
    expect(it.saves).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(it.saves).toEqual([['Hola', 1]]);
    expect(it.kept()).toBeUndefined();
    expect(it.states.at(-1)).toBe('saved');
  });

  test('shows what the server kept, unless the person has typed on', async () => {
    const it = fixture();
    it.outcomes.push({ kind: 'saved', version: 1, text: 'tarjeta •••• 4242' });
    it.autosave.type('tarjeta 4242424242424242');
    await it.autosave.flush();
    expect(it.autosave.view()).toMatchObject({ text: 'tarjeta •••• 4242', state: 'saved' });
    expect(it.kept()).toBeUndefined();

    it.outcomes.push({ kind: 'saved', version: 2, text: 'tarjeta •••• 4444' });
    it.autosave.type('tarjeta 5555555555554444');
    const saving = it.autosave.flush();
    it.autosave.type('tarjeta 5555555555554444, vence');
    await saving;
    expect(it.autosave.view().text).toBe('tarjeta 5555555555554444, vence');
    await vi.advanceTimersByTimeAsync(kQuietMs);
    expect(it.saves.at(-1)).toEqual(['tarjeta 5555555555554444, vence', 3]);
  });

  test('takes over what another window saved, unless something here is not saved yet', async () => {
    const theirs = { text: 'De la otra', savedText: 'De la otra', version: 3 };
    const it = fixture();
    expect(it.autosave.adopt(theirs)).toBe(true);
    expect(it.autosave.view()).toMatchObject({ text: 'De la otra', version: 3, state: 'saved' });
    it.autosave.type('De la otra y más');
    expect(it.autosave.adopt({ ...theirs, version: 4 })).toBe(false);
    expect(it.autosave.view().text).toBe('De la otra y más');
    await it.autosave.flush();
    expect(it.saves).toEqual([['De la otra y más', 4]]);
  });

  test('is saved at once when the field is left, and not again without a change', async () => {
    const it = fixture();
    it.autosave.type('Hola');
    await it.autosave.flush();
    await it.autosave.flush();
    expect(it.saves).toEqual([['Hola', 1]]);
  });

  test('counts its versions', async () => {
    const it = fixture({ text: 'a', savedText: 'a', version: 4 });
    it.autosave.type('ab');
    await it.autosave.flush();
    it.autosave.type('abc');
    await it.autosave.flush();
    expect(it.saves).toEqual([
      ['ab', 5],
      ['abc', 6],
    ]);
  });

  test('found after a reload is sent without anybody typing', async () => {
    const it = fixture({ text: 'escrito antes', savedText: '', version: 0 });
    await vi.advanceTimersByTimeAsync(0);
    expect(it.saves).toEqual([['escrito antes', 1]]);
  });

  test('waits in the browser while the server is away, and goes when it is back', async () => {
    const it = fixture();
    it.outcomes.push({ kind: 'unreachable' });
    it.autosave.type('Hola');
    await it.autosave.flush();
    expect(it.states.at(-1)).toBe('waiting');
    expect(it.kept()?.text).toBe('Hola');
    await vi.advanceTimersByTimeAsync(kRetryMs);
    expect(it.saves).toEqual([
      ['Hola', 1],
      ['Hola', 1],
    ]);
    expect(it.states.at(-1)).toBe('saved');
  });

  test('written while saving is saved next', async () => {
    const it = fixture();
    it.autosave.type('uno');
    const saving = it.autosave.flush();
    it.autosave.type('uno dos');
    await saving;
    expect(it.kept()?.text).toBe('uno dos');
    await vi.advanceTimersByTimeAsync(kQuietMs);
    expect(it.saves).toEqual([
      ['uno', 1],
      ['uno dos', 2],
    ]);
  });

  test('in conflict shows both, sends nothing by itself, and follows the choice', async () => {
    const it = fixture({ text: 'base', savedText: 'base', version: 1 });
    it.outcomes.push({ kind: 'conflict', version: 2, text: 'de otra ventana' });
    it.autosave.type('mía');
    await it.autosave.flush();
    expect(it.autosave.view()).toMatchObject({ state: 'conflict', theirs: 'de otra ventana' });
    it.autosave.type('mía y más');
    await vi.advanceTimersByTimeAsync(kQuietMs * 5);
    expect(it.saves).toHaveLength(1);
    await it.autosave.resolve('de otra ventana\n\nmía y más');
    expect(it.saves.at(-1)).toEqual(['de otra ventana\n\nmía y más', 3]);
    expect(it.autosave.view()).toMatchObject({ state: 'saved', theirs: undefined });
  });

  test('keeps the other text without sending it again', async () => {
    const it = fixture({ text: 'base', savedText: 'base', version: 1 });
    it.outcomes.push({ kind: 'conflict', version: 2, text: 'la otra' });
    it.autosave.type('mía');
    await it.autosave.flush();
    await it.autosave.resolve('la otra');
    expect(it.saves).toHaveLength(1);
    expect(it.autosave.view()).toMatchObject({ text: 'la otra', state: 'saved' });
    expect(it.kept()).toBeUndefined();
  });
});
