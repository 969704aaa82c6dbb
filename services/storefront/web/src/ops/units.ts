/** Seconds as people say them; null is unknown, never zero. */
export function seconds(value: number | null | undefined): string {
  if (value == null) return 'unknown';
  if (value < 10) return `${value.toFixed(1)} s`;
  if (value < 120) return `${Math.round(value)} s`;
  if (value < 7200) return `${Math.round(value / 60)} min`;
  return `${(value / 3600).toFixed(1)} h`;
}

/** Orders a second. */
export function rate(value: number | null | undefined): string {
  if (value == null) return 'unknown';
  return `${new Intl.NumberFormat(undefined, { maximumFractionDigits: value < 10 ? 1 : 0 }).format(value)}/s`;
}

const times = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

/** Hours and minutes here; `time` is RFC 3339 or milliseconds. */
export function clock(time: string | number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? 'unknown' : times.format(date);
}
