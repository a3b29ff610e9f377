import type { Journey, JourneyGap, JourneySegment } from '@/api/client';

export type Part =
  | { kind: 'segment'; fromMs: number; toMs: number; segment: JourneySegment }
  | { kind: 'gap'; fromMs: number; toMs: number; gap: JourneyGap };

/** Segments and the gaps between them, one after the other. */
export function partsOf(journey: Journey): Part[] {
  const parts: Part[] = [
    ...journey.segments.map((segment) => ({
      kind: 'segment' as const,
      fromMs: segment.from_ms,
      toMs: segment.to_ms,
      segment,
    })),
    ...journey.gaps.map((gap) => ({
      kind: 'gap' as const,
      fromMs: gap.from_ms,
      toMs: gap.to_ms,
      gap,
    })),
  ];
  return parts.sort((a, b) => a.fromMs - b.fromMs);
}

/** The part that is heard at an instant: its end belongs to the next one. */
export function partAt(parts: readonly Part[], atMs: number): Part | undefined {
  return parts.find((part) => part.fromMs <= atMs && atMs < part.toMs);
}

/** Where to go on when nothing was recorded here: the end of the gap, else the same place. */
export function afterGap(parts: readonly Part[], atMs: number): number {
  const part = partAt(parts, atMs);
  return part?.kind === 'gap' ? part.toMs : atMs;
}
