import { useTranslation } from 'react-i18next';
import type { Customer } from '@/api/client';
import { initials, phone } from '@/base/format';
import { Facts } from '@/base/view/parts';
import css from './crm.module.css';

export function CustomerFacts({ customer }: { customer: Customer }) {
  const { t } = useTranslation(['crm', 'call']);
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
          [
            t('field.numbers'),
            customer.numbers.length > 0
              ? customer.numbers
                  .map((each) =>
                    each.label ? `${phone(each.number)} (${each.label})` : phone(each.number),
                  )
                  .join(', ')
              : t('field.none'),
          ],
          [
            t('field.document'),
            customer.document
              ? `${customer.document}${customer.is_document_masked ? ` (${t('field.masked')})` : ''}`
              : t('field.none'),
          ],
          [t('field.address'), customer.address ?? t('field.none')],
          ...(customer.notes ? [[t('field.notes'), customer.notes] as const] : []),
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
