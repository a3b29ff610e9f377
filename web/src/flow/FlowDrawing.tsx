import '@xyflow/react/dist/style.css';
import {
  Background,
  Controls,
  type Edge,
  Handle,
  MarkerType,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
  type ReactFlowInstance,
} from '@xyflow/react';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { FlowVersion } from '@/api/client';
import type { Language } from '@/base/format';
import { Pill } from '@/base/view/parts';
import { type DrawnEdge, type DrawnNode, draw } from './drawing';
import css from './flow.module.css';
import { kNodeHeight, kNodeWidth, place } from './layout';

type Problem = FlowVersion['problems'][number];
type FlowNode = Node<{ node: DrawnNode; problems: Problem[] }, 'step'>;

const kNodeTypes = { step: Step };

export function FlowDrawing({ version, language }: { version: FlowVersion; language: Language }) {
  const { t } = useTranslation('flow');
  const drawing = useMemo(() => draw(version.document, language), [version, language]);
  const at = useMemo(() => place(drawing), [drawing]);
  const [looked, setLooked] = useState<string>();
  const nodes = useMemo(
    (): FlowNode[] =>
      drawing.nodes.map((node) => ({
        id: node.id,
        type: 'step',
        position: at[node.id] ?? { x: 0, y: 0 },
        width: kNodeWidth,
        selected: node.id === looked,
        data: { node, problems: version.problems.filter((each) => each.node === node.id) },
        ariaLabel: `${t(`kind.${node.kind}`, { defaultValue: node.kind })}: ${node.id}`,
      })),
    [drawing, at, looked, version, t],
  );
  const edges = useMemo(
    (): Edge[] =>
      drawing.edges.map((edge) => ({
        id: edge.id,
        source: edge.from,
        target: edge.to,
        label: edge.labels
          .filter((label) => label !== 'next')
          .map((label) => t(`edge.${label}`, { defaultValue: label }))
          .join(', '),
        labelShowBg: true,
        className: edgeClass(edge, looked),
        zIndex: isOf(edge, looked) ? 1 : 0,
        markerEnd: { type: MarkerType.ArrowClosed },
      })),
    [drawing, looked, t],
  );
  return (
    <div className={css.canvas} data-testid="flow-drawing">
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={kNodeTypes}
        nodesDraggable={false}
        nodesConnectable={false}
        edgesFocusable={false}
        deleteKeyCode={null}
        onNodesChange={(changes) => {
          const choices = changes.filter((each) => each.type === 'select');
          if (choices.length > 0) setLooked(choices.find((each) => each.selected)?.id);
        }}
        onInit={(flow) => void lookAtStart(flow)}
        fitViewOptions={{ maxZoom: 1 }}
        minZoom={0.1}
        aria-label={t('drawing.label', { name: version.name })}
        ariaLabelConfig={{
          'controls.zoomIn.ariaLabel': t('drawing.zoom_in'),
          'controls.zoomOut.ariaLabel': t('drawing.zoom_out'),
          'controls.fitView.ariaLabel': t('drawing.fit'),
          'node.a11yDescription.default': t('drawing.node_hint'),
        }}
      >
        <Background gap={22} />
        <Controls showInteractive={false} />
      </ReactFlow>
    </div>
  );
}

const isOf = (edge: DrawnEdge, node: string | undefined) => edge.from === node || edge.to === node;

/** The ways into and out of the step one looks at stand out; otherwise the usual ways do. */
function edgeClass(edge: DrawnEdge, looked: string | undefined): string {
  const classes = [edge.isMain ? '' : css.sideEdge];
  if (looked !== undefined) classes.push(isOf(edge, looked) ? css.nearEdge : css.farEdge);
  return classes.join(' ');
}

/** Big enough to read, with the beginning at the left; the whole is one press away. */
async function lookAtStart(flow: ReactFlowInstance<FlowNode>): Promise<void> {
  const start = flow.getNodes().find((node) => node.data.node.isStart) ?? flow.getNodes()[0];
  if (!start) return;
  const zoom = 0.85;
  const top = document.querySelector(`.${css.canvas}`)?.clientHeight ?? 0;
  const y = top / 2 - (start.position.y + kNodeHeight / 2) * zoom;
  await flow.setViewport({ x: 30 - start.position.x * zoom, y, zoom });
}

function Step({ data }: NodeProps<FlowNode>) {
  const { t } = useTranslation('flow');
  const { node, problems } = data;
  const worst = problems.some((each) => each.severity === 'error') ? 'error' : 'warning';
  return (
    <div
      className={css.node}
      data-kind={node.kind}
      data-testid="flow-step"
      data-problem={problems.length > 0 ? worst : undefined}
    >
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <div className={css.nodeTop}>
        <span className={css.kind}>{t(`kind.${node.kind}`, { defaultValue: node.kind })}</span>
        {node.isStart && (
          <Pill tone="good" dot={false}>
            {t('drawing.start')}
          </Pill>
        )}
        {node.isHuman && (
          <Pill tone="busy" dot={false}>
            {t('drawing.human')}
          </Pill>
        )}
      </div>
      <div className={css.nodeId} translate="no">
        {node.id.replaceAll('_', ' ')}
      </div>
      {node.text && (
        <p className={css.nodeText} translate="no">
          {node.text}
        </p>
      )}
      {!node.text && node.detail && <p className={css.nodeText}>{node.detail}</p>}
      {problems.map((problem) => (
        <p key={problem.code + problem.message} className={css.problem}>
          {problem.message}
        </p>
      ))}
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </div>
  );
}
