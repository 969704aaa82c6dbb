import type { CSSProperties } from 'react';

const SHAPES = [
  'M10 74V44a30 30 0 0 1 60 0v30zM78 74V34h32v40z',
  'M14 74a46 46 0 0 1 92 0zM60 14v14',
  'M20 20h34v54H20zM66 38h34v36H66z',
  'M60 12 106 74H14z',
  'M16 74c0-34 18-58 44-58s44 24 44 58z M40 74V52h40v22',
  'M24 30h72l-10 44H34z',
];

/** The catalogue has no photographs; each product has a shape and a colour of its own. */
export function Picture({ id }: { id: number }) {
  const style = { '--hue': `${(id * 47) % 360}` } as CSSProperties;
  return (
    <svg className="picture" viewBox="0 0 120 84" style={style} aria-hidden="true">
      <circle cx={30 + ((id * 13) % 60)} cy={30} r={22} />
      <path d={SHAPES[id % SHAPES.length]} />
    </svg>
  );
}
