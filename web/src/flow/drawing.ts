import type { Language } from '@/base/format';

/** The flow document (docs/flow.schema.json) as far as a drawing needs it. Unknown members and kinds
 * are drawn as they are: the server's validator judges, not the drawing. */
interface Document {
  start?: string;
  human?: string;
  nodes?: Record<string, Record<string, unknown>>;
  prompts?: Record<string, Partial<Record<Language, string>>>;
  canvas?: Record<string, { x?: number; y?: number }>;
}

export interface DrawnNode {
  id: string;
  kind: string;
  /** What the node says, in the chosen language; empty for silent nodes. */
  text: string;
  /** What it works on: a queue, a variable, a connector. */
  detail: string;
  isStart: boolean;
  isHuman: boolean;
}

/** All ways from one node to another, drawn as one line. `labels` are keys pressed and names of ways
 * out ("no_input"); `isMain` when one of them is what the author meant to happen. */
export interface DrawnEdge {
  id: string;
  from: string;
  to: string;
  labels: string[];
  isMain: boolean;
}

export interface Drawing {
  nodes: DrawnNode[];
  edges: DrawnEdge[];
  /** Where the author put the nodes; undefined when any is missing, and they are laid out. */
  positions: Record<string, { x: number; y: number }> | undefined;
}

const kWaysOut = [
  'next',
  'found',
  'not_found',
  'open',
  'closed',
  'stale',
  'full',
  'no_agents',
  'empty',
  'none',
  'otherwise',
  'no_input',
  'no_match',
  'failed',
  'on_hangup',
] as const;

const kDetails = ['queue', 'variable', 'connector', 'calendar', 'kind', 'to', 'outcome'] as const;

const record = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

/** Whether a text is all numbers' and units' placeholders does not matter here: shown as written. */
function promptText(document: Document, keys: unknown, language: Language): string {
  const list = Array.isArray(keys) ? keys : [keys];
  return list
    .filter((key): key is string => typeof key === 'string' && key !== '')
    .map((key) => {
      const prompt = document.prompts?.[key];
      return prompt?.[language] ?? prompt?.es ?? prompt?.en ?? key;
    })
    .join(' ');
}

/** Ways out that are not an accident. */
const kMain = new Set<string>(['next', 'found', 'open']);

function edgesOf(id: string, node: Record<string, unknown>, known: Set<string>): DrawnEdge[] {
  const edges = new Map<string, DrawnEdge>();
  const add = (to: unknown, label: string, isMain: boolean) => {
    if (typeof to !== 'string' || !known.has(to)) return;
    const edge = edges.get(to) ?? { id: `${id}→${to}`, from: id, to, labels: [], isMain: false };
    edges.set(to, {
      ...edge,
      labels: [...edge.labels, label],
      isMain: edge.isMain || isMain,
    });
  };
  for (const [key, option] of Object.entries(record(node.options))) {
    add(typeof option === 'string' ? option : record(option).next, key, true);
  }
  if (Array.isArray(node.cases)) {
    for (const one of node.cases) {
      const { variable, is, value, values, next } = record(one);
      const right = Array.isArray(values) ? values.join(', ') : (value ?? '');
      add(next, `${variable} ${kOperators[String(is)] ?? is} ${right}`.trim(), true);
    }
  }
  for (const name of kWaysOut) add(node[name], name, kMain.has(name));
  return [...edges.values()];
}

const kOperators: Record<string, string> = {
  equals: '=',
  less: '<',
  greater: '>',
  present: '✓',
  absent: '✗',
  in: '∈',
};

export function draw(source: unknown, language: Language): Drawing {
  const document = record(source) as Document;
  const entries = Object.entries(document.nodes ?? {});
  const known = new Set(entries.map(([id]) => id));
  const nodes = entries.map(([id, node]) => ({
    id,
    kind: typeof node.type === 'string' ? node.type : 'unknown',
    text: promptText(document, node.prompt, language),
    detail: kDetails
      .map((name) => node[name])
      .filter((value) => typeof value === 'string')
      .join(' · '),
    isStart: id === document.start,
    isHuman: id === document.human,
  }));
  const canvas = document.canvas ?? {};
  const isPlaced = entries.length > 0 && entries.every(([id]) => canvas[id] !== undefined);
  return {
    nodes,
    edges: entries.flatMap(([id, node]) => edgesOf(id, node, known)),
    positions: isPlaced
      ? Object.fromEntries(
          entries.map(([id]) => [id, { x: canvas[id]?.x ?? 0, y: canvas[id]?.y ?? 0 }]),
        )
      : undefined,
  };
}
