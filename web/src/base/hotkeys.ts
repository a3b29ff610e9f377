import { useEffect, useRef } from 'react';

/** Keys of the whole page. F keys work everywhere, also while typing; single letters and `?` only
 * outside of fields. Nothing uses Ctrl+Alt: on Spanish keyboards that is AltGr, which writes @ # €. */
export type Hotkey = 'F1' | 'F2' | 'F4' | 'F8' | 'F9' | 'F10' | '?';

interface Pressed {
  key: string;
  ctrlKey: boolean;
  altKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  repeat: boolean;
  target: EventTarget | null;
}

export function isTyping(target: EventTarget | null): boolean {
  if (typeof HTMLElement === 'undefined' || !(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

export function matches(pressed: Pressed, hotkey: Hotkey): boolean {
  if (pressed.repeat || pressed.ctrlKey || pressed.altKey || pressed.metaKey) return false;
  if (pressed.key !== hotkey) return false;
  // The question mark itself needs Shift on most keyboards; an F key with Shift is another key.
  if (hotkey === '?') return !isTyping(pressed.target);
  return !pressed.shiftKey;
}

/** Runs `act` when the key is pressed; a disabled key does nothing here. */
export function useHotkey(hotkey: Hotkey, act: () => void, isEnabled = true): void {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    if (!isEnabled) return;
    const onKey = (event: KeyboardEvent) => {
      if (!matches(event, hotkey)) return;
      event.preventDefault();
      latest.current();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [hotkey, isEnabled]);
}

/** `g` and then a letter, outside of fields and dialogs: goes to a page. */
export function useGoTo(targets: Readonly<Record<string, () => void>>): void {
  const latest = useRef(targets);
  latest.current = targets;
  useEffect(() => {
    let armedAt = Number.NEGATIVE_INFINITY;
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target)) return;
      if (document.querySelector('[role=dialog]')) return;
      if (event.timeStamp - armedAt < 1200) {
        armedAt = Number.NEGATIVE_INFINITY;
        const go = latest.current[event.key.toLowerCase()];
        if (go) {
          event.preventDefault();
          go();
        }
        return;
      }
      if (event.key === 'g') armedAt = event.timeStamp;
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
}
