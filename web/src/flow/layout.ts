import { Graph, layout } from '@dagrejs/dagre';
import type { Drawing } from './drawing';

export const kNodeWidth = 250;
export const kNodeHeight = 118;

/** Top to bottom, callers first: where the author gave no positions. */
export function place(drawing: Drawing): Record<string, { x: number; y: number }> {
  if (drawing.positions) return drawing.positions;
  const graph = new Graph({ multigraph: true });
  graph.setGraph({ rankdir: 'TB', nodesep: 60, ranksep: 90 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const node of drawing.nodes) {
    graph.setNode(node.id, { width: kNodeWidth, height: kNodeHeight });
  }
  for (const edge of drawing.edges) graph.setEdge(edge.from, edge.to, {}, edge.id);
  layout(graph);
  return Object.fromEntries(
    drawing.nodes.map((node) => {
      const at = graph.node(node.id) as { x: number; y: number };
      return [node.id, { x: at.x - kNodeWidth / 2, y: at.y - kNodeHeight / 2 }];
    }),
  );
}
