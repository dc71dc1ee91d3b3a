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
