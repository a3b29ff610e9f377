import {
  createTheme,
  DEFAULT_THEME,
  Drawer,
  defaultCssVariablesResolver,
  type MantineColorsTuple,
  Menu,
  Modal,
  mergeMantineTheme,
  Tooltip,
} from '@mantine/core';

const petrol: MantineColorsTuple = [
  '#e5f6f6',
  '#cdeaeb',
  '#9fd6d8',
  '#6dc0c4',
  '#44adb2',
  '#2a9aa0',
  '#1a8a90',
  '#0d7479',
  '#085e63',
  '#04494d',
];

/** Greys of the dark scheme, with a touch of the product's colour. */
const dark: MantineColorsTuple = [
  '#e6ecef',
  '#b3c0c7',
  '#8696a0',
  '#63737d',
  '#3a4850',
  '#2f3b42',
  '#222c32',
  '#1a2226',
  '#141b1f',
  '#0e1417',
];

export const theme = createTheme({
  primaryColor: 'petrol',
  colors: { petrol, dark },
  // White text on the filled shade passes WCAG AA in both schemes only at these shades.
  primaryShade: { light: 8, dark: 9 },
  defaultRadius: 'md',
  cursorType: 'pointer',
  fontFamily:
    'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", Arial, sans-serif',
  headings: { fontWeight: '650' },
  respectReducedMotion: true,
  components: {
    // Locking the page's scroll would inject a style element, which the content security policy
    // refuses; the shell scrolls its own regions, so nothing needs locking.
    Modal: Modal.extend({ defaultProps: { lockScroll: false, centered: true } }),
    Drawer: Drawer.extend({ defaultProps: { lockScroll: false } }),
    Menu: Menu.extend({
      // Inside the page's own landmarks, and without an element that is no choice among the choices.
      defaultProps: { shadow: 'md', withinPortal: false, withInitialFocusPlaceholder: false },
    }),
    Tooltip: Tooltip.extend({
      defaultProps: {
        withArrow: true,
        openDelay: 250,
        events: { hover: true, focus: true, touch: true },
      },
    }),
  },
});

function block(selector: string, variables: Record<string, string>): string {
  const lines = Object.entries(variables).map(([name, value]) => `  ${name}: ${value};`);
  return lines.length > 0 ? `${selector} {\n${lines.join('\n')}\n}\n` : '';
}

/**
 * The theme as a style sheet: what MantineProvider would otherwise inject as a style element. The
 * file theme.css is this text; theme.test.ts holds both together.
 */
export function themeCss(): string {
  const ours = defaultCssVariablesResolver(mergeMantineTheme(DEFAULT_THEME, theme));
  const theirs = defaultCssVariablesResolver(DEFAULT_THEME);
  const differing = (a: Record<string, string>, b: Record<string, string>) =>
    Object.fromEntries(Object.entries(a).filter(([name, value]) => b[name] !== value));
  return [
    '/* Written by theme.test.ts (UPDATE_GOLDEN=1) from theme.ts. */\n',
    block(':root', differing(ours.variables, theirs.variables)),
    block(':root[data-mantine-color-scheme="light"]', differing(ours.light, theirs.light)),
    block(':root[data-mantine-color-scheme="dark"]', differing(ours.dark, theirs.dark)),
  ].join('\n');
}
