import { TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';

/** Searches a moment after the last key, so that each letter is not a request. */
export function SearchBox(props: {
  text: string;
  onSearch: (text: string) => void;
  label: string;
}) {
  const [text, setText] = useState(props.text);
  const { onSearch, text: searched } = props;
  // What was asked for here comes back as `searched`; by then more may have been typed.
  const asked = useRef(searched);
  useEffect(() => {
    if (searched !== asked.current) setText(searched);
    asked.current = searched;
  }, [searched]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the caller's function is new each time
  useEffect(() => {
    if (text === searched) return;
    const timer = setTimeout(() => {
      asked.current = text;
      onSearch(text);
    }, 300);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <TextInput
      label={props.label}
      leftSection={<IconSearch size={16} aria-hidden="true" />}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      data-testid="search-text"
    />
  );
}
