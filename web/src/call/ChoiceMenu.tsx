import { Menu } from '@mantine/core';
import type { ReactElement } from 'react';

/** A button that first asks which: what is chosen begins at once. */
export function ChoiceMenu<Choice extends string>(props: {
  button: ReactElement;
  label: string;
  choices: readonly Choice[];
  text: (choice: Choice) => string;
  onChoose: (choice: Choice) => void;
  /** Of the items, before the choice. */
  testId: string;
}) {
  return (
    <Menu>
      <Menu.Target>{props.button}</Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{props.label}</Menu.Label>
        {props.choices.map((choice) => (
          <Menu.Item
            key={choice}
            onClick={() => props.onChoose(choice)}
            data-testid={`${props.testId}-${choice}`}
          >
            {props.text(choice)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
