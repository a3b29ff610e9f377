import type { MantineColorSchemeManager } from '@mantine/core';
import { usePreferences } from '@/base/preferences';

/** Mantine's colours follow the preferences store, the one place where the choice is kept. */
let unsubscribe: (() => void) | undefined;

export const colorSchemeManager: MantineColorSchemeManager = {
  get: () => usePreferences.getState().theme,
  set: (value) => {
    if (usePreferences.getState().theme !== value)
      usePreferences.getState().change({ theme: value });
  },
  subscribe(onUpdate) {
    unsubscribe = usePreferences.subscribe((now, before) => {
      if (now.theme !== before.theme) onUpdate(now.theme);
    });
  },
  unsubscribe: () => unsubscribe?.(),
  clear: () => {},
};
