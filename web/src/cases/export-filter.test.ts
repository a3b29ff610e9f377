import { expect, test } from 'vitest';
import { exportFilter } from './export-filter';

test('an export of cases is limited as the list is', () => {
  expect(exportFilter({}, 'u')).toEqual({});
  expect(exportFilter({ status: 'live', mine: true }, 'u')).toEqual({ live: 'yes', owner: 'u' });
  expect(exportFilter({ status: 'closed', text: ' factura ' }, 'u')).toEqual({
    status: 'closed',
    text: 'factura',
  });
  expect(exportFilter({ text: '123 456 789' }, 'u')).toEqual({ reference: '123 456 789' });
});
