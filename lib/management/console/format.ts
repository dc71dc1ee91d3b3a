/** How figures are written. */

const whole = new Intl.NumberFormat('en');

/** `12,345`. */
export const count = (value: number): string => whole.format(Math.round(value));

/** `1 load`, `12,345 loads`. */
export const plural = (number: number, one: string, many = `${one}s`): string =>
  `${count(number)} ${Math.round(number) === 1 ? one : many}`;

/** `12` in `1 000` as a percentage; a dash if there is nothing to divide. */
export function percent(part: number, of: number): string {
  if (of <= 0) return '–';
  const share = (100 * part) / of;
  return `${share === 100 || share === 0 ? share : share.toFixed(1)}\u00a0%`;
}

/** `0.42 ms`, `13 ms`, `1.2 s`. */
export function milliseconds(ms: number | undefined): string {
  if (ms === undefined || !Number.isFinite(ms)) return '–';
  if (ms < 10) return `${ms.toFixed(2)}\u00a0ms`;
  if (ms < 100) return `${ms.toFixed(1)}\u00a0ms`;
  if (ms < 1_000) return `${Math.round(ms)}\u00a0ms`;
  return duration(ms);
}

/** `0 B`, `950 B`, `1.2 kB`, `3.4 MB`. */
export function bytes(number: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let [value, unit] = [number, 0];
  for (; value >= 999.5 && unit < units.length - 1; unit += 1) value /= 1_000;
  return `${unit === 0 || value >= 99.5 ? count(value) : value.toFixed(1)}\u00a0${units[unit]}`;
}

/** `4.2 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function duration(ms: number): string {
  const seconds = ms / 1_000;
  if (seconds < 60) return `${seconds.toFixed(1)}\u00a0s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)}\u00a0s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** `4 s ago`, `3 min 20 s ago`. */
export const ago = (ms: number): string => `${ms < 60_000 ? `${Math.floor(ms / 1_000)}\u00a0s` : duration(ms)} ago`;

/** Whether a `Date` can be made of it. */
export const isTime = (at: number): boolean => !Number.isNaN(new Date(at).getTime());

/** `14:03:07.412`; a dash for an invalid time. */
export function timeOfDay(at: number): string {
  if (!isTime(at)) return '–';
  const date = new Date(at);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}
