/** As the contract has it: RevealInput.reason. */
export const kLeastReason = 10;

/** Whether the server masked this field of an object. */
export const isMasked = (object: { masked?: string[] }, field: string): boolean =>
  object.masked?.includes(field) ?? false;

/** What shows a customer's fields, as query keys. */
export const staleByReveal = (customerId: string): readonly (readonly unknown[])[] => [
  ['customers'],
  ['customer', customerId],
  ['accounts', customerId],
  ['timeline'],
  ['contact'],
];
