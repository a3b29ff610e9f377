import { Button, Skeleton, Stack } from '@mantine/core';
import { IconAlertTriangle, IconRefresh } from '@tabler/icons-react';
import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '@/api/client';
import { useNow } from '../clock';
import { clockSpan, reference, since, spokenSpan, until } from '../format';
import { problemText } from './problem';
import css from './view.module.css';

export type Tone = 'good' | 'busy' | 'warn' | 'bad' | 'offer' | 'quiet' | 'accent';

export function Pill(props: { tone: Tone; children: ReactNode; dot?: boolean; testId?: string }) {
  const plain = props.dot === false ? css.plain : '';
  return (
    <span className={`${css.pill} ${css[props.tone]} ${plain}`} data-testid={props.testId}>
      {props.children}
    </span>
  );
}

export function Panel(props: {
  title?: ReactNode;
  aside?: ReactNode;
  children: ReactNode;
  label?: string;
  testId?: string;
}) {
  return (
    <section className={css.panel} aria-label={props.label} data-testid={props.testId}>
      {props.title !== undefined && (
        <div className={css.panelHead}>
          <h2 className={css.panelTitle}>{props.title}</h2>
          {props.aside}
        </div>
      )}
      <div className={css.panelBody}>{props.children}</div>
    </section>
  );
}

export function Page(props: {
  title: ReactNode;
  hint?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}) {
  return (
    <div className={css.page}>
      <div className={css.pageHead}>
        <div>
          <h1 className={css.pageTitle} data-testid="page-title">
            {props.title}
          </h1>
          {props.hint && <p className={css.pageHint}>{props.hint}</p>}
        </div>
        {props.actions && <div className={css.pageActions}>{props.actions}</div>}
      </div>
      {props.children}
    </div>
  );
}

export function Empty(props: {
  icon: ReactNode;
  title: string;
  text: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className={css.empty}>
      <span className={css.emptyIcon} aria-hidden="true">
        {props.icon}
      </span>
      <p className={css.emptyTitle}>{props.title}</p>
      <p className={css.emptyText}>{props.text}</p>
      {props.action}
    </div>
  );
}

/** What went wrong and what to do about it; never a bare code. */
export function Trouble(props: {
  error: unknown;
  onRetry?: (() => void) | undefined;
  testId?: string;
}) {
  const { t } = useTranslation('app');
  // Asking again gives nobody another role.
  const isRefused = props.error instanceof ApiError && props.error.status === 403;
  return (
    <div className={css.trouble} role="alert" data-testid={props.testId}>
      <IconAlertTriangle size={20} aria-hidden="true" />
      <div className={css.troubleText}>
        <p>{problemText(props.error, t)}</p>
      </div>
      {props.onRetry && !isRefused && (
        <Button
          size="xs"
          variant="default"
          leftSection={<IconRefresh size={14} aria-hidden="true" />}
          onClick={props.onRetry}
        >
          {t('action.retry')}
        </Button>
      )}
    </div>
  );
}

export function Loading(props: { rows?: number }) {
  const { t } = useTranslation('app');
  const rows = Array.from({ length: props.rows ?? 4 }, (_, index) => `row-${index}`);
  return (
    <Stack gap="sm" role="status" aria-label={t('state.loading')}>
      {rows.map((row) => (
        <Skeleton key={row} height={22} />
      ))}
    </Stack>
  );
}

/** A ticking span since an instant. Screen readers hear the span when they come by, not each second. */
export function Since(props: { instant: string | null; className?: string | undefined }) {
  const span = since(props.instant, useNow());
  return <Span milliseconds={span} className={props.className} />;
}

export function Until(props: { instant: string | null; className?: string | undefined }) {
  const span = until(props.instant, useNow());
  return <Span milliseconds={span} className={props.className} />;
}

export function Span(props: { milliseconds: number; className?: string | undefined }) {
  return (
    <span className={`figures ${props.className ?? ''}`}>
      <span aria-hidden="true">{clockSpan(props.milliseconds)}</span>
      <span className="visually-hidden">{spokenSpan(props.milliseconds)}</span>
    </span>
  );
}

export function Reference(props: { digits: string }) {
  return <span className={css.reference}>{reference(props.digits)}</span>;
}

/** Words that somebody or some flow wrote: no catalogue and no browser translates them. */
export function Said(props: { text: string }) {
  return <span translate="no">{props.text}</span>;
}

export function Facts(props: { rows: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className={css.facts}>
      {props.rows.map(([term, value]) => (
        <FactRow key={term} term={term} value={value} />
      ))}
    </dl>
  );
}

function FactRow(props: { term: string; value: ReactNode }) {
  return (
    <>
      <dt>{props.term}</dt>
      <dd>{props.value}</dd>
    </>
  );
}

export interface Head {
  text: string;
  /** Its cells are numbers, which stand to the right. */
  isNumber?: boolean;
  /** Read aloud only: the cells say it themselves. */
  isHidden?: boolean;
}

/** A table that may be wider than its place; focusable, so that the keyboard can scroll it. */
export function Table(props: { label: string; heads: readonly Head[]; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <section className={css.scroll} aria-label={props.label} tabIndex={0}>
      <table className={css.table}>
        <caption className="visually-hidden">{props.label}</caption>
        <thead>
          <tr>
            {props.heads.map(({ text, isNumber, isHidden }) => (
              <th key={text} scope="col" className={isNumber ? css.number : undefined}>
                {isHidden ? <span className="visually-hidden">{text}</span> : text}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{props.children}</tbody>
      </table>
    </section>
  );
}

/** What a list that is fetched page by page has in its panel: its rows, or why there are none yet. */
export function Paged<Row>(props: {
  list: UseInfiniteQueryResult<InfiniteData<{ items: Row[] }>>;
  empty: ReactNode;
  children: (rows: Row[]) => ReactNode;
}) {
  const { list } = props;
  const rows = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Panel>
      {list.error && <Trouble error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending && <Loading rows={8} />}
      {list.data && rows.length === 0 && props.empty}
      {rows.length > 0 && props.children(rows)}
      <More
        has={list.hasNextPage}
        isLoading={list.isFetchingNextPage}
        onMore={() => void list.fetchNextPage()}
      />
    </Panel>
  );
}

export function More(props: { has: boolean; isLoading: boolean; onMore: () => void }) {
  const { t } = useTranslation('app');
  if (!props.has) return null;
  return (
    <Button
      variant="default"
      size="sm"
      mt="md"
      fullWidth
      loading={props.isLoading}
      onClick={props.onMore}
    >
      {t('action.more')}
    </Button>
  );
}

export { css as viewCss };
