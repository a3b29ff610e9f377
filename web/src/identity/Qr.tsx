import { encode } from 'uqr';
import css from './identity.module.css';

/** A QR code as one path of squares. */
export function Qr(props: { text: string; label: string }) {
  const { data, size } = encode(props.text, { border: 0, ecc: 'M' });
  const squares = data.flatMap((row, y) =>
    row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])),
  );
  return (
    <svg
      className={css.qr}
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label={props.label}
      shapeRendering="crispEdges"
      data-testid="factor-qr"
    >
      <path d={squares.join('')} />
    </svg>
  );
}
