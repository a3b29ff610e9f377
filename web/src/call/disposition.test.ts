import { describe, expect, test } from 'vitest';
import { type Choices, dayOf, dispositionOf, missingOf } from './disposition';

const today = '2026-11-23';
const chosen = (part: Partial<Choices>): Choices => ({
  topic: 'billing',
  outcome: 'solved',
  next_step: '',
  owner: 'u1',
  due: '',
  ...part,
});

describe('a disposition', () => {
  test('needs a topic and an outcome', () => {
    expect(missingOf(chosen({ topic: '', outcome: '' }), today)).toEqual(['topic', 'outcome']);
    expect(dispositionOf(chosen({ topic: '' }), today)).toBeUndefined();
  });
  test('with a follow-up needs a step, an owner and a date from today on', () => {
    const promise = chosen({ outcome: 'follow_up', owner: '' });
    expect(missingOf(promise, today)).toEqual(['next_step', 'owner', 'due']);
    const whole = { ...promise, next_step: 'Llamar', owner: 'u1', due: today };
    expect(missingOf(whole, today)).toEqual([]);
    expect(missingOf({ ...whole, due: '2026-11-22' }, today)).toEqual(['due']);
  });
  test('of a solved matter says nothing of a next step, whatever was typed before', () => {
    expect(dispositionOf(chosen({ next_step: 'Llamar', due: today }), today)).toEqual({
      topic: 'billing',
      outcome: 'solved',
    });
  });
  test('waiting for the customer says what and until when', () => {
    const waiting = chosen({
      outcome: 'waiting_customer',
      next_step: ' Envía el contrato ',
      due: today,
    });
    expect(dispositionOf(waiting, today)).toEqual({
      topic: 'billing',
      outcome: 'waiting_customer',
      next_step: 'Envía el contrato',
      owner: 'u1',
      due: today,
    });
  });
  test('knows the reader’s own day', () => {
    expect(dayOf(new Date(2026, 0, 5, 23, 59).getTime())).toBe('2026-01-05');
  });
});
