import { useTranslation } from 'react-i18next';
import type { Customer, RevealField } from '@/api/client';
import { day, initials, phone } from '@/base/format';
import { useLanguage } from '@/base/preferences';
import { Facts } from '@/base/view/parts';
import css from './crm.module.css';
import { Masked } from './Masked';
import { isMasked } from './masking';

/** The customer's numbers, masked or not, with the button that shows them. */
export function Numbers({ customer }: { customer: Customer }) {
  const { t } = useTranslation('crm');
  if (customer.numbers.length === 0) return t('field.none');
  return (
    <Masked
      customerId={customer.id}
      field="numbers"
      name={t('field.numbers')}
      isMasked={customer.numbers.some((each) => isMasked(each, 'number'))}
      revealed={customer.revealed}
    >
      {customer.numbers
        .map((each) => (each.label ? `${phone(each.number)} (${each.label})` : phone(each.number)))
        .join(', ')}
    </Masked>
  );
}

export function CustomerFacts({ customer }: { customer: Customer }) {
  const { t } = useTranslation(['crm', 'call']);
  const language = useLanguage();
  const fact = (field: RevealField & keyof Customer, value: string | null) => {
    const hidden = isMasked(customer, field);
    const name = t(`field.${field}`);
    return [
      name,
      value === null && !hidden ? (
        t('field.none')
      ) : (
        <Masked
          key={field}
          customerId={customer.id}
          field={field}
          name={name}
          isMasked={hidden}
          revealed={customer.revealed}
        >
          {value ?? t('reveal.hidden')}
        </Masked>
      ),
    ] as const;
  };
  return (
    <>
      <div className={css.person}>
        <span className={css.avatar} aria-hidden="true">
          {initials(customer.name)}
        </span>
        <span className={css.personName}>{customer.name}</span>
      </div>
      <Facts
        rows={[
          [t('field.numbers'), <Numbers key="numbers" customer={customer} />],
          fact('document', customer.document),
          fact('born_on', customer.born_on && day(customer.born_on, language)),
          fact('address', customer.address),
          ...(customer.notes ? [fact('notes', customer.notes)] : []),
          [
            t('field.language'),
            customer.language
              ? t(`call:language.${customer.language}`, { defaultValue: customer.language })
              : t('field.none'),
          ],
        ]}
      />
    </>
  );
}
