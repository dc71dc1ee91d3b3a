const escape = (text) => text.replace(/[&<>"]/g, (char) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[char]);

/** Horizontal bars on a logarithmic scale; `inversify-cache` stands out. */
export function bars({ title, bars: rows }) {
  const left = 270;
  const width = 820;
  const row = 26;
  const values = rows.map(({ value }) => value);
  const low = Math.log(Math.min(0.5, ...values));
  const high = Math.log(Math.max(2, ...values));
  const x = (value) => left + ((Math.log(value) - low) / (high - low)) * (width - left - 70);
  const height = 50 + rows.length * row;
  const lines = rows.map(({ label, value }, i) => {
    const y = 40 + i * row;
    const [from, to] = [Math.min(x(1), x(value)), Math.max(x(1), x(value))];
    const colour = label.startsWith('inversify-cache') ? '#2f6f4f' : '#9aa5b1';
    return `<text x="${left - 8}" y="${y + 14}" text-anchor="end">${escape(label)}</text>
<rect x="${from.toFixed(1)}" y="${y}" width="${Math.max(1.5, to - from).toFixed(1)}" height="18" fill="${colour}"/>
<text x="${(to + 6).toFixed(1)}" y="${y + 14}">${value.toFixed(2)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="13" fill="#1f2933">
<rect width="${width}" height="${height}" fill="white"/>
<text x="8" y="22" font-weight="bold">${escape(title)}</text>
<line x1="${x(1).toFixed(1)}" y1="34" x2="${x(1).toFixed(1)}" y2="${height - 8}" stroke="#1f2933" stroke-dasharray="3 3"/>
${lines.join('\n')}
</svg>
`;
}

const COLOURS = ['#2f6f4f', '#c05621', '#2b6cb0', '#805ad5', '#b7791f', '#718096'];

/** Groups of vertical bars, from 0 to 100 %. */
export function groups({ title, series, groups: rows }) {
  const width = 980;
  const height = 360;
  const base = 290;
  const step = (width - 60) / rows.length;
  const bar = (step - 14) / series.length;
  const drawn = rows.flatMap(({ label, values }, g) => [
    ...values.map((value, s) => {
      const tall = value * 240;
      return `<rect x="${(50 + g * step + s * bar).toFixed(1)}" y="${(base - tall).toFixed(1)}" width="${(bar - 1).toFixed(1)}" height="${Math.max(0.5, tall).toFixed(1)}" fill="${COLOURS[s]}"/>`;
    }),
    ...label
      .split('\n')
      .map(
        (line, l) =>
          `<text x="${(50 + g * step + step / 2 - 7).toFixed(1)}" y="${base + 16 + l * 13}" text-anchor="middle" font-size="10">${escape(line)}</text>`,
      ),
  ]);
  const legend = series.map(
    (name, s) =>
      `<rect x="${50 + s * 140}" y="${height - 20}" width="12" height="12" fill="${COLOURS[s]}"/><text x="${66 + s * 140}" y="${height - 10}">${escape(name)}</text>`,
  );
  const scale = [0, 0.25, 0.5, 0.75, 1].map(
    (part) =>
      `<text x="42" y="${base - part * 240 + 4}" text-anchor="end">${part * 100} %</text><line x1="46" x2="${width - 8}" y1="${base - part * 240}" y2="${base - part * 240}" stroke="#d9dee4"/>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="12" fill="#1f2933">
<rect width="${width}" height="${height}" fill="white"/>
<text x="8" y="22" font-weight="bold" font-size="13">${escape(title)}</text>
${[...scale, ...drawn, ...legend].join('\n')}
</svg>
`;
}

/** Lines over positive numbers, both scales logarithmic. A point is `[x, y]`. */
export function lines({ title, x: xName, y: yName, series }) {
  const [width, height, left, right, top, base] = [820, 360, 70, 20, 40, 300];
  const all = series.flatMap(({ points }) => points);
  const [xLow, xHigh] = bounds(all.map(([x]) => x));
  const [yLow, yHigh] = decades(all.map(([, y]) => y));
  const at = (value, low, high, from, to) => from + (Math.log(value / low) / Math.log(high / low)) * (to - from);
  const xAt = (x) => at(x, xLow, xHigh, left, width - right).toFixed(1);
  const yAt = (y) => at(y, yLow, yHigh, base, top).toFixed(1);
  const short = (n) => (n >= 1e6 ? `${n / 1e6}M` : n >= 1e3 ? `${n / 1e3}k` : String(Number(n.toPrecision(3))));
  const drawn = series.flatMap(({ name, points }, s) => [
    `<polyline fill="none" stroke="${COLOURS[s]}" stroke-width="2" points="${points.map(([x, y]) => `${xAt(x)},${yAt(y)}`).join(' ')}"/>`,
    ...points.map(([x, y]) => `<circle cx="${xAt(x)}" cy="${yAt(y)}" r="3" fill="${COLOURS[s]}"/>`),
    `<rect x="${left + s * 240}" y="${height - 18}" width="12" height="12" fill="${COLOURS[s]}"/><text x="${left + 16 + s * 240}" y="${height - 8}">${escape(name)}</text>`,
  ]);
  const ticks = [];
  for (let y = yLow; y <= yHigh * 1.001; y *= 10)
    ticks.push(
      `<text x="${left - 6}" y="${Number(yAt(y)) + 4}" text-anchor="end">${short(y)}</text><line x1="${left}" x2="${width - right}" y1="${yAt(y)}" y2="${yAt(y)}" stroke="#d9dee4"/>`,
    );
  for (const x of new Set(all.map(([value]) => value)))
    ticks.push(`<text x="${xAt(x)}" y="${base + 16}" text-anchor="middle">${short(x)}</text>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="12" fill="#1f2933">
<rect width="${width}" height="${height}" fill="white"/>
<text x="8" y="22" font-weight="bold" font-size="13">${escape(title)}</text>
<text x="${width - right}" y="${base + 32}" text-anchor="end">${escape(xName)}</text><text x="8" y="${top + 4}">${escape(yName)}</text>
${[...ticks, ...drawn].join('\n')}
</svg>
`;
}

const bounds = (numbers) => [Math.min(...numbers), Math.max(...numbers)];
const decades = (numbers) => {
  const [low, high] = bounds(numbers.filter((number) => number > 0));
  return [10 ** Math.floor(Math.log10(low)), 10 ** Math.ceil(Math.log10(high * 1.0001))];
};
