import { TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useEffect, useState } from 'react';

/** Searches a moment after the last key, so that each letter is not a request. */
export function SearchBox(props: {
  text: string;
  onSearch: (text: string) => void;
  label: string;
}) {
  const [text, setText] = useState(props.text);
  const { onSearch, text: searched } = props;
  useEffect(() => setText(searched), [searched]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the caller's function is new each time
  useEffect(() => {
    if (text === searched) return;
    const timer = setTimeout(() => onSearch(text), 300);
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
