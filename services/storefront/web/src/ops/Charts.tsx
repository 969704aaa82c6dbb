import { useMemo } from 'react';
import {
  Area,
  AreaChart,
  CartesianGrid,
  Line,
  LineChart,
  ReferenceLine,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
} from 'recharts';

import { count } from '../ui/format';
import type { Sample, Scaling } from './scaling';
import { clock, rate, seconds } from './units';

type Point = Omit<Sample, 't'> & { time: number };
type Measure = keyof Omit<Point, 'time'>;

interface Series {
  measure: Measure;
  name: string;
  colour: string;
}

const AGE: Series[] = [{ measure: 'oldestOrderAgeSeconds', name: 'Oldest order', colour: 'var(--chart-1)' }];
const RATES: Series[] = [
  { measure: 'arrivalRate', name: 'Come in', colour: 'var(--chart-1)' },
  { measure: 'serviceRate', name: 'Worked off', colour: 'var(--chart-2)' },
];
const LAG: Series[] = [{ measure: 'lag', name: 'Waiting', colour: 'var(--chart-1)' }];
const REPLICAS: Series[] = [{ measure: 'replicas', name: 'Consumers', colour: 'var(--chart-2)' }];

/** The last hour, one measure a chart, all on the same hour. A gap is time of which nothing is known. */
export function Charts({ data }: { data: Scaling }) {
  const points = useMemo(() => data.samples.map(({ t, ...rest }): Point => ({ ...rest, time: Date.parse(t) })), [data]);
  const end = Date.parse(data.now);
  const frame = { points, from: end - 3_600_000, to: end };
  const target = data.targets?.maxOrderAgeSeconds;
  return (
    <div className="charts">
      <Chart title="How long the oldest order waits" series={AGE} format={seconds} axis={seconds} {...frame} target={target} />
      <Chart title="Orders a second" series={RATES} format={rate} {...frame} />
      <Chart title="Orders waiting" series={LAG} format={count} {...frame} filled />
      <Chart
        title="Consumers"
        series={REPLICAS}
        format={count}
        {...frame}
        steps
        marks={data.decisions.filter(({ from, to }) => from !== to).map(({ t }) => Date.parse(t))}
      />
    </div>
  );
}

interface ChartProps {
  title: string;
  series: Series[];
  format: (value: number) => string;
  /** Shorter, for the axis. */
  axis?: (value: number) => string;
  points: Point[];
  from: number;
  to: number;
  target?: number | undefined;
  filled?: boolean;
  steps?: boolean;
  marks?: number[];
}

function Chart({ title, series, format, axis = short, points, from, to, target, filled, steps, marks = [] }: ChartProps) {
  const Kind = filled ? AreaChart : LineChart;
  const inside = marks.filter((mark) => mark >= from && mark <= to);
  return (
    <figure className="chart">
      <figcaption>
        <h2>{title}</h2>
        {series.map((one) => (
          <p key={one.measure}>
            {series.length > 1 && <span className={one.colour.includes('1') ? 'key key-1' : 'key key-2'} />}
            {spoken(one, points, format)}
          </p>
        ))}
      </figcaption>
      {/* The sentence above says it to who cannot see it. */}
      <div className="plot" aria-hidden="true">
        <ResponsiveContainer width="100%" height="100%">
          <Kind data={points} margin={{ top: 8, right: 12, bottom: 0, left: 0 }} accessibilityLayer={false}>
            <CartesianGrid vertical={false} stroke="var(--line)" />
            <XAxis
              dataKey="time"
              type="number"
              domain={[from, to]}
              ticks={[0, 1, 2, 3, 4].map((quarter) => from + quarter * 900_000)}
              tickFormatter={clock}
              stroke="var(--edge)"
              tick={{ fill: 'var(--muted)', fontSize: 12 }}
              allowDataOverflow
            />
            <YAxis
              width={58}
              domain={[0, 'auto']}
              allowDecimals={!steps}
              tickFormatter={axis}
              stroke="var(--edge)"
              tick={{ fill: 'var(--muted)', fontSize: 12 }}
            />
            <Tooltip
              isAnimationActive={false}
              labelFormatter={(time) => clock(Number(time))}
              formatter={(value) => (typeof value === 'number' ? format(value) : 'unknown')}
              contentStyle={{ background: 'var(--surface)', border: '1px solid var(--line)', borderRadius: 8 }}
            />
            {target !== undefined && (
              <ReferenceLine
                y={target}
                ifOverflow="extendDomain"
                stroke="var(--bad)"
                strokeDasharray="5 4"
                label={{ value: 'target', position: 'insideTopLeft', fill: 'var(--bad)', fontSize: 12 }}
              />
            )}
            {inside.map((mark) => (
              <ReferenceLine key={mark} x={mark} stroke="var(--edge)" strokeDasharray="2 3" />
            ))}
            {series.map(({ measure, name, colour }) =>
              filled ? (
                <Area
                  key={measure}
                  dataKey={measure}
                  name={name}
                  stroke={colour}
                  strokeWidth={2}
                  fill={colour}
                  fillOpacity={0.15}
                  isAnimationActive={false}
                />
              ) : (
                <Line
                  key={measure}
                  dataKey={measure}
                  name={name}
                  stroke={colour}
                  strokeWidth={2}
                  dot={false}
                  type={steps ? 'stepAfter' : 'linear'}
                  isAnimationActive={false}
                />
              ),
            )}
          </Kind>
        </ResponsiveContainer>
      </div>
    </figure>
  );
}

const compact = new Intl.NumberFormat(undefined, { notation: 'compact' });

function short(value: number): string {
  return compact.format(value);
}

function spoken({ measure, name }: Series, points: readonly Point[], format: (value: number) => string): string {
  const known = points.filter((point) => point[measure] !== null);
  const highest = known.reduce<Point | null>(
    (best, point) => (best === null || Number(point[measure]) > Number(best[measure]) ? point : best),
    null,
  );
  const now = points.at(-1)?.[measure] ?? null;
  const current = `${name}: ${now === null ? 'unknown' : format(now)} now`;
  return highest ? `${current}, at most ${format(Number(highest[measure]))} at ${clock(highest.time)}` : current;
}
